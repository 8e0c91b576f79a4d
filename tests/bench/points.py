"""Point trackers beside each other: on rendered clips, on clips that people labelled, and in the product.

    nice python -m tests.bench.points CLIP… [--mini WEIGHTS] [--frames 31] [--every 15]
    nice python -m tests.bench.points store_aisle --clicks 5 [--mini WEIGHTS] [--cache DIR]

A CLIP is a folder of `impose-widget render` (keypoints and points of the surface, exact) or the name of a labelled clip
(keypoints as two people placed them). Points that are visible in a frame are followed forwards from it. Shares are of
(point, frame) pairs, the given ones left out; errors are in pixels of an image of 256 by 256, as in TAP-Vid: delta_avg,
the mean share of visible points within 1, 2, 4, 8, 16; occlusion accuracy (OA); average Jaccard (AJ); survival, the
share of a track before its error first exceeds 16 of these pixels. "back" is the share within 8 of points that are
visible again after they were hidden, "fast" that of points that move 8 or more a frame. "lost" is how often, of all
pairs that a tracker calls visible, the point is further off than 8 or hidden. With --clicks, sessions correct the worst
keypoint first, so often a tracklet, with the point tracker exchanged; "auto" is what sessions do by themselves.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from impose_widget.core.pose import VISIBLE
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.methods.base import Start
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.protocols.curve import run_curve
from impose_widget.points import LkPoints, PointTracker, mini
from impose_widget.propagate.smoother import Smoother
from impose_widget.propagate.tracked import Tracked
from impose_widget.train.point_clips import rendered_clips
from tests.bench.clicks import labelled
from tests.labelled import CLIPS

WITHIN = (1, 2, 4, 8, 16)
LOST = 16.0
FAST = 8.0


Part = tuple[list[np.ndarray], np.ndarray, np.ndarray]  # frames, points (T, N, 2), visible (T, N)


def main() -> None:
    """Read the command line and print a table."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("clips", nargs="+")
    p.add_argument("--mini", type=Path, help="weights of `impose-widget train --stage points`")
    p.add_argument("--frames", type=int, default=31, help="that a point is followed in")
    p.add_argument("--every", type=int, default=15, help="frames between the starts")
    p.add_argument("--skip", type=int, default=1, help="frames of the clip that are one step")
    p.add_argument("--clicks", type=int, help="a tracklet, in sessions on labelled clips")
    p.add_argument("--size", type=int, default=512, help="of the detector, with --clicks")
    p.add_argument("--cache", type=Path, help="folder of detections, with --clicks")
    options = p.parse_args()
    trackers = [LkPoints()] + ([mini(options.mini)] if options.mini else [])
    if options.clicks:
        in_sessions(options, trackers)
    else:
        alone(options, trackers)


def alone(options: argparse.Namespace, trackers: list[PointTracker]) -> None:
    """How well they follow points."""
    print("| clip | tracker | delta_avg | within 8 | OA | AJ | survival | back | fast | lost | ms a frame |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    everything: dict[str, list[dict[str, float]]] = {}
    for name in options.clips:
        rows: dict[str, list[dict[str, float]]] = {t.name: [] for t in trackers}
        for frames, xy, visible in parts(name, options):
            for tracker in trackers:
                rows[tracker.name].append(measured(tracker, frames, xy, visible))
        for tracker, found in rows.items():
            print(line(Path(name).name, tracker, found), flush=True)
            everything.setdefault(tracker, []).extend(found)
    for tracker, found in everything.items():
        print(line("all", tracker, found))


def in_sessions(options: argparse.Namespace, trackers: list[PointTracker]) -> None:
    """What a click buys with each."""
    marks = [b for b in (0, 1, 3, 5, 10, 20) if b <= options.clicks]
    print(f"| clip | tracker | {' | '.join(f'OKS at {b}' for b in marks)} | fixed, broken a click | CPU s |")
    print("|---|---|" + "---|" * (len(marks) + 2))
    for name in options.clips:
        footage, truth = labelled(name, options.size).open(options.cache)
        for tracker in (None, *trackers):
            began = time.process_time()
            run = run_curve(Exchanged(footage, tracker), truth, budget=options.clicks, exhaust=True)
            said = " | ".join(f"{run.at(b):.4f}" for b in marks)
            fixed, broken = (run.per_click(w, options.clicks) for w in ("fixed", "broken"))
            who = tracker.name if tracker else "auto"
            print(
                f"| {name} | {who} | {said} | {fixed:.2f}, {broken:.2f} | {time.process_time() - began:.0f} |",
                flush=True,
            )


class Exchanged(Product):
    """The product with another point tracker; None: its own."""

    def __init__(self, footage: object, tracker: PointTracker | None) -> None:
        super().__init__(footage)
        self.tracker = tracker

    def start(self, start: Start) -> list[int | None]:
        """As the product, then exchange the tracker."""
        out = super().start(start)
        if self.tracker is not None:
            self.session._propagator = Smoother(COCO17, flow=Tracked(self.tracker))
        return out


def parts(name: str, options: argparse.Namespace) -> Iterator[Part]:
    """Parts of a clip with the points that are visible in the first frame of each."""
    if name in CLIPS:
        footage, truth = labelled(name, 512).open(None)
        images = list(footage.video.frames(range(len(footage))))
        count, points = len(truth.xy), len(truth.track_ids) * truth.xy.shape[2]
        xy, visible = truth.xy.reshape(count, points, 2), (truth.visibility == VISIBLE).reshape(count, points)
        yield from starts(lambda i: np.asarray(images[i]), xy, visible, options)
        return
    for clip in rendered_clips(Path(name)):
        count = len(clip.paths)
        xy, visible = clip.xy.reshape(count, -1, 2), clip.visible.reshape(count, -1)
        yield from starts(lambda i, clip=clip: cv2.imread(str(clip.paths[i]))[..., ::-1].copy(), xy, visible, options)


def starts(
    image: Callable[[int], np.ndarray], xy: np.ndarray, visible: np.ndarray, options: argparse.Namespace
) -> Iterator[Part]:
    """Every so many frames, a part."""
    reach = (options.frames - 1) * options.skip
    for first in range(0, len(xy) - reach, options.every):
        numbers = list(range(first, first + reach + 1, options.skip))
        here = visible[first]
        if here.any():
            yield [image(i) for i in numbers], xy[numbers][:, here], visible[numbers][:, here]


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
    out |= {"said": float(said.sum()), "lost": float((said & ~(seen & (off < 8))).sum())}
    return out | {"ms": 1000 * spent, "frames": float(len(frames))}


def line(clip: str, name: str, rows: list[dict[str, float]]) -> str:
    """A row of the table."""
    total = {k: sum(r[k] for r in rows) for k in rows[0]} if rows else {}
    if not total.get("n"):
        return f"| {clip} | {name} | nothing to follow |"
    pairs = [(k, "n") for k in ("delta", "near")] + [("oa", "all"), ("aj", "n"), ("alive", "tracks")]
    pairs += [("back", "backs"), ("fast", "fasts"), ("lost", "said")]
    said = [f"{total[a] / total[b]:.3f}" if total[b] else "-" for a, b in pairs]
    return f"| {clip} | {name} | {' | '.join(said)} | {total['ms'] / total['frames']:.0f} |"


if __name__ == "__main__":
    main()
