"""The trajectory bank: who was where, indexed by frame, with where each keypoint comes from and what a human holds.

It is no copy: it reads the tracks of a session, which are on disk, so that a human edit rewrites history at once, and
what was decoded from an older history is out of date. Paper section III-B; model.md calls for records by frame, because
annotators jump in time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from impose_widget.core.tracks import Tracks
from impose_widget.tracking.looks import Looks
from impose_widget.tracking.people import People, with_velocities

KEPT = 32  # windows
HUMAN = 1.0  # weight of what a human placed: no low score makes it fade


@dataclass(frozen=True)
class Trajectories:
    """S records of people in some frames, in order of frame, then name.

    Attributes:
        track_id: (S,) whose.
        people: (S,) pose, box, score, the speed that was known by then, and features of the image where there are any.
        source: (S, K) where each keypoint comes from; see `core.pose.SOURCES`.
        locked: (S, K) bool: a human stands behind it, and no machine moves it.
        revision: (S,) the newest action that wrote a keypoint of it.
    """

    track_id: np.ndarray
    people: People
    source: np.ndarray
    locked: np.ndarray
    revision: np.ndarray

    def __len__(self) -> int:
        return len(self.track_id)

    def at(self, frame: int) -> Trajectories:
        """The records of one frame."""
        rows = np.flatnonzero(self.people.frame == frame)
        return Trajectories(
            self.track_id[rows], self.people[rows], self.source[rows], self.locked[rows], self.revision[rows]
        )


class TrajectoryBank:
    """Windows of the past and of the future of any frame.

    Args:
        tracks: the poses; whoever changes them calls `changed`.
        n_frames: of the video.
        window: frames that a person is remembered.
        looks: features of the readings that poses were made of; what is read of a person stays theirs when a human
            moves keypoints or names them otherwise.

    Memory: a byte a frame of each person who was edited, and the last windows, about 300 bytes a person and frame (and
    four a feature).
    """

    def __init__(self, tracks: Tracks, n_frames: int, window: int = 64, looks: Looks | None = None) -> None:
        self.tracks, self.n_frames, self.reach = tracks, n_frames, window
        self.looks = Looks() if looks is None else looks
        self._windows: OrderedDict[tuple[int, int, bool], tuple[tuple[int, ...], Trajectories]] = OrderedDict()
        self._stale: dict[int, np.ndarray] = {}

    def window(self, frame: int, backward: bool = False) -> Trajectories:
        """Who was where before a frame, or after it, as far as anybody is remembered; the frame itself left out."""
        if backward:
            return self.between(frame + 1, frame + self.reach, backward=True)
        return self.between(frame - self.reach + 1, frame)

    def between(self, first: int, stop: int, backward: bool = False) -> Trajectories:
        """Everybody in the frames [first, stop); speeds as known from before, or from after if `backward`."""
        key = first, stop, backward
        lanes = list(self.tracks.lanes())
        version = tuple(v for i, _, _ in lanes for v in (i, self.tracks.version(i)))
        if key in self._windows and self._windows[key][0] == version:
            self._windows.move_to_end(key)
            return self._windows[key][1]
        found = _gathered(lanes, first, stop, self.tracks.n_keypoints, backward, self.looks)
        self._windows[key] = version, found
        while len(self._windows) > KEPT:
            self._windows.popitem(last=False)
        return found

    # -- what is out of date ----------------------------------------------------------------------------------------

    def changed(self, track_ids: tuple[int, ...], frames: np.ndarray) -> None:
        """History was rewritten: what follows is stale, as far as these are remembered or to the next anchor."""
        frames = np.unique(np.asarray(frames, np.int64))
        for track_id in track_ids:
            stops = np.minimum(frames + self.reach, self.n_frames)
            held = self._held(track_id)
            after = np.searchsorted(held, frames, "right")
            known = after < len(held)
            stops[known] = np.minimum(stops[known], held[after[known]])
            edges = np.zeros(self.n_frames + 1, int)
            np.add.at(edges, frames, 1)
            np.add.at(edges, stops, -1)
            stale = self._stale.setdefault(track_id, np.zeros(self.n_frames, bool))
            stale |= np.cumsum(edges)[:-1] > 0

    def _held(self, track_id: int) -> np.ndarray:
        """(n,) frames, ascending, in which a human holds all of a person's pose, so that nothing is asked there."""
        first, records = self.tracks.lane(track_id)
        return first + np.flatnonzero(records["present"] & (records["anchor"] | (records["visibility"] == 0)).all(1))

    def stale(self) -> list[tuple[int, int]]:
        """(frame, track_id) of what was named, or checked, before history was rewritten; ascending."""
        return sorted((int(f), i) for i, mask in self._stale.items() for f in np.flatnonzero(mask))

    def settled(self, frames: np.ndarray) -> None:
        """These frames were named or checked again."""
        for mask in self._stale.values():
            mask[np.asarray(frames, int)] = False

    @property
    def nbytes(self) -> int:
        """Bytes held beside the tracks."""
        windows = (t for _, t in self._windows.values())
        arrays = (a for t in windows for a in (t.track_id, t.source, t.locked, t.revision, *vars(t.people).values()))
        return sum(a.nbytes for a in arrays) + sum(m.nbytes for m in self._stale.values())


def _gathered(
    lanes: list[tuple[int, int, np.ndarray]], first: int, stop: int, n_keypoints: int, backward: bool, looks: Looks
) -> Trajectories:
    frames, ids, parts = [], [], []
    for track_id, start, records in lanes:
        rows = np.arange(max(first - start, 0), max(min(stop - start, len(records)), 0))
        rows = rows[records["present"][rows]] if len(rows) else rows
        frames.append(rows + start)
        ids.append(np.full(len(rows), track_id))
        parts.append(records[rows])
    if not sum(len(p) for p in parts):
        none = np.zeros((0, n_keypoints))
        nobody = People.nobody(n_keypoints)
        return Trajectories(np.zeros(0, int), nobody, none.astype(np.uint8), none > 0, np.zeros(0, np.int32))
    frame, track_id, records = np.concatenate(frames), np.concatenate(ids), np.concatenate(parts)
    order = np.lexsort((track_id, frame))
    frame, track_id, records = frame[order], track_id[order], records[order]
    sure = np.where(records["anchor"], HUMAN, np.nan_to_num(records["score"], nan=0.5))
    keypoints = np.concatenate([records["xy"], sure[..., None]], -1)
    score = np.where(records["anchor"].any(1), HUMAN, np.nan_to_num(records["box_score"], nan=0.5))
    people = People.of(frame, keypoints, records["box"], score, looks.of(records["reading"]))
    people = with_velocities(people, track_id, backward)
    return Trajectories(track_id, people, records["source"], records["anchor"], records["revision"].max(1))
