"""VNoC, the video number of clicks: frame by frame, click until the frame is good enough, carry on, next frame.

Sources: Click-Pose's NoC, carried to video by the paper's Table I. The paper's numbers are not all in one unit (per
frame for one data set, per tracklet for the other), so a result here always gives all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from impose_widget.evaluate.annotator import KINDS, Click, SimulatedAnnotator
from impose_widget.evaluate.coco_ap import coco_ap
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.policies import DONE
from impose_widget.evaluate.scores import own_scores
from impose_widget.evaluate.truth import Truth

TARGETS = (0.75, 0.85, 0.95)
CRITERIA = ("person_oks", "frame_ap")
UNITS = ("person_frame", "tracklet", "frame", "video")


@dataclass(frozen=True, slots=True)
class Vnoc:
    """What it took to bring every frame to a target.

    Attributes:
        target: what was asked for.
        aimed: what the annotator aimed at: the target, or a stricter one that took fewer clicks.
        criterion: "person_oks", each person's OKS; or "frame_ap", COCO's AP of the frame.
        clicks: the log.
        frames, tracklets, person_frames: with labels in them, what clicks are divided by.
        missed: frames that were not brought to the target (every keypoint clicked, or the rounds used up).
        end: `own_scores` after the last frame: what was done later may have changed earlier frames.
    """

    target: float
    aimed: float
    criterion: str
    clicks: list[Click]
    frames: int
    tracklets: int
    person_frames: int
    missed: int
    end: dict[str, float]

    def per(self, unit: str, kind: str | None = None) -> float:
        """Clicks per unit, of one kind or all; units: `UNITS`."""
        n = sum(kind is None or c.kind == kind for c in self.clicks)
        over = {"person_frame": self.person_frames, "tracklet": self.tracklets, "frame": self.frames, "video": 1}
        return n / over[unit]

    def row(self) -> dict[str, float | str]:
        """All units and kinds, never one without the others."""
        out: dict[str, float | str] = {"criterion": self.criterion, "target": self.target, "aimed": self.aimed}
        out |= {f"clicks_per_{unit}": self.per(unit) for unit in UNITS}
        out |= {f"{kind}_clicks": self.per("video", kind) for kind in KINDS}
        return out | {"frames_missed": self.missed, "end_mean_oks": self.end["mean_oks"]}


def vnoc(
    make: Callable[[], Method],
    truth: Truth,
    targets: tuple[float, ...] = TARGETS,
    criterion: str = "person_oks",
    rounds: int | None = None,
) -> list[Vnoc]:
    """VNoC at each target, each with a tool of its own.

    In every frame with somebody in it, in order: as long as the frame is not good enough, one click on each person
    (with "person_oks": on each who is not) on their worst keypoint, identities repaired and missed people drawn where
    that is what helps; each click is carried forward.

    A looser target never counts more clicks than a stricter one that was reached everywhere: an annotator may always
    aim higher (`Vnoc.aimed` says so when it happened).

    Args:
        make: a fresh tool.
        truth: the labels.
        targets: 0 to 1.
        criterion: one of `CRITERIA`.
        rounds: most clicks per person in a frame; None: as many as there are keypoints, one identity and one box.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"Expected criterion as one of {', '.join(CRITERIA)}, got {criterion!r}.")
    runs = {target: _run(make(), truth, target, criterion, rounds) for target in sorted(targets, reverse=True)}
    out, best = {}, None
    for target, run in runs.items():
        if best is not None and not best.missed and len(best.clicks) < len(run.clicks):
            run = Vnoc(
                target, best.aimed, criterion, best.clicks, best.frames, best.tracklets, best.person_frames, 0, best.end
            )
        out[target] = best = run
    return [out[target] for target in targets]


def _run(method: Method, truth: Truth, target: float, criterion: str, rounds: int | None) -> Vnoc:
    annotator = SimulatedAnnotator(method, truth)
    present = truth.present
    try:
        annotator.begin()
        missed = 0
        for frame in np.flatnonzero(present.any(1)):
            missed += not _bring(annotator, int(frame), target, criterion, rounds or len(truth.skeleton) + 2)
        return Vnoc(
            target, target, criterion, annotator.clicks, int(present.any(1).sum()), int(present.any(0).sum()),
            int(present.sum()), missed, own_scores(truth, annotator.poses),
        )  # fmt: skip
    finally:
        method.close()


def _bring(annotator: SimulatedAnnotator, frame: int, target: float, criterion: str, rounds: int) -> bool:
    """Click in one frame until it is good enough; False if it never was."""
    truth = annotator.truth
    for _ in range(rounds):
        todo = _wrong(annotator, frame, target, criterion)
        if not len(todo):
            return True
        acted = False
        for n in todo:
            similarity = np.where(truth.labelled[frame, n], annotator.similarity[frame, n], np.inf)
            if similarity.min() <= DONE:
                annotator.act(frame, int(n), int(similarity.argmin()), "forward")
                acted = True
        if not acted:
            return False
    return not len(_wrong(annotator, frame, target, criterion))


def _wrong(annotator: SimulatedAnnotator, frame: int, target: float, criterion: str) -> np.ndarray:
    """People of a frame who need a click."""
    present = np.flatnonzero(annotator.truth.present[frame])
    if criterion == "person_oks":
        return present[annotator.oks[frame, present] < target]
    ap = coco_ap(annotator.truth, annotator.everybody(), np.array([frame]))["AP"]
    return present if ap < target else present[:0]
