"""Point trackers beside each other on rendered clips, where the truth is exact: keypoints and points of the surface.

    nice python -m tests.bench.points FOLDER… [--mini WEIGHTS] [--frames 31] [--every 15]

FOLDERS are clips of `impose-widget render`. Points that are visible in a frame are followed forwards from it. Shares
are of (point, frame) pairs, the given ones left out; errors are in pixels of an image of 256 by 256, as in TAP-Vid:
delta_avg, the mean share of visible points within 1, 2, 4, 8, 16; occlusion accuracy (OA); average Jaccard (AJ);
survival, the share of a track before its error first exceeds 16 of these pixels. "back" is the share within 8 of
points that are visible again after they were hidden, "fast" that of points that move 8 or more a frame.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from impose_widget.points import LkPoints, PointTracker, mini
from impose_widget.train.point_clips import Rendered, rendered_clips

WITHIN = (1, 2, 4, 8, 16)
LOST = 16.0
FAST = 8.0


def main() -> None:
    """Read the command line and print a table."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folders", nargs="+", type=Path)
    p.add_argument("--mini", type=Path, help="weights of `impose-widget train --stage points`")
    p.add_argument("--frames", type=int, default=31, help="that a point is followed in")
    p.add_argument("--every", type=int, default=15, help="frames between the starts")
    p.add_argument("--skip", type=int, default=1, help="frames of the clip that are one step")
    options = p.parse_args()
    trackers = [LkPoints()] + ([mini(options.mini)] if options.mini else [])
    print("| clip | tracker | delta_avg | within 8 | OA | AJ | survival | back | fast | ms a frame |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    everything: dict[str, list[dict[str, float]]] = {}
    for folder in options.folders:
        for clip in rendered_clips(folder):
            parts = list(starts(clip, options))
            for tracker in trackers:
                rows = []
                for frames, xy, visible in parts:
                    rows.append(measured(tracker, frames, xy, visible))
                print(line(clip.paths[0].parent.name, tracker.name, rows), flush=True)
                everything.setdefault(tracker.name, []).extend(rows)
    for name, rows in everything.items():
        print(line("all", name, rows))


def starts(clip: Rendered, options: argparse.Namespace) -> Iterator[tuple[list[np.ndarray], np.ndarray, np.ndarray]]:
    """Parts of a clip: frames, and the points (T, N, 2) that are visible in the first, and when they are (T, N)."""
    reach = (options.frames - 1) * options.skip
    for first in range(0, len(clip.paths) - reach, options.every):
        numbers = range(first, first + reach + 1, options.skip)
        frames = [cv2.cvtColor(cv2.imread(str(clip.paths[i])), cv2.COLOR_BGR2RGB) for i in numbers]
        xy = clip.xy[list(numbers)].reshape(len(frames), -1, 2)
        visible = clip.visible[list(numbers)].reshape(len(frames), -1)
        yield frames, xy[:, visible[0]], visible[:, visible[0]]


def measured(tracker: PointTracker, frames: list[np.ndarray], xy: np.ndarray, visible: np.ndarray) -> dict[str, float]:
    """Sums and counts of all measures."""
    wall = time.process_time()
    found = tracker.track(frames, np.column_stack([np.zeros(xy.shape[1]), xy[0]]))
    spent = time.process_time() - wall
    unit = np.array(frames[0].shape[1::-1]) / 256
    off = np.linalg.norm((found.xy - xy) / unit, axis=-1)[1:]
    seen, said = visible[1:], found.visible[1:]
    off = np.where(np.isfinite(off), off, np.inf)
    out = {"n": float(seen.sum()), "all": float(seen.size), "tracks": float(seen.shape[1])}
    shares, jaccard = [], []
    for d in WITHIN:
        right = seen & (off < d)
        shares.append(right.sum())
        good = (right & said).sum()
        jaccard.append(good / max(seen.sum() + (said & ~(seen & (off < d))).sum(), 1) * seen.sum())
    dead = (seen & (off > LOST)).cumsum(0) > 0
    hidden = (~visible).cumsum(0)[:-1] > 0
    fast = np.linalg.norm(np.diff(xy, axis=0) / unit, axis=-1) > FAST
    fast = np.where(np.isfinite(fast), fast, False)
    out |= {"delta": float(np.mean(shares)), "near": float((seen & (off < 8)).sum()), "oa": float((seen == said).sum())}
    out |= {"aj": float(np.mean(jaccard)), "alive": float((~dead).mean(0).sum())}
    out |= {"backs": float((seen & hidden).sum()), "back": float((seen & hidden & (off < 8)).sum())}
    out |= {"fasts": float((seen & fast).sum()), "fast": float((seen & fast & (off < 8)).sum())}
    return out | {"ms": 1000 * spent, "frames": float(len(frames))}


def line(clip: str, name: str, rows: list[dict[str, float]]) -> str:
    """A row of the table."""
    total = {k: sum(r[k] for r in rows) for k in rows[0]} if rows else {}
    if not total.get("n"):
        return f"| {clip} | {name} | nothing to follow |"
    pairs = [(k, "n") for k in ("delta", "near")] + [("oa", "all"), ("aj", "n"), ("alive", "tracks")]
    pairs += [("back", "backs"), ("fast", "fasts")]
    said = [f"{total[a] / total[b]:.3f}" if total[b] else "-" for a, b in pairs]
    return f"| {clip} | {name} | {' | '.join(said)} | {total['ms'] / total['frames']:.0f} |"


if __name__ == "__main__":
    main()
