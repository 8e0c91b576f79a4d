"""State: the poses of one video and the journal behind them; nothing changes here that is not on disk first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.tracks import Change, Tracks
from impose_widget.session.history import History
from impose_widget.session.journal import DAMAGE, Action, Journal, Step, damaged
from impose_widget.session.readings import Readings
from impose_widget.session.reverting import back_to
from impose_widget.tracking.looks import Looks

SAYS = frozenset({"resolve_issue", "review"})
"""Actions that say something of poses and change none; they are steps of undo as well."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What callbacks are told: something happened to the poses.

    Attributes:
        revision: of the session after it.
        kind: the name of the action.
        frames: (n,) frames in which a pose changed, ascending.
        track_ids: whose poses changed, ascending.
    """

    revision: int
    kind: str
    frames: np.ndarray
    track_ids: tuple[int, ...]


class State:
    """Model output plus log, from which all else follows. All methods may be called from any thread."""

    def __init__(self, journal: Journal, n_keypoints: int, n_frames: int) -> None:
        self.lock = threading.RLock()
        self.journal = journal
        self.tracks = Tracks(n_keypoints)
        self.readings = Readings(n_keypoints, n_frames)
        self.looks = Looks()
        """What readings look like, where the session's ID decoder hears that."""
        self.decisions: dict[int, str] = {}
        self.actions: list[Action] = []
        self.next_track_id = 0
        self.n_frames = n_frames
        self.found = np.zeros(n_frames, bool)
        """(T,) frames in which everyone was looked for."""
        self.swaps: list[tuple[int, int, int, float]] = []
        """(frame, track id, other track id, chance) where the ID decoder would name somebody otherwise; not on disk."""
        self._callbacks: list[Callable[[Changed], None]] = []
        self._generation = 0
        try:
            self._replay()
        except (*DAMAGE, ValueError) as error:
            raise damaged(journal.path, error) from error

    def _replay(self) -> None:
        n_keypoints = self.tracks.n_keypoints
        for frames, detections in self.journal.detections(n_keypoints):
            self.readings.add(frames, detections)
        for rows, features in self.journal.looks():
            self.looks.add(rows, features)
        for change in self.journal.changes(n_keypoints):
            self.tracks.apply([change])
            self.next_track_id = max(self.next_track_id, change.track_id + 1)
        self.actions = list(self.journal.actions())
        for step in self.journal.steps():
            self.found[list(step.found)] = True
        for action in self.actions:
            self._decide(action)
        flags = ((a, self._is_undoable(a)) for a in self.actions)
        self.history = History.of(flags)

    def _is_undoable(self, action: Action) -> bool:
        return action.kind in SAYS or self.journal.has_changes(action.seq)

    @property
    def revision(self) -> int:
        """Number of the last action; every edit raises it."""
        return self.actions[-1].seq if self.actions else 0

    @property
    def generation(self) -> int:
        """Grows with every change, those within one action too: tables computed before it are out of date."""
        return self._generation

    def new_track_id(self) -> int:
        """An identity that nobody ever had."""
        self.next_track_id += 1
        return self.next_track_id - 1

    # -- actions -------------------------------------------------------------------------------------------------

    def commit(self, kind: str, payload: dict[str, Any], changes: list[Change]) -> Action:
        """Store an action that is finished at once, then make it true."""
        with self.lock:
            action = self.journal.begin(self.revision + 1, kind, payload, changes)
            self._took_place(action, changes, bool(changes) or kind in SAYS)
        return action

    def begin(self, kind: str, payload: dict[str, Any], changes: list[Change]) -> Action:
        """Store an action that goes on for a while, with its first changes."""
        with self.lock:
            action = self.journal.begin(self.revision + 1, kind, payload, changes, finished=False)
            self._took_place(action, changes, bool(changes))
        return action

    def extend(self, action: Action, changes: list[Change], found: Iterable[int] = ()) -> None:
        """Store more changes of an action that goes on, and frames in which it found everyone."""
        with self.lock:
            step = Step(action.seq, self.revision, tuple(found))
            self.journal.add(step, changes)
            self.found[list(step.found)] = True
            self._more_took_place(action, changes)

    def finish(self, action: Action, payload: dict[str, Any], changes: list[Change]) -> None:
        """Store the last changes of an action that went on, and what came of it."""
        with self.lock:
            self.journal.finish(action.seq, payload, changes)
            at = next(i for i, a in enumerate(self.actions) if a.seq == action.seq)
            self.actions[at] = Action(action.seq, action.time, action.opening, action.kind, payload, True)
            self._more_took_place(action, changes)

    def add_detections(self, frames: list[int], detections: Detections) -> np.ndarray:
        """Store what the network saw; returns the rows (m,) of the detections."""
        with self.lock:
            self.journal.add_detections(frames, detections)
            return self.readings.add(frames, detections)

    def add_looks(self, rows: np.ndarray, features: np.ndarray) -> None:
        """Store what readings (n,) look like (n, F)."""
        with self.lock:
            self.journal.add_looks(rows, features)
            self.looks.add(rows, features)

    def undo(self) -> Action | None:
        """Take the last action back; None if there is none left."""
        with self.lock:
            if not self.history.done:
                return None
            target = self.history.done[-1]
            return self.commit("undo", {"of": target, **self._decision_of(target, "before")}, self._back_to(target))

    def redo(self) -> Action | None:
        """Make the last action that was taken back true again; None if there is none."""
        with self.lock:
            if not self.history.undone:
                return None
            target, undo = self.history.undone[-1]
            return self.commit("redo", {"of": target, **self._decision_of(target, "state")}, self._back_to(undo))

    def _back_to(self, seq: int) -> list[Change]:
        return back_to(self.journal, self.tracks.n_keypoints, seq)

    def action(self, seq: int) -> Action:
        """The action of that number."""
        return next(a for a in reversed(self.actions) if a.seq == seq)

    def _decision_of(self, seq: int, which: str) -> dict[str, Any]:
        target = self.action(seq)
        if target.kind != "resolve_issue":
            return {}
        return {"issue": target.payload["issue"], "state": target.payload[which]}

    def _decide(self, action: Action) -> None:
        if "issue" in action.payload and "state" in action.payload:
            if action.payload["state"] == "open":
                self.decisions.pop(action.payload["issue"], None)
            else:
                self.decisions[action.payload["issue"]] = action.payload["state"]

    def _took_place(self, action: Action, changes: list[Change], undoable: bool) -> None:
        self.actions.append(action)
        self.history.record(action, undoable)
        self._decide(action)
        self._apply(action.kind, changes)

    def _more_took_place(self, action: Action, changes: list[Change]) -> None:
        if changes:
            self.history.came_to_change(action)
        self._apply(action.kind, changes)

    def _apply(self, kind: str, changes: list[Change]) -> None:
        self.tracks.apply(changes)
        self._generation += 1
        for change in changes:
            self.next_track_id = max(self.next_track_id, change.track_id + 1)
        if self.swaps and changes:
            touched = {(c.track_id, int(f)) for c in changes for f in c.frames}
            self.swaps = [s for s in self.swaps if not {(s[1], s[0]), (s[2], s[0])} & touched]
        if self._callbacks:
            frames = np.unique(np.concatenate([c.frames for c in changes])) if changes else np.zeros(0, np.int32)
            told = Changed(self.revision, kind, frames, tuple(sorted({c.track_id for c in changes})))
            for callback in list(self._callbacks):
                callback(told)

    def doubt(self, frames: list[int], swaps: Iterable[tuple[int, int, int, float]]) -> None:
        """The ID decoder has looked at some frames; what it said of them before is forgotten."""
        with self.lock:
            asked = set(frames)
            self.swaps = sorted([s for s in self.swaps if s[0] not in asked] + [tuple(s) for s in swaps])
            self._generation += 1

    def on_change(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Call back after every change; returns a function that ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None
