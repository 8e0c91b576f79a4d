"""A keypoint between two frames in which a human placed it, or beyond the last one: flow and readings made one."""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.belief import Belief
from impose_widget.propagate.body import Body
from impose_widget.propagate.model_error import expected_error, usual_deviation
from impose_widget.propagate.track import Track

NOTHING = 1e12  # the variance of a reading that is not there


class Stretch:
    """One keypoint of one person from an anchor to the next one, or to the end of the window.

    Rows count from the first frame of the person's window. Variances and deviations are shares of the person's area
    and size.

    Args:
        body: the person.
        keypoint: which.
        left: row of the anchor before, or None.
        right: row of the anchor after, or None; one of the two is given.
        belief: how far what is believed.

    Attributes:
        faded: nothing more is to be written further away.
        tracks: the points that are followed, by direction.
    """

    def __init__(self, body: Body, keypoint: int, left: int | None, right: int | None, belief: Belief) -> None:
        self.body, self.keypoint, self.left, self.right, self.belief = body, keypoint, left, right, belief
        self.ends = [row for row in (left, right) if row is not None]
        self.faded = False
        self.tracks: dict[int, Track] = {}
        for row, direction in ((left, 1), (right, -1)):
            if row is not None:
                at = body.carry.first + row
                self.tracks[direction] = Track(at, direction, body.window, [self._anchor(row)])

    def vote(self) -> None:
        """Let what is followed here tell how the body moves."""
        for track in self.tracks.values():
            self.body.follow(self.keypoint, track)

    @property
    def closed(self) -> bool:
        """Whether there is an anchor at either end."""
        return len(self.ends) == 2

    def covers(self, rows: np.ndarray) -> np.ndarray:
        """Those of some rows that lie strictly inside."""
        low = -1 if self.left is None else self.left
        high = len(self.body.carry.xy) if self.right is None else self.right
        return rows[(rows > low) & (rows < high)]

    def lengths(self, rows: np.ndarray) -> dict[int, int]:
        """How long the track of each direction must be to fill some rows."""
        if self.closed:
            return dict.fromkeys(self.tracks, self.right - self.left + 1)
        return {direction: int(np.abs(rows - self.ends[0]).max()) + 1 for direction in self.tracks}

    def fused(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2) in pixels, their deviations (n,), and how much the corrections still say (n,), 0 to 1."""
        body, k = self.body, self.keypoint
        flow, flow_var = self._flow(rows)
        has = body.has[rows, k]
        if not has.any():
            return flow, np.sqrt(flow_var), np.ones(len(rows))
        places = np.array([row for row in self.ends if body.has[row, k]], int)
        error, read_var, known = expected_error(
            rows,
            usual_deviation(body.read_score[rows, k], self.belief),
            places,
            usual_deviation(body.read_score[places, k], self.belief),
            (body.carry.xy[places, k] - body.readings[places, k]) / body.scale,
            self.belief,
        )
        read = np.where(has[:, None], body.readings[rows, k] + body.scale * error, flow)
        read_var = np.where(has, read_var, NOTHING)
        xy, var, weight = self._fuse(flow, flow_var, read, read_var)
        return xy, np.sqrt(var), np.where(has, np.maximum(weight, known), 1.0)

    def score(self, rows: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """A score (n,), 0 to 1, for positions that were fused in some rows, by their deviations (n,)."""
        return np.exp(-8 * deviation)

    def _fuse(
        self, flow: np.ndarray, flow_var: np.ndarray, read: np.ndarray, read_var: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The mean weighted by inverse variance, its variance, and the weight of the flow."""
        total = read_var + flow_var
        weight = read_var / total
        apart = np.linalg.norm(flow - read, axis=1) / self.body.scale
        contradict = apart > self.belief.contradiction * np.sqrt(total)
        weight = np.where(contradict, (flow_var < read_var).astype(float), weight)
        var = np.where(contradict, np.minimum(flow_var, read_var) + 0.25 * apart**2, read_var * flow_var / total)
        return weight[:, None] * flow + (1 - weight[:, None]) * read, var, weight

    def _anchor(self, row: int) -> np.ndarray:
        return self.body.carry.xy[row, self.keypoint].astype(np.float64)

    def _flow(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n, 2) by flow alone, and their variance (n,)."""
        b = self.belief
        gap = np.abs(rows[:, None] - np.array(self.ends)).min(1)
        if self.closed:
            xy, trust, apart = self._between(rows)
        else:
            ((_, track),) = self.tracks.items()
            xy, trust, apart = np.array(track.xy)[gap], np.array(track.trust)[gap], 0.0
        deviation = (b.flow_start + b.flow_growth * gap + b.flow_closing * apart) / np.maximum(trust, 0.05)
        return xy, deviation**2

    def _between(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Flow from both anchors made one: positions (n, 2), trust (n,), and how far the two are apart (n,)."""
        a, b, span = self._anchor(self.left), self._anchor(self.right), self.right - self.left
        forth, forth_trust = np.array(self.tracks[1].xy[: span + 1]), np.array(self.tracks[1].trust)
        back, back_trust = np.array(self.tracks[-1].xy[: span + 1]), np.array(self.tracks[-1].trust)
        step = rows - self.left
        share = (step / span)[:, None]
        # Each misses the other anchor by something. That is spread along its way as a steady drift, and the one that
        # misses by less counts for more; the straight line counts where both miss by much.
        miss_forth = np.linalg.norm(forth[span] - b) / self.body.scale
        miss_back = np.linalg.norm(back[span] - a) / self.body.scale
        ahead = forth[step] + share * (b - forth[span])
        behind = back[span - step] + (1 - share) * (a - back[span])
        trust_ahead = (1 - share) * forth_trust[step, None]
        trust_behind = share * back_trust[span - step, None]
        w_ahead, w_behind, w_line = trust_ahead / (0.02 + miss_forth), trust_behind / (0.02 + miss_back), 0.5
        xy = w_ahead * ahead + w_behind * behind + w_line * (a + share * (b - a))
        apart = np.linalg.norm(ahead - behind, axis=1) / self.body.scale
        return xy / (w_ahead + w_behind + w_line), np.maximum(trust_ahead, trust_behind)[:, 0], apart
