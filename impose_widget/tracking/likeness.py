"""The ID decoder as what association hears beside geometry."""

from __future__ import annotations

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.tracking.decoding import Decoding
from impose_widget.tracking.history import History
from impose_widget.tracking.people import People


class LearnedLikeness:
    """Rates detections of one pass through a video; see `associate.Likeness`.

    Args:
        detections: all that will be asked about.
        decoding: the trained decoder.
        weak_score: detections that score less teach nothing about anybody.
        features: (M, F) what they look like, see `looks`; zeros where not known.
    """

    def __init__(
        self,
        detections: Detections,
        decoding: Decoding,
        weak_score: float = 0.08,
        features: np.ndarray | None = None,
    ) -> None:
        self._people, self._score = People.detected(detections, features), detections.score
        self._decoding, self._weak = decoding, weak_score
        self._history = History(decoding.window)

    def rate(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(N, M) chances; NaN for people who are not remembered or have no word."""
        self._history.forget(frame)
        out = np.full((len(labels), len(rows)), np.nan)
        if not len(labels) or not len(rows):
            return out
        told, then = self._history.rows(frame)
        chance, names = self._decoding.chances(self._people[rows], told, then, set(labels.tolist()))
        column = {int(n): i for i, n in enumerate(names)}
        for n, label in enumerate(labels.tolist()):
            if label in column:
                out[n] = chance[:, column[label]]
        return out

    def see(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> None:
        """Remember who was where."""
        clear = self._score[rows] >= self._weak
        self._history.add(frame, labels[clear], self._people[rows[clear]])

    def rename(self, old: int, new: int) -> None:
        """Somebody turned out to be somebody else."""
        self._history.rename(old, new)
