"""The writing side of COCO keypoints JSON and of the formats that grew out of it: images and annotations, one by one.

Positions: integers at pixel centres, as in COCO's keypoints, offset 0. An absent keypoint is written as 0, 0, 0. What
COCO has no word for stands beside it under names of our own, which other programs pass over: `keypoint_scores`,
parallel to the keypoints, and `impose`, with source, anchor and revision of each, and which boxes were stated by
somebody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core.geometry import person_area, pose_box
from impose_widget.core.pose import BOX_MARGIN, SOURCES
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.extras import rows_of
from impose_widget.io.numbers import lists, texts
from impose_widget.io.people import People
from impose_widget.io.replace import replacing

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
AREA = "0.53 times width times height of the keypoints' extent, in square pixels (no outline is known)"
BOX = "as stated, else the extent of the keypoints and a tenth of it on every side, cut at the image's border"
BLOCK = 2000  # annotations turned into text at a time


class Json(str):
    """Text that is JSON already; long lists of numbers are printed many at a time."""


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@cache
def _name(key: str) -> str:
    return _encode(key) + ":"


def encode(value: Any) -> str:
    """A value as JSON, in which dictionaries (with names as keys) may hold `Json`."""
    kind = type(value)
    if kind is Json:
        return value
    if kind is int:
        return str(value)
    if kind is dict:
        return "{" + ",".join([_name(k) + encode(v) for k, v in value.items()]) + "}"
    return _encode(value)


def dump(path: Path, parts: dict[str, Any]) -> None:
    """Write a JSON object whose lists may be generators, without holding their text in memory."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for i, (name, value) in enumerate(parts.items()):
            file.write(("," if i else "{") + encode(name) + ":")
            if isinstance(value, Iterator):
                file.write("[")
                for n, item in enumerate(value):
                    file.write(("," if n else "") + encode(item))
                file.write("]")
            else:
                file.write(encode(value))
        file.write("}")


MANY = 1_000_000  # frames; of longer videos only those in which there is something are listed


def frames_of(people: People, attrs: dict[str, Any]) -> list[int]:
    """The frames of the video, as far as is known, ascending."""
    stated = int((attrs.get("video") or {}).get("n_frames") or 0)
    images = max((int(f) for f, *_ in rows_of(attrs, "images")), default=-1)
    regions = max((int(f) for f, _ in rows_of(attrs, "regions")), default=-1)
    n = max(stated, images + 1, regions + 1, int(people.frame.max()) + 1 if len(people) else 0)
    if n <= MANY:
        return list(range(n))
    named = {int(row[0]) for part in ("images", "regions") for row in rows_of(attrs, part)}
    return sorted(named | set(people.frame.tolist()))


def frame_times(poses: pd.DataFrame) -> dict[int, float]:
    """Frame → seconds, where they are known."""
    times = poses.drop_duplicates("frame").set_index("frame")["time"].dropna()
    return {int(f): float(t) for f, t in times.items()}


def regions_by_frame(attrs: dict[str, Any]) -> dict[int, list[list[float]]]:
    """Frame → ignore regions, polygons [x0, y0, x1, y1, …]."""
    out: dict[int, list[list[float]]] = {}
    for frame, polygon in rows_of(attrs, "regions"):
        out.setdefault(int(frame), []).append([float(v) for v in polygon])
    return out


def region_fields(polygons: list[list[float]]) -> dict[str, Any]:
    """PoseTrack's spelling of ignore regions."""
    return {"ignore_regions_x": [p[0::2] for p in polygons], "ignore_regions_y": [p[1::2] for p in polygons]}


def size_of(attrs: dict[str, Any]) -> dict[str, int]:
    """Width and height of the images, where they are known."""
    video = attrs.get("video") or {}
    return {k: int(video[k]) for k in ("width", "height") if video.get(k) is not None}


def category(skeleton: Skeleton) -> dict[str, Any]:
    """The category `person`, with 1-based edges."""
    return {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(skeleton.keypoints),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
    }


def person_facts(attrs: dict[str, Any]) -> dict[int, tuple[str | None, Any]]:
    """Track id → name, person_id."""
    return {int(i): (name, person_id) for i, name, person_id in rows_of(attrs, "people")}


def annotations(people: People, attrs: dict[str, Any], image_ids: dict[int, Any] | None) -> Iterator[dict[str, Any]]:
    """One annotation a person and frame, in COCO's words and ours. `image_ids`: of frames, where not frame + 1."""
    facts = person_facts(attrs)
    for start in range(0, len(people), BLOCK):
        yield from _block(people, slice(start, start + BLOCK), start, attrs, facts, image_ids or {})


def _block(
    people: People, at: slice, start: int, attrs: dict[str, Any], facts: dict, image_ids: dict[int, Any]
) -> Iterable[dict[str, Any]]:
    text = _texts(people, at, boxes_for(people, at, attrs))
    stated, head = np.isfinite(people.box[at]).all(1), np.isfinite(people.head_box[at]).all(1)
    scored = np.isfinite(people.box_score[at])
    numbers = (people.visibility[at] > 0).sum(1).tolist()
    for i, (frame, track_id) in enumerate(zip(people.frame[at].tolist(), people.track_id[at].tolist(), strict=True)):
        name, person_id = facts.get(track_id, (None, None))
        yield {
            "id": start + i + 1,
            "image_id": image_ids.get(frame, frame + 1),
            "category_id": 1,
            "track_id": track_id,
            **({} if person_id is None else {"person_id": person_id}),
            "attributes": {"track_id": track_id, **({} if name is None else {"name": name})},
            "keypoints": text["keypoints"][i],
            "num_keypoints": numbers[i],
            "keypoint_scores": text["scores"][i],
            "score": text["mean_score"][i],
            "bbox": text["box" if stated[i] else "derived_box"][i],
            **({"bbox_head": text["head_box"][i]} if head[i] else {}),
            "area": text["area"][i],
            "iscrowd": 0,
            "impose": {
                "source": text["source"][i],
                "anchor": text["anchor"][i],
                "revision": text["revision"][i],
                "box": int(stated[i]),
                **({"box_score": text["box_score"][i]} if scored[i] else {}),
            },
        }


def _texts(people: People, at: slice, boxes: np.ndarray) -> dict[str, list[Json]]:
    """The numbers of some people as JSON; `boxes` (n, 4) of each, stated or not."""
    xy, n = people.xy[at], len(boxes)
    area = np.nan_to_num(person_area(xy))
    area = np.where(area > 0, area, np.nan_to_num(boxes[:, 2] * boxes[:, 3])).round(2)
    many = {
        "keypoints": _triples(xy, people.visibility[at]),
        "scores": texts(people.score[at]),
        "box": texts(people.box[at]),
        "derived_box": texts(np.nan_to_num(boxes).round(2)),
        "head_box": texts(people.head_box[at]),
        "source": texts(np.where(people.written[at], people.source[at], -1)),
        "anchor": texts(people.anchor[at].astype(np.int8)),
        "revision": texts(people.revision[at]),
    }
    single = {"area": area, "mean_score": people.mean_score(at), "box_score": people.box_score[at]}
    out = {name: lists(numbers, n) for name, numbers in many.items()}
    out |= {name: texts(numbers).to_pylist() for name, numbers in single.items()}
    return {name: list(map(Json, text)) for name, text in out.items()}


def _triples(xy: np.ndarray, visibility: np.ndarray) -> pa.StringArray:
    """x, y and visibility of one keypoint after the other."""
    import pyarrow as pa

    n = visibility.size
    parts = pa.chunked_array([texts(xy[..., 0], "0"), texts(xy[..., 1], "0"), texts(visibility)])
    order = np.arange(3 * n).reshape(3, n).T.reshape(-1)
    return parts.combine_chunks().take(pa.array(order))


def boxes_for(people: People, at: slice, attrs: dict[str, Any]) -> np.ndarray:
    """(n, 4) the stated box of each person, else the extent of the keypoints with a margin, within the image."""
    box = pose_box(people.xy[at])
    margin = BOX_MARGIN * box[:, 2:]
    low, high = box[:, :2] - margin, box[:, :2] + box[:, 2:] + margin
    size = size_of(attrs)
    if len(size) == 2:
        border = np.array([size["width"], size["height"]]) - 0.5
        low, high = np.clip(low, -0.5, border), np.clip(high, -0.5, border)
    derived = np.concatenate([low, high - low], 1)
    stated = people.box[at]
    return np.where(np.isfinite(stated).all(1, keepdims=True), stated, derived)


def info(skeleton: Skeleton, attrs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Where the file comes from and how its numbers were made; `impose` is what only we read."""
    name = (attrs.get("video") or {}).get("name", "a video")
    kept = {k: attrs[k] for k in ("skeleton", "video", "regions", "people", "images") if attrs.get(k)}
    ours = {"version": VERSION, "sources": list(SOURCES), "skeleton": skeleton.to_json(), "attrs": kept}
    return {
        "description": f"Poses in {name}",
        "version": "1.0",
        "contributor": "impose-widget",
        "area": AREA,
        "bbox": BOX,
        **more,
        "impose": ours,
    }
