"""Photographs with hand-made keypoints, as COCO files: what `tiny` is trained and judged on.

Needs ../shared/data/images. People of the test files are in no training file. `python -m tests.bench.photographs OUT`
writes coco_train.json, coco_test.json, lspet_train.json and lspet_test.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from impose_widget.core.skeleton import COCO17
from tests.shared import SHARED

IMAGES = SHARED / "data" / "images"
LSPET = (
    "right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow right_shoulder "
    "left_shoulder left_elbow left_wrist neck head_top"
).split()
LSPET_TEST = 5  # every fifth photograph


def coco() -> list[tuple[str, int, int, list[dict]]]:
    """file, width, height, people of every photograph from COCO."""
    out = []
    for file in sorted((IMAGES / "coco_kpt" / "images").glob("*.jpg")):
        h, w = cv2.imread(str(file)).shape[:2]
        rows = np.loadtxt(IMAGES / "coco_kpt" / "labels" / f"{file.stem}.txt", ndmin=2)
        people = []
        for row in rows:
            pose = row[5:].reshape(17, 3)
            pose[:, :2] = np.where(pose[:, 2:] > 0, pose[:, :2] * (w, h), 0)
            cx, cy, bw, bh = row[1:5] * (w, h, w, h)
            people.append({"bbox": [cx - bw / 2, cy - bh / 2, bw, bh], "keypoints": pose.ravel().round(2).tolist()})
        out.append((str(file), w, h, people))
    return out


def lspet() -> list[tuple[str, int, int, list[dict]]]:
    """The same of the Leeds Sports Poses (extended): one person each, without nose, eyes and ears."""
    held = np.load(IMAGES / "lspet" / "joints.npz")
    out = []
    for number, joints in zip(held["index"], held["joints"], strict=True):
        file = IMAGES / "lspet" / f"im{number:05d}.jpg"
        h, w = cv2.imread(str(file)).shape[:2]
        pose = np.zeros((17, 3))
        for name, (x, y, seen) in zip(LSPET, joints, strict=True):
            if name in COCO17.keypoints and seen > 0 and 0 <= x <= w and 0 <= y <= h:
                pose[COCO17.keypoints.index(name)] = x - 0.5, y - 0.5, 2
        everything = joints[joints[:, 2] > 0, :2]
        if (pose[:, 2] > 0).sum() < 6:
            continue
        low, high = everything.min(0), everything.max(0)
        margin = 0.08 * (high - low).max()
        low, high = np.maximum(low - margin, 0), np.minimum(high + margin, (w, h))
        box = [*low.tolist(), *(high - low).tolist()]
        out.append((str(file), w, h, [{"bbox": box, "keypoints": pose.ravel().round(2).tolist()}]))
    return out


def as_coco(photographs: list) -> dict:
    """A COCO keypoints file."""
    images, annotations = [], []
    for i, (file, w, h, people) in enumerate(photographs):
        images.append({"id": i, "file_name": file, "width": w, "height": h})
        for person in people:
            area = 0.53 * person["bbox"][2] * person["bbox"][3]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": i, "category_id": 1, "iscrowd": 0, "area": area} | person
            )
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.keypoints)}
    return {"images": images, "annotations": annotations, "categories": [category]}


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, photographs, every in (("coco", coco(), 2), ("lspet", lspet(), LSPET_TEST)):
        test = photographs[::every]
        train = [p for p in photographs if p not in test]
        for part, which in (("train", train), ("test", test)):
            path = out / f"{name}_{part}.json"
            path.write_text(json.dumps(as_coco(which)))
            print(f"{path}: {len(which)} photographs, {sum(len(p[3]) for p in which)} people")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
