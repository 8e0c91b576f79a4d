"""Short clips made in code, with every keypoint's exact place: textured bodies move before a textured wall."""

from __future__ import annotations

import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.propagate.base import Carry

BODY = np.array([(-14, -26), (14, -26), (-16, 0), (16, 0), (-13, 26), (13, 26)], float)
"""Keypoints of a body about its middle, in pixels."""

SKELETON = Skeleton("body", tuple("abcdef"), ((0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)))


def texture(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth random grey values (H, W) uint8 with detail of several sizes."""
    import cv2

    rng = np.random.default_rng(seed)
    out = np.zeros((height, width))
    for sigma in (1.5, 4, 10):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width)), (0, 0), sigma)
        out += layer / layer.std()
    return np.clip(127 + 35 * out, 0, 255).astype(np.uint8)


def clip(
    middle: np.ndarray,
    angle: np.ndarray | None = None,
    size: tuple[int, int] = (160, 240),
    occluder: tuple[int, int] | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """A body of `BODY` that goes through the given places, painted with sub-pixel accuracy.

    Args:
        middle: (T, 2) middle of the body, pixels.
        angle: (T,) degrees.
        size: height and width of the image.
        occluder: first and last column of a wall in front of everything.
        seed: of the textures.

    Returns:
        Frames (T, H, W, 3) uint8 RGB and the true keypoints (T, 6, 2).
    """
    import cv2

    height, width = size
    wall, skin, front = texture(height, width, seed), texture(96, 64, seed + 1), texture(height, width, seed + 2)
    frames, truth = [], []
    for t, (x, y) in enumerate(np.asarray(middle, float)):
        turn = np.deg2rad(0 if angle is None else angle[t])
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        shift = np.array([x, y]) - rotation @ np.array([31.5, 47.5])
        warp = np.concatenate([rotation, shift[:, None]], 1)
        cover = cv2.warpAffine(np.ones((96, 64)), warp, (width, height))
        grey = wall * (1 - cover) + cover * cv2.warpAffine(skin.astype(float), warp, (width, height))
        if occluder is not None:
            grey[:, occluder[0] : occluder[1] + 1] = front[:, occluder[0] : occluder[1] + 1]
        frames.append(np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, -1))
        truth.append(BODY @ rotation.T + (x, y))
    return np.stack(frames), np.stack(truth)


def carry(
    xy: np.ndarray,
    anchor: np.ndarray,
    origins: tuple[int, ...],
    reading: np.ndarray | None = None,
    start: int = 0,
    stop: int | None = None,
) -> Carry:
    """A person whose window is the whole clip; `xy` (T, K, 2), `anchor` (T, K), `reading` (T, K, 3) or none."""
    n, k = anchor.shape
    if reading is None:
        reading = np.full((n, k, 3), np.nan)
    xy = np.asarray(xy, np.float32)
    score = np.where(np.isfinite(xy[..., 0]), 1, np.nan).astype(np.float32)
    return Carry(1, 0, xy, score, anchor, reading.astype(np.float32), origins, start, n if stop is None else stop)


def anchored(truth: np.ndarray, frames: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Poses that a human placed in some frames and nothing elsewhere: (T, K, 2) and which are anchors (T, K)."""
    anchor = np.zeros(truth.shape[:2], bool)
    anchor[list(frames)] = True
    return np.where(anchor[..., None], truth, np.nan), anchor
