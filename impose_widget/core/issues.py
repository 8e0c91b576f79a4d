"""Issues: places that a human should look at next, each with a reason in words.

Plain rules on the poses as they are, for one person at a time. Nothing that a human placed is ever questioned.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impose_widget.core.geometry import person_area
from impose_widget.core.pose import MODEL
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks

STATES = ("open", "accepted", "ignored")
KINDS = ("uncertain", "jump", "disagree", "gap", "stale")
COLUMNS = "issue frame frame_end track_id keypoint kind severity reason state".split()

UNCERTAIN_SCORE = 0.5  # a keypoint below it is more likely wrong than right to be worth a look
JUMP = 0.25  # of the person's size (square root of the area): away in one frame and back in the next
DISAGREE = 0.25  # of the person's size: between the pose and a confident reading of the model
LONGEST_GAP = 45  # frames; longer ones are exits


@dataclass(frozen=True, slots=True)
class Issue:
    """A place to look at: `frame` is the worst one, `frame_end` the last that is affected."""

    frame: int
    frame_end: int
    track_id: int
    keypoint: int | None
    kind: str
    severity: float
    reason: str

    @property
    def number(self) -> int:
        """A number that stays the same as long as the place does."""
        return zlib.crc32(f"{self.kind}/{self.track_id}/{self.keypoint}/{self.frame}".encode()) & 0x7FFFFFFF


def issues_table(tracks: Tracks, skeleton: Skeleton, readings: np.ndarray, decisions: dict[int, str]) -> pd.DataFrame:
    """All issues, worst first: issue, frame, frame_end, track_id, keypoint, kind, severity (0 to 1), reason, state.

    Args:
        tracks: the poses.
        skeleton: names for the reasons.
        readings: (M, K, 3) the model's readings, at which the records' `reading` points.
        decisions: issue number -> state, for those that a human has decided on.
    """
    found = [i for track_id in tracks.ids() for i in _of_person(tracks, track_id, skeleton, readings)]
    found.sort(key=lambda i: (-i.severity, i.frame, i.track_id))
    rows = [
        (
            i.number,
            i.frame,
            i.frame_end,
            i.track_id,
            None if i.keypoint is None else skeleton.keypoints[i.keypoint],
            i.kind,
            i.severity,
            i.reason,
            decisions.get(i.number, "open"),
        )
        for i in found
    ]
    df = pd.DataFrame(rows, columns=COLUMNS)
    return df.astype(
        {
            "issue": "int64",
            "frame": "int32",
            "frame_end": "int32",
            "track_id": "int32",
            "keypoint": pd.CategoricalDtype(list(skeleton.keypoints), ordered=True),
            "kind": pd.CategoricalDtype(list(KINDS)),
            "severity": "float32",
            "reason": "str",
            "state": pd.CategoricalDtype(list(STATES)),
        }
    )


def _of_person(tracks: Tracks, track_id: int, skeleton: Skeleton, readings: np.ndarray) -> Iterator[Issue]:
    first, lane = tracks.lane(track_id)
    held = np.flatnonzero(lane["present"])
    records, frames = lane[held[0] : held[-1] + 1], np.arange(held[0], held[-1] + 1) + first
    xy = np.where(records["present"][:, None, None], records["xy"], np.nan)
    free = ~records["anchor"] & records["present"][:, None]
    with np.errstate(invalid="ignore"):
        size = np.sqrt(np.nanmedian(person_area(xy))) if np.isfinite(xy).any() else np.nan
    names = skeleton.keypoints
    yield from _uncertain(records, free, frames, track_id, names)
    yield from _jumps(xy, free, frames, track_id, names, size)
    yield from _disagreements(records, xy, free, frames, track_id, names, size, readings)
    yield from _gaps(records["present"], frames, track_id)
    yield from _stale(records["stale"], frames, track_id)


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last index of each run of True."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edge[::2], edge[1::2] - 1, strict=True)


def _uncertain(records, free, frames, track_id, names) -> Iterator[Issue]:
    doubt = np.where(free & (records["visibility"] > 0), 1 - records["score"], 0)
    doubt = np.nan_to_num(doubt, nan=1.0)
    for k, name in enumerate(names):
        for a, b in _runs(doubt[:, k] > 1 - UNCERTAIN_SCORE):
            worst = a + int(doubt[a : b + 1, k].argmax())
            score = 1 - doubt[worst, k]
            yield Issue(
                int(frames[worst]), int(frames[b]), track_id, k, "uncertain", float(np.clip(doubt[worst, k], 0, 1)),
                f"{name.replace('_', ' ')} is uncertain (score {score:.2f}) in {_span(frames, a, b)}",
            )  # fmt: skip


def _jumps(xy, free, frames, track_id, names, size) -> Iterator[Issue]:
    if len(xy) < 3 or not np.isfinite(size):
        return
    step = np.linalg.norm(np.diff(xy, axis=0), axis=-1)
    around = np.linalg.norm(xy[2:] - xy[:-2], axis=-1)
    with np.errstate(invalid="ignore"):
        away = np.fmin(step[:-1], step[1:]) - around
    for t, k in zip(*np.nonzero((away > JUMP * size) & free[1:-1]), strict=True):
        severity = float(np.clip(away[t, k] / size, 0, 1))
        yield Issue(
            int(frames[t + 1]), int(frames[t + 1]), track_id, int(k), "jump", severity,
            f"{names[k].replace('_', ' ')} jumped {step[t, k]:.0f} px and came back",
        )  # fmt: skip


def _disagreements(records, xy, free, frames, track_id, names, size, readings) -> Iterator[Issue]:
    has = records["reading"] >= 0
    if not has.any() or not np.isfinite(size):
        return
    read = np.full((len(records), len(names), 3), np.nan, np.float32)
    read[has] = readings[records["reading"][has]]
    apart = np.linalg.norm(xy - read[..., :2], axis=-1)
    with np.errstate(invalid="ignore"):
        bad = (apart > DISAGREE * size) & (read[..., 2] >= UNCERTAIN_SCORE) & free
    # A pose of the model itself is its reading, smoothed: far from the reading means that the reading jumped.
    smoothed = records["source"] == MODEL
    for mask, kind, reason in (
        (bad & ~smoothed, "disagree", "{} is {:.0f} px from where the model sees it"),
        (bad & smoothed, "jump", "{} is seen {:.0f} px from where the frames around it have it"),
    ):
        for k, name in enumerate(names):
            for a, b in _runs(mask[:, k]):
                worst = a + int(apart[a : b + 1, k].argmax())
                severity = float(np.clip(apart[worst, k] / size * read[worst, k, 2], 0, 1))
                words = reason.format(name.replace("_", " "), apart[worst, k])
                yield Issue(int(frames[worst]), int(frames[b]), track_id, k, kind, severity, words)


def _gaps(present, frames, track_id) -> Iterator[Issue]:
    for a, b in _runs(~present):
        if b - a < LONGEST_GAP:
            yield Issue(
                int(frames[a]), int(frames[b]), track_id, None, "gap", 0.5, f"nobody marked in {_span(frames, a, b)}"
            )


def _stale(stale, frames, track_id) -> Iterator[Issue]:
    for a, b in _runs(stale):
        yield Issue(
            int(frames[a]), int(frames[b]), track_id, None, "stale", 0.9,
            f"a correction was not carried to {_span(frames, a, b)} yet; propagate again",
        )  # fmt: skip


def _span(frames: np.ndarray, a: int, b: int) -> str:
    return f"frame {frames[a]}" if a == b else f"frames {frames[a]} to {frames[b]}"
