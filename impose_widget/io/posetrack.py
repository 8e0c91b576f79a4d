"""What PoseTrack18 and PoseTrack21 have in common: one JSON file a sequence, COCO's words and a few more.

Positions: as in COCO, offset 0; one at the left or upper edge of the image is written at 0.1, because evaluations
take a joint at 0 for a missing one. The order of the 17 keypoints is fixed; the ears have a place in it but are not
evaluated. An image's id is 1, six digits of the video and four of the frame; an annotation's is that times 100 and a
number.

An evaluation needs, besides: a head box of everyone (PCKh is measured by it), a score for every keypoint, and track
ids below 1000 (poseval). A head box that nobody stated is derived from the keypoints of the head, or from the body
where there are none; ids above 999 are numbered anew. What was derived is marked (`impose`), and does not come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT
from impose_widget.core.skeletons import POSETRACK17
from impose_widget.io.coco_write import (
    annotations,
    boxes_for,
    category,
    dump,
    frame_times,
    frames_of,
    info,
    region_fields,
    regions_by_frame,
    size_of,
)
from impose_widget.io.extras import rows_of
from impose_widget.io.loss import EDGE, off_edge
from impose_widget.io.people import People, gather
from impose_widget.io.slots import in_slots

LARGEST_ID = 999
HEAD_KEYPOINTS = ("nose", "head_bottom", "head_top", "left_ear", "right_ear", "left_eye", "right_eye")
HEAD_SHARE = 0.2  # of a body's longer side, where no keypoint of the head is known
CANNOT = {"edge": f"moved to {EDGE} pixels, where evaluations see them"}


def slots(_: tuple[str, ...]) -> tuple[str, ...]:
    """PoseTrack's keypoints, whatever the poses have."""
    return POSETRACK17.keypoints


def write(poses: pd.DataFrame, path: Path, person_ids: bool) -> None:
    """Write a conforming table; `person_ids`: with an identity across videos for everyone (PoseTrack21).

    Raises:
        ValueError: the poses have no keypoint in common with PoseTrack.
    """
    names = [str(k) for k in poses["keypoint"].cat.categories]
    head = [i for i, n in enumerate(names) if n in HEAD_KEYPOINTS]
    everything = gather(poses)
    derived_heads = head_boxes(everything, head)
    people = in_slots(everything, names, POSETRACK17.keypoints, "PoseTrack")
    people.xy = off_edge(people.xy)
    attrs, video = poses.attrs, _video_number(poses.attrs)
    frames = frames_of(people, attrs)
    stated = {int(f): i for f, _, i, _ in rows_of(attrs, "images") if isinstance(i, int) and i >= 10**10}
    ids = {f: stated.get(f, image_id(video, f)) for f in frames}
    if len(set(ids.values())) < len(ids):
        ids = {f: image_id(video, f) for f in frames}
    dump(
        path,
        {
            "images": _images(poses, people, ids, video),
            "annotations": _annotations(people, derived_heads, attrs, ids, person_ids),
            "categories": [category(POSETRACK17)],
            "info": info(
                POSETRACK17,
                attrs | {"skeleton": POSETRACK17.to_json()},
                bbox_head="as stated, else the extent of the head's keypoints",
            ),
        },
    )


def image_id(video: int, frame: int) -> int:
    """PoseTrack's number of an image."""
    return 10**10 + video * 10**4 + frame


def _video_number(attrs: dict[str, Any]) -> int:
    found = re.search(r"\d{1,6}", str((attrs.get("video") or {}).get("name", "")))
    return int(found.group()) if found else 0


def _images(poses: pd.DataFrame, people: People, ids: dict[int, int], video: int) -> Iterator[dict[str, Any]]:
    attrs = poses.attrs
    name = Path(str((attrs.get("video") or {}).get("name", "video"))).stem
    files = {int(f): (file, labelled) for f, file, _, labelled in rows_of(attrs, "images")}
    regions, times, size = regions_by_frame(attrs), frame_times(poses), size_of(attrs)
    posed = set(people.frame[(people.visibility > ABSENT).any(1)].tolist())
    boxed = posed | set(people.frame.tolist())
    for frame, number in ids.items():
        file, labelled = files.get(frame, (None, None))
        image = {
            "has_no_densepose": True,
            "is_labeled": frame in posed if labelled is None else bool(labelled),
            "has_labeled_person": frame in boxed,
            "file_name": file or f"images/{name}/{frame:06d}.jpg",
            "nframes": len(ids),
            "frame_id": number,
            "vid_id": f"{video:06d}",
            "id": number,
            "frame_index": frame,
            **size,
            **region_fields(regions.get(frame, [])),
        }
        if frame in times:
            image["time"] = times[frame]
        yield image


def _annotations(
    people: People, heads: np.ndarray, attrs: dict[str, Any], ids: dict[int, int], person_ids: bool
) -> Iterator[dict[str, Any]]:
    known = np.unique(people.track_id).tolist()
    new = {i: n for n, i in enumerate(known)} if known and known[-1] > LARGEST_ID else {}
    frames: dict[int, int] = {}
    for i, person in enumerate(annotations(people, attrs, ids)):
        number = frames[person["image_id"]] = frames.get(person["image_id"], -1) + 1
        person["id"] = person["image_id"] * 100 + number
        if "bbox_head" not in person:
            person["bbox_head"] = np.nan_to_num(heads[i]).round(2).tolist()
            person["impose"]["head"] = 0
        if new:
            person["impose"]["track_id"] = person["track_id"]
            person["track_id"] = new[person["track_id"]]
        if person_ids and "person_id" not in person:
            person["person_id"] = person["track_id"]
            person["impose"]["person_id"] = 0
        seen = people.visibility[i] > ABSENT
        person["scores"] = np.where(seen, np.nan_to_num(people.score[i], nan=1.0), 0.0).round(4).tolist()
        yield person


def head_boxes(people: People, head: list[int]) -> np.ndarray:
    """(n, 4) a box for each head: about the keypoints of the head, else at the top of the body's box.

    The points of a head lie inside it: their extent, made square, stands for it, which is what PCKh measures by.
    """
    body = boxes_for(people, slice(None), {})
    xy = people.xy[:, head] if head else np.full((len(people), 1, 2), np.nan, np.float32)
    known = np.isfinite(xy).all(-1)
    low = np.where(known[..., None], xy, np.inf).min(1)
    high = np.where(known[..., None], xy, -np.inf).max(1)
    with np.errstate(invalid="ignore"):  # of nobody's keypoints
        middle, side = (low + high) / 2, (high - low).max(1)
    share = HEAD_SHARE * np.nan_to_num(body[:, 2:]).max(1)
    enough = known.sum(1) >= 2
    side = np.where(enough, np.maximum(side, 1), share)
    top = np.stack([body[:, 0] + body[:, 2] / 2, body[:, 1] + share / 2], 1)
    middle = np.where(known.any(1)[:, None], middle, top)
    return np.concatenate([middle - side[:, None] / 2, side[:, None], side[:, None]], 1)


def is_posetrack(data: Any) -> bool:
    """Whether parsed JSON has images of PoseTrack's kind."""
    images = data.get("images") if isinstance(data, dict) else None
    first = images[0] if isinstance(images, list) and images else None
    return isinstance(first, dict) and "vid_id" in first and ("is_labeled" in first or "nframes" in first)


def has_person_ids(data: dict[str, Any]) -> bool:
    """Whether it is of the later kind: people have identities across videos."""
    annotations = data.get("annotations")
    first = annotations[0] if isinstance(annotations, list) and annotations else None
    if isinstance(first, dict):
        return "person_id" in first
    return "has_labeled_person" in data["images"][0]
