"""Clicks per person in one frame, with and without the model reading the rest again, on photographs not trained on.

`python -m tests.bench.refinement WEIGHTS [--people N] [--size PIXELS]`. Click-Pose's number of clicks: while a person's
OKS is below the target, the keypoint furthest from its label is placed there (at most 17 times). Everybody is found by
both detectors, or not counted; how many that leaves out is said. COCO train photographs may be among what MoveNet
learned from; people of the Leeds Sports Poses are labelled to another convention (hips, and no face).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import keypoint_similarity, oks
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from impose_widget.network_detector import ImposeDetector
from tests.bench.photographs import main as write_photographs

SIGMAS = COCO17.sigma_array
TARGETS = (0.85, 0.95)
Refine = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass
class Person:
    """Someone labelled, and what both detectors read: (17, 2) each, boxes (4,)."""

    image: np.ndarray
    truth: np.ndarray
    area: float
    read: dict[str, np.ndarray] = field(default_factory=dict)
    box: dict[str, np.ndarray] = field(default_factory=dict)


def people_of(file: Path, limit: int, detectors: dict[str, object]) -> tuple[list[Person], dict[str, list[float]]]:
    """People with at least five labels, with their readings; and for each detector its OKS of each (0: not found)."""
    data = json.loads(file.read_text())
    by_image: dict[int, list[dict]] = {}
    for a in data["annotations"]:
        by_image.setdefault(a["image_id"], []).append(a)
    out, found = [], {name: [] for name in detectors}
    for entry in data["images"]:
        image = np.ascontiguousarray(cv2.imread(entry["file_name"])[..., ::-1])
        here = []
        for a in by_image.get(entry["id"], []):
            pose = np.array(a["keypoints"]).reshape(17, 3)
            if (pose[:, 2] > 0).sum() >= 5:
                here.append(Person(image, np.where(pose[:, 2:] > 0, pose[:, :2], np.nan), a["area"]))
        for name, detector in detectors.items():
            seen = detector.detect([image], [0])
            scores = np.zeros(len(here))
            if here and len(seen):
                alike = oks(np.array([p.truth for p in here]), seen.xy, np.array([p.area for p in here]), SIGMAS)
                for n, m in zip(*linear_sum_assignment(-alike), strict=True):
                    scores[n] = alike[n, m]
                    if alike[n, m] > 0.1:
                        here[n].read[name], here[n].box[name] = seen.xy[m], seen.box[m]
            found[name] += scores.tolist()
        out += here
        if len(out) >= limit:
            break
    return out, found


def score(person: Person, xy: np.ndarray) -> float:
    """OKS of a pose."""
    return float(oks(person.truth[None], xy[None], np.array([person.area]), SIGMAS)[0, 0])


def clicks(person: Person, start: np.ndarray, target: float, refine: Refine | None) -> tuple[int, int, int]:
    """Clicks until the target, and how many other keypoints were fixed and broken (similarity .5) meanwhile."""
    xy, anchor = start.copy(), np.zeros(17, bool)
    count = fixed = broken = 0
    while score(person, xy) < target and count < 17:
        alike = keypoint_similarity(person.truth, xy, np.array(person.area), SIGMAS)
        alike[anchor] = np.nan
        if np.isnan(alike).all():
            break
        worst = int(np.nanargmin(alike))
        xy[worst], anchor[worst] = person.truth[worst], True
        count += 1
        if refine is not None:
            xy = refine(person.image, xy, anchor)
            after = keypoint_similarity(person.truth, xy, np.array(person.area), SIGMAS)
            others = ~anchor & np.isfinite(alike)
            fixed += int(((alike < 0.5) & (after >= 0.5) & others).sum())
            broken += int(((alike >= 0.5) & (after < 0.5) & others).sum())
    return count, fixed, broken


def report(name: str, file: Path, limit: int, movenet: MoveNetDetector, tiny: ImposeDetector) -> None:
    people, found = people_of(file, limit, {"MoveNet": movenet, "decoders": tiny})
    print(f"\n**{name}**: {len(people)} people with at least 5 labelled keypoints\n")
    print("| detector | mean OKS | found with OKS > .5 | > .75 |\n|---|---|---|---|")
    for which, scores in found.items():
        s = np.array(scores)
        print(f"| {which} | {s.mean():.3f} | {(s > 0.5).mean():.3f} | {(s > 0.75).mean():.3f} |")
    both = [p for p in people if len(p.read) == 2]
    print(f"\nClicks of the {len(both)} people whom both found (of {len(people)}):\n")
    print("| start | refined | OKS at start | clicks to .85 | to .95 | fixed a click | broken a click |")
    print("|---|---|---|---|---|---|---|")
    for which in ("MoveNet", "decoders") if tiny.network.config.detects else ("MoveNet",):
        plain, refined = (row(which, r, both, tiny) for r in (False, True))
        for target in TARGETS:
            low, high = interval(refined[target] - plain[target])
            mean = (refined[target] - plain[target]).mean()
            print(
                f"  clicks to {target} that refinement adds: {mean:+.2f} ({low:+.2f} to {high:+.2f}, 95 %)", flush=True
            )


def interval(difference: np.ndarray, draws: int = 4000) -> tuple[float, float]:
    """Of the mean over people, by bootstrap."""
    rng = np.random.default_rng(0)
    means = difference[rng.integers(len(difference), size=(draws, len(difference)))].mean(1)
    return tuple(np.quantile(means, [0.025, 0.975]))


def row(which: str, refined: bool, people: list[Person], tiny: ImposeDetector) -> dict[float, np.ndarray]:
    """Print a row; clicks of each person by target."""
    starts, counts, fixed, broken = [], {t: [] for t in TARGETS}, 0, 0
    for p in people:
        box = p.box[which]

        def refine(image: np.ndarray, xy: np.ndarray, anchor: np.ndarray, box: np.ndarray = box) -> np.ndarray:
            return tiny.refine(image, xy, anchor, box)[0]

        starts.append(score(p, p.read[which]))
        for target in TARGETS:
            n, a, b = clicks(p, p.read[which], target, refine if refined else None)
            counts[target].append(n)
            if target == TARGETS[-1]:
                fixed, broken = fixed + a, broken + b
    total = max(sum(counts[TARGETS[-1]]), 1)
    said = " | ".join(f"{np.mean(counts[t]):.2f}" for t in TARGETS)
    harm = f"{fixed / total:.2f} | {broken / total:.2f}" if refined else "- | -"
    print(f"| {which} | {'yes' if refined else 'no'} | {np.mean(starts):.3f} | {said} | {harm} |", flush=True)
    return {t: np.array(c) for t, c in counts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--people", type=int, default=120, help="of each set")
    parser.add_argument("--size", type=int, default=320, help="pixels of the longer side that both networks see")
    options = parser.parse_args()
    movenet = MoveNetDetector(size=options.size)
    tiny = ImposeDetector(options.weights, "cpu", size=(options.size, options.size))
    with tempfile.TemporaryDirectory() as folder:
        write_photographs(Path(folder))
        for name in ("lspet_test", "coco_test"):
            report(name, Path(folder) / f"{name}.json", options.people, movenet, tiny)


if __name__ == "__main__":
    main()
