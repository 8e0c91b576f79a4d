"""A made clip with exact truth: textured bodies that walk over a textured ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import Skeleton

SMALL = Skeleton("small", ("head", "left_hand", "right_hand", "foot"), ((0, 1), (0, 2), (0, 3)), ((1, 2),))
OFFSETS = np.array([(0, -12), (-7, -1), (7, -1), (0, 12)], float)


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    coarse = rng.random((height // 4 + 2, width // 4 + 2, 3)).astype(np.float32)
    return (cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)


@dataclass
class Walkers:
    """People of four keypoints at constant speeds; `truth` (T, N, 4, 2) is where their keypoints are."""

    n_frames: int
    width: int
    height: int
    starts: Sequence[tuple[float, float]]
    speeds: Sequence[tuple[float, float]]
    seed: int = 0
    truth: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        t = np.arange(self.n_frames)[:, None, None]
        middle = np.array(self.starts) + t * np.array(self.speeds)  # (T, N, 2)
        self.truth = middle[:, :, None] + OFFSETS

    def render(self) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB; bodies are moved with sub-pixel exactness."""
        rng = np.random.default_rng(self.seed)
        ground = _texture(rng, self.height, self.width)
        bodies = [_texture(rng, 37, 25) for _ in self.starts]
        out = np.empty((self.n_frames, self.height, self.width, 3), np.uint8)
        for t in range(self.n_frames):
            image = ground.copy()
            for n, body in enumerate(bodies):
                x, y = self.truth[t, n].mean(0)
                shift = np.float32([[1, 0, x - 12], [0, 1, y - 18]])
                size = (self.width, self.height)
                mask = cv2.warpAffine(np.full(body.shape[:2], 255, np.uint8), shift, size)[..., None] / 255.0
                image = (image * (1 - mask) + cv2.warpAffine(body, shift, size) * mask).astype(np.uint8)
            out[t] = image
        return out


class TruthDetector:
    """A detector that knows the truth, and errs as told: what a session does with detections can be tested exactly.

    `missing` are (frame, person) that it does not see; `wrong` maps (frame, person, keypoint) to an offset in pixels.
    """

    KEYPOINT_SCORE = 0.2

    def __init__(self, walkers: Walkers, missing: Sequence = (), wrong: dict | None = None) -> None:
        self.walkers, self.missing, self.wrong = walkers, set(missing), wrong or {}
        self.calls: list[int] = []

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        assert len(frames) == len(indices)
        self.calls += list(indices)
        rows = [(t, n) for t in indices for n in range(len(self.walkers.starts)) if (t, n) not in self.missing]
        keypoints = np.array([self._read(t, n) for t, n in rows], np.float32).reshape(len(rows), 4, 3)
        box = pose_box(keypoints[..., :2]).astype(np.float32).reshape(len(rows), 4)
        return Detections(np.array([t for t, _ in rows], np.int32), keypoints, box, np.full(len(rows), 0.9, np.float32))

    def _read(self, t: int, n: int) -> np.ndarray:
        pose = np.concatenate([self.walkers.truth[t, n], np.full((4, 1), 0.8)], 1)
        for k in range(4):
            pose[k, :2] += self.wrong.get((t, n, k), (0, 0))
        return pose

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        middle = np.asarray(box[:2]) + np.asarray(box[2:]) / 2
        apart = np.linalg.norm(self.walkers.truth.mean(2) - middle, axis=-1)
        if apart.min() > 10:
            return Detections.empty(4)
        t, n = np.unravel_index(apart.argmin(), apart.shape)
        pose = np.concatenate([self.walkers.truth[t, n], np.full((4, 1), 0.7)], 1).astype(np.float32)[None]
        return Detections(np.zeros(1, np.int32), pose, pose_box(pose[..., :2]).astype(np.float32), np.float32([0.5]))
