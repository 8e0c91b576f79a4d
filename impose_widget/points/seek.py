"""Optical flow that notices when a point no longer looks as it did, and seeks it nearby: where a network starts from.

Sought with whitened features of a network's first stages, and settled by optical flow from the image in which the point
was given, so that what was lost behind something, or by a fast arm, is found again without drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.propagate.appearance import likeness, looks
from impose_widget.propagate.optical_flow import find_again, point_motion

if TYPE_CHECKING:
    from torch import Tensor

    Levels = Sequence[Tensor]

UNLIKE = 0.5  # correlation of grey values below which a point is sought
ALIKE = 0.7  # from which it is found
REACH = 8  # cells of stride 4 on each side that are searched
SUPPORT = 1  # cells around a point that are compared
TRUST_FOUND, TRUST_SOUGHT = 0.5, 0.05


class Sought:
    """Points as they look where they were given.

    Args:
        grey: (H, W) uint8, the image in which they were given.
        given: (N, 2) in its pixels.
        levels: maps (1, C, h, w), at strides 4 and 8, of that image made `scale` times as large (more are ignored).
        scale: pixels of that one in a pixel of `grey`.
        window: side in pixels of what optical flow compares.
    """

    def __init__(self, grey: np.ndarray, given: np.ndarray, levels: Levels, scale: float, window: int) -> None:
        self.grey, self.given, self.scale, self.window = grey, given, scale, window
        self.look = looks(grey, given, window)
        self._cells = [_around(m, given, s, SUPPORT, scale) for m, s in zip(levels, (4, 8), strict=False)]

    def follow(
        self, grey: Sequence[np.ndarray], levels: Sequence[Levels], start: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the points go from `start` (N, 2) in the first of T images, frame by frame.

        Returns:
            xy (T, N, 2) in pixels, the trust (T, N) of each step, and how much the points look as they did (T, N).
        """
        xy, trust = np.repeat(np.asarray(start, np.float64)[None], len(grey), 0), np.ones((len(grey), len(start)))
        alike = trust.copy()
        alike[0] = resemblance(self.look, looks(grey[0], xy[0], self.window))
        lost = np.zeros(len(start), bool)
        for t in range(1, len(grey)):
            shift, trust[t] = point_motion(grey[t - 1], grey[t], xy[t - 1], self.window)
            xy[t] = xy[t - 1] + shift
            alike[t] = resemblance(self.look, looks(grey[t], xy[t], self.window))
            lost |= (alike[t] < UNLIKE) | (trust[t] <= 0)
            for i, place in self._found(grey[t], levels[t], xy[t], np.flatnonzero(lost)):
                xy[t, i], lost[i], trust[t, i] = place, False, max(trust[t, i], TRUST_FOUND)
                alike[t, i] = resemblance(self.look[[i]], looks(grey[t], place[None], self.window))[0]
            trust[t, lost] = np.minimum(trust[t, lost], TRUST_SOUGHT)
        return xy, trust, alike

    def _found(
        self, grey: np.ndarray, levels: Levels, xy: np.ndarray, which: np.ndarray
    ) -> list[tuple[int, np.ndarray]]:
        """Of some points that were lost near `xy`, those that are found again, and where (2,)."""
        out = []
        if not len(which):
            return out
        for i, near in zip(which, self._nearest(levels, xy[which], which), strict=True):
            settled = find_again(self.grey, grey, self.given[i], near, self.window)
            places = np.array([near] if settled is None else [settled, near])
            alike = resemblance(np.repeat(self.look[[i]], len(places), 0), looks(grey, places, self.window))
            if alike.max() >= ALIKE:
                out.append((int(i), places[int(np.argmax(alike >= ALIKE))]))
        return out

    def _nearest(self, levels: Levels, xy: np.ndarray, which: np.ndarray) -> np.ndarray:
        """The places (M, 2) around `xy` (M, 2) whose features are most like those of the points `which`."""
        import torch
        import torch.nn.functional as F

        side, total = 2 * REACH + 1, 0
        with torch.inference_mode():
            for m, cells, stride in zip(levels, self._cells, (4, 8), strict=False):
                reach = REACH * 4 // stride
                there = _around(m, xy, stride, reach + SUPPORT, self.scale)
                patches = there.unflatten(1, (2 * (reach + SUPPORT) + 1, -1)).unfold(1, 3, 1).unfold(2, 3, 1)
                like = torch.einsum("mabcyx,myxc->mab", patches, cells[which].unflatten(1, (3, 3)))
                total = total + F.interpolate(like[None], size=(side, side), mode="bilinear", align_corners=True)[0]
        best = total.flatten(1).argmax(1).numpy()
        return xy + (np.column_stack([best % side, best // side]) - REACH) * 4 / self.scale


def resemblance(given: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Correlation (N,) of looks (N, n); unlike `likeness`, 0 where something plain took the place of a texture."""
    return np.where(given.any(1) & ~now.any(1), 0.0, likeness(given, now))


def _around(m: Tensor, points: np.ndarray, stride: int, radius: int, scale: float) -> Tensor:
    """(N, cells, C) of a map at points (N, 2) in pixels of the original image."""
    import torch

    from impose_widget.model.point_network import around

    at = torch.from_numpy(((points + 0.5) * scale - 0.5).astype(np.float32))[None]
    return around(m, at, stride, radius)[0]
