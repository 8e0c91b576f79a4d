"""Who is who from frame to frame, measured: `python -m tests.bench.association` prints IDF1, switches, fragmentations.

Detections are made of ground truth (PoseTrack poses; tracks of MuPoTS) with the flaws of a detector, or are MoveNet's
own on MuPoTS videos (`--movenet DIR`, where they are kept for the next time). Videos with even numbers in the sorted
list were used to choose settings ("tune"), the odd ones were not ("held out").
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.associate import associate
from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, oks, person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from impose_widget.video import open_video
from tests.associate.identity_scores import IGNORED, IdentityScore, score_identities
from tests.associate.truth import Flaws, Truth, detect, walking
from tests.shared import SHARED

FLAWS = {
    "0 %": Flaws(),
    "10 %": Flaws(drop=0.1),
    "30 %": Flaws(drop=0.3),
    "gap 5": Flaws(drop=0.02, gap=5),
    "gap 15": Flaws(drop=0.02, gap=15),
    "gap 30": Flaws(drop=0.02, gap=30),
    "gap 60": Flaws(drop=0.02, gap=60),
}
Scene = tuple[Detections, np.ndarray, tuple[int, int], int]
"""Detections, true owners (M,), size of the picture, number of frames."""


def posetrack(path: Path) -> Truth:
    """One video of the PoseTrack18 layout; the head's keypoints are put between head top and neck."""
    data = json.loads(path.read_text())
    names = data["categories"][0]["keypoints"]
    frame_of = {image["id"]: t for t, image in enumerate(sorted(data["images"], key=lambda i: i["frame_id"]))}
    people = sorted({a["track_id"] for a in data["annotations"]})
    xy = np.full((len(frame_of), len(people), 17, 2), np.nan)
    occluded = np.zeros(xy.shape[:3], bool)
    for annotation in data["annotations"]:
        at = frame_of[annotation["image_id"]], people.index(annotation["track_id"])
        pose = np.array(annotation["keypoints"], float).reshape(-1, 3)
        pose[pose[:, 2] == 0, :2] = np.nan
        for k, name in enumerate(COCO17.keypoints):
            source = [names.index(name)] if k >= 5 else [names.index("head_bottom"), names.index("head_top")]
            xy[at][k] = pose[source, :2].mean(0)
            occluded[at][k] = (pose[source, 2] == 1).any()
    width, height = np.nanmax(xy, (0, 1, 2))
    return Truth(path.stem, xy, occluded, (int(width) + 1, int(height) + 1))


def mupots(path: Path) -> Truth:
    """One sequence of two or three people who interact; estimated tracks with consistent identities."""
    with np.load(path, allow_pickle=True) as data:
        given, names = (
            data["xy"].transpose(1, 0, 2, 3),
            [str(n).replace("nose_or_face", "nose") for n in data["joints"]],
        )
    xy = np.full((*given.shape[:2], 17, 2), np.nan)
    for k, name in enumerate(COCO17.keypoints):
        source = name if k >= 5 else "nose"
        xy[:, :, k] = given[:, :, names.index(source)]
    width, height = np.nanmax(xy, (0, 1, 2))
    return Truth(path.stem, xy, np.zeros(xy.shape[:3], bool), (int(width) + 1, int(height) + 1))


def read_by_movenet(path: Path, cache: Path) -> tuple[Detections, tuple[int, int], int]:
    """What the detector sees in a video; the picture's size; the number of frames. Kept in a file."""
    with open_video(path) as video:
        size, n = (video.width, video.height), len(video)
        if not cache.is_file():
            found = MoveNetDetector().detect(list(video.frames(range(n))), range(n))
            cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(cache, **{name: getattr(found, name) for name in Detections.__slots__})
    with np.load(cache) as data:
        return Detections(*(data[name] for name in Detections.__slots__)), size, n


def movenet(cache: Path, flaws: Flaws, seed: int) -> Iterator[Scene]:
    """Real detections on MuPoTS videos, and whose each is by the estimated tracks."""
    for path in sorted((SHARED / "data/videos").glob("mupots_*.mp4")):
        found, size, n = read_by_movenet(path, cache / f"{path.stem}.npz")
        with np.load(path.with_name(f"{path.stem}_est_tracks.npz"), allow_pickle=True) as data:
            xy, names = data["xy"].transpose(1, 0, 2, 3).astype(float), [str(s) for s in data["joints"]]
        limbs = [names.index(name) for name in COCO17.keypoints[5:]]
        owner = np.full(len(found), IGNORED)
        for t in range(min(n, len(xy))):
            rows, pose = np.flatnonzero(found.frame == t), xy[t][:, limbs]
            same = oks(pose, found.xy[rows][:, 5:], 3 * person_area(xy[t]), COCO17.sigma_array[5:])
            for i, j in zip(*linear_sum_assignment(-same), strict=True):
                if same[i, j] > 0.3:
                    owner[rows[j]] = i
        keep = np.random.default_rng(seed).random(len(found)) >= flaws.drop
        yield found[keep], owner[keep], size, n


def scenes(truths: list[Truth], flaws: Flaws, repeats: int) -> Iterator[Scene]:
    """Detections of each video, with several seeds."""
    for truth in truths:
        for seed in range(repeats):
            found, owner = detect(truth, flaws, seed)
            yield found, owner, truth.size, len(truth.xy)


def plain(similarity: Callable, threshold: float, memory: int = 45) -> Callable:
    """The textbook tracker: Hungarian on the similarity to everybody's last detection, no motion, birth at once."""

    def run(found: Detections, size: tuple[int, int], n_frames: int) -> np.ndarray:
        ids, last, born = np.full(len(found), -1, np.int32), {}, 0
        for t in range(n_frames):
            rows = np.flatnonzero((found.frame == t) & (found.score >= 0.25))
            names = [i for i, row in last.items() if t - found.frame[row] <= memory]
            if names and len(rows):
                same = similarity(found[[last[i] for i in names]], found[rows])
                for i, j in zip(*linear_sum_assignment(-same), strict=True):
                    if same[i, j] >= threshold:
                        ids[rows[j]] = names[i]
            for row in rows[ids[rows] < 0]:
                ids[row], born = born, born + 1
            last |= {int(ids[row]): row for row in rows}
        return ids

    return run


def ours(found: Detections, size: tuple[int, int], n_frames: int) -> np.ndarray:
    return associate(found, np.full(len(found), -1, np.int32), 0, COCO17)


TRACKERS = {
    "IoU Hungarian": plain(lambda a, b: box_iou(a.box, b.box), 0.2),
    "OKS Hungarian": plain(lambda a, b: oks(a.xy, b.xy, 4 * person_area(a.xy), COCO17.sigma_array), 0.2),
    "ours": ours,
}


def measure(run: Callable, material: Iterator[Scene]) -> IdentityScore:
    """Add up the scores of one tracker."""
    return sum((score_identities(o, run(d, size, n)) for d, o, size, n in material), IdentityScore())


def sets(cache: Path | None, repeats: int) -> dict[str, Callable[[Flaws], Iterator[Scene]]]:
    """Name of a set of videos -> what makes its detections with some flaws."""
    files = sorted((SHARED / "data/annotations/bonn_posetrack_cvpr17/json").glob("*.json"))
    tracks = sorted((SHARED / "data/annotations/mupots_est_tracks").glob("TS*.npz"))
    truths = {
        "PoseTrack, tune": [posetrack(f) for f in files[::2]],
        "PoseTrack, held out": [posetrack(f) for f in files[1::2]],
        "MuPoTS tracks, tune": [mupots(f) for f in tracks[::2]],
        "MuPoTS tracks, held out": [mupots(f) for f in tracks[1::2]],
    }
    out = {name: lambda flaws, t=t: scenes(t, flaws, repeats) for name, t in truths.items()}
    if cache:
        out["MuPoTS, MoveNet's detections"] = lambda flaws: (
            s for seed in range(repeats) for s in movenet(cache, flaws, seed)
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movenet", type=Path, help="also on the detector's own readings, kept in this folder")
    parser.add_argument("--repeats", type=int, default=2, help="random draws of the flaws per video")
    parser.add_argument("--only", help="sets whose name contains this")
    parser.add_argument("--time", action="store_true", help="only time 10,000 frames of 10 people")
    options = parser.parse_args()
    if options.time:
        found, owner = detect(walking(10_000, 10), Flaws(drop=0.1))
        began = time.perf_counter()
        ids = ours(found, (1800, 1800), 10_000)
        took = time.perf_counter() - began
        print(f"10,000 frames, {len(found)} detections: {took:.1f} s, IDF1 {score_identities(owner, ids).idf1:.3f}")
        return
    if not SHARED.is_dir():
        print("Skipped: the folder ../shared with annotations is not there.")
        return
    print(f"{'IDF1 / switches / fragmentations':34}" + "".join(f"{name:>17}" for name in FLAWS))
    for name, make in sets(options.movenet, options.repeats).items():
        if options.only and options.only not in name:
            continue
        print(name)
        for tracker, run in TRACKERS.items():
            scores = [measure(run, make(flaws)) for flaws in FLAWS.values()]
            cells = (f"{s.idf1:.3f}/{s.switches}/{s.fragments}" for s in scores)
            print(f"  {tracker:32}" + "".join(f"{cell:>17}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
