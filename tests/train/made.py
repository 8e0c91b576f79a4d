"""A made data set: a person of coloured dots on a grey wall, so plain that a network learns it by heart in a minute."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from impose_widget.core.skeleton import COCO17

LAYOUT = np.array(
    [
        (0.5, 0.1), (0.54, 0.08), (0.46, 0.08), (0.58, 0.1), (0.42, 0.1), (0.65, 0.25), (0.35, 0.25), (0.72, 0.42),
        (0.28, 0.42), (0.75, 0.55), (0.25, 0.55), (0.6, 0.55), (0.4, 0.55), (0.61, 0.75), (0.39, 0.75), (0.62, 0.95),
        (0.38, 0.95),
    ]
)  # fmt: skip
"""A standing person of COCO's 17 keypoints in the unit square."""


def person(rng: np.random.Generator, width: int, height: int, spread: float = 0.02) -> np.ndarray:
    """(17, 3): somebody somewhere in the image, wobbling a little."""
    h = rng.uniform(0.6, 0.9) * height
    w = 0.6 * h
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    at = LAYOUT + rng.normal(0, spread, LAYOUT.shape)
    return np.column_stack([x + at[:, 0] * w, y + at[:, 1] * h, np.full(17, 2)])


def picture(people: list[np.ndarray], width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8."""
    image = np.full((height, width, 3), 120, np.uint8)
    for pose in people:
        for k, (x, y, _) in enumerate(pose):
            colour = tuple(int(c) for c in cv2.applyColorMap(np.uint8([[k * 15]]), cv2.COLORMAP_HSV)[0, 0])
            cv2.circle(image, (round(x * 16), round(y * 16)), 16 * max(height // 30, 2), colour, -1, cv2.LINE_AA, 4)
    return image


def annotation(number: int, image: int, pose: np.ndarray, **more: object) -> dict:
    """As COCO has it."""
    low, high = pose[:, :2].min(0), pose[:, :2].max(0)
    box = [*(low - 2).tolist(), *(high - low + 4).tolist()]
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "bbox": box,
        "area": box[2] * box[3] * 0.53,
        "iscrowd": 0,
        "keypoints": pose.ravel().tolist(),
    } | more


def coco(folder: Path, images: int = 4, people: int = 1, width: int = 96, height: int = 96, seed: int = 0) -> Path:
    """A COCO file with its images beside it."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    entries, annotations = [], []
    for i in range(images):
        poses = [person(rng, width, height) for _ in range(people)]
        cv2.imwrite(str(folder / "images" / f"{i}.png"), picture(poses, width, height)[..., ::-1])
        entries.append({"id": i, "file_name": f"{i}.png", "width": width, "height": height})
        annotations += [annotation(len(annotations) + j, i, p) for j, p in enumerate(poses)]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO17.keypoints)}]
    path = folder / "people.json"
    path.write_text(json.dumps({"images": entries, "annotations": annotations, "categories": categories}))
    return path


def walking(folder: Path, frames: int, heights: tuple[int, ...] = (70, 84), width: int = 160, height: int = 96) -> Path:
    """A PoseTrack file of one video: somebody of each height goes to the right, a pixel a frame, and swings an arm."""
    (folder / "images").mkdir(parents=True)
    entries, annotations = [], []
    for t in range(frames):
        poses = []
        for i, h in enumerate(heights):
            at = LAYOUT * (0.6 * h, h) + (10 + 60 * i + t, 4)
            at[9] += (0, 8 * np.sin(t / 4))
            poses.append(np.column_stack([at, np.full(17, 2)]))
        cv2.imwrite(str(folder / "images" / f"{t}.png"), picture(poses, width, height)[..., ::-1])
        facts = {"width": width, "height": height, "vid_id": "one", "frame_id": t}
        entries.append({"id": t, "file_name": f"{t}.png"} | facts)
        annotations += [annotation(len(annotations) + i, t, p, track_id=i) for i, p in enumerate(poses)]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO17.keypoints)}]
    path = folder / "walking.json"
    path.write_text(json.dumps({"images": entries, "annotations": annotations, "categories": categories}))
    return path
