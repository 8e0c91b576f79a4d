"""What a point looks like, to notice when something else came in front of it."""

from __future__ import annotations

import numpy as np

SIDE = 9
"""A patch is compared as so many by so many means, so that small deformations do not count."""

FLAT = 4.0
"""Grey levels; with less contrast a patch looks like nothing in particular."""


def looks(grey: np.ndarray, points: np.ndarray, window: int) -> np.ndarray:
    """The surroundings of points, without brightness and contrast.

    Args:
        grey: (H, W) uint8.
        points: (P, 2) in pixels; beyond the border the border pixels are repeated.
        window: side of the patch in pixels.

    Returns:
        (P, SIDE * SIDE) float32 of length 1 each; 0 where the patch is flat.
    """
    import cv2

    patches = np.empty((len(points), SIDE * SIDE), np.float32)
    for i, (x, y) in enumerate(points):
        patch = cv2.getRectSubPix(grey, (window, window), (float(x), float(y)))
        patches[i] = cv2.resize(patch, (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel()
    patches -= patches.mean(1, keepdims=True)
    length = np.linalg.norm(patches, axis=1, keepdims=True)
    return np.where(length >= FLAT * SIDE, patches / np.maximum(length, 1e-6), 0.0)


def likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation (P,) of looks (P, n), -1 to 1; 1 where either is flat, because nothing can be said then."""
    flat = ~a.any(1) | ~b.any(1)
    return np.where(flat, 1.0, (a * b).sum(1))
