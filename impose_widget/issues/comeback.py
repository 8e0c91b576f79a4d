"""Returns: somebody new may be one who left the picture, or was lost behind something, some frames before.

One merge then repairs everything from there on, so such a place is worth a look even if it is not likely. Each newcomer
is compared with everybody seen before and not since: how large both are, how long it was, and how far they went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class _Ends:
    """Of N people, where they come and where they are seen last: frames (N,), sizes (N,), middles of boxes (N, 2)."""

    frame: np.ndarray
    size: np.ndarray
    middle: np.ndarray


def find(people: Sequence[Person]) -> Iterator[tuple[Person, Evidence]]:
    """For each newcomer, the place where they come, with whoever of those before is most like them."""
    if len(people) < 2:
        return
    come, go = (_ends(people, end) for end in (0, 1))
    for n, new in enumerate(people):
        if not new.open[new.seen[0]]:
            continue
        alike = _likeness(go, come, n)
        best = int(alike.argmax())
        if alike[best] > LIKE:
            yield new, _evidence(people[best], new, float(alike[best]))


def _ends(people: Sequence[Person], end: int) -> _Ends:
    rows = [p.seen[end] for p in people]
    both = list(zip(people, rows, strict=True))
    boxes = np.array([p.box[row] for p, row in both], np.float64)
    return _Ends(
        np.array([p.first + row for p, row in both]),
        np.array([p.scale[row] for p, row in both], np.float64),
        boxes[:, :2] + boxes[:, 2:] / 2,
    )


def _likeness(go: _Ends, come: _Ends, n: int) -> np.ndarray:
    """(N,) 0 to 1, of everybody with newcomer n; 0 where both are seen at the same time, and where nobody knows."""
    gap = come.frame[n] - go.frame
    small, large = np.minimum(go.size, come.size[n]), np.maximum(go.size, come.size[n])
    far = np.linalg.norm(go.middle - come.middle[n], axis=1) / large
    way = 1 / (1 + np.maximum(far - 1, 0) / (1 + STRIDE * np.maximum(gap, 1)))
    alike = small / large * way * np.exp(-np.maximum(gap, 1) / PATIENCE)
    return np.where(gap >= 1, np.nan_to_num(alike), 0)


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
