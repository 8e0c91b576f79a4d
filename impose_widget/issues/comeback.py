"""Returns: somebody new may be one who left the picture, or was lost behind something, some frames before.

One merge then repairs everything from there on, so such a place is worth a look even if it is not likely. Each newcomer
is compared with everybody seen before and not since: how large both are, how long it was, and how far they went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from impose_widget.issues.evidence import Evidence
from impose_widget.issues.person import Person

LIKE = 0.1
"""How alike two have to be, 0 to 1, to be told."""
PATIENCE = 250.0
"""Frames in which the likeness falls to a third: the longer, the more likely it is somebody else."""
STRIDE = 0.2
"""Of their size that people go in a frame, at most, on the way that nobody saw."""
AHEAD = 120
"""Frames that a merge is counted to mend at most."""
CLEAR = 12
"""Of the first so many frames, the place is one in which the newcomer is seen well."""


def find(people: Sequence[Person]) -> Iterator[tuple[Person, Evidence]]:
    """For each newcomer, the place where they come, with whoever of those before is most like them."""
    for new in people:
        if not new.open[new.seen[0]]:
            continue
        alike = [(_likeness(old, new), old) for old in people if old is not new]
        best, old = max(alike, key=lambda pair: pair[0], default=(0.0, new))
        if best > LIKE:
            yield new, _evidence(old, new, best)


def _likeness(old: Person, new: Person) -> float:
    """0 to 1; 0 where both are seen at the same time."""
    last, first = old.seen[1], new.seen[0]
    gap = (new.first + first) - (old.first + last)
    if gap < 1:
        return 0.0
    sizes = old.scale[last], new.scale[first]
    ends = [p.box[row, :2] + p.box[row, 2:] / 2 for p, row in ((old, last), (new, first))]
    far = np.linalg.norm(ends[0] - ends[1]) / max(sizes)
    way = 1 / (1 + max(float(far) - 1, 0) / (1 + STRIDE * gap))
    return float(min(sizes) / max(sizes) * way * np.exp(-gap / PATIENCE))


def _clear(new: Person) -> int:
    """An early row in which the pose is about as sure as in any of the first rows."""
    first = new.seen[0]
    doubt = new.doubt[first : min(first + CLEAR, new.seen[1] + 1)].mean(1)
    return first + int(np.argmax(doubt <= doubt.min() + 0.1))


def _evidence(old: Person, new: Person, likeness: float) -> Evidence:
    row, last = _clear(new), old.first + old.seen[1]
    value, mends = np.zeros((len(new), 1), np.float32), np.zeros(len(new))
    value[row, 0], mends[row] = likeness, min(new.seen[1] - row + 1, AHEAD)

    def words(t, k):
        gone = new.first + new.seen[0] - last
        return f"person {old.track_id} was last seen {gone} frame{'s' * (gone > 1)} before this one comes; the same?"

    return Evidence("return", value, LIKE, words, partner=np.full(len(new), old.track_id), mends=mends)
