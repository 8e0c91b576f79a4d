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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.associate import AssociationConfig, associate
from impose_widget.core.detections import Detections
from impose_widget.core.geometry import oks, person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.hota import Hota, combine, hota
from impose_widget.evaluate.predicted import Similarities
from impose_widget.tracking.decoding import WEIGHTS, Decoding
from impose_widget.tracking.likeness import LearnedLikeness
from impose_widget.tracking.tracker import TrackerConfig, track
from impose_widget.train.tracked import read_tracked
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


def rendered(name: str, seed: int, folder: Path) -> Path:
    """The folder of a named scenario; it is rendered if it is not there."""
    from impose_widget.synthesize import SCENARIOS, write_clip
    from impose_widget.synthesize.clip import ANNOTATIONS

    clip = folder / (name if seed == 0 else f"{name}_{seed:05d}")
    if not (clip / ANNOTATIONS).is_file():
        write_clip(SCENARIOS[name](seed), clip)
    return clip


def scenario_truth(clip: Path) -> Truth:
    """The keypoints of a rendered scenario; whoever shows too little is absent."""
    (video,) = read_tracked(clip / "poses.parquet", COCO17)
    return Truth(clip.name, video.keypoints[..., :2].astype(float), video.keypoints[..., 2] == 1, video.size)


def twins(seed: int) -> Truth:
    """The twins who cross, of a seed, without their pixels."""
    from impose_widget.synthesize.scenarios import SCENARIOS
    from impose_widget.synthesize.tracks import filmed

    keypoints = filmed(SCENARIOS["crossing_twins"](seed))
    return Truth(f"twins {seed}", keypoints[..., :2].astype(float), keypoints[..., 2] == 1, (848, 480))


def read_scenario(clip: Path, kept: Path) -> Scene:
    """MoveNet's readings of a rendered scenario, and whose each is."""
    path = kept / f"{clip.name}_read.npz"
    truth = scenario_truth(clip)
    if not path.is_file():
        from impose_widget.detect import MoveNetDetector
        from impose_widget.video import open_video

        with open_video(clip) as video:
            found = MoveNetDetector().detect(list(video.frames(range(len(video)))), range(len(video)))
        np.savez(path, **{field: getattr(found, field) for field in Detections.__slots__})
    with np.load(path) as data:
        found = Detections(*(data[field] for field in Detections.__slots__))
    owner = np.full(len(found), -1)
    for t in range(len(truth.xy)):
        rows = np.flatnonzero(found.frame == t)
        same = oks(truth.xy[t], found.xy[rows], 3 * person_area(truth.xy[t]), COCO17.sigma_array)
        for i, j in zip(*linear_sum_assignment(-np.nan_to_num(same)), strict=True):
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


def sets(folder: Path, repeats: int, wanted: list[str] | None) -> Iterator[tuple[str, Callable]]:
    """Names of sets, and what makes their detections with some flaws."""
    from impose_widget.synthesize import SCENARIOS

    files = sorted((SHARED / "data/annotations/bonn_posetrack_cvpr17/json").glob("*.json"))[1::2]
    tracks = sorted((SHARED / "data/annotations/mupots_est_tracks").glob("TS*.npz"))[1::2]

    def clips():
        return [rendered(name, 0, folder) for name in SCENARIOS]

    makers = {
        "PoseTrack": lambda: (flawed, [posetrack(f) for f in files]),
        "PoseTrack, everybody twice": lambda: (flawed, [doubled(posetrack(f), i) for i, f in enumerate(files[:8])]),
        "MuPoTS tracks": lambda: (flawed, [mupots(f) for f in tracks]),
        "scenarios": lambda: (flawed, [scenario_truth(c) for c in clips()]),
        "scenarios, MoveNet's readings": lambda: (thinned, [read_scenario(c, folder) for c in clips()]),
        "twins who cross": lambda: (flawed, [twins(seed) for seed in range(5)]),
    }
    for name, make in makers.items():
        if not wanted or name in wanted:
            how, material = make()
            yield name, partial(how, material, repeats=repeats)


def decoded(weights: Path, config: TrackerConfig, namings: int = 1) -> Run:
    """The paper's tracker with some weights."""

    def run(found: Detections, size: tuple[int, int], n_frames: int) -> np.ndarray:
        nobody = np.full(len(found), -1, np.int32)
        return track(found, nobody, 0, COCO17, Decoding(weights, size, namings), config)

    return run


def beside_geometry(weights: Path, share: float, namings: int = 1) -> Run:
    """The product's association, with the ID decoder heard beside geometry."""

    def run(found: Detections, size: tuple[int, int], n_frames: int) -> np.ndarray:
        nobody = np.full(len(found), -1, np.int32)
        likeness = LearnedLikeness(found, Decoding(weights, size, namings))
        return associate(found, nobody, 0, COCO17, AssociationConfig(learned_share=share), likeness=likeness)

    return run


def trackers(options: argparse.Namespace) -> dict[str, Run]:
    """Those that are compared."""
    out = dict(TRACKERS)
    out["the product's, by geometry"] = out.pop("ours")
    for path in options.weights:
        name = path.parent.name if path.stem == "weights" else path.stem
        out[f"{name}, object-max"] = decoded(path, TrackerConfig())
        out[f"{name}, Hungarian"] = decoded(path, TrackerConfig(protocol="hungarian"))
        for share in options.shares:
            out[f"{name}, {share:g} beside geometry"] = beside_geometry(path, share)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for what is rendered and read")
    parser.add_argument("--weights", type=Path, nargs="*", default=[WEIGHTS], help="of ID decoders")
    parser.add_argument("--repeats", type=int, default=1, help="random draws of the flaws per video")
    parser.add_argument("--only", nargs="*", help="sets of these names")
    parser.add_argument("--shares", type=float, nargs="*", default=[0.5], help="of the decoder beside geometry")
    parser.add_argument("--flaws", nargs="*", default=list(FLAWS), choices=list(FLAWS), metavar="FLAW")
    parser.add_argument("--trackers", nargs="*", help="those whose name contains one of these")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print("Skipped: the folder ../shared with annotations is not there.")
        return
    print(f"{'AssA / IDF1 / switches':44}" + "".join(f"{name:>17}" for name in options.flaws), flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, make in sets(options.folder, options.repeats, options.only):
        print(name)
        for tracker, run in trackers(options).items():
            if options.trackers and not any(part in tracker for part in options.trackers):
                continue
            began = time.perf_counter()
            cells = (str(measure(run, make(flaws))) for flaws in map(FLAWS.get, options.flaws))
            line = f"  {tracker:42}" + "".join(f"{cell:>17}" for cell in cells)
            print(f"{line}  {time.perf_counter() - began:5.0f} s", flush=True)


if __name__ == "__main__":
    main()
