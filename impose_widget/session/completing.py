"""Completing people who are there: readings of the network are found for them, and only empty keypoints are filled.

So a data set with 15 keypoints a person gets 17: what its annotators placed stays to the bit, and every keypoint that
comes says where it comes from: `model` where the network sees it, `propagated` where it is carried over a short gap or
into a frame that nobody annotated.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.associate import associate
from impose_widget.core import edits
from impose_widget.core.pose import (
    ABSENT,
    HUMAN,
    IMPORTED,
    MODEL,
    NO_READING,
    OCCLUDED,
    PROPAGATED,
    VISIBLE,
    empty_poses,
)
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Change, Draft
from impose_widget.propagate.base import Carry, FrameUpdate, Propagator
from impose_widget.propagate.readings import led_by, smooth_readings
from impose_widget.session.carrying import KEYPOINT_SCORE, Order, Report, spans
from impose_widget.session.claims import claim_readings, claims
from impose_widget.session.finding import adopt_readings
from impose_widget.session.journal import pack_frames
from impose_widget.session.state import State

if TYPE_CHECKING:
    from impose_widget.detect import Detector
    from impose_widget.video import Video

CHUNK = 32  # frames that are looked at and stored together
Chosen = dict[int, np.ndarray]  # track id → frames (n,) in which the person may be completed


def complete(
    state: State,
    video: Video,
    detector: Detector | None,
    propagator: Propagator,
    skeleton: Skeleton,
    chosen: Chosen,
    keypoints: np.ndarray,
    max_gap: int,
    follow: bool,
) -> Iterator[tuple[float, Report]]:
    """Fill empty keypoints of some people; yields the share done and the report so far, after each chunk on disk.

    Args:
        state: of the session.
        video: its frames.
        detector: the network; None to carry only.
        propagator: what carries over gaps.
        skeleton: K keypoints.
        chosen: who, and in which frames.
        keypoints: (K,) bool, which ones.
        max_gap: longest run of frames over which a keypoint is carried.
        follow: also find them in the frames before, between and after.
    """
    began, report = time.perf_counter(), Report(tuple(sorted(chosen)), stopped="cancelled")
    frames = np.unique(np.concatenate([*chosen.values(), np.zeros(0, np.int64)]))
    looked = np.arange(state.n_frames) if follow else frames
    payload = {
        "tracks": list(report.track_ids),
        "keypoints": np.flatnonzero(keypoints).tolist(),
        "frames": pack_frames(int(f) for f in frames),
        "max_gap": max_gap,
        "follow": follow,
    }
    action = state.begin("complete", payload, [])
    steps = [looked[i : i + CHUNK] for i in range(0, len(looked), CHUNK)] if detector is not None else []
    total = len(steps) + len(chosen)

    def store(changes: list[Change]) -> None:
        state.extend(action, changes)
        report.keypoints += sum(c.n_keypoints_changed(len(skeleton)) for c in changes)
        report.touched.update(int(f) for c in changes for f in c.frames)
        report.frames, report.seconds = len(report.touched), time.perf_counter() - began

    try:
        for n, part in enumerate(steps):
            _look(state, video, detector, part)
            with state.lock:
                here = np.intersect1d(part, frames)
                store(_read(state, skeleton, chosen, here, keypoints, detector.KEYPOINT_SCORE, action.seq))
            yield (n + 1) / total, report
        if follow and detector is not None:
            with state.lock:
                store(_follow(state, skeleton, report.track_ids, detector.KEYPOINT_SCORE, action.seq))
            with state.lock:
                people = [c for i, where in chosen.items() for c in _spreads(state, i, where, keypoints, propagator)]
            for update in propagator.propagate(video, people):
                with state.lock:
                    store(_spread(state, update, chosen[update.track_id], keypoints, action.seq))
                yield len(steps) / total, report
        for n, (track_id, where) in enumerate(chosen.items()):
            with state.lock:
                store(_carry(state, video, propagator, track_id, where, keypoints, max_gap, action.seq))
            yield (len(steps) + n + 1) / total, report
        report.stopped = ""
    finally:
        report.seconds = time.perf_counter() - began
        state.finish(action, payload | {"stopped": report.stopped, "changed": report.keypoints}, [])


def _look(state: State, video: Video, detector: Detector, frames: np.ndarray) -> None:
    new = [int(f) for f in frames if not state.readings.analysed[f]]
    if new:
        state.add_detections(new, detector.detect(list(video.frames(new)), new))


def _read(
    state: State,
    skeleton: Skeleton,
    chosen: Chosen,
    frames: np.ndarray,
    keypoints: np.ndarray,
    keypoint_score: float,
    revision: int,
) -> list[Change]:
    """Changes that fill empty keypoints with what the network sees of the same people."""
    draft, owner = Draft(state.tracks), claims(state.tracks, len(state.readings))
    if not len(frames):
        return []
    for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
        claim_readings(draft, state, skeleton, int(run[0]), int(run[-1]) + 1, owner)
    for track_id, where in chosen.items():
        here = np.intersect1d(where, frames)
        records = draft.get(track_id, here)
        read = _calm(state.readings.keypoints(np.where(records["present"], records["reading"], NO_READING)), here)
        seen = np.isfinite(read).all(-1) & (np.nan_to_num(read[..., 2]) >= keypoint_score)
        read[..., :2] = led_by(read[..., :2], records["xy"])
        new = empty_poses(len(here), len(skeleton))
        new["xy"], new["score"], new["visibility"] = read[..., :2], read[..., 2], VISIBLE
        new["source"], new["revision"] = MODEL, revision
        edits.write(draft, track_id, here, new, seen & _empty(records) & keypoints)
    return draft.changes()


def _calm(readings: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Readings (n, K, 3) in some frames (n,), those of neighbouring frames smoothed."""
    at = frames - frames[:1]
    every = np.full((int(at.max(initial=-1)) + 1, *readings.shape[1:]), np.nan)
    every[at] = readings
    return smooth_readings(every)[at]


def _follow(
    state: State, skeleton: Skeleton, track_ids: tuple[int, ...], keypoint_score: float, revision: int
) -> list[Change]:
    """Changes that give people their readings in frames in which they are not yet, forwards in time and backwards."""
    rows = state.readings.between(0, state.n_frames)
    detections, owner = state.readings.table[rows], claims(state.tracks, len(state.readings))[rows]
    for turned in (False, True):
        order = np.argsort(-detections.frame if turned else detections.frame, kind="stable")
        frame = state.n_frames - 1 - detections.frame if turned else detections.frame
        seen = dataclasses.replace(detections[order], frame=frame[order])
        found = associate(seen, owner[order], state.next_track_id, skeleton)
        theirs = np.isin(found, track_ids)  # who is born here is somebody else, for `initialize` to find
        owner[order] = np.where(theirs, found, owner[order])
    draft = Draft(state.tracks)
    for track_id in track_ids:
        mine = owner == track_id
        if mine.any():
            adopt_readings(draft, state, track_id, rows[mine], state.n_frames - 1, revision, keypoint_score)
    return draft.changes()


def _spreads(
    state: State, track_id: int, where: np.ndarray, keypoints: np.ndarray, propagator: Propagator
) -> Iterator[Carry]:
    """What there is to carry of a person from the frames in which a file or a human placed them to those around."""
    placed = _placed(state.tracks.get(track_id, where)) & keypoints
    frames = where[placed.any(1)]
    if not len(frames):
        return
    for places, start, stop in spans(frames, Order(None, "both", None, None, None), propagator.reach, state.n_frames):
        window = np.arange(max(start - propagator.reach, 0), min(stop + propagator.reach, state.n_frames))
        records = state.tracks.get(track_id, window)
        reading = state.readings.keypoints(np.where(records["present"], records["reading"], NO_READING))
        anchor = _placed(records) & keypoints
        yield Carry(track_id, int(window[0]), records["xy"], records["score"], anchor, reading, places, start, stop)


def _spread(state: State, update: FrameUpdate, where: np.ndarray, keypoints: np.ndarray, revision: int) -> list[Change]:
    """Changes in frames in which the person was only followed: what is carried there is nearer than what was seen."""
    draft = Draft(state.tracks)
    old = draft.get(update.track_id, update.frames)
    ours = (old["revision"] == revision) | (old["visibility"] == ABSENT)
    mask = update.write & keypoints & ours & (old["present"] & ~np.isin(update.frames, where))[:, None]
    new = empty_poses(len(update.frames), state.tracks.n_keypoints)
    new["xy"], new["score"], new["revision"], new["source"] = update.xy, update.score, revision, PROPAGATED
    guess = np.where(update.score >= KEYPOINT_SCORE, VISIBLE, OCCLUDED)
    new["visibility"] = np.where(old["visibility"] != ABSENT, old["visibility"], guess)
    edits.write(draft, update.track_id, update.frames, new, mask)
    return draft.changes()


def _placed(records: np.ndarray) -> np.ndarray:
    """(n, K) keypoints that a file or a human placed, and where."""
    by_somebody = records["anchor"] | np.isin(records["source"], (IMPORTED, HUMAN))
    return by_somebody & np.isfinite(records["xy"]).all(-1) & records["present"][:, None]


def _empty(records: np.ndarray) -> np.ndarray:
    """(n, K) keypoints of people who are there that nobody placed, nor said to be absent."""
    return (records["visibility"] == ABSENT) & ~records["anchor"] & records["present"][:, None]


def _carry(
    state: State,
    video: Video,
    propagator: Propagator,
    track_id: int,
    where: np.ndarray,
    keypoints: np.ndarray,
    max_gap: int,
    revision: int,
) -> list[Change]:
    """Changes that carry keypoints over short gaps between two frames that have them, by the propagator."""
    first, stop = int(where[0]), int(where[-1]) + 1
    frames = np.arange(max(first - max_gap, 0), min(stop + max_gap, state.n_frames))
    records = state.tracks.get(track_id, frames)
    known = np.isfinite(records["xy"]).all(-1)
    gaps = _gaps(known, max_gap) & _empty(records) & keypoints & np.isin(frames, where)[:, None]
    if not gaps.any():
        return []
    edges = known & _beside(gaps)
    reading = state.readings.keypoints(np.where(records["present"], records["reading"], NO_READING))
    origins = tuple(int(f) for f in frames[edges.any(1)])
    carry = Carry(track_id, int(frames[0]), records["xy"], records["score"], edges, reading, origins, first, stop)
    draft = Draft(state.tracks)
    for update in propagator.propagate(video, [carry]):
        new = empty_poses(len(update.frames), state.tracks.n_keypoints)
        new["xy"], new["score"], new["revision"] = update.xy, update.score, revision
        new["source"], new["visibility"] = PROPAGATED, OCCLUDED
        new["visibility"] = np.where(update.score >= 0.5, VISIBLE, OCCLUDED)
        edits.write(draft, track_id, update.frames, new, update.write & gaps[update.frames - frames[0]])
    return draft.changes()


def _gaps(known: np.ndarray, max_gap: int) -> np.ndarray:
    """(T, K) places in runs of at most `max_gap` unknown ones that are known at both ends."""
    row = np.arange(len(known))[:, None]
    before = np.maximum.accumulate(np.where(known, row, -1), 0)
    after = np.minimum.accumulate(np.where(known, row, len(known))[::-1], 0)[::-1]
    return ~known & (before >= 0) & (after < len(known)) & (after - before - 1 <= max_gap)


def _beside(mask: np.ndarray) -> np.ndarray:
    """(T, K) places next to those of a mask."""
    out = np.zeros_like(mask)
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    return out
