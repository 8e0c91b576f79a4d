"""One person as the detectors see them: arrays over the frames from their first to their last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from impose_widget.core.geometry import person_area, pose_box
from impose_widget.core.pose import PROPAGATED
from impose_widget.core.skeleton import Skeleton
from impose_widget.issues import plane

STEADY = 25
"""Frames over which a person's size is taken, so that one wrong keypoint does not make them larger."""


@dataclass(frozen=True)
class Person:
    """What is known of one person; T consecutive frames, K keypoints.

    Attributes:
        track_id: whose.
        first: frame of row 0; the first and the last row hold the person, those between may not.
        records: (T,) as in `core.pose.pose_dtype`.
        read: (T, K, 3) the network's own reading: x, y, score; NaN where there is none.
        skeleton: names, edges, pairs.
        n_frames: of the video; 0 if unknown.
        size: (width, height) of the video; None if unknown.
        swaps: (frame, other track id, chance) where the ID decoder would name this person otherwise.
        looked: whether everybody was looked for in the frame before the first, and in the one after the last.
    """

    track_id: int
    first: int
    records: np.ndarray
    read: np.ndarray
    skeleton: Skeleton
    n_frames: int = 0
    size: tuple[int, int] | None = None
    looked: tuple[bool, bool] = (False, False)
    swaps: tuple[tuple[int, int, float], ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def of_pairs(self) -> Person:
        """The same with no more than detectors of two people ask for; long videos are a matter of memory."""
        out = replace(self, read=self.read[:0])
        for name in ("present", "xy", "doubt", "box", "scale", "open", "seen"):
            out.__dict__[name] = getattr(self, name)
        return out

    @property
    def frames(self) -> np.ndarray:
        """(T,) frame of each row."""
        return np.arange(self.first, self.first + len(self))

    @cached_property
    def present(self) -> np.ndarray:
        """(T,) bool."""
        return self.records["present"]

    @cached_property
    def xy(self) -> np.ndarray:
        """(T, K, 2) float32, NaN where there is no keypoint."""
        return np.where(self.present[:, None, None], self.records["xy"], np.float32(np.nan))

    @cached_property
    def known(self) -> np.ndarray:
        """(T, K) bool: there is a position."""
        return plane.known(self.xy)

    @cached_property
    def free(self) -> np.ndarray:
        """(T, K) bool: there is a position, and no human stands behind it."""
        return self.known & ~self.records["anchor"]

    @cached_property
    def open(self) -> np.ndarray:
        """(T,) bool: the person is there, and not all of the pose was placed or confirmed by a human."""
        return self.present & ~self.records["box_anchor"] & ~(self.known & self.records["anchor"]).any(1)

    @cached_property
    def seen(self) -> tuple[int, int]:
        """First and last row in which the model reads the person or a human placed them; without any, of all rows."""
        rows = np.flatnonzero(np.isfinite(self.read[..., 0]).any(1) | (self.records["anchor"] & self.known).any(1))
        return (int(rows[0]), int(rows[-1])) if len(rows) else (0, len(self) - 1)

    @cached_property
    def doubt(self) -> np.ndarray:
        """(T, K) 1 - score; .5 where there is no score."""
        return np.clip(1 - np.nan_to_num(self.records["score"], nan=0.5), 0, 1)

    @cached_property
    def carried(self) -> np.ndarray:
        """(T, K) bool: written by a propagation."""
        return self.records["source"] == PROPAGATED

    @cached_property
    def step(self) -> np.ndarray:
        """(T, K) pixels that each keypoint moved since the frame before; NaN in the first and where unknown."""
        moved = np.diff(self.xy, axis=0)
        out = np.full(self.known.shape, np.nan, np.float32)
        out[1:] = plane.length(moved)
        return out

    @cached_property
    def box(self) -> np.ndarray:
        """(T, 4) tight around the keypoints."""
        return pose_box(self.xy)

    @cached_property
    def scale(self) -> np.ndarray:
        """(T,) size in pixels (square root of the area), steady over time; NaN only if no keypoint is known at all."""
        own = np.sqrt(np.where(self.known.sum(1) > 1, person_area(self.xy), np.nan))
        return np.maximum(steady(own, STEADY), 1.0)

    @cached_property
    def since_anchor(self) -> np.ndarray:
        """(T, K) frames to the nearest one in which a human placed this keypoint; infinite without any."""
        return _distance(self.records["anchor"] & self.known)

    def name(self, k: int) -> str:
        """A keypoint in words."""
        return self.skeleton.keypoints[k].replace("_", " ")


def steady(values: np.ndarray, over: int) -> np.ndarray:
    """(T,) running medians, taken every few frames and joined by straight lines; NaN are left out."""
    n = len(values)
    middles = np.arange(0, n, max(over // 4, 1))
    rows = middles[:, None] + np.arange(-(over // 2), over // 2 + 1)
    near = np.where((rows >= 0) & (rows < n), values[np.clip(rows, 0, n - 1)], np.nan)
    held = np.isfinite(near).any(1)
    if not held.any():
        return np.full(n, np.nan)
    return np.interp(np.arange(n), middles[held], np.nanmedian(near[held], 1))


def _distance(marks: np.ndarray) -> np.ndarray:
    """(T, K) rows to the nearest mark (T, K) in the same column."""
    rows = np.arange(len(marks), dtype=np.float32)[:, None]
    before = np.maximum.accumulate(np.where(marks, rows, -np.inf), axis=0)
    after = np.minimum.accumulate(np.where(marks, rows, np.inf)[::-1], axis=0)[::-1]
    return np.minimum(rows - before, after - rows)
