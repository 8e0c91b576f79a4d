"""What the ID decoder learns from: who was where in a video, read from annotation files with track ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton
from impose_widget.train.data import image_root

SUFFIXES = (".parquet", ".json", ".csv")
SHORTEST = 8  # frames of a video that can be learned from


@dataclass(frozen=True, slots=True)
class TrackedVideo:
    """N people over T frames.

    Attributes:
        name: of the file, and of the video in it.
        keypoints: (T, N, K, 3) float32 x, y in pixels and COCO's visibility; NaN, NaN, 0 where not known.
        size: width and height of the image.
        files: the image of each frame that has one.
        looks: (T, N, K, C) float16 features of the image at keypoints, NaN where there is none; C is 0 without any.
    """

    name: str
    keypoints: np.ndarray
    size: tuple[float, float]
    files: Mapping[int, Path] = field(default_factory=dict)
    looks: np.ndarray | None = None

    @property
    def present(self) -> np.ndarray:
        """(T, N) bool: enough of the person is known to tell where they are."""
        return (self.keypoints[..., 2] > 0).sum(-1) >= min(4, self.keypoints.shape[2])


def read_tracked(
    source: Path, skeleton: Skeleton, pixels: bool = False, images: Path | None = None
) -> list[TrackedVideo]:
    """The videos of an annotation file, or of all in a folder (searched through; `poses.parquet` before JSON).

    Args:
        source: the file or folder.
        skeleton: whose keypoints to take, by name.
        pixels: whether to look for the images that JSON files name (JSON before `poses.parquet` then).
        images: what those names are relative to; None to find out: beside the file or one or two folders up.

    Raises:
        FileNotFoundError: there is no such file or folder, or no such image.
        ValueError: nothing in it has people with keypoints and track ids over some frames.
    """
    if not source.exists():
        raise FileNotFoundError(f"Expected annotations, got {source}, which does not exist.")
    videos = [v for file in _files(source, pixels) for v in _videos_of(file, skeleton, pixels, images)]
    if not videos:
        raise ValueError(
            f"Expected videos of {SHORTEST} frames or more with keypoints and track ids in {source}, got none."
        )
    return videos


def _files(source: Path, pixels: bool) -> list[Path]:
    if source.is_file():
        return [source]
    found = sorted(p for p in source.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    first = ".json" if pixels else ".parquet"
    firsts = {p.parent for p in found if p.suffix == first}  # `render` writes the same people twice
    return [p for p in found if p.suffix == first or p.parent not in firsts]


def _videos_of(file: Path, skeleton: Skeleton, pixels: bool, images: Path | None) -> list[TrackedVideo]:
    from impose_widget.io import read

    poses = read(file)
    names = poses["video"] if "video" in poses else pd.Series("", index=poses.index)
    facts = poses.attrs.get("video") or {}
    out = []
    for name, rows in poses.groupby(names, sort=True):
        video = _video(f"{file.parent.name}/{file.name} {name}".strip(), rows, skeleton, facts)
        if video is not None:
            begin = int(rows["frame"][rows["visibility"] > 0].min())
            named = _images(file, poses, images) if pixels else {}
            out.append(dataclasses.replace(video, files={f - begin: p for f, p in named.items() if f >= begin}))
    return out


def _images(file: Path, poses: pd.DataFrame, images: Path | None) -> dict[int, Path]:
    """Frame -> the image that a JSON file names for it."""
    from impose_widget.io.extras import rows_of

    named = {int(frame): str(name) for frame, name, *_ in rows_of(poses.attrs, "images") if name}
    if file.suffix != ".json" or not named:
        return {}
    root = image_root(file, images, next(iter(named.values())))
    return {frame: root / name for frame, name in named.items()}


def _video(name: str, rows: pd.DataFrame, skeleton: Skeleton, facts: dict) -> TrackedVideo | None:
    column = {k: i for i, k in enumerate(skeleton.keypoints)}
    place = rows["keypoint"].astype(str).map(column)
    rows = rows[(place >= 0) & np.isfinite(rows["x"]) & np.isfinite(rows["y"]) & (rows["visibility"] > 0)]
    if rows.empty:
        return None
    frames = rows["frame"].to_numpy() - rows["frame"].min()
    people, person = np.unique(rows["track_id"].to_numpy(), return_inverse=True)
    if frames.max() + 1 < SHORTEST or len(people) == rows.groupby(["track_id", "frame"]).ngroups:
        return None
    keypoints = np.full((int(frames.max()) + 1, len(people), len(skeleton), 3), np.nan, np.float32)
    keypoints[..., 2] = 0
    values = rows[["x", "y", "visibility"]].to_numpy(np.float32)
    keypoints[frames, person, rows["keypoint"].astype(str).map(column).to_numpy(int)] = values
    width = facts.get("width") or float(np.nanmax(keypoints[..., 0])) + 1
    height = facts.get("height") or float(np.nanmax(keypoints[..., 1])) + 1
    return TrackedVideo(name, keypoints, (float(width), float(height)))
