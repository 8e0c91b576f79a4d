"""Two people in the frames that they share: what detectors of pairs work on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from impose_widget.issues import plane
from impose_widget.issues.person import Person


@dataclass(frozen=True)
class Meeting:
    """Two people, and the frames (M consecutive) that both tracks span.

    Attributes:
        a, b: the people; a has the smaller track id.
        first: first frame of both.
        stop: one past the last.
    """

    a: Person
    b: Person
    first: int
    stop: int

    def rows(self, person: Person) -> slice:
        """The rows of a person that are shared."""
        return slice(self.first - person.first, self.stop - person.first)

    @cached_property
    def near(self) -> np.ndarray:
        """(M,) bool: both are there and their boxes touch."""
        p, q = self.a.box[self.rows(self.a)], self.b.box[self.rows(self.b)]
        low = np.maximum(p[:, :2], q[:, :2])
        high = np.minimum(p[:, :2] + p[:, 2:], q[:, :2] + q[:, 2:])
        return (high > low).all(1)  # NaN: not there

    @cached_property
    def overlap(self) -> np.ndarray:
        """(M,) intersection over union of the boxes; 0 where they do not touch."""
        p, q = self.a.box[self.rows(self.a)], self.b.box[self.rows(self.b)]
        side = np.minimum(p[:, :2] + p[:, 2:], q[:, :2] + q[:, 2:]) - np.maximum(p[:, :2], q[:, :2])
        inter = side[:, 0] * side[:, 1]
        union = p[:, 2] * p[:, 3] + q[:, 2] * q[:, 3] - inter
        return np.where(self.near, np.nan_to_num(inter / np.maximum(union, 1e-6)), 0)

    @cached_property
    def where(self) -> np.ndarray:
        """(m,) offsets into the shared frames where the two are near."""
        return np.flatnonzero(self.near)

    @cached_property
    def apart(self) -> np.ndarray:
        """(m, K) pixels between the same keypoints of both where they are near; NaN where either is unknown."""
        p, q = self.a.xy[self.rows(self.a)][self.where], self.b.xy[self.rows(self.b)][self.where]
        return plane.length(p - q)

    @cached_property
    def scale(self) -> np.ndarray:
        """(m,) the smaller one's size where they are near."""
        return np.minimum(self.a.scale[self.rows(self.a)][self.where], self.b.scale[self.rows(self.b)][self.where])


def meeting(a: Person, b: Person) -> Meeting | None:
    """The meeting of two people; None if no frame has both tracks."""
    if a.track_id > b.track_id:
        a, b = b, a
    first, stop = max(a.first, b.first), min(a.first + len(a), b.first + len(b))
    return Meeting(a, b, first, stop) if stop > first else None


def middle(person: Person, row: int) -> np.ndarray:
    """(2,) the middle of the known keypoints."""
    return np.nanmean(person.xy[row], 0)
