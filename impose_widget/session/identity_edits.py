"""The part of a session that says who is who."""

from __future__ import annotations

import numpy as np

from impose_widget.core.identities import exchange, merge
from impose_widget.session import arguments
from impose_widget.session.base import SessionBase

TELLING = ("assign", "swap", "split")


class IdentityEdits(SessionBase):
    """Edits of identities. Each is one action and one undo step; poses move between people, none is ever lost."""

    def assign(self, frame: int, track_id: int, new_track_id: int, scope: str | tuple[int, int] = "onwards") -> None:
        """Say that the person who carries `track_id` at `frame` is `new_track_id`: one click.

        Where `new_track_id` is somebody else in the same frames, that one gets `track_id` in exchange: the identity
        switch of two people who cross is repaired for both.

        Args:
            frame: a frame in which `track_id` is.
            track_id: who it seems to be.
            new_track_id: who it is: somebody in the video, or an id that nobody ever had.
            scope: "frame", "onwards", "backwards", "all", or (first, last), both included. "onwards" and "backwards"
                end before a frame in which one of the two was told apart before (by assign, swap or split).
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            new_track_id = self._target(new_track_id)
            if new_track_id == track_id:
                raise ValueError(f"Expected another identity than {track_id}, got the same; nothing to assign.")
            frames = self._span(self._meant(scope, frame, track_id, new_track_id), track_id)
            self._commit(
                "assign",
                {
                    "frame": frame,
                    "track_id": track_id,
                    "track_id_b": new_track_id,
                    "frame_end": int(frames[-1]),
                    "scope": scope,
                },
                lambda draft, revision: exchange(draft, track_id, new_track_id, frames),
            )

    def _target(self, track_id: int) -> int:
        """Somebody in the video, or an identity that nobody ever had (they are never used twice)."""
        fresh = isinstance(track_id, (int, np.integer)) and not isinstance(track_id, bool)
        if fresh and track_id >= self._state.next_track_id:
            return int(track_id)
        return self._track(track_id, "new_track_id")

    def _meant(self, scope: str | tuple[int, int], frame: int, *track_ids: int) -> range:
        """The frames of a scope. What was said of one of these people in an earlier or later frame holds from there on,
        so that mending one place does not break another that is mended already."""
        frames = arguments.scope_frames(scope, frame, len(self.video))
        if scope not in ("onwards", "backwards"):
            return frames
        told = self._told(set(track_ids))
        first = max((f for f in told if f < frame), default=-1) + 1
        stop = min((f for f in told if f > frame), default=len(self.video))
        return range(max(frames.start, first), min(frames.stop, stop))

    def _told(self, track_ids: set[int]) -> list[int]:
        """Frames in which a human told one of these people from another; what was undone or merged again is not."""
        holds, told = set(self._state.history.done), []
        for action in self._state.actions:
            if action.seq in holds and action.kind in (*TELLING, "merge"):
                pair = {action.payload["track_id"], action.payload["track_id_b"]}
                if action.kind == "merge":
                    told = [(frame, ids) for frame, ids in told if ids != pair]
                else:
                    told.append((action.payload["frame"], pair))
        return [frame for frame, ids in told if ids & track_ids]

    def _span(self, frames: range, *track_ids: int) -> np.ndarray:
        """The frames of a scope as far as any of these people is there."""
        held = np.unique(np.concatenate([self._state.tracks.frames_of(i) for i in track_ids]))
        return held[(held >= frames.start) & (held < frames.stop)]

    def swap(self, a: int, b: int, frame: int, scope: str | tuple[int, int] = "onwards") -> None:
        """Exchange two people from a frame on (or in another scope, as in `assign`): one click."""
        with self._state.lock:
            frame, a, b = self._frame(frame), self._track(a, "a"), self._track(b, "b")
            if a == b:
                raise ValueError(f"Expected two people to swap, got {a} twice.")
            frames = self._span(self._meant(scope, frame, a, b), a, b)
            if not len(frames):
                raise ValueError(f"Expected frames in which person {a} or {b} is, got none in scope={scope!r}.")
            self._commit(
                "swap",
                {"frame": frame, "track_id": a, "track_id_b": b, "frame_end": int(frames[-1]), "scope": scope},
                lambda draft, revision: exchange(draft, a, b, frames),
            )

    def merge(self, a: int, b: int) -> None:
        """Say that `a` and `b` are one person, `a`: one click.

        In frames that have both, `a` stays; keypoints that a human placed for `b` alone are taken over.
        """
        with self._state.lock:
            a, b = self._track(a, "a"), self._track(b, "b")
            if a == b:
                raise ValueError(f"Expected two people to merge, got {a} twice.")
            frames = self._span(range(len(self.video)), a, b)
            self._commit(
                "merge",
                {"track_id": a, "track_id_b": b, "frame": int(frames[0]), "frame_end": int(frames[-1])},
                lambda draft, revision: merge(draft, a, b, frames),
            )

    def split(self, track_id: int, frame: int) -> int:
        """Say that a track is two people, the second from `frame` on: one click.

        Returns:
            The track id of the second.
        """
        with self._state.lock:
            frame, track_id = self._frame(frame), self._track(track_id)
            held = self._state.tracks.frames_of(track_id)
            if not held[0] < frame <= held[-1]:
                raise ValueError(
                    f"Expected a frame after the first ({held[0]}) and up to the last ({held[-1]}) of {track_id}, "
                    f"got {frame}; there is nothing to split."
                )
            new = self._state.new_track_id()
            frames = held[held >= frame]
            self._commit(
                "split",
                {"track_id": track_id, "track_id_b": new, "frame": frame, "frame_end": int(frames[-1])},
                lambda draft, revision: exchange(draft, track_id, new, frames),
            )
        return new
