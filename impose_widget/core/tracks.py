"""Tracks: all poses of one video, one array a person; `Draft` and `Change`: edits that can be stored and taken back."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from impose_widget.core.pose import empty_poses, pose_dtype


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit does to the records of one person: the bits that it turns over.

    Applying a change twice takes it back, so that a journal needs neither the old nor the new records, only the
    difference, and undo is the same operation as the edit.

    Attributes:
        track_id: whose.
        frames: (n,) int32, each once.
        delta: (n, bytes of a record) uint8, exclusive or of the records before and after.
    """

    track_id: int
    frames: np.ndarray
    delta: np.ndarray

    def n_keypoints_changed(self, n_keypoints: int) -> int:
        """How many keypoints got another position or visibility."""
        bits = self.delta.reshape(-1).view(pose_dtype(n_keypoints))
        moved = (np.ascontiguousarray(bits["xy"]).view("<u4") != 0).any(-1)
        return int((moved | (bits["visibility"] != 0)).sum())

    def to_bytes(self) -> bytes:
        """Compressed bytes for the journal; byte planes side by side, because most of them are zero."""
        return zlib.compress(self.frames.astype("<i4").tobytes() + self.delta.T.tobytes(), 1)

    @classmethod
    def from_bytes(cls, track_id: int, data: bytes, n_keypoints: int) -> Change:
        """The reverse of `to_bytes`."""
        raw, size = zlib.decompress(data), pose_dtype(n_keypoints).itemsize
        n = len(raw) // (4 + size)
        delta = np.frombuffer(raw, np.uint8, n * size, 4 * n).reshape(size, n).T
        return cls(track_id, np.frombuffer(raw, "<i4", n), np.ascontiguousarray(delta))


def difference(track_id: int, frames: np.ndarray, before: np.ndarray, after: np.ndarray) -> list[Change]:
    """The change from some records (n,) to others, in a list that is empty if they are the same to the bit."""
    size = before.dtype.itemsize
    delta = before.view("u1").reshape(-1, size) ^ after.view("u1").reshape(-1, size)
    differs = delta.any(1)
    if not differs.any():
        return []
    return [Change(track_id, np.asarray(frames, np.int32)[differs], delta[differs])]


class Tracks:
    """Everything known of everybody in one video: per track_id, consecutive records from its first to its last frame.

    Memory grows with the frames a person spans, not with the length of the video (about 520 bytes a person and frame
    for 17 keypoints).
    """

    def __init__(self, n_keypoints: int) -> None:
        self.n_keypoints = n_keypoints
        self._first: dict[int, int] = {}
        self._records: dict[int, np.ndarray] = {}
        self._versions: dict[int, int] = {}

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._records and bool(self._records[track_id]["present"].any())

    def ids(self) -> list[int]:
        """Track ids that are present in at least one frame, ascending."""
        return sorted(i for i in self._records if i in self)

    def lane(self, track_id: int) -> tuple[int, np.ndarray]:
        """First frame and records (n,) of one person, present or not; a view that must not be written."""
        return self._first.get(track_id, 0), self._records.get(track_id, empty_poses(0, self.n_keypoints))

    def version(self, track_id: int) -> int:
        """Grows with every change of a person: what was computed from an older version is out of date."""
        return self._versions.get(track_id, 0)

    def lanes(self) -> Iterable[tuple[int, int, np.ndarray]]:
        """(track_id, first frame, records) of all, ascending."""
        return ((i, self._first[i], self._records[i]) for i in sorted(self._records))

    def get(self, track_id: int, frames: np.ndarray | Sequence[int]) -> np.ndarray:
        """A copy of the records (n,) of one person in some frames; empty records where there is nothing."""
        frames = np.asarray(frames, np.int64)
        out = empty_poses(len(frames), self.n_keypoints)
        first, records = self.lane(track_id)
        row = frames - first
        held = (row >= 0) & (row < len(records))
        out[held] = records[row[held]]
        return out

    def frames_of(self, track_id: int) -> np.ndarray:
        """Frames (n,) in which a person is present, ascending."""
        first, records = self.lane(track_id)
        return np.flatnonzero(records["present"]) + first

    def at(self, frame: int) -> list[int]:
        """Track ids present in a frame, ascending."""
        return [i for i, first, r in self.lanes() if 0 <= frame - first < len(r) and r["present"][frame - first]]

    def apply(self, changes: Iterable[Change]) -> None:
        """Turn over the bits of each change: an edit takes place, or, the second time, is taken back."""
        size = pose_dtype(self.n_keypoints).itemsize
        for change in changes:
            records = self.get(change.track_id, change.frames)
            bits = records.view("u1").reshape(-1, size)
            bits ^= change.delta
            self._put(change.track_id, change.frames, records)

    def _put(self, track_id: int, frames: np.ndarray, records: np.ndarray) -> None:
        if not len(frames):
            return
        low, high = int(frames.min()), int(frames.max()) + 1
        first, held = self.lane(track_id)
        if not len(held):
            first = low
        if low < first or high > first + len(held):
            # Room for as much again on the side that grows: chunk after chunk must not copy the whole track each time.
            spare = len(held) // 2
            new_first = low - min(spare, low) if low < first else first
            new_stop = high + spare if high > first + len(held) else first + len(held)
            grown = empty_poses(new_stop - new_first, self.n_keypoints)
            grown[first - new_first : first - new_first + len(held)] = held
            first, held = new_first, grown
        held[np.asarray(frames, np.int64) - first] = records
        self._versions[track_id] = self.version(track_id) + 1
        self._first[track_id], self._records[track_id] = first, held


class Draft:
    """A copy of `Tracks` as far as it is looked at: edit here, then take the difference as changes."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._cells: dict[tuple[int, int], np.void] = {}
        self.n_keypoints = tracks.n_keypoints

    def get(self, track_id: int, frames: np.ndarray | Sequence[int]) -> np.ndarray:
        """A copy of the records (n,) of one person in some frames, with this draft's edits."""
        records = self._tracks.get(track_id, frames)
        if self._cells:
            for i, frame in enumerate(frames):
                cell = self._cells.get((track_id, int(frame)))
                if cell is not None:
                    records[i] = cell
        return records

    def frames_of(self, track_id: int) -> np.ndarray:
        """Frames (n,) in which a person is present, ascending."""
        frames = set(self._tracks.frames_of(track_id).tolist())
        for (owner, frame), cell in self._cells.items():
            if owner == track_id:
                (frames.add if cell["present"] else frames.discard)(frame)
        return np.array(sorted(frames), np.int64)

    def touched(self) -> list[int]:
        """The people of whom something was set, ascending."""
        return sorted({track_id for track_id, _ in self._cells})

    def is_marked(self, track_id: int, name: str) -> bool:
        """Whether a person is `pending` or `stale` in any frame."""
        first, records = self._tracks.lane(track_id)
        marked = records["present"] & records[name]
        for (owner, frame), cell in self._cells.items():
            if owner == track_id:
                if cell["present"] and cell[name]:
                    return True
                if 0 <= frame - first < len(marked):
                    marked[frame - first] = False
        return bool(marked.any())

    def put(self, track_id: int, frames: np.ndarray | Sequence[int], records: np.ndarray) -> None:
        """Set the records of one person in some frames."""
        for frame, record in zip(frames, records, strict=True):
            self._cells[track_id, int(frame)] = record.copy()

    def changes(self) -> list[Change]:
        """What differs from the tracks, one change a person, frames ascending."""
        by_track: dict[int, list[int]] = {}
        for track_id, frame in self._cells:
            by_track.setdefault(track_id, []).append(frame)
        out = []
        for track_id in sorted(by_track):
            frames = np.array(sorted(by_track[track_id]), np.int32)
            after = np.array([self._cells[track_id, int(f)] for f in frames], pose_dtype(self.n_keypoints))
            out += difference(track_id, frames, self._tracks.get(track_id, frames), after)
        return out
