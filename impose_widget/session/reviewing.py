"""The part of a session for reviewers: verdicts and comments, what changed, comparison, guidelines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import INTERPOLATED, PROPAGATED
from impose_widget.core.tables import person_frames, pose_rows
from impose_widget.session import arguments
from impose_widget.session.base import SessionBase
from impose_widget.session.journal import pack_frames
from impose_widget.session.marks import COMMENT, VERDICTS, Marks
from impose_widget.session.reverting import own_edits

if TYPE_CHECKING:
    from impose_widget.guidelines import Guidelines
    from impose_widget.review import Comparison, ReviewReport

NOT_REVIEWED = frozenset({"initialize", "load"})
"""Actions that bring in what is reviewed."""
FOLLOWS = (INTERPOLATED, PROPAGATED)
"""Sources of boxes that only follow from keypoints, which `export` does not state."""


class Reviewing(SessionBase):
    """Someone's annotations, looked at by someone else."""

    _marks: tuple[int, Marks] | None = None
    _guidelines: Guidelines | None = None
    _other: Comparison | None = None

    # -- verdicts ------------------------------------------------------------------------------------------------

    def review(
        self,
        frame: int | None = None,
        track_id: int | None = None,
        verdict: str = "accepted",
        comment: str = "",
        frame_end: int | None = None,
    ) -> int:
        """Say of a person, a frame, or a person in some frames that it is right or wrong; one step of undo.

        Open issues of what is accepted are accepted with it. A verdict holds until the pose is changed.

        Args:
            frame: None for all frames of the person.
            track_id: None for everybody in the frame.
            verdict: "accepted", "rejected", "open" (takes a verdict back, and its comment), or "comment" (only words).
            comment: words for whoever looks next.
            frame_end: the last frame; None for `frame` alone.

        Returns:
            How many people in frames got it.

        Raises:
            ValueError: nobody is there, or an argument is not what it should be.
        """
        arguments.one_of(verdict, (*VERDICTS, COMMENT), "verdict")
        if not isinstance(comment, str):
            raise TypeError(f"Expected comment as text, got {comment!r}.")
        if verdict == COMMENT and not comment.strip():
            raise ValueError('Expected some words with verdict="comment", got none.')
        if frame is None and (track_id is None or frame_end is not None):
            raise ValueError("Expected a frame, or a track_id alone for all of its frames, got neither.")
        with self._state.lock:
            first, last = self._reviewed_frames(frame, frame_end)
            ids = self._state.tracks.ids() if track_id is None else [self._track(track_id)]
            people = [(i, f) for i in ids if len(f := self._frames_in(i, first, last))]
            if not people:
                raise ValueError(f"Expected somebody in frames {first} to {last}, got nobody.")
            payload = {
                "frame": first if frame is not None else int(people[0][1][0]),
                "frame_end": last if frame is not None else int(people[0][1][-1]),
                "track_id": None if track_id is None else int(track_id),
                "verdict": verdict,
                "comment": comment.strip(),
                "people": [[i, pack_frames(f.tolist())] for i, f in people],
                "guidelines": self.guidelines.digest,
            }
            self._state.commit("review", payload, [])
        return sum(len(f) for _, f in people)

    def _reviewed_frames(self, frame: int | None, frame_end: int | None) -> tuple[int, int]:
        if frame is None:
            return 0, len(self.video) - 1
        first = self._frame(frame)
        last = first if frame_end is None else self._frame(frame_end, "frame_end")
        if last < first:
            raise ValueError(f"Expected frame <= frame_end, got {first} and {last}.")
        return first, last

    def _frames_in(self, track_id: int, first: int, last: int) -> np.ndarray:
        frames = self._state.tracks.frames_of(track_id)
        return frames[(frames >= first) & (frames <= last)]

    def marks(self) -> Marks:
        """Verdicts and comments as arrays; to be asked for with the lock held."""
        state = self._state
        if self._marks is None or self._marks[0] != state.revision:
            done = set(state.history.done)
            actions = [a for a in state.actions if a.kind == "review" and a.seq in done]
            self._marks = state.revision, Marks.of(actions, len(self.video))
        return self._marks[1]

    @property
    def reviews(self) -> pd.DataFrame:
        """One row a person and frame that has a verdict or a comment.

        Columns: frame, track_id, verdict (open, accepted, rejected), comment, seq (of the action, see `events`),
        changed_since (the pose was changed, or deleted, after it).
        """
        with self._state.lock:
            return self.marks().table(self._state.tracks)

    # -- what changed --------------------------------------------------------------------------------------------

    def edited(self, since: int | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Poses before and after all that was done since an action, in the frames and of the people that it changed.

        What `initialize` and `load` bring in is no edit: it is what is reviewed.

        Args:
            since: number of an action (see `events`); None for the last `load`, or the beginning.

        Returns:
            Two tables as `poses`; somebody who was added is only in the second, who was deleted only in the first.
        """
        state, k = self._state, len(self.skeleton)
        with state.lock:
            since = self.review_began() if since is None else int(since)
            kinds = {a.seq: a.kind for a in state.actions if a.seq > since and a.kind not in NOT_REVIEWED}
            before, after = [], []
            for change in own_edits(state.journal, k, since, set(kinds)):
                now = state.tracks.get(change.track_id, change.frames)
                was = now.copy()
                bits = was.view("u1").reshape(len(was), -1)
                bits ^= change.delta
                for records, out in ((was, before), (now, after)):
                    held = records["present"]
                    ids = np.full(int(held.sum()), change.track_id, np.int32)
                    out.append(pose_rows(change.frames[held], ids, records[held], self.skeleton, self.video.times))
        return self._joined(before), self._joined(after)

    def _joined(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        empty = pose_rows(*(np.zeros(0, np.int32),) * 2, self._state.tracks.get(0, []), self.skeleton, self.video.times)
        table = pd.concat([empty, *parts], ignore_index=True) if parts else empty
        table = table.sort_values(["frame", "track_id", "keypoint"], ignore_index=True)
        table.attrs = {"skeleton": self.skeleton.to_json()}
        return table

    def review_began(self) -> int:
        """Number of the last action that brought in annotations; 0 if none did."""
        with self._state.lock:
            done = set(self._state.history.done)
            return max((a.seq for a in self._state.actions if a.kind == "load" and a.seq in done), default=0)

    def review_report(self, since: int | None = None) -> ReviewReport:
        """What was checked, what was changed, and by how much, per keypoint; see `review.ReviewReport`.

        Args:
            since: number of an action (see `events`); None for the last `load`, or the beginning.
        """
        from impose_widget.review import review_report

        return review_report(self, since)

    # -- comparison ----------------------------------------------------------------------------------------------

    def compare(self, other: Any, name: str | None = None) -> Comparison | None:
        """Compare with the truth or another annotator; where the two differ joins `issues`, with the kind "differs".

        Args:
            other: a file, a table of poses, another session; None takes the places out of `issues` again.
            name: what reasons call it; None for the name of the file.

        Returns:
            The comparison: OKS and pixels per keypoint, who is missing, which identities differ (`review.Comparison`).
        """
        from impose_widget.review import compare

        comparison = None if other is None else compare(self, other, name)
        with self._state.lock:
            self._other = comparison
            self.__dict__.get("_tables", {}).pop("issues", None)
        return comparison

    # -- guidelines ----------------------------------------------------------------------------------------------

    @property
    def guidelines(self) -> Guidelines:
        """The project's guidelines: those of `guidelines.toml` (or .json) beside the video, else the paper's.

        May be set, to other guidelines or to the path of a file, for as long as the session is open.
        """
        from impose_widget.guidelines import Guidelines

        if self._guidelines is None:
            path = self.guidelines_path
            self._guidelines = Guidelines() if path is None else Guidelines.read(path)
        return self._guidelines

    @guidelines.setter
    def guidelines(self, value: Guidelines | str | Path) -> None:
        from impose_widget.guidelines import Guidelines

        given = Guidelines.read(value) if isinstance(value, (str, Path)) else value
        if not isinstance(given, Guidelines):
            raise TypeError(f"Expected Guidelines or the path of a file with some, got {value!r}.")
        self._guidelines = given

    @property
    def guidelines_path(self) -> Path | None:
        """The file of guidelines beside the video; None if there is none."""
        from impose_widget.guidelines import find_guidelines

        return find_guidelines(None if self.video.path is None else Path(self.video.path).parent)

    def judge(self, frame: int | None = None, track_id: int | None = None, blur: bool = False) -> pd.DataFrame:
        """What the guidelines say of each person in each frame, or in one, or of one person; see `guidelines.judge`.

        Args:
            frame: None for all.
            track_id: None for everybody.
            blur: also look at the images, and name keypoints that are called visible and are blurred (`blurred`).
        """
        from impose_widget.guidelines import judge
        from impose_widget.guidelines.sharpness import blurred_keypoints

        poses = self._poses_of(frame, track_id)
        verdict = judge(poses, self.guidelines)
        names: list[list[str]] = [[] for _ in range(len(verdict))]
        if blur and len(verdict):
            least = self.guidelines.min_sharpness
            names = blurred_keypoints(poses, self._poses_of(None, track_id), self.video, least)
        return verdict.assign(blurred=pd.Series(names, dtype=object, index=verdict.index))

    def _poses_of(self, frame: int | None, track_id: int | None) -> pd.DataFrame:
        """Rows as in `poses` of some, with the boxes that `export` states as well."""
        from impose_widget.io.extras import BOX_COLUMNS, Facts

        tracks = self._state.tracks
        with self._state.lock:
            wanted = None if track_id is None else self._track(track_id)
            if frame is None:
                frames, ids, records = person_frames(tracks)
                chosen = np.ones(len(ids), bool) if wanted is None else ids == wanted
                frames, ids, records = frames[chosen], ids[chosen], records[chosen]
            else:
                ids = np.array([i for i in tracks.at(self._frame(frame)) if wanted in (None, i)], np.int32)
                frames = np.full(len(ids), frame, np.int32)
                records = np.concatenate([tracks.get(0, []), *(tracks.get(i, [frame]) for i in ids.tolist())])
        poses = pose_rows(frames, ids, records, self.skeleton, self.video.times)
        facts = self._video_facts()  # type: ignore[attr-defined]  # given by Views, which a Session has as well
        poses.attrs = {"skeleton": self.skeleton.to_json(), "video": facts}
        stated = np.isfinite(records["box"]).all(-1)
        stated &= ~np.isin(records["box_source"], FOLLOWS) | records["box_anchor"]
        if stated.any():
            x, y, w, h = records["box"][stated].T.astype(float).tolist()
            places = frames[stated].tolist(), ids[stated].tolist(), ["body"] * int(stated.sum())
            columns = (*places, x, y, w, h, [None] * len(x))
            poses.attrs["boxes"] = Facts(zip(BOX_COLUMNS, columns, strict=True))
        return poses
