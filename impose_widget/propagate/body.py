"""One person as propagation sees them: how large, what the model read, and how the body moves as a whole."""

from __future__ import annotations

import copy

import numpy as np

from impose_widget.core.geometry import person_area
from impose_widget.core.skeleton import Skeleton
from impose_widget.propagate.base import Carry
from impose_widget.propagate.optical_flow import window_of
from impose_widget.propagate.readings import fill_gaps, smooth_readings
from impose_widget.propagate.track import Track

SMALLEST = 40.0
"""Size in pixels of somebody with too few keypoints to measure: their window becomes the smallest one."""

NEIGHBOUR_WEIGHT = 4.0
"""Votes on the motion of a keypoint that another has to which it is joined, or its own reading; others have one."""


class Body:
    """What is known of a person apart from the correction that is carried.

    Rows count from `carry.first`.

    Args:
        carry: the person.
        skeleton: its edges tell which keypoints move together.
        max_gap: longest run of frames without a reading that is bridged by a straight line.

    Attributes:
        scale: size in pixels, the square root of the person's area.
        window: side in pixels of what the point tracker compares.
        readings: (T, K, 2) smoothed positions; NaN where the model says nothing.
        has: (T, K) bool, where there are readings.
        read_score: (T, K), 0 where it says nothing.
        known: (T, K, 2) the readings, elsewhere the poses as they are, elsewhere NaN.
        sigma: (K,) of the keypoints, which says how near is right.
    """

    def __init__(self, carry: Carry, skeleton: Skeleton, max_gap: int) -> None:
        self.carry = carry
        calm = smooth_readings(fill_gaps(carry.reading, max_gap))
        self.readings = calm[..., :2]
        has = np.isfinite(self.readings).all(-1)
        self.has = has
        self.read_score = np.where(has, np.clip(np.nan_to_num(calm[..., 2]), 0, 1), 0.0)
        self.known = np.where(has[..., None], self.readings, carry.xy)
        self.scale = _scale(self.readings if has.any() else carry.xy)
        self.window = window_of(self.scale)
        self.sigma = skeleton.sigma_array
        n = len(skeleton)
        self._near = np.ones((n, n))
        for a, b in skeleton.edges:
            self._near[a, b] = self._near[b, a] = NEIGHBOUR_WEIGHT
        np.fill_diagonal(self._near, NEIGHBOUR_WEIGHT)
        self._tracks: dict[int, list[Track]] = {1: [], -1: []}
        self._owners: dict[int, list[int]] = {1: [], -1: []}

    def apart(self) -> Body:
        """The same person, whose motion only tracks tell that are followed from now on."""
        other = copy.copy(self)
        other._tracks, other._owners = {1: [], -1: []}, {1: [], -1: []}
        return other

    def follow(self, keypoint: int, track: Track) -> None:
        """Let a track of a keypoint tell how the body moves."""
        if not any(t is track for t in self._tracks[track.direction]):
            self._tracks[track.direction].append(track)
            self._owners[track.direction].append(keypoint)

    def motion(self, keypoint: int, a: int, b: int) -> np.ndarray | None:
        """How far a keypoint went from one frame to the next, told from its body: (2,) pixels, None if nobody knows.

        The readings of the person and the points that are being followed vote; those next to the keypoint in the
        skeleton count more.

        Args:
            keypoint: which.
            a: frame of the video.
            b: the frame before or after it.
        """
        row_a, row_b = a - self.carry.first, b - self.carry.first
        shifts, weights = [], []
        if 0 <= row_a < len(self.known) and 0 <= row_b < len(self.known):
            moved = self.known[row_b] - self.known[row_a]
            voters = np.flatnonzero(np.isfinite(moved).all(-1))
            shifts += [moved[k] for k in voters]
            weights += [self._near[keypoint, k] for k in voters]
        for owner, track in zip(self._owners[b - a], self._tracks[b - a], strict=True):
            step = (b - track.frame) * track.direction
            if owner != keypoint and 1 <= step < len(track) and track.alone[step]:
                shifts.append(track.xy[step] - track.xy[step - 1])
                weights.append(self._near[keypoint, owner])
        if not shifts:
            return None
        return _weighted_median(np.array(shifts), np.array(weights))


def _scale(xy: np.ndarray) -> float:
    """Size in pixels of poses (T, K, 2), the median over frames; `SMALLEST` where too little is known."""
    enough = np.isfinite(xy).all(-1).sum(-1) >= 3
    if not enough.any():
        return SMALLEST
    return max(float(np.median(np.sqrt(person_area(xy[enough])))), 4.0)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per coordinate of (n, 2) values, the value below which half of the weights lie."""
    out = np.empty(values.shape[1])
    for c in range(len(out)):
        order = np.argsort(values[:, c], kind="stable")
        share = np.cumsum(weights[order])
        middle = np.searchsorted(share, share[-1] / 2)
        out[c] = values[order[middle], c]
    return out
