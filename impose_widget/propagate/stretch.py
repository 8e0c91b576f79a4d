"""A keypoint between two frames in which a human placed it (or beyond the last): flow and readings made one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.propagate.body import Body
from impose_widget.propagate.lucas_kanade import LucasKanade, Track


@dataclass(frozen=True, slots=True)
class Belief:
    """How far what is carried is believed; lengths are shares of the person's size.

    Attributes:
        flow_start, flow_growth: deviation of the flow at an anchor, and what each frame adds.
        flow_closing: deviation per length by which flows from two anchors disagree.
        reading_best, reading_worst: deviation of a reading of score 1, and what score 0 adds.
        residual_frames: time constant in frames with which the difference human minus model dies away.
        residual_limit: a longer difference is a wrong reading, not a habit of the model.
        refuted_frames: deviation in frames over which a refuted reading makes its neighbours suspect.
        contradiction: deviations apart beyond which the more certain one is taken instead of the mean.
        fade: below this share a correction says nothing any more.
        lost: beyond this deviation a position is not believed at all.
    """

    flow_start: float = 0.005
    flow_growth: float = 0.008
    flow_closing: float = 0.5
    reading_best: float = 0.05
    reading_worst: float = 0.15
    reading_power: float = 2
    reading_floor: float = 0.02
    moment: float = 0.6
    moment_frames: float = 6
    habit_frames: float = 30
    nugget: float = 0.02
    biggest: float = 4
    all_anchors: bool = False
    refuted_frames: float = 5.0
    contradiction: float = 2.2
    fade: float = 0.08
    lost: float = 1.0


class Stretch:
    """One keypoint of one person from an anchor to the next one, or to the end of the window.

    Args:
        body: the person.
        keypoint: which.
        left: row of the anchor before, or None.
        right: row of the anchor after, or None; one of the two is given.
        flow: the point tracker.
        belief: how far what is trusted.
    """

    def __init__(
        self, body: Body, keypoint: int, left: int | None, right: int | None, flow: LucasKanade, belief: Belief
    ) -> None:
        self.body, self.keypoint, self.left, self.right = body, keypoint, left, right
        self.belief = belief
        self.faded = False
        self.tracks: dict[int, Track] = {}
        for row, direction in ((left, 1), (right, -1)):
            if row is not None:
                at = body.carry.first + row
                self.tracks[direction] = flow.track(at, self._anchor(row), direction, body.window)
                body.follow(keypoint, self.tracks[direction])

    @property
    def closed(self) -> bool:
        """Whether there is an anchor at either end."""
        return self.left is not None and self.right is not None

    def _anchor(self, row: int) -> np.ndarray:
        return self.body.carry.xy[row, self.keypoint].astype(np.float64)

    def length(self, direction: int, row: int) -> int:
        """How long the track in a direction must be to fill a row."""
        if self.closed:
            return self.right - self.left + 1
        return abs(row - (self.left if direction > 0 else self.right)) + 1

    def covers(self, rows: np.ndarray) -> np.ndarray:
        """Those of some rows that lie strictly inside."""
        low = -1 if self.left is None else self.left
        high = len(self.body.carry.xy) if self.right is None else self.right
        return rows[(rows > low) & (rows < high)]

    def carried(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2) by flow, trust (n,), and disagreement (n,) between the flows from either end."""
        if not self.closed:
            (direction, track), = self.tracks.items()
            step = np.abs(rows - (self.left if direction > 0 else self.right))
            return np.array(track.xy)[step], np.array(track.trust)[step], np.zeros(len(rows))
        a, b, span = self._anchor(self.left), self._anchor(self.right), self.right - self.left
        ahead, back = self.tracks[1], self.tracks[-1]
        forth, forth_trust = np.array(ahead.xy)[: span + 1], np.array(ahead.trust)[: span + 1]
        home, home_trust = np.array(back.xy)[span::-1], np.array(back.trust)[span::-1]
        step = rows - self.left
        share = (step / span)[:, None]
        # Each flow misses the other end by something; that is spread along the way, as a steady drift, and one that
        # misses by much counts for less. A straight line is the fallback.
        miss_forth = np.linalg.norm(forth[-1] - b) / self.body.scale
        miss_home = np.linalg.norm(home[0] - a) / self.body.scale
        w_forth = (1 - share) * forth_trust[step, None] / (0.02 + miss_forth)
        w_home = share * home_trust[step, None] / (0.02 + miss_home)
        forth = forth[step] + share * (b - forth[-1])
        home = home[step] + (1 - share) * (a - home[0])
        total = w_forth + w_home + 0.5
        xy = (w_forth * forth + w_home * home + 0.5 * (a + share * (b - a))) / total
        trust = np.maximum((1 - share[:, 0]) * forth_trust[step], share[:, 0] * home_trust[step])
        return xy, trust, np.linalg.norm(forth - home, axis=1) / self.body.scale

    def read(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Corrected readings (n, 2), their variance (n,) as a share of the person's area, and how much of what was
        corrected is left (n,).

        What the model gets wrong about a keypoint it gets wrong for a while: partly for a moment, partly as a habit.
        Its error in units of its usual deviation is taken as a Gaussian process in time, known where a human placed
        the keypoint.
        """
        b, s, k = self.belief, self.body.scale, self.keypoint
        usual = b.reading_best + b.reading_worst * (1 - self.body.read_score[rows, k]) ** b.reading_power
        places = np.flatnonzero(self.body.carry.anchor[:, k] & self.body.has[:, k]) if b.all_anchors else np.array(
            [r for r in (self.left, self.right) if r is not None and self.body.has[r, k]], int)
        xy = self.body.readings[rows, k]
        if not len(places):
            return xy, usual**2, np.zeros(len(rows))
        at = b.reading_best + b.reading_worst * (1 - self.body.read_score[places, k]) ** b.reading_power
        off = (self.body.carry.xy[places, k] - self.body.readings[places, k]) / s
        size = np.linalg.norm(off, axis=1) / at
        shock = np.maximum(np.minimum(size, b.biggest) ** 2 - 1, 0)
        gap = np.abs(rows[:, None] - places)
        amp_t = np.sqrt(1 + (np.exp(-gap / b.refuted_frames) * shock).max(1))
        amp_i = np.sqrt(1 + shock)
        near = self._alike(gap, amp_t[:, None] * amp_i)
        cov = self._alike(np.abs(places[:, None] - places), amp_i[:, None] * amp_i) + b.nugget * np.eye(len(places))
        gain = np.linalg.solve(cov, near.T).T
        total = b.moment * amp_t**2 + 1 - b.moment
        spread = np.clip(total - (gain * near).sum(1), 0, None)
        habit = (gain * np.minimum(usual[:, None] / at, 1)) @ off
        left = near.max(1)
        return xy + s * habit, usual**2 * spread + b.reading_floor**2, np.abs(gain).sum(1)

    def _alike(self, gap: np.ndarray, amplitude) -> np.ndarray:
        """Covariance of the model's errors so many frames apart."""
        b = self.belief
        return amplitude * b.moment * np.exp(-gap / b.moment_frames) + (1 - b.moment) * np.exp(-gap / b.habit_frames)

    def fused(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2), deviations (n,) as a share of the person's size, and what the correction still says (n,)."""
        b, s, k = self.belief, self.body.scale, self.keypoint
        flow, trust, apart = self.carried(rows)
        gap = np.min([np.abs(rows - r) for r in (self.left, self.right) if r is not None], axis=0)
        flow_var = ((b.flow_start + b.flow_growth * gap + b.flow_closing * apart) / np.maximum(trust, 0.05)) ** 2
        has = self.body.has[rows, k]
        if not has.any():
            return flow, np.sqrt(flow_var), np.ones(len(rows))
        read, read_var, habit_left = self.read(rows)
        read, read_var = np.where(has[:, None], read, flow), np.where(has, read_var, 1e12)
        weight = read_var / (read_var + flow_var)
        distance = np.linalg.norm(flow - read, axis=1) / s
        contradict = distance > b.contradiction * np.sqrt(read_var + flow_var)
        weight = np.where(contradict, (flow_var < read_var).astype(float), weight)
        xy = weight[:, None] * flow + (1 - weight[:, None]) * read
        var = np.where(
            contradict,
            np.minimum(flow_var, read_var) + 0.25 * distance**2,
            read_var * flow_var / (read_var + flow_var),
        )
        return xy, np.sqrt(var), np.where(has, np.maximum(weight, habit_left), 1.0)
