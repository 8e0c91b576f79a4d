"""Stale spans: a propagation planned to come here and was stopped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues.evidence import Evidence, runs, span_of
from impose_widget.issues.person import Person


def find(person: Person) -> Iterator[Evidence]:
    """Frames to which a correction was not carried yet."""
    value, end = np.zeros((len(person), 1), np.float32), np.arange(len(person))
    mends, frames = np.zeros(len(person)), person.frames
    for a, b in runs(person.records["stale"] & person.present):
        value[a, 0], end[a], mends[a] = b - a + 1, b, b - a + 1

    def words(t, k):
        return f"a correction was not carried to {span_of(frames[t], frames[end[t]])} yet; propagate again"

    yield Evidence("stale", value, 0.5, words, mends=mends, end=end)
