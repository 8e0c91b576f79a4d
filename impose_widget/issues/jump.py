"""Temporal jumps: a keypoint that goes away and comes back, a whole person who is elsewhere all at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues import plane
from impose_widget.issues.evidence import Evidence
from impose_widget.issues.person import Person

AWAY = 0.25
"""Of the person's size: away within a frame or two, and back within as many."""
LONGEST = 2  # frames that an excursion may last
UNUSUAL = 3.0
"""Times what this keypoint of this person does in one frame of ten: tracks that tremble all over are no events."""
LEAP = 0.6
"""Of the person's size: the middle of all keypoints moved so far in one frame."""


def find(person: Person) -> Iterator[Evidence]:
    """Excursions of keypoints, and leaps of the whole person."""
    if len(person) < 3:
        return
    yield _excursions(person)
    yield _leaps(person)


def _excursions(person: Person) -> Evidence:
    xy, scale, n = person.xy, person.scale, len(person)
    value = np.zeros(person.known.shape, np.float32)
    pixels = np.zeros_like(value)
    for w in range(1, LONGEST + 1):
        for i in range(w):  # frame i of an excursion of w frames: i + 1 after the last good one, w - i before the next
            before, here, after = xy[: n - w - 1], xy[i + 1 : n - w + i], xy[w + 1 :]
            out, back = plane.length(here - before), plane.length(here - after)
            away = np.fmin(out, back) - plane.length(after - before)
            rows = slice(i + 1, n - w + i)
            more = np.nan_to_num(away / scale[rows, None]) > value[rows]
            value[rows] = np.where(more, away / scale[rows, None], value[rows])
            pixels[rows] = np.where(more, out, pixels[rows])
    usual = np.quantile(value, 0.9, axis=0)
    value = np.where(person.free & (value > UNUSUAL * usual), value, 0)
    return Evidence(
        "jump", value, AWAY, lambda t, k: f"{person.name(k)} jumped {pixels[t, k]:.0f} px and came back"
    )  # fmt: skip


def _leaps(person: Person) -> Evidence:
    step = person.step[1:]
    both = np.isfinite(step)
    least = np.where(both.sum(1) >= 2, np.nan_to_num(_low(step)), 0)
    value = np.zeros((len(person), 1), np.float32)
    value[1:, 0] = least / person.scale[1:]
    value[~person.open] = 0
    pixels = np.concatenate([[0], least])

    def words(t, k):
        return f"the whole person jumped {pixels[t]:.0f} px from one frame to the next"

    return Evidence("jump", value, LEAP, words)


def _low(step: np.ndarray) -> np.ndarray:
    """(T,) the lower quartile of the known steps (T, K)."""
    ordered = np.sort(step, axis=1)  # NaN last
    at = np.maximum(np.isfinite(step).sum(1) - 1, 0) // 4
    return ordered[np.arange(len(step)), at]
