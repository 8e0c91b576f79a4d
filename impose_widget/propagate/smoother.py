"""Carrying corrections by the most probable of several hypotheses, weighed over all frames: see `hypotheses`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from impose_widget.confidence import carried_signals, error_models
from impose_widget.propagate.body import Body
from impose_widget.propagate.confirmed import Way, ways
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.hypotheses import Odds, kept_and_right, likelihood_ratio
from impose_widget.propagate.model_error import expected_error, usual_deviation
from impose_widget.propagate.stretch import NOTHING, Stretch

LEAST = 1e-8  # variance that stands for none at all
LEAST_KEPT = 1e-6  # how likely a followed point is kept at least, so that there is always something to say


@dataclass(slots=True)
class _Way:
    """A point followed from one end of a stretch.

    Attributes:
        at: (m,) rows of the stretch in the order of following, the anchor first.
        xy: (m, 2) where it went.
        bent: (m, 2) the same, its miss of the other anchor spread along it.
        variance: (m,) if it is kept.
        lost: (m,) chance of losing it on the way to each row.
        met: how many times likelier its miss of the other anchor is if it was kept; 1 without one.
    """

    at: np.ndarray
    xy: np.ndarray
    bent: np.ndarray
    variance: np.ndarray
    lost: np.ndarray
    met: float


class SmoothStretch(Stretch):
    """A stretch in which it is judged over all its frames where the flow was lost and where readings are wrong."""

    odds = Odds()
    _held: tuple[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None

    def fused(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2) in pixels, their deviations (n,), and how much the corrections still say (n,), 0 to 1."""
        if not self.body.has[rows, self.keypoint].any():
            return super().fused(rows)
        span = min(self.ends[0], int(rows.min())), max(self.ends[-1], int(rows.max()))
        if self._held is None or self._held[0] != span:
            self._held = span, self._judged(np.arange(span[0], span[1] + 1))
        xy, deviation, says = (values[rows - span[0]] for values in self._held[1])
        return xy, deviation, says

    def score(self, rows: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """How likely (n,) positions that were fused in some rows are right, by their deviations (n,)."""
        return error_models()["smoother"].probability(self.signals(rows, deviation))

    def signals(self, rows: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """(n, F) of `confidence.carried_signals`."""
        has = self.body.has[:, self.keypoint]
        return carried_signals(deviation, self.body.sigma[self.keypoint], ~has[rows] & has.any())

    def _judged(self, here: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `fused`, for all rows from anchor to anchor, or from the anchor outwards."""
        has = self.body.has[here, self.keypoint]
        alone = reading_right(self.body.read_score[here, self.keypoint])
        at_end = self._right_at_ends(here, alone)
        read, read_var, known = self._readings(here, has, at_end)
        ways = [self._way(direction, here) for direction in self.tracks]
        kept, right = [], np.ones(len(here))
        for way in ways:
            apart = np.linalg.norm(way.xy - read[way.at], axis=1) / self.body.scale
            apart = np.where(has[way.at], apart, np.nan)
            each, fine = kept_and_right(
                apart, way.variance + read_var[way.at], way.lost, alone[way.at], at_end[way.at[0]], way.met, self.odds
            )
            # The miss of the other anchor is drift, and spread along the way, only as far as it was not lost before.
            way.bent = way.xy + each[-1] * (way.bent - way.xy)
            kept.append(each)
            right[way.at] = np.minimum(right[way.at], fine)
        xy, deviation, weight = self._weighed(has, _followed(ways, kept, len(here)), (read, read_var, right))
        gap = np.abs(here[:, None] - np.array(self.ends)).min(1)
        says = np.maximum(weight * np.exp(-gap / self.belief.habit_frames), known)
        return xy, deviation, np.where(has, says, 1.0)

    def _weighed(
        self, has: np.ndarray, followed: tuple[np.ndarray, ...], reading: tuple[np.ndarray, ...]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Flow and reading, each (positions, variance, how likely good), made one.

        Returns positions (n, 2), deviations (n,), and the weight of the flow (n,).
        """
        (flow, flow_var, ok), (read, read_var, right) = followed, reading
        by_flow, by_reading = np.maximum(ok / flow_var, 1e-4), np.where(has, right / read_var, 0)
        weight, variance = by_flow / (by_flow + by_reading), 1 / (by_flow + by_reading)
        apart = np.where(has, np.linalg.norm(flow - read, axis=1) / self.body.scale, 0)
        # Where they contradict each other, one of them is taken, and the other may still have been right.
        contradict = has & (apart > self.odds.agree * np.sqrt(flow_var + read_var))
        chance = (ok * (1 - right) + LEAST) / (ok * (1 - right) + right * (1 - ok) + 2 * LEAST)
        flow_wins = chance > 0.5
        doubt = np.minimum(chance, 1 - chance) * apart**2
        weight = np.where(contradict, flow_wins, weight)
        variance = np.where(contradict, np.where(flow_wins, flow_var, read_var) + doubt, variance)
        xy = np.where(has[:, None], weight[:, None] * flow + (1 - weight[:, None]) * read, flow)
        return xy, np.sqrt(np.minimum(variance, NOTHING)), weight

    def _readings(
        self, here: np.ndarray, has: np.ndarray, at_end: dict[int, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Readings moved by what corrections tell about the model (n, 2), their variance (n,), how much they tell.

        What was read of something else at an anchor is no habit of the model and moves nothing.
        """
        body, k = self.body, self.keypoint
        places = np.array([row for row in self.ends if body.has[row, k]], int)
        habit = np.array([at_end[row - int(here[0])] for row in places])[:, None]
        usual = usual_deviation(body.read_score[here, k], self.belief)
        error, _, known = expected_error(
            here,
            usual,
            places,
            usual_deviation(body.read_score[places, k], self.belief),
            habit * (body.carry.xy[places, k] - body.readings[places, k]) / body.scale,
            self.belief,
        )
        read = np.where(has[:, None], body.readings[here, k], 0) + body.scale * error
        return read, np.maximum(usual**2 + self.belief.reading_floor**2, LEAST), known

    def _right_at_ends(self, here: np.ndarray, alone: np.ndarray) -> dict[int, float]:
        """How likely the reading at each anchor is right, now that a human placed the keypoint there."""
        body, k, out = self.body, self.keypoint, {}
        for row in self.ends:
            at = row - int(here[0])
            out[at] = float(alone[at])
            if body.has[row, k]:
                off = np.linalg.norm(self._anchor(row) - body.readings[row, k]) / body.scale
                usual = usual_deviation(body.read_score[row, k], self.belief)
                ratio = float(likelihood_ratio(off, max(usual**2, LEAST), self.odds))
                out[at] = alone[at] * ratio / (alone[at] * ratio + 1 - alone[at])
        return out

    def _way(self, direction: int, here: np.ndarray) -> _Way:
        track, odds = self.tracks[direction], self.odds
        at = np.arange(len(here))[::direction][: len(track)]
        n = len(at)
        xy, trust = np.array(track.xy[:n]), np.array(track.trust[:n])
        step = np.ones(n)
        step[1:] = trust[1:] / np.maximum(trust[:-1], 1e-9)
        age = np.arange(n)
        variance = np.maximum(odds.kept_start**2 + odds.kept_growth**2 * age, LEAST)
        bent, met = xy, 1.0
        if self.closed and n == len(here):
            miss = self._anchor(self.right if direction > 0 else self.left) - xy[-1]
            bent = xy + (age / (n - 1))[:, None] * miss
            met = float(likelihood_ratio(np.linalg.norm(miss) / self.body.scale, variance[-1], odds))
        return _Way(at, xy, bent, variance, odds.lost + odds.lost_doubt * (1 - step), met)


def reading_right(score: np.ndarray) -> np.ndarray:
    """How likely readings (n,) of some scores are right, in a stretch that a human corrects.

    Harsher on weak readings than the share of all readings that are right (`impose_widget.confidence`), because
    corrections are made where readings are wrong; with that share a click mends a tenth less.
    """
    score = np.clip(score, 1e-3, 1 - 1e-3)
    return np.clip(1 / (1 + np.exp(-2.0 * np.log(score / (1 - score)) - 1.6)), 0.05, 0.97)


def _followed(ways: list[_Way], kept: list[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ways made one, each as likely as it is kept: positions (n, 2), variance (n,), how likely any is kept (n,)."""
    if len(ways) == 1:
        (way,), (ok,) = ways, kept
        xy, variance, all_ok = np.zeros((n, 2)), np.full(n, NOTHING), np.zeros(n)
        xy[way.at], variance[way.at], all_ok[way.at] = way.bent, way.variance, ok
        return xy, variance, all_ok
    weights, total, missed = np.zeros(n), np.zeros((n, 2)), np.ones(n)
    for way, ok in zip(ways, kept, strict=True):
        weight = ok / way.variance + LEAST_KEPT
        weights[way.at] += weight
        total[way.at] += weight[:, None] * way.bent
        missed[way.at] *= 1 - ok
    return total / weights[:, None], 1 / weights, 1 - missed


class Smoother(FlowFusion):
    """Carries what a human placed along the most probable way, given flow, readings and anchors of all frames.

    As `FlowFusion`, which weighs flow against readings frame by frame; this judges over a whole stretch between anchors
    where the flow was lost and where the model reads something else. Args as there.
    """

    name = "smoother"
    stretch = SmoothStretch

    def _ways(self, body: Body, rows: Mapping[int, Sequence[int]], origins: Collection[int]) -> list[Way]:
        @cache
        def tried(left: int, right: int) -> dict[int, SmoothStretch]:
            """Ways between two rows of all keypoints with anchors in both, followed together as when carried."""
            alone = body.apart()
            some = [k for k, placed in rows.items() if left in placed and right in placed]
            stretches = {k: self.stretch(alone, k, left, right, self.belief) for k in some}
            tracks = [(k, track) for k, stretch in stretches.items() for track in stretch.tracks.values()]
            for stretch in stretches.values():
                stretch.vote()
            lengths = [right - left + 1] * len(tracks)
            self._flow.extend([t for _, t in tracks], lengths, lambda i, a, b: alone.motion(tracks[i][0], a, b))
            return stretches

        def off(k: int, left: int, right: int) -> float:
            between = np.array([row for row in rows[k] if left < row < right])
            miss = tried(left, right)[k].fused(between)[0] - body.carry.xy[between, k]
            return float(np.linalg.norm(miss, axis=1).max() / body.scale)

        return [(k, *way) for k, some in rows.items() for way in ways(some, origins, partial(off, k))]
