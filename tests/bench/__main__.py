"""How fast a session is: `python -m tests.bench` prints one table.

Everything goes through the public calls, with the shipped network and the journal on disk, on the clip that ships or on
a video of yours. Each line is the median of some repetitions, with the fastest and the slowest.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

import impose_widget as iw
from impose_widget.detect import MoveNetDetector
from impose_widget.video import open_video

CARRIED = 10  # frames
PEOPLE = 4
CLICKS = 60
READS = 200

Rates = list[float]


@contextmanager
def watch(taken: list[float]) -> Iterator[None]:
    """Append the seconds that the block takes."""
    began = time.perf_counter()
    yield
    taken.append(time.perf_counter() - began)


def initialise(video: Path, folder: Path, repeats: int) -> Rates:
    """Frames per second of finding and following everyone, decoding and the journal included, network loaded."""
    rates = []
    detector = MoveNetDetector()
    for n in range(repeats + 1):
        taken: list[float] = []
        with iw.Session.open(video, model=detector, store=folder / f"find{n}.impose") as session:
            with watch(taken):
                session.initialize(progress=False)
            rates.append(len(session.video) / taken[0])
    return rates[1:]  # the first loads the network


def clicks(session: iw.Session, count: int) -> Rates:
    """Milliseconds from a click to the settled pose: on disk, and the changed rows returned."""
    poses = session.poses.dropna(subset=["x", "y"])
    taken: list[float] = []
    for row in poses.sample(count, random_state=0, replace=len(poses) < count).itertuples():
        xy = np.clip([row.x + 2, row.y + 1], 0, [session.video.width - 1, session.video.height - 1])
        with watch(taken):
            session.correct(row.frame, row.track_id, row.keypoint, xy.tolist())
    return [1e3 * t for t in taken]


def crowd(session: iw.Session, people: int) -> list[int]:
    """Identities of so many people who are in the first frames; copies of those found make up the number."""
    poses = session.poses
    poses = poses[poses["frame"] <= CARRIED]
    found = [i for i, rows in poses.groupby("track_id") if rows["frame"].nunique() == CARRIED + 1]
    for n in range(people - len(found)):
        twin = poses[poses["track_id"] == found[n % len(found)]]
        twin = twin.assign(track_id=1000 + n, x=twin["x"] + 3, anchor=False, source="imported")
        found += session.load(pd.DataFrame(twin)).values()
    return [int(i) for i in found[:people]]


def carrying(session: iw.Session, repeats: int) -> Rates:
    """Milliseconds to carry the whole poses of four people over ten frames; every keypoint was corrected."""
    ids = crowd(session, PEOPLE)
    taken: list[float] = []
    for n in range(repeats + 1):
        for track_id in ids:
            session.move(0, track_id, dxy=(1.5 if n % 2 else -1.5, 0.5))
        with watch(taken):
            session.propagate(0, stop=CARRIED, tracks=ids, progress=False)
        session.undo()
    return [1e3 * t for t in taken[1:]]  # the first reads the frames


def reading(video: Path, order: Callable[[int], np.ndarray], repeats: int) -> Rates:
    """Frames per second in some order, nothing in memory before."""
    rates = []
    for _ in range(repeats):
        taken: list[float] = []
        with open_video(video) as clip:
            frames = order(len(clip))
            with watch(taken):
                for frame in frames:
                    clip[int(frame)]
        rates.append(len(frames) / taken[0])
    return rates


def measure(video: Path, repeats: int) -> Iterator[tuple[str, str, Rates]]:
    """Lines of the table: what, unit, values."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield "initialise", "frames/s", initialise(video, folder, repeats)
        with iw.Session.open(video, store=folder / "click.impose") as session:
            session.initialize(progress=False)
            yield f"click to settled pose ({CLICKS} clicks)", "ms", clicks(session, CLICKS)
        with iw.Session.open(video, store=folder / "carry.impose") as session:
            session.initialize(progress=False)
            yield f"carry {PEOPLE} people over {CARRIED} frames", "ms", carrying(session, repeats)
    random = np.random.default_rng(0)
    yield "frames in order", "frames/s", reading(video, lambda n: np.arange(min(n, READS)), repeats)
    yield "frames backwards", "frames/s", reading(video, lambda n: np.arange(min(n, READS))[::-1], repeats)
    yield "frames at random", "frames/s", reading(video, lambda n: random.permutation(n)[:READS], repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, help="default: the clip that ships")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    video = options.video or Path(str(files("impose_widget") / "assets" / "store_aisle.mp4"))
    with open_video(video) as clip:
        facts = f"{clip.name}, {len(clip)} frames of {clip.width}×{clip.height}"
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    print(f"{facts}; {os.cpu_count()} cores, {load}, Python {platform.python_version()}\n")
    print(f"| {'':36} | unit     |   median |      min |      max |")
    print(f"|{'-' * 38}|----------|---------:|---------:|---------:|")
    for what, unit, values in measure(video, options.repeats):
        numbers = " | ".join(f"{v:8.1f}" for v in (np.median(values), min(values), max(values)))
        print(f"| {what:36} | {unit:8} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
