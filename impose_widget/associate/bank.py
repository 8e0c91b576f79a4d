"""What is remembered of everybody who is followed, and where they are expected."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from impose_widget.associate.bodies import Bodies, Rows
from impose_widget.associate.config import AssociationConfig

NEVER = -(10**9)


@dataclass(frozen=True)
class Bank(Rows):
    """N people and candidates, in the order in which they were first seen.

    Attributes:
        label: (N,) what the linker calls them.
        firm: (N,) bool: a person, not a candidate.
        first, last: (N,) frames of the first and last detection.
        strong: (N, birth_hits) frames of the latest detections that count for a birth, oldest first.
        body: how they looked at last; size is a running mean.
        speed: (N, 2) pixels per frame, a running mean.
        first_xy, first_box: (N, K, 2) and (N, 4): where they were in the beginning.
    """

    label: np.ndarray
    firm: np.ndarray
    first: np.ndarray
    last: np.ndarray
    strong: np.ndarray
    body: Bodies
    speed: np.ndarray
    first_xy: np.ndarray
    first_box: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def begin(cls, label: np.ndarray, firm: np.ndarray, frame: int, body: Bodies, birth_hits: int) -> Bank:
        """Everybody who is seen for the first time in a frame."""
        n = len(label)
        seen = np.full(n, frame)
        strong, speed = np.full((n, birth_hits), NEVER), np.zeros((n, 2))
        return cls(label, firm, seen, seen.copy(), strong, body, speed, body.xy.copy(), body.box.copy())

    def count_strong(self, who: np.ndarray, frame: int) -> None:
        """Note a detection that counts for a birth."""
        self.strong[who] = np.roll(self.strong[who], -1, axis=1)
        self.strong[who, -1] = frame

    def see(self, who: np.ndarray, frame: int, seen: Bodies, config: AssociationConfig) -> None:
        """Take in the detections of some in a frame; a keypoint without a position moves along with the others."""
        elapsed = (frame - self.last[who])[:, None]
        step = _median(seen.xy - self.body.xy[who]) / elapsed
        gain = np.where(self.last[who] == self.first[who], config.first_gain, config.gain)[:, None]
        self.speed[who] = (1 - gain) * self.speed[who] + gain * step
        carried = self.body.xy[who] + (step * elapsed)[:, None]
        self.body.xy[who] = np.where(np.isfinite(seen.xy), seen.xy, carried)
        self.body.weight[who], self.body.box[who] = seen.weight, seen.box
        self.body.size[who] = (1 - config.size_gain) * self.body.size[who] + config.size_gain * seen.size
        self.last[who] = frame

    def similarity(self, frame: int, seen: Bodies, sigmas: np.ndarray, config: AssociationConfig) -> np.ndarray:
        """How well M detections in a frame continue everybody, (N, M), each expected where damped speed leads."""
        gap = frame - self.last
        g = config.damping
        reach = g * (1 - g**gap) / (1 - g) if g < 1 else gap
        return _likeness(self.body.shifted(self.speed * reach[:, None]), seen, gap, sigmas, config)

    def continued_by(self, other: Bank, sigmas: np.ndarray, config: AssociationConfig) -> np.ndarray:
        """How well each of M others, from their first detection on, continue everybody, (N, M); 0 for no way.

        Speed between the two is the mean of both.
        """
        out = np.zeros((len(self), len(other)))
        for m in range(len(other)):
            one = other[m : m + 1]
            gap = np.maximum(one.first - self.last, 1)
            shift = (self.speed + one.speed) / 2 * np.minimum(gap, config.bridge_span)[:, None]
            start = dataclasses.replace(one.body, xy=one.first_xy, box=one.first_box)
            like = _likeness(self.body.shifted(shift), start, gap, sigmas, config)[:, 0]
            out[:, m] = np.where(self.last < one.first, like, 0)
        return out


def _likeness(
    expected: Bodies, seen: Bodies, gap: np.ndarray, sigmas: np.ndarray, config: AssociationConfig
) -> np.ndarray:
    """Similarity (N, M) of bodies last seen `gap` (N,) frames ago, looser and lower the longer that is."""
    growth = 1 + config.growth * (gap - 1)
    same = expected.similarity(seen, sigmas, growth, config.looseness, config.oks_share)
    excess = np.maximum(expected.size_ratio(seen) - config.size_slack, 0)
    return same * np.exp(-((excess / config.size_spread) ** 2) / 2) - config.lost_penalty * np.log(growth)[:, None]


def _median(step: np.ndarray) -> np.ndarray:
    """Median over the known keypoints of (N, K, 2): (N, 2), 0 where none is known."""
    known = np.isfinite(step).all(-1).any(-1)
    out = np.zeros((len(step), 2))
    out[known] = np.nanmedian(step[known], axis=1)
    return out
