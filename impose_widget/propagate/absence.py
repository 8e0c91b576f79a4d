"""A whole body where only some of its keypoints are known: for frames in which the model found nobody."""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.body import Body

FAITH = 0.5
"""Score of such a keypoint as a share of the score of those it goes with."""

FORGET = 20.0
"""Frames in which that falls to a third, away from the last frame in which the keypoint was known."""


def fill_absent(body: Body, rows: np.ndarray, xy: np.ndarray, score: np.ndarray, write: np.ndarray) -> None:
    """Let the keypoints that nobody corrected go with those that are carried, in frames without any pose.

    Each keeps the place it had relative to them when it was last known, or, with a later such frame, passes from one
    to the other. Changes `xy` (n, K, 2), `score` (n, K) and `write` (n, K) in place; rows count from the window's
    first frame.
    """
    absent = ~np.isfinite(body.known[rows]).all(-1).any(1) & write.any(1)
    if not absent.any():
        return
    poses = np.where(body.carry.anchor[..., None], body.carry.xy, body.known)
    there = np.isfinite(poses).all(-1)
    for i in np.flatnonzero(absent):
        carried = np.flatnonzero(write[i])
        for k in np.flatnonzero(~write[i] & there.any(0)):
            known = np.flatnonzero(there[:, k])
            after = int(np.searchsorted(known, rows[i]))
            near = known[max(after - 1, 0) : after + 1]
            places = np.array([_beside(poses[r], there[r], k, carried, xy[i]) for r in near])
            gap = np.abs(rows[i] - near)
            weight = gap[::-1] / gap.sum() if len(near) == 2 else np.ones(1)
            xy[i, k] = weight @ places
            score[i, k] = FAITH * score[i, carried].mean() * np.exp(-gap.min() / FORGET)
            write[i, k] = True


def _beside(pose: np.ndarray, there: np.ndarray, keypoint: int, carried: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Where a keypoint is now if it is still beside the carried ones as it was in a pose (K, 2)."""
    both = carried[there[carried]]
    if not len(both):
        return pose[keypoint]
    return pose[keypoint] + (xy[both] - pose[both]).mean(0)
