"""Any point tracker in the place of optical flow from frame to frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from impose_widget.propagate.appearance import looks
from impose_widget.propagate.base import CHUNK
from impose_widget.propagate.lucas_kanade import LucasKanade


class Tracked(LucasKanade):
    """Follows points with a tracker that sees a whole chunk at once (`impose_widget.points.PointTracker`).

    What the points look like, and their bodies, are asked as with optical flow: where a point does not look as it did,
    it goes with its body, and the tracker starts anew from there.

    Args:
        tracker: which.
        memory, cache_bytes: as of `LucasKanade`.
    """

    def __init__(self, tracker: Any, memory: int = 65_536, cache_bytes: int = 64 << 20) -> None:
        super().__init__(memory, cache_bytes)
        self.tracker = tracker

    def _measure(self, a: int, b: int, window: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        keys = [(a, b, 0, round(x, 2), round(y, 2)) for x, y in points.tolist()]
        new = [i for i, key in enumerate(keys) if key not in self._steps]
        if new:
            self._run(a, b - a, points[new])
        shift, trust = (np.stack(part) for part in zip(*(self._steps[key] for key in keys), strict=True))
        while len(self._steps) > self._memory:
            self._steps.popitem(last=False)
        return shift, trust, looks(self.grey(b), points + shift, window)

    def _run(self, a: int, direction: int, points: np.ndarray) -> None:
        """Follow points from frame `a` for a chunk, and remember every step of it."""
        last = int(np.clip(a + CHUNK * direction, 0, len(self._frames) - 1))
        numbers = range(a, last + direction, direction)
        queries = np.column_stack([np.zeros(len(points)), points])
        tracks = self.tracker.track([np.asarray(self._frames[f]) for f in numbers], queries)
        xy = tracks.xy.astype(np.float64)
        xy[0] = points
        trust = np.where(tracks.visible, np.clip(tracks.confidence, 0.05, 1), 0.0)
        for i, frame in enumerate(numbers[:-1]):
            for n, (x, y) in enumerate(xy[i].tolist()):
                key = (frame, frame + direction, 0, round(x, 2), round(y, 2))
                self._steps[key] = (xy[i + 1, n] - xy[i, n], float(trust[i + 1, n]))
