"""Boxes, similarities between poses, and rigid motions: pure functions on arrays.

Boxes are x, y, width, height in the coordinates of keypoints (pixel centres are integers, edges are continuous).
"""

from __future__ import annotations

import numpy as np

TIGHT_BOX_TO_AREA = 0.53
"""A person covers about half of the tight box of their keypoints; OKS wants the person's area (COCO uses the mask)."""


def pose_box(xy: np.ndarray) -> np.ndarray:
    """The tight boxes (..., 4) of poses (..., K, 2); NaN keypoints do not count, and without any the box is NaN."""
    xy = np.asarray(xy, np.float64)
    known = np.isfinite(xy).all(-1, keepdims=True)
    low = np.where(known, xy, np.inf).min(-2)
    high = np.where(known, xy, -np.inf).max(-2)
    box = np.concatenate([low, high - low], -1)
    return np.where(known.any(-2), box, np.nan)


def box_area(box: np.ndarray) -> np.ndarray:
    """Area (...) of boxes (..., 4), no side counted as shorter than one pixel."""
    return np.maximum(box[..., 2], 1) * np.maximum(box[..., 3], 1)


def person_area(xy: np.ndarray) -> np.ndarray:
    """Estimated area (...) in square pixels of people given by their keypoints (..., K, 2)."""
    return TIGHT_BOX_TO_AREA * box_area(pose_box(xy))


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4); 0 where a box is NaN or empty."""
    a, b = np.asarray(a, np.float64)[:, None], np.asarray(b, np.float64)[None]
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    side = np.maximum(high - low, 0)
    inter = side[..., 0] * side[..., 1]
    union = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - inter
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = inter / union
    return np.where(np.isfinite(iou), iou, 0.0)


def keypoint_similarity(a: np.ndarray, b: np.ndarray, area: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """exp(-d² / (2 area (2σ)²)) per keypoint, (..., K): 1 where the points agree; NaN where either is unknown.

    Args:
        a: poses (..., K, 2).
        b: poses (..., K, 2).
        area: areas (...) of the people, square pixels.
        sigmas: (K,) of the skeleton. Source: COCO keypoint evaluation.
    """
    d2 = ((np.asarray(a, np.float64) - b) ** 2).sum(-1)
    return np.exp(-d2 / (2 * np.maximum(area, 1e-9)[..., None] * (2 * np.asarray(sigmas)) ** 2))


def oks(a: np.ndarray, b: np.ndarray, area: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """Object keypoint similarity (N, M) of poses `a` (N, K, 2) and `b` (M, K, 2).

    The mean is over the keypoints that `a` has; one that only `b` lacks counts 0. `area` (N,) belongs to `a`.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    ks = keypoint_similarity(a[:, None], b[None], np.asarray(area, np.float64)[:, None], sigmas)
    labelled = np.isfinite(a).all(-1)
    total = np.where(np.isfinite(ks), ks, 0.0).sum(-1)
    return total / np.maximum(labelled.sum(-1), 1)[:, None]


def rotate_scale_shift(
    xy: np.ndarray,
    dxy: tuple[float, float] = (0, 0),
    scale: float = 1,
    rotation: float = 0,
    about: np.ndarray | None = None,
) -> np.ndarray:
    """Points (..., 2) turned by `rotation` degrees (clockwise on the screen) and scaled about a point, then shifted."""
    about = np.zeros(2) if about is None else np.asarray(about, np.float64)
    angle = np.deg2rad(rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (np.asarray(xy, np.float64) - about) @ (scale * turn).T + about + np.asarray(dxy, np.float64)
