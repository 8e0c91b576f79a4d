"""Carrying corrections by optical flow, weighed against what the model reads in each frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.propagate.base import CHUNK, Carry, Frames, FrameUpdate
from impose_widget.propagate.body import Body
from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.stretch import Belief, Stretch

MARGIN = 0.05
"""Share of the frame's size by which a keypoint may leave the image before it is given up."""

SAME = 0.05
"""Pixels; a smaller change is none."""


@dataclass(slots=True)
class _Job:
    """A person who is being carried."""

    body: Body
    stretches: list[Stretch]
    done: dict[int, np.ndarray] = field(default_factory=dict)


class FlowFusion:
    """Carries what a human placed to other frames, as far as it says more than the model's own reading.

    From every anchor the image is followed in both directions. Each position is the mean of that and the model's
    reading, weighted by how sure each is: near a correction the flow decides, and further away it fades into the
    reading, which is first shifted by what the human changed about the model. Between two anchors the flows from both
    are blended and meet them. Without readings it is the flow alone.

    Args:
        skeleton: names and edges of the keypoints; edges tell which keypoints move together.
        reach: frames beyond which a single correction says nothing any more.
        max_gap: longest run of frames without a reading that is bridged by a straight line.
        belief: how far what is trusted.
        flow: the point tracker.
    """

    name = "flow"

    def __init__(
        self,
        skeleton: Skeleton,
        reach: int = 90,
        max_gap: int = 10,
        belief: Belief | None = None,
        flow: LucasKanade | None = None,
    ) -> None:
        self.skeleton, self.reach, self.max_gap = skeleton, reach, max_gap
        self.belief = belief or Belief()
        self._flow = flow or LucasKanade()

    def propagate(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        """Yield updates of at most `CHUNK` frames, nearest to the origins first, all people of a chunk in turn."""
        if not len(people):
            return
        self._flow.watch(frames)
        limits = _limits(self._flow.grey(people[0].origins[0] if people[0].origins else people[0].first).shape)
        jobs = [self._job(carry) for carry in people]
        rings = _rings(jobs, self.reach)
        total = sum(len(chunks) for _, chunks in rings)
        n = 0
        for _, chunks in rings:
            needed = [(jobs[i], rows) for i, rows in chunks]
            for _ in self._follow(needed):
                pass
            for i, rows in chunks:
                n += 1
                update = self._update(jobs[i], rows, limits, n / total)
                if update is not None:
                    yield update

    def _job(self, carry: Carry) -> _Job:
        body = Body(carry, self.skeleton, self.max_gap)
        origins = [o - carry.first for o in carry.origins if 0 <= o - carry.first < len(carry.anchor)]
        stretches = []
        for k in np.flatnonzero(carry.anchor[origins].any(0)):
            rows = np.flatnonzero(carry.anchor[:, k] & np.isfinite(carry.xy[:, k]).all(-1))
            ends: list[int | None] = [None, *(int(r) for r in rows), None]
            for left, right in zip(ends[:-1], ends[1:], strict=True):
                if left in origins or right in origins:
                    stretches.append(Stretch(body, int(k), left, right, self._flow, self.belief))
        return _Job(body, stretches)

    def _follow(self, chunks: Sequence[tuple[_Job, np.ndarray]]) -> Iterator[None]:
        """Let the point tracker go as far as some chunks need it."""
        tracks, lengths, owners = [], [], []
        for job, rows in chunks:
            for stretch in job.stretches:
                inside = stretch.covers(rows)
                if stretch.faded or not len(inside):
                    continue
                for direction, track in stretch.tracks.items():
                    tracks.append(track)
                    far = inside[-1] if direction > 0 else inside[0]
                    lengths.append(stretch.length(direction, int(far)))
                    owners.append((job.body, stretch.keypoint))
        self._flow.extend(tracks, lengths, lambda i, a, b: owners[i][0].motion(owners[i][1], a, b))
        yield

    def _update(self, job: _Job, rows: np.ndarray, limits: np.ndarray, done: float) -> FrameUpdate | None:
        carry, b = job.body.carry, self.belief
        n, k = len(rows), len(self.skeleton)
        xy, score, write = np.full((n, k, 2), np.nan), np.zeros((n, k)), np.zeros((n, k), bool)
        for stretch in job.stretches:
            inside = stretch.covers(rows)
            if stretch.faded or not len(inside):
                continue
            at = inside - rows[0]
            where, sigma, says = stretch.fused(inside)
            believed = (sigma < b.lost) & (where >= limits[0]).all(1) & (where <= limits[1]).all(1)
            believed &= says >= b.fade
            xy[at, stretch.keypoint] = where
            score[at, stretch.keypoint] = np.exp(-8 * sigma)
            write[at, stretch.keypoint] = believed
            # What is no longer believed in the far half of a chunk is not taken up again further on.
            stretch.faded = not stretch.closed and not believed.any()
        old = carry.xy[rows]
        with np.errstate(invalid="ignore"):
            write &= ~(np.abs(xy - old).max(-1) <= SAME)
        write &= ~carry.anchor[rows]
        if not write.any():
            return None
        return FrameUpdate(
            carry.track_id,
            (rows + carry.first).astype(np.int32),
            xy.astype(np.float32),
            score.astype(np.float32),
            write,
            done,
        )


def _limits(shape: tuple[int, ...]) -> np.ndarray:
    """Lowest and highest believable positions (2, 2) in an image of a shape (H, W)."""
    size = np.array(shape[1::-1], np.float64)
    return np.stack([-MARGIN * size, (1 + MARGIN) * size])


def _rings(jobs: Sequence[_Job], reach: int) -> list[tuple[tuple[int, int], list[tuple[int, np.ndarray]]]]:
    """Chunks of everybody, ordered by distance from the origins: (ring, side), then (place in `jobs`, rows (n,))."""
    rings: dict[tuple[int, int], list[tuple[int, np.ndarray]]] = {}
    for i, job in enumerate(jobs):
        carry = job.body.carry
        origins = sorted({o - carry.first for o in carry.origins})
        start, stop = max(carry.start - carry.first, 0), min(carry.stop - carry.first, len(carry.xy))
        rows = np.arange(start, stop)
        if not origins or not len(rows):
            continue
        distance = rows[:, None] - np.array(origins)
        nearest = np.abs(distance).argmin(1)
        away = distance[np.arange(len(rows)), nearest]
        ring, side = (np.abs(away) - 1) // CHUNK, (away < 0).astype(int)
        take = (away != 0) & (np.abs(away) <= reach)
        for key in sorted({*zip(ring[take], side[take], nearest[take], strict=True)}):
            chunk = rows[take & (ring == key[0]) & (side == key[1]) & (nearest == key[2])]
            rings.setdefault((int(key[0]), int(key[1])), []).append((i, chunk))
    return sorted(rings.items())
