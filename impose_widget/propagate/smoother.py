"""Carrying corrections by the most probable way through all that is known: see `chain`."""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.chain import Evidence, estimate
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.model_error import usual_deviation
from impose_widget.propagate.stretch import Stretch

CLOSE = 0.02  # share of a person's size by which the best flow misses the other anchor


class SmoothStretch(Stretch):
    """A stretch whose positions are weighed all together, not frame by frame."""

    def fused(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2) in pixels, their deviations (n,), and how much the corrections still say (n,), 0 to 1."""
        low = min(self.ends[0], int(rows.min()))
        high = max(self.ends[-1], int(rows.max())) + 1
        body, k, scale = self.body, self.keypoint, self.body.scale
        here = np.arange(low, high)
        origin = self._anchor(self.ends[0])
        anchor = np.full((high - low, 2), np.nan)
        for row in self.ends:
            anchor[row - low] = (self._anchor(row) - origin) / scale
        step, deviation = self._steps(low, high)
        found = estimate(
            Evidence(
                step / scale,
                deviation,
                (body.readings[here, k] - origin) / scale,
                usual_deviation(body.read_score[here, k], self.belief),
                anchor,
            ),
            rows - low,
            self.belief,
        )
        says = np.where(body.has[rows, k], found.influence, 1.0)
        return found.xy * scale + origin, found.deviation, says

    def _steps(self, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps of the flow (n - 1, 2) in pixels from row to row, and their deviations (n - 1,), shares of the size."""
        n = high - low - 1
        ways = []
        for direction, track in self.tracks.items():
            m = min(n + 1, len(track))
            xy, trust = np.full((n + 1, 2), np.nan), np.full(n + 1, 0.05)
            xy[:m], trust[:m] = np.array(track.xy[:m]), np.maximum(track.trust[:m], 0.05)
            miss = 0.0
            if self.closed and m == n + 1:
                other = self._anchor(self.right if direction > 0 else self.left)
                miss = float(np.linalg.norm(xy[-1] - other)) / self.body.scale
            steps, trust = np.diff(xy, axis=0), np.minimum(trust[1:], trust[:-1])
            ways.append((steps, trust, miss) if direction > 0 else (-steps[::-1], trust[::-1], miss))
        if len(ways) == 1:
            steps, trust, _ = ways[0]
            return steps, self.belief.flow_growth / trust
        (ahead, trust_ahead, miss_ahead), (behind, trust_behind, miss_behind) = ways
        share = (np.arange(n) + 0.5) / n
        one = (1 - share) * trust_ahead / (CLOSE + miss_ahead)
        two = share * trust_behind / (CLOSE + miss_behind)
        one, two = one / (one + two), two / (one + two)
        steps = one[:, None] * ahead + two[:, None] * behind
        apart = np.linalg.norm(ahead - behind, axis=1) / self.body.scale
        deviation = self.belief.flow_growth / (one * trust_ahead + two * trust_behind)
        return steps, np.hypot(deviation, np.sqrt(one * two) * apart)


class Smoother(FlowFusion):
    """Carries what a human placed along the most probable way, given flow, readings and anchors at once.

    As `FlowFusion`, which weighs flow against readings frame by frame; this weighs whole stretches between anchors, so
    that a reading far away speaks as far as the flow ties it to here. Args as there.
    """

    name = "smoother"
    stretch = SmoothStretch
