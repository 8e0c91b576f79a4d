"""Detections: what the network saw, frame by frame, before anybody has an identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Detections:
    """People found in some frames, flat: row m is one person in one frame.

    Attributes:
        frame: (M,) int32, 0-based.
        keypoints: (M, K, 3) float32: x, y in pixels of the video, and a score 0 to 1.
        box: (M, 4) float32: x, y, width, height.
        score: (M,) float32, 0 to 1: that this is a person.
    """

    frame: np.ndarray
    keypoints: np.ndarray
    box: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, rows: np.ndarray | slice) -> Detections:
        return Detections(self.frame[rows], self.keypoints[rows], self.box[rows], self.score[rows])

    @property
    def xy(self) -> np.ndarray:
        """Positions (M, K, 2)."""
        return self.keypoints[..., :2]

    @classmethod
    def empty(cls, n_keypoints: int) -> Detections:
        """No detections, for a skeleton of K keypoints."""
        return cls.room(0, n_keypoints)

    @classmethod
    def room(cls, n: int, n_keypoints: int) -> Detections:
        """Room for n detections, all zeros, for a skeleton of K keypoints."""
        return cls(
            np.zeros(n, np.int32),
            np.zeros((n, n_keypoints, 3), np.float32),
            np.zeros((n, 4), np.float32),
            np.zeros(n, np.float32),
        )

    @classmethod
    def concatenate(cls, parts: list[Detections]) -> Detections:
        """Rows of several, in the order given (at least one)."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))
