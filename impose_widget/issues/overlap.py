"""Duplicates (two tracks on one body) and chimeras (two people in one skeleton)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.core.geometry import keypoint_similarity
from impose_widget.issues.evidence import CELL, Evidence
from impose_widget.issues.meeting import Meeting
from impose_widget.issues.person import Person

SAME = 0.6
"""Mean similarity of the keypoints of two tracks from which they are one body."""
ALIKE = 0.5
"""Similarity of a single keypoint from which both tracks have it in the same place."""
MIXED = 0.25
"""Share of shared keypoints from which a skeleton may be made of two people, up to `WHOLE` (then: duplicates)."""
WHOLE = 0.75
LEAST = 3  # shared keypoints
LASTS = 4
"""Frames before and after in which it has to be so as well: people who walk past each other are on one place too."""


def find(pair: Meeting) -> Iterator[tuple[Person, Evidence]]:
    """Evidence, each with the person whom it is about."""
    if not len(pair.where):
        return
    similar = keypoint_similarity(
        pair.apart[..., None] * [1.0, 0.0],
        np.zeros(2),
        pair.scale.astype(float) ** 2,
        np.maximum(pair.a.skeleton.sigma_array, 0.05),
    )
    both = np.isfinite(similar).sum(1)
    similar = np.nan_to_num(similar)
    mean = np.where(both >= min(LEAST, similar.shape[1]), similar.sum(1) / np.maximum(both, 1), 0)
    yield _duplicate(pair, _lasting(pair, mean[:, None])[:, 0])
    alike = _lasting(pair, similar) > ALIKE
    share = np.where(both >= 2 * LEAST, alike.sum(1) / np.maximum(both, 1), 0)
    mixed = np.where((alike.sum(1) >= LEAST) & (share < WHOLE) & (mean < SAME), share, 0)
    yield _chimera(pair, mixed, alike)


def _lasting(pair: Meeting, values: np.ndarray) -> np.ndarray:
    """(m, C) the least of the values (m, C) in the frames around, as far as both tracks go; 0 where they were apart."""
    n = pair.stop - pair.first
    everywhere = np.zeros((n, values.shape[1]))
    everywhere[pair.where] = values
    least = everywhere.copy()
    for d in range(1, min(LASTS, n - 1) + 1):
        least[d:] = np.minimum(least[d:], everywhere[:-d])
        least[:-d] = np.minimum(least[:-d], everywhere[d:])
    return least[pair.where]


def _open(pair: Meeting) -> np.ndarray:
    a, b = pair.a, pair.b
    return (a.open[pair.rows(a)] & b.open[pair.rows(b)])[pair.where]


def _duplicate(pair: Meeting, mean: np.ndarray) -> tuple[Person, Evidence]:
    """Said of the younger track: its id is the larger."""
    person, other = pair.b, pair.a
    value = np.zeros((len(person), 1), np.float32)
    value[pair.where + pair.first - person.first, 0] = np.where(_open(pair), mean, 0)

    def words(t, k):
        return f"persons {other.track_id} and {person.track_id} are on the same body"

    partner = np.full(len(person), other.track_id)
    lasts = np.full(len(person), min(int((value[:, 0] > SAME).sum()), 50))
    return person, Evidence("duplicate", value, SAME, words, CELL, partner, mends=lasts)


def _chimera(pair: Meeting, mixed: np.ndarray, alike: np.ndarray) -> tuple[Person, Evidence]:
    """Said of the one whose shared keypoints the model doubts more."""
    rows = {p.track_id: pair.where + pair.first - p.first for p in (pair.a, pair.b)}
    doubt = [(np.where(alike, p.doubt[rows[p.track_id]], 0)).sum() for p in (pair.a, pair.b)]
    person, other = (pair.a, pair.b) if doubt[0] > doubt[1] else (pair.b, pair.a)
    value, count = np.zeros((len(person), 1), np.float32), np.zeros(len(person), int)
    value[rows[person.track_id], 0] = np.where(_open(pair), mixed, 0)
    count[rows[person.track_id]] = alike.sum(1)

    def words(t, k):
        return f"{count[t]} keypoints of this person lie on person {other.track_id}"

    return person, Evidence("chimera", value, MIXED, words, CELL, np.full(len(person), other.track_id))
