"""Motions: what turns each segment over time, and how one motion becomes many.

A motion knows nothing of the body that performs it: rotations are against the parent segment, and the way of the pelvis
is in units of the length of the leg.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from impose_widget.synthesize.rig import HEAD, LEFT_ARM, LEFT_LEG, MIRRORED, RIGHT_ARM, RIGHT_LEG, N

UPPER = [1, 2, 3, HEAD, *range(LEFT_ARM, LEFT_ARM + 3), *range(RIGHT_ARM, RIGHT_ARM + 3)]
LOWER = [0, *range(LEFT_LEG, LEFT_LEG + 3), *range(RIGHT_LEG, RIGHT_LEG + 3)]
FLIP = np.diag([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Motion:
    """Rotations and the way of the pelvis.

    Attributes:
        turns: (T, N, 3, 3) rotation of each segment against its parent; the pelvis against the world.
        root: (T, 3) in lengths of the leg (hip to sole): x and z of the pelvis, and y, how high the lowest part of the
            body is over the ground.
        fps: frames per second.
    """

    turns: np.ndarray
    root: np.ndarray
    fps: float

    def __len__(self) -> int:
        return len(self.turns)

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return (len(self) - 1) / self.fps

    def at(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turns (n, N, 3, 3) and root (n, 3) at some times, which are kept within the motion."""
        place = np.clip(np.asarray(seconds, float) * self.fps, 0, len(self) - 1)
        if len(self) == 1:
            return np.repeat(self.turns, len(place), 0), np.repeat(self.root, len(place), 0)
        times = np.arange(len(self))
        turns = np.stack([Slerp(times, Rotation.from_matrix(self.turns[:, j]))(place).as_matrix() for j in range(N)], 1)
        root = np.stack([np.interp(place, times, self.root[:, a]) for a in range(3)], 1)
        return turns, root

    def warped(self, speed: float | np.ndarray) -> Motion:
        """Faster or slower: one factor, or (T,) factors along the motion."""
        rate = np.broadcast_to(np.asarray(speed, float), len(self))
        clock = np.concatenate([[0], np.cumsum(1 / rate[:-1])]) / self.fps
        wanted = np.arange(0, clock[-1] + 1e-9, 1 / self.fps)
        return Motion(*self.at(np.interp(wanted, clock, np.arange(len(self)) / self.fps)), self.fps)

    def mirrored(self) -> Motion:
        """Left and right exchanged."""
        turns = FLIP @ self.turns[:, list(MIRRORED)] @ FLIP
        return Motion(turns, self.root * [-1, 1, 1], self.fps)

    def with_limbs_of(self, other: Motion, segments: list[int]) -> Motion:
        """Some segments moving as in another motion, from its beginning and to and fro if it is shorter."""
        n = len(other)
        index = np.arange(len(self)) % max(2 * n - 2, 1)
        index = np.where(index < n, index, 2 * n - 2 - index)
        turns = self.turns.copy()
        turns[:, segments] = other.turns[index][:, segments]
        return Motion(turns, self.root, self.fps)

    def cut(self, first: int, last: int) -> Motion:
        """Frames `first` to before `last`, set out at the origin and facing +z."""
        turns, root = self.turns[first:last].copy(), self.root[first:last].copy()
        ahead = turns[0, 0] @ [0, 0, 1]
        back = Rotation.from_euler("y", -np.arctan2(ahead[0], ahead[2])).as_matrix()
        turns[:, 0] = back @ turns[:, 0]
        root = (root - root[0] * [1, 0, 1]) @ back.T
        return Motion(turns, root, self.fps)


def mixed(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Rotations (N, 3, 3) between two poses, 0 to 1."""
    step = Rotation.from_matrix(np.swapaxes(a, -1, -2) @ b).as_rotvec()
    return a @ Rotation.from_rotvec(share * step).as_matrix()
