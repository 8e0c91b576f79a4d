"""HOTA: how well people are found and kept apart over time, in one number.

Source: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2021; the same numbers
as the reference implementation (TrackEval) to rounding. Localisation thresholds .05, .10, … .95; their mean is
reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.evaluate.predicted import Similarities

ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = np.finfo(float).eps


@dataclass(frozen=True, slots=True)
class Hota:
    """HOTA and its parts, each (19,) by localisation threshold; `tp` counts matches, so that videos can be combined."""

    tp: np.ndarray
    fn: np.ndarray
    fp: np.ndarray
    ass_a: np.ndarray
    loc_a: np.ndarray

    @property
    def det_a(self) -> np.ndarray:
        """Detection accuracy: matches over everything that was or should have been found."""
        return self.tp / np.maximum(1, self.tp + self.fn + self.fp)

    @property
    def hota(self) -> np.ndarray:
        """The geometric mean of detection and association accuracy."""
        return np.sqrt(self.det_a * self.ass_a)

    def summary(self) -> dict[str, float]:
        """HOTA, DetA, AssA, LocA: means over the thresholds."""
        parts = {"HOTA": self.hota, "DetA": self.det_a, "AssA": self.ass_a, "LocA": self.loc_a}
        return {name: float(values.mean()) for name, values in parts.items()}


def hota(pairs: Similarities, align: bool = True) -> Hota:
    """HOTA of one video.

    Args:
        pairs: how alike truth and prediction are, frame by frame.
        align: match in view of the whole tracks, as HOTA does; False: by the similarity of the frame alone, as the
            PoseTrack21 kit does for single keypoints.
    """
    n_truth, n_predicted = _counts(pairs)
    zeros = np.zeros(len(ALPHAS))
    if not n_truth.sum() or not n_predicted.sum():
        return Hota(zeros, zeros + n_truth.sum(), zeros + n_predicted.sum(), zeros, zeros + 1.0)
    aligned = _alignment(pairs, n_truth, n_predicted) if align else np.ones((pairs.n_truth, pairs.n_predicted))
    tp, loc = np.zeros(len(ALPHAS)), np.zeros(len(ALPHAS))
    matches = np.zeros((len(ALPHAS), pairs.n_truth, pairs.n_predicted))
    for g, p, similarity in zip(pairs.truth, pairs.predicted, pairs.similarity, strict=True):
        if not len(g) or not len(p):
            continue
        row, column = linear_sum_assignment(-aligned[np.ix_(g, p)] * similarity)
        value = similarity[row, column]
        matched = value[None] >= ALPHAS[:, None] - _EPS
        tp += matched.sum(1)
        loc += (matched * value).sum(1)
        matches[:, g[row], p[column]] += matched
    together = np.maximum(1, n_truth[:, None] + n_predicted[None] - matches)
    ass_a = (matches * matches / together).sum((1, 2)) / np.maximum(1, tp)
    loc_a = np.maximum(1e-10, loc) / np.maximum(1e-10, tp)
    return Hota(tp, n_truth.sum() - tp, n_predicted.sum() - tp, ass_a, loc_a)


def combine(parts: list[Hota]) -> Hota:
    """HOTA of several videos together: counts add up, association and localisation are weighted by matches."""
    tp = sum(p.tp for p in parts)

    def weighted(name: str) -> np.ndarray:
        return sum(getattr(p, name) * p.tp for p in parts) / np.maximum(1, tp)

    return Hota(tp, sum(p.fn for p in parts), sum(p.fp for p in parts), weighted("ass_a"), weighted("loc_a"))


def _counts(pairs: Similarities) -> tuple[np.ndarray, np.ndarray]:
    """In how many frames each person is, in the truth and in the prediction."""
    truth = np.bincount(np.concatenate(pairs.truth).astype(int), minlength=pairs.n_truth)
    predicted = np.bincount(np.concatenate(pairs.predicted).astype(int), minlength=pairs.n_predicted)
    return truth, predicted


def _alignment(pairs: Similarities, n_truth: np.ndarray, n_predicted: np.ndarray) -> np.ndarray:
    """(g, p): how well a whole track fits a whole person, a soft Jaccard index over frames."""
    potential = np.zeros((pairs.n_truth, pairs.n_predicted))
    for g, p, similarity in zip(pairs.truth, pairs.predicted, pairs.similarity, strict=True):
        union = similarity.sum(0)[None] + similarity.sum(1)[:, None] - similarity
        share = np.divide(similarity, union, out=np.zeros_like(similarity), where=union > _EPS)
        potential[np.ix_(g, p)] += share
    union = n_truth[:, None] + n_predicted[None] - potential
    return np.divide(potential, union, out=np.zeros_like(potential), where=union > 0)
