"""Taking back: what the log says of how poses were before an action. Pure functions over changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from impose_widget.core.pose import pose_dtype
from impose_widget.core.tracks import Change, Tracks
from impose_widget.session.journal import Journal

Cells = dict[tuple[int, int], np.ndarray]
"""(track_id, frame) -> the bits of that record that changed (bytes of a record,)."""


def back_to(journal: Journal, n_keypoints: int, seq: int) -> list[Change]:
    """What makes the poses that an action changed as they were just before it.

    People may have been found since then in the same places, so taking back its own changes is not enough.
    """
    own = _sum(journal.changes(n_keypoints, seq), n_keypoints)
    if not own:
        return []
    return _changes(_sum(journal.changes_since(n_keypoints, seq), n_keypoints, own.__contains__))


def own_changes(
    journal: Journal,
    n_keypoints: int,
    seq: int,
    frames: Iterable[int] | None = None,
    tracks: Iterable[int] | None = None,
) -> list[Change]:
    """What an action changed, in places that nobody changed after it; applied again, it takes that back.

    Args:
        journal: the log.
        n_keypoints: K.
        seq: of the action.
        frames: only in these; None for all.
        tracks: only of these people; None for all.
    """
    inside = None if frames is None else set(frames)
    chosen = None if tracks is None else set(tracks)

    def wanted(place: tuple[int, int]) -> bool:
        track_id, frame = place
        return (chosen is None or track_id in chosen) and (inside is None or frame in inside)

    own = _sum(journal.changes(n_keypoints, seq), n_keypoints, wanted)
    since = _sum(journal.changes_since(n_keypoints, seq), n_keypoints, own.__contains__)
    alone = {place: delta for place, delta in own.items() if (delta == since[place]).all()}
    moved = {place: delta for place, delta in alone.items() if _moves(place, delta, n_keypoints)}
    return _changes(moved)


def own_edits(journal: Journal, n_keypoints: int, since: int, actions: set[int]) -> list[Change]:
    """What some of the actions after one changed, all together; applied again, it takes them back.

    Args:
        journal: the log.
        n_keypoints: K.
        since: number of the action.
        actions: numbers of those that count.
    """
    changes = (c for seq, c in journal.changes_after(n_keypoints, since) if seq in actions)
    return _changes(_sum(changes, n_keypoints))


def records_before(tracks: Tracks, changes: Iterable[Change]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(track_id, frames (n,), records (n,)) as they would be with these changes taken back."""
    size = pose_dtype(tracks.n_keypoints).itemsize
    out = []
    for change in changes:
        records = tracks.get(change.track_id, change.frames)
        bits = records.view("u1").reshape(-1, size)
        bits ^= change.delta
        out.append((change.track_id, change.frames, records))
    return out


def _sum(changes: Iterable[Change], n_keypoints: int, wanted: Callable[[tuple[int, int]], bool] | None = None) -> Cells:
    size = pose_dtype(n_keypoints).itemsize
    cells: Cells = {}
    for change in changes:
        for frame, delta in zip(change.frames, change.delta, strict=True):
            place = change.track_id, int(frame)
            if wanted is None or wanted(place):
                cells.setdefault(place, np.zeros(size, np.uint8))
                cells[place] ^= delta
    return cells


def _changes(cells: Cells) -> list[Change]:
    by_track: dict[int, list[int]] = {}
    for (track_id, frame), delta in cells.items():
        if delta.any():
            by_track.setdefault(track_id, []).append(frame)
    return [
        Change(i, np.array(frames, np.int32), np.stack([cells[i, f] for f in frames]))
        for i, frames in ((i, sorted(by_track[i])) for i in sorted(by_track))
    ]


def _moves(place: tuple[int, int], delta: np.ndarray, n_keypoints: int) -> bool:
    change = Change(place[0], np.array([place[1]], np.int32), delta[None])
    return change.n_keypoints_changed(n_keypoints) > 0
