"""What a frame costs, part by part: `python -m tests.bench.network [r50@384x672 r50@750x1333 tiny@384x640 …]`.

CPU seconds of one thread (the process's own time, so that other work on the machine counts little) and the peak memory
of a process that did nothing else; weights are random, which changes neither.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

CASES = ("r50@384x672", "r50@750x1333", "tiny@384x640")
REPEATS = 3
PEOPLE = (2, 10, 50)


def seconds(run: Callable[[], object]) -> float:
    """Median CPU seconds of a call, after one that warms up."""
    run()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return statistics.median(times)


def measure(case: str) -> None:
    """One row: backbone, encoder, detection, refinement of 2, 10 and 50 people, peak memory."""
    import torch

    from impose_widget.detect import WEIGHTS
    from impose_widget.model.config import r50, tiny
    from impose_widget.model.impose import IMPose
    from impose_widget.model.weights import load_weights

    torch.set_num_threads(1)
    torch.manual_seed(0)
    name, _, size = case.partition("@")
    height, width = (int(v) for v in size.split("x"))
    net = IMPose(r50() if name == "r50" else tiny()).eval()
    if name == "tiny":
        load_weights(net.backbone.movenet, WEIGHTS)
    images = torch.randint(0, 255, (1, 3, height, width), dtype=torch.uint8).float()
    sizes = torch.tensor([[width, height]], dtype=torch.float32)
    with torch.inference_mode():
        features = net.backbone(images, sizes)
        if name == "tiny":  # noise holds nobody: as if ten people had been seen
            features = features._replace(guess=made_guess(10))
        memory = net.encode_features(features, sizes, (height, width))
        parts = [
            seconds(lambda: net.backbone(images, sizes)),
            seconds(lambda: net.encode_features(features, sizes, (height, width))),
            seconds(lambda: net.detect(memory)),
        ]
        for people in PEOPLE:
            boxes = torch.rand(1, people, 4) * 0.3 + 0.2
            keypoints, free = torch.rand(1, people, 17, 2), torch.rand(1, people, 17) < 0.9
            parts.append(seconds(lambda b=boxes, k=keypoints, f=free: net.refine(memory, b, k, f)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tokens = memory.tokens.shape[1]
    print(f"| {case} | {tokens:,} | " + " | ".join(f"{p:.3f}" for p in parts) + f" | {peak:.0f} |", flush=True)


def made_guess(n: int) -> object:
    """So many people, anywhere."""
    import torch

    from impose_widget.model.backbone import Guess

    real = torch.ones(1, n, dtype=torch.bool)
    boxes = torch.rand(1, n, 4) * 0.3 + 0.2
    return Guess(boxes, torch.rand(1, n, 17, 2), torch.rand(1, n, 17), torch.rand(1, n) * 0.5 + 0.4, real)


def main(cases: list[str]) -> None:
    refined = " | ".join(f"refine {n}" for n in PEOPLE)
    print(f"| network | tokens | backbone s | encoder s | detect s | {refined} s | peak MB |")
    print("|" + "---|" * (6 + len(PEOPLE)))
    sys.stdout.flush()
    for case in cases:
        subprocess.run([sys.executable, "-m", "tests.bench.network", "--one", case], check=True)


if __name__ == "__main__":
    if "--one" in sys.argv:
        measure(sys.argv[-1])
    else:
        main(sys.argv[1:] or list(CASES))
