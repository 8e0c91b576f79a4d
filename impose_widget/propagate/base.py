"""What carries a correction through time, seen from outside: `Propagator`, what it is given and what it yields.

A propagator never changes anything: it reads frames and yields `FrameUpdate`s, and the session writes them, keeping
what a human placed. So every propagator can be stopped after any update, and none can move an anchor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

CHUNK = 10
"""Frames of one update: the unit that is stored, shown and can be cancelled (paper section V-B: ten frames a call)."""


class Frames(Protocol):
    """The frames of a video: `len(frames)` and `frames[i]` as (H, W, 3) uint8 RGB, exact and in any order."""

    def __len__(self) -> int: ...

    def __getitem__(self, frame: int) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Carry:
    """One person to carry: a window of consecutive frames, and where to start in it.

    Attributes:
        track_id: whose.
        first: frame of row 0 of the arrays below.
        xy: (T, K, 2) float32, the poses as they are now; NaN where absent.
        score: (T, K) float32.
        anchor: (T, K) bool, placed by a human. Anchors outside the window are too far away to matter.
        reading: (T, K, 3) float32, what the model reads on this person in each frame: x, y, score; NaN where it found
            nobody. A human's correction does not change it.
        origins: frames whose anchors are to be carried (each within the window).
        start, stop: only frames in [start, stop) may be changed; for one direction this begins or ends at the origin.
    """

    track_id: int
    first: int
    xy: np.ndarray
    score: np.ndarray
    anchor: np.ndarray
    reading: np.ndarray
    origins: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class FrameUpdate:
    """New positions of one person in some frames: the unit that flows from propagation to tables and browser.

    Attributes:
        track_id: whose.
        frames: (n,) int32, ascending.
        xy: (n, K, 2) float32, finite wherever `write` is set.
        score: (n, K) float32, 0 to 1; of the default propagator the probability of being right.
        write: (n, K) bool: which keypoints to change; the others stay as they are.
        done: share of the whole propagation that is finished with this update, 0 to 1.
        deviation: (n, K) float32, how far off each may be, a share of the person's size; NaN or None: nobody knows.
    """

    track_id: int
    frames: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    write: np.ndarray
    done: float = 0.0
    deviation: np.ndarray | None = None


class Propagator(Protocol):
    """Carries corrections to other frames."""

    name: str
    reach: int
    """Frames beyond which a single correction says nothing any more; the session's windows are as wide as this."""

    def propagate(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        """Yield updates of at most `CHUNK` frames, nearest to the origins first, all people of a chunk in turn."""
        ...
