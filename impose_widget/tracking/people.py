"""People in frames as the ID decoder sees them, as flat arrays; and how fast each of them moved."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from impose_widget.core.detections import Detections

GAIN, FIRST_GAIN = 0.4, 0.7  # share of the newest step in the running mean of a speed; of the first step


@dataclass(frozen=True)
class People:
    """N rows, each one person in one frame.

    Attributes:
        frame: (N,) int64.
        xy: (N, K, 2) float32 pixels, finite; 0 where a keypoint is not known.
        weight: (N, K) float32, 0 to 1, how sure each keypoint is; 0: not known.
        box: (N, 4) float32 x, y, width, height.
        score: (N,) float32, 0 to 1.
        velocity: (N, 2) float32 pixels a frame.
        features: (N, F) float32 of the image; F is 0 without any.
    """

    frame: np.ndarray
    xy: np.ndarray
    weight: np.ndarray
    box: np.ndarray
    score: np.ndarray
    velocity: np.ndarray
    features: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, rows: np.ndarray | slice) -> People:
        return People(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))

    @classmethod
    def of(cls, frame: np.ndarray, keypoints: np.ndarray, box: np.ndarray, score: np.ndarray, features=None) -> People:
        """From keypoints (N, K, 3) x, y, score, NaN where not known; at rest."""
        known = np.isfinite(keypoints).all(-1)
        weight = np.where(known, np.clip(np.nan_to_num(keypoints[..., 2]), 0.01, 1), 0)
        n = len(frame)
        return cls(
            np.asarray(frame, np.int64),
            np.where(known[..., None], keypoints[..., :2], 0).astype(np.float32),
            weight.astype(np.float32),
            np.nan_to_num(box).astype(np.float32),
            np.nan_to_num(score).astype(np.float32),
            np.zeros((n, 2), np.float32),
            np.zeros((n, 0), np.float32) if features is None else np.asarray(features, np.float32),
        )

    @classmethod
    def nobody(cls, n_keypoints: int = 0) -> People:
        """No rows."""
        return cls.of(np.zeros(0, int), np.zeros((0, n_keypoints, 3)), np.zeros((0, 4)), np.zeros(0))

    @classmethod
    def detected(cls, detections: Detections, features: np.ndarray | None = None) -> People:
        """The people of M detections, with features (M, F) of the image if there are any."""
        return cls.of(detections.frame, detections.keypoints, detections.box, detections.score, features)

    @classmethod
    def joined(cls, parts: list[People]) -> People:
        """The rows of several (at least one), in this order."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in dataclasses.fields(cls)))

    def moving(self, velocity: np.ndarray) -> People:
        """The same people at other speeds (N, 2)."""
        return dataclasses.replace(self, velocity=velocity.astype(np.float32))


def steps(before: People, after: People) -> np.ndarray:
    """(N, 2) pixels that each went from a row of `before` to the same row of `after`: the mean over the keypoints that
    are known in both, by their weights, or the step of the boxes' middles."""
    weight = (before.weight * after.weight)[..., None]
    total = weight.sum(1)
    mean = (weight * (after.xy - before.xy)).sum(1) / np.maximum(total, 1e-9)
    middle = (after.box[:, :2] + after.box[:, 2:] / 2) - (before.box[:, :2] + before.box[:, 2:] / 2)
    return np.where(total > 1e-6, mean, middle)


def faster(before: People, after: People, first: np.ndarray) -> np.ndarray:
    """(N, 2) running means of speed after one more row of each; `first` (N,): the row before was the first."""
    elapsed = np.maximum(np.abs(after.frame - before.frame), 1)[:, None]
    gain = np.where(first, FIRST_GAIN, GAIN)[:, None]
    return (1 - gain) * before.velocity + gain * steps(before, after) / elapsed


def with_velocities(people: People, owner: np.ndarray, backward: bool = False) -> People:
    """People with the speed that was known of each owner (N,) in that frame and before (after it, if `backward`).

    Rows of one owner are in different frames; rows of owner -1 are at rest.
    """
    order = np.lexsort((-people.frame if backward else people.frame, owner))
    order = order[owner[order] >= 0]
    velocity = np.zeros((len(people), 2), np.float32)
    if not len(order):
        return people.moving(velocity)
    then, now = order[:-1], order[1:]
    same = owner[then] == owner[now]
    elapsed = np.maximum(np.abs(people.frame[now] - people.frame[then]), 1)[:, None]
    speed = steps(people[then], people[now]) / elapsed
    starts = np.flatnonzero(np.r_[True, ~same])
    length = np.diff(np.r_[starts, len(order)])
    for step in range(1, int(length.max())):
        at = starts[length > step] + step
        gain = FIRST_GAIN if step == 1 else GAIN
        velocity[order[at]] = (1 - gain) * velocity[order[at - 1]] + gain * speed[at - 1]
    return people.moving(velocity)
