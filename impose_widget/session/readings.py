"""Readings: the network's detections of a whole video, in the order in which they were stored."""

from __future__ import annotations

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.pose import NO_READING


class Readings:
    """Detections by row; a row never changes its number, so that poses can point at it."""

    def __init__(self, n_keypoints: int, n_frames: int) -> None:
        self.n_keypoints = n_keypoints
        self._held = Detections.empty(n_keypoints)  # with room for more behind the first `_n` rows
        self._n = 0
        self.analysed = np.zeros(n_frames, bool)
        """(T,) frames that the network has looked at as a whole."""

    def __len__(self) -> int:
        return self._n

    def add(self, frames: list[int], detections: Detections) -> np.ndarray:
        """Append detections; `frames` were looked at as a whole. Returns their rows (m,)."""
        first, self._n = self._n, self._n + len(detections)
        if self._n > len(self._held):  # as much room again: chunk after chunk must not copy all each time
            room = Detections.room(max(2 * len(self._held), self._n, 1024), self.n_keypoints)
            for name in Detections.__slots__:
                getattr(room, name)[:first] = getattr(self._held, name)[:first]
            self._held = room
        for name in Detections.__slots__:
            getattr(self._held, name)[first : self._n] = getattr(detections, name)
        self.analysed[frames] = True
        return np.arange(first, self._n)

    @property
    def table(self) -> Detections:
        """All rows; a view that must not be written."""
        return self._held[: self._n]

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
