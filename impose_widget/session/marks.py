"""What a reviewer said of people in frames: a fold over the log of actions, as arrays over the frames of a track."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.tracks import Tracks
from impose_widget.session.journal import Action, unpack_frames

VERDICTS = ("open", "accepted", "rejected")
COMMENT = "comment"  # words that leave the verdict as it is
ACCEPTED = VERDICTS.index("accepted")


@dataclass(slots=True)
class _Of:
    """Of one person, over the frames of the video: verdict, number of the action that gave it, and of the comment."""

    verdict: np.ndarray
    seq: np.ndarray
    comment: np.ndarray


@dataclass(slots=True)
class Marks:
    """Verdicts and comments by track id."""

    n_frames: int
    people: dict[int, _Of] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, actions: Iterable[Action], n_frames: int) -> Marks:
        """The marks after some actions, those taken back left out; the newest of each place counts."""
        marks = cls(n_frames)
        for action in actions:
            if action.kind == "review":
                marks._add(action.seq, action.payload)
        return marks

    def _add(self, seq: int, p: dict[str, Any]) -> None:
        if p["comment"]:
            self.words[seq] = p["comment"]
        for track_id, packed in p["people"]:
            of = self.people.setdefault(track_id, self._nothing())
            frames = unpack_frames(packed)
            if p["verdict"] != COMMENT:
                of.verdict[frames], of.seq[frames] = VERDICTS.index(p["verdict"]), seq
                of.comment[frames] = 0
            if p["comment"]:
                of.comment[frames] = seq

    def _nothing(self) -> _Of:
        return _Of(*(np.zeros(self.n_frames, kind) for kind in (np.int8, np.int32, np.int32)))

    def accepted(self, track_id: int, frames: np.ndarray, tracks: Tracks) -> np.ndarray:
        """(n,) bool: accepted in these frames (n,), and not changed since."""
        of = self.people.get(track_id)
        if of is None:
            return np.zeros(len(frames), bool)
        return (of.verdict[frames] == ACCEPTED) & ~changed_since(tracks, track_id, frames, of.seq[frames])

    def n_checked(self) -> int:
        """People in frames that were accepted or rejected."""
        return sum(int((of.verdict > 0).sum()) for of in self.people.values())

    def table(self, tracks: Tracks) -> pd.DataFrame:
        """One row a person and frame with a mark; see `Session.reviews`."""
        parts = []
        for track_id, of in self.people.items():
            frames = np.flatnonzero((of.verdict > 0) | (of.comment > 0))
            words = np.array([self.words.get(s, "") for s in of.comment[frames].tolist()], object)
            seq = np.maximum(of.seq[frames], of.comment[frames])
            changed = changed_since(tracks, track_id, frames, seq)
            parts.append((frames, np.full(len(frames), track_id), of.verdict[frames], words, seq, changed))
        columns = [np.concatenate(c) for c in zip(*parts, strict=True)] if parts else [np.zeros(0, int)] * 6
        frame, track_id, verdict, words, seq, changed = columns
        table = pd.DataFrame(
            {
                "frame": frame.astype(np.int32),
                "track_id": track_id.astype(np.int32),
                "verdict": pd.Categorical.from_codes(verdict, list(VERDICTS)),
                "comment": pd.Series(words, dtype="str"),
                "seq": seq.astype(np.int64),
                "changed_since": changed.astype(bool),
            }
        )
        return table.sort_values(["frame", "track_id"], ignore_index=True)


def changed_since(tracks: Tracks, track_id: int, frames: np.ndarray, seq: np.ndarray) -> np.ndarray:
    """(n,) bool: whether the person is gone from a frame, or has a keypoint that a later action (n,) changed."""
    records = tracks.get(track_id, frames)
    return ~records["present"] | (records["revision"].max(1, initial=0) > seq)
