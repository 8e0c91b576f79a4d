"""The two kinds of long work, as steps of a job."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

from impose_widget.session import Session
from impose_widget.worker import Job, Steps

CHUNK = 8  # frames that are looked at between two moments in which other work may go first


def finding(session: Session) -> Steps:
    """Find everyone."""

    def steps(job: Job) -> Generator[tuple[int, int, str], None, None]:
        total = len(session.video)
        with contextlib.closing(session.iter_initialize(chunk=CHUNK)) as chunks:
            for done in chunks:
                yield done, total, "Finding people"

    return steps


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
