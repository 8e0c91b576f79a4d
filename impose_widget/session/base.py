"""What all parts of a session share: the video, the skeleton, the state, and how an edit becomes an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core import edits
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tables import pose_rows
from impose_widget.core.tracks import Draft
from impose_widget.session import arguments
from impose_widget.session.state import State

if TYPE_CHECKING:
    from impose_widget.detect import Detector, Refiner
    from impose_widget.video import Video


class SessionBase:
    """One video being annotated; see `Session`."""

    def __init__(self, video: Video, skeleton: Skeleton, state: State, detector: Detector | None) -> None:
        self.video = video
        self.skeleton = skeleton
        self._state = state
        self._detector = detector
        settles = hasattr(detector, "refine") and getattr(detector, "settles", True)
        self._refiner: Refiner | None = detector if settles else None  # type: ignore[assignment]  # told by `refine`

    @property
    def state(self) -> State:
        """Poses, log and lock, for parts that show them; to be changed by the session's calls alone."""
        return self._state

    @property
    def prepares(self) -> bool:
        """Whether the model keeps something of each frame that corrections need (see `prepare`)."""
        return hasattr(self._detector, "prepare")

    def prepare(self, frame: int) -> None:
        """Let the model compute now what a correction in a frame, or a propagation through it, will need of it."""
        if self.prepares:
            self._detector.prepare(self.video[self._frame(frame)])  # type: ignore[union-attr]  # `prepares` says so

    @property
    def has_model(self) -> bool:
        """Whether a network can find people here."""
        return self._detector is not None

    @property
    def revision(self) -> int:
        """Number of the last action (0 before the first)."""
        return self._state.revision

    def _commit(
        self, kind: str, payload: dict[str, Any], edit: Callable[[Draft, int], object], *, rows_of: tuple | None = None
    ) -> pd.DataFrame | None:
        """Make an edit on a draft, store it, make it true; returns the rows of `poses` that it changed."""
        with self._state.lock:
            draft = Draft(self._state.tracks)
            revision = self._state.revision + 1
            edit(draft, revision)
            edits.drop_stale(draft)
            changes = draft.changes()
            changed = sum(c.n_keypoints_changed(len(self.skeleton)) for c in changes)
            self._state.commit(kind, payload | {"changed": changed}, changes)
            if rows_of is None:
                return None
            frame, track_id = rows_of
            records = self._state.tracks.get(track_id, [frame])
            rows = pose_rows(
                np.array([frame], np.int32), np.array([track_id], np.int32), records, self.skeleton, self.video.times
            )
            return rows[rows["revision"] == revision].reset_index(drop=True)

    def _frame(self, frame: Any, name: str = "frame") -> int:
        return arguments.frame_number(frame, len(self.video), name)

    def _track(self, track_id: Any, name: str = "track_id") -> int:
        return arguments.track_number(track_id, self._state.tracks, name)

    def _person(self, frame: Any, track_id: Any) -> tuple[int, int]:
        """A frame and a person who is in it."""
        frame, track_id = self._frame(frame), self._track(track_id)
        arguments.present_in(track_id, frame, self._state.tracks)
        return frame, track_id

    def _keypoint_facts(self, track_id: int, frame: int, keypoint: int) -> list[float | None]:
        """x, y and visibility of a keypoint, for the log."""
        record = self._state.tracks.get(track_id, [frame])
        x, y = (float(v) if np.isfinite(v) else None for v in record["xy"][0, keypoint])
        return [x, y, int(record["visibility"][0, keypoint])]
