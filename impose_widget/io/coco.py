"""COCO keypoints JSON with track ids: `images`, `annotations`, `categories`, and `videos` as video data sets have it.

Positions: integers at pixel centres, as in COCO's keypoints, offset 0. The track id stands at the annotation
(PoseTrack's and MMTracking's way) and among its `attributes` (CVAT's way). Everything else comes back as it was, too:
see `coco_write` for the words. A crowd (`iscrowd`) of another program is read as an ignore region.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from impose_widget.io.coco_read import poses_of
from impose_widget.io.coco_write import (
    annotations,
    category,
    dump,
    frame_times,
    frames_of,
    info,
    region_fields,
    regions_by_frame,
    size_of,
)
from impose_widget.io.columns import skeleton_of
from impose_widget.io.extras import rows_of
from impose_widget.io.format import Format
from impose_widget.io.people import gather
from impose_widget.io.source import Source

FORMAT = Format(
    "coco",
    (".json",),
    "COCO keypoints JSON with track ids: what training code, evaluation and most annotators read.",
)


def sniff(source: Source) -> bool:
    """Whether it has images and annotations."""
    data = source.json_or_none
    return isinstance(data, dict) and {"images", "annotations"} <= set(data)


def read(source: Source) -> pd.DataFrame:
    """Read the people of one video; other programs' files too, with any of the usual spellings of a track id."""
    return poses_of(source.take_json(), str(source), source.video)


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    skeleton, attrs, people = skeleton_of(poses), poses.attrs, gather(poses)
    ids = {int(f): i for f, _, i, _ in rows_of(attrs, "images") if i is not None}
    frames = frames_of(people, attrs)
    if set(ids.values()) & {f + 1 for f in frames if f not in ids}:
        ids = {}  # numbers of ours would meet theirs
    dump(
        path,
        {
            "info": info(skeleton, attrs),
            "licenses": [],
            "videos": [{"id": 1, **(attrs.get("video") or {})}],
            "images": _images(poses, attrs, frames, ids),
            "annotations": annotations(people, attrs, ids),
            "categories": [category(skeleton)],
        },
    )


def _images(
    poses: pd.DataFrame, attrs: dict[str, Any], frames: list[int], ids: dict[int, Any]
) -> Iterator[dict[str, Any]]:
    folder = Path(str((attrs.get("video") or {}).get("name", "video"))).stem
    files = {int(f): (file, labelled) for f, file, _, labelled in rows_of(attrs, "images")}
    regions, times, size = regions_by_frame(attrs), frame_times(poses), size_of(attrs)
    for frame in frames:
        file, labelled = files.get(frame, (None, None))
        image = {
            "id": ids.get(frame, frame + 1),
            "file_name": file or f"{folder}/{frame:06d}.jpg",
            **size,
            "video_id": 1,
            "frame_index": frame,
            "frame_id": frame,
        }
        if labelled is not None:
            image["is_labeled"] = bool(labelled)
        if frame in regions:
            image |= region_fields(regions[frame])
        if frame in times:
            image["time"] = times[frame]
        yield image
