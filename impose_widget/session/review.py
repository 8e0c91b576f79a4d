"""The part of a session that looks back at a propagation: what was there before it, and taking parts of it back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from impose_widget.core.tables import pose_rows
from impose_widget.session import arguments
from impose_widget.session.base import SessionBase
from impose_widget.session.journal import Action
from impose_widget.session.reverting import own_changes, records_before

REVIEWED = ("propagate", "complete", "interpolate")


class Review(SessionBase):
    """A propagation before and after, to be accepted (by doing nothing) or rejected, as a whole or in part."""

    def last_propagation(self) -> int | None:
        """Number of the newest propagation, completion or interpolation that was not taken back; None without one."""
        with self._state.lock:
            done = set(self._state.history.done)
            kinds = ((a.seq, a.kind) for a in reversed(self._state.actions))
            return next((seq for seq, kind in kinds if kind in REVIEWED and seq in done), None)

    def before(self, action: int | None = None) -> pd.DataFrame:
        """Poses as they were before a propagation, in the frames that it changed and nobody has changed since.

        Args:
            action: its number (see `events`); None for the last one.

        Returns:
            Rows as in `poses`.
        """
        parts = [
            pose_rows(frames, np.full(len(frames), track_id, np.int32), records, self.skeleton, self.video.times)
            for track_id, frames, records in self.records_before(action)
        ]
        if not parts:
            return self.poses.iloc[:0]  # type: ignore[attr-defined]  # given by Views, which a Session has as well
        rows = pd.concat(parts, ignore_index=True)
        return rows.sort_values(["frame", "track_id", "keypoint"], ignore_index=True)

    def records_before(self, action: int | None = None) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """The same as (track_id, frames (n,), records (n,)) of each person; see `core.pose.pose_dtype`."""
        with self._state.lock:
            changes = own_changes(self._state.journal, len(self.skeleton), self._reviewed(action).seq)
            return records_before(self._state.tracks, changes)

    def reject(
        self,
        action: int | None = None,
        frames: tuple[int, int] | None = None,
        tracks: int | Iterable[int] | None = None,
    ) -> int:
        """Take a propagation back, or the part of it in some frames or of some people: one action, one undo step.

        Places that were changed after it stay as they are.

        Args:
            action: its number (see `events`); None for the last one.
            frames: (first, last), both included; None for all.
            tracks: a person or several; None for everybody.

        Returns:
            How many poses were put back.

        Raises:
            ValueError: there is no such propagation.
        """
        with self._state.lock:
            target = self._reviewed(action)
            span = None if frames is None else arguments.scope_frames(tuple(frames), None, len(self.video))
            ids = [tracks] if isinstance(tracks, (int, np.integer)) else tracks
            chosen = None if ids is None else [self._track(i) for i in ids]
            changes = own_changes(self._state.journal, len(self.skeleton), target.seq, span, chosen)
            n = sum(len(c.frames) for c in changes)
            payload = {
                "of": target.seq,
                "frames": None if span is None else [span.start, span.stop - 1],
                "tracks": chosen,
                "changed": sum(c.n_keypoints_changed(len(self.skeleton)) for c in changes),
            }
            self._state.commit("reject", payload, changes)
        return n

    def _reviewed(self, action: int | None) -> Action:
        if action is None:
            action = self.last_propagation()
        found = [a for a in self._state.actions if a.seq == action and a.kind in REVIEWED]
        if not found or action not in self._state.history.done:
            raise ValueError(
                f"Expected the number of a propagation that was not taken back, got {action}; see events for numbers."
            )
        return found[0]
