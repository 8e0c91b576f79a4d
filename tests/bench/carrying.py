"""What a click buys with the network's propagation, beside flow and readings: same detections, same clicks.

    nice python -m tests.bench.carrying WEIGHTS --clips store_aisle FOLDER --budget 12 [--cache DIR]

WEIGHTS are of `impose-widget train --stage refine` (or any network). Clips are "store_aisle", "openpose_video", or
folders that `impose-widget render` wrote. A row is a prior (flow, still: without a tracker), "+network", and options
of `NetworkOptions` that differ from their defaults; "+settle" lets the network read a corrected frame again, too.
`--latency` times a propagation of ten frames of four people.
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
from impose_widget.evaluate.methods.base import Start
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.protocols.curve import run_curve
from impose_widget.network_detector import ImposeDetector
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.network import NetworkOptions, NetworkPropagator, Still
from tests.bench.clicks import labelled
from tests.bench.propagation import somebody
from tests.labelled import CLIPS

ROWS = (
    "flow",
    "still",
    "flow+network",
    "flow+network policy=replace",
    "flow+network policy=keep_better",
    "flow+network keypoints=all",
    "still+network policy=replace",
    "still+network policy=replace chained=True",
    "flow+network+settle",
)


class Tried(Product):
    """The product with another propagator."""

    def __init__(self, footage: object, row: str, network: ImposeDetector) -> None:
        super().__init__(footage)
        self.row, self.network = row, network

    def start(self, start: Start) -> list[int | None]:
        """As the product, then exchange parts."""
        out = super().start(start)
        self.session._propagator = propagator(self.row, self.network)
        if "+settle" in self.row:
            self.session._refiner = self.network
        return out


def propagator(row: str, network: ImposeDetector) -> object:
    """What a row means."""
    what, *words = row.split()
    prior = FlowFusion(COCO17) if what.startswith("flow") else Still()
    if "+network" not in what:
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
        print(f"\n**{clip.name}**, {len(footage)} frames, up to {options.budget} clicks a tracklet (worst first)\n")
        marks = [b for b in (0, 1, 3, 5, 10, 20) if b <= options.budget]
        print(f"| propagation | {' | '.join(f'OKS at {b}' for b in marks)} | fixed, broken a click | CPU s |")
        print("|---|" + "---|" * (len(marks) + 2))
        for row in options.rows:
            began = time.process_time()
            run = run_curve(Tried(footage, row, network), truth, budget=options.budget, exhaust=True)
            said = " | ".join(f"{run.at(b):.4f}" for b in marks)
            fixed, broken = (run.per_click(w, options.budget) for w in ("fixed", "broken"))
            print(f"| {row} | {said} | {fixed:.2f}, {broken:.2f} | {time.process_time() - began:.0f} |", flush=True)


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
    carries = NetworkPropagator(network, FlowFusion(COCO17))
    for what, times in (("cold", 1), ("warm", 5)):
        taken = []
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.process_time()
            list(carries.propagate(video, people))
            taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        wall, cpu = (statistics.median(t) for t in zip(*taken, strict=True))
        print(f"ten frames of four people, {what} memories: {wall:.2f} s, {cpu:.2f} CPU s (median of {times})")
    alone = FlowFusion(COCO17)
    list(alone.propagate(video, people))
    cpu = time.process_time()
    list(alone.propagate(video, people))
    print(f"of which the flow, remembered: {time.process_time() - cpu:.2f} CPU s")


def main() -> None:
    """Read the command line and measure."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", type=Path)
    p.add_argument("--clips", nargs="+", default=["store_aisle"])
    p.add_argument("--rows", nargs="+", default=list(ROWS))
    p.add_argument("--budget", type=int, default=12)
    p.add_argument("--size", type=int, default=512, help="of the detector")
    p.add_argument("--cache", type=Path, default=None, help="folder of detections")
    p.add_argument("--latency", action="store_true")
    options = p.parse_args()
    network = ImposeDetector(options.weights, "cpu")
    if options.latency:
        latency(network)
    else:
        measure(options, network)


if __name__ == "__main__":
    main()
