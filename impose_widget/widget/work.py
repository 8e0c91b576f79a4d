"""The two kinds of long work, as steps of a job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from impose_widget.session import Session
from impose_widget.worker import Job, Steps

CHUNK = 8  # frames that are looked at between two moments in which other work may go first
SOON = 6  # chunks


def finding(session: Session, playhead: Callable[[], int | None] = lambda: None) -> Steps:
    """Find everyone, first about the frame that somebody looks at.

    Args:
        session: where.
        playhead: that frame; None if nobody has looked at any. Whoever stops elsewhere, where nothing is found yet and
            will not be soon, is followed there.
    """

    def steps(job: Job) -> Generator[tuple[int, int, str], None, None]:
        state, total, moved = session.state, len(session.video), True
        while moved:
            at = seen = playhead()
            moved = False
            with contextlib.closing(session.iter_initialize(chunk=CHUNK, around=at or 0)) as chunks:
                for _ in chunks:
                    yield int((state.found | state.readings.analysed).sum()), total, "Finding people"
                    seen, now = playhead(), seen
                    moved = seen == now != at and _is_far(state.readings.analysed, seen)
                    if moved:
                        break

    return steps


def _is_far(analysed: np.ndarray, frame: int | None) -> bool:
    """Whether a frame was not looked at by the network, nor one shortly before it."""
    return frame is not None and not analysed[max(frame - SOON * CHUNK, 0) : frame + 1].any()


def carrying(session: Session, frame: Any, direction: Any, stop: Any, tracks: Any, keypoints: Any) -> Steps:
    """Carry corrections; arguments as in `Session.propagate`, refused at once if they are bad."""
    updates = session.propagation(frame, direction, stop, tracks, keypoints)

    def steps(job: Job) -> Generator[tuple[int, int, str], None, None]:
        with contextlib.closing(updates):
            for update, job.report in updates:
                frames = update.frames
                where = f"frame {frames[0]}" if len(frames) == 1 else f"frames {frames[0]} to {frames[-1]}"
                yield round(100 * update.done), 100, f"Propagating person {update.track_id}, {where}"

    return steps
