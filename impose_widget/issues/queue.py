"""The queue of places that a human should look at next, the one where most is to be mended first.

Computed from the poses alone, and again only for those people who changed since the last time: it is asked for after
each click. Nothing that a human placed is questioned, and what was decided stays decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks
from impose_widget.issues import (
    age,
    bone,
    comeback,
    crossing,
    disagree,
    flip,
    gap,
    jump,
    overlap,
    seam,
    stale,
    swap,
    uncertain,
)
from impose_widget.issues.evidence import KINDS
from impose_widget.issues.gather import ROW, Doubt, Found, gather
from impose_widget.issues.meeting import meeting
from impose_widget.issues.person import Person

STATES = ("open", "accepted", "ignored")
COLUMNS = ("issue frame frame_end track_id track_id_b keypoint kind severity gain value threshold reason state").split()
ALONE = (uncertain, jump, disagree, bone, flip, gap, stale, age, seam, swap)
"""Detectors of one person: `find(person)` yields `Evidence`."""
TOGETHER = (overlap, crossing)
"""Detectors of two people: `find(meeting)` yields a person and `Evidence`. `comeback` is of everybody."""
LOOKED_AT = 0.3
"""What a place near one that was decided, of the same person, still counts: a human has looked there."""
NEAR = 4  # frames


Swaps = tuple[tuple[int, int, float], ...]
Version = tuple[int, bool, bool, Swaps]


@dataclass
class Snapshot:
    """Everybody at one moment: copies, so that the poses may change meanwhile.

    Attributes:
        versions: track id -> what changes when the person does.
        people: those who have a pose.
    """

    versions: dict[int, Version]
    people: dict[int, Person]


@dataclass
class _Held:
    version: Version
    person: Person
    doubt: Doubt
    found: Found


@dataclass
class Queue:
    """What was found, kept by person and pair. Any thread may ask; work done twice at once is only wasted."""

    skeleton: Skeleton
    n_frames: int = 0
    size: tuple[int, int] | None = None
    _held: dict[int, _Held] = field(default_factory=dict)
    _pairs: dict[tuple[int, int], tuple[tuple[Version, Version], Found]] = field(default_factory=dict)

    def look(
        self,
        tracks: Tracks,
        readings: np.ndarray,
        looked: np.ndarray | None = None,
        swaps: Iterable[tuple[int, int, int, float]] = (),
    ) -> Snapshot:
        """Copy what changed since the last time; quick, to be called while nobody writes.

        Args:
            tracks: the poses.
            readings: (M, K, 3) the network's readings, at which the records' `reading` points.
            looked: (T,) bool, frames in which everybody was looked for; None: nobody was.
            swaps: (frame, track id, other track id, chance) where the ID decoder would name somebody otherwise.
        """
        versions, people, doubts = {}, {}, {}
        for frame, track_id, other, chance in swaps:
            doubts.setdefault(track_id, []).append((frame, other, chance))
        for track_id in tracks.ids():
            first, lane = tracks.lane(track_id)
            present = np.flatnonzero(lane["present"])
            first, lane = first + int(present[0]), lane[present[0] : present[-1] + 1]
            ends = _at(looked, first - 1), _at(looked, first + len(lane))
            told = tuple(doubts.get(track_id, ()))
            versions[track_id] = (tracks.version(track_id), *ends, told)
            held = self._held.get(track_id)
            if held is not None and held.version == versions[track_id]:
                people[track_id] = held.person
            else:
                people[track_id] = self._person(track_id, first, lane.copy(), readings, ends, told)
        return Snapshot(versions, people)

    def _person(
        self,
        track_id: int,
        first: int,
        records: np.ndarray,
        readings: np.ndarray,
        looked: tuple[bool, bool],
        swaps: Swaps,
    ) -> Person:
        read = np.full((len(records), len(self.skeleton), 3), np.nan, np.float32)
        has = records["present"] & (records["reading"] >= 0)
        read[has] = readings[records["reading"][has]]
        return Person(track_id, first, records, read, self.skeleton, self.n_frames, self.size, looked, swaps)

    def table(self, snapshot: Snapshot, decisions: dict[int, str]) -> pd.DataFrame:
        """All issues as `issues_table` gives them."""
        for track_id, person in snapshot.people.items():
            held = self._held.get(track_id)
            if held is None or held.person is not person:
                self._held[track_id] = _of_person(person, snapshot.versions[track_id])
        held = {i: h for i in snapshot.people if (h := self._held.get(i)) is not None}
        founds = [h.found for h in held.values()]
        ids = sorted(held)
        founds += [self._of_pair(held[a], held[b]) for n, a in enumerate(ids) for b in ids[n + 1 :]]
        founds.append(_of_all([held[i] for i in ids]))
        for gone in self._held.keys() - snapshot.people.keys():
            self._held.pop(gone, None)
        for pair in [p for p in self._pairs if not snapshot.people.keys() >= set(p)]:
            self._pairs.pop(pair, None)
        return _table(founds, self.skeleton, decisions)

    def _of_pair(self, a: _Held, b: _Held) -> Found:
        key, versions = (a.person.track_id, b.person.track_id), (a.version, b.version)
        if self._pairs.get(key, (None,))[0] != versions:
            self._pairs[key] = versions, _of_pair(a, b)
        return self._pairs[key][1]


def issues_table(
    tracks: Tracks,
    skeleton: Skeleton,
    readings: np.ndarray,
    decisions: dict[int, str],
    n_frames: int = 0,
    size: tuple[int, int] | None = None,
    looked: np.ndarray | None = None,
    swaps: Iterable[tuple[int, int, int, float]] = (),
) -> pd.DataFrame:
    """All issues, where most is to be mended first; one row a place.

    Columns: issue (a number that stays as long as the place does), frame (the worst one), frame_end (the last that is
    affected), track_id, track_id_b (whom to swap with, or who is on the same body; missing where nobody), keypoint
    (missing: the whole person), kind (`KINDS`), severity (chance 0 to 1 that a human would correct it), gain (how many
    keypoints, over frames, a correction there is expected to mend), value and threshold (what the detector measured,
    in its own unit), reason (a sentence), state (`STATES`).

    Args:
        tracks: the poses.
        skeleton: names, edges, pairs.
        readings: (M, K, 3) the network's readings, at which the records' `reading` points.
        decisions: issue number -> state, for those that a human has decided on.
        n_frames: of the video; 0 if unknown.
        size: its (width, height); None if unknown.
        looked: (T,) bool, frames in which everybody was looked for; None: nobody was.
        swaps: (frame, track id, other track id, chance) where the ID decoder would name somebody otherwise.
    """
    queue = Queue(skeleton, n_frames, size)
    return queue.table(queue.look(tracks, readings, looked, swaps), decisions)


def _at(mask: np.ndarray | None, frame: int) -> bool:
    return mask is not None and 0 <= frame < len(mask) and bool(mask[frame])


def _of_person(person: Person, version: Version) -> _Held:
    with np.errstate(invalid="ignore"):  # NaN is nowhere
        evidence = [e for detector in ALONE for e in detector.find(person)]
        doubt = Doubt(person, evidence)
        found = gather(doubt, evidence)
        light = doubt.of_pairs()
        return _Held(version, light.person, light, found)


def _of_pair(a: _Held, b: _Held) -> Found:
    pair = meeting(a.person, b.person)
    if pair is None:
        return Found(np.zeros(0, ROW), [])
    rows, reasons = [], []
    with np.errstate(invalid="ignore"):
        for person, evidence in chain.from_iterable(d.find(pair) for d in TOGETHER):
            found = gather(a.doubt if person is a.person else b.doubt, [evidence])
            rows.append(found.rows)
            reasons += found.reasons
    return Found(np.concatenate(rows) if rows else np.zeros(0, ROW), reasons)


def _of_all(held: list[_Held]) -> Found:
    doubts = {h.person.track_id: h.doubt for h in held}
    found = [gather(doubts[p.track_id], [e]) for p, e in comeback.find([h.person for h in held])]
    rows = [f.rows for f in found]
    return Found(np.concatenate(rows) if rows else np.zeros(0, ROW), [r for f in found for r in f.reasons])


def _table(founds: list[Found], skeleton: Skeleton, decisions: dict[int, str]) -> pd.DataFrame:
    founds = [f for f in founds if len(f.rows)]  # most pairs of many people have none
    rows = np.concatenate([f.rows for f in founds] or [np.zeros(0, ROW)])
    reasons = np.array([r for f in founds for r in f.reasons], object)
    state = np.zeros(len(rows), np.int8)
    for number, word in decisions.items():
        state[rows["issue"] == number] = STATES.index(word)
    order = np.lexsort((rows["issue"], rows["track_id"], rows["frame"], -_worth(rows, state)))
    rows, state = rows[order], state[order]
    partner = pd.array(rows["track_id_b"], dtype="Int32")
    partner[rows["track_id_b"] < 0] = pd.NA
    columns = {name: rows[name] for name in COLUMNS if name in ROW.names} | {
        "track_id_b": partner,
        "keypoint": pd.Categorical.from_codes(rows["keypoint"], list(skeleton.keypoints), ordered=True),
        "kind": pd.Categorical.from_codes(rows["kind"], list(KINDS)),
        "reason": pd.Series(reasons[order], dtype="str"),
        "state": pd.Categorical.from_codes(state, list(STATES)),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _worth(rows: np.ndarray, state: np.ndarray) -> np.ndarray:
    """(n,) what the order goes by: the gain, less where a human has decided on something else of the same person."""
    worth = rows["gain"].astype(np.float64)
    decided = np.flatnonzero(state)
    if not len(decided):
        return worth
    key = rows["track_id"].astype(np.int64) << 32
    near = np.unique((key[decided] + rows["frame"][decided])[:, None] + np.arange(-NEAR, NEAR + 1))
    seen = np.isin(key + rows["frame"], near) & (rows["keypoint"] >= 0)
    return np.where(seen, LOOKED_AT * worth, worth)
