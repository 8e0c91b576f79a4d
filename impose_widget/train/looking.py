"""What people of annotated videos look like: features of the image at their keypoints, made once and kept."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from impose_widget.detect import Describer
from impose_widget.tracking.looks import PARTS, pooled
from impose_widget.train.tracked import TrackedVideo


def with_looks(
    videos: Sequence[TrackedVideo], describer: Describer, folder: Path, show: bool = True
) -> list[TrackedVideo]:
    """The same videos with features of everybody in the frames that have an image.

    Args:
        videos: as read with their images.
        describer: makes the features.
        folder: where they are kept, one file a video, for the next time.
        show: whether to show a bar.

    Raises:
        ValueError: no video has an image, or an image cannot be read.
    """
    if not any(v.files for v in videos):
        raise ValueError(
            "Expected PoseTrack or COCO JSON that names its images, got none (files that this package exported do not "
            "say which image a frame is); leave out --features."
        )
    folder.mkdir(parents=True, exist_ok=True)
    bar = tqdm(videos, desc="features", unit="videos", disable=not show)
    found = [_looks(v, describer, folder) if v.files else None for v in bar]
    channels = next(f.shape[-1] for f in found if f is not None)
    blank = [np.full((*v.keypoints.shape[:3], channels), np.nan, np.float16) if f is None else f
             for v, f in zip(videos, found, strict=True)]  # fmt: skip
    return [dataclasses.replace(v, looks=b) for v, b in zip(videos, blank, strict=True)]


def _looks(video: TrackedVideo, describer: Describer, folder: Path) -> np.ndarray:
    facts = repr([video.name, sorted(map(str, video.files.values()))]).encode() + video.keypoints.tobytes()
    path = folder / f"{hashlib.blake2b(facts, digest_size=8).hexdigest()}.npy"
    if path.is_file():
        return np.load(path)
    out: np.ndarray | None = None
    for frame, file in sorted(video.files.items()):
        if frame >= len(video.keypoints):
            continue
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"Expected an image, got {file}, which is not there or cannot be read as one.")
        seen = describer.describe(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), video.keypoints[frame, ..., :2])
        if out is None:
            out = np.full((*video.keypoints.shape[:3], seen.shape[-1]), np.nan, np.float16)
        out[frame] = seen
    partial = path.with_suffix(".partial.npy")
    np.save(partial, out)
    partial.replace(path)
    return out


def features_of(videos: Sequence[TrackedVideo]) -> int:
    """How many features a person of these videos, all of them with looks, has (F)."""
    return len(PARTS) * videos[0].looks.shape[-1]


def spread_of(videos: Sequence[TrackedVideo]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (F,) over people of what they look like, without the parts that are not seen."""
    rows = [pooled(v.looks[seen], v.keypoints[seen][..., 2] > 0) for v in videos for seen in [v.present]]
    features = np.concatenate(rows)
    known = features != 0
    count = np.maximum(known.sum(0), 1)
    mean = features.sum(0) / count
    spread = np.sqrt((np.where(known, features - mean, 0) ** 2).sum(0) / count)
    return mean, np.maximum(spread, 1e-3)
