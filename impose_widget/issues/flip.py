"""Left and right changed places: against the frame before, against the network's reading, hips against shoulders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues import plane
from impose_widget.issues.evidence import CELL, Evidence
from impose_widget.issues.person import Person

BETTER = 0.25
"""Of the person's size: so much nearer (both keypoints together) the pair would be if left and right were exchanged."""
SURE = 0.3  # score from which a reading may say so


def find(person: Person) -> Iterator[Evidence]:
    """Pairs of keypoints, each named by the first of the two."""
    pairs = np.array(person.skeleton.flip_pairs, int).reshape(-1, 2)
    if not len(pairs) or len(person) < 2:
        return
    left, right = pairs.T
    both = person.free[:, left] & person.free[:, right]
    yield _against_before(person, left, right, both)
    yield _against_reading(person, left, right, both)


def _gain(a: np.ndarray, b: np.ndarray, to_a: np.ndarray, to_b: np.ndarray) -> np.ndarray:
    """How much nearer (pixels) the pair a, b is to the other pair if it is exchanged; (..., 2) in, (...) out."""

    def apart(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        return plane.length(p - q)

    with np.errstate(invalid="ignore"):
        return np.nan_to_num(apart(a, to_a) + apart(b, to_b) - apart(a, to_b) - apart(b, to_a))


def _against_before(person: Person, left: np.ndarray, right: np.ndarray, both: np.ndarray) -> Evidence:
    xy, value = person.xy, np.zeros(person.known.shape, np.float32)
    gain = _gain(xy[1:, left], xy[1:, right], xy[:-1, left], xy[:-1, right])
    # Legs that pass each other quickly seem exchanged from where they were, and are not from where they were going.
    ahead = xy[1:-1] + (xy[1:-1] - xy[:-2])
    foretold = _gain(xy[2:, left], xy[2:, right], ahead[:, left], ahead[:, right])
    seen = plane.known(ahead[:, left] + ahead[:, right])
    gain[1:] = np.where(seen, np.minimum(gain[1:], foretold), gain[1:])
    value[1:, left] = np.where(both[1:], np.maximum(gain / person.scale[1:, None], 0), 0)
    return Evidence("flip", value, BETTER, _words(person, left, right, "change places in this frame"))


def _against_reading(person: Person, left: np.ndarray, right: np.ndarray, both: np.ndarray) -> Evidence:
    xy, read, value = person.xy, person.read, np.zeros(person.known.shape, np.float32)
    with np.errstate(invalid="ignore"):
        sure = np.minimum(read[:, left, 2], read[:, right, 2]) >= SURE
    gain = _gain(xy[:, left], xy[:, right], read[:, left, :2], read[:, right, :2]) / person.scale[:, None]
    value[:, left] = np.where(both & sure, np.maximum(gain, 0), 0)
    return Evidence("flip", value, BETTER, _words(person, left, right, "are the other way round for the model"), CELL)


def _words(person: Person, left: np.ndarray, right: np.ndarray, what: str):
    other = dict(zip(left.tolist(), right.tolist(), strict=True))
    return lambda t, k: f"{person.name(k)} and {person.name(other[k])} {what}"
