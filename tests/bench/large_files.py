"""Time and memory of a million annotated people: `python -m tests.bench.large_files --people 1000000`.

Seconds are by the clock, CPU s of the processor, which a busy machine changes less. Each format is written and read in
a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.pose import SOURCES
from impose_widget.core.skeleton import COCO17

FORMATS = "parquet csv coco posetrack21 json".split()
PEOPLE_A_FRAME = 20


def crowd(n: int) -> pd.DataFrame:
    """A table of n people in frames of twenty, in 1920×1080 pixels."""
    from impose_widget.io.columns import keypoint_column, source_column

    rng = np.random.default_rng(0)
    k = len(COCO17)
    frame, track_id = np.divmod(np.arange(n, dtype=np.int32), PEOPLE_A_FRAME)
    xy = rng.uniform(1, 1000, (n * k, 2)).astype(np.float32)
    poses = pd.DataFrame(
        {
            "frame": np.repeat(frame, k),
            "time": np.repeat(frame / 25, k),
            "track_id": np.repeat(track_id, k),
            "keypoint": keypoint_column(np.tile(np.arange(k), n), list(COCO17.keypoints)),
            "x": xy[:, 0],
            "y": xy[:, 1],
            "visibility": np.full(n * k, 2, np.int8),
            "score": rng.random(n * k, np.float32),
            "source": source_column(np.zeros(n * k)),
            "anchor": np.zeros(n * k, bool),
            "revision": np.zeros(n * k, np.int32),
        }
    )
    video = {"name": "crowd.mp4", "width": 1920, "height": 1080, "fps": 25.0, "n_frames": int(frame[-1]) + 1}
    poses.attrs = {"skeleton": COCO17.to_json(), "video": video}
    assert set(poses["source"].cat.categories) == set(SOURCES)
    return poses


def one(verb: str, name: str, n: int, path: Path) -> None:
    """Write or read one file, and print seconds by the clock and of the processor, and the peak of memory in MB."""
    import impose_widget as iw

    poses = crowd(n) if verb == "write" else None
    began, began_cpu = time.perf_counter(), time.process_time()
    if verb == "write":
        iw.write(poses, path, name)
    else:
        rows = len(iw.read(path, name))
        assert rows == 17 * n or name == "mot", rows
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    print(f"{seconds:.1f} {cpu:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one[0], arguments.one[1], arguments.people, Path(arguments.one[2]))
        return
    print(
        f"{arguments.people} people, {17 * arguments.people} keypoints; the table itself is part of the writer's peak"
    )
    print(
        "| format | file MB | write s | CPU s | peak MB | read s | CPU s | peak MB |\n|---|---|---|---|---|---|---|---|"
    )
    for name in arguments.formats:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "crowd.file"
            cells = []
            for verb in ("write", "read"):
                command = [sys.executable, "-m", "tests.bench.large_files", "--people", str(arguments.people)]
                run = subprocess.run([*command, "--one", verb, name, str(path)], capture_output=True, text=True)
                cells += run.stdout.split() if run.returncode == 0 else ["failed", "-", "-"]
                if run.returncode:
                    print(run.stderr[-500:], file=sys.stderr)
            print(f"| {name} | {path.stat().st_size / 1e6:.0f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
