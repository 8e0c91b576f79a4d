"""Doing everything again: the log of a session on the same video gives the same tables.

Long work is replayed in the steps in which it was made, because edits may have come in between, and as far as it went.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from impose_widget.session.journal import Action, Journal, unpack_frames
from impose_widget.session.session import Session

AT_ONCE = {"initialize": 0, "propagate": 2, "complete": 1}
"""Actions that go on for a while -> how many of their steps are made when they begin."""
TABLES = ("poses", "boxes", "tracks", "frames", "issues")


class ReplayError(ValueError):
    """A log that cannot be followed."""


def replay(journal: Journal, session: Session) -> None:
    """Do all actions of a journal again.

    Args:
        journal: what was done; it is only read.
        session: a new session on the same video, with the same skeleton and network, in which nothing was done yet.

    Raises:
        ReplayError: the session is not new, or an action has another effect here than it had.
    """
    if session.revision:
        raise ReplayError(f"Expected a session in which nothing was done yet, got one with {session.revision} actions.")
    _Replay(journal, session).run()


def differences(a: Session, b: Session) -> list[str]:
    """Names of tables in which two sessions differ, compared to the bit."""
    out = []
    for session in (a, b):  # what an ID decoder doubts is no part of the log
        session.state.doubt([swap[0] for swap in session.state.swaps], ())
    for name in TABLES:
        try:
            pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name), check_exact=True)
        except AssertionError:
            out.append(name)
    return out


class _Replay:
    """`running` are the actions that go on, `left` how many of their steps are to be made."""

    def __init__(self, journal: Journal, session: Session) -> None:
        self.journal, self.session = journal, session
        self.actions = list(journal.actions())
        self.steps = deque(journal.steps())
        self.left = Counter(step.seq for step in self.steps)
        self.running: dict[int, Iterator[Any]] = {}

    def run(self) -> None:
        for action in self.actions:
            while self.steps and self.steps[0].revision < action.seq:
                self.go_on(self.steps.popleft().seq)
            self.start(action)
            if self.session.revision != action.seq:
                raise ReplayError(
                    f"Expected action {action.seq} ({action.kind}) to be done again, got none in its place; is this "
                    "the journal of this video, with the same network and version of impose-widget?"
                )
        while self.steps:
            self.go_on(self.steps.popleft().seq)
        for running in self.running.values():
            running.close()  # type: ignore[attr-defined]  # what was stopped then stops here

    def start(self, action: Action) -> None:
        seq, p, session = action.seq, action.payload, self.session
        at_once = AT_ONCE.get(action.kind)
        if at_once is not None and self.left[seq] >= at_once:
            self.running[seq] = self.work(action)
            self.forget_steps(seq, at_once)
            self.left[seq] -= max(at_once - 1, 0)
            next(self.running[seq])
            if at_once:
                self.step_made(seq)
        elif at_once is not None or action.kind == "load":
            # Work that was stopped before its first step, or a file that may be gone: what it did is in the journal.
            changes = list(self.journal.changes(len(session.skeleton), seq))
            session.state.commit(action.kind, p, changes)
            self.forget_steps(seq, self.left[seq])
        elif action.kind in CALLS:
            CALLS[action.kind](session, p)
        else:
            raise ReplayError(f"Expected an action of this version, got {action.kind!r}; update impose-widget.")

    def work(self, action: Action) -> Iterator[Any]:
        """The same work as a generator."""
        p, session = action.payload, self.session
        if action.kind == "initialize":
            # in the order in which it was
            return session._finding(unpack_frames(p["frames"]), p["chunk"], p.get("association", "geometry"))
        names = None if p["keypoints"] is None else [session.skeleton.keypoints[k] for k in p["keypoints"]]
        if action.kind == "complete":
            return session.completion(
                p["tracks"], names, unpack_frames(p["frames"]), p["max_gap"], p.get("follow", False)
            )
        tracks = "all" if p["anchored"] and p["track_ids"] is None else p["track_ids"]
        stop = tuple(p["stop"]) if isinstance(p["stop"], list) else p["stop"]
        return session.iter_propagate(p["frame"], p["direction"], stop, tracks, names, p["empty_only"])

    def forget_steps(self, seq: int, n: int) -> None:
        for _ in range(n):
            at = next(i for i, step in enumerate(self.steps) if step.seq == seq)
            del self.steps[at]

    def go_on(self, seq: int) -> None:
        next(self.running[seq], None)
        self.step_made(seq)

    def step_made(self, seq: int) -> None:
        """After its last step an action that came to its end does what it does there."""
        self.left[seq] -= 1
        action = next(a for a in self.actions if a.seq == seq)
        if self.left[seq] == 0 and action.finished and not action.payload["stopped"]:
            next(self.running[seq], None)


def _scope(p: dict[str, Any]) -> Any:
    return tuple(p["scope"]) if isinstance(p["scope"], list) else p["scope"]


def _delete(s: Session, p: dict[str, Any]) -> None:
    scope = _scope(p)
    s.delete(p["track_id"], p["frame_end"] if scope == "backwards" else p["frame"], scope)


CALLS: dict[str, Callable[[Session, dict[str, Any]], Any]] = {
    "correct": lambda s, p: s.correct(p["frame"], p["track_id"], p["keypoint"], p["after"][:2], p["after"][2]),
    "set_visibility": lambda s, p: s.set_visibility(p["frame"], p["track_id"], p["keypoint"], p["after"][2]),
    "set_anchor": lambda s, p: s.set_anchor(p["frame"], p["track_id"], p["on"]),
    "move": lambda s, p: s.move(p["frame"], p["track_id"], p["dxy"], p["scale"], p["rotation"]),
    "flip": lambda s, p: s.flip(p["frame"], p["track_id"], p["part"]),
    "copy_pose": lambda s, p: s.copy_pose(p["track_id"], p["from_frame"], p["frame"]),
    "draw_box": lambda s, p: s.draw_box(p["frame"], p["box"], None if p["new"] else p["track_id"]),
    "set_box": lambda s, p: s.set_box(p["frame"], p["track_id"], p["box"]),
    "assign": lambda s, p: s.assign(p["frame"], p["track_id"], p["track_id_b"], _scope(p)),
    "swap": lambda s, p: s.swap(p["track_id"], p["track_id_b"], p["frame"], _scope(p)),
    "merge": lambda s, p: s.merge(p["track_id"], p["track_id_b"]),
    "split": lambda s, p: s.split(p["track_id"], p["frame"]),
    "delete": _delete,
    "interpolate": lambda s, p: s.interpolate(p["track_id"], p["frame"], p["frame_end"], p["max_gap"]),
    "reject": lambda s, p: s.reject(p["of"], p["frames"], p["tracks"]),
    "resolve_issue": lambda s, p: s.resolve_issue(p["issue"], p["state"]),
    "review": lambda s, p: s.review(p["frame"], p["track_id"], p["verdict"], p["comment"], p["frame_end"]),
    "undo": lambda s, p: s.undo(),
    "redo": lambda s, p: s.redo(),
}
