"""Uncertainty: keypoints to which the model, or the propagation that wrote them, gives a low score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues.evidence import CELL, Evidence
from impose_widget.issues.person import Person

DOUBT = 0.5
"""1 - score from which a keypoint is worth a look."""


def find(person: Person) -> Iterator[Evidence]:
    """Low scores."""
    value = np.where(person.free, person.doubt, 0).astype(np.float32)

    def words(t: int, k: int) -> str:
        by = "after propagation " if person.carried[t, k] else ""
        return f"{person.name(k)} is uncertain {by}(score {1 - value[t, k]:.2f})"

    yield Evidence("uncertain", value, DOUBT, words, CELL)
