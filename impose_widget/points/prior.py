"""What optical flow and the looks of the image say of points in a window of frames: where a network starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impose_widget.propagate.appearance import likeness, looks
from impose_widget.propagate.optical_flow import point_motion


def follow(grey: Sequence[np.ndarray], start: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Where points (N, 2) of the first of T images (H, W) uint8 go, frame by frame.

    Returns:
        xy (T, N, 2) in pixels, a lost point staying where it was, and the trust (T, N) of each step, 0 lost.
    """
    xy, trust = np.repeat(np.asarray(start, np.float64)[None], len(grey), 0), np.ones((len(grey), len(start)))
    for t in range(1, len(grey)):
        shift, trust[t] = point_motion(grey[t - 1], grey[t], xy[t - 1], window)
        xy[t] = xy[t - 1] + np.where(np.isfinite(shift), shift, 0.0)
    return xy, trust


def resemblance(template: np.ndarray, grey: Sequence[np.ndarray], xy: np.ndarray, window: int) -> np.ndarray:
    """How much points (T, N, 2) in T images look like templates (N, n) of `appearance.looks`: (T, N), -1 to 1."""
    return np.stack([likeness(template, looks(g, p, window)) for g, p in zip(grey, xy, strict=True)])
