"""COCO keypoints JSON with track ids: `images`, `annotations`, `categories`, and `videos` as video data sets have it.

Positions: integers at pixel centres, as in COCO's keypoints, offset 0. An absent keypoint is written as 0, 0, 0. The
track id stands at the annotation (PoseTrack's and MMTracking's way) and among its `attributes` (CVAT's way). What COCO
has no word for stands beside it under names of our own, which other programs pass over: `keypoint_scores`, parallel to
the keypoints, and `impose`, with source, anchor and revision of each. So every column comes back as it was.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.geometry import person_area, pose_box
from impose_widget.core.pose import BOX_MARGIN, SOURCES
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.coco_read import poses_of
from impose_widget.io.columns import skeleton_of
from impose_widget.io.replace import replacing

VERSION = 1
AREA = "0.53 times width times height of the keypoints' extent, in square pixels (no outline is known)"
BOX = "extent of the keypoints and a tenth of it on every side, cut at the image's border"


def read(path: Path) -> pd.DataFrame:
    """Read the people of one video; other programs' files too, with any of the usual spellings of a track id."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"Expected a COCO keypoints file, got {path}, which is no text ({error}).") from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"Expected a COCO keypoints file, got {path}, which is no complete JSON "
            f"(line {error.lineno}: {error.msg}); was it cut short?"
        ) from error
    except RecursionError as error:
        raise ValueError(f"Expected a COCO keypoints file, got {path}, which is nested too deeply.") from error
    return poses_of(data, str(path))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    data = coco_of(poses)
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def coco_of(poses: pd.DataFrame) -> dict[str, Any]:
    """A conforming table of poses as the dictionary that the file holds."""
    skeleton, video = skeleton_of(poses), poses.attrs.get("video") or {}
    n_frames = max(int(video.get("n_frames") or 0), int(poses["frame"].max()) + 1 if len(poses) else 0)
    return {
        "info": {
            "description": f"Poses in {video.get('name', 'a video')}",
            "version": "1.0",
            "contributor": "impose-widget",
            "area": AREA,
            "bbox": BOX,
            "impose": {
                "version": VERSION,
                "sources": list(SOURCES),
                "skeleton": skeleton.to_json(),
                "attrs": {k: poses.attrs[k] for k in ("skeleton", "video") if k in poses.attrs},
            },
        },
        "licenses": [],
        "videos": [{"id": 1, **video}],
        "images": _images(poses, video, n_frames),
        "annotations": _annotations(poses, skeleton, video),
        "categories": [
            {
                "id": 1,
                "name": "person",
                "supercategory": "person",
                "keypoints": list(skeleton.keypoints),
                "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
            }
        ],
    }


def _images(poses: pd.DataFrame, video: dict[str, Any], n_frames: int) -> list[dict[str, Any]]:
    folder = Path(str(video.get("name", "video"))).stem
    size = {k: int(video[k]) for k in ("width", "height") if k in video}
    times = poses.drop_duplicates("frame").set_index("frame")["time"].dropna()
    images = [
        {"id": f + 1, "file_name": f"{folder}/{f:06d}.jpg", **size, "video_id": 1, "frame_index": f, "frame_id": f}
        for f in range(n_frames)
    ]
    for frame, seconds in times.items():
        images[int(frame)]["time"] = float(seconds)
    return images


def _annotations(poses: pd.DataFrame, skeleton: Skeleton, video: dict[str, Any]) -> list[dict[str, Any]]:
    people = poses.groupby(["frame", "track_id"], sort=True).ngroup().to_numpy()
    n, k = (people.max() + 1 if len(people) else 0), len(skeleton)
    codes = poses["keypoint"].cat.codes.to_numpy()

    def spread(column: str, empty: float, dtype: Any) -> np.ndarray:
        out = np.full((n, k), empty, dtype)
        out[people, codes] = poses[column].to_numpy() if column != "source" else poses[column].cat.codes.to_numpy()
        return out

    x, y = spread("x", np.nan, np.float32), spread("y", np.nan, np.float32)
    visibility = spread("visibility", 0, np.int8)
    score = spread("score", np.nan, np.float32)
    source, anchor = spread("source", -1, np.int8), spread("anchor", 0, np.int8)
    revision = spread("revision", 0, np.int32)
    xy = np.stack([x, y], -1)
    areas, boxes = np.nan_to_num(person_area(xy)), np.nan_to_num(_boxes(xy, video))
    triples = np.stack([_shortest(x), _shortest(y), visibility.astype(object)], -1)
    scores, means = _shortest(score, None), _shortest(_mean(score), None)
    who = poses[["frame", "track_id"]].drop_duplicates().to_numpy()
    return [
        {
            "id": i + 1,
            "image_id": int(frame) + 1,
            "category_id": 1,
            "track_id": int(track_id),
            "attributes": {"track_id": int(track_id)},
            "keypoints": triples[i].reshape(-1).tolist(),
            "num_keypoints": int((visibility[i] > 0).sum()),
            "keypoint_scores": scores[i].tolist(),
            "score": means[i],
            "bbox": boxes[i].round(2).tolist(),
            "area": round(float(areas[i]), 2),
            "iscrowd": 0,
            "impose": {"source": source[i].tolist(), "anchor": anchor[i].tolist(), "revision": revision[i].tolist()},
        }
        for i, (frame, track_id) in enumerate(who)
    ]


def _mean(score: np.ndarray) -> np.ndarray:
    known = np.isfinite(score)
    total = np.where(known, score, 0).sum(1, dtype=np.float32)
    return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan).astype(np.float32)


def _shortest(values: np.ndarray, unknown: float | None = 0) -> np.ndarray:
    """Python numbers that print with as few digits as float32 needs; `unknown` where they are NaN."""
    flat = values.reshape(-1)
    out = flat.astype("U").astype(np.float64).astype(object)
    out[~np.isfinite(flat)] = unknown
    return out.reshape(values.shape)


def _boxes(xy: np.ndarray, video: dict[str, Any]) -> np.ndarray:
    box = pose_box(xy)
    margin = BOX_MARGIN * box[:, 2:]
    low, high = box[:, :2] - margin, box[:, :2] + box[:, 2:] + margin
    if "width" in video and "height" in video:
        border = np.array([video["width"], video["height"]]) - 0.5
        low, high = np.clip(low, -0.5, border), np.clip(high, -0.5, border)
    return np.concatenate([low, high - low], 1)
