"""Following single points by Lucas-Kanade optical flow on crops: the baseline's tracker, plain and remembered."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from impose_widget.evaluate.footage import Footage


class PointTracker(Protocol):
    """Follows one point from one frame through the rest of a video."""

    def follow(self, frame: int, xy: tuple[float, float], direction: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions (T, 2) and trust (T,), 1 in `frame`, onwards in one direction (1 or -1); NaN and 0 elsewhere."""
        ...


class LocalFlow:
    """Pyramidal Lucas-Kanade of a point and eight around it, checked backwards.

    A point whose neighbours go elsewhere goes with them; one that is lost coasts with half its speed, and is trusted
    less from then on.

    Args:
        footage: the video.
        window: side in pixels of what is compared (odd).
    """

    def __init__(self, footage: Footage, window: int) -> None:
        self._video, self.window = footage.video, window | 1
        step = max(2.0, window / 5)
        around = [(dx * step, dy * step) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
        self._grid = np.array([(0, 0), *around], np.float32)
        self._half = int(window * 4 + 16)
        self._memory: dict[tuple, tuple[np.ndarray, np.ndarray]] = {}

    def follow(self, frame: int, xy: tuple[float, float], direction: int) -> tuple[np.ndarray, np.ndarray]:
        """See `PointTracker`."""
        key = frame, round(float(xy[0]), 2), round(float(xy[1]), 2), direction
        if key not in self._memory:
            self._memory[key] = self._follow(frame, xy, direction)
        return self._memory[key]

    def _follow(self, frame: int, xy: tuple[float, float], direction: int) -> tuple[np.ndarray, np.ndarray]:
        n = len(self._video)
        places, trusts = np.full((n, 2), np.nan), np.zeros(n)
        place, trust, speed = np.array(xy, float), 1.0, np.zeros(2)
        places[frame], trusts[frame] = xy, 1.0
        while 0 <= frame + direction < n:
            shift, reliable = self._step(frame, frame + direction, place)
            if shift is None:
                speed = 0.5 * speed
                trust *= 0.6
            else:
                speed = shift
                trust *= 0.9 + 0.1 * reliable
            place = place + speed
            frame += direction
            places[frame], trusts[frame] = place, trust
        return places, trusts

    def _step(self, a: int, b: int, xy: np.ndarray) -> tuple[np.ndarray | None, float]:
        """Motion (2,) of a point of frame `a` to frame `b` and how reliable it is; None if it is lost."""
        import cv2

        grey_a, grey_b = self._video.gray(a), self._video.gray(b)
        height, width = grey_a.shape
        x, y = round(min(max(xy[0], 0), width - 1)), round(min(max(xy[1], 0), height - 1))
        x0, y0, x1, y1 = (max(x - self._half, 0), max(y - self._half, 0), x + self._half, y + self._half)
        crop_a, crop_b = grey_a[y0:y1, x0:x1], grey_b[y0:y1, x0:x1]
        points = (np.asarray(xy, np.float32) - (x0, y0) + self._grid).astype(np.float32)[:, None]
        how = {"winSize": (self.window, self.window), "maxLevel": 3, "criteria": (3, 15, 0.03)}
        there, found, _ = cv2.calcOpticalFlowPyrLK(crop_a, crop_b, points, None, **how)
        back, returned, _ = cv2.calcOpticalFlowPyrLK(crop_b, crop_a, there, None, **how)
        off = np.linalg.norm((back - points)[:, 0], axis=1)
        good = (found[:, 0] > 0) & (returned[:, 0] > 0) & (off < 0.08 * self.window + 0.4)
        shift = (there - points)[:, 0]
        if good.sum() < 3:
            return None, 0.0
        usual = np.median(shift[good], 0)
        if good[0] and np.abs(shift[0] - usual).max() < 0.25 * self.window:
            return shift[0].astype(float), float(np.exp(-off[0]))
        return usual.astype(float), 0.7 * float(np.exp(-np.median(off[good])))
