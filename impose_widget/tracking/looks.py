"""What people look like, as the ID decoder is told: what the network sees at keypoints, by part of the body."""

from __future__ import annotations

import numpy as np

PARTS = ((0, 1, 2, 3, 4), (5, 6, 11, 12), (7, 8, 9, 10), (13, 14, 15, 16))
"""Keypoints of COCO's 17: head, trunk, arms, legs. Clothes differ by part, and a part is seen from all sides."""


def pooled(looks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The mean of each part over its known keypoints.

    Args:
        looks: (N, 17, C) of keypoints, NaN where there is none.
        known: (N, 17) bool: which keypoints count.

    Returns:
        (N, 4 C) float32; zeros of a part without any.
    """
    known = known & np.isfinite(looks).all(-1)
    values = np.where(known[..., None], looks, 0).astype(np.float32)
    out = [values[:, p].sum(1) / np.maximum(known[:, p].sum(1), 1)[:, None] for p in map(list, PARTS)]
    return np.concatenate(out, 1).astype(np.float32)


class Looks:
    """Features of readings, by the readings' rows; of those that nobody described, zeros.

    Memory: two bytes a number: some 400 bytes a reading, 40 MB for ten people in 10,000 frames.
    """

    def __init__(self) -> None:
        self._held = np.zeros((0, 0), np.float16)

    def add(self, rows: np.ndarray, features: np.ndarray) -> None:
        """Features (n, F) of rows (n,)."""
        if not len(rows):
            return
        need = int(rows.max()) + 1
        if need > len(self._held) or features.shape[1] != self._held.shape[1]:
            room = np.zeros((max(need, 3 * len(self._held) // 2), features.shape[1]), np.float16)
            if features.shape[1] == self._held.shape[1]:
                room[: len(self._held)] = self._held
            self._held = room
        self._held[rows] = features

    def of(self, rows: np.ndarray) -> np.ndarray:
        """(n, F) float32 of rows (n,); negative rows are no readings."""
        out = np.zeros((len(rows), self._held.shape[1]), np.float32)
        known = (rows >= 0) & (rows < len(self._held))
        out[known] = self._held[rows[known]]
        return out

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._held.nbytes
