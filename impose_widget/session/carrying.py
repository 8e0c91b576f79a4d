"""Carrying corrections: which people, from where, how far; then the propagator's updates, stored chunk by chunk."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from impose_widget.associate import AssociationConfig, associate
from impose_widget.core import edits
from impose_widget.core.pose import ABSENT, IMPORTED, OCCLUDED, PROPAGATED, VISIBLE, empty_poses
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Change, Draft
from impose_widget.propagate.base import Carry, FrameUpdate, Propagator
from impose_widget.session.finding import adopt_readings, claims
from impose_widget.session.state import State
from impose_widget.video import Video

DIRECTIONS = ("forward", "backward", "both")
KEYPOINT_SCORE = 0.2  # without a network: carried keypoints below it are called occluded


@dataclass(slots=True)
class Report:
    """What a propagation did.

    Attributes:
        track_ids: people that were carried.
        frames: frames in which something changed.
        keypoints: keypoints that changed.
        seconds: how long it took.
        stopped: empty if it came to its end, else why it did not; what was done stays.
    """

    track_ids: tuple[int, ...] = ()
    frames: int = 0
    keypoints: int = 0
    seconds: float = 0.0
    stopped: str = ""
    touched: set[int] = field(default_factory=set, repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asked for: see `Session.propagate`."""

    frame: int | None
    direction: str
    stop: int | tuple[int, int] | None
    track_ids: tuple[int, ...] | None
    keypoints: tuple[int, ...] | None
    anchored: bool = False  # every anchor is a place to start from, not only those not carried yet
    empty_only: bool = False  # only keypoints that have no place are given one


def origins(state: State, order: Order) -> dict[int, np.ndarray]:
    """Per person, the frames to carry from: those changed by a human and not carried yet, or those asked for."""
    out = {}
    for track_id in order.track_ids if order.track_ids is not None else state.tracks.ids():
        first, records = state.tracks.lane(track_id)
        drawn = records["box_anchor"] & records["pending"]  # a box that was only moved says nothing about the pose
        human = records["present"] & (records["anchor"].any(1) | drawn)
        wanted = human if order.anchored else human & records["pending"]
        frames = np.flatnonzero(wanted) + first
        if order.frame is not None:
            here = order.frame - first
            asked = order.track_ids is not None and 0 <= here < len(records) and human[here]
            frames = np.array([order.frame]) if asked else frames[frames == order.frame]
        if isinstance(order.stop, tuple):
            frames = frames[(order.stop[0] <= frames) & (frames <= order.stop[1])]
        if len(frames):
            out[track_id] = frames
    return out


def spans(frames: np.ndarray, order: Order, reach: int, n_frames: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """(origins, start, stop) of stretches that do not touch: where the reach of two origins meets, they go together."""
    groups = np.split(frames, np.flatnonzero(np.diff(frames) > 2 * reach) + 1)
    for group in groups:
        start, stop = max(int(group[0]) - reach, 0), min(int(group[-1]) + reach + 1, n_frames)
        least, last = order.stop if isinstance(order.stop, tuple) else (order.stop, order.stop)
        if order.direction == "forward":
            start = int(group[0])
        elif last is not None:
            start = max(start, least)
        if order.direction == "backward":
            stop = int(group[-1]) + 1
        elif last is not None:
            stop = min(stop, last + 1)
        yield tuple(int(f) for f in group), start, stop


def carry_of(state: State, track_id: int, places: tuple[int, ...], start: int, stop: int, reach: int) -> Carry:
    """What the propagator is told of one person: a window wide enough that anchors beyond it do not matter."""
    first = max(start - reach, 0)
    frames = np.arange(first, min(stop + reach, state.n_frames))
    records = state.tracks.get(track_id, frames)
    reading = state.readings.keypoints(np.where(records["present"], records["reading"], -1))
    # Imported poses are somebody's reading too: a correction fades into them instead of overwriting them.
    imported = records["source"] == IMPORTED
    own = np.concatenate([records["xy"], np.nan_to_num(records["score"], nan=0.5)[..., None]], -1)
    reading = np.where((imported & np.isfinite(own[..., 0]))[..., None], own, reading)
    anchor = records["anchor"] & np.isfinite(records["xy"]).all(-1)
    # Somebody for whom a human drew a box: the pose in it is what there is to carry.
    drawn = records["box_anchor"] & records["pending"] & ~anchor.any(1)
    anchor |= drawn[:, None] & np.isfinite(records["xy"]).all(-1)
    return Carry(track_id, first, records["xy"], records["score"], anchor, reading, places, start, stop)


def follow(draft: Draft, state: State, skeleton: Skeleton, carry: Carry, revision: int, keypoint_score: float) -> None:
    """Give a person the detections around their origins that are nobody's and continue them."""
    frames = np.arange(carry.start, carry.stop)
    absent = ~draft.get(carry.track_id, frames)["present"]
    if not absent.any():
        return
    rows = state.readings.between(carry.start, carry.stop)
    owner = claims(state.tracks, len(state.readings))[rows]
    if not (owner == -1).any() or not (owner == carry.track_id).any():
        return
    config = dataclasses.replace(AssociationConfig(), birth_score=np.inf)
    detections = state.readings.table[rows]
    taken = associate(detections, owner, state.next_track_id, skeleton, config) == carry.track_id
    # Backwards is the same with time reversed; what one direction took is known to the other.
    turned = np.argsort(-detections.frame, kind="stable")
    back = dataclasses.replace(detections[turned], frame=carry.stop - 1 - detections.frame[turned])
    known = np.where(taken, carry.track_id, owner)[turned]
    behind = associate(back, known, state.next_track_id, skeleton, config) == carry.track_id
    taken[turned] |= behind
    if taken.sum() > (owner == carry.track_id).sum():
        adopt_readings(draft, state, carry.track_id, rows[taken], carry.stop - 1, revision, keypoint_score)


def carry(
    state: State, video: Video, propagator: Propagator, skeleton: Skeleton, order: Order, keypoint_score: float
) -> Iterator[tuple[FrameUpdate, Report]]:
    """Carry corrections as ordered; yields each update when it is stored.

    Whoever stops listening stops the work: what is stored stays, the rest keeps its `stale` mark. An edit that comes in
    between ends it as well, because what was planned may no longer be right.
    """
    began = time.perf_counter()
    with state.lock:
        plan = [
            (track_id, *span)
            for track_id, frames in origins(state, order).items()
            for span in spans(frames, order, propagator.reach, len(video))
        ]
        if not plan:
            return
        action = state.begin("propagate", dataclasses.asdict(order), [])
        draft = Draft(state.tracks)
        for track_id, places, start, stop in plan:
            person = carry_of(state, track_id, places, start, stop, propagator.reach)
            follow(draft, state, skeleton, person, action.seq, keypoint_score)
            edits.clear_marks(draft, track_id, np.array(places), "pending", True)
            edits.clear_marks(draft, track_id, np.setdiff1d(np.arange(start, stop), places), "stale", True)
        state.extend(action, draft.changes())
        people = [carry_of(state, *entry, propagator.reach) for entry in plan]
    report = Report(tuple(sorted({entry[0] for entry in plan})), stopped="cancelled")
    try:
        for update in propagator.propagate(video, people):
            with state.lock:
                if state.revision != action.seq:
                    report.stopped = "another edit came in between; propagate again to go on"
                    return
                changes = _write(state, update, order, action.seq, keypoint_score)
                state.extend(action, changes)
            report.keypoints += sum(c.n_keypoints_changed(len(skeleton)) for c in changes)
            report.touched.update(int(f) for c in changes for f in c.frames)
            report.frames = len(report.touched)
            report.seconds = time.perf_counter() - began
            yield update, report
        report.stopped = ""
    finally:
        with state.lock:
            report.seconds = time.perf_counter() - began
            payload = action.payload | {"stopped": report.stopped, "changed": report.keypoints}
            state.finish(action, payload, [] if report.stopped else _clear(state, plan))


def _write(state: State, update: FrameUpdate, order: Order, revision: int, keypoint_score: float) -> list[Change]:
    draft = Draft(state.tracks)
    new = empty_poses(len(update.frames), state.tracks.n_keypoints)
    old = draft.get(update.track_id, update.frames)
    new["xy"], new["score"], new["revision"] = update.xy, update.score, revision
    new["source"], new["box_source"] = PROPAGATED, PROPAGATED
    guess = np.where(update.score >= keypoint_score, VISIBLE, OCCLUDED)
    new["visibility"] = np.where(old["visibility"] != ABSENT, old["visibility"], guess)
    new["box_score"] = np.where(update.write, update.score, 0).sum(1) / np.maximum(update.write.sum(1), 1)
    mask = update.write
    if order.keypoints is not None:
        mask = mask & np.isin(np.arange(state.tracks.n_keypoints), order.keypoints)
    if order.empty_only:
        mask = mask & (old["visibility"] == ABSENT)
    edits.write(draft, update.track_id, update.frames, new, mask)
    edits.clear_marks(draft, update.track_id, update.frames, "stale")
    return draft.changes()


def _clear(state: State, plan: list[tuple[int, tuple[int, ...], int, int]]) -> list[Change]:
    """A finished propagation leaves nothing to do where it was: not at its origins, not on its way."""
    draft = Draft(state.tracks)
    for track_id, places, start, stop in plan:
        edits.clear_marks(draft, track_id, np.array(places), "pending")
        edits.clear_marks(draft, track_id, np.arange(start, stop), "stale")
    edits.drop_stale(draft)
    return draft.changes()
