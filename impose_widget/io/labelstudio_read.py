"""The reading side of Label Studio's JSON: tasks of pictures and of videos as a table of poses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import INTERPOLATED, OCCLUDED, VISIBLE
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.extras import attrs_of, facts_of
from impose_widget.io.numbers import frames_of_names
from impose_widget.io.people import MOST_CELLS, People, box_rows, table_of
from impose_widget.io.source import brief, number_of, whole_of

OFFSET = 0.5


@dataclass(slots=True)
class Person:
    """Somebody in one frame: places in pixels by name of keypoint, and a box."""

    track_id: int | None = None
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    box: tuple[float, float, float, float] | None = None
    score: float = math.nan
    made: bool = False


def tasks_of(data: Any) -> list[dict] | None:
    """The tasks in parsed JSON, or None if it has none."""
    tasks = data if isinstance(data, list) else [data]
    first = tasks[0] if tasks else None
    if not isinstance(first, dict) or not isinstance(first.get("data"), dict):
        return None
    return tasks if any(k in first for k in ("annotations", "predictions", "completions")) else None


def poses_of(data: Any, what: str) -> pd.DataFrame:
    """The table of poses in some tasks; `what` is the file's name in messages.

    Raises:
        ValueError: there are no tasks, or nothing says whose a keypoint is.
    """
    tasks = tasks_of(data)
    if data == []:
        tasks = []
    if tasks is None:
        raise ValueError(f"Expected Label Studio's tasks with data and annotations, got {brief(data)} in {what}.")
    try:
        listed = tasks[0]["data"].get("keypoints") if tasks else None
        listed = tuple(listed) if isinstance(listed, list) and all(isinstance(n, str) for n in listed) else ()
        return _table(*_people(tasks, what), listed, what)
    except (KeyError, TypeError, AttributeError, OverflowError, IndexError) as error:
        raise ValueError(
            f"Expected Label Studio's tasks, got {what}, where a field is missing or odd ({error})."
        ) from error


def _people(tasks: list[dict], what: str) -> tuple[dict[tuple[int, int], Person], list[tuple], tuple[int, int] | None]:
    """Everybody by frame and track id, the pictures, and the size if it is one."""
    found: list[tuple[int, Person]] = []
    images, sizes = [], set()
    names = [
        str(next((v for k, v in t["data"].items() if k in ("image", "img", "video")), n)) for n, t in enumerate(tasks)
    ]
    told = [t["data"].get("frame") for t in tasks]
    by_name = frames_of_names(names) if len(set(names)) == len(names) else list(range(len(names)))
    stated = all(isinstance(f, int) and not isinstance(f, bool) and f >= 0 for f in told)
    for task, name, frame in zip(tasks, names, told if stated else by_name, strict=True):
        regions = _regions(task)
        sizes |= {
            (
                whole_of(r["original_width"], "original_width", what),
                whole_of(r["original_height"], "original_height", what),
            )
            for r in regions
            if r.get("original_width") and r.get("original_height")
        }
        videos = [r for r in regions if str(r.get("type", "")).lower() in ("videorectangle", "videovector")]
        if videos:
            for number, region in enumerate(videos):
                found += _of_video(region, number, what)
        else:
            images.append((frame, name, None, None))
            found += [(frame, person) for person in _of_picture(regions, what)]
    return _identified(found, what), images, next(iter(sizes)) if len(sizes) == 1 else None


def _regions(task: dict) -> list[dict]:
    """What a human said of a task, the last that was not cancelled; else what was predicted."""
    said = [a for a in task.get("annotations") or task.get("completions") or () if not a.get("was_cancelled")]
    for results in reversed([*(task.get("predictions") or ()), *said]):
        if results.get("result"):
            return [r for r in results["result"] if isinstance(r, dict)]
    return []


def _of_picture(regions: list[dict], what: str) -> list[Person]:
    people: dict[Any, Person] = {}
    owners = {r["from_id"]: r["to_id"] for r in regions if r.get("type") == "relation"}
    hidden = {
        r["id"] for r in regions if r.get("type") == "choices" and "occluded" in (r["value"].get("choices") or ())
    }
    for region in regions:
        kind = region.get("type")
        if kind == "rectanglelabels":
            person = people.setdefault(region["id"], Person())
            if not (region.get("meta") or {}).get("text"):
                person.box = _rectangle(region["value"], region, what)
                person.score = math.nan if region.get("score") is None else number_of(region["score"], what)
        elif kind == "number" and region.get("from_name") == "track_id":
            people.setdefault(region["id"], Person()).track_id = whole_of(region["value"]["number"], "track_id", what)
        elif kind == "keypointlabels":
            owner = region.get("parentID") or owners.get(region["id"])
            person = people.setdefault(owner, Person())
            name = str(region["value"]["keypointlabels"][0])
            if name in person.points:
                raise ValueError(
                    f"Expected each keypoint once a person, got {brief(name)} twice in {what}; say whose it is by "
                    "parentID (a rectangle around each person) or by a relation."
                )
            person.points[name] = _point(region["value"], region, what)
            if region.get("score") is not None:
                person.scores[name] = number_of(region["score"], what)
            if region["id"] in hidden:
                person.hidden.add(name)
    return [p for p in people.values() if p.points or p.box]


def _size(region: dict, what: str) -> tuple[float, float]:
    if not region.get("original_width") or not region.get("original_height"):
        raise ValueError(f"Expected the size of the picture (original_width, original_height), got none in {what}.")
    return number_of(region["original_width"], what), number_of(region["original_height"], what)


def _point(value: dict, region: dict, what: str) -> tuple[float, float]:
    width, height = _size(region, what)
    x, y = number_of(value["x"], what), number_of(value["y"], what)
    return x * width / 100 - OFFSET, y * height / 100 - OFFSET


def _rectangle(value: dict, region: dict, what: str) -> tuple[float, float, float, float]:
    width, height = _size(region, what)
    x, y = _point(value, region, what)
    return x, y, number_of(value["width"], what) * width / 100, number_of(value["height"], what) * height / 100


def _of_video(region: dict, number: int, what: str) -> list[tuple[int, Person]]:
    """A track of a video task: keyframes count from 1; between them, where enabled, straight lines."""
    sequence = sorted(region["value"]["sequence"], key=lambda s: whole_of(s["frame"], "frame", what))
    last = region["value"].get("framesCount")
    out: list[tuple[int, Person]] = []
    for key, following in zip(sequence, [*sequence[1:], None], strict=True):
        here, frame = _at(key, region, number, what), whole_of(key["frame"], "frame", what) - 1
        out.append((frame, here))
        if not key.get("enabled", True):
            continue
        stop = (
            whole_of(following["frame"], "frame", what) - 1
            if following
            else whole_of(last or frame + 1, "framesCount", what)
        )
        if (stop - frame) * max(len(here.points), 1) > MOST_CELLS // 100:
            raise ValueError(f"Expected a track that fits into memory, got one up to frame {stop} in {what}.")
        there = _at(following, region, number, what) if following else here
        out += [(f, _between(here, there, (f - frame) / (stop - frame))) for f in range(frame + 1, stop)]
    return out


def _at(key: dict, region: dict, number: int, what: str) -> Person:
    if "vertices" in key:
        points = {str(v["id"]): _point(v, region, what) for v in key["vertices"]}
        return Person(number, points)
    return Person(number, box=_rectangle(key, region, what))


def _between(a: Person, b: Person, share: float) -> Person:
    points = {
        n: tuple(u + share * (v - u) for u, v in zip(p, b.points[n], strict=True))
        for n, p in a.points.items()
        if n in b.points
    }
    box = tuple(u + share * (v - u) for u, v in zip(a.box, b.box, strict=True)) if a.box and b.box else None
    return Person(a.track_id, points, box=box, made=True)


def _identified(found: list[tuple[int, Person]], what: str) -> dict[tuple[int, int], Person]:
    free = max((p.track_id for _, p in found if p.track_id is not None), default=-1) + 1
    out: dict[tuple[int, int], Person] = {}
    for frame, person in found:
        track_id = free if person.track_id is None else person.track_id
        free += person.track_id is None
        if (frame, track_id) in out:
            raise ValueError(
                f"Expected everyone once in a frame, got person {track_id} twice in frame {frame} of {what}."
            )
        out[frame, track_id] = person
    return out


def _table(
    found: dict[tuple[int, int], Person],
    images: list[tuple],
    size: tuple[int, int] | None,
    listed: tuple[str, ...],
    what: str,
) -> pd.DataFrame:
    said = (n for _, p in sorted(found.items(), key=lambda i: i[0]) for n in p.points)
    names = tuple(dict.fromkeys([*listed, *said]))
    order = {n: i for i, n in enumerate(COCO17.keypoints)}
    if names and not listed and set(names) <= set(order):
        names = COCO17.keypoints  # a keypoint that nobody has is not named in the file
    skeleton = known_skeleton(names) or (Skeleton("custom", names) if names else COCO17)
    people, at = People.nobody(len(found), len(skeleton)), {n: k for k, n in enumerate(skeleton.keypoints)}
    for i, ((frame, track_id), person) in enumerate(sorted(found.items(), key=lambda i: i[0])):
        people.frame[i], people.track_id[i] = frame, track_id
        people.written[i] = bool(person.points)
        for name, xy in person.points.items():
            k = at[name]
            people.xy[i, k] = xy
            people.visibility[i, k] = OCCLUDED if name in person.hidden else VISIBLE
            people.score[i, k] = person.scores.get(name, math.nan)
            if person.made:
                people.source[i, k] = INTERPOLATED
        if person.box is not None:
            people.box[i], people.box_score[i] = person.box, person.score
    if not np.isfinite(people.xy[people.visibility > 0]).all():
        raise ValueError(f"Expected finite numbers, got others in {what}.")
    attrs = attrs_of(
        skeleton=skeleton.to_json(),
        video={"width": size[0], "height": size[1]} if size else None,
        boxes=facts_of(box_rows(people), "boxes"),
        images=facts_of(images, "images"),
    )
    return table_of(people, skeleton.keypoints, attrs, what)
