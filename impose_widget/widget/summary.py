"""What the browser shows beside the poses: people, what was found, what undo would do."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from impose_widget.protocol import Person, Summary
from impose_widget.render.palette import person_colour
from impose_widget.session import Session, events

MOST_ANCHORS, MOST_PENDING = 500, 200


def summary(session: Session, track_ids: Iterable[int] | None = None) -> Summary:
    """The state of a session, with everybody or only some people."""
    state = session.state
    with state.lock:
        ids = state.tracks.ids() if track_ids is None else sorted(track_ids)
        people = [(i, _person(state.tracks.lane(i), i)) for i in ids]
        metrics = events.metrics(state.actions, 0, 0)
        undo, redo = state.history.done[-1:], state.history.undone[-1:]
        return Summary(
            revision=state.revision,
            people=[person for _, person in people if person is not None],
            all=track_ids is None,
            gone=[i for i, person in people if person is None],
            found=ranges(np.flatnonzero(state.found)),
            undo=events.describe(state.action(undo[0])) if undo else None,
            redo=events.describe(state.action(redo[0][0])) if redo else None,
            next_track_id=state.next_track_id,
            read_only=session.read_only,
            store=session.path.name if session.path is not None else None,
            clicks=int(metrics["clicks"]),
            active_seconds=round(metrics["active_seconds"], 1),
        )


def _person(lane: tuple[int, np.ndarray], track_id: int) -> Person | None:
    first, records = lane
    frames = np.flatnonzero(records["present"])
    if not len(frames):
        return None
    anchored = frames[records["anchor"][frames].any(1)] + first
    pending = frames[records["pending"][frames]] + first
    colour = "#{:02x}{:02x}{:02x}".format(*person_colour(track_id))
    return Person(
        track_id,
        colour,
        int(frames[0] + first),
        int(frames[-1] + first),
        len(frames),
        len(anchored),
        anchored[:MOST_ANCHORS].tolist(),
        pending[:MOST_PENDING].tolist(),
    )


def ranges(frames: np.ndarray) -> list[list[int]]:
    """Ascending frames (n,) as runs [first, last], both included."""
    if not len(frames):
        return []
    ends = np.flatnonzero(np.diff(frames) > 1)
    firsts, lasts = frames[np.r_[0, ends + 1]], frames[np.r_[ends, len(frames) - 1]]
    return np.stack([firsts, lasts], 1).tolist()
