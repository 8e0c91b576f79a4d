"""How well and how fast the detector finds people, by input size: `python -m tests.bench.detector`.

On COCO photographs with hand-made keypoints (train2017, which may be among what the network learned from). Recall:
people with at least five labelled keypoints that are found with OKS over .5; in brackets those taller than 30 % of the
image. Precision: detections that are one of all labelled people (crowds that nobody labelled count against it).
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import TIGHT_BOX_TO_AREA, oks
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from tests.shared import SHARED

IMAGES = SHARED / "data" / "images" / "coco_kpt"
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass
class Photograph:
    """An image and its people: xy (N, 17, 2) with NaN where unlabelled, visibility (N, 17), area and height (N,)."""

    image: np.ndarray
    xy: np.ndarray
    visibility: np.ndarray
    area: np.ndarray
    height: np.ndarray


def photographs() -> list[Photograph]:
    out = []
    for file in sorted((IMAGES / "images").glob("*.jpg")):
        image = cv2.imread(str(file))[..., ::-1]
        h, w = image.shape[:2]
        rows = np.loadtxt(IMAGES / "labels" / f"{file.stem}.txt", ndmin=2)
        keypoints = rows[:, 5:].reshape(-1, 17, 3)
        xy = np.where(keypoints[..., 2:] > 0, keypoints[..., :2] * (w, h), np.nan)
        area = TIGHT_BOX_TO_AREA * rows[:, 3] * w * rows[:, 4] * h
        out.append(Photograph(np.ascontiguousarray(image), xy, keypoints[..., 2], area, rows[:, 4]))
    return out


def matches(photo: Photograph, found_xy: np.ndarray) -> np.ndarray:
    """(M,) which labelled person each detection is, -1 for none; by OKS over .5."""
    owner = np.full(len(found_xy), -1)
    if len(found_xy) and len(photo.xy):
        similar = oks(photo.xy, found_xy, photo.area, COCO17.sigma_array)
        for n, m in zip(*linear_sum_assignment(-similar), strict=True):
            if similar[n, m] > 0.5:
                owner[m] = n
    return owner


def accuracy(size: int, second_look: bool, photos: list[Photograph]) -> None:
    detector = MoveNetDetector(size=size, second_look=second_look)
    looks = 2 if second_look else 1
    wanted = tall = 0
    rows, labelled, scores, errors = [], [], [], []
    for photo in photos:
        found = detector.detect([photo.image], [0])
        owner = matches(photo, found.xy)
        counts = (photo.visibility > 0).sum(1) >= 5
        is_tall = counts & (photo.height > 0.3)
        wanted, tall = wanted + counts.sum(), tall + is_tall.sum()
        for m, n in enumerate(owner):
            rows.append((found.score[m], n >= 0, n >= 0 and counts[n], n >= 0 and is_tall[n]))
            if n >= 0:
                labelled.append(photo.visibility[n] > 0)
                scores.append(found.keypoints[m, :, 2])
                errors.append((found.xy[m] - photo.xy[n]) / np.sqrt(photo.area[n]))
    table = np.array(rows, float)
    for threshold in THRESHOLDS:
        kept = table[table[:, 0] >= threshold]
        print(
            f"| {size} | {looks} | {threshold:.2f} | {kept[:, 1].mean():.2f} | {kept[:, 2].sum() / wanted:.2f} "
            f"({kept[:, 3].sum() / tall:.2f}) |"
        )
    keypoints(np.array(labelled), np.array(scores), np.array(errors), f"size {size}, looks {looks}")


def keypoints(labelled: np.ndarray, scores: np.ndarray, errors: np.ndarray, name: str) -> None:
    shift = np.nanmedian(errors, (0, 1)) * 100
    similar = np.exp(-(errors**2).sum(-1) / (2 * (2 * COCO17.sigma_array) ** 2))[labelled]
    right = f"similarity {similar.mean():.3f}, over .85 {(similar > 0.85).mean():.3f}"
    print(f"<!-- {name}: keypoints of people who were found: {right} -->")
    print(f"<!-- {name}: median offset of keypoints {shift[0]:+.2f}, {shift[1]:+.2f} % of the person's size -->")
    shares = []
    for low in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        says = scores >= low
        hit, false = says[labelled].mean(), says[~labelled].mean()
        shares.append(f"{low}: {(says == labelled).mean():.3f} (of these {hit:.2f}, else {false:.2f})")
    print("<!-- a keypoint is labelled, told by its score: " + "; ".join(shares) + " -->")


def speed(photo: Photograph) -> None:
    image = cv2.resize(photo.image, (480, 270))
    print("\n| size | looks | frames per second, 480×270 frames, median of 5 |\n|---|---|---|")
    for size in (256, 384, 512):
        for second_look in (False, True):
            detector = MoveNetDetector(size=size, second_look=second_look)
            people = len(detector.detect([image] * 8, range(8))) / 8
            times = []
            for _ in range(5):
                start = time.perf_counter()
                detector.detect([image] * 16, range(16))
                times.append(time.perf_counter() - start)
            looks = f"2 ({people:.0f} people)" if second_look else "1"
            print(f"| {size} | {looks} | {16 / statistics.median(times):.1f} |")


def main() -> int:
    if not Path(IMAGES).is_dir():
        print("needs ../shared/data/images/coco_kpt")
        return 0
    photos = photographs()
    print("| size | looks | score from | precision | recall (tall) |\n|---|---|---|---|---|")
    for size in (256, 384, 512):
        for second_look in (False, True):
            accuracy(size, second_look, photos)
    speed(photos[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
