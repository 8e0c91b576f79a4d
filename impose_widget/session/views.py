"""The part of a session that answers: tables, the next issue, metrics."""

from __future__ import annotations

import uuid
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core import tables
from impose_widget.core.tracks import Tracks
from impose_widget.issues import STATES, Queue, joined
from impose_widget.session import arguments, events
from impose_widget.session.marks import Marks
from impose_widget.session.reviewing import Reviewing
from impose_widget.session.state import Changed

if TYPE_CHECKING:
    import xarray

_sessions: weakref.WeakValueDictionary[str, Views] = weakref.WeakValueDictionary()


class Views(Reviewing):
    """Tables as pandas DataFrames: snapshots that are true when they are asked for."""

    _tables: dict[str, tuple[int, pd.DataFrame]]

    def _table(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        with self._state.lock:
            generation = self._state.generation
            held = self.__dict__.setdefault("_tables", {})
            if name not in held or held[name][0] != generation:
                held[name] = generation, make()
            return held[name][1].copy()

    @property
    def poses(self) -> pd.DataFrame:
        """One row a keypoint of a person in a frame; columns as in `core.tables.poses_table`.

        `poses.attrs` holds the skeleton and the video, so that a file written from it says what it belongs to.
        """

        def make():
            return tables.poses_table(self._state.tracks, self.skeleton, self.video.times)

        poses = self._table("poses", make)
        poses.attrs = {"skeleton": self.skeleton.to_json(), "video": self._video_facts()}
        return poses

    def to_numpy(self) -> np.ndarray:
        """The poses as one array (T, N, K, 3): x, y in pixels and score, NaN where there is nothing."""
        from impose_widget.io import to_numpy

        return to_numpy(self.poses)

    def to_xarray(self) -> xarray.Dataset:
        """The poses as movement's dataset; needs xarray (`pip install 'impose-widget[movement]'`)."""
        from impose_widget.io import to_xarray

        return to_xarray(self.poses)

    def poses_wide(self, style: str = "dlc") -> pd.DataFrame:
        """The poses with a row a frame: style "dlc", "flat" or "movement"."""
        from impose_widget.io import poses_wide

        return poses_wide(self.poses, style)

    def _video_facts(self) -> dict[str, Any]:
        video = self.video
        return {
            "name": video.name,
            "width": video.width,
            "height": video.height,
            "fps": float(video.fps),
            "n_frames": len(video),
        }

    @property
    def boxes(self) -> pd.DataFrame:
        """One row a person and frame; columns as in `core.tables.boxes_table`."""
        return self._table("boxes", lambda: tables.boxes_table(self._state.tracks))

    @property
    def tracks(self) -> pd.DataFrame:
        """One row a person; columns as in `core.tables.tracks_table`."""
        issues = self.issues  # before the lock is taken: it takes longer than others should wait
        return self._table("tracks", lambda: tables.tracks_table(self._state.tracks, issues))

    @property
    def frames(self) -> pd.DataFrame:
        """One row a frame; columns as in `core.tables.frames_table`."""

        def make():
            return tables.frames_table(self._state.tracks, self.video.times, self._state.found)

        return self._table("frames", make)

    @property
    def issues(self) -> pd.DataFrame:
        """Places to look at, worst first; columns as in `issues.issues_table`.

        Only what changed since the last time is looked at again, and nobody waits for it who edits meanwhile.
        """
        state = self._state
        queue = self.__dict__.setdefault("_queue", Queue(self.skeleton, len(self.video), self._video_size()))
        held = self.__dict__.setdefault("_tables", {})
        with state.lock:
            generation, decisions = state.generation, dict(state.decisions)
            if "issues" in held and held["issues"][0] == generation:
                return held["issues"][1].copy()
            snapshot = queue.look(state.tracks, state.readings.table.keypoints, state.found, state.swaps)
            other = self._other
        issues = queue.table(snapshot, decisions)
        if other is not None:
            issues = joined(issues, other.queue, decisions)
        with state.lock:
            _accept(issues, self.marks(), state.tracks)
        issues.attrs = {"session": self._key()}
        held["issues"] = generation, issues
        return issues.copy()

    def _video_size(self) -> tuple[int, int]:
        return self.video.width, self.video.height

    def _key(self) -> str:
        key = self.__dict__.setdefault("_name_in_tables", uuid.uuid4().hex)
        _sessions[key] = self
        return key

    @staticmethod
    def of_table(table: pd.DataFrame) -> Views:
        """The session that a table of issues came from.

        Raises:
            ValueError: it came from none, or from one that is gone.
        """
        session = _sessions.get(table.attrs.get("session", ""))
        if session is None:
            raise ValueError("Expected a table from session.issues of a session that is still open, got another one.")
        return session

    @property
    def events(self) -> pd.DataFrame:
        """One row an action, oldest first; columns as in `session.events.events_table`."""
        with self._state.lock:
            return events.events_table(self._state.actions)

    def next_issue(self, after: int | None = None) -> pd.Series | None:
        """The open issue where most is to be mended, or the next one after a given one; None if there is none left.

        A decision moves an issue down: after one that was decided on, the first that is open comes next.
        """
        issues = self.issues
        numbers = issues["issue"].to_numpy()
        start = 0
        if after is not None:
            at = np.flatnonzero((numbers == self._issue_number(after)) & (issues["state"] == "open").to_numpy())
            start = int(at[0]) + 1 if len(at) else 0
        rest = issues.iloc[start:]
        rest = rest[rest["state"] == "open"]
        if not len(rest):
            return None
        first = rest.iloc[0].astype(object)
        return first.where(first.notna(), None)

    def resolve_issue(self, issue: int | pd.Series, state: str) -> None:
        """Decide on an issue: "accepted" (the pose is right), "ignored", or "open" again.

        Raises:
            KeyError: there is no such issue.
        """
        number = self._issue_number(issue)
        arguments.one_of(state, STATES, "state")
        rows = self.issues
        rows = rows[rows["issue"] == number]
        if not len(rows):
            raise KeyError(f"Expected the number of an issue in the table of issues, got {number}.")
        with self._state.lock:
            before = self._state.decisions.get(number, "open")
            payload = {
                "issue": number,
                "state": state,
                "before": before,
                "frame": int(rows["frame"].iloc[0]),
                "track_id": int(rows["track_id"].iloc[0]),
            }
            self._state.commit("resolve_issue", payload, [])

    @staticmethod
    def _issue_number(issue: Any) -> int:
        if isinstance(issue, pd.Series):
            issue = issue["issue"]
        if not isinstance(issue, (int, np.integer)) or isinstance(issue, bool):
            raise TypeError(f"Expected an issue as its number or its row of the table, got {issue!r}.")
        return int(issue)

    def metrics(self) -> dict[str, float]:
        """Clicks, working time and what they bought; see `session.events.metrics`."""
        with self._state.lock:
            people = self._state.tracks.ids()
            person_frames = sum(len(self._state.tracks.frames_of(i)) for i in people)
            checked = self.marks().n_checked()
            return events.metrics(self._state.actions, len(people), person_frames, checked)

    def on_event(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call `callback(event)` after every action that is finished; returns a function that ends it.

        An event is a row of `events` as a dictionary: seq, action, frame, track_id, keypoint, clicks, … It comes in the
        thread that made the change; what a callback raises is warned of and harms nothing.
        """
        told, state = {a.seq for a in self._state.actions if a.finished}, self._state

        def listen(_: Changed) -> None:
            with state.lock:
                fresh = [n for n, a in enumerate(state.actions) if a.finished and a.seq not in told]
                told.update(state.actions[n].seq for n in fresh)
                rows = [events.event_of(state.actions, n) for n in fresh]
            for row in rows:
                try:
                    callback(row)
                except Exception as error:  # the edit is made and stored, whatever a listener thinks of it
                    warnings.warn(f"A callback of on_event failed: {error!r}.", RuntimeWarning, stacklevel=2)

        return state.on_change(listen)


def _accept(issues: pd.DataFrame, marks: Marks, tracks: Tracks) -> None:
    """Open issues at places that a reviewer accepted are accepted; in place."""
    track_id = issues["track_id"].to_numpy()
    for i in marks.people:
        rows = np.flatnonzero((track_id == i) & (issues["state"] == "open").to_numpy())
        seen = rows[marks.accepted(i, issues["frame"].to_numpy()[rows], tracks)]
        issues.iloc[seen, issues.columns.get_loc("state")] = "accepted"
