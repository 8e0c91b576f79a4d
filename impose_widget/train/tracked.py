"""What the ID decoder learns from: who was where in a video, read from annotation files with track ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton

SUFFIXES = (".parquet", ".json", ".csv")
SHORTEST = 8  # frames of a video that can be learned from


@dataclass(frozen=True, slots=True)
class TrackedVideo:
    """N people over T frames.

    Attributes:
        name: of the file, and of the video in it.
        keypoints: (T, N, K, 3) float32 x, y in pixels and COCO's visibility; NaN, NaN, 0 where not known.
        size: width and height of the image.
    """

    name: str
    keypoints: np.ndarray
    size: tuple[float, float]

    @property
    def present(self) -> np.ndarray:
        """(T, N) bool: enough of the person is known to tell where they are."""
        return (self.keypoints[..., 2] > 0).sum(-1) >= min(4, self.keypoints.shape[2])


def read_tracked(source: Path, skeleton: Skeleton) -> list[TrackedVideo]:
    """The videos of an annotation file, or of all in a folder (searched through; `poses.parquet` before JSON).

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: nothing in it has people with keypoints and track ids over some frames.
    """
    if not source.exists():
        raise FileNotFoundError(f"Expected annotations, got {source}, which does not exist.")
    videos = [v for file in _files(source) for v in _videos_of(file, skeleton)]
    if not videos:
        raise ValueError(
            f"Expected videos of {SHORTEST} frames or more with keypoints and track ids in {source}, got none."
        )
    return videos


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = sorted(p for p in source.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    tables = {p.parent for p in found if p.suffix == ".parquet"}  # `render` writes the same people twice
    return [p for p in found if p.suffix == ".parquet" or p.parent not in tables]


def _videos_of(file: Path, skeleton: Skeleton) -> list[TrackedVideo]:
    from impose_widget.io import read

    poses = read(file)
    names = poses["video"] if "video" in poses else pd.Series("", index=poses.index)
    facts = poses.attrs.get("video") or {}
    out = []
    for name, rows in poses.groupby(names, sort=True):
        video = _video(f"{file.parent.name}/{file.name} {name}".strip(), rows, skeleton, facts)
        if video is not None:
            out.append(video)
    return out


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
