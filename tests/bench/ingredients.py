"""What each ingredient of the smoother is worth: `nice python -m tests.bench.ingredients`.

In every clip some keypoints that the start gets wrong are corrected, each in one to three frames of its person, and
carried by the smoother, by the smoother without one ingredient, and by simpler ways. Counted are the person's other
keypoints in other frames that became right and wrong by it, per correction, and how similar all are to the labels
afterwards. This is quicker and sharper than whole sessions of clicks (`tests.bench.clicks`), which decide.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from impose_widget.core.geometry import keypoint_similarity
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate import Clip
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.scores import RIGHT
from impose_widget.propagate import smoother
from impose_widget.propagate.base import Carry, Frames, FrameUpdate
from impose_widget.propagate.body import Body
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.hypotheses import Odds
from impose_widget.propagate.interpolate import interpolate
from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.smoother import Smoother, SmoothStretch
from impose_widget.propagate.stretch import Stretch
from impose_widget.session.carrying import carry_of
from impose_widget.synthesize.clip import ANNOTATIONS
from tests.bench.clicks import estimated, labelled
from tests.labelled import CLIPS
from tests.shared import SHARED


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A person of whom one keypoint was corrected, and where that person's keypoints are: (T, K, 2), area (T,)."""

    carry: Carry
    before: np.ndarray
    truth: np.ndarray
    area: np.ndarray


def clip_of(name: str, folder: Path | None) -> Clip:
    """NAME@SIZE: a clip that two people labelled, a sequence of the measure, or a rendered one in a folder."""
    base, _, size = name.partition("@")
    pixels = int(size or 512)
    if base in CLIPS:
        return labelled(base, pixels)
    if folder is not None and (folder / base / ANNOTATIONS).exists():
        return Clip(folder / base, folder / base / "poses.parquet", name=name, detector_size=pixels)
    return estimated(base, pixels)


def similar(case: Case, xy: np.ndarray) -> np.ndarray:
    """Keypoint similarity (T, K) with the labels; NaN where there is none, 0 where nothing is said."""
    near = keypoint_similarity(xy, case.truth, case.area, COCO17.sigma_array)
    return np.where(np.isfinite(case.truth).all(-1), np.nan_to_num(near), np.nan)


def cases(clip: Clip, count: int, cache: Path | None, seed: int = 0) -> tuple[Frames, list[Case]]:
    """What a clip's start gets wrong: of each person so many keypoints, corrected in one to three frames."""
    footage, truth = clip.open(cache)
    product = Product(footage)
    annotator = SimulatedAnnotator(product, truth)
    annotator.begin()
    rng, n, out = np.random.default_rng(seed), len(footage), []
    for person, track_id in enumerate(annotator.owner):
        if track_id is None:
            continue
        carry = carry_of(product.session._state, int(track_id), (0,), 0, n, n)
        case = Case(carry, carry.xy, truth.xy[:, person], truth.area[:, person])
        wrong = np.argwhere(similar(case, carry.xy) < RIGHT)
        for frame, k in wrong[rng.permutation(len(wrong))[:count]]:
            known = np.flatnonzero(np.isfinite(case.truth[:, k]).all(-1))
            others = rng.permutation(known[known != frame])[: rng.integers(0, 3)]
            out.append(corrected(case, int(k), sorted({int(frame), *others.tolist()})))
    return footage.video, out


def corrected(case: Case, k: int, frames: Sequence[int]) -> Case:
    """The same person, a keypoint of whom was placed where it is in some frames."""
    xy, anchor = case.carry.xy.copy(), case.carry.anchor.copy()
    xy[frames, k], anchor[frames, k] = case.truth[frames, k], True
    carry = dataclasses.replace(case.carry, xy=xy, anchor=anchor, origins=tuple(frames))
    return dataclasses.replace(case, carry=carry)


def carried(propagator: Any, frames: Frames, carry: Carry) -> np.ndarray:
    """The person's poses (T, K, 2) after a propagation."""
    xy = np.array(carry.xy)
    for update in propagator.propagate(frames, [carry]):
        frame, k = np.nonzero(update.write)
        xy[update.frames[frame] - carry.first, k] = update.xy[frame, k]
    return xy


class Lines:
    """Straight lines between anchors; the model's readings beyond them."""

    def propagate(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        del frames
        for c in people:
            xy, write = interpolate(c.xy, c.anchor, 0, len(c.xy), max_gap=len(c.xy))
            yield FrameUpdate(c.track_id, np.arange(len(xy)) + c.first, xy, np.ones(write.shape), write)


class FlowAlone(Stretch):
    """The followed points, without what the model reads."""

    def fused(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        xy, variance = self._flow(rows)
        return xy, np.sqrt(variance), np.ones(len(rows))


class NoHabit(SmoothStretch):
    def _readings(self, here: np.ndarray, has: np.ndarray, at_end: dict[int, float]) -> tuple[np.ndarray, ...]:
        return super()._readings(here, has, dict.fromkeys(at_end, 0.0))


class NoMeeting(SmoothStretch):
    def _way(self, direction: int, here: np.ndarray) -> Any:
        way = super()._way(direction, here)
        way.met = 1.0
        return way


def with_odds(**odds: float) -> type[SmoothStretch]:
    """The smoother's stretch with other odds."""
    return type("Changed", (SmoothStretch,), {"odds": dataclasses.replace(Odds(), **odds)})


WAYS: dict[str, Callable[[LucasKanade], Any]] = {
    "start": lambda _: None,
    "straight lines": lambda _: Lines(),
    "flow alone": lambda flow: fusion_of(flow, FlowAlone),
    "flow and readings, frame by frame": lambda flow: FlowFusion(COCO17, flow=flow),
    "smoother": lambda flow: Smoother(COCO17, flow=flow),
    "- habit of the model": lambda flow: fusion_of(flow, NoHabit),
    "- a point can be lost": lambda flow: fusion_of(flow, with_odds(lost=1e-6, lost_doubt=0.0, found=0.5)),
    "- a reading can be wrong": lambda flow: fusion_of(flow, SmoothStretch),
    "- distance of the two": lambda flow: fusion_of(flow, with_odds(evidence=1e-6)),
    "- memory of readings": lambda flow: fusion_of(flow, with_odds(reading_frames=0.05)),
    "- trust": lambda flow: fusion_of(flow, with_odds(lost=0.04, lost_doubt=0.0)),
    "- meeting the other anchor": lambda flow: fusion_of(flow, NoMeeting),
    "- motion of the body": lambda _: Smoother(COCO17, flow=LucasKanade(memory=400_000)),
}
PATCHES = {
    "- a reading can be wrong": (smoother, "reading_right", lambda score: np.full(len(score), 0.999)),
    "- motion of the body": (Body, "motion", lambda *_: None),
}


def fusion_of(flow: LucasKanade, stretch: type[Stretch]) -> FlowFusion:
    """A propagator that fuses by a kind of stretch."""
    return type("Fusion", (FlowFusion,), {"stretch": stretch})(COCO17, flow=flow)


def measured(way: str, propagator: Any, frames: Frames, some: Sequence[Case]) -> np.ndarray:
    """Fixed and broken per correction, and mean similarity of the corrected keypoints."""
    fixed, broken, near = [], [], []
    what = PATCHES.get(way)
    with mock.patch.object(*what) if what else mock.MagicMock():
        for case in some:
            xy = carried(propagator, frames, case.carry) if propagator else case.carry.xy
            before, after = similar(case, case.before), similar(case, xy)
            other = np.isfinite(before) & ~case.carry.anchor
            fixed.append((other & (before < RIGHT) & (after >= RIGHT)).sum())
            broken.append((other & (before >= RIGHT) & (after < RIGHT)).sum())
            near.append(np.nanmean(after[:, case.carry.anchor.any(0)]))
    return np.array([np.mean(fixed), np.mean(broken), np.mean(near)])


def main() -> None:
    """Read the command line, print one line for every way."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--clips", nargs="+", help="NAME@SIZE; default the labelled ones at 512 and 256, and the rendered")
    p.add_argument("--folder", type=Path, help="rendered scenarios, as `tests.bench.scenarios --folder` makes them")
    p.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS), metavar="WAY")
    p.add_argument("--corrections", type=int, default=14, help="of each person")
    p.add_argument("--cache", type=Path, help="keeps detections")
    a = p.parse_args()
    names = a.clips or [f"{n}@{s}" for n in (CLIPS if SHARED.is_dir() else ["store_aisle"]) for s in (512, 256)]
    if a.folder is not None and not a.clips:
        names += sorted(f.parent.name for f in a.folder.glob(f"*/{ANNOTATIONS}"))
    clips = [cases(clip_of(name, a.folder), a.corrections, a.cache) for name in names]
    flows = [LucasKanade(memory=400_000) for _ in clips]
    print(f"{sum(len(c) for _, c in clips)} corrections; fixed/broken of each clip, then means over clips\n")
    print(f"| {'':33} | {' | '.join(names)} | fixed | broken | similarity |")
    print(f"|{'---|' * (len(names) + 4)}")
    for way in a.ways:
        rows = np.array([measured(way, WAYS[way](f), *clip) for f, clip in zip(flows, clips, strict=True)])
        each = " | ".join(f"{r[0]:.1f}/{r[1]:.1f}" for r in rows)
        fixed, broken, near = rows.mean(0)
        print(f"| {way:33} | {each} | {fixed:.2f} | {broken:.2f} | {near:.3f} |", flush=True)


if __name__ == "__main__":
    main()
