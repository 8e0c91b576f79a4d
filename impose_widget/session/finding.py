"""Finding everyone: detections of all frames, linked to people, as poses; chunk by chunk, each chunk on disk.

Which frames are finished, and who is who in them, is read from the poses themselves: so it goes on after an
interruption where it stopped, and what a human repaired in the meantime holds.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.associate import AssociationConfig, associate
from impose_widget.core import edits
from impose_widget.core.pose import INTERPOLATED, NO_READING, empty_poses, read_poses
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Draft
from impose_widget.propagate.readings import fill_gaps, smooth_readings
from impose_widget.session.claims import claim_readings, claims
from impose_widget.session.journal import pack_frames
from impose_widget.session.state import State
from impose_widget.tracking.looks import pooled

if TYPE_CHECKING:
    from impose_widget.detect import Detector
    from impose_widget.session.identifying import Identifier
    from impose_widget.video import Video

CHUNK = 32  # frames that are detected, linked and stored together
LOOKAHEAD = 8  # frames that must be known after one before it is final: births are confirmed, smoothing looks ahead
ONWARDS = 3  # chunks after the frame that is looked at, for one before it: people look on more than back
LONGEST_GAP = 30  # frames without a reading that are filled by interpolation; longer ones are occlusions or exits


def find(
    state: State,
    video: Video,
    detector: Detector,
    skeleton: Skeleton,
    wanted: list[int],
    chunk: int = CHUNK,
    identifier: Identifier | None = None,
) -> Iterator[int]:
    """Find everyone in the wanted frames that are not finished; yields how many of them are, at first and after each
    chunk.

    Whoever stops listening stops the work: what is stored stays, and the next call goes on there.

    Args:
        wanted: frames in the order in which they are looked at; a part that goes back in time begins a new chunk.
        identifier: a trained decoder that is heard on who is who, if there is one.
    """
    todo = [f for f in wanted if not state.found[f]]
    if not todo:
        yield len(wanted)
        return
    action = state.begin(
        "initialize", {"frames": pack_frames(wanted), "n": len(todo), "chunk": chunk} | _heard(identifier), []
    )
    stopped = "stopped"
    left, done, held = set(todo), len(wanted) - len(todo), []
    try:
        yield done
        for part in parts(todo, chunk):
            new = [f for f in part if not state.readings.analysed[f]]
            if new:
                images = list(video.frames(new))
                rows = state.add_detections(new, detector.detect(images, new))
                if identifier is not None and identifier.looks:
                    _describe(state, detector, dict(zip(new, images, strict=True)), rows)
            left.difference_update(part)
            done += len(part)
            final = [f for f in sorted([*held, *part]) if left.isdisjoint(range(f + 1, f + 1 + LOOKAHEAD))]
            held = sorted({*held, *part}.difference(final))
            for run in _runs(final):  # runs apart from each other have contexts of their own
                with state.lock:
                    run = [f for f in run if not state.found[f]]
                    changes = link(state, skeleton, run, action.seq, detector.KEYPOINT_SCORE, identifier) if run else []
                    state.extend(action, changes, run)
                yield done
        stopped = ""
    finally:
        state.finish(action, action.payload | {"stopped": stopped}, [])


def around(todo: list[int], frame: int, chunk: int = CHUNK) -> list[int]:
    """The same frames (ascending), those about `frame` first: three chunks onwards, one back, and so on."""
    middle = bisect.bisect_left(todo, frame - chunk // 2)
    onwards = [todo[i : i + chunk] for i in range(middle, len(todo), chunk)]
    back = [todo[max(i - chunk, 0) : i] for i in range(middle, 0, -chunk)]
    order: list[int] = []
    while onwards or back:
        some, onwards = onwards[:ONWARDS], onwards[ONWARDS:]
        some, back = [*some, *back[:1]], back[1:]
        order += [f for part in some for f in part]
    return order


def parts(todo: list[int], chunk: int) -> Iterator[list[int]]:
    """Frames as they come, in parts of at most `chunk` that ascend."""
    part: list[int] = []
    for f in todo:
        if part and (len(part) == chunk or f < part[-1]):
            yield part
            part = []
        part.append(f)
    if part:
        yield part


def _runs(frames: list[int]) -> Iterator[list[int]]:
    """Ascending frames in parts between which many others lie; nothing is one empty part."""
    start = 0
    if not frames:
        yield frames
    for i in range(1, len(frames) + 1):
        if i == len(frames) or frames[i] - frames[i - 1] > LOOKAHEAD:
            yield frames[start:i]
            start = i


def _describe(state: State, detector: Detector, images: dict[int, np.ndarray], rows: np.ndarray) -> None:
    """Keep what readings look like, if the detector can say; only keypoints that it is sure of are looked at."""
    from impose_widget.detect import Describer

    if not isinstance(detector, Describer):
        return
    table = state.readings.table[rows]
    known = table.keypoints[..., 2] >= detector.KEYPOINT_SCORE
    for frame in np.unique(table.frame).tolist():
        here = np.flatnonzero(table.frame == frame)
        looks = detector.describe(images[frame], np.where(known[here, :, None], table.xy[here], np.nan))
        state.add_looks(rows[here], pooled(looks, known[here]))


def _heard(identifier: Identifier | None) -> dict[str, str]:
    return {} if identifier is None else {"association": "id"}


def link(
    state: State,
    skeleton: Skeleton,
    final: list[int],
    revision: int,
    keypoint_score: float,
    identifier: Identifier | None = None,
) -> list:
    """Changes that give the people of some frames their identities and poses.

    Frames before and after, as far as they were looked at, serve as context and stay as they are, but for gaps of a
    person that close now.
    """
    config = AssociationConfig()
    first, stop = final[0] - config.memory, final[-1] + 1 + LOOKAHEAD
    rows = state.readings.between(first, stop)
    detections = state.readings.table[rows]
    draft, everywhere = Draft(state.tracks), claims(state.tracks, len(state.readings), first, stop)
    claim_readings(draft, state, skeleton, max(first, 0), stop, everywhere)
    owner = everywhere[rows]
    later = final[-1] + 1
    joins = later < len(state.found) and bool(state.found[later])  # those after them were looked for first
    heard = None if identifier is None else identifier.likeness(detections, state.looks.of(rows))
    ids = associate(detections, owner, state.next_track_id, skeleton, config, joins, heard)
    fresh = (owner == -1) & (ids >= 0) & (detections.frame <= final[-1])
    for track_id in np.unique(ids[fresh]):
        of_person = ids == track_id
        adopt_readings(draft, state, int(track_id), rows[of_person], final[-1], revision, keypoint_score)
    return draft.changes()


def adopt_readings(
    draft: Draft, state: State, track_id: int, rows: np.ndarray, last: int, revision: int, keypoint_score: float
) -> None:
    """Make poses of one person's readings, lightly smoothed and with short gaps filled, in frames that have none.

    Args:
        draft: where to.
        state: whose readings.
        track_id: the person.
        rows: readings of that person, by frame, context included.
        last: no frame after this one is changed.
        revision: number of the action that does it.
        keypoint_score: readings of keypoints below it are called occluded.
    """
    table = state.readings.table
    frames = np.arange(table.frame[rows].min(), table.frame[rows].max() + 1)
    row_at = np.full(len(frames), NO_READING, np.int32)
    row_at[table.frame[rows] - frames[0]] = rows
    raw = state.readings.keypoints(row_at)
    smooth = smooth_readings(fill_gaps(raw, LONGEST_GAP))
    read = row_at != NO_READING
    poses = empty_poses(len(frames), raw.shape[1])
    poses[read] = read_poses(
        smooth[read], table.box[row_at[read]], table.score[row_at[read]], row_at[read], revision, keypoint_score
    )
    filled = ~read & np.isfinite(smooth).all((1, 2))
    boxes = np.full((len(frames), 4), np.nan, np.float32)
    poses[filled] = read_poses(
        smooth[filled], boxes[filled], smooth[filled, :, 2].mean(1), row_at[filled], revision, keypoint_score
    )
    poses["source"][filled], poses["box_source"][filled] = INTERPOLATED, INTERPOLATED
    edits.enclose(poses)
    take = (read | filled) & (frames <= last)
    edits.adopt(draft, track_id, frames[take], poses[take])
