"""What a click buys with the product as it stands, beside the baselines: `nice python -m tests.bench.clicks`.

On the clips that two people labelled (at two detector sizes: the second is a weaker reading of the same frames), or,
with --measure, on the sequences of the measure, whose reference tracks are estimates: agreement, not accuracy.

    nice python -m tests.bench.clicks --experiments curve vnoc --out DIR
    nice python -m tests.bench.clicks --measure --methods impose fusion --out DIR
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate import EXPERIMENTS, METHODS, Clip, evaluate, truth_of_arrays
from tests.labelled import CLIPS, LABELLED_STREET
from tests.shared import SHARED

VIDEOS = SHARED / "data" / "videos"
SEQUENCES = ("mupots_TS12", "mupots_TS1", "mupots_TS6")
OPTIONS = {
    "curve": {"policies": ("worst", "issue"), "budget": 60, "repeats": 2},
    "k_clicks": {"units": ("person_chunk", "tracklet")},
    "vnoc": {"criteria": ("person_oks",)},
    "robustness": {"starts": 3, "blurs": (2.0,)},
}


def labelled(name: str, size: int) -> Clip:
    """A clip that two people labelled; of the street only two of many people are."""
    video, labels, _, _ = CLIPS[name]
    street = name == "openpose_video"
    first, stop = LABELLED_STREET if street else (None, None)
    title = f"{name}, detector {size}"
    return Clip(str(video), str(labels), name=title, detector_size=size, first=first, stop=stop, everybody=not street)


def estimated(name: str, size: int) -> Clip:
    """A sequence of the measure: limbs alone, areas by the tight box of all 17 estimated joints, as there."""
    held = np.load(VIDEOS / f"{name}_est_tracks.npz", allow_pickle=True)
    tracks = held["xy"].astype(float).transpose(1, 0, 2, 3)
    xy = np.full((*tracks.shape[:2], len(COCO17), 2), np.nan)
    for j, joint in enumerate(str(s) for s in held["joints"]):
        if joint in COCO17.keypoints[5:]:
            xy[:, :, COCO17.index(joint)] = tracks[:, :, j]
    low, high = np.nanmin(tracks, 2), np.nanmax(tracks, 2)
    box = np.concatenate([low, high - low], -1)
    truth = truth_of_arrays(name, xy, box=box, notes=["Estimated tracks: agreement, not accuracy."])
    return Clip(str(VIDEOS / f"{name}.mp4"), truth, name=f"{name}, detector {size}", detector_size=size)


def main() -> None:
    """Read the command line, run what was not run yet, print the report."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--measure", action="store_true", help="the measure's sequences instead of the labelled clips")
    p.add_argument("--clips", nargs="+", help="names; default all")
    p.add_argument("--sizes", nargs="+", type=int, default=[512, 256], help="detector sizes")
    p.add_argument("--methods", nargs="+", default=list(METHODS))
    p.add_argument("--experiments", nargs="+", default=["curve"], choices=list(EXPERIMENTS))
    p.add_argument(
        "--policies", nargs="+", default=list(OPTIONS["curve"]["policies"]), help="of the curve: who chooses"
    )
    p.add_argument("--budget", type=int, default=OPTIONS["curve"]["budget"], help="of the curve: clicks a tracklet")
    p.add_argument("--repeats", type=int, default=OPTIONS["curve"]["repeats"], help="of the curve: with noisy clicks")
    p.add_argument("--out", type=Path, default=Path("impose-clicks"))
    a = p.parse_args()
    if not SHARED.is_dir():
        print(f"skipped: needs {SHARED}")
        return
    make = estimated if a.measure else labelled
    names = a.clips or (SEQUENCES if a.measure else CLIPS)
    clips = [make(name, size) for size in a.sizes for name in names]
    command = " ".join(["python -m tests.bench.clicks", *sys.argv[1:]])
    options = OPTIONS | {"curve": {"policies": tuple(a.policies), "budget": a.budget, "repeats": a.repeats}}
    report = evaluate(clips, a.methods, a.experiments, options, a.out, progress=False, command=command)
    report.save(a.out)
    print(report.markdown())


if __name__ == "__main__":
    main()
