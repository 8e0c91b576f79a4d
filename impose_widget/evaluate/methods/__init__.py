"""Ways to annotate a video, all driven by the same simulated annotator: the product, baselines, results of others."""
