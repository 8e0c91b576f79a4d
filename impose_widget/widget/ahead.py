"""What corrections near the playhead will need of the network, computed while nobody does anything."""

from __future__ import annotations

import threading
from collections.abc import Callable

from impose_widget.session import Session
from impose_widget.worker import Lane

AROUND = 10  # frames to each side: as many as one propagation reads at once
PATIENCE = 0.1  # seconds between two looks at whether the user is done


class Ahead:
    """Prepares frames around the playhead, nearest first, one at a time, in a thread of its own.

    Args:
        session: whose detector prepares; nothing happens if it has nothing to prepare.
        playhead: the frame that somebody looks at, or None.
        busy: whether the user acts or other work runs; meanwhile this waits.
    """

    def __init__(self, session: Session, playhead: Callable[[], int | None], busy: Callable[[], bool]) -> None:
        self._session, self._playhead, self._busy = session, playhead, busy
        self._lane, self._closed = Lane("ahead"), threading.Event()
        self._at: int | None = None

    def look(self) -> None:
        """Start anew if the playhead is elsewhere than it was; returns at once."""
        at = self._playhead()
        if at is not None and at != self._at and self._session.prepares:
            self._at = at
            self._lane.submit(lambda: self._prepare(at))

    def _prepare(self, at: int) -> None:
        for frame in nearest(at, len(self._session.video)):
            while self._busy():
                if self._closed.wait(PATIENCE) or self._at != at:
                    return
            if self._closed.is_set() or self._at != at:
                return
            self._session.prepare(frame)

    def close(self) -> None:
        """Prepare no more; waits for the frame in work."""
        self._closed.set()
        self._lane.close()


def nearest(at: int, n_frames: int) -> list[int]:
    """Frames of a video around one of them, those ahead before those behind."""
    frames = range(max(at - AROUND, 0), min(at + AROUND + 1, n_frames))
    return sorted(frames, key=lambda f: (abs(f - at), f < at))
