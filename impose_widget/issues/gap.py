"""Gaps: frames without the person between two with them, and people who begin or end in the middle of the picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues.evidence import Evidence, runs, span_of
from impose_widget.issues.person import Person

LONGEST = 45
"""Frames; a longer absence is an exit."""
BORDER = 0.03
"""Of the picture's width and height: nearer to its edge, people leave and come."""


def find(person: Person) -> Iterator[Evidence]:
    """Absences, and ends that nothing explains."""
    yield _absences(person)
    if person.size is not None:
        yield from _ends(person)


def _absences(person: Person) -> Evidence:
    value, mends, end = np.zeros((len(person), 1), np.float32), np.zeros(len(person)), np.arange(len(person))
    for a, b in runs(~person.present):
        if b - a < LONGEST:
            value[a, 0], mends[a], end[a] = b - a + 1, b - a + 1, b
    frames = person.frames

    def words(t, k):
        return f"nobody marked in {span_of(frames[t], frames[end[t]])}"

    return Evidence("gap", value, 0.5, words, mends=mends, end=end)


def _ends(person: Person) -> Iterator[Evidence]:
    last = person.first + len(person) - 1
    for row, shift, left, looked, words in (
        (0, -1, person.first, person.looked[0], "this person appears in frame {}, in the middle of the picture"),
        (len(person) - 1, 1, person.n_frames - 1 - last, person.looked[1], "this person is lost after frame {}"),
    ):
        if left > 0 and looked and _inside(person, row):
            value, mends = np.zeros((len(person), 1), np.float32), np.zeros(len(person))
            value[row, 0], mends[row] = 1, min(left, LONGEST)
            said = words.format(person.first + row)
            yield Evidence("gap", value, 0.5, lambda t, k, said=said: said, mends=mends, shift=shift)


def _inside(person: Person, row: int) -> bool:
    box, size = person.box[row], np.array(person.size)
    if not np.isfinite(box).all():
        return False
    return bool((box[:2] > BORDER * size).all() and (box[:2] + box[2:] < (1 - BORDER) * size).all())
