"""Made truth and predictions for tests of scores: people who walk, tools that err in known ways."""

from __future__ import annotations

import numpy as np

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.evaluate.predicted import Predicted
from impose_widget.evaluate.truth import Truth, truth_of_arrays

PAIR = Skeleton("pair", ("a", "b"), sigmas=(0.1, 0.1))
"""Two keypoints, so that a score can be worked out by hand."""


def crowd(seed: int, frames: int = 12, people: int = 4) -> tuple[Truth, Predicted]:
    """A random truth with late and absent people and unlabelled keypoints, and a tool that misses, invents, swaps."""
    rng = np.random.default_rng(seed)
    body = rng.uniform(-30, 30, (people, 17, 2)) * rng.uniform(0.5, 3, (people, 1, 1))
    path = rng.uniform(50, 400, (people, 2)) + np.arange(frames)[:, None, None] * rng.uniform(-4, 4, (people, 2))
    xy = path[:, :, None] + body
    xy[rng.random(xy.shape[:3]) < 0.15] = np.nan
    xy[rng.random(xy.shape[:2]) < 0.1] = np.nan
    xy[: frames // 3, 0] = np.nan
    truth = truth_of_arrays("crowd", xy, COCO17)
    found = (path[:, :, None] + body) + rng.normal(0, 3, xy.shape) * rng.choice([0.3, 1, 4], (frames, people, 1, 1))
    found[rng.random(xy.shape[:2]) < 0.15] = np.nan
    extra = rng.uniform(0, 450, (frames, 2, 17, 2))
    extra[rng.random((frames, 2)) < 0.5] = np.nan
    found = np.concatenate([found, extra], 1)
    half = frames // 2
    found[half:, [0, 1]] = found[half:, [1, 0]]
    score = rng.uniform(0.1, 1, (*found.shape[:3], 1))
    return truth, Predicted(tuple(range(people + 2)), np.concatenate([found, score], -1))


def pair(xy: list, area: float = 100.0) -> Truth:
    """Truth of the two-keypoint skeleton from nested lists (T, N, 2, 2), None for unlabelled; every area the same."""
    values = np.array(xy, float)
    return truth_of_arrays("hand", values, PAIR, area=np.full(values.shape[:2], area))


def said(xy: list | np.ndarray, score: list | float = 1.0) -> Predicted:
    """A prediction from nested lists (T, M, K, 2) and scores (T, M, K) or one for all."""
    values = np.array(xy, float)
    scores = np.broadcast_to(np.asarray(score, float), values.shape[:3])
    return Predicted(tuple(range(values.shape[1])), np.concatenate([values, scores[..., None]], -1))
