"""Readings: the network's detections of a whole video, in the order in which they were stored."""

from __future__ import annotations

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.pose import NO_READING


class Readings:
    """Detections by row; a row never changes its number, so that poses can point at it."""

    def __init__(self, n_keypoints: int, n_frames: int) -> None:
        self.n_keypoints = n_keypoints
        self._parts: list[Detections] = []
        self._all = Detections.empty(n_keypoints)
        self.analysed = np.zeros(n_frames, bool)
        """(T,) frames that the network has looked at as a whole."""

    def __len__(self) -> int:
        return len(self._all) + sum(len(p) for p in self._parts)

    def add(self, frames: list[int], detections: Detections) -> np.ndarray:
        """Append detections; `frames` were looked at as a whole. Returns their rows (m,)."""
        first = len(self)
        self._parts.append(detections)
        self.analysed[frames] = True
        return np.arange(first, first + len(detections))

    @property
    def table(self) -> Detections:
        """All rows."""
        if self._parts:
            self._all = Detections.concatenate([self._all, *self._parts])
            self._parts = []
        return self._all

    def between(self, first: int, stop: int) -> np.ndarray:
        """Rows (m,) of the frames in [first, stop), sorted by frame."""
        frame = self.table.frame
        rows = np.flatnonzero((frame >= first) & (frame < stop))
        return rows[np.argsort(frame[rows], kind="stable")]

    def keypoints(self, rows: np.ndarray) -> np.ndarray:
        """(n, K, 3) x, y, score of rows (n,); NaN where a row is `NO_READING`."""
        out = np.full((len(rows), self.n_keypoints, 3), np.nan, np.float32)
        has = rows != NO_READING
        out[has] = self.table.keypoints[rows[has]]
        return out
