"""What a human can do to a pose: each function edits a `Draft`, and what it sets is anchored."""

from __future__ import annotations

import numpy as np

from impose_widget.core.geometry import pose_box, rotate_scale_shift
from impose_widget.core.pose import (
    ABSENT,
    HUMAN,
    INTERPOLATED,
    NO_READING,
    OCCLUDED,
    enclose,
)
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Draft

HUMAN_SCORE = 1.0  # a human's keypoint passes every filter on confidence
PARTS = {
    "arms": ("shoulder", "elbow", "wrist", "hand"),
    "legs": ("hip", "knee", "ankle", "foot"),
    "face": ("eye", "ear"),
}


def _mark_human(record: np.ndarray, keypoints: np.ndarray | slice | int, revision: int) -> None:
    record["source"][..., keypoints] = HUMAN
    record["anchor"][..., keypoints] = True
    record["revision"][..., keypoints] = revision
    record["score"][..., keypoints] = HUMAN_SCORE


def place(
    draft: Draft, frame: int, track_id: int, keypoint: int, xy: tuple[float, float], visibility: int, revision: int
) -> None:
    """Put one keypoint of a person where a human says.

    In a frame where the person has no pose yet, the pose of the nearest frame of that person comes along, shifted so
    that the keypoint fits: a body is easier to correct than nothing.
    """
    record = draft.get(track_id, [frame])
    if not record["present"][0]:
        record = _nearest_pose(draft, frame, track_id, keypoint, xy, revision, record)
    record["xy"][0, keypoint] = xy
    record["visibility"][0, keypoint] = visibility
    _mark_human(record, keypoint, revision)
    record["present"], record["pending"], record["stale"] = True, True, False
    enclose(record)
    draft.put(track_id, [frame], record)


def _nearest_pose(
    draft: Draft,
    frame: int,
    track_id: int,
    keypoint: int,
    xy: tuple[float, float],
    revision: int,
    record: np.ndarray,
) -> np.ndarray:
    frames = draft.frames_of(track_id)
    if not len(frames):
        return record
    nearest = int(frames[np.abs(frames - frame).argmin()])
    guess = draft.get(track_id, [nearest])
    shift = np.asarray(xy, np.float32) - guess["xy"][0, keypoint]
    guess["xy"] += np.where(np.isfinite(shift), shift, 0)
    guess["box"][0, :2] += np.where(np.isfinite(shift), shift, 0)
    known = guess["visibility"] != ABSENT
    guess["visibility"] = np.where(known, OCCLUDED, ABSENT)
    guess["score"] *= 0.5
    guess["source"], guess["box_source"] = INTERPOLATED, INTERPOLATED
    guess["anchor"], guess["box_anchor"], guess["revision"] = False, False, revision
    guess["reading"] = record["reading"]
    return guess


def set_visibility(draft: Draft, frame: int, track_id: int, keypoint: int, visibility: int, revision: int) -> None:
    """Say whether a keypoint is visible (2), occluded (1, its place is kept) or absent (0, its place is forgotten).

    Raises:
        ValueError: a keypoint without a position is called visible or occluded.
    """
    record = draft.get(track_id, [frame])
    if visibility != ABSENT and not np.isfinite(record["xy"][0, keypoint]).all():
        raise ValueError(
            f"Expected a keypoint with a position to call visible or occluded, got one absent in frame {frame}; "
            "place it first with correct()."
        )
    if visibility == ABSENT:
        record["xy"][0, keypoint] = np.nan
    record["visibility"][0, keypoint] = visibility
    _mark_human(record, keypoint, revision)
    if visibility == ABSENT:
        record["score"][0, keypoint] = np.nan
    draft.put(track_id, [frame], record)


def set_anchor(draft: Draft, frame: int, track_id: int, on: bool, revision: int) -> None:
    """Let a human stand behind a whole pose as it is, or give it back to the model to move."""
    record = draft.get(track_id, [frame])
    wanted = (record["visibility"] != ABSENT) | record["anchor"] if on else np.zeros_like(record["anchor"])
    changed = record["anchor"] != wanted
    record["revision"][changed] = revision
    record["anchor"] = wanted
    record["box_anchor"] = on
    draft.put(track_id, [frame], record)


def transform(
    draft: Draft, frame: int, track_id: int, dxy: tuple[float, float], scale: float, rotation: float, revision: int
) -> None:
    """Shift, scale and turn a whole person about the middle of their keypoints."""
    record = draft.get(track_id, [frame])
    tight = pose_box(record["xy"][0])
    if not np.isfinite(tight).all():
        tight = record["box"][0]
    about = tight[:2] + tight[2:] / 2
    record["xy"][0] = rotate_scale_shift(record["xy"][0], dxy, scale, rotation, about)
    box = record["box"][0]
    middle = rotate_scale_shift(box[:2] + box[2:] / 2, dxy, scale, rotation, about)
    record["box"][0] = np.concatenate([middle - scale * box[2:] / 2, scale * box[2:]])
    _mark_human(record, np.flatnonzero(record["visibility"][0] != ABSENT), revision)
    record["pending"] = True
    enclose(record)
    draft.put(track_id, [frame], record)


def flip(draft: Draft, frame: int, track_id: int, part: str, skeleton: Skeleton, revision: int) -> None:
    """Exchange left and right of a person, or of the arms, the legs or the face alone.

    Raises:
        ValueError: the skeleton has no such part, or no left and right.
    """
    order = np.arange(len(skeleton))
    for a, b in skeleton.flip_pairs:
        if part == "all" or any(word in skeleton.keypoints[a] for word in PARTS.get(part, ())):
            order[[a, b]] = b, a
    moved = np.flatnonzero(order != np.arange(len(skeleton)))
    if not len(moved):
        raise ValueError(
            f"Expected a part of {skeleton.name} with a left and a right ('all', {', '.join(map(repr, PARTS))}), "
            f"got {part!r}."
        )
    record = draft.get(track_id, [frame])
    for name in ("xy", "visibility"):
        record[name] = record[name][:, order]
    _mark_human(record, moved, revision)
    record["score"][record["visibility"] == ABSENT] = np.nan
    record["pending"] = True
    draft.put(track_id, [frame], record)


def copy_pose(draft: Draft, track_id: int, from_frame: int, to_frame: int, revision: int) -> None:
    """Put a person's pose of one frame into another frame, as placed by a human."""
    source, target = draft.get(track_id, [from_frame]), draft.get(track_id, [to_frame])
    for name in ("xy", "visibility", "box"):
        target[name] = source[name]
    _mark_human(target, slice(None), revision)
    target["score"][target["visibility"] == ABSENT] = np.nan
    target["box_source"], target["box_anchor"] = HUMAN, True
    target["present"], target["pending"], target["stale"] = True, True, False
    draft.put(track_id, [to_frame], target)


def draw_box(draft: Draft, frame: int, track_id: int, box: np.ndarray, pose: np.ndarray, revision: int) -> None:
    """Give a person a box (x, y, width, height) that a human drew, and the pose (1,) that was read in it, if any.

    Keypoints that a human placed before stay.
    """
    record = draft.get(track_id, [frame])
    if pose["present"][0]:
        free = ~record["anchor"]
        for name in ("xy", "score", "visibility", "source"):
            mask = free[..., None] if name == "xy" else free
            record[name] = np.where(mask, pose[name], record[name])
        record["reading"] = pose["reading"]
        record["revision"][free] = revision
    record["box"], record["box_score"] = box, HUMAN_SCORE
    record["box_source"], record["box_anchor"] = HUMAN, True
    record["present"], record["pending"], record["stale"] = True, True, False
    draft.put(track_id, [frame], record)


def set_box(draft: Draft, frame: int, track_id: int, box: np.ndarray | None) -> None:
    """Put a person's box (x, y, width, height) where a human says; None: about the keypoints, which it then follows.

    The keypoints stay as they are.

    Raises:
        ValueError: there is no keypoint to be fitted to.
    """
    record = draft.get(track_id, [frame])
    if box is None:
        record["box"], record["box_score"] = np.nan, np.nan
        record["box_source"], record["box_anchor"] = INTERPOLATED, False
        enclose(record)
        if not np.isfinite(record["box"]).all():
            raise ValueError(
                f"Expected a person with keypoints to fit the box to, got none of person {track_id} in frame {frame}; "
                "place one with correct(), or give box_xywh."
            )
    else:
        record["box"], record["box_score"] = box, HUMAN_SCORE
        record["box_source"], record["box_anchor"] = HUMAN, True
    draft.put(track_id, [frame], record)


def write(draft: Draft, track_id: int, frames: np.ndarray, new: np.ndarray, mask: np.ndarray) -> None:
    """Let a machine write: keypoints (n, K) of `new` where `mask` is set and no human stands behind the old ones.

    Every write of a machine passes here; this is why no anchor is ever moved.

    Args:
        draft: what to edit.
        track_id: whose poses.
        frames: (n,) frames.
        new: (n,) records; of keypoints xy, score, visibility, source, revision are taken, of people the box.
        mask: (n, K) bool.
    """
    records = draft.get(track_id, frames)
    free = mask & ~records["anchor"]
    for name in ("xy", "score", "visibility", "source", "revision"):
        records[name] = np.where(free[..., None] if name == "xy" else free, new[name], records[name])
    fresh = ~records["present"] & free.any(1)
    take_box = fresh & ~records["box_anchor"]
    for name in ("box", "box_score", "box_source"):
        records[name] = np.where(take_box[..., None] if name == "box" else take_box, new[name], records[name])
    records["present"] |= fresh
    enclose(records)
    draft.put(track_id, frames, records)


def adopt(draft: Draft, track_id: int, frames: np.ndarray, poses: np.ndarray) -> None:
    """Put read or interpolated poses (n,) into frames where the person has none; other frames stay as they are."""
    records = draft.get(track_id, frames)
    vacant = ~records["present"] & (records["reading"] == NO_READING)
    draft.put(track_id, frames[vacant], poses[vacant])


def clear_marks(draft: Draft, track_id: int, frames: np.ndarray, name: str, value: bool = False) -> None:
    """Set `pending` or `stale` of a person's present records."""
    records = draft.get(track_id, frames)
    records[name] = np.where(records["present"], value, records[name])
    draft.put(track_id, frames, records)


def drop_stale(draft: Draft) -> None:
    """Whoever has no correction waiting has none to come: their stale marks go, e.g. when what was to be carried is
    deleted or becomes somebody else's."""
    for track_id in draft.touched():
        if draft.is_marked(track_id, "stale") and not draft.is_marked(track_id, "pending"):
            clear_marks(draft, track_id, draft.frames_of(track_id), "stale")
