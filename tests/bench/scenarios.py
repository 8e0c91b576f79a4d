"""What the whole product makes of the named scenarios, drawn: `python -m tests.bench.scenarios --folder DIR`.

Clips that are not in the folder yet are rendered into it. A table of detection and identities before any click, and
one of what clicks buy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from impose_widget.evaluate import Clip, evaluate
from impose_widget.synthesize import SCENARIOS, write_clip
from impose_widget.synthesize.clip import ANNOTATIONS


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--folder", type=Path, required=True)
    p.add_argument("--scenarios", nargs="+", default=list(SCENARIOS))
    p.add_argument("--width", type=int, default=640)
    p.add_argument("--height", type=int, default=360)
    p.add_argument("--seconds", type=float, default=2.4)
    p.add_argument("--methods", nargs="+", default=["impose"])
    p.add_argument("--budget", type=int, default=20)
    p.add_argument("--size", type=int, default=None, help="of the detector's input")
    arguments = p.parse_args()
    clips = []
    for name in arguments.scenarios:
        folder = arguments.folder / name
        if not (folder / ANNOTATIONS).exists():
            scene = SCENARIOS[name](0)
            scene.width, scene.height = arguments.width, arguments.height
            scene.n_frames = min(scene.n_frames, round(arguments.seconds * scene.fps))
            write_clip(scene, folder)
        clips.append(Clip(folder, folder / "poses.parquet", name=name, detector_size=arguments.size))
    options = {"curve": {"policies": ("worst",), "budget": arguments.budget}}
    report = evaluate(clips, arguments.methods, ["curve"], options)
    for error in report.errors:
        print(error)
    with pd.option_context("display.max_columns", None, "display.width", 200):
        for name, table in report.readable().items():
            print(f"\n{name}\n{table.to_string(index=False)}", flush=True)


if __name__ == "__main__":
    main()
