"""Possible swaps: the trained ID decoder, shown everybody's past, would name somebody otherwise.

It is asked by the session (`Session.verify_identities`), which alone knows the decoder; here its doubts become issues.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues.evidence import Evidence
from impose_widget.issues.person import Person

SURE = 0.79
"""Chance of the other name; what is less sure is not told (`tracking.verify.SURE`)."""
AHEAD = 60  # frames that a swap is counted to mend at most


def find(person: Person) -> Iterator[Evidence]:
    """The frames in which somebody looks like somebody else."""
    if not person.swaps:
        return
    value = np.zeros((len(person), 1), np.float32)
    partner = np.full(len(person), -1)
    for frame, other, chance in person.swaps:
        row = frame - person.first
        if 0 <= row < len(person) and person.open[row]:
            value[row, 0], partner[row] = chance, other
    mends = np.minimum(len(person) - np.arange(len(person)), AHEAD) * 2

    def words(t, k):
        like = f"person {person.track_id} looks like person {partner[t]} by where both were before"
        return f"{like}; they may have been swapped"

    yield Evidence("swap", value, SURE, words, partner=partner, mends=mends)
