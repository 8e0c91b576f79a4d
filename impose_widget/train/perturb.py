"""How wrong the poses are that the Keypoint Decoder is given: as point trackers err, and as people move meanwhile.

Lengths are sizes of the person: the longer side of the box around their keypoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.core.skeleton import Skeleton

LIMBS = ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16))  # of COCO-17, from the body outwards
HEAD = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Drift:
    """Errors of tracked points, measured from flow on real clips (`propagate.belief`; a size is two roots of the area).

    Attributes:
        start: deviation at the anchor.
        growth: what each frame adds.
        frames: the furthest from the anchor.
        shared: share of the variance that all keypoints of a person have in common.
        lost: how likely a point was left behind somewhere else.
    """

    start: float = 0.0025
    growth: float = 0.004
    frames: int = 20
    shared: float = 0.3
    lost: float = 0.08


def drifted(xy: np.ndarray, size: float, drift: Drift, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 2) as a tracker would have them, and the deviations (K,) that it would admit."""
    n = rng.integers(1, drift.frames + 1)
    deviation = (drift.start + drift.growth * n) * np.exp(rng.normal(0, 0.4, len(xy)))
    own = rng.standard_t(3, xy.shape) / np.sqrt(3) * np.sqrt(1 - drift.shared)
    common = rng.normal(0, np.sqrt(drift.shared), 2)
    error = deviation[:, None] * (own + common)
    lost = rng.random(len(xy)) < drift.lost
    error[lost] = rng.normal(0, 0.12, (int(lost.sum()), 2))
    return xy + size * error, deviation


def swapped(xy: np.ndarray, skeleton: Skeleton, rng: np.random.Generator) -> np.ndarray:
    """Points (K, 2), now and then left for right: all, arms, or legs."""
    which = rng.random()
    chosen = () if which > 0.15 else [p for p in skeleton.flip_pairs if which < 0.04 or (p[0] > 10) == (which < 0.1)]
    out = xy.copy()
    for a, b in chosen:
        out[[a, b]] = xy[[b, a]]
    return out


def moved(xy: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """The pose (K, 2) of somebody some frames before or after: shifted, turned, limbs swung about their joints."""
    out = _turned(xy, np.nanmean(xy, 0), rng.normal(0, np.deg2rad(5))) + rng.normal(0, 0.03 * size, 2)
    swing = np.deg2rad(rng.choice([5.0, 12.0, 25.0]))
    for limb in LIMBS:
        for i in range(len(limb) - 1):
            rest = list(limb[i + 1 :])
            out[rest] = _turned(out[rest], out[limb[i]], rng.normal(0, swing))
    head = list(HEAD)
    out[head] = _turned(out[head], (out[5] + out[6]) / 2, rng.normal(0, swing / 2))
    return out


def _turned(xy: np.ndarray, about: np.ndarray, angle: float) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (xy - about) @ turn.T + about
