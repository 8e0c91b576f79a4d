"""Who is who, measured on people that no ID decoder learned from: `python -m tests.bench.identity --folder DIR`.

AssA / IDF1 / identity switches, of detections made of truth with the flaws of a detector (PoseTrack's annotations from
Bonn, tracks of MuPoTS, the named scenarios, doubles), and of MoveNet's own readings of rendered scenarios. What is
rendered and read is kept in the folder for the next time. Detections are given, so nothing but identity is measured: a
detection of somebody counts as that person, exactly.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.associate import associate
from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, oks, person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.hota import Hota, combine, hota
from impose_widget.evaluate.predicted import Similarities
from impose_widget.tracking.decoding import WEIGHTS, Decoding
from impose_widget.tracking.tracker import TrackerConfig, track
from tests.associate.identity_scores import IGNORED, IdentityScore, score_identities
from tests.associate.truth import Flaws, Truth, detect
from tests.bench.association import FLAWS, TRACKERS, mupots, posetrack
from tests.shared import SHARED

Scene = tuple[Detections, np.ndarray, tuple[int, int], int]
Run = Callable[[Detections, tuple[int, int], int], np.ndarray]


@dataclass(frozen=True)
class Score:
    """AssA, IDF1 and switches of some scenes."""

    parts: tuple[Hota, ...]
    identity: IdentityScore

    def __str__(self) -> str:
        ass_a = combine(list(self.parts)).summary()["AssA"]
        return f"{ass_a:.3f}/{self.identity.idf1:.3f}/{self.identity.switches}"


def similarities(owner: np.ndarray, ids: np.ndarray, frame: np.ndarray) -> Similarities:
    """1 where a detection's true owner and its given identity meet, 0 elsewhere."""
    counts = owner != IGNORED
    owner, ids, frame = owner[counts], ids[counts], frame[counts]
    people, column = np.unique(owner[owner >= 0], return_inverse=True)
    tracks, place = np.unique(ids[ids >= 0], return_inverse=True)
    p, t = np.full(len(owner), -1), np.full(len(owner), -1)
    p[owner >= 0], t[ids >= 0] = column, place
    truth, predicted, same = [], [], []
    for f in np.unique(frame):
        rows = np.flatnonzero(frame == f)
        a, b = rows[p[rows] >= 0], rows[t[rows] >= 0]
        truth.append(p[a])
        predicted.append(t[b])
        same.append((a[:, None] == b[None]).astype(float))
    return Similarities(truth, predicted, same, len(people), len(tracks))


def measure(run: Run, material: Iterator[Scene]) -> Score:
    """One tracker on some scenes."""
    parts, identity = [], IdentityScore()
    for found, owner, size, n in material:
        ids = run(found, size, n)
        identity += score_identities(owner, ids)
        parts.append(hota(similarities(owner, ids, found.frame)))
    return Score(tuple(parts), identity)


def scenario_truth(name: str, seed: int, folder: Path) -> Truth:
    """The keypoints of a named scenario, without its pixels; whoever shows too little is absent."""
    path = folder / f"{name}_{seed}.npz"
    if not path.is_file():
        from impose_widget.synthesize import SCENARIOS, Stage
        from impose_widget.synthesize.clip import shown

        scene = SCENARIOS[name](seed)
        truths = list(Stage(scene).truths())
        xy = np.array([np.where((shown(t) & True)[:, None, None], t.keypoints, np.nan) for t in truths])
        visibility = np.array([t.visibility for t in truths])
        folder.mkdir(parents=True, exist_ok=True)
        xy = np.where(visibility[..., None] > 0, xy, np.nan)
        np.savez(path, xy=xy, occluded=visibility == 1, size=[scene.width, scene.height])
    with np.load(path) as data:
        return Truth(f"{name} {seed}", data["xy"], data["occluded"], tuple(data["size"].tolist()))


def read_scenario(name: str, seed: int, folder: Path) -> Scene:
    """MoveNet's readings of a rendered scenario, and whose each is."""
    path = folder / f"{name}_{seed}_read.npz"
    truth = scenario_truth(name, seed, folder)
    if not path.is_file():
        from impose_widget.detect import MoveNetDetector
        from impose_widget.synthesize import SCENARIOS, Stage

        scene = replace(SCENARIOS[name](seed))
        frames = [image for image, _ in Stage(scene).frames()]
        found = MoveNetDetector().detect(frames, range(len(frames)))
        np.savez(path, **{field: getattr(found, field) for field in Detections.__slots__})
    with np.load(path) as data:
        found = Detections(*(data[field] for field in Detections.__slots__))
    owner = np.full(len(found), -1)
    for t in range(len(truth.xy)):
        rows = np.flatnonzero(found.frame == t)
        same = oks(truth.xy[t], found.xy[rows], 3 * person_area(truth.xy[t]), COCO17.sigma_array)
        same = np.nan_to_num(same)
        for i, j in zip(*linear_sum_assignment(-same), strict=True):
            if same[i, j] > 0.3:
                owner[rows[j]] = i
    return found, owner, truth.size, len(truth.xy)


def flawed(truths: list[Truth], flaws: Flaws, repeats: int) -> Iterator[Scene]:
    """Detections of each truth, with several seeds."""
    for truth in truths:
        for seed in range(repeats):
            found, owner = detect(truth, flaws, seed)
            yield found, owner, truth.size, len(truth.xy)


def thinned(scenes: list[Scene], flaws: Flaws, repeats: int) -> Iterator[Scene]:
    """Readings as they are, but for those that are dropped."""
    for found, owner, size, n in scenes:
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            keep = rng.random(len(found)) >= flaws.drop
            for person in np.unique(owner[owner >= 0]) if flaws.gap else ():
                at = np.unique(found.frame[owner == person])
                if len(at) >= flaws.gap + 12:
                    first = at[rng.integers(6, len(at) - flaws.gap - 5)]
                    keep &= ~((owner == person) & (found.frame >= first) & (found.frame < first + flaws.gap))
            yield found[keep], owner[keep], size, n


def doubled(truth: Truth, seed: int) -> Truth:
    """Everybody has a double who does the same, a little later and beside them, and comes to stand where they were."""
    rng = np.random.default_rng(seed)
    n = truth.xy.shape[1]
    late = np.roll(truth.xy, 4, axis=0)
    late[:4] = np.nan
    size = np.sqrt(np.nanmean(person_area(truth.xy), axis=0))
    size = np.where(np.isfinite(size), size, 50)
    sway = np.sin(np.linspace(0, rng.uniform(2, 5), len(truth.xy)))[:, None] * rng.choice([-1, 1], n) * size
    shift = np.stack([sway, np.zeros_like(sway)], -1)
    xy = np.concatenate([truth.xy, late + shift[:, :, None]], 1)
    return Truth(f"{truth.name} doubled", xy, np.concatenate([truth.occluded] * 2, 1), truth.size)


def sets(folder: Path, repeats: int) -> dict[str, Callable[[Flaws], Iterator[Scene]]]:
    """Name of a set -> what makes its detections with some flaws."""
    from impose_widget.synthesize import SCENARIOS

    files = sorted((SHARED / "data/annotations/bonn_posetrack_cvpr17/json").glob("*.json"))
    tracks = sorted((SHARED / "data/annotations/mupots_est_tracks").glob("TS*.npz"))
    bonn = [posetrack(f) for f in files[1::2]]
    truths = {
        "PoseTrack": bonn,
        "PoseTrack, everybody twice": [doubled(t, i) for i, t in enumerate(bonn[:8])],
        "MuPoTS tracks": [mupots(f) for f in tracks[1::2]],
    }
    out = {name: partial(flawed, t, repeats=repeats) for name, t in truths.items()}
    scenarios = [scenario_truth(name, 0, folder) for name in SCENARIOS]
    twins = [scenario_truth("crossing_twins", seed, folder) for seed in range(5)]
    out["scenarios"] = partial(flawed, scenarios, repeats=repeats)
    out["twins who cross"] = partial(flawed, twins, repeats=repeats)
    read = [read_scenario(name, 0, folder) for name in SCENARIOS]
    out["scenarios, MoveNet's readings"] = partial(thinned, read, repeats=repeats)
    return out


def decoded(weights: Path, config: TrackerConfig, namings: int = 1) -> Run:
    """The paper's tracker with some weights."""

    def run(found: Detections, size: tuple[int, int], n_frames: int) -> np.ndarray:
        nobody = np.full(len(found), -1, np.int32)
        return track(found, nobody, 0, COCO17, Decoding(weights, size, namings), config)

    return run


def trackers(options: argparse.Namespace) -> dict[str, Run]:
    """Those that are compared."""
    out = dict(TRACKERS)
    out["the product's, by geometry"] = out.pop("ours")
    for path in options.weights:
        out[f"ID decoder {path.parent.name if path.stem == 'weights' else path.stem}"] = decoded(
            path, TrackerConfig(newborn=0.25, detection=0.25)
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for what is rendered and read")
    parser.add_argument("--weights", type=Path, nargs="*", default=[WEIGHTS], help="of ID decoders")
    parser.add_argument("--repeats", type=int, default=1, help="random draws of the flaws per video")
    parser.add_argument("--only", nargs="*", help="sets whose name contains one of these")
    parser.add_argument("--trackers", nargs="*", help="those whose name contains one of these")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print("Skipped: the folder ../shared with annotations is not there.")
        return
    print(f"{'AssA / IDF1 / switches':44}" + "".join(f"{name:>17}" for name in FLAWS), flush=True)
    for name, make in sets(options.folder, options.repeats).items():
        if options.only and not any(part in name for part in options.only):
            continue
        print(name)
        for tracker, run in trackers(options).items():
            if options.trackers and not any(part in tracker for part in options.trackers):
                continue
            began = time.perf_counter()
            cells = (str(measure(run, make(flaws))) for flaws in FLAWS.values())
            line = f"  {tracker:42}" + "".join(f"{cell:>17}" for cell in cells)
            print(f"{line}  {time.perf_counter() - began:5.0f} s", flush=True)


if __name__ == "__main__":
    main()
