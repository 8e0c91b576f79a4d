"""Where points of one image went in another, by Lucas-Kanade optical flow that is checked there and back.

Source of the method: Lucas and Kanade 1981 in the pyramidal form of Bouguet 2001, as OpenCV implements it; the
forward-backward check is that of Kalal, Mikolajczyk and Matas 2010. Images are (H, W) uint8.
"""

from __future__ import annotations

import numpy as np

WINDOWS = (11, 15, 21, 27, 31)
"""Sides in pixels of the windows that are compared; few, so that the points of people of one size share a call."""

LEVELS = 3
STOP = (3, 15, 0.03)  # after 15 iterations or a step of 0.03 pixels


def window_of(scale: float) -> int:
    """The window for a person of a size (square root of the area, pixels): about a fifth of it."""
    return min(WINDOWS, key=lambda window: abs(window - 0.2 * scale))


def point_motion(
    first: np.ndarray, second: np.ndarray, points: np.ndarray, window: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where points went from one image to the next.

    Each is followed together with eight points around it; it counts as lost if fewer than three of them come back to
    where they started, and goes with the others if it does not move as they do.

    Args:
        first: image of the points.
        second: image shortly before or after.
        points: (P, 2) in pixels.
        window: side in pixels of what is compared.

    Returns:
        Motion (P, 2) in pixels, and how far to trust it (P,): 0 lost, up to 1.
    """
    import cv2

    start = (points[:, None] + _grid(window)).astype(np.float32)
    how = {"winSize": (window, window), "maxLevel": LEVELS, "criteria": STOP}
    there, ok_there, _ = cv2.calcOpticalFlowPyrLK(first, second, start.reshape(-1, 1, 2), None, **how)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None, **how)
    error = np.linalg.norm(back.reshape(start.shape) - start, axis=-1).astype(np.float64)
    ok = (ok_there.reshape(error.shape) > 0) & (ok_back.reshape(error.shape) > 0) & (error < 0.08 * window + 0.4)
    return _agree((there.reshape(start.shape) - start).astype(np.float64), error, ok, window)


def find_again(
    first: np.ndarray, second: np.ndarray, point: np.ndarray, near: np.ndarray, window: int
) -> np.ndarray | None:
    """Where a point (2,) of one image is in another, close to a place `near` (2,); None if it is not there."""
    import cv2

    # A part of each image will do, and its pyramid is built in a tenth of the time.
    part, corner = _around(first, point, 8 * window)
    other, other_corner = _around(second, near, 8 * window)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(
        part,
        other,
        (point - corner).astype(np.float32).reshape(1, 1, 2),
        (near - other_corner).astype(np.float32).reshape(1, 1, 2),
        winSize=(window, window),
        maxLevel=1,
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    there = there.reshape(2).astype(np.float64) + other_corner
    return there if ok[0, 0] and np.abs(there - near).max() < 0.75 * window else None


def _around(image: np.ndarray, point: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The square part of an image with a point in its middle, or as near as it can be, and its first corner (2,)."""
    size = np.array(image.shape[1::-1])
    corner = np.clip(np.round(point).astype(int) - side // 2, 0, np.maximum(size - side, 0))
    return image[corner[1] : corner[1] + side, corner[0] : corner[0] + side], corner


def _grid(window: int) -> np.ndarray:
    """Offsets (9, 2) in pixels of a point and the points that support it."""
    step = max(2.0, window / 5)
    return np.array([(0, 0)] + [(x, y) for y in (-step, 0, step) for x in (-step, 0, step) if x or y])


def _agree(motion: np.ndarray, error: np.ndarray, ok: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """One motion (P, 2) and trust (P,) from the motions (P, 9, 2) of a point and its support."""
    found = ok.sum(1) >= 3
    median, median_error = _median(motion, ok), _median(error[..., None], ok)[:, 0]
    own = found & ok[:, 0] & (np.abs(motion[:, 0] - median).max(-1) < 0.25 * window)
    shift = np.where(own[:, None], motion[:, 0], median)
    trust = np.where(own, np.exp(-error[:, 0]), 0.7 * np.exp(-median_error))
    return shift, np.where(found, trust, 0.0)


def _median(values: np.ndarray, ok: np.ndarray) -> np.ndarray:
    """Per row and coordinate of (P, S, C) values, the median (P, C) of those that are `ok` (P, S); 0 without any."""
    n = ok.sum(1)
    ordered = np.sort(np.where(ok[..., None], values, np.inf), axis=1)
    rows = np.arange(len(values))
    low, high = ordered[rows, np.maximum(n - 1, 0) // 2], ordered[rows, np.minimum(n // 2, ok.shape[1] - 1)]
    return np.where(n[:, None] > 0, (low + high) / 2, 0.0)
