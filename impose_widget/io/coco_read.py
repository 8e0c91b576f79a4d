"""The reading side of COCO keypoints JSON: a parsed file as a table of poses, or a sentence that says what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import IMPORTED, SOURCES
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.io.columns import conform, keypoint_column, source_column

TRACK_ID_SPELLINGS = (
    ("track_id",),  # PoseTrack, MMTracking
    ("attributes", "track_id"),  # CVAT
    ("attributes", "object_id"),  # sleap-io
    ("instance_id",),
)


def poses_of(data: Any, what: str) -> pd.DataFrame:
    """The table of poses in a parsed COCO file; `what` is its name in messages.

    Annotations without keypoints are passed over. People without a track id get one of their own each, because nothing
    says who they are in the next frame.

    Raises:
        ValueError: it is no COCO keypoints file, or not of one video.
    """
    for part in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(part), list):
            raise ValueError(
                f"Expected a COCO keypoints file with images, annotations and categories, got {what} without {part}."
            )
    info = data.get("info")
    ours = info.get("impose") if isinstance(info, dict) else None
    ours = ours if isinstance(ours, dict) else {}
    try:
        people = [a for a in data["annotations"] if a.get("keypoints")]
        skeleton = _skeleton(data["categories"], people, ours, what)
        frames, times = _frames(data["images"], what)
        poses = _table(people, skeleton, frames, times, ours, what)
        poses.attrs = _attrs(data, skeleton, ours)
        return conform(poses, what)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(
            f"Expected a COCO keypoints file, got {what}, where a field is missing or odd ({error})."
        ) from error


def _skeleton(categories: list[dict], people: list[dict], ours: dict, what: str) -> Skeleton:
    if isinstance(ours.get("skeleton"), dict):
        return Skeleton.from_json(ours["skeleton"])
    used = {a["category_id"] for a in people}
    described = [c for c in categories if c.get("keypoints") and (not used or c["id"] in used)]
    if len(described) != 1 or len(used) > 1:
        raise ValueError(
            f"Expected one category with names of keypoints, got {len(described)} in {what}"
            + ("; split the file by category." if described else ".")
        )
    category = described[0]
    names = tuple(category["keypoints"])
    if names == COCO17.keypoints:
        return COCO17
    edges = tuple((int(a) - 1, int(b) - 1) for a, b in category.get("skeleton") or ())
    return Skeleton(str(category.get("name") or "custom"), names, edges)


def _frames(images: list[dict], what: str) -> tuple[dict[Any, int], dict[int, float]]:
    """Image id -> frame, and frame -> seconds; without frame numbers, images count in the order of the file."""
    videos = {i.get("video_id", i.get("vid_id")) for i in images}
    if len(videos) > 1:
        raise ValueError(f"Expected the poses of one video, got {len(videos)} videos in {what}; split it by video_id.")
    frames = {}
    for name in ("frame_index", "frame_id"):
        if images and all(isinstance(i.get(name), int) for i in images):
            frames = {i["id"]: i[name] for i in images}
            break
    frames = frames or {i["id"]: n for n, i in enumerate(images)}
    if len(frames) < len(images) or len(set(frames.values())) < len(frames):
        raise ValueError(f"Expected images with ids and frames that differ, got some twice in {what}.")
    times = {frames[i["id"]]: float(i["time"]) for i in images if i.get("time") is not None}
    return frames, times


def track_id_of(annotation: dict[str, Any]) -> int | None:
    """The track id of an annotation in any of its four spellings; 0 is one, None is none."""
    for spelling in TRACK_ID_SPELLINGS:
        value: Any = annotation
        for key in spelling:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, bool) and (not isinstance(value, str) or value.isdigit()):
            return int(value)
    return None


def _table(
    people: list[dict],
    skeleton: Skeleton,
    frames: dict[Any, int],
    times: dict[int, float],
    ours: dict,
    what: str,
) -> pd.DataFrame:
    n, k = len(people), len(skeleton)
    triples = np.full((n, k, 3), np.nan)
    score, revision = np.full((n, k), np.nan, np.float32), np.zeros((n, k), np.int64)
    source, anchor = np.full((n, k), IMPORTED), np.zeros((n, k), bool)
    frame, written = np.zeros(n, np.int64), np.ones((n, k), bool)
    order = [SOURCES.index(s) for s in ours.get("sources", SOURCES)]
    for i, person in enumerate(people):
        values = person["keypoints"]
        if len(values) != 3 * k:
            raise ValueError(
                f"Expected {3 * k} numbers for {k} keypoints, got {len(values)} in annotation {person.get('id')} "
                f"of {what}."
            )
        if person["image_id"] not in frames:
            raise ValueError(
                f"Expected the image of every annotation, got none of id {person['image_id']!r} (annotation "
                f"{person.get('id')}) in {what}."
            )
        triples[i] = np.asarray(values, float).reshape(k, 3)
        frame[i] = frames[person["image_id"]]
        score[i] = _scores(person, k)
        extra = person.get("impose") or {}
        if extra:
            codes = np.asarray(extra["source"])
            written[i] = codes >= 0
            source[i], anchor[i] = np.take(order, np.maximum(codes, 0)), extra["anchor"]
            revision[i] = extra["revision"]
    seconds = np.array([times.get(int(f), np.nan) for f in frame])
    poses = pd.DataFrame(
        {
            "frame": np.repeat(frame, k),
            "time": np.repeat(seconds, k),
            "track_id": np.repeat(_track_ids(people), k),
            "keypoint": keypoint_column(np.tile(np.arange(k), n), list(skeleton.keypoints)),
            "x": triples[..., 0].reshape(-1),
            "y": triples[..., 1].reshape(-1),
            "visibility": triples[..., 2].reshape(-1),
            "score": score.reshape(-1),
            "source": source_column(source.reshape(-1)),
            "anchor": anchor.reshape(-1),
            "revision": revision.reshape(-1),
        }
    )
    return poses[written.reshape(-1)]


def _scores(person: dict[str, Any], k: int) -> np.ndarray | float:
    scores = person.get("keypoint_scores", person.get("scores"))
    if isinstance(scores, list) and len(scores) == k:
        return np.array([np.nan if s is None else s for s in scores], np.float32)
    return np.nan if person.get("score") is None else float(person["score"])


def _track_ids(people: list[dict]) -> np.ndarray:
    ids = [track_id_of(p) for p in people]
    free = max((i for i in ids if i is not None), default=-1) + 1
    out = []
    for i in ids:
        out.append(free if i is None else i)
        free += i is None
    return np.array(out, np.int64)


def _attrs(data: dict[str, Any], skeleton: Skeleton, ours: dict) -> dict[str, Any]:
    if isinstance(ours.get("attrs"), dict):
        return dict(ours["attrs"])
    attrs: dict[str, Any] = {"skeleton": skeleton.to_json()}
    video = (data.get("videos") or [{}])[0]
    facts = {k: video[k] for k in ("name", "width", "height", "fps", "n_frames") if k in video}
    if data["images"]:
        facts = {k: data["images"][0][k] for k in ("width", "height") if k in data["images"][0]} | facts
    return attrs | ({"video": facts} if facts else {})
