"""Straight lines between the frames in which a person's keypoints are known."""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.readings import fill_gaps


def interpolate(
    xy: np.ndarray, known: np.ndarray, first: int, last: int, max_gap: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Fill the frames between known positions of one person, keypoint by keypoint.

    Args:
        xy: (T, K, 2) positions in pixels; what is not known may be anything.
        known: (T, K) bool, the positions to go by; those that are not finite do not count.
        first: first row that may be filled.
        last: last row that may be filled (included).
        max_gap: longest run of unknown frames that is filled.

    Returns:
        Positions (T, K, 2) float32, finite where they are to be written, and where that is, (T, K) bool.

    Raises:
        ValueError: the shapes do not fit together.
    """
    xy, known = np.asarray(xy, np.float64), np.asarray(known, bool)
    if xy.ndim != 3 or xy.shape[2] != 2 or known.shape != xy.shape[:2]:
        raise ValueError(
            f"Expected positions (T, K, 2) and which are known (T, K), got {xy.shape} and {known.shape}; "
            "give both for the same frames and keypoints."
        )
    known = known & np.isfinite(xy).all(-1)
    readings = np.concatenate([np.where(known[..., None], xy, np.nan), np.ones((*known.shape, 1))], -1)
    filled = fill_gaps(readings, max_gap)[..., :2]
    row = np.arange(len(xy))[:, None]
    write = ~known & np.isfinite(filled).all(-1) & (row >= first) & (row <= last)
    return filled.astype(np.float32), write
