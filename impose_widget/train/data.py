"""What the network learns from: annotation files in the layouts of COCO and PoseTrack, as clips of frames.

COCO keypoints, PoseTrack18, PoseTrack21 and what `impose-widget render` writes are one layout with different keypoints;
keypoints are taken by name, and what a file does not know is unlabelled.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import Skeleton

BOX_MARGIN = 0.1  # of the tight box of keypoints, where a person has no box


@dataclass(frozen=True, slots=True)
class People:
    """Who is in a frame, in its pixels.

    Attributes:
        keypoints: (N, K, 3) float32: x, y (integers at pixel centres) and COCO's visibility; 0: not labelled.
        boxes: (N, 4) float32 x, y, width, height, edges continuous (a pixel reaches from -0.5 to 0.5).
        crowds: (M, 4) regions of people who are not labelled one by one.
        complete: whether everybody else is labelled; if not, an unlabelled place says nothing.
        track_ids: who each is in the video (N,); -1 where the file does not say. None: for nobody.
    """

    keypoints: np.ndarray
    boxes: np.ndarray
    crowds: np.ndarray
    complete: bool = True
    track_ids: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One image and who is in it."""

    path: Path
    people: People

    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB.

        Raises:
            FileNotFoundError, ValueError: there is no such file, or it is no image.
        """
        if not self.path.is_file():
            raise FileNotFoundError(
                f"Expected the image {self.path}, which an annotation names and which is not there."
            )
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"Expected an image, got {self.path}, which cannot be read as one.")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


Video = tuple[Frame, ...]
"""Frames of one video in order; a photograph is a video of one frame."""


def read_videos(annotations: Path, images: Path | None, skeleton: Skeleton, complete: bool = True) -> list[Video]:
    """The videos of an annotation file, or of all in a folder.

    Args:
        annotations: a JSON file, or a folder of them (searched through).
        images: what file names are relative to; None to find out: beside the file or one or two folders up.
        skeleton: whose keypoints to take, by name.
        complete: whether everybody in a frame is labelled.

    Raises:
        FileNotFoundError: there is no such file or folder, or an image that it names is missing.
        ValueError: it is no such file, or knows none of the keypoints.
    """
    if not annotations.exists():
        raise FileNotFoundError(f"Expected annotations, got {annotations}, which does not exist.")
    files = sorted(annotations.rglob("*.json")) if annotations.is_dir() else [annotations]
    videos = [v for file in files for v in _videos_of(file, images, skeleton, complete)]
    if not videos:
        raise ValueError(f"Expected people with keypoints in {annotations}, got none; name a COCO or PoseTrack JSON.")
    return videos


def _videos_of(file: Path, images: Path | None, skeleton: Skeleton, complete: bool) -> list[Video]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        order = _columns(data, skeleton, file)
        people = defaultdict(list)
        for annotation in data["annotations"]:
            people[annotation["image_id"]].append(annotation)
        entries = [e for e in data["images"] if e.get("is_labeled", True)]
        root = image_root(file, images, entries[0]["file_name"]) if entries else file.parent
        frames = defaultdict(list)
        for entry in entries:
            frame = Frame(root / entry["file_name"], _people(people[entry["id"]], order, complete))
            key = entry.get("vid_id", entry.get("video_id", ("image", entry["id"])))
            frames[str(key)].append((entry.get("frame_id", entry["id"]), frame))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"Expected COCO or PoseTrack annotations in {file}, got something else ({error!r})."
        ) from error
    videos = [tuple(f for _, f in sorted(v, key=lambda pair: pair[0])) for v in frames.values()]
    return [v for v in videos if any(len(f.people.keypoints) for f in v)]


def _columns(data: dict[str, Any], skeleton: Skeleton, file: Path) -> list[int]:
    """For each keypoint of the skeleton its place in the file, -1 if it is not there."""
    for category in data["categories"]:
        names = category.get("keypoints")
        if names:
            order = [names.index(k) if k in names else -1 for k in skeleton.keypoints]
            if max(order) >= 0:
                return order
    raise ValueError(f"Expected keypoints of {skeleton.name} in {file}, got none of that name.")


def image_root(file: Path, images: Path | None, first: str) -> Path:
    """The folder that the names of images in a file are relative to, told by the first of them.

    Raises:
        FileNotFoundError: that image is nowhere.
    """
    places = [images] if images is not None else [file.parent, *list(file.parents)[1:3]]
    for place in places:
        for root in (place, place / "images"):
            if (root / first).is_file():
                return root
    raise FileNotFoundError(
        f"Expected the image {first} of {file.name} in {' or '.join(map(str, places))}, where it is not; give the "
        "folder of the images."
    )


def _people(annotations: list[dict[str, Any]], order: list[int], complete: bool) -> People:
    keypoints, boxes, crowds, track_ids = [], [], [], []
    for a in annotations:
        flat = np.asarray(a.get("keypoints", ()), np.float32).reshape(-1, 3)
        pose = np.zeros((len(order), 3), np.float32)
        for k, column in enumerate(order):
            if 0 <= column < len(flat):
                pose[k] = flat[column]
        pose[pose[:, 2] <= 0] = 0
        box = _box(a.get("bbox"), pose)
        if a.get("iscrowd") or not (pose[:, 2] > 0).any():
            if box is not None:
                crowds.append(box)
        elif box is not None:
            keypoints.append(pose)
            boxes.append(box)
            track_ids.append(a.get("track_id", -1))
    return People(
        np.array(keypoints, np.float32).reshape(-1, len(order), 3),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(crowds, np.float32).reshape(-1, 4),
        complete,
        np.array(track_ids, np.int64),
    )


def _box(given: Any, pose: np.ndarray) -> np.ndarray | None:
    """COCO's box, whose origin is the corner of the first pixel, as ours; or one around the keypoints."""
    if given is not None and len(given) == 4 and given[2] > 1 and given[3] > 1:
        return np.float32([given[0] - 0.5, given[1] - 0.5, given[2], given[3]])
    tight = pose_box(np.where(pose[:, 2:] > 0, pose[:, :2], np.nan))
    if not np.isfinite(tight).all():
        return None
    margin = BOX_MARGIN * tight[2:].max() + 1
    return np.concatenate([tight[:2] - margin, tight[2:] + 2 * margin]).astype(np.float32)


def clip_frames(length: int, n: int, interval: int, rng: np.random.Generator) -> np.ndarray:
    """Which frames (T,) of a video of `length` make a clip: n of them, `interval` apart or as far as the video lets.

    A video with fewer than n frames gives the ones that it has, and its last one again.
    """
    if length <= n:
        return np.minimum(np.arange(n), length - 1)
    step = max(min(interval, (length - 1) // max(n - 1, 1)), 1)
    first = int(rng.integers(0, length - step * (n - 1)))
    return first + step * np.arange(n)
