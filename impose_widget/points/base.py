"""What follows points through frames, seen from outside. Coordinates: pixels, integers at pixel centres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np


class PointTracks(NamedTuple):
    """Where N points are in T frames.

    Attributes:
        xy: (T, N, 2) float32.
        visible: (T, N) bool, whether the image shows the point.
        confidence: (T, N) float32, 0 to 1.
    """

    xy: np.ndarray
    visible: np.ndarray
    confidence: np.ndarray


@runtime_checkable
class PointTracker(Protocol):
    """Follows points.

    Attributes:
        name: of the method.
        license: of code and weights, in a few words.
    """

    name: str
    license: str

    def track(self, frames: Sequence[np.ndarray], queries: np.ndarray) -> PointTracks:
        """Follow points from where they are given, to both ends of the frames.

        Args:
            frames: T frames (H, W, 3) uint8 RGB of one size.
            queries: (N, 3) index among `frames`, x, y.

        Returns:
            Tracks; in its own frame each point is exactly where it was given.
        """
        ...


def checked(frames: Sequence[np.ndarray], queries: np.ndarray) -> np.ndarray:
    """Queries (N, 3) as float64.

    Raises:
        ValueError: there are no frames, or the queries are no finite points in them.
    """
    points = np.asarray(queries, np.float64)
    if not len(frames):
        raise ValueError("Expected at least one frame to follow points in, got none.")
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError(f"Expected queries (N, 3) of frame, x, y, got an array of shape {points.shape} or with NaN.")
    if len(points) and not ((points[:, 0] >= 0) & (points[:, 0] <= len(frames) - 1)).all():
        raise ValueError(
            f"Expected queries in frames 0..{len(frames) - 1}, got {points[:, 0].min():g}..{points[:, 0].max():g}."
        )
    return points


def exact(tracks: PointTracks, points: np.ndarray) -> PointTracks:
    """The same, each point where it was given in its own frame."""
    frame, n = points[:, 0].astype(int), np.arange(len(points))
    xy, visible, confidence = (np.array(a) for a in tracks)
    xy[frame, n], visible[frame, n], confidence[frame, n] = points[:, 1:], True, 1.0
    return PointTracks(xy.astype(np.float32), visible.astype(bool), confidence.astype(np.float32))
