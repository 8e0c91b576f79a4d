"""Are swaps told where they happen, at crossings? `python -m tests.bench.swaps [--weights FILE]`.

Two people of PoseTrack's annotations (Bonn) or of MuPoTS tracks, held out from all settings, exchange names at the
moment when their boxes overlap most, in detections with noise of which 5 % are missing; the ID decoder is asked about
the frames from there on. How often the swap is told, and how often one is told at the same crossings without any, by
the chance from which it is told; for comparison, of pairs exchanged at a random moment. Asked in every frame, and in
every fourth, as after a propagation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, pose_box
from impose_widget.core.pose import empty_poses
from impose_widget.core.tracks import Draft, Tracks
from impose_widget.tracking.bank import TrajectoryBank
from impose_widget.tracking.decoding import WEIGHTS, Decoding
from impose_widget.tracking.verify import Swap, possible_swaps
from tests.associate.truth import Flaws, Truth, detect
from tests.bench.association import mupots, posetrack
from tests.shared import SHARED

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
AHEAD = 10  # frames after the swap that are asked about
BEFORE, AFTER = 10, 15  # frames around it in which both must be there
OVERLAP = 0.2
FLAWS = Flaws(drop=0.05, duplicates=0, phantoms=0)


@dataclass(frozen=True)
class Moment:
    """Two people in a frame."""

    a: int
    b: int
    frame: int


def moments(truth: Truth, crossing: bool, most: int, rng: np.random.Generator) -> list[Moment]:
    """Where pairs overlap most, if at least by `OVERLAP`; or any moment of any pair."""
    there, boxes = truth.present, pose_box(truth.xy)
    out = []
    for a in range(there.shape[1]):
        for b in range(a + 1, there.shape[1]):
            both = there[:, a] & there[:, b]
            fits = [t for t in range(BEFORE, len(both) - AFTER) if both[t - BEFORE : t + AFTER].all()]
            if not fits:
                continue
            overlap = np.array([box_iou(boxes[t, [a]], boxes[t, [b]])[0, 0] for t in fits])
            if not crossing:
                out.append(Moment(a, b, int(rng.choice(fits))))
            elif overlap.max() >= OVERLAP:
                out.append(Moment(a, b, fits[int(overlap.argmax())]))
    return [out[i] for i in rng.permutation(len(out))[:most]]


def tracks_of(found: Detections, owner: np.ndarray) -> Tracks:
    """Detections with names, as the tracks of a session."""
    out = Tracks(found.keypoints.shape[1])
    draft = Draft(out)
    for person in np.unique(owner[owner >= 0]):
        rows = np.flatnonzero(owner == person)
        records = empty_poses(len(rows), found.keypoints.shape[1])
        records["xy"], records["score"] = found.xy[rows], found.keypoints[rows, :, 2]
        records["box"], records["box_score"] = found.box[rows], found.score[rows]
        records["visibility"], records["present"] = 2, True
        draft.put(int(person), found.frame[rows], records)
    out.apply(draft.changes())
    return out


def told(truth: Truth, moment: Moment, swapped: bool, decoding: Decoding, seed: int, every: int) -> list[Swap]:
    """What is told of the frames from a moment on."""
    found, owner = detect(truth, FLAWS, seed)
    if swapped:
        after = found.frame >= moment.frame
        names = {moment.a: moment.b, moment.b: moment.a}
        owner = np.where(after, [names.get(int(o), int(o)) for o in owner], owner)
    bank = TrajectoryBank(tracks_of(found, owner), len(truth.xy))
    first = moment.frame + (seed % every)
    return possible_swaps(bank, decoding, np.arange(first, moment.frame + AHEAD, every), min(THRESHOLDS))


def chances(truths: list[Truth], weights: Path, crossing: bool, every: int, most: int) -> Iterator[tuple[float, float]]:
    """Of each moment: the highest chance with which the planted swap is told, and any swap where there is none."""
    for seed, truth in enumerate(truths):
        for moment in moments(truth, crossing, most, np.random.default_rng(seed)):
            decoding = Decoding(weights, truth.size)
            right = {moment.a, moment.b}
            yes = told(truth, moment, True, decoding, seed, every)
            no = told(truth, moment, False, decoding, seed, every)
            yield (
                max((s.chance for s in yes if {s.track_id, s.track_id_b} == right), default=0.0),
                max((s.chance for s in no), default=0.0),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--most", type=int, default=3, help="moments of a video")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print("Skipped: the folder ../shared with annotations is not there.")
        return
    files = sorted((SHARED / "data/annotations/bonn_posetrack_cvpr17/json").glob("*.json"))[1::2]
    held = sorted((SHARED / "data/annotations/mupots_est_tracks").glob("TS*.npz"))[1::2]
    # The first 400 frames of a long MuPoTS sequence hold as many crossings as are asked for.
    sets = {
        "PoseTrack": [posetrack(f) for f in files],
        "MuPoTS": [replace(t, xy=t.xy[:400], occluded=t.occluded[:400]) for t in map(mupots, held)],
    }
    print("told of planted / told where there is none, by the chance from which it is told")
    print(f"{'':44}" + "".join(f"{t:>14}" for t in THRESHOLDS))
    for name, truths in sets.items():
        for crossing in (True, False):
            for every in (1, 4):
                both = np.array(list(chances(truths, options.weights, crossing, every, options.most))).reshape(-1, 2)
                cells = (f"{(both[:, 0] >= t).sum()}/{(both[:, 1] >= t).sum()}" for t in THRESHOLDS)
                what = f"{name}, {'crossings' if crossing else 'anywhere'}, every {every} ({len(both)})"
                print(f"{what:44}" + "".join(f"{c:>14}" for c in cells), flush=True)


if __name__ == "__main__":
    main()
