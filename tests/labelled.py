"""Clips that two people labelled: `python -m tests.labelled` says how far they agree and writes what both say.

Each labelled the demo clip and the last 60 frames of a street video frame by frame, on enlarged frames, without
propagation and without seeing the other's labels. The mean of the demo clip ships; the rest stays here.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from impose_widget.core.pose import VISIBLE
from impose_widget.evaluate.agreement import Agreement, agreement
from impose_widget.evaluate.truth import Truth, read_truth
from impose_widget.io import write
from tests.shared import SHARED

ROOT = Path(__file__).resolve().parents[1]
LABELS = ROOT / "tests" / "data" / "labels"
ASSETS = ROOT / "impose_widget" / "assets"
CLIPS = {
    "store_aisle": (ASSETS / "store_aisle.mp4", ASSETS / "store_aisle.labels.json", 67, (480, 270)),
    "openpose_video": (
        SHARED / "data" / "videos" / "openpose_video.avi",
        LABELS / "openpose_video.labels.json",
        205,
        (1280, 720),
    ),
}
"""Video, file of what both say, frames, size."""
LABELLED_STREET = (145, 205)
"""Frames of the street video that have labels."""


def compared(name: str) -> Agreement:
    """The two annotators of a clip."""
    _, _, n_frames, size = CLIPS[name]
    first, second = (read_truth(LABELS / f"{name}.{who}.json", n_frames, size, name=f"{name}.{who}") for who in "ab")
    return agreement(first, second)


def table(truth: Truth, name: str) -> pd.DataFrame:
    """Labels as a table for a file: a human stands behind each, to a tenth of a pixel."""
    video, _, n_frames, (width, height) = CLIPS[name]
    poses = truth.poses().assign(source="human", anchor=True, score=1.0)
    poses["x"], poses["y"] = poses["x"].round(1), poses["y"].round(1)
    facts = {"name": video.name, "width": width, "height": height, "n_frames": n_frames}
    poses.attrs = {"skeleton": truth.skeleton.to_json(), "video": facts}
    return poses


def main() -> None:
    """Print agreement, write what both say."""
    pd.set_option("display.width", 160)
    for name, (_, target, _, _) in CLIPS.items():
        both = compared(name)
        print(f"\n{name}: {', '.join(f'{k} {v:.3g}' for k, v in both.summary().items())}", *both.alone)
        print(both.by_keypoint().round(2).to_string(index=False))
        mean = both.mean(name)
        seen = int((mean.visibility == VISIBLE).sum())
        print(f"kept: {int(mean.labelled.sum())} keypoints of {int(mean.present.sum())} person-frames, {seen} visible")
        write(table(mean, name), target)


if __name__ == "__main__":
    main()
