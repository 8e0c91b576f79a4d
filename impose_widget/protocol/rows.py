"""Poses as they travel: arrays one after the other in binary buffers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class PoseRows:
    """Poses of n people in frames, as they travel: see `to_buffers`.

    Attributes:
        who: (n, 2) int32 frame, track_id.
        xy: (n, K, 2) float32 pixels, integers at pixel centres; NaN where absent.
        score: (n, K) uint8, 255 times the score; 0 where there is none.
        flags: (n, K) uint8: bits 0-1 visibility, 2-4 source (position in `core.pose.SOURCES`), 5 anchor.
        box: (n, 4) float32 x, y, width, height; NaN where there is none.
        marks: (n,) uint8: 1 pending, 2 stale, 4 a box that a human drew.
    """

    who: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    flags: np.ndarray
    box: np.ndarray
    marks: np.ndarray

    TYPES: ClassVar = {"who": "<i4", "xy": "<f4", "score": "u1", "flags": "u1", "box": "<f4", "marks": "u1"}

    def __len__(self) -> int:
        return len(self.who)

    def to_buffers(self) -> list[bytes]:
        """The arrays one after the other, little endian."""
        return [np.ascontiguousarray(getattr(self, name), kind).tobytes() for name, kind in self.TYPES.items()]

    @classmethod
    def from_buffers(cls, buffers: Sequence[Any], n: int) -> PoseRows:
        """The reverse of `to_buffers`."""
        shapes = {"who": (n, 2), "xy": (n, -1, 2), "score": (n, -1), "flags": (n, -1), "box": (n, 4), "marks": (n,)}
        if n == 0:
            shapes |= {"xy": (0, 0, 2), "score": (0, 0), "flags": (0, 0)}
        arrays = (np.frombuffer(b, k).reshape(shapes[a]) for b, (a, k) in zip(buffers, cls.TYPES.items(), strict=True))
        return cls(*arrays)
