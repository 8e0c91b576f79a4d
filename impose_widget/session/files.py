"""Annotation files of a session: written and read back, or taken in as somebody's reading.

What a file says that poses have no place for (ignore regions, head boxes, names of people and pictures, keypoints that
the session's skeleton lacks) is kept with the action that took it in, and written again when the format can hold it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core.mapping import map_keypoints
from impose_widget.core.pose import ABSENT, HUMAN, IMPORTED, INTERPOLATED, empty_poses, enclose
from impose_widget.core.tracks import difference
from impose_widget.session.kept import kept_attrs, kept_heads, kept_keypoints, to_keep

if TYPE_CHECKING:
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.session.session import Session


def export(session: Session, path: Path, format: str | None, check: bool, guidelines: bool | None = None) -> Path:
    """Write the poses of a session; see `Session.export`."""
    from impose_widget.io import write

    poses = exported(session, format or path)
    if guidelines or (guidelines is None and session.guidelines_path is not None):
        poses = _kept(session, poses)
    text = losses_of(poses, format or path)
    if text:
        sys.stderr.write(text + "\n")
    return write(poses, path, format, check)


def _kept(session: Session, poses: pd.DataFrame) -> pd.DataFrame:
    """Those whom the project's guidelines keep; says who is left out."""
    from impose_widget.guidelines import apply, judge, left_out

    rules = session.guidelines
    verdict = judge(poses, rules)
    if text := left_out(verdict, rules):
        sys.stderr.write(text + "\n")
    return apply(poses, verdict, rules)


def exported(session: Session, format: str | Path) -> pd.DataFrame:
    """The table that is written in a format: the poses, with the boxes and what files said beside them."""
    from impose_widget.io.columns import conform
    from impose_widget.io.extras import box_facts
    from impose_widget.io.registry import format_of

    with session._state.lock:
        poses = session.poses
        attrs = poses.attrs | kept_attrs(session._state)
        boxes = [b for b in (_stated_boxes(session), kept_heads(session._state)) if len(b)]
        stated = box_facts(pd.concat(boxes, ignore_index=True)) if boxes else None
        poses.attrs = attrs | ({"boxes": stated} if stated else {})
        slots = format_of(format).slots
        names = [k for k in slots(session.skeleton.keypoints) if k not in session.skeleton.keypoints] if slots else []
        more = kept_keypoints(session._state, names)
    if not len(more):
        return poses
    attrs = poses.attrs
    keypoints = [*session.skeleton.keypoints, *dict.fromkeys(more["keypoint"])]
    both = pd.concat([poses.assign(keypoint=poses["keypoint"].astype("str")), more], ignore_index=True)
    both["time"] = both["frame"].map(dict(enumerate(session.video.times)))
    both["keypoint"] = pd.Categorical(both["keypoint"], categories=keypoints, ordered=True)
    both.attrs = attrs
    return conform(both, "the table of poses")


def _stated_boxes(session: Session) -> pd.DataFrame:
    """Boxes that somebody drew, read or wrote down; not those that only follow from keypoints."""
    from impose_widget.io.extras import BOX_COLUMNS

    boxes = session.boxes
    stated = boxes[~boxes["source"].isin(["interpolated", "propagated"]) | boxes["anchor"]]
    return stated[list(BOX_COLUMNS)].astype({"kind": "str"})


def losses_of(poses: pd.DataFrame, format: str | Path) -> str:
    """What a format cannot hold of some poses, as one sentence; empty if it holds everything."""
    from impose_widget.io import losses
    from impose_widget.io.loss import sentence
    from impose_widget.io.registry import format_of

    return sentence(losses(poses, format), format_of(format))


def load(
    session: Session,
    source: str | Path | pd.DataFrame,
    format: str | None,
    video: str | None = None,
    link: bool | None = None,
    anchors: bool = True,
) -> dict[int, int]:
    """Take in poses of a file or a table; see `Session.load`."""
    from impose_widget.io import has_identities, read
    from impose_widget.io.columns import conform

    if isinstance(source, pd.DataFrame):
        poses, name = conform(source, "the table"), "the table"
    else:
        poses, name = read(Path(source), format, video), str(source)
    if not anchors:
        poses = poses.assign(anchor=False)
    _check_frames(poses, len(session.video), name)
    homeless = _homeless(poses, session.skeleton, name)
    people: dict[int, int] = {}
    if link or (link is None and not has_identities(poses)):
        poses, people = _linked(poses, name)
    state = session._state
    with state.lock:
        revision = state.revision + 1
        names = _free_ids(session, poses)
        changes = []
        for theirs, ours in names.items():
            frames, records = _records(poses, theirs, session.skeleton, revision)
            changes += difference(ours, frames, state.tracks.get(ours, frames), records)
        n = sum(c.n_keypoints_changed(len(session.skeleton)) for c in changes)
        ids = {theirs: names[person] for theirs, person in people.items()} or names
        payload: dict[str, Any] = {"file": name, "tracks": [[a, b] for a, b in ids.items()], "changed": n}
        kept = to_keep(poses, names, homeless)
        state.commit("load", payload | ({"kept": kept} if kept else {}), changes)
    if homeless:
        sys.stderr.write(
            f"{name}: {session.skeleton.name} has no place for {', '.join(homeless)}; they are kept aside and written "
            "to formats that have one.\n"
        )
    return ids


def _linked(poses: pd.DataFrame, name: str) -> tuple[pd.DataFrame, dict[int, int]]:
    """Poses in which people have identities from frame to frame, and track id before → after; said what was done."""
    from impose_widget.io.linking import linked

    table, people = linked(poses)
    before, after = len(people), len(set(people.values()))
    if after < before:
        sys.stderr.write(
            f"{name}: {before} people were in one frame each, without identities; they were linked to {after} people "
            "(link=False leaves them as they are).\n"
        )
    return table, people


def _check_frames(poses: pd.DataFrame, n_frames: int, name: str) -> None:
    boxes = poses.attrs.get("boxes") or {}
    frames = np.concatenate([poses["frame"].to_numpy(), np.asarray(boxes.get("frame", ()), np.int64)])
    if len(frames) and not (frames.min() >= 0 and frames.max() < n_frames):
        raise ValueError(
            f"Expected frames 0..{n_frames - 1} as in the video, got {frames.min()}..{frames.max()} in {name}; is it "
            "the file of another video?"
        )


def _homeless(poses: pd.DataFrame, skeleton: Skeleton, name: str) -> list[str]:
    """Keypoints of a file that have a place somewhere and none in the skeleton.

    Raises:
        ValueError: all of them.
    """
    theirs = [str(k) for k in poses["keypoint"].cat.categories]
    position = map_keypoints(theirs, skeleton.keypoints)
    used = set(poses.loc[poses["visibility"] > ABSENT, "keypoint"].astype("str"))
    homeless = [k for i, k in enumerate(theirs) if i not in position and k in used]
    if used and not used - set(homeless):
        raise ValueError(
            f"Expected keypoints of {skeleton.name}, got {', '.join(homeless)} in {name}; open the video with "
            "skeleton= the one of the file, or rename them."
        )
    return homeless


def _free_ids(session: Session, poses: pd.DataFrame) -> dict[int, int]:
    """Track id in the file → track id here: the same, if it is free."""
    state = session._state
    boxes = poses.attrs.get("boxes") or {}
    theirs = np.unique(np.concatenate([poses["track_id"].to_numpy(), np.asarray(boxes.get("track_id", ()), np.int64)]))
    taken = {i for i, _, _ in state.tracks.lanes()}
    free = max([state.next_track_id, *(int(i) + 1 for i in theirs), *(i + 1 for i in taken)])
    names = {}
    for track_id in theirs.tolist():
        names[track_id] = track_id if track_id not in taken else free
        free += track_id in taken
    return names


def _records(poses: pd.DataFrame, track_id: int, skeleton: Skeleton, revision: int) -> tuple[np.ndarray, np.ndarray]:
    """One person's rows and boxes as frames (n,) and records (n,)."""
    from impose_widget.io.extras import boxes_of

    rows = poses[poses["track_id"] == track_id]
    boxes = boxes_of(poses.attrs)
    boxes = boxes[(boxes["track_id"] == track_id) & (boxes["kind"] == "body")]
    frames, at = np.unique(np.concatenate([rows["frame"], boxes["frame"]]), return_inverse=True)
    records = empty_poses(len(frames), len(skeleton))
    records["source"], records["revision"], records["present"] = IMPORTED, revision, True
    position = map_keypoints([str(k) for k in poses["keypoint"].cat.categories], skeleton.keypoints)
    to = np.full(len(poses["keypoint"].cat.categories), -1)
    to[position[position >= 0]] = np.flatnonzero(position >= 0)
    k = to[rows["keypoint"].cat.codes.to_numpy()]
    rows, n, k = rows[k >= 0], at[: len(rows)][k >= 0], k[k >= 0]
    records["xy"][n, k] = rows[["x", "y"]].to_numpy(np.float32)
    for name in ("visibility", "score", "anchor"):
        records[name][n, k] = rows[name].to_numpy()
    records["source"] = np.where(records["anchor"], HUMAN, IMPORTED)
    enclose(records)
    records["box_source"] = INTERPOLATED
    stated = at[len(at) - len(boxes) :]
    records["box"][stated] = boxes[["x", "y", "w", "h"]].to_numpy(np.float32)
    records["box_score"][stated] = boxes["score"].to_numpy(np.float32)
    records["box_source"][stated] = IMPORTED
    return frames.astype(np.int32), records
