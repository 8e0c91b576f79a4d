"""Poses in the keypoints of another skeleton: mapped by name, absent where there is none of that name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from impose_widget.core.mapping import map_keypoints
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.columns import conform, skeleton_of
from impose_widget.io.people import People, gather, table_of


def in_slots(people: People, names: Sequence[str], slots: Sequence[str], what: str) -> People:
    """People with the keypoints `slots` (K,); those without a source of that name are absent.

    Raises:
        ValueError: not one keypoint is the same.
    """
    position = map_keypoints(names, slots)
    if len(people) and not (position >= 0).any():
        raise ValueError(
            f"Expected keypoints that {what} has too ({', '.join(slots)}), got none of them "
            f"({', '.join(repr(str(n)) for n in names)}); rename them, or use another format."
        )
    has = position >= 0
    at = np.maximum(position, 0)
    out = People.nobody(len(people), len(slots))
    for name in ("frame", "track_id", "time", "box", "head_box", "box_score"):
        setattr(out, name, getattr(people, name))
    if len(names):
        for name in ("visibility", "score", "source", "anchor", "revision", "written"):
            empty = getattr(out, name)
            setattr(out, name, np.where(has, getattr(people, name)[:, at], empty).astype(empty.dtype))
        out.xy = np.where(has[:, None], people.xy[:, at], out.xy)
    out.written |= ~has
    return out


def to_skeleton(poses: pd.DataFrame, skeleton: str | Skeleton | Sequence[str]) -> pd.DataFrame:
    """The same poses in the keypoints of another skeleton, mapped by name; no keypoint is ever invented.

    Args:
        poses: a table of poses.
        skeleton: a name (`posetrack17`, `mpii16`, …), a Skeleton, a file, or names of keypoints.

    Returns:
        A table with every keypoint of the new skeleton for everyone; those that the old one does not have are absent.

    Raises:
        ValueError: the two have no keypoint in common.
    """
    table, target = conform(poses, "the table of poses"), Skeleton.of(skeleton)
    people = in_slots(gather(table), skeleton_of(table).keypoints, target.keypoints, target.name)
    return table_of(people, target.keypoints, table.attrs | {"skeleton": target.to_json()}, "the table of poses")
