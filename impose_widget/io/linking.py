"""Identities for files that have none: people who are in one frame each, linked to people over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from impose_widget.io.columns import conform, skeleton_of
from impose_widget.io.extras import Facts, rows_of
from impose_widget.io.people import People, gather

HITS = 2  # poses that make a person: nobody annotates phantoms
NEVER = 2.0  # no similarity is larger: somebody annotated both
UNUSED = -2


def has_identities(poses: pd.DataFrame) -> bool:
    """Whether it says who is who from frame to frame: False if there are several frames and nobody is in two of them.

    Formats without identities are read with a track id for every person in every frame.
    """
    people = gather(conform(poses, "the table of poses"))
    return len(np.unique(people.frame)) < 2 or not _alone(people, poses).all()


def link(poses: pd.DataFrame) -> pd.DataFrame:
    """The same poses, in which those of one person have one track id; positions and everything else stay as they are.

    Whoever is in several frames, or has a name, keeps their track id; people who are in one frame only are linked to
    them and to each other by where they are and how they move (`impose_widget.associate`). Frames are taken to be as
    far apart as they mostly are in the table, so every tenth frame will do if people do not move far meanwhile.

    Args:
        poses: a table of poses, as from `read`.

    Raises:
        ValueError: it is no table of poses.
    """
    return linked(poses)[0]


def linked(poses: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, int]]:
    """The same, and track id before → after."""
    table = conform(poses, "the table of poses")
    new = _people_of(table)
    table["track_id"] = table["track_id"].map(new).astype("int32")
    table.attrs = dict(poses.attrs) | {
        name: Facts(poses.attrs[name] | {"track_id": [new.get(i, i) for i in poses.attrs[name]["track_id"]]})
        for name in ("boxes", "people")
        if poses.attrs.get(name)
    }
    return conform(table, "the table of poses"), new


def _people_of(table: pd.DataFrame) -> dict[int, int]:
    """Track id in a conforming table → track id of the person."""
    from impose_widget.associate import AssociationConfig, associate

    people = gather(table)
    alone = _alone(people, table)
    detections = _detections(people)
    kept = np.unique(people.track_id[~alone])
    known = np.where(alone, -1, np.searchsorted(kept, people.track_id))
    known[~np.isfinite(detections.box).all(1)] = UNUSED
    config = AssociationConfig(birth_hits=HITS, duplicate=NEVER)
    found = associate(detections, known, len(kept), skeleton_of(table), config).astype(np.int64)
    found[found < 0] = 2 * len(people) + np.flatnonzero(found < 0)  # nobody else's: a person of one frame
    fresh = alone & (found >= len(kept))
    free = np.setdiff1d(np.arange(len(kept) + fresh.sum()), kept)  # the lowest numbers that are
    out = people.track_id.copy()
    out[alone & ~fresh] = kept[found[alone & ~fresh]]
    out[fresh] = free[pd.factorize(found[fresh])[0]]
    return dict(zip(people.track_id.tolist(), out.tolist(), strict=True))


def _alone(people: People, poses: pd.DataFrame) -> np.ndarray:
    """(n,) whether somebody is in this frame only, and nobody says who they are."""
    _, at, count = np.unique(people.track_id, return_inverse=True, return_counts=True)
    named = [i for i, name, person_id in rows_of(poses.attrs, "people") if name is not None or person_id is not None]
    return (count[at] == 1) & ~np.isin(people.track_id, named)


def _detections(people: People) -> Detections:
    """People as detections: scores from 0 to 1, 1 where unknown; frames as steps of the usual distance."""
    frames, at = np.unique(people.frame, return_inverse=True)
    apart = np.diff(frames)
    steps = np.ceil(apart / max(np.median(apart), 1)) if len(apart) else apart
    frame = np.concatenate([[0], np.cumsum(steps)])[at] if len(frames) else people.frame
    score = np.where(np.isfinite(people.box_score), people.box_score, people.mean_score())
    box = np.where(np.isfinite(people.box).all(1, keepdims=True), people.box, pose_box(people.xy))
    keypoints = np.concatenate([people.xy, people.score[..., None]], -1)
    score = np.clip(np.nan_to_num(score, nan=1), 0, 1)
    return Detections(frame.astype(np.int32), keypoints, box.astype(np.float32), score.astype(np.float32))
