"""Bone length: an edge of the skeleton that is much longer than this person's usually is.

Shorter ones are perspective: a limb that points at the camera; so are edges between left and right, which turn with the
body. The usual length is the person's own, in sizes of the person, so that walking nearer does not matter, and no more
than that of the same bone on the other side, so that an error that lasts is not usual.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.issues import plane
from impose_widget.issues.evidence import CELL, Evidence
from impose_widget.issues.person import Person

LONG = 1.7
"""Times the usual length (the upper quartile over the person's frames)."""
SIDES = 1.25
"""Times the usual length of the same bone on the other side, at most."""
LIMB = 0.15
"""Of the person's size: so long a bone has to be, on both sides, to be measured by the other: a face turns away."""
SHORTEST = 0.08
"""Of the person's size: shorter bones, such as those of a face, vary by the click."""


def find(person: Person) -> Iterator[Evidence]:
    """Keypoints at the end of a bone that is too long; of its two ends, the one of which the model is less sure."""
    edges = _bones(person.skeleton)
    if not len(edges) or len(person) < 5:
        return
    length = plane.length(person.xy[:, edges[:, 0]] - person.xy[:, edges[:, 1]]) / person.scale[:, None]
    usual = _upper_quartile(length)
    other = usual[_other_side(edges, person.skeleton)]
    usual = np.where(np.minimum(usual, other) > LIMB, np.minimum(usual, SIDES * other), usual)
    with np.errstate(invalid="ignore"):
        ratio = np.nan_to_num(length / np.maximum(usual, SHORTEST))
    value = np.zeros(person.known.shape, np.float32)
    which = np.zeros(value.shape, np.int32)
    for e, (a, b) in enumerate(edges):
        unsure_b = (person.doubt[:, b] >= person.doubt[:, a]) & person.free[:, b] | ~person.free[:, a]
        for k, blamed in ((a, ~unsure_b), (b, unsure_b)):
            more = blamed & person.free[:, k] & (ratio[:, e] > value[:, k])
            value[more, k], which[more, k] = ratio[more, e], e

    def words(t: int, k: int) -> str:
        a, b = edges[which[t, k]]
        return f"{person.name(k)} is too far from {person.name(b if k == a else a)}: {value[t, k]:.1f} times as usual"

    yield Evidence("bone", value, LONG, words, CELL)


def _bones(skeleton: Skeleton) -> np.ndarray:
    """(E, 2) edges but those from left to right."""
    across = {frozenset(pair) for pair in skeleton.flip_pairs}
    return np.array([e for e in skeleton.edges if frozenset(e) not in across], int).reshape(-1, 2)


def _other_side(edges: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """(E,) which edge is the same bone on the other side; itself where there is none."""
    mirror = np.arange(len(skeleton))
    for a, b in skeleton.flip_pairs:
        mirror[a], mirror[b] = b, a
    at = {frozenset(e): i for i, e in enumerate(edges.tolist())}
    return np.array([at.get(frozenset(mirror[e].tolist()), i) for i, e in enumerate(edges)], int)


def _upper_quartile(length: np.ndarray) -> np.ndarray:
    """(E,) of the known lengths (T, E); infinite where fewer than five are known. Long videos are sampled."""
    some = np.sort(length[:: max(len(length) // 2000, 1)], axis=0)  # NaN last
    n = np.isfinite(some).sum(0)
    upper = some[np.maximum(n - 1, 0) * 3 // 4, np.arange(some.shape[1])]
    return np.where(n >= 5, upper, np.inf)
