"""Errors made on purpose, and what it takes to mend them: two people swapped, everybody missed for a while, one missed
throughout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impose_widget.core.geometry import oks
from impose_widget.evaluate.annotator import KINDS, SimulatedAnnotator
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.identity import clear_mot
from impose_widget.evaluate.methods.base import Method, Start
from impose_widget.evaluate.predicted import oks_similarities
from impose_widget.evaluate.scores import own_scores
from impose_widget.evaluate.truth import Truth

GAP = 30
"""Frames in which nobody is found: longer than gaps that are bridged without asking."""
SAME = 0.3
"""OKS from which a detection is taken to be a person of the truth."""
BUDGET = 20
"""Clicks per person after which mending is given up."""


def forced_swap(make: Callable[[Footage], Method], footage: Footage, truth: Truth) -> dict[str, float] | None:
    """Swap two people half way; the annotator reads on from there and repairs what is not the person's.

    Returns:
        mean_oks before the swap, after it and repaired; switches in each; identity and keypoint clicks. None if there
        are not two people to swap, or the tool has no identities to swap.
    """
    annotator = SimulatedAnnotator(make(footage), truth)
    try:
        annotator.begin()
        place = _two_people(annotator)
        if place is None:
            return None
        frame, a, b = place
        before = _state(annotator)
        if not annotator.method.swap(frame, annotator.owner[a], annotator.owner[b]):
            return None
        annotator.look()
        after = _state(annotator)
        for t in range(frame, len(truth.xy)):
            for n in np.flatnonzero(truth.present[t]):
                if annotator.oks[t, n] < 0.5 and annotator.oks[t, n] < before["oks"][t, n] - 0.25:
                    k = int(np.argmin(np.where(truth.labelled[t, n], annotator.similarity[t, n], np.inf)))
                    if len(annotator.clicks) < BUDGET:
                        annotator.act(t, int(n), k)
        return {"frame": frame} | _named(before, "before") | _named(after, "swapped") | _named(
            _state(annotator), "repaired"
        ) | _counts(annotator)  # fmt: skip
    finally:
        annotator.method.close()


def forced_gap(
    make: Callable[[Footage], Method], footage: Footage, truth: Truth, gap: int = GAP
) -> dict[str, float] | None:
    """The detector sees nobody for `gap` frames; the annotator clicks the worst there until their mean OKS is .85.

    Returns:
        mean_oks of the gap's person-frames before the first click and after the last, clicks by kind, and whether the
        target was reached. None without a network.
    """
    if not footage.has_network:
        return None
    n_frames = len(footage)
    first = max((n_frames - gap) // 2, 1)
    inside = slice(first, min(first + gap, n_frames - 1))
    frames = footage.detections().frame
    missing = footage.without((frames < inside.start) | (frames >= inside.stop))
    annotator = SimulatedAnnotator(make(missing), truth)
    try:
        annotator.begin()
        return {"first": inside.start, "frames": inside.stop - inside.start} | _mend(annotator, inside, None)
    finally:
        annotator.method.close()


def forced_miss(make: Callable[[Footage], Method], footage: Footage, truth: Truth) -> dict[str, float] | None:
    """The detector never sees one person (the one labelled most); the annotator draws them and clicks on.

    Returns:
        As `forced_gap`, of that person's frames. None without a network.
    """
    if not footage.has_network:
        return None
    n = int(truth.present.sum(0).argmax())
    found = footage.detections()
    theirs = np.zeros(len(found), bool)
    for t in np.flatnonzero(truth.present[:, n]):
        rows = np.flatnonzero(found.frame == t)
        similar = oks(truth.xy[t, n][None], found.xy[rows], truth.area[t, n : n + 1], truth.skeleton.sigma_array)[0]
        theirs[rows[similar >= SAME]] = True
    method = make(footage.without(~theirs))
    annotator = SimulatedAnnotator(_Unnamed(method, n), truth)
    try:
        annotator.begin()
        return {"track_id": truth.track_ids[n]} | _mend(annotator, slice(0, len(footage)), n)
    finally:
        method.close()


class _Unnamed:
    """A tool that is not told about one person at the start; everything else is the tool's own."""

    def __init__(self, method: Method, n: int) -> None:
        self._method, self._n = method, n

    def start(self, start: Start) -> list[int | None]:
        box = start.box.copy()
        box[self._n] = np.nan
        return self._method.start(Start(start.frame, box, start.poses))

    def __getattr__(self, name: str):
        return getattr(self._method, name)


def _mend(annotator: SimulatedAnnotator, frames: slice, n: int | None) -> dict[str, float]:
    truth = annotator.truth
    wanted = np.zeros(truth.present.shape, bool)
    wanted[frames] = truth.present[frames]
    if n is not None:
        wanted[:, np.arange(wanted.shape[1]) != n] = False
    if not wanted.any():
        return {"mean_oks_before": np.nan, "mean_oks_after": np.nan, "reached": 0} | _counts(annotator)
    before = float(annotator.oks[wanted].mean())
    budget = BUDGET * int(wanted.any(0).sum())
    while annotator.oks[wanted].mean() < 0.85 and len(annotator.clicks) < budget:
        open_ = np.where(truth.labelled & wanted[..., None], annotator.similarity, np.inf)
        t, who, k = np.unravel_index(open_.argmin(), open_.shape)
        annotator.act(int(t), int(who), int(k))
    after = float(annotator.oks[wanted].mean())
    return {"mean_oks_before": before, "mean_oks_after": after, "reached": int(after >= 0.85)} | _counts(annotator)


def _two_people(annotator: SimulatedAnnotator) -> tuple[int, int, int] | None:
    """The frame nearest to the middle in which two people are well found."""
    good = annotator.truth.present & (np.nan_to_num(annotator.oks) >= 0.5)
    frames = np.flatnonzero(good.sum(1) >= 2)
    if not len(frames):
        return None
    frame = int(frames[np.abs(frames - len(good) // 2).argmin()])
    a, b = np.flatnonzero(good[frame])[:2]
    return frame, int(a), int(b)


def _state(annotator: SimulatedAnnotator) -> dict:
    switches = clear_mot(oks_similarities(annotator.truth, annotator.everybody()))["switches"]
    return {
        "mean_oks": own_scores(annotator.truth, annotator.poses)["mean_oks"],
        "switches": switches,
        "oks": annotator.oks,
    }


def _named(state: dict, suffix: str) -> dict[str, float]:
    return {f"{name}_{suffix}": state[name] for name in ("mean_oks", "switches")}


def _counts(annotator: SimulatedAnnotator) -> dict[str, float]:
    return {f"{kind}_clicks": annotator.count(kind) for kind in KINDS}
