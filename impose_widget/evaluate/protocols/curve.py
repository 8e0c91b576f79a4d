"""Score against clicks: how many clicks until the poses are as good as wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from impose_widget.evaluate.annotator import KINDS, Click, SimulatedAnnotator
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.policies import Looks, targets
from impose_widget.evaluate.scores import own_scores
from impose_widget.evaluate.truth import Truth

TARGETS = (0.75, 0.85, 0.95)
FRAMES_RIGHT = "share85>=95%"
"""The target that 95 % of person-frames have an OKS of .85."""
WINDOW = 20
"""Clicks per tracklet over which fixed and broken keypoints are averaged."""
BUDGETS = (0, 1, 3, 5, 10, 20, 40)
"""Clicks per tracklet at which curves are quoted."""


@dataclass(slots=True)
class Run:
    """One annotator with one tool on one video.

    Attributes:
        curve: one row a click (row 0: before the first): clicks per tracklet, mean_oks, share85, clicks by kind, and
            of each person n the clicks on them (clicks_n) and their own mean OKS (oks_n).
        clicks: the log.
        clicks_to: target -> clicks per tracklet when the mean OKS over all person-frames was there first; None: never.
            Also `FRAMES_RIGHT`.
        clicks_to_own: per tracklet, target -> clicks on it until its own mean OKS was there.
        start, end: `own_scores` before the first and after the last click.
        oks: (2, T, N), OKS before the first and after the last click; NaN where nobody is labelled.
        looks: what guidance cost besides clicks.
        guided: False if the tool has no suggestions, so that the policy `issue` could not be followed.
        start_seconds: how long the tool took before the first click.
    """

    curve: pd.DataFrame
    clicks: list[Click]
    clicks_to: dict[str, float | None]
    clicks_to_own: list[dict[str, int | None]]
    start: dict[str, float]
    end: dict[str, float]
    oks: np.ndarray
    looks: Looks = field(default_factory=Looks)
    guided: bool = True
    start_seconds: float = 0.0

    def per_click(self, what: str, window: int = WINDOW) -> float:
        """Mean of "fixed", "broken", "moved" or "seconds" over the first clicks (window × tracklets)."""
        values = [getattr(c, what) for c in self.clicks[: window * len(self.clicks_to_own)]]
        return float(np.mean(values)) if values else 0.0

    def at(self, clicks: float, what: str = "mean_oks") -> float:
        """A score after so many clicks per tracklet; NaN if the start alone cost more."""
        reached = self.curve[self.curve["clicks"] <= clicks]
        return float(reached[what].iloc[-1]) if len(reached) else np.nan


def run_curve(
    method: Method,
    truth: Truth,
    policy: str = "worst",
    budget: int = 150,
    noise: float = 0.0,
    seed: int = 0,
    with_pose: bool = False,
    exhaust: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Click until every target is reached, or the budget is spent.

    A looser target never needs more clicks than a stricter one, because all are read off one sequence of clicks.

    Args:
        method: the tool, not started yet; it is closed at the end.
        truth: the labels.
        policy: see `policies.targets`.
        budget: clicks per tracklet, what the start cost included.
        noise: standard deviation of a click in pixels.
        seed: of noise and choices.
        with_pose: begin with the true poses of the first frame; their keypoints count as clicks.
        exhaust: go on when all targets are reached.
        progress: called with the number of clicks after each.
    """
    annotator = SimulatedAnnotator(method, truth, noise, seed)
    try:
        annotator.begin(with_pose=with_pose)
        record = _Record(annotator)
        looks = Looks()
        guided = policy != "issue"
        for frame, n, k in _within(annotator, record, targets(annotator, policy, looks), budget, exhaust):
            annotator.act(frame, n, k)
            record.measure()
            guided = True
            if progress is not None:
                progress(len(annotator.clicks))
        guided = guided or bool(looks.right_already + looks.nobody)
        end = own_scores(truth, annotator.poses)
        return Run(
            pd.DataFrame(record.rows), annotator.clicks, record.first, record.own, record.start, end,
            np.stack([record.oks, annotator.oks]), looks, guided, annotator.seconds,
        )  # fmt: skip
    finally:
        method.close()


def _within(annotator: SimulatedAnnotator, record: _Record, chosen, budget: int, exhaust: bool):
    """Targets as long as there is budget and something left to reach."""
    n_people = len(annotator.given)
    while annotator.spent().sum() < budget * n_people:
        quoted = annotator.spent().sum() >= max(BUDGETS) * n_people
        if record.done and quoted and not exhaust:
            return
        target = next(chosen, None)
        if target is None:
            return
        yield target


class _Record:
    """Scores after each click, and when targets were reached first."""

    def __init__(self, annotator: SimulatedAnnotator) -> None:
        self.annotator = annotator
        self.rows: list[dict[str, float]] = []
        self.first: dict[str, float | None] = dict.fromkeys([*map(str, TARGETS), FRAMES_RIGHT])
        self.own: list[dict[str, int | None]] = [dict.fromkeys(map(str, TARGETS)) for _ in annotator.given]
        self.start = own_scores(annotator.truth, annotator.poses)
        self.oks = annotator.oks.copy()
        self.measure()

    @property
    def done(self) -> bool:
        reached = [*self.first.values(), *(v for own in self.own for v in own.values())]
        return None not in reached

    def measure(self) -> None:
        annotator, truth = self.annotator, self.annotator.truth
        score = np.where(truth.present, annotator.oks, np.nan)
        values = score[truth.present]
        spent = annotator.spent()
        clicks = float(spent.sum() / len(spent))
        each = np.nanmean(score, 0)
        row = {"clicks": clicks, "mean_oks": float(values.mean()), "share85": float((values >= 0.85).mean())}
        row |= {kind: annotator.count(kind) for kind in KINDS}
        for n in range(len(spent)):
            row |= {f"clicks_{n}": int(spent[n]), f"oks_{n}": float(each[n])}
        self.rows.append(row)
        for target in TARGETS:
            if self.first[str(target)] is None and row["mean_oks"] >= target:
                self.first[str(target)] = clicks
            for n, own in enumerate(self.own):
                if own[str(target)] is None and each[n] >= target:
                    own[str(target)] = int(spent[n])
        if self.first[FRAMES_RIGHT] is None and row["share85"] >= 0.95:
            self.first[FRAMES_RIGHT] = clicks
