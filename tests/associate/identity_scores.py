"""How well given identities agree with true ones: IDF1, identity switches, fragmentations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

IGNORED = -2
"""True owner of a detection that says nothing about identity: of a person that the truth does not list."""


@dataclass(frozen=True)
class IdentityScore:
    """Counts that add up over videos; detections are given, so nothing but identity is measured."""

    matched: int = 0
    true: int = 0
    given: int = 0
    switches: int = 0
    fragments: int = 0

    def __add__(self, other: IdentityScore) -> IdentityScore:
        names = self.__dataclass_fields__
        return IdentityScore(*(getattr(self, n) + getattr(other, n) for n in names))

    @property
    def idf1(self) -> float:
        """2 IDTP / (true + given): detections on the best one-to-one match of true people and given identities."""
        return 2 * self.matched / max(self.true + self.given, 1)


def score_identities(owner: np.ndarray, ids: np.ndarray) -> IdentityScore:
    """Compare given identities (M,) with true owners (M,), rows sorted by frame.

    `owner` is -1 for a detection that is nobody and `IGNORED` where the truth is silent; `ids` is -1 for nobody.
    A switch is a person whose identity is another than it last was; a fragmentation a person who lost their identity
    for some detections and got one again (Ristani et al. 2016 for IDF1; CLEAR MOT for the other two).
    """
    counts = owner != IGNORED
    owner, ids = owner[counts], ids[counts]
    both = (owner >= 0) & (ids >= 0)
    people, row = np.unique(owner[both], return_inverse=True)
    names, column = np.unique(ids[both], return_inverse=True)
    overlap = np.zeros((len(people), len(names)), int)
    np.add.at(overlap, (row, column), 1)
    matched = int(overlap[linear_sum_assignment(-overlap)].sum())
    switches = fragments = 0
    for person in np.unique(owner[owner >= 0]):
        mine = ids[owner == person]
        held = mine >= 0
        switches += int((np.diff(mine[held]) != 0).sum())
        fragments += int((np.diff(held.astype(int)) == 1).sum()) - int(held.any() and not held[0])
    return IdentityScore(matched, int((owner >= 0).sum()), int((ids >= 0).sum()), switches, fragments)
