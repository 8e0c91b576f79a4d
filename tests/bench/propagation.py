"""What a click buys with the propagators of this package, beside the baseline that has to be beaten, and how fast.

    nice python -m tests.bench.propagation --budget 20 --sequences mupots_TS1
    nice python -m tests.bench.propagation --latency

Only propagation differs: both get the same detections, linked the same way, and the same starting poses.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from impose_widget.core.skeleton import COCO17
from impose_widget.propagate.base import Carry
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.smoother import Smoother

SHARED = Path(__file__).resolve().parents[3] / "shared"
MEASURE, DATA, WEIGHTS = SHARED / "click_measure", SHARED / "data", SHARED / "weights"


class RGB:
    """Frames of the measure (BGR) as the product gives them to a propagator."""

    def __init__(self, frames):
        self._frames = frames

    def __len__(self):
        return len(self._frames)

    def __getitem__(self, i):
        return self._frames[i][..., ::-1]


def method(baselines, harness, make=lambda: FlowFusion(COCO17)):
    """The measure's method that drives a propagator; a class, because its modules are found at run time."""

    class Propagated(harness.Method):
        name = "FlowFusion"
        kinds = ("people",)

        def __init__(self, info, detector):
            super().__init__(info)
            self.detector, self.propagator = detector, make()

        def start(self, frames, initial=None):
            self.frames, self.initial, self.T, self.N = RGB(frames), initial, len(frames), self.info.n_persons
            self.raw = [self.detector(f) for f in frames]
            self.known = [{initial.frame} for _ in range(self.N)]
            self.linked = baselines.link(self.raw, initial, self.N)
            self.anchor = np.zeros((self.T, self.N, 17), bool)
            self.P = baselines.smooth(baselines.fill_gaps(self.linked))

        def poses(self):
            return self.P

        def carry(self, person, origins):
            update = self.propagator.propagate(
                self.frames,
                [
                    Carry(
                        person,
                        0,
                        self.P[:, person, :, :2].astype(np.float32),
                        self.P[:, person, :, 2].astype(np.float32),
                        self.anchor[:, person],
                        self.linked[:, person].astype(np.float32),
                        origins,
                        0,
                        self.T,
                    )
                ],
            )
            for u in update:
                assert not (u.write & self.anchor[u.frames, person]).any()
                assert np.isfinite(u.xy[u.write]).all()
                f, k = np.nonzero(u.write)
                self.P[u.frames[f], person, k] = np.concatenate([u.xy[f, k], u.score[f, k][:, None]], 1)

        def click(self, frame, person, keypoint, xy):
            self.P[frame, person, keypoint] = *xy, 1
            self.anchor[frame, person, keypoint] = True
            self.carry(person, (frame,))

        candidates = baselines.DetectOnly.candidates
        relink = baselines.Base.relink

        def assign(self, frame, person, ref):
            self.relink(frame, person, ref)
            anchor = self.anchor[:, person]
            fresh = baselines.smooth(baselines.fill_gaps(self.linked))[:, person]
            self.P[:, person] = np.where(anchor[..., None], self.P[:, person], fresh)
            if anchor.any():
                self.carry(person, tuple(np.flatnonzero(anchor.any(1)).tolist()))

    return Propagated


def measure(arguments):
    """Print one table a sequence."""
    sys.path.insert(0, str(MEASURE))
    sys.dont_write_bytecode = True
    import baselines
    import cv2
    import harness

    cv2.setNumThreads(1)
    detector = baselines.MoveNet(WEIGHTS, cache=arguments.detections, size=arguments.size)
    methods = {
        "FlowPlusDetect": baselines.FlowPlusDetect,
        "FlowFusion": method(baselines, harness),
        "Smoother": method(baselines, harness, lambda: Smoother(COCO17)),
    }
    for name in arguments.sequences:
        sequences = harness.load_group(name, arguments.data)[: arguments.windows]
        print(f"\n{name}: {len(sequences)} windows of {len(sequences[0].frames)} frames")
        print("method           0     1     3     5    10    20 | .75   .85   .95  95%@.85 | fixed broken  ms/click")
        for label in arguments.methods:
            runs = [
                harness.simulate(
                    s,
                    lambda info, c=methods[label]: c(info, detector),
                    mode="oracle",
                    budget=arguments.budget,
                    jitter=arguments.jitter,
                )
                for s in sequences
            ]
            print(f"{label:15s} {row(runs, arguments.budget)}", flush=True)
        baselines.Flow.shared = {}
    detector.save()


def row(runs, budget):
    """One line of the table: means over windows."""

    def mean(values):
        values = [v for v in values if v is not None]
        return statistics.fmean(values) if values else float("nan")

    oks = [mean((r["at"][str(b)] or {}).get("mean_oks") for r in runs) for b in (0, 1, 3, 5, 10, 20)]
    reach = []
    for key in ("0.75", "0.85", "0.95", "share85>=95%"):
        clicks = [r["clicks_to"][key] for r in runs]
        reach.append((">" if None in clicks else "") + f"{mean(budget if c is None else c for c in clicks):.1f}")
    ms = statistics.median(r["seconds_per_click_median"] * 1e3 for r in runs)
    fixed, broken = (mean(r[f"{q}_per_click"] for r in runs) for q in ("fixed", "broken"))
    return (
        " ".join(f"{v:.3f}" for v in oks)
        + " | "
        + " ".join(f"{v:>6s}" for v in reach)
        + f" | {fixed:5.2f} {broken:5.2f} {ms:7.1f}"
    )


def read(path, stop):
    """The first frames of a video, RGB."""
    import cv2

    video, out = cv2.VideoCapture(str(path)), []
    while len(out) < stop:
        ok, frame = video.read()
        if not ok:
            break
        out.append(np.ascontiguousarray(frame[..., ::-1]))
    return out


def somebody(i, frames, keypoints):
    """A person with readings in every frame, some keypoints of whom were corrected in the middle frame."""
    height, width = frames[0].shape[:2]
    rng = np.random.default_rng(i)
    pose = np.array([(0.15 + 0.22 * i) * width, 0.5 * height]) + rng.uniform(-0.12, 0.12, (17, 2)) * height
    xy = np.repeat(pose[None], len(frames), 0).astype(np.float32)
    reading = np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.6, np.float32)], -1)
    middle, anchor = len(frames) // 2, np.zeros(xy.shape[:2], bool)
    anchor[middle, :keypoints] = True
    xy[middle, :keypoints] += 3
    return Carry(i, 0, xy, reading[..., 2], anchor, reading, (middle,), 0, len(frames))


def timed(frames, people, warm):
    """Milliseconds to the first update, to everybody's first chunk and to the end, medians of 7."""
    taken = []
    for _ in range(7):
        propagator = Smoother(COCO17)
        if warm:
            list(propagator.propagate(frames, people))
        start = time.perf_counter()
        marks = [(time.perf_counter() - start) * 1e3 for _ in propagator.propagate(frames, people)]
        taken.append((marks[0], marks[len(people) - 1], marks[-1]))
    return np.median(taken, axis=0)


def latency():
    """Print how long a correction of one keypoint, and of four whole people, takes; cold and remembered."""
    print("milliseconds, median of 7; 31 frames, corrected in the middle one, both directions")
    print(f"{'':36s} 1 keypoint: first     all | 4 people x 17: first, ten frames,     all")
    for name in ("mupots_TS1.mp4", "openpose_video.avi"):
        frames = read(DATA / "videos" / name, 31)
        height, width = frames[0].shape[:2]
        for warm in (False, True):
            one = timed(frames, [somebody(0, frames, 1)], warm)
            four = timed(frames, [somebody(i, frames, 17) for i in range(4)], warm)
            label = f"{name} {width}x{height} {'warm' if warm else 'cold'}"
            print(
                f"{label:36s} {one[0]:17.1f} {one[2]:7.1f} | {four[0]:20.1f} {four[1]:11.1f} {four[2]:8.1f}", flush=True
            )


def main():
    """Read the command line and measure."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--sequences", nargs="+", default=["mupots_TS12", "mupots_TS1", "mupots_TS6"])
    p.add_argument("--methods", nargs="+", default=["FlowPlusDetect", "FlowFusion", "Smoother"])
    p.add_argument("--budget", type=int, default=150)
    p.add_argument("--windows", type=int, default=None)
    p.add_argument("--jitter", type=float, default=0.0)
    p.add_argument("--size", type=int, default=512)
    p.add_argument("--detections", type=Path, default=None, help="npz with cached detections; made if missing")
    p.add_argument("--data", type=Path, default=DATA, help="a folder with sequences/NAME, or videos with tracks")
    p.add_argument("--latency", action="store_true")
    arguments = p.parse_args()
    if not MEASURE.is_dir():
        print(f"skipped: needs {MEASURE}")
        return
    if arguments.latency:
        latency()
    else:
        measure(arguments)


if __name__ == "__main__":
    main()
