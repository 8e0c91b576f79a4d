"""What a click buys: scores, a simulated annotator, protocols, baselines and reports."""
