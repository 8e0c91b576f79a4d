"""What a click buys, from interpolation to the whole system: one table a clip, same detections, same annotator.

    nice python -m tests.bench.carrying WEIGHTS --clips store_aisle FOLDER --budget 10 [--cache DIR] [--rows ROW …]

WEIGHTS are of `impose-widget train --stage refine` (or any network). Clips are "store_aisle", "openpose_video", or
folders that `impose-widget render` wrote. Rows that are tools of their own: "interpolation", "detection", "flow". The
others are the product with a prior ("fusion", "smoother", "still": no tracker), "+network" and options of
`NetworkOptions` that differ from their defaults; "+settle" lets the network read a corrected frame again. Names of
`impose_widget.evaluate.protocols.ablation.GRID` are the product with parts taken out (Table III; mAP, HOTA and VNoC of
the same variants: `impose-widget evaluate --experiment ablation`).

Columns: OKS after so many clicks a tracklet (worst first), clicks to OKS .75, .85, .95 and until 95 % of frames are at
.85; keypoints fixed and broken a click; how many of 20 frames a whole pose stays at OKS .95 when it is carried on
(`--starts` of them); of keypoints out of sight for over 3 frames, how many are within .85 when they come back.
`--blur 2` puts the frames out of focus. `--latency` times a propagation of ten frames of four people, `--memory` walks
through 10,000 frames.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from pathlib import Path

import numpy as np

from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate import Clip
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.methods.baselines import EditedDetections, FlowAlone, Keyframes
from impose_widget.evaluate.methods.product import Product, Settings
from impose_widget.evaluate.protocols.ablation import GRID
from impose_widget.evaluate.protocols.carried import blurred, carried_anchor, recovered
from impose_widget.evaluate.protocols.curve import FRAMES_RIGHT, TARGETS, run_curve
from impose_widget.evaluate.truth import Truth
from impose_widget.network_detector import ImposeDetector
from impose_widget.propagate.base import Propagator
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.network import NetworkOptions, NetworkPropagator, Still
from impose_widget.propagate.smoother import Smoother
from impose_widget.session import Session
from tests.bench.clicks import labelled
from tests.bench.long_video import memory as resident
from tests.bench.propagation import somebody
from tests.labelled import CLIPS

TOOLS = {"interpolation": Keyframes, "detection": EditedDetections, "flow": FlowAlone}
PARTS = tuple(name for name in GRID if name != "everything")
ROWS = (
    *TOOLS,
    "fusion",
    "smoother",
    "smoother+network",
    "smoother+network doubt=1",
    "smoother+network policy=replace",
    "smoother+network policy=keep_better",
    "smoother+network chained=True",
    "smoother+network restart=True",
    "still+network policy=replace",
    "smoother+network+settle",
    *PARTS,
)
MARKS = (0, 1, 3, 5, 10, 20)
HORIZON = 20  # frames that a pose is carried


class Tried(Product):
    """The product with another propagator."""

    def __init__(self, footage: Footage, row: str, network: ImposeDetector) -> None:
        super().__init__(footage, GRID.get(row, Settings()))
        self.row, self.network = row, network

    def open(self) -> Session:
        """As the product, then exchange parts."""
        session = super().open()
        if self.row not in GRID:
            session._propagator = propagator(self.row, self.network)
        if "+settle" in self.row:
            session._refiner = self.network
        return session


def method(footage: Footage, row: str, network: ImposeDetector) -> Method:
    """What a row means."""
    return TOOLS[row](footage) if row in TOOLS else Tried(footage, row, network)


def propagator(row: str, network: ImposeDetector) -> Propagator:
    """What carries in a row."""
    what, *words = row.split()
    kind, *more = what.split("+")
    priors = {"fusion": lambda: FlowFusion(COCO17), "smoother": lambda: Smoother(COCO17), "still": Still}
    if kind not in priors:
        raise SystemExit(f"Expected a row of {', '.join(ROWS)}, or of such parts, got {row!r}.")
    prior = priors[kind]()
    if "network" not in more:
        return prior
    types = {
        f.name: {"bool": lambda v: v == "True", "float": float}.get(f.type, str)
        for f in dataclasses.fields(NetworkOptions)
    }
    given = dict(word.split("=") for word in words)
    return NetworkPropagator(network, prior, NetworkOptions(**{k: types[k](v) for k, v in given.items()}))


def measure(options: argparse.Namespace, network: ImposeDetector) -> None:
    """Print a table a clip."""
    for name in options.clips:
        clip = labelled(name, options.size) if name in CLIPS else rendered(Path(name), options.size)
        footage, truth = clip.open(options.cache)
        if options.blur:
            footage = blurred(footage, options.blur)
        print(f"\n**{footage.name}**, {len(footage)} frames, up to {options.budget} clicks a tracklet (worst first)\n")
        marks = [f"OKS at {b}" for b in MARKS if b <= options.budget]
        to = [f"to {str(t).removeprefix('0')}" for t in TARGETS]
        head = ["propagation", *marks, *to, "to 95 %@.85", "fixed, broken", "carried of 20", "back @.85", "CPU s"]
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
        for row in options.rows:
            began = time.process_time()
            cells = [*clicked(footage, truth, row, network, options), *kept(footage, truth, row, network, options)]
            print(f"| {row} | {' | '.join(cells)} | {time.process_time() - began:.0f} |", flush=True)


def clicked(
    footage: Footage, truth: Truth, row: str, network: ImposeDetector, options: argparse.Namespace
) -> list[str]:
    """Cells of the curve."""
    run = run_curve(method(footage, row, network), truth, budget=options.budget, exhaust=True)
    cells = [f"{run.at(b):.3f}" for b in MARKS if b <= options.budget]
    for target in (*map(str, TARGETS), FRAMES_RIGHT):
        clicks = run.clicks_to[target]
        cells.append(f"> {options.budget}" if clicks is None else f"{clicks:.1f}")
    fixed, broken = (run.per_click(w, options.budget) for w in ("fixed", "broken"))
    return [*cells, f"{fixed:.2f}, {broken:.2f}"]


def kept(footage: Footage, truth: Truth, row: str, network: ImposeDetector, options: argparse.Namespace) -> list[str]:
    """Cells of what one whole pose is worth."""
    if not options.starts or row in PARTS:
        return ["", ""]

    def make() -> Method:
        return method(footage, row, network)

    frames = carried_anchor(make, truth, options.starts, HORIZON).mean_frames()["oks@0.95"]
    again = recovered(make, truth, options.starts)
    back = f"{(again['similarity'] >= 0.85).mean():.2f} of {len(again)}" if len(again) else "–"
    return [f"{frames:.1f}", back]


def rendered(folder: Path, size: int) -> Clip:
    """A clip of `impose-widget render`."""
    return Clip(
        str(folder),
        str(folder / "annotations_posetrack18.json"),
        name=f"{folder.name}, detector {size}",
        detector_size=size,
    )


def latency(network: ImposeDetector) -> None:
    """Print how long ten frames of four people take, with the memories there and without."""
    video = [f.copy() for f in np.asarray(list(labelled("store_aisle", 512).open(None)[0].video.frames(range(21))))]
    people = [dataclasses.replace(somebody(i, video, 17), start=11, stop=21) for i in range(4)]
    carries = NetworkPropagator(network, Smoother(COCO17))
    for what, times in (("cold", 1), ("warm", 9)):
        taken = []
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.process_time()
            list(carries.propagate(video, people))
            taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        wall, cpu = (statistics.median(t) for t in zip(*taken, strict=True))
        least = min(t for t, _ in taken)
        print(
            f"ten frames of four people, {what} memories: {wall:.2f} s (fastest {least:.2f}), "
            f"{cpu:.2f} CPU s (median of {times})"
        )
    alone = Smoother(COCO17)
    list(alone.propagate(video, people))
    cpu = time.process_time()
    list(alone.propagate(video, people))
    print(f"of which flow and smoother, remembered: {time.process_time() - cpu:.2f} CPU s")


def walk(weights: Path, frames: int, bound: int = 50_000_000) -> None:
    """Print what is kept while somebody walks through a long video and corrects now and then.

    Frames are scaled to 96 pixels, so that a memory takes a tenth of its usual size and no hours; the bound likewise.
    """
    network = ImposeDetector(weights, "cpu", size=(96, 171), cache=bound)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (90 + 64, 160 + 64, 3), np.uint8)

    def frame(t: int) -> np.ndarray:
        shown = noise[t % 64 : t % 64 + 90, t // 64 % 64 : t // 64 % 64 + 160].copy()
        shown[0, :4, 0] = (t >> 24 & 255, t >> 16 & 255, t >> 8 & 255, t & 255)
        return shown

    print("| frames seen | memories kept | their bytes | bound | memory of the process |\n|---|---|---|---|---|")
    for t in range(frames + 1):
        network.prepare(frame(t))
        assert network.memories.bytes <= bound, "the bound does not hold"
        if t % 250 == 249:
            around = [frame(i) for i in range(t - 20, t + 1)]
            people = [dataclasses.replace(somebody(i, around, 17), start=11, stop=21) for i in range(4)]
            list(NetworkPropagator(network, Smoother(COCO17)).propagate(around, people))
        if t and t % (frames // 10) == 0:
            kept = network.memories
            now = resident()
            print(
                f"| {t:,} | {len(kept)} | {kept.bytes / 1e6:.1f} MB | {bound / 1e6:.0f} MB | {now:.0f} MB |", flush=True
            )


def main() -> None:
    """Read the command line and measure."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", type=Path)
    p.add_argument("--clips", nargs="+", default=["store_aisle"])
    p.add_argument("--rows", nargs="+", default=list(ROWS))
    p.add_argument("--budget", type=int, default=10)
    p.add_argument("--starts", type=int, default=3, help="poses that are carried; 0: none")
    p.add_argument("--blur", type=float, default=0.0, help="pixels")
    p.add_argument("--size", type=int, default=512, help="of the detector")
    p.add_argument("--cache", type=Path, default=None, help="folder of detections")
    p.add_argument("--latency", action="store_true")
    p.add_argument("--memory", type=int, nargs="?", const=10_000, default=0, help="frames to walk through")
    options = p.parse_args()
    network = ImposeDetector(options.weights, "cpu")
    if options.latency:
        latency(network)
    elif options.memory:
        walk(options.weights, options.memory)
    else:
        measure(options, network)


if __name__ == "__main__":
    main()
