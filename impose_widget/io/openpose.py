"""OpenPose's output: a folder with one JSON file a frame, `NAME_000000000000_keypoints.json`.

`people[].pose_keypoints_2d` holds x, y, score of 25 keypoints (BODY_25) or 18 (COCO), face and hands beside it.
Positions: pixels as OpenCV has them, offset 0. A missing keypoint is 0, 0, 0. Coordinates that were scaled to the
image's size (`--keypoint_scale`) are refused, because the files do not say that size.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import BODY25, OPENPOSE18
from impose_widget.io.extras import attrs_of
from impose_widget.io.format import LEFT_OUT, NO_FACTS, SCORE_ONE, VISIBLE_ONLY, Format
from impose_widget.io.numbers import frames_of_names, shortest
from impose_widget.io.people import People, gather, see, table_of
from impose_widget.io.replace import replacing_folder
from impose_widget.io.slots import in_slots
from impose_widget.io.source import Source, brief, decode, numbers_of, parse_json, whole_of

PARTS = (("face", 70), ("hand_left", 21), ("hand_right", 21))
PART_NAMES = {"face": "face", "hand_left": "left_hand", "hand_right": "right_hand"}
ENDING = "_keypoints.json"
VERSION = 1.3


def slots(names: tuple[str, ...]) -> tuple[str, ...]:
    """BODY_25, or the 18 of OpenPose's COCO if the poses are those, with face and hands if they have any."""
    body = OPENPOSE18 if names == OPENPOSE18.keypoints else BODY25
    further = [n for part, count in PARTS for n in _part(part, count)]
    return body.keypoints + (tuple(further) if set(names) & set(further) else ())


def _part(part: str, count: int) -> list[str]:
    return [f"{PART_NAMES[part]}_{i}" for i in range(count)]


FORMAT = Format(
    "openpose",
    (),
    "OpenPose's output: a folder of JSON files, one a frame, 25 keypoints with scores.",
    NO_FACTS
    | VISIBLE_ONLY
    | SCORE_ONE
    | {
        "nobody": LEFT_OUT,
    }
    | dict.fromkeys(("time", "skeleton", "video", "boxes", "head_boxes", "regions", "people", "images"), LEFT_OUT),
    slots=slots,
    folder=True,
)


def sniff(source: Source) -> bool:
    """Whether it is a folder with files of OpenPose's names."""
    return source.is_folder and any(n.endswith(ENDING) for n in source.names)


def read(source: Source) -> pd.DataFrame:
    """Read all frames of a folder, or a single file."""
    if source.is_folder:
        files = [n for n in source.names if n.endswith(ENDING)] or [n for n in source.names if n.endswith(".json")]
        paths = [source.path / n for n in files]
    else:
        paths = [source.path]
    if not paths:
        raise ValueError(f"Expected files NAME_000000000000{ENDING}, got none in the folder {source}.")
    found = []
    for frame, path in zip(frames_of_names([p.name for p in paths]), paths, strict=True):
        data = parse_json(decode(path.read_bytes(), str(path)), str(path))
        listed = data.get("people") if isinstance(data, dict) else None
        if not isinstance(listed, list) or not all(isinstance(p, dict) for p in listed):
            raise ValueError(f"Expected a list of people, got {brief(data)} in {path}.")
        found += [(frame, person, str(path)) for person in listed]
    return _table(found, str(source))


def _table(found: list[tuple[int, dict, str]], what: str) -> pd.DataFrame:
    body = next((len(p["pose_keypoints_2d"]) for _, p, _ in found if p.get("pose_keypoints_2d")), 75)
    skeleton = {75: BODY25, 54: OPENPOSE18}.get(body)
    if skeleton is None:
        raise ValueError(f"Expected 25 or 18 keypoints of a body, three numbers each, got {body} numbers in {what}.")
    parts = [(p, n) for p, n in PARTS if any(person.get(f"{p}_keypoints_2d") for _, person, _ in found)]
    names = skeleton.keypoints + tuple(name for p, n in parts for name in _part(p, n))
    people, k = People.nobody(len(found), len(names)), len(names)
    values = np.zeros((len(found), k, 3))
    ids: list[int | None] = []
    for i, (frame, person, path) in enumerate(found):
        numbers = _numbers(person, "pose", len(skeleton), path)
        for part, count in parts:
            numbers = numbers + _numbers(person, part, count, path)
        values[i] = np.array(numbers).reshape(k, 3)
        people.frame[i] = frame
        ids.append(_identity(person, path))
    there = (values != 0).any(-1)
    if there.any() and np.abs(values[there][:, :2]).max() <= 1:
        raise ValueError(
            f"Expected positions in pixels, got shares of the image's size in {what}; run OpenPose with "
            "--keypoint_scale 0."
        )
    people.xy = np.where(there[..., None], values[..., :2], np.nan).astype(np.float32)
    people.score = np.where(there, values[..., 2], np.nan).astype(np.float32)
    free = max((i for i in ids if i is not None), default=-1) + 1
    for i, known in enumerate(ids):
        people.track_id[i] = free if known is None else known
        free += known is None
    see(people)
    whole = skeleton if not parts else Skeleton(skeleton.name + "_face_hands", names, skeleton.edges)
    return table_of(people, names, attrs_of(skeleton=whole.to_json()), what)


def _numbers(person: dict[str, Any], part: str, n: int, path: str) -> list[float]:
    values = person.get(f"{part}_keypoints_2d") or [0] * (3 * n)
    return list(numbers_of(values, 3 * n, f"{part}_keypoints_2d", path))


def _identity(person: dict[str, Any], path: str) -> int | None:
    """`person_id` is a list of one number, -1 without tracking; older versions have none."""
    value = person.get("person_id")
    value = value[0] if isinstance(value, list) and value else value
    if value is None or isinstance(value, list):
        return None
    number = whole_of(value, "person_id", path)
    return number if number >= 0 else None


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a file for each frame in which there is somebody into a new folder."""
    names = tuple(str(k) for k in poses["keypoint"].cat.categories)
    places = slots(names)
    people = in_slots(gather(poses), names, places, "OpenPose")
    there = people.visibility > 0
    score = np.where(np.isfinite(people.score), people.score, np.float32(1))
    values = np.stack([people.xy[..., 0], people.xy[..., 1], score], -1)
    values = shortest(np.where(there[..., None], values, np.float32(0)))
    body = len(OPENPOSE18 if names == OPENPOSE18.keypoints else BODY25)
    name = re.sub(r"[^\w.-]+", "_", Path(str((poses.attrs.get("video") or {}).get("name", "video"))).stem) or "video"
    frames: dict[int, list[dict]] = {}
    for i in np.flatnonzero(there.any(1)):
        frames.setdefault(int(people.frame[i]), []).append(_person(values[i], int(people.track_id[i]), body))
    with replacing_folder(path) as folder:
        for frame, listed in (frames or {0: []}).items():  # a folder of nobody is a folder of OpenPose's all the same
            text = json.dumps({"version": VERSION, "people": listed}, separators=(",", ":"))
            (folder / f"{name[:80]}_{frame:012d}{ENDING}").write_text(text, "utf-8")


def _person(values: np.ndarray, track_id: int, body: int) -> dict[str, Any]:
    person: dict[str, Any] = {"person_id": [track_id], "pose_keypoints_2d": values[:body].reshape(-1).tolist()}
    at = body
    for part, count in PARTS:
        person[f"{part}_keypoints_2d"] = values[at : at + count].reshape(-1).tolist() if at < len(values) else []
        at += count
    for part in ("pose", "face", "hand_left", "hand_right"):
        person[f"{part}_keypoints_3d"] = []
    return person
