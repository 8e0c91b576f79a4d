"""AlphaPose's result JSON, which is also that of COCO's keypoint results: a flat list, one entry a person and picture.

`image_id` is a file's name, `keypoints` x, y, score of each, `idx` the identity where people were tracked, `box` x,
y, width, height. Positions: pixels as OpenCV has them, offset 0. A keypoint with all three 0 is absent. Which
keypoints they are follows from their number: 17 COCO, 26 Halpe, 133 COCO-WholeBody, 136 Halpe full body.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.mapping import map_keypoints
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.core.skeletons import HALPE26, HALPE136, WHOLEBODY133
from impose_widget.io.extras import attrs_of, facts_of, frame_files
from impose_widget.io.format import LEFT_OUT, NO_FACTS, SCORE_ONE, VISIBLE_ONLY, Format
from impose_widget.io.numbers import frames_of_names, shortest, trailing_number
from impose_widget.io.people import People, box_rows, gather, see, table_of
from impose_widget.io.replace import replacing
from impose_widget.io.slots import in_slots
from impose_widget.io.source import Source, brief, numbers_of, whole_of

BY_NUMBER = {len(s): s for s in (COCO17, HALPE26, WHOLEBODY133, HALPE136)}


def slots(names: tuple[str, ...]) -> tuple[str, ...]:
    """The smallest of AlphaPose's sets of keypoints that has a place for most of the names."""
    places = {n: int((map_keypoints(names, s.keypoints) >= 0).sum()) for n, s in BY_NUMBER.items()}
    best = max(places.values())
    return BY_NUMBER[min(n for n in places if places[n] == best)].keypoints


FORMAT = Format(
    "alphapose",
    (".json",),
    "AlphaPose's results (and COCO's keypoint results): a list of people with scores, tracked or not.",
    NO_FACTS
    | VISIBLE_ONLY
    | SCORE_ONE
    | {
        "head_boxes": LEFT_OUT,
        "nobody": LEFT_OUT,
        "images": "kept if the numbers in them are the frames",
    }
    | dict.fromkeys(("time", "skeleton", "video", "regions", "people"), LEFT_OUT),
    slots=slots,
)


def sniff(source: Source) -> bool:
    """Whether it is a list of people in pictures."""
    data = source.json_or_none
    first = data[0] if isinstance(data, list) and data else None
    return isinstance(first, dict) and "image_id" in first and "keypoints" in first


def read(source: Source) -> pd.DataFrame:
    """Read the people of one video; without `idx` everyone gets an identity of their own in each picture."""
    data = source.json
    if not isinstance(data, list) or not all(isinstance(p, dict) for p in data):
        raise ValueError(f"Expected a list of people in pictures, got {brief(data)} in {source}.")
    what = str(source)
    try:
        k = len(data[0]["keypoints"]) // 3 if data else len(COCO17)
        people = People.nobody(len(data), k)
        triples = np.array([numbers_of(p["keypoints"], 3 * k, "keypoints", what) for p in data]).reshape(-1, k, 3)
        files = [p["image_id"] for p in data]
        names = list(dict.fromkeys(map(str, files)))
        frames = dict(zip(names, _frames(files, names), strict=True))
        people.frame = np.array([frames[str(f)] for f in files], np.int64)
        people.track_id = _track_ids(data, what)
        for i, person in enumerate(data):
            if person.get("box"):
                people.box[i] = numbers_of(person["box"], 4, "box", what)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"Expected image_id and keypoints of everyone, got others in {source} ({error}).") from error
    there = (triples != 0).any(-1)
    people.xy = np.where(there[..., None], triples[..., :2], np.nan).astype(np.float32)
    people.score = np.where(there, triples[..., 2], np.nan).astype(np.float32)
    see(people)
    skeleton = BY_NUMBER.get(k) or Skeleton("custom", tuple(f"keypoint_{i}" for i in range(max(k, 1))))
    pictures = facts_of(((f, n, None, None) for n, f in frames.items()), "images")
    boxes = facts_of(box_rows(people), "boxes")
    return table_of(
        people, skeleton.keypoints, attrs_of(skeleton=skeleton.to_json(), boxes=boxes, images=pictures), what
    )


def _frames(files: list[Any], names: list[str]) -> list[int]:
    if all(isinstance(f, int) and not isinstance(f, bool) and 0 <= f < 2**31 for f in files):
        return [int(n) for n in names]
    return frames_of_names(names)


def _track_ids(data: list[dict], what: str) -> np.ndarray:
    """`idx` is a number, or a list of lists of it (PoseFlow)."""
    ids = []
    for person in data:
        value = person.get("idx")
        while isinstance(value, list):
            value = value[0] if value else None
        ids.append(None if value is None else whole_of(value, "idx", what))
    free = max((i for i in ids if i is not None), default=-1) + 1
    out = []
    for i in ids:
        out.append(free if i is None else i)
        free += i is None
    return np.array(out, np.int64)


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write everyone who has a keypoint or a box."""
    names = tuple(str(k) for k in poses["keypoint"].cat.categories)
    people = in_slots(gather(poses), names, slots(names), "AlphaPose")
    score = np.where(np.isfinite(people.score), people.score, np.float32(1))
    there = people.visibility > 0
    values = np.stack([people.xy[..., 0], people.xy[..., 1], score], -1)
    values = shortest(np.where(there[..., None], values, np.float32(0)))
    boxes, files = shortest(people.box), frame_files(poses.attrs)
    if any(trailing_number(file) != frame for frame, file in files.items()):
        files = {}  # the frame would not be told by them
    entries = []
    for i in range(len(people)):
        boxed = bool(np.isfinite(people.box[i]).all())
        if not (boxed or there[i].any()):
            continue
        frame = int(people.frame[i])
        mean = float(score[i][there[i]].mean()) if there[i].any() else 0.0
        entries.append(
            {
                "image_id": files.get(frame, f"{frame:06d}.jpg"),
                "category_id": 1,
                "keypoints": values[i].reshape(-1).tolist(),
                "score": mean if math.isfinite(mean) else 0.0,
                **({"box": boxes[i].tolist()} if boxed else {}),
                "idx": int(people.track_id[i]),
            }
        )
    with replacing(path) as partial:
        partial.write_text(json.dumps(entries, ensure_ascii=False, allow_nan=False, separators=(",", ":")), "utf-8")
