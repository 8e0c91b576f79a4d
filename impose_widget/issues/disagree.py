"""Tracker against network: a pose that is not where the model sees the person in that frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.core.pose import MODEL
from impose_widget.issues import plane
from impose_widget.issues.evidence import CELL, Evidence
from impose_widget.issues.person import Person

APART = 0.25
"""Of the person's size, between the pose and the reading."""
SURE = 0.5
"""Score from which a reading has a say."""


def find(person: Person) -> Iterator[Evidence]:
    """Keypoints far from a reading that is sure of itself."""
    if not np.isfinite(person.read).any():
        return
    pixels = plane.length(person.xy - person.read[..., :2])
    with np.errstate(invalid="ignore"):
        counts = person.free & (person.read[..., 2] >= SURE)
    value = np.where(counts, np.nan_to_num(pixels / person.scale[:, None]), 0).astype(np.float32)
    # A pose of the model itself is its reading, smoothed: far from the reading means that the reading jumped.
    smoothed = person.records["source"] == MODEL

    def words(t: int, k: int) -> str:
        if smoothed[t, k]:
            return f"{person.name(k)} is seen {pixels[t, k]:.0f} px from where the frames around it have it"
        return f"{person.name(k)} is {pixels[t, k]:.0f} px from where the model sees it"

    yield Evidence("disagree", np.where(smoothed, 0, value), APART, words, CELL)
    yield Evidence("jump", np.where(smoothed, value, 0), APART, words, CELL)
