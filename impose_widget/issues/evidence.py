"""Evidence: what one detector says of one person, before it becomes issues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

KINDS = (
    "uncertain",
    "jump",
    "disagree",
    "gap",
    "stale",
    "bone",
    "flip",
    "chimera",
    "duplicate",
    "crossing",
    "seam",
    "age",
    "swap",
    "return",
)
"""What can be the matter with a place; each has its detector."""


@dataclass(frozen=True)
class Evidence:
    """A number for each keypoint (or the whole person) and frame; it speaks where it is above the threshold.

    Attributes:
        kind: one of `KINDS`.
        value: (T, C) float32, finite, 0 where nothing is wrong; C is K, or 1 for the whole person.
        threshold: from which on it is an issue.
        words: the reason, as a sentence, for row and column.
        span: how many frames belong together: 1 for events of a moment, `CELL` for states that last.
        partner: (T,) the other person, -1 without.
        mends: (T,) frames of the whole pose that one action there mends; None: what the keypoint's own doubt says.
        end: (T,) last row that is affected; None: the last of the cell that speaks.
        shift: frames from a row to the place to look at (the frame after somebody was lost is none of theirs).
    """

    kind: str
    value: np.ndarray
    threshold: float
    words: Callable[[int, int], str]
    span: int = 1
    partner: np.ndarray | None = None
    mends: np.ndarray | None = None
    end: np.ndarray | None = None
    shift: int = 0
    tags: dict[str, np.ndarray] = field(default_factory=dict)


CELL = 16
"""Frames that are one place for errors that last: a correction settles about so many."""


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last row of each run of True in a mask (T,)."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edge[::2].tolist(), (edge[1::2] - 1).tolist(), strict=True))


def span_of(first: int, last: int) -> str:
    """Frames in words."""
    return f"frame {first}" if first == last else f"frames {first} to {last}"
