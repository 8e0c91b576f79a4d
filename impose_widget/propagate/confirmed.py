"""Which anchors are carried, and which only confirm what those around them say.

Where a human places a keypoint just where it was carried to, nothing new was said of the frames around. Starting anew
from there would move them all the same, because every start follows the image in its own way. So an anchor is a
confirmation if the way between two other anchors meets it. The rule knows places alone, not which anchor came first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise

SAME = 0.005
"""Share of a person's size within which a way must meet an anchor. Keypoints placed where they are that were met so
closely mend their neighbours no better if they are carried (.984 and .985 similar on labelled and rendered clips)."""

LIKELY = 0.03
"""The same for the way between the very next anchors, which may be confirmations themselves; looked at first."""

MOST = 4
"""Confirmations side by side; where there are more, all are carried: there is little left between them."""

Off = Callable[[int, int], float]
Ways = list[tuple[int | None, int | None]]
Way = tuple[int, int | None, int | None]
"""A stretch: keypoint, row of the anchor before it and of the one after it; None for none."""


def ways(rows: Sequence[int], origins: Collection[int], off: Off) -> Ways:
    """Stretches to carry: from anchor to anchor, confirmations left out, and from the outermost ones outwards.

    The outermost anchors are always carried. Beyond them everything is known from one side alone, and to be told that
    it is right there mends more than it breaks.

    Args:
        rows: ascending rows in which a human placed the keypoint.
        origins: rows whose anchors are to be carried.
        off: how far the anchors strictly between two rows are at most from the way between the two, as a share of the
            person's size; called only if there are some.

    Returns:
        (row before, row after) of each stretch that an origin touches or confirms; None beyond the outermost anchors.
    """
    known = cache(off)
    runs = {run for i, row in enumerate(rows) if row in origins for run in _runs(rows, i, known)}
    inner = [way for first, last in sorted(runs) for way in _fewest(rows[first : last + 1], known)]
    before: Ways = [(None, rows[0])] if rows[0] in origins else []
    after: Ways = [(rows[-1], None)] if rows[-1] in origins else []
    return [*before, *inner, *after]


def _runs(rows: Sequence[int], i: int, off: Off) -> Iterator[tuple[int, int]]:
    """First and last anchor of the stretches around anchor `i`, those between that may be confirmations included."""

    def may_confirm(j: int) -> bool:
        return 0 < j < len(rows) - 1 and off(rows[j - 1], rows[j + 1]) <= LIKELY

    for first, last in ((i - 1, i), (i, i + 1)):
        if first < 0 or last >= len(rows):
            continue
        a, b = first, last
        while b - a <= MOST + 1 and may_confirm(a):
            a -= 1
        while b - a <= MOST + 1 and may_confirm(b):
            b += 1
        yield (a, b) if b - a <= MOST + 1 else (first, last)


def _fewest(rows: Sequence[int], off: Off) -> Ways:
    """The fewest ways from the first to the last of some anchors that meet all between; of several, the closest."""
    between = rows[1:-1]
    for n in range(len(between)):
        some = [list(pairwise([rows[0], *kept, rows[-1]])) for kept in combinations(between, n)]
        worst = [max(off(a, b) if _apart(rows, a, b) else 0.0 for a, b in way) for way in some]
        best = min(range(len(some)), key=worst.__getitem__)
        if worst[best] <= SAME:
            return list(some[best])
    return list(pairwise(rows))


def _apart(rows: Sequence[int], a: int, b: int) -> bool:
    """Whether there are anchors between two."""
    return rows.index(b) - rows.index(a) > 1
