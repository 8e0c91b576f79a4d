"""Keypoint-level temporal correction propagation (paper section III-C): a prior from time, then the network's decoders.

Another propagator says where corrected keypoints went and how sure it is; the network reads the people again there, in
up to ten frames at once, beside the prior, the detector's readings, and what it saw at the anchor.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from impose_widget.core.geometry import person_area
from impose_widget.core.prior import Anchor, Prior
from impose_widget.propagate.base import CHUNK, Carry, Frames, FrameUpdate, Propagator

CONTENTS, POLICIES, KEYPOINTS = ("here", "anchor"), ("replace", "fuse", "keep_better"), ("corrected", "all")
DECAY = 8.0  # a score of exp(-DECAY · deviation in sizes of the person), as in fusion
CONTRADICTION = 2.2  # deviations beyond which the surer one is taken, not the mean
STILL = 0.5  # pixels; a keypoint that nobody corrected and that would move less stays
MOST_PEOPLE = 16  # in one pass


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Where the paper can be read in two ways; numbers are those of the design's table of ambiguities.

    Attributes:
        content: A1: what people are told by: "here" (what the network gives to somebody it is told of) or "anchor".
        chained: A2: frame after frame, what nobody tracks starting from the frame before; else all frames in one pass.
        restart: A3: after each chunk the prior starts anew from what the network read in its last frame.
        keypoints: A9: which may change: "corrected" ones, or "all" of a corrected person.
        policy: A10: the network's places "replace" the prior's, are "fuse"d with them by their variances, or are taken
            where they are the more certain ("keep_better").
        doubt: factor on the network's deviations. Fitted (`python -m tests.bench.network_errors`) it was 0.8 and 1.5 on
            two real clips, 2.5 and 2.7 on two rendered ones; 3 is the cautious end.
    """

    content: str = "here"
    chained: bool = False
    restart: bool = False
    keypoints: str = "corrected"
    policy: str = "fuse"
    doubt: float = 3.0

    def __post_init__(self) -> None:
        for name, allowed in (("content", CONTENTS), ("keypoints", KEYPOINTS), ("policy", POLICIES)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"Expected {name} as one of {', '.join(allowed)}, got {getattr(self, name)!r}.")


class Network(Protocol):
    """What is asked of the model, e.g. of `impose_widget.network_detector.ImposeDetector`."""

    def carry(
        self, frames: Sequence[np.ndarray], prior: Prior, anchors: Sequence[Anchor], content: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Better places for keypoints, all frames in one pass.

        Args:
            frames: n frames (H, W, 3) uint8 RGB of one size.
            prior: where P people may be in them.
            anchors: of each person.
            content: see `NetworkOptions`.

        Returns:
            Positions (n, P, K, 2), those held as given, and how far off each may be (n, P, K), in pixels.
        """
        ...


class NetworkPropagator:
    """Carries corrections with the network, from a prior that any other propagator gives.

    Args:
        network: reads people in frames, e.g. `impose_widget.network_detector.ImposeDetector`.
        prior: says where corrected keypoints went: flow and readings, a smoother, or `Still` for no tracker at all.
        options: where there is a choice.
    """

    name = "network"

    def __init__(self, network: Network, prior: Propagator, options: NetworkOptions | None = None) -> None:
        self.network, self.prior, self.options = network, prior, options or NetworkOptions()
        self.reach = prior.reach

    def propagate(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        """Yield updates of at most `CHUNK` frames; people of one chunk are read together."""
        if not self.options.restart:
            yield from self._once(frames, people)
            return
        for i, carry in enumerate(people):
            for update in self._restarted(frames, carry):
                yield dataclasses.replace(update, done=(i + update.done) / len(people))

    def _once(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        waiting: list[tuple[Carry, FrameUpdate]] = []
        for update in self.prior.propagate(frames, people):
            carry = _owner(people, update)
            same = not waiting or np.array_equal(waiting[0][1].frames, update.frames)
            full = len(waiting) == MOST_PEOPLE or any(c is carry for c, _ in waiting)
            if waiting and (not same or full):
                yield from self._read(frames, waiting)
                waiting = []
            if update.write.any():
                waiting.append((carry, update))
            elif not waiting:
                yield update
        if waiting:
            yield from self._read(frames, waiting)

    def _restarted(self, frames: Frames, carry: Carry) -> Iterator[FrameUpdate]:
        """Chunk after chunk away from the origins, each from where the network left the one before."""
        for side, direction in enumerate((1, -1)):
            edge = max(carry.origins) if direction > 0 else min(carry.origins)
            part = dataclasses.replace(carry, xy=carry.xy.copy(), anchor=carry.anchor.copy())
            while True:
                end = edge + CHUNK * direction
                low, high = (min(part.origins), end + 1) if direction > 0 else (end, min(part.origins))
                part = dataclasses.replace(part, start=max(low, carry.start), stop=min(high, carry.stop))
                if part.start >= part.stop:
                    break
                last = None
                for update in self._once(frames, [part]):
                    rows = update.frames - part.first
                    part.xy[rows] = np.where(update.write[..., None], update.xy, part.xy[rows])
                    if end in update.frames:
                        last = update.write[int(np.flatnonzero(update.frames == end)[0])]
                    share = abs(edge - carry.origins[0]) / max(carry.stop - carry.start, 1)
                    yield dataclasses.replace(update, done=(side + min(share, 1.0)) / 2)
                if last is None or not last.any():
                    break
                part.anchor[end - part.first] |= last
                part, edge = dataclasses.replace(part, origins=(end,)), end

    # -- the network ---------------------------------------------------------------------------------------------

    def _read(self, frames: Frames, waiting: list[tuple[Carry, FrameUpdate]]) -> Iterator[FrameUpdate]:
        numbers = waiting[0][1].frames
        images = [np.asarray(frames[int(f)]) for f in numbers]
        tracked = getattr(self.prior, "tracks", True)
        starts = [_start(carry, update, tracked) for carry, update in waiting]
        prior = Prior(*(np.stack(parts, 1) for parts in zip(*starts, strict=True)))
        anchors = [_anchor(frames, carry, numbers) for carry, _ in waiting]
        if self.options.chained:
            xy, deviation = self._chained(images, prior, anchors, waiting)
        else:
            xy, deviation = self.network.carry(images, prior, anchors, self.options.content)
        for i, (carry, update) in enumerate(waiting):
            yield self._update(carry, update, xy[:, i], self.options.doubt * deviation[:, i])

    def _chained(
        self,
        images: list[np.ndarray],
        prior: Prior,
        anchors: list[Anchor],
        waiting: list[tuple[Carry, FrameUpdate]],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Frame after frame, nearest to the origin first; keypoints that nobody tracks start from the frame before."""
        numbers = waiting[0][1].frames
        origin = _nearest(waiting[0][0].origins, numbers)
        xy, deviation = np.array(prior.xy), np.array(prior.deviation)
        before: int | None = None
        for j in np.argsort(np.abs(numbers - origin), kind="stable"):
            start = prior.xy[j]
            if before is not None:
                start = np.where(
                    np.isfinite(prior.deviation[j])[..., None] | prior.held[j][..., None], start, xy[before]
                )
            here = Prior(start[None], *(part[j : j + 1] for part in prior[1:]))
            xy[j], deviation[j] = (a[0] for a in self.network.carry([images[j]], here, anchors, self.options.content))
            before = int(j)
        return xy, deviation

    def _update(self, carry: Carry, update: FrameUpdate, xy: np.ndarray, deviation: np.ndarray) -> FrameUpdate:
        rows = update.frames - carry.first
        size = _size(carry)
        before = _off(update, size)
        at, off = _combined(self.options.policy, update.xy, before, xy, deviation)
        write = update.write
        at, off = np.where(write[..., None], at, xy), np.where(write, off, deviation)
        if self.options.keypoints == "all":
            with np.errstate(invalid="ignore"):
                moves = np.linalg.norm(xy - carry.xy[rows], axis=-1) >= STILL
            better = np.exp(-DECAY * deviation / size) >= np.nan_to_num(carry.score[rows])
            write = write | (moves & better & update.write.any(1)[:, None] & ~carry.anchor[rows])
        score = np.exp(-DECAY * off / size)
        at, score = np.where(np.isfinite(at), at, update.xy), np.where(np.isfinite(score), score, update.score)
        return dataclasses.replace(update, xy=at.astype(np.float32), score=score.astype(np.float32), write=write)


class Still:
    """The prior without a tracker: corrected keypoints stay as at the anchor, but go with the detector's readings.

    Args:
        reach: frames beyond which a single correction says nothing any more.
    """

    name = "still"
    tracks = False

    def __init__(self, reach: int = 20) -> None:
        self.reach = reach

    def propagate(self, frames: Frames, people: Sequence[Carry]) -> Iterator[FrameUpdate]:
        """Yield updates of at most `CHUNK` frames, nearest to the origins first."""
        for carry in people:
            chunks = list(_chunks(carry, self.reach))
            for i, numbers in enumerate(chunks):
                yield self._update(carry, numbers, (i + 1) / len(chunks))

    def _update(self, carry: Carry, numbers: np.ndarray, done: float) -> FrameUpdate:
        rows, origin = numbers - carry.first, _nearest(carry.origins, numbers) - carry.first
        placed = carry.anchor[origin] & np.isfinite(carry.xy[origin]).all(-1)
        with np.errstate(all="ignore"):
            went = carry.reading[rows, :, :2] - carry.reading[origin, :, :2]
        known = np.isfinite(went).all((1, 2))
        shift = np.zeros((len(rows), 1, 2))
        shift[known] = np.median(went[known], 1, keepdims=True)
        xy = (carry.xy[origin] + shift).astype(np.float32)
        deviation = 0.02 + 0.01 * np.abs(rows - origin)
        score = np.repeat(np.exp(-DECAY * deviation)[:, None], xy.shape[1], 1).astype(np.float32)
        write = np.repeat(placed[None], len(rows), 0) & ~carry.anchor[rows]
        return FrameUpdate(carry.track_id, numbers.astype(np.int32), xy, score, write, done)


def _chunks(carry: Carry, reach: int) -> Iterator[np.ndarray]:
    """Frames around the origins, nearest first, at most `CHUNK` of one side of one origin together."""
    numbers = np.arange(max(carry.start, carry.first), min(carry.stop, carry.first + len(carry.xy)))
    origins = np.array(sorted(set(carry.origins)))
    if not len(numbers):
        return
    away = numbers[:, None] - origins
    nearest = np.abs(away).argmin(1)
    away = away[np.arange(len(numbers)), nearest]
    take = (away != 0) & (np.abs(away) <= reach)
    keys = np.column_stack([(np.abs(away) - 1) // CHUNK, away < 0, nearest])
    for key in sorted({tuple(k) for k in keys[take].tolist()}):
        yield numbers[take & (keys == key).all(1)]


def _owner(people: Sequence[Carry], update: FrameUpdate) -> Carry:
    """Whose update it is: a person may be carried in several stretches."""
    own = [c for c in people if c.track_id == update.track_id]
    at = int(update.frames[0])
    return next((c for c in own if c.start <= at < c.stop), own[0])


def _nearest(origins: Sequence[int], numbers: np.ndarray) -> int:
    """The origin next to some frames."""
    return min(origins, key=lambda o: int(np.abs(numbers - o).min()))


def _size(carry: Carry) -> float:
    """Of a person in pixels: the square root of their area, the median over frames."""
    area = person_area(np.where(np.isfinite(carry.reading[..., :2]), carry.reading[..., :2], carry.xy))
    known = area[np.isfinite(area) & (area > 0)]
    return max(float(np.sqrt(np.median(known))), 4.0) if len(known) else 40.0


def _start(carry: Carry, update: FrameUpdate, tracked: bool) -> Prior:
    """One person's share of the prior, (n, K, …)."""
    rows = update.frames - carry.first
    reading = carry.reading[rows]
    known = np.where(np.isfinite(carry.xy[rows]), carry.xy[rows], reading[..., :2])
    xy = np.where(update.write[..., None], update.xy, known)
    off = _off(update, _size(carry))
    return Prior(xy, np.where(update.write & tracked, off, np.nan), carry.anchor[rows], reading)


def _off(update: FrameUpdate, size: float) -> np.ndarray:
    """How far off (n, K) pixels another propagator's positions may be."""
    told = -np.log(np.clip(update.score, 1e-6, 1)) / DECAY
    if update.deviation is not None:
        told = np.where(np.isfinite(update.deviation), update.deviation, told)
    return told * size


def _anchor(frames: Frames, carry: Carry, numbers: np.ndarray) -> Anchor:
    """The anchor that a chunk is carried from."""
    at = _nearest(carry.origins, numbers)
    row = at - carry.first
    xy = np.where(carry.anchor[row][:, None], carry.xy[row], np.nan)
    return Anchor(np.asarray(frames[at]), xy, carry.reading[row])


def _combined(
    policy: str, a: np.ndarray, a_off: np.ndarray, b: np.ndarray, b_off: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The prior's places and deviations `a` and the network's `b` (n, K, 2) and (n, K) made one, in pixels."""
    if policy == "replace":
        return b, b_off
    b_surer = b_off < a_off
    if policy == "keep_better":
        return np.where(b_surer[..., None], b, a), np.where(b_surer, b_off, a_off)
    total = np.maximum(a_off**2 + b_off**2, 1e-9)
    weight = np.where(np.isfinite(total), a_off**2 / total, 0.0)  # of the network
    apart = np.linalg.norm(a - b, axis=-1)
    contradict = apart > CONTRADICTION * np.sqrt(total)
    weight = np.where(contradict, b_surer.astype(float), weight)
    off = np.where(contradict, np.minimum(a_off, b_off) + 0.25 * apart, a_off * b_off / np.sqrt(total))
    return a + weight[..., None] * (b - a), off
