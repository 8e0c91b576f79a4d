"""Following points through a video by what they look like, and with their body while something hides them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from impose_widget.propagate.appearance import likeness, looks
from impose_widget.propagate.base import Frames
from impose_widget.propagate.optical_flow import find_again, point_motion
from impose_widget.propagate.track import Track

DOUBT = 0.1
"""How much less than usual a point may look like itself before its body is asked, too."""

HIDDEN = 0.2
"""The same, before something else is thought to be in front of it."""

AGREES = 0.1
"""Share of the window by which a point may move otherwise than its body and still be thought to move with it."""

TRUST_COASTING, TRUST_HIDDEN, TRUST_HELPED = 0.6, 0.9, 0.95

Fallback = Callable[[int, int, int], np.ndarray | None]


class LucasKanade:
    """Follows points through a video; what it measured in the images is remembered, so that it is quick the next time.

    A flow that is taken over by whatever passes in front of a point still comes back to where it started. So a point
    must also look as it did; where it does not, the motion of its body decides, until it is seen again. Only facts of
    the images are remembered, never where a point went: what is followed anew takes the same way as the first time.

    Args:
        memory: steps from one frame to the next that are remembered; the least used are forgotten first.
        cache_bytes: memory for grey frames.
    """

    def __init__(self, memory: int = 65_536, cache_bytes: int = 64 << 20) -> None:
        self._memory, self._cache_bytes = memory, cache_bytes
        self._frames: Frames | None = None
        self._grey: OrderedDict[int, np.ndarray] = OrderedDict()
        self._steps: OrderedDict[tuple, tuple[np.ndarray, float, np.ndarray]] = OrderedDict()

    def watch(self, frames: Frames) -> None:
        """Say which video is meant from now on; another one than before means to forget everything."""
        if frames is not self._frames:
            self._frames = frames
            self._grey.clear()
            self._steps.clear()

    def extend(self, tracks: Sequence[Track], lengths: Sequence[int], fallback: Fallback) -> None:
        """Follow points until each track has at least a given length, all of one frame together.

        Args:
            tracks: what to follow; several may start in different frames.
            lengths: wanted number of frames of each, its start included.
            fallback: called with a track's place in `tracks` and two consecutive frames when the image does not tell
                where it went; returns the motion (2,) of its body in pixels, or None if nobody knows.
        """
        while True:
            groups: dict[tuple[int, int, int], list[int]] = {}
            for i, (track, length) in enumerate(zip(tracks, lengths, strict=True)):
                if len(track) < length:
                    groups.setdefault((track.head, track.direction, track.window), []).append(i)
            if not groups:
                return
            for (head, direction, window), members in sorted(groups.items()):
                self._advance(head, head + direction, window, [(i, tracks[i]) for i in members], fallback)

    def grey(self, frame: int) -> np.ndarray:
        """A frame as (H, W) uint8."""
        grey = self._grey.get(frame)
        if grey is None:
            grey = self._grey[frame] = _read_grey(self._frames, frame)
            while len(self._grey) > max(self._cache_bytes // max(grey.nbytes, 1), 4):
                self._grey.popitem(last=False)
        self._grey.move_to_end(frame)
        return grey

    def _advance(self, a: int, b: int, window: int, group: list[tuple[int, Track]], fallback: Fallback) -> None:
        """Follow some tracks from frame `a` to frame `b`: first those that are plain to see, then the others, whom
        the motion of their body helps."""
        here = np.stack([track.xy[-1] for _, track in group])
        new = [j for j, (_, track) in enumerate(group) if track.looks is None]
        for j, look in zip(new, looks(self.grey(a), here[new], window), strict=True):
            group[j][1].looks = look
        shift, trust, now = self._measure(a, b, window, here)
        alike = likeness(np.stack([track.looks for _, track in group]), now)
        doubtful = []
        for j, (i, track) in enumerate(group):
            if trust[j] > 0 and track.visible[-1] and alike[j] >= track.usual - DOUBT:
                track.renew(now[j], float(alike[j]))
                track.add(shift[j], 0.9 + 0.1 * trust[j], True, alone=True)
            else:
                doubtful.append((i, track, shift[j] if trust[j] > 0 else None, float(alike[j])))
        for i, track, flow, likely in doubtful:
            told = fallback(i, a, b)
            if told is not None:
                self._with_body(track, b, flow, told)
            elif flow is not None and likely >= track.usual - HIDDEN:
                track.add(flow, TRUST_HELPED, True)
            else:
                track.add(track.velocity(), TRUST_COASTING, False)

    def _measure(self, a: int, b: int, window: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Motion (P, 2) of points (P, 2) from frame `a` to `b`, trust (P,), and what is there then (P, n)."""
        keys = [(a, b, window, x, y) for x, y in points.tolist()]
        new = [i for i, key in enumerate(keys) if key not in self._steps]
        if new:
            shift, trust = point_motion(self.grey(a), self.grey(b), points[new], window)
            now = looks(self.grey(b), points[new] + shift, window)
            for i, *step in zip(new, shift, trust, now, strict=True):
                self._steps[keys[i]] = tuple(step)
        steps = []
        for key in keys:
            self._steps.move_to_end(key)
            steps.append(self._steps[key])
        while len(self._steps) > max(self._memory, len(keys)):
            self._steps.popitem(last=False)
        shift, trust, now = (np.stack(part) for part in zip(*steps, strict=True))
        return shift, trust, now

    def _with_body(self, track: Track, b: int, flow: np.ndarray | None, told: np.ndarray) -> None:
        """Go on by one frame to `b`, where the body says how far: there, or where the point is recognised."""
        start, grey = track.xy[-1], self.grey(b)
        places = [start + told]
        if flow is not None:
            places.append(start + flow)
        found = find_again(self.grey(track.frame), grey, track.xy[0], places[0], track.window)
        if found is not None:
            places.append(found)
        now = looks(grey, np.stack(places), track.window)
        alike = likeness(np.repeat(track.looks[None], len(places), 0), now)
        # Otherwise than its body a point goes only where it looks quite like itself.
        off = np.abs(np.stack(places) - places[0]).max(1)
        enough = alike >= track.usual - np.where(off <= AGREES * track.window, HIDDEN, DOUBT)
        if enough.any():
            best = int(np.argmax(np.where(enough, alike, -np.inf)))
            track.add(places[best] - start, TRUST_HELPED, True)
        else:
            track.add(told, TRUST_HIDDEN, False)


def _read_grey(frames: Frames | None, frame: int) -> np.ndarray:
    if frames is None:
        raise ValueError("Expected a video to follow points in, got none; call watch() first.")
    read = getattr(frames, "gray", None)
    if read is not None:
        return np.ascontiguousarray(read(frame))
    import cv2

    return cv2.cvtColor(np.ascontiguousarray(frames[frame]), cv2.COLOR_RGB2GRAY)
