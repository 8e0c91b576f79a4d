"""Lucas-Kanade from frame to frame, checked there and back; always there, no weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impose_widget.points.base import PointTracks, checked, exact
from impose_widget.propagate.optical_flow import point_motion

WINDOW = 21


class LkPoints:
    """Follows each point by optical flow; one that is lost stays where it was last.

    Args:
        window: side in pixels of what is compared.
    """

    name = "lk"
    license = "Apache-2.0 (OpenCV)"

    def __init__(self, window: int = WINDOW) -> None:
        self.window = window

    def track(self, frames: Sequence[np.ndarray], queries: np.ndarray) -> PointTracks:
        """See `PointTracker`."""
        import cv2

        points = checked(frames, queries)
        grey = [cv2.cvtColor(np.ascontiguousarray(f), cv2.COLOR_RGB2GRAY) for f in frames]
        n, frame = len(points), points[:, 0].astype(int)
        xy = np.repeat(points[None, :, 1:], len(frames), 0)
        confidence = np.ones((len(frames), n))
        for order in (range(1, len(frames)), range(len(frames) - 2, -1, -1)):
            step = order.step
            for t in order:
                live = np.flatnonzero(frame <= t - 1 if step > 0 else frame >= t + 1)
                if not len(live):
                    continue
                shift, trust = point_motion(grey[t - step], grey[t], xy[t - step, live], self.window)
                xy[t, live] = xy[t - step, live] + np.where(np.isfinite(shift), shift, 0.0)
                confidence[t, live] = confidence[t - step, live] * trust
        return exact(PointTracks(xy, confidence > 0, confidence), points)
