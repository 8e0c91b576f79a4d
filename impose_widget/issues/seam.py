"""Forward against backward: where a propagation from one side meets another from the other side, they should agree.

Each keypoint knows the action that wrote it. Where two neighbouring frames were written by different propagations, the
step between them beyond the body's own motion is what the two ways disagree by.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impose_widget.issues import plane
from impose_widget.issues.evidence import Evidence
from impose_widget.issues.person import Person

APART = 0.12
"""Of the person's size."""


def find(person: Person) -> Iterator[Evidence]:
    """Steps at seams; the place is the frame after it."""
    if len(person) < 2 or not person.carried.any():
        return
    step = np.diff(person.xy, axis=0)
    known = plane.known(step)
    body = np.zeros((len(step), 1, 2), np.float32)
    some = known.any(1)
    body[some, 0] = np.nanmedian(step[some], 1)
    revision, carried = person.records["revision"], person.carried
    seam = carried[1:] & carried[:-1] & (revision[1:] != revision[:-1]) & person.free[1:] & known
    pixels = np.zeros(person.known.shape, np.float32)
    pixels[1:] = np.where(seam, np.nan_to_num(plane.length(step - body)), 0)
    value = pixels / person.scale[:, None].astype(np.float32)

    def words(t, k):
        return f"two propagations meet here and are {pixels[t, k]:.0f} px apart at the {person.name(k)}"

    yield Evidence("seam", value, APART, words)
