"""Poses as the arrays that travel to the browser."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from impose_widget.core.pose import empty_poses
from impose_widget.core.tracks import Tracks
from impose_widget.protocol import PoseRows

PENDING, STALE, BOX_ANCHOR = 1, 2, 4


def pose_rows(tracks: Tracks, frames: np.ndarray, track_ids: Iterable[int] | None = None) -> PoseRows:
    """The people who are present in some frames (n,), ascending by person, then frame.

    Args:
        tracks: whose poses.
        frames: which frames, ascending.
        track_ids: only these people; None for everybody.
    """
    who, records = [], []
    ids = [i for i, _, _ in tracks.lanes()] if track_ids is None else sorted(track_ids)
    for track_id in ids:
        held = tracks.get(track_id, frames)
        there = held["present"]
        records.append(held[there])
        who.append(np.stack([frames[there], np.full(int(there.sum()), track_id)], 1))
    if not records:
        records, who = [tracks.get(0, [])], [np.zeros((0, 2))]
    return _pack(np.concatenate(who).astype(np.int32), np.concatenate(records))


def rows_of_records(held: Iterable[tuple[int, np.ndarray, np.ndarray]], first: int, stop: int) -> PoseRows:
    """Records of people (track_id, frames (n,), records (n,)), as far as they lie in [first, stop) and are present."""
    who, records = [np.zeros((0, 2))], []
    for track_id, frames, some in held:
        there = some["present"] & (frames >= first) & (frames < stop)
        records.append(some[there])
        who.append(np.stack([frames[there], np.full(int(there.sum()), track_id)], 1))
    return _pack(np.concatenate(who).astype(np.int32), np.concatenate(records) if records else empty_poses(0, 0))


def _pack(who: np.ndarray, records: np.ndarray) -> PoseRows:
    score = np.clip(np.nan_to_num(records["score"]), 0, 1)
    flags = records["visibility"].astype(np.uint8) | records["source"] << 2 | records["anchor"].astype(np.uint8) << 5
    marks = records["pending"] * PENDING + records["stale"] * STALE + records["box_anchor"] * BOX_ANCHOR
    return PoseRows(
        who, records["xy"], np.rint(255 * score).astype(np.uint8), flags, records["box"], marks.astype(np.uint8)
    )
