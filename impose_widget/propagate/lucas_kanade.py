"""Following points from frame to frame by what they look like: Lucas-Kanade optical flow, checked there and back.

Source of the method: Lucas and Kanade 1981 in the pyramidal form of Bouguet 2001, as OpenCV implements it; the
forward-backward check is that of Kalal, Mikolajczyk and Matas 2010.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from impose_widget.propagate.appearance import likeness, looks
from impose_widget.propagate.base import Frames

WINDOWS = (11, 15, 21, 27, 31)
"""Sides in pixels of the windows that are compared; few, so that the points of people of one size share a call."""

LEVELS = 3
TRUST_WHEN_LOST = 0.6
TRUST_IN_BODY = 0.9

DOUBT = 0.15
AGREES = 0.1
HIDDEN = 0.3
"""How much less than usual a point may look like itself before something else is thought to be in front of it."""

RENEWAL = 0.1
"""Share of its memory of a point's looks that each frame renews, because people turn and light changes."""

Fallback = Callable[[int, int, int], np.ndarray | None]


@dataclass(slots=True)
class Track:
    """One point followed in one direction in time, as far as anybody has asked.

    Attributes:
        frame: where it starts.
        direction: 1 or -1, the frames it goes through.
        window: side in pixels of what is compared.
        xy: position (2,) in frame `frame + i * direction`, in pixels.
        trust: 1 at the start, falling with every doubtful step, by `TRUST_WHEN_LOST` with one that was lost.
        seen: whether the image showed where it went, step by step.
        told: the motion that the body told in steps in which it was asked.
        looks: (n,) what the point looks like, of late.
        usual: how much it looks like that from one frame to the next.
    """

    frame: int
    direction: int
    window: int
    xy: list[np.ndarray]
    trust: list[float] = field(default_factory=lambda: [1.0])
    seen: list[bool] = field(default_factory=lambda: [True])
    told: dict[int, np.ndarray] = field(default_factory=dict)
    looks: np.ndarray | None = None
    usual: float = 1.0

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def head(self) -> int:
        """Last frame that is known."""
        return self.frame + self.direction * (len(self) - 1)

    @property
    def needed(self) -> float:
        """Likeness below which something else must be in front of the point."""
        return max(self.usual - HIDDEN, 0.4)

    def add(self, shift: np.ndarray, trust: float, seen: bool) -> None:
        """Go on by one frame."""
        self.xy.append(self.xy[-1] + shift)
        self.trust.append(self.trust[-1] * trust)
        self.seen.append(seen)

    def restart(self) -> None:
        """Forget everything but the start."""
        del self.xy[1:], self.trust[1:], self.seen[1:]
        self.told, self.looks, self.usual = {}, None, 1.0


def window_of(scale: float) -> int:
    """The window for a person of a size (square root of the area, pixels): about a fifth of it."""
    return min(WINDOWS, key=lambda w: abs(w - 0.2 * scale))


class LucasKanade:
    """Follows points through a video and remembers where they went.

    Args:
        memory: tracks that are remembered; the least used are forgotten first.
        cache_bytes: memory for grey frames.
    """

    def __init__(self, memory: int = 4096, cache_bytes: int = 64 << 20) -> None:
        self._memory, self._cache_bytes = memory, cache_bytes
        self._frames: Frames | None = None
        self._grey: OrderedDict[int, np.ndarray] = OrderedDict()
        self._tracks: OrderedDict[tuple, Track] = OrderedDict()

    def watch(self, frames: Frames) -> None:
        """Say which video is meant from now on; another one than before means to forget everything."""
        if frames is not self._frames:
            self._frames = frames
            self._grey.clear()
            self._tracks.clear()

    def track(self, frame: int, xy: np.ndarray, direction: int, window: int) -> Track:
        """The track of a point, new or remembered; as long as it was asked for before."""
        key = (frame, round(float(xy[0]), 2), round(float(xy[1]), 2), direction, window)
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = Track(frame, direction, window, [np.array(xy, np.float64)])
        self._tracks.move_to_end(key)
        while len(self._tracks) > self._memory:
            self._tracks.popitem(last=False)
        return track

    def extend(self, tracks: Sequence[Track], lengths: Sequence[int], fallback: Fallback) -> None:
        """Follow points until each track has at least a given length, all of one frame together.

        Args:
            tracks: what to follow; several may start in different frames.
            lengths: wanted number of frames of each, its start included.
            fallback: called with a track's place in `tracks` and two consecutive frames when the image does not tell
                where it went; returns a motion (2,) in pixels, or None if nobody knows: then the point coasts.
        """
        for i, track in enumerate(tracks):
            self._recheck(track, i, fallback)
        while True:
            short = [i for i, (t, n) in enumerate(zip(tracks, lengths, strict=True)) if len(t) < n]
            if not short:
                return
            groups: dict[tuple[int, int, int], list[int]] = {}
            for i in short:
                groups.setdefault((tracks[i].head, tracks[i].direction, tracks[i].window), []).append(i)
            for (head, direction, window), members in sorted(groups.items()):
                self._advance(head, head + direction, window, members, tracks, fallback)

    def _recheck(self, track: Track, index: int, fallback: Fallback) -> None:
        """Forget a remembered track if the body now says something else where it was asked."""
        for step, told in track.told.items():
            at = track.frame + track.direction * (step - 1)
            shift = fallback(index, at, at + track.direction)
            if shift is None or np.abs(shift - told).max() > 0.01:
                track.restart()
                return

    def _advance(
        self, a: int, b: int, window: int, members: list[int], tracks: Sequence[Track], fallback: Fallback
    ) -> None:
        """Follow some tracks from frame `a` to frame `b`: first those that are plain to see, then the others, whom
        the motion of their body helps."""
        group = [tracks[i] for i in members]
        self._remember(a, window, [t for t in group if t.looks is None])
        here = np.stack([t.xy[-1] for t in group])
        shift, trust = self.steps(a, b, here, window)
        now = looks(self.grey(b), here + shift, window)
        alike = likeness(np.stack([t.looks for t in group]), now)
        plain = [bool(c > 0 and l >= t.usual - DOUBT) for c, l, t in zip(trust, alike, group, strict=True)]
        for j, track in enumerate(group):
            if plain[j] and track.seen[-1]:
                _renew(track, now[j], float(alike[j]))
                track.add(shift[j], 0.9 + 0.1 * trust[j], True)
        for j, track in enumerate(group):
            if not (plain[j] and track.seen[-1]):
                flow = (shift[j], float(trust[j]), float(alike[j])) if trust[j] > 0 else None
                self._help(track, b, flow, fallback(members[j], a, b))

    def _remember(self, frame: int, window: int, tracks: list[Track]) -> None:
        if tracks:
            for track, look in zip(tracks, looks(self.grey(frame), np.stack([t.xy[-1] for t in tracks]), window), strict=True):
                track.looks = look

    def _help(
        self, track: Track, b: int, flow: tuple[np.ndarray, float, float] | None, told: np.ndarray | None
    ) -> None:
        """Go on by one frame to `b` where the flow (motion, trust, likeness) alone will not do."""
        if told is None:
            if flow is not None:
                track.add(flow[0], 0.9 + 0.1 * flow[1], True)
            else:
                coast = 0.5 * (track.xy[-1] - track.xy[-2]) if len(track) > 1 else np.zeros(2)
                track.add(coast, TRUST_WHEN_LOST, False)
            return
        track.told[len(track)] = np.array(told, np.float64)
        grey = self.grey(b)
        tries = [track.xy[-1] + told]
        if flow is not None:
            tries.append(track.xy[-1] + flow[0])
        snapped = self._snap(track, b, tries[0])
        if snapped is not None:
            tries.append(snapped)
        now = looks(grey, np.stack(tries), track.window)
        alike = likeness(np.repeat(track.looks[None], len(tries), 0), now)
        # Other than its body says a point goes only where it looks quite like itself.
        off = np.abs(np.stack(tries) - tries[0]).max(1)
        need = np.where(off <= AGREES * track.window, track.usual - HIDDEN, track.usual - DOUBT)
        best = int(np.argmax(np.where(alike >= need, alike, -np.inf)))
        if alike[best] >= need[best]:
            track.add(tries[best] - track.xy[-1], 0.9, True)
        else:
            track.add(told, TRUST_IN_BODY, False)

    def _snap(self, track: Track, frame: int, near: np.ndarray) -> np.ndarray | None:
        """Where a point is in a frame by how it looked at its start, close to where it should be; None if nowhere."""
        import cv2

        start = track.xy[0].astype(np.float32).reshape(1, 1, 2)
        guess = near.astype(np.float32).reshape(1, 1, 2)
        there, ok, _ = cv2.calcOpticalFlowPyrLK(
            self.grey(track.frame),
            self.grey(frame),
            start,
            guess.copy(),
            winSize=(track.window, track.window),
            maxLevel=1,
            criteria=(3, 15, 0.03),
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        there = there.reshape(2).astype(np.float64)
        return there if ok[0, 0] and np.abs(there - near).max() < 0.75 * track.window else None

    def steps(self, a: int, b: int, points: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
        """Where points of frame `a` went in frame `b`.

        Each is followed together with eight points around it; it counts as lost if fewer than three of them come back
        to where they started, and goes with the others if it does not move as they do.

        Args:
            a: frame.
            b: frame, close to `a`.
            points: (P, 2) in pixels.
            window: side in pixels of what is compared.

        Returns:
            Motion (P, 2) in pixels, and how far to trust it (P,): 0 lost, up to 1.
        """
        import cv2

        first, second = self.grey(a), self.grey(b)
        grid = _grid(window)
        start = (points[:, None] + grid).astype(np.float32)
        how = {"winSize": (window, window), "maxLevel": LEVELS, "criteria": (3, 15, 0.03)}
        there, ok_there, _ = cv2.calcOpticalFlowPyrLK(first, second, start.reshape(-1, 1, 2), None, **how)
        back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None, **how)
        shape = start.shape[:2]
        error = np.linalg.norm(back.reshape(start.shape) - start, axis=-1)
        ok = (ok_there.reshape(shape) > 0) & (ok_back.reshape(shape) > 0) & (error < 0.08 * window + 0.4)
        motion = (there.reshape(start.shape) - start).astype(np.float64)
        return _agree(motion, error.astype(np.float64), ok, window)

    def grey(self, frame: int) -> np.ndarray:
        """A frame as (H, W) uint8."""
        grey = self._grey.get(frame)
        if grey is None:
            grey = self._grey[frame] = _read_grey(self._frames, frame)
            limit = max(self._cache_bytes // max(grey.nbytes, 1), 4)
            while len(self._grey) > limit:
                self._grey.popitem(last=False)
        self._grey.move_to_end(frame)
        return grey


def _read_grey(frames: Frames | None, frame: int) -> np.ndarray:
    if frames is None:
        raise ValueError("Expected a video to follow points in, got none; call watch() first.")
    read = getattr(frames, "gray", None)
    if read is not None:
        return np.ascontiguousarray(read(frame))
    import cv2

    return cv2.cvtColor(np.ascontiguousarray(frames[frame]), cv2.COLOR_RGB2GRAY)


def _grid(window: int) -> np.ndarray:
    """Offsets (9, 2) in pixels of a point and the points that support it."""
    step = max(2.0, window / 5)
    return np.array([(0, 0)] + [(x, y) for y in (-step, 0, step) for x in (-step, 0, step) if x or y])


def _agree(motion: np.ndarray, error: np.ndarray, ok: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """One motion (P, 2) and trust (P,) from the motions (P, 9, 2) of a point and its support."""
    found = ok.sum(1) >= 3
    median, median_error = _median(motion, ok), _median(error[..., None], ok)[:, 0]
    own = found & ok[:, 0] & (np.abs(motion[:, 0] - median).max(-1) < 0.25 * window)
    shift = np.where(own[:, None], motion[:, 0], median)
    trust = np.where(own, np.exp(-error[:, 0]), 0.7 * np.exp(-median_error))
    return shift, np.where(found, trust, 0.0)


def _median(values: np.ndarray, ok: np.ndarray) -> np.ndarray:
    """Per row and coordinate of (P, S, C) values, the median (P, C) of those that are `ok` (P, S); 0 without any."""
    n = ok.sum(1)
    ordered = np.sort(np.where(ok[..., None], values, np.inf), axis=1)
    rows = np.arange(len(values))
    low, high = ordered[rows, np.maximum(n - 1, 0) // 2], ordered[rows, np.minimum(n // 2, ok.shape[1] - 1)]
    return np.where(n[:, None] > 0, (low + high) / 2, 0.0)


def _renew(track: Track, look: np.ndarray, alike: float) -> None:
    mixed = (1 - RENEWAL) * track.looks + RENEWAL * look
    length = np.linalg.norm(mixed)
    track.looks = mixed / length if length > 1e-6 else mixed
    track.usual = (1 - RENEWAL) * track.usual + RENEWAL * alike
