"""The reading side of COCO keypoints JSON and its kin: a parsed file as a table of poses, or what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.mapping import normal_name
from impose_widget.core.pose import OCCLUDED, SOURCES, VISIBLE
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.coco_parts import gathered
from impose_widget.io.extras import Facts, attrs_of, facts_of, known_attrs
from impose_widget.io.numbers import frames_of_names
from impose_widget.io.people import People, box_rows, table_of
from impose_widget.io.source import brief, numbers_of, whole_of

TRACK_ID_SPELLINGS = (
    ("track_id",),  # PoseTrack, MMTracking
    ("attributes", "track_id"),  # CVAT
    ("attributes", "object_id"),  # sleap-io
    ("instance_id",),
)

MOST_DIGITS = 6  # of a frame in a picture's name; data sets of photographs have longer numbers
LONGEST = 1000  # frames from one picture of a video to the next; photographs' numbers are further apart


def poses_of(data: Any, what: str, video: str | None = None) -> pd.DataFrame:
    """The table of poses in a parsed COCO file; `what` is its name in messages, `video` which of several to take.

    People without a track id get one of their own each, because nothing says who they are in the next frame.
    Annotations without keypoints are boxes.

    Raises:
        ValueError: it is no COCO keypoints file, or not of one video and none was chosen.
    """
    for part in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(part), list):
            raise ValueError(
                f"Expected a COCO keypoints file with images, annotations and categories, got {what} without {part}."
            )
    try:
        table, skeleton, attrs = _parts(data, what, video)
    except (KeyError, TypeError, AttributeError, OverflowError, IndexError) as error:
        raise ValueError(
            f"Expected a COCO keypoints file, got {what}, where a field is missing or odd ({brief(error)})."
        ) from error
    del data  # of a million people it is larger than the table
    return table_of(table, skeleton.keypoints, attrs, what)


def _parts(data: dict[str, Any], what: str, video: str | None) -> tuple[People, Skeleton, dict[str, Any]]:
    info = data.get("info")
    ours = info.get("impose") if isinstance(info, dict) else None
    ours = ours if isinstance(ours, dict) else {}
    images = _of_one_video(data, what, video)
    annotations = data["annotations"]
    if len(images) < len(data["images"]):
        ids = {i["id"] for i in images}
        annotations = [a for a in annotations if a["image_id"] in ids]
    skeleton, people = _skeleton(data["categories"], annotations, ours, what)
    frames, times = _frames(images, what)
    table = _people(people, len(skeleton), frames, times, ours, what)
    return table, skeleton, _attrs(data, images, annotations, frames, skeleton, table, people, ours)


def _of_one_video(data: dict, what: str, wanted: str | None) -> list[dict]:
    """The images of the only video, or of the one that was asked for by id, name or folder."""
    images = data["images"]
    names: dict[Any, list[str]] = {}
    listed = data.get("videos")
    titles = {v.get("id"): str(v.get("name")) for v in listed if v.get("name")} if isinstance(listed, list) else {}
    for image in images:
        key = image.get("video_id", image.get("vid_id"))
        folder = re.split(r"[\\/]", str(image.get("file_name", "")))[-2:-1]
        names.setdefault(key, [*([titles[key]] if key in titles else []), *folder, str(key)])
    if wanted is not None:
        keys = [key for key, words in names.items() if str(wanted) in words]
        if len(keys) != 1 and len(names) > 1:
            raise ValueError(f"Expected video as one of {_few(names)}, got {wanted!r} for {what}.")
        return [i for i in images if i.get("video_id", i.get("vid_id")) in keys] if keys else images
    if len(names) > 1:
        raise ValueError(
            f"Expected the poses of one video, got {len(names)} videos in {what}; say video= one of {_few(names)}."
        )
    return images


def _few(names: dict[Any, list[str]]) -> str:
    shown = [words[0] for words in list(names.values())[:8]]
    return ", ".join(map(repr, shown)) + (", …" if len(names) > 8 else "")


def _skeleton(categories: list[dict], annotations: list[dict], ours: dict, what: str) -> tuple[Skeleton, list[dict]]:
    """The skeleton, and the annotations that are people of it, with keypoints or without."""
    used = {a["category_id"] for a in annotations if _has(a)}
    people = [a for a in annotations if (_has(a) or a.get("bbox")) and not a.get("iscrowd")]
    if isinstance(ours.get("skeleton"), dict):
        return Skeleton.from_json(ours["skeleton"]), [a for a in people if not used or a["category_id"] in used]
    described = [c for c in categories if c.get("keypoints") and (not used or c["id"] in used)]
    described = described or [c for c in categories if c["id"] in used]
    if len(described) == 1 and len(used) <= 1:
        people = [a for a in people if a["category_id"] == described[0]["id"]]
        names, people = gathered(described[0], people, what)
        if names:
            return skeleton_of_category(described[0] | {"keypoints": names}, what), people
        described = []
    raise ValueError(
        f"Expected one category with names of keypoints, got {len(described)} in {what}"
        + ("; split the file by category." if described else ".")
    )


def _has(annotation: dict[str, Any]) -> bool:
    """Whether there are keypoints in it."""
    values = annotation.get("keypoints")
    return values is not None and not isinstance(values, (bool, int)) and len(values) > 0


def skeleton_of_category(category: dict[str, Any], what: str) -> Skeleton:
    """The skeleton that a category describes; ours of that name and order, if there is one."""
    names = category["keypoints"]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"Expected a list of names of keypoints, got {brief(names)} in {what}.")
    known = known_skeleton(tuple(names)) or known_skeleton(tuple(normal_name(n) for n in names))
    if known is not None:
        return known
    pairs = [tuple(int(i) for i in pair) for pair in category.get("skeleton") or ()]
    base = 1 if not pairs or min(map(min, pairs)) >= 1 else 0  # 1 in COCO; some programs count from 0
    edges = tuple(p for p in ((a - base, b - base) for a, b in pairs) if min(p) >= 0 and max(p) < len(names))
    return Skeleton(str(category.get("name") or "custom"), tuple(names), edges)


def _frames(images: list[dict], what: str) -> tuple[dict[Any, int], dict[int, float]]:
    """Image id → frame, and frame → seconds.

    Without frame numbers they are told by the numbers in the names of files, if the names differ in nothing else; other
    images count in the order of the file.
    """
    frames = _stated_frames(images)
    if not frames:
        names = [str(i.get("file_name", "")) for i in images]
        stems = {re.sub(r"\d+(?=\D*$)", "", n) for n in names}
        digits = max((len(n) for n in re.findall(r"\d+(?=\D*(?:\n|$))", "\n".join(names))), default=0)
        told = frames_of_names(names) if len(stems) == 1 and digits <= MOST_DIGITS else [10**9]
        if max(told, default=0) >= LONGEST * (len(images) + 10):
            told = list(range(len(images)))
        frames = {i["id"]: n for i, n in zip(images, told, strict=True)}
    if len(frames) < len(images) or len(set(frames.values())) < len(frames):
        raise ValueError(f"Expected images with ids and frames that differ, got some twice in {what}.")
    times = {frames[i["id"]]: float(i["time"]) for i in images if i.get("time") is not None}
    return frames, times


def _stated_frames(images: list[dict]) -> dict[Any, int]:
    """Image id → frame by the images' own numbers; empty if they have none.

    PoseTrack's are `1`, the video's number and four digits of the frame; there the last four count.
    """
    for name in ("frame_index", "frame_id"):
        numbers = [i.get(name) for i in images]
        if images and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers):
            if min(numbers) >= 10**10 and len({n // 10**4 for n in numbers}) == 1:
                numbers = [n % 10**4 for n in numbers]
            elif min(numbers) >= 2**31 or (name == "frame_id" and max(numbers) > 10**6):
                continue
            return {i["id"]: n for i, n in zip(images, numbers, strict=True)}
    return {}


def track_id_of(annotation: dict[str, Any]) -> int | None:
    """The track id of an annotation in any of its four spellings; 0 is one, None is none."""
    for spelling in TRACK_ID_SPELLINGS:
        value: Any = annotation
        for key in spelling:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _people(
    annotations: list[dict], k: int, frames: dict[Any, int], times: dict[int, float], ours: dict, what: str
) -> People:
    n = len(annotations)
    people = People.nobody(n, k)
    triples = _triples(annotations, k, what)
    people.xy, people.visibility = triples[..., :2].astype(np.float32), _visibility(triples, bool(ours), what)
    order = np.array([SOURCES.index(s) for s in ours.get("sources", SOURCES)])
    for i, person in enumerate(annotations):
        if person["image_id"] not in frames:
            raise ValueError(
                f"Expected the image of every annotation, got none of id {person['image_id']!r} (annotation "
                f"{person.get('id')}) in {what}."
            )
        people.frame[i] = frames[person["image_id"]]
        people.score[i] = _scores(person, k, what)
        _boxes(people, i, person, bool(ours), what)
        extra = person.get("impose") or {}
        if "source" in extra:
            codes = np.asarray(extra["source"])
            people.written[i] = codes >= 0
            people.source[i], people.anchor[i] = order[np.maximum(codes, 0)], extra["anchor"]
            people.revision[i] = extra["revision"]
    people.time = np.array([times.get(f, np.nan) for f in people.frame.tolist()], np.float64)
    people.track_id = _track_ids(annotations, what)
    return people


def _triples(annotations: list[dict], k: int, what: str) -> np.ndarray:
    """(n, K, 3) x, y, v of each annotation; 0 of those that have only a box."""
    nothing = [0] * (3 * k)
    lists = [a["keypoints"] if _has(a) else nothing for a in annotations]
    try:
        values = np.array(lists)
    except ValueError:
        values = np.array(None)
    if values.dtype.kind not in "iuf" or values.shape != (len(lists), 3 * k):
        for values, annotation in zip(lists, annotations, strict=True):
            if not isinstance(values, (list, np.ndarray)) or len(values) != 3 * k:
                raise ValueError(
                    f"Expected {3 * k} numbers for {k} keypoints, got "
                    f"{len(values) if isinstance(values, (list, np.ndarray)) else brief(values)} in annotation "
                    f"{brief(annotation.get('id'))} of {what}."
                )
            numbers_of(values, 3 * k, "keypoints", f"annotation {brief(annotation.get('id'))} of {what}")
        values = np.array([numbers_of(row, 3 * k, "keypoints", what) for row in lists], np.float64)
    return values.reshape(len(lists), k, 3)


def _visibility(triples: np.ndarray, ours: bool, what: str) -> np.ndarray:
    """(n, K) visibility. Files whose flags are 0 and 1 alone mean absent and labelled, as in PoseTrack."""
    flags = triples[..., 2]
    wrong = ~np.isin(flags, (0, 1, 2)) & np.isfinite(triples[..., :2]).all(-1)
    if wrong.any():
        raise ValueError(
            f"Expected visibility as 0 (absent), 1 (occluded) or 2 (visible), got {flags[wrong][0]:g} in {what}."
        )
    flags = np.nan_to_num(flags).astype(np.int8)
    if not ours and flags.size and flags.max() == OCCLUDED:
        flags = np.where(flags == OCCLUDED, VISIBLE, 0).astype(np.int8)
    return flags


def _scores(person: dict[str, Any], k: int, what: str) -> np.ndarray | float:
    scores = person.get("keypoint_scores", person.get("scores"))
    if isinstance(scores, np.ndarray) and len(scores) == k:
        return scores
    if isinstance(scores, list) and len(scores) == k:
        return np.array(numbers_of(scores, k, "scores", what), np.float32)
    score = person.get("score")
    return np.nan if score is None else numbers_of([score], 1, "score", what)[0]


def _boxes(people: People, i: int, person: dict[str, Any], ours: bool, what: str) -> None:
    """Take the stated boxes of an annotation; ours say which ones were stated."""
    extra = person.get("impose") or {}
    if person.get("bbox") and (not ours or extra.get("box", 1)):
        people.box[i] = numbers_of(person["bbox"], 4, "bbox", what)
        score = extra.get("box_score") if ours else person.get("score")
        people.box_score[i] = np.nan if score is None else numbers_of([score], 1, "score", what)[0]
    if person.get("bbox_head") and (not ours or extra.get("head", 1)):
        people.head_box[i] = numbers_of(person["bbox_head"], 4, "bbox_head", what)


def _track_ids(annotations: list[dict], what: str) -> np.ndarray:
    ids = [(a.get("impose") or {}).get("track_id", track_id_of(a)) for a in annotations]
    if any(i is not None and not 0 <= i < 2**31 for i in ids):
        odd = next(i for i in ids if i is not None and not 0 <= i < 2**31)
        raise ValueError(f"Expected track ids of 0 to 2147483647, got {odd} in {what}.")
    free = max((i for i in ids if i is not None), default=-1) + 1
    out = []
    for i in ids:
        out.append(free if i is None else i)
        free += i is None
    return np.array(out, np.int64)


def _attrs(
    data: dict[str, Any],
    images: list[dict],
    annotations: list[dict],
    frames: dict[Any, int],
    skeleton: Skeleton,
    table: People,
    people: list[dict],
    ours: dict,
) -> dict[str, Any]:
    boxes = facts_of(box_rows(table), "boxes")
    if isinstance(ours.get("attrs"), dict):
        kept = {k: Facts(v) if k not in ("skeleton", "video") else v for k, v in known_attrs(ours["attrs"]).items()}
        return attrs_of(**(kept | {"boxes": boxes}))
    return attrs_of(
        skeleton=skeleton.to_json(),
        video=_video(data, images),
        boxes=boxes,
        regions=facts_of(_regions(images, annotations, frames), "regions"),
        people=facts_of(_names(table, people), "people"),
        images=facts_of(_image_rows(images, frames), "images"),
    )


def _video(data: dict[str, Any], images: list[dict]) -> dict[str, Any]:
    """What is known of the video: from `videos`, or from its images."""
    facts: dict[str, Any] = {}
    if images:
        first = images[0]
        folder = re.split(r"[\\/]", str(first.get("file_name", "")))[-2:-1]
        number = first.get("vid_id")
        name = folder[0] if number is not None and folder else None
        facts |= {"name": name or number} if (name or number) is not None else {}
        facts |= {k: first[k] for k in ("width", "height") if isinstance(first.get(k), (int, float))}
        facts |= {"n_frames": first["nframes"]} if isinstance(first.get("nframes"), int) else {}
        key = first.get("video_id", first.get("vid_id"))
    else:
        key = None
    listed = [v for v in data.get("videos") or () if isinstance(v, dict)]
    video = next((v for v in listed if v.get("id") == key), listed[0] if listed else {})
    return facts | {k: video[k] for k in ("name", "width", "height", "fps", "n_frames") if video.get(k) is not None}


def _regions(images: list[dict], annotations: list[dict], frames: dict[Any, int]) -> list[tuple]:
    """Ignore regions: PoseTrack's polygons, and the boxes of COCO's crowds."""
    rows = []
    for image in images:
        for xs, ys in zip(image.get("ignore_regions_x") or (), image.get("ignore_regions_y") or (), strict=True):
            pairs = zip(
                numbers_of(xs, None, "ignore_regions_x", ""),
                numbers_of(ys, len(xs), "ignore_regions_y", ""),
                strict=True,
            )
            rows.append((frames[image["id"]], [v for pair in pairs for v in pair]))
    for crowd in annotations:
        if crowd.get("iscrowd") and crowd.get("bbox") and crowd["image_id"] in frames:
            x, y, w, h = numbers_of(crowd["bbox"], 4, "bbox", "a crowd")
            rows.append((frames[crowd["image_id"]], [x, y, x + w, y, x + w, y + h, x, y + h]))
    return rows


def _names(table: People, people: list[dict]) -> list[tuple]:
    rows: dict[int, tuple] = {}
    for track_id, person in zip(table.track_id.tolist(), people, strict=True):
        attributes = person.get("attributes")
        name = attributes.get("name") if isinstance(attributes, dict) else None
        extra = person.get("impose") or {}
        person_id = person.get("person_id") if extra.get("person_id", 1) else None
        if name is not None or person_id is not None:
            whole = None if person_id is None else whole_of(person_id, "person_id", "an annotation")
            rows.setdefault(track_id, (track_id, None if name is None else str(name), whole))
    return list(rows.values())


def _image_rows(images: list[dict], frames: dict[Any, int]) -> list[tuple]:
    rows = []
    for image in images:
        labelled = image.get("is_labeled")
        file = image.get("file_name")
        labelled = None if labelled is None else bool(labelled)
        rows.append((frames[image["id"]], None if file is None else str(file), image["id"], labelled))
    return sorted(rows, key=lambda row: row[0])
