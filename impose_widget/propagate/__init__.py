"""Carrying corrections to other frames: point tracks, the model's readings, and what is made of the two."""
