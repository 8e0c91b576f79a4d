"""Identity crossings: two people meet, and each may have gone on under the other's id.

Where they part, both ways of going on are compared by how the people moved before: the positions that their velocities
foretell, and how large they were. The ids that a swap from there on would exchange are the person's and the partner's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues import plane
from impose_widget.issues.evidence import Evidence, runs
from impose_widget.issues.meeting import Meeting
from impose_widget.issues.person import Person

CLOSE = 0.25
"""Overlap (IoU) of two boxes from which identities can be confused."""
LIKELY = 0.5
"""1: a swap explains much better where the two are afterwards; .5: both ways do as well; 0: a swap is absurd."""
EXCHANGED = 0.62
"""Way of both if they stay who they are, over that and the way if they were exchanged: from here on they were."""
LEAST = 0.08
"""Of the smaller one's size, per keypoint: how much shorter the way has to be."""
BEFORE = 8  # frames from which a velocity is taken
SHARED = 4  # keypoints that have to be known in both frames of both
PAUSE = 5  # frames apart that do not end a meeting
AHEAD = 60  # frames that a swap is counted to mend at most


def find(pair: Meeting) -> Iterator[tuple[Person, Evidence]]:
    """One place for each meeting, at the frame where the two part; and frames in which two change places at once."""
    exchanged = _at_once(pair)
    if exchanged.any():
        yield pair.a, _exchange(pair, exchanged)
    close = pair.overlap > CLOSE
    if not close.any():
        return
    person, other = pair.a, pair.b
    value = np.zeros((len(person), 1), np.float32)
    offset, end = pair.first - person.first, np.arange(len(person))
    for first, last in _spells(close):
        row = int(np.clip(first + int(np.argmax(pair.overlap[first : last + 1])), first, last)) + offset
        out = min(last + 1, pair.stop - pair.first - 1) + offset
        if (exchanged[max(first - PAUSE, 0) : last + PAUSE + 1] > EXCHANGED).any():
            continue  # that says it better
        if person.open[row] and other.open[row + person.first - other.first]:
            value[row, 0] = _swapped(pair, first, min(last + 1, pair.stop - pair.first - 1))
            end[row] = out

    def words(t, k):
        return f"persons {person.track_id} and {other.track_id} cross; they may have been swapped from here on"

    mends = np.minimum(len(person) - np.arange(len(person)), AHEAD) * 2
    yield (
        person,
        Evidence("crossing", value, LIKELY, words, partner=np.full(len(person), other.track_id), mends=mends, end=end),
    )


def _at_once(pair: Meeting) -> np.ndarray:
    """(M,) how sure it is that the two were exchanged between a shared frame and the one before; 0 where not."""
    a, b = (p.xy[pair.rows(p)] for p in (pair.a, pair.b))
    out = np.zeros(len(a), np.float32)
    if len(a) < 2:
        return out
    known = plane.known(a[1:] + a[:-1] + b[1:] + b[:-1])
    enough = known.sum(1) >= min(SHARED, a.shape[1])

    def way(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        apart = np.where(known, plane.length(p[1:] - q[:-1]), 0)
        return apart.sum(1) / np.maximum(known.sum(1), 1)

    keep, swap = way(a, a) + way(b, b), way(a, b) + way(b, a)
    unit = np.minimum(pair.a.scale[pair.rows(pair.a)], pair.b.scale[pair.rows(pair.b)])[1:]
    sure = np.where(enough & (keep - swap > 2 * LEAST * unit), keep / np.maximum(keep + swap, 1e-6), 0)
    open_ = pair.a.open[pair.rows(pair.a)] & pair.b.open[pair.rows(pair.b)]
    out[1:] = np.where(open_[1:], sure, 0)
    return out


def _exchange(pair: Meeting, sure: np.ndarray) -> Evidence:
    person, other = pair.a, pair.b
    value = np.zeros((len(person), 1), np.float32)
    value[pair.rows(person), 0] = sure

    def words(t, k):
        return f"persons {person.track_id} and {other.track_id} change places in this frame"

    mends = np.minimum(len(person) - np.arange(len(person)), AHEAD) * 2
    return Evidence(
        "crossing", value, EXCHANGED, words, partner=np.full(len(person), other.track_id), mends=mends
    )  # fmt: skip


def _spells(close: np.ndarray) -> list[tuple[int, int]]:
    """Runs of closeness, joined across short pauses."""
    out: list[tuple[int, int]] = []
    for first, last in runs(close):
        if out and first - out[-1][1] <= PAUSE:
            out[-1] = out[-1][0], last
        else:
            out.append((first, last))
    return out


def _swapped(pair: Meeting, first: int, out: int) -> float:
    """How well a swap explains where the two are at offset `out`, beside going on as they are; 0 to 1."""
    people = [pair.a, pair.b]
    start = max(first - 1, 0)
    expected, seen, unit = [], [], float(np.median(pair.scale)) if len(pair.scale) else 1.0
    for p in people:
        row = pair.first - p.first
        low = max(row + start - BEFORE, 0)
        track = p.xy[low : row + start + 1]
        known = np.isfinite(track).all(-1).any(1)
        if not known.any() or not np.isfinite(p.xy[row + out]).any():
            return 0.0
        middles = np.array([np.nanmean(pose, 0) for pose in track[known]])
        speed = (middles[-1] - middles[0]) / max(len(middles) - 1, 1)
        expected.append(middles[-1] + speed * min(out - start, 2 * BEFORE))
        seen.append(np.nanmean(p.xy[row + out], 0))
    keep = sum(np.linalg.norm(e - s) for e, s in zip(expected, seen, strict=True))
    swap = sum(np.linalg.norm(e - s) for e, s in zip(expected, seen[::-1], strict=True))
    return float(1 / (1 + np.exp(np.clip((swap - keep) / (0.5 * unit), -50, 50))))
