"""Carrying corrections by optical flow, weighed against what the model reads in each frame."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.propagate.absence import fill_absent
from impose_widget.propagate.base import CHUNK, Carry, Frames, FrameUpdate
from impose_widget.propagate.belief import Belief
from impose_widget.propagate.body import Body
from impose_widget.propagate.confirmed import Way
from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.stretch import Stretch

MARGIN = 0.05
"""Share of the image's size by which a keypoint may leave the image before it is given up."""

SAME = 0.05
"""Pixels; a smaller change is none."""


@dataclass(slots=True)
class _Job:
    """A person who is being carried, and the stretches of their keypoints that meet an origin."""

    body: Body
    stretches: list[Stretch]

    def open_stretches(self, rows: np.ndarray) -> Iterator[tuple[Stretch, np.ndarray]]:
        """Stretches that still have something to say, with the rows inside each."""
        for stretch in self.stretches:
            inside = stretch.covers(rows)
            if len(inside) and not stretch.faded:
                yield stretch, inside


class FlowFusion:
    """Carries what a human placed to other frames, as far as it says more than the model's own reading.

    From every anchor the image is followed in both directions. Each position is the mean of that and the model's
    reading, weighted by how sure each is: near a correction the flow decides, and further away it fades into the
    reading, which is first moved by what the correction tells about the model's errors. Between two anchors of a
    keypoint the flows from both are blended and meet them. Without readings it is the flow alone, as long as it can be
    believed. A keypoint that disappears behind something goes on with its body.

    Args:
        skeleton: names and edges of the keypoints; edges tell which keypoints move together.
        reach: frames beyond which a single correction says nothing any more.
        max_gap: longest run of frames without a reading that is bridged by a straight line.
        belief: how far what is believed.
        flow: the point tracker; it remembers what it measured, so that later corrections are quick.
    """

    name = "flow"
    stretch: type[Stretch] = Stretch

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
        """Yield updates of at most `CHUNK` frames, nearest to the origins first, all people of a chunk in turn.

        An update that changes nothing comes now and then while a long way between two anchors is followed, so that
        whoever listens can stop.
        """
        people = [carry for carry in people if carry.origins and len(carry.xy)]
        if not people:
            return
        self._flow.watch(frames)
        limits = _limits(self._flow.grey(people[0].origins[0]).shape)
        jobs = [self._job(carry) for carry in people]
        rings = _rings(people, self.reach)
        total, done = sum(len(chunks) for chunks in rings), 0
        for chunks in rings:
            for _ in self._follow([(jobs[i], rows) for i, rows in chunks]):
                yield _nothing(people[chunks[0][0]], done / total)
            for i, rows in chunks:
                done += 1
                update = self._update(jobs[i], rows, limits, done / total)
                if update is not None:
                    yield update

    def _job(self, carry: Carry) -> _Job:
        body = Body(carry, self.skeleton, self.max_gap)
        origins = [o - carry.first for o in carry.origins if 0 <= o - carry.first < len(carry.anchor)]
        placed = carry.anchor & np.isfinite(carry.xy).all(-1)
        rows = {k: np.flatnonzero(placed[:, k]).tolist() for k in np.flatnonzero(placed[origins].any(0)).tolist()}
        stretches = [self.stretch(body, *way, self.belief) for way in self._ways(body, rows, origins)]
        for some in stretches:
            some.vote()
        return _Job(body, stretches)

    def _ways(self, body: Body, rows: Mapping[int, Sequence[int]], origins: Collection[int]) -> list[Way]:
        """Stretches to carry, given the rows of each keypoint's anchors."""
        del body
        ends = {k: [None, *some, None] for k, some in rows.items()}
        return [(k, a, b) for k, some in ends.items() for a, b in pairwise(some) if a in origins or b in origins]

    def _follow(self, chunks: Sequence[tuple[_Job, np.ndarray]]) -> Iterator[None]:
        """Let the point tracker go as far as some chunks need it; yields after every `CHUNK` frames but the last."""
        wanted = [
            (track, stretch.lengths(inside)[direction], stretch)
            for job, rows in chunks
            for stretch, inside in job.open_stretches(rows)
            for direction, track in stretch.tracks.items()
        ]
        tracks = [track for track, _, _ in wanted]
        missing = max((length - len(track) for track, length, _ in wanted), default=0)
        now = [len(track) for track in tracks]
        for ahead in range(CHUNK, missing + CHUNK, CHUNK):
            lengths = [min(length, n + ahead) for (_, length, _), n in zip(wanted, now, strict=True)]
            self._flow.extend(tracks, lengths, lambda i, a, b: wanted[i][2].body.motion(wanted[i][2].keypoint, a, b))
            if ahead < missing:
                yield

    def _update(self, job: _Job, rows: np.ndarray, limits: np.ndarray, done: float) -> FrameUpdate | None:
        carry = job.body.carry
        n, k = len(rows), len(self.skeleton)
        xy, score, write = np.full((n, k, 2), np.nan), np.zeros((n, k)), np.zeros((n, k), bool)
        off = np.full((n, k), np.nan)
        for stretch, inside in job.open_stretches(rows):
            at = inside - rows[0]
            where, deviation, says = stretch.fused(inside)
            believed = (deviation < self.belief.lost) & (says >= self.belief.fade)
            believed &= ((where >= limits[0]) & (where <= limits[1])).all(1)
            xy[at, stretch.keypoint], write[at, stretch.keypoint] = where, believed
            score[at, stretch.keypoint], off[at, stretch.keypoint] = stretch.score(inside, deviation), deviation
            stretch.faded = not stretch.closed and not believed.any()
        fill_absent(job.body, rows, xy, score, write)
        with np.errstate(invalid="ignore"):
            write &= ~(np.abs(xy - carry.xy[rows]).max(-1) <= SAME)
            write &= ((xy >= limits[0]) & (xy <= limits[1])).all(-1)
        write &= ~carry.anchor[rows]
        if not write.any():
            return None
        frames = (rows + carry.first).astype(np.int32)
        xy, score, off = (values.astype(np.float32) for values in (xy, score, off))
        return FrameUpdate(carry.track_id, frames, xy, score, write, done, off)


def _nothing(carry: Carry, done: float) -> FrameUpdate:
    """An update of one frame that changes nothing."""
    row = slice(carry.origins[0] - carry.first, carry.origins[0] - carry.first + 1)
    score = np.nan_to_num(carry.score[row])
    return FrameUpdate(
        carry.track_id, np.array(carry.origins[:1], np.int32), carry.xy[row], score, np.zeros(score.shape, bool), done
    )


def _limits(shape: tuple[int, ...]) -> np.ndarray:
    """Lowest and highest believable positions (2, 2) in an image of a shape (H, W)."""
    size = np.array(shape[1::-1], np.float64)
    return np.stack([-MARGIN * size, (1 + MARGIN) * size])


def _rings(people: Sequence[Carry], reach: int) -> list[list[tuple[int, np.ndarray]]]:
    """Chunks of everybody by distance from their origins and side of them: (place in `people`, rows (n,))."""
    rings: dict[tuple[int, int], list[tuple[int, np.ndarray]]] = {}
    for i, carry in enumerate(people):
        rows = np.arange(max(carry.start - carry.first, 0), min(carry.stop - carry.first, len(carry.xy)))
        if not len(rows):
            continue
        distance = rows[:, None] - (np.array(sorted(set(carry.origins))) - carry.first)
        nearest = np.abs(distance).argmin(1)
        away = distance[np.arange(len(rows)), nearest]
        ring, side = (np.abs(away) - 1) // CHUNK, (away < 0).astype(int)
        take = (away != 0) & (np.abs(away) <= reach)
        for key in sorted({*zip(ring[take].tolist(), side[take].tolist(), nearest[take].tolist(), strict=True)}):
            chunk = rows[take & (ring == key[0]) & (side == key[1]) & (nearest == key[2])]
            rings.setdefault(key[:2], []).append((i, chunk))
    return [chunks for _, chunks in sorted(rings.items())]
