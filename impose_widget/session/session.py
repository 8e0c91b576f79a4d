"""Session: one video, its people and their poses, and everything a human says about them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.propagate.base import FrameUpdate, Propagator
from impose_widget.session import arguments, carrying, completing, finding
from impose_widget.session.carrying import Order, Report
from impose_widget.session.choosing import PROPAGATORS, TRACKERS, detector_of, propagator_of
from impose_widget.session.files import export, exported, load
from impose_widget.session.identifying import Identifier, identifier
from impose_widget.session.identity_edits import IdentityEdits
from impose_widget.session.opening import OpenJournal, open_journal
from impose_widget.session.pose_edits import PoseEdits
from impose_widget.session.progress import Bar, Progress
from impose_widget.session.review import Review
from impose_widget.session.state import Changed, State
from impose_widget.session.verifying import Verifying
from impose_widget.session.views import Views

if TYPE_CHECKING:
    import pandas as pd

    from impose_widget.detect import Detector
    from impose_widget.points import PointTracker
    from impose_widget.video import Video


class Session(PoseEdits, IdentityEdits, Review, Verifying, Views):
    """The kernel-side object: no browser, no thread of its own; every call may come from any thread.

    Every edit is on disk before its call returns. Open one with `Session.open`.
    """

    def __init__(
        self,
        video: Video,
        skeleton: Skeleton,
        opened: OpenJournal,
        detector: Detector | None,
        propagator: Propagator,
        association: str = "geometry",
        identifier: Identifier | None = None,
    ) -> None:
        state = State(opened.journal, len(skeleton), len(video))
        super().__init__(video, skeleton, state, detector)
        self._opened = opened
        self._propagator = propagator
        self.association, self._identifier = association, identifier
        self._remember()

    @classmethod
    def open(
        cls,
        source: str | Path | Sequence[str | Path] | np.ndarray,
        model: str | Path | Detector | None = "tiny",
        tracker: str | PointTracker = "auto",
        skeleton: str | Path | Skeleton | Sequence[str] = "coco17",
        store: str | Path | None = "auto",
        resume: bool = True,
        device: str = "auto",
        propagator: str = "auto",
        association: str | Path = "auto",
    ) -> Session:
        """Open a video for annotation; what was done before is there again.

        Args:
            source: a video file, a folder or list of images, or frames (T, H, W, 3) uint8 RGB.
            model: "tiny", the network that ships; None for none (then torch is not needed); a weights file that
                `impose-widget convert` or `impose-widget train` wrote; or a detector of your own for this skeleton (see
                `impose_widget.detect.Detector`).
            tracker: what follows a point from frame to frame: "lk", "auto" for the best there is, or one of
                `impose_widget.points`, e.g. `points.cotracker3("scaled_offline.pth")` where that is installed.
            skeleton: a name, a Skeleton, a YAML or JSON file, or a list of keypoint names.
            store: where the journal is: "auto" (beside the video, else in the user's data folder), a path, or None
                for memory only.
            resume: False sets an existing journal aside (it is renamed, not deleted) and starts anew.
            device: "auto", "cpu" or "cuda".
            propagator: what carries corrections to other frames: "flow" weighs point tracks against the model's
                readings frame by frame, "smoother" judges over all frames between corrections where a track was lost
                and where readings are wrong, "network" has a weights file's decoders read the person again there,
                "auto" is the best measured one, smoother.
            association: who is who when people are found: "geometry" (where they are and how they move), "id" (the
                trained ID decoder is heard as well), weights of one, or "auto": geometry; the decoder, where there is
                one, is asked only whether identities hold.

        Raises:
            FileNotFoundError, OSError: the video or the journal cannot be read or made.
            ValueError, TypeError: an argument is not what it should be, or the journal is of another video.
        """
        from impose_widget.video import open_video

        kind = Skeleton.of(skeleton)
        if not hasattr(tracker, "track"):
            arguments.one_of(tracker, TRACKERS, "tracker")
        arguments.one_of(device, ("auto", "cpu", "cuda"), "device")
        arguments.one_of(propagator, PROPAGATORS, "propagator")
        detector = detector_of(model, kind, device)
        carries = propagator_of(propagator, kind, detector, tracker)
        video, opened = open_video(source), None
        try:
            named = identifier(
                association, kind.keypoints == COCO17.keypoints, detector is not None, (video.width, video.height)
            )
            opened = open_journal(store, resume, video.path, video.fingerprint(), kind)
            session = cls(video, kind, opened, detector, carries, *named)
        except BaseException:
            if opened is not None:
                opened.close()
            video.close()
            raise
        if session._state.actions and opened.path is not None:
            sys.stderr.write(f"{session!r}\n")
        return session

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state, opened = self._state, self._opened
        clicks = int(self.metrics()["clicks"])
        text = f"Session({self.video.name}: {len(self.video)} frames, {len(state.tracks.ids())} people, {clicks} clicks"
        if opened.path is not None:
            goes_on = opened.journal.opening > 1 and state.actions
            text += f", {'goes on from' if goes_on else 'journal'} {opened.path}"
        return text + (", read-only)" if opened.journal.read_only else ")")

    @property
    def path(self) -> Path | None:
        """The journal's file; None in memory."""
        return self._opened.path

    @property
    def read_only(self) -> bool:
        """Whether another process has the journal, so that nothing can be changed here."""
        return self._opened.journal.read_only

    def close(self) -> None:
        """Close video and journal and let others write; closing twice is fine."""
        self._opened.close()
        self.video.close()

    def save(self) -> Path | None:
        """Never needed: everything is on disk already. Returns where."""
        return self.path

    # -- the model -----------------------------------------------------------------------------------------------

    def initialize(self, frames: Iterable[int] | None = None, progress: Progress = None) -> None:
        """Find and follow everyone; blocks, and goes on where it stopped.

        What a human did meanwhile stays. Without a network nothing is found: draw boxes instead.

        Args:
            frames: those to look at; None for all.
            progress: None for a bar, False for none, or a function that is called with (frames done, of how many).
        """
        wanted = arguments.frame_numbers(frames, len(self.video))
        with Bar(progress, len(wanted), "finding people", "frames") as bar:
            for done in self.iter_initialize(wanted):
                bar.to(done)

    def iter_initialize(
        self, frames: Iterable[int] | None = None, chunk: int = finding.CHUNK, around: int | None = None
    ) -> Iterator[int]:
        """The same, yielding how many frames are done, at first and when more are on disk. Closing the generator stops.

        Args:
            frames: those to look at; None for all.
            chunk: frames between two yields.
            around: begin at this frame and go on from there in both directions; None begins with the first.
        """
        wanted = arguments.frame_numbers(frames, len(self.video))
        if around is not None:
            found = self._state.found
            around = self._frame(around, "around")
            wanted = finding.around([f for f in wanted if not found[f]], around, chunk)
        return self._finding(wanted, chunk)

    def _finding(self, wanted: list[int], chunk: int, association: str | None = None) -> Iterator[int]:
        if self._detector is None or not wanted:
            return iter(())
        chunk = min(chunk, getattr(self._detector, "CHUNK", chunk))  # a slow network is heard of more often
        heard = self._identifier if (association or self.association) == "id" else None
        return finding.find(self._state, self.video, self._detector, self.skeleton, wanted, chunk, heard)

    def propagate(
        self,
        frame: int | None = None,
        direction: str = "forward",
        stop: int | tuple[int, int] | None = None,
        tracks: str | int | Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        progress: Progress = None,
        empty_only: bool = False,
    ) -> Report:
        """Carry corrections to other frames; blocks. What a human placed is never moved.

        A correction goes as far as the next anchor of the same keypoint, or as far as it says more than the model's
        own reading: there it fades out.

        Args:
            frame: from here; None for every place that was corrected and not carried yet.
            direction: "forward", "backward" or "both".
            stop: the last frame that may change, in the direction of travel; or (first, last), both included: from the
                places in this range, and no further than it goes.
            tracks: None for people corrected since their last propagation, "all" for every anchor of everyone, or ids.
            keypoints: change only these; None for all.
            progress: None for a bar, False for none, or a function that is called with (percent done, 100).
            empty_only: give a place only to keypoints that have none; see also `complete`.
        """
        report = Report(stopped="nothing to carry")
        with Bar(progress, 100, "carrying corrections", "%") as bar:
            for update, report in self.propagation(frame, direction, stop, tracks, keypoints, empty_only):  # noqa: B007
                bar.to(round(100 * update.done))
        return report

    def iter_propagate(
        self,
        frame: int | None = None,
        direction: str = "forward",
        stop: int | tuple[int, int] | None = None,
        tracks: str | int | Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        empty_only: bool = False,
    ) -> Iterator[FrameUpdate]:
        """The same, yielding each update when it is on disk. Closing the generator stops; what is done stays."""
        return (update for update, _ in self.propagation(frame, direction, stop, tracks, keypoints, empty_only))

    def propagation(
        self,
        frame: int | None = None,
        direction: str = "forward",
        stop: int | tuple[int, int] | None = None,
        tracks: str | int | Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        empty_only: bool = False,
    ) -> Iterator[tuple[FrameUpdate, Report]]:
        """As `iter_propagate`, with the report so far beside each update; the same object, final when the work ends."""
        arguments.one_of(direction, carrying.DIRECTIONS, "direction")
        frame = None if frame is None else self._frame(frame)
        if isinstance(stop, (tuple, list)):
            within = arguments.scope_frames(tuple(stop), None, len(self.video), "stop")
            stop = within.start, within.stop - 1
        elif stop is not None:
            stop = self._frame(stop, "stop")
            if direction == "both":
                raise ValueError('Expected stop as (first, last) with direction="both", got one frame.')
        if isinstance(tracks, (int, np.integer)):
            tracks = [tracks]
        everyone = isinstance(tracks, str)
        if everyone:
            arguments.one_of(tracks, ("all",), "tracks")
        ids = None if tracks is None or everyone else tuple(self._track(i) for i in tracks)
        names = [keypoints] if isinstance(keypoints, str) else keypoints
        chosen = None if names is None else tuple(arguments.keypoint_index(k, self.skeleton) for k in names)
        anchored = everyone or (ids is not None and frame is None)
        order = Order(frame, direction, stop, ids, chosen, anchored, bool(empty_only))
        score = self._detector.KEYPOINT_SCORE if self._detector is not None else carrying.KEYPOINT_SCORE
        return self._verified(carrying.carry(self._state, self.video, self._propagator, self.skeleton, order, score))

    def complete(
        self,
        tracks: Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        frames: Iterable[int] | None = None,
        max_gap: int = 10,
        follow: bool = False,
        progress: Progress = None,
    ) -> Report:
        """Give people who are there the keypoints that they lack, as for a data set with fewer keypoints; blocks.

        Only empty keypoints are touched: what a file or a human placed stays to the bit, and what a human said to be
        absent stays absent. The network's reading of the same person comes first, moved as the keypoints near it lie
        that a file or a human placed; gaps between two frames that have a keypoint are then bridged by optical flow.
        One action, one undo step.

        Args:
            tracks: ids; None for everyone.
            keypoints: only these; None for all.
            frames: only these; None for all.
            max_gap: longest run of frames over which a keypoint is carried.
            follow: also find these people in the frames before, between and after those in which they are, and carry
                there what a file or a human placed, as `propagate` does. New people are for `initialize`.
            progress: None for a bar, False for none, or a function that is called with (percent done, 100).
        """
        report = Report(stopped="nobody to complete")
        with Bar(progress, 100, "completing people", "%") as bar:
            for done, report in self.completion(tracks, keypoints, frames, max_gap, follow):  # noqa: B007
                bar.to(round(100 * done))
        return report

    def completion(
        self,
        tracks: Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        frames: Iterable[int] | None = None,
        max_gap: int = 10,
        follow: bool = False,
    ) -> Iterator[tuple[float, Report]]:
        """As `complete`, yielding the share that is done and the report so far. Closing the generator stops."""
        ids = self._state.tracks.ids() if tracks is None else [self._track(i) for i in tracks]
        wanted = arguments.frame_numbers(frames, len(self.video))
        names = [keypoints] if isinstance(keypoints, str) else keypoints
        mask = np.ones(len(self.skeleton), bool)
        if names is not None:
            mask = np.isin(np.arange(len(mask)), [arguments.keypoint_index(k, self.skeleton) for k in names])
        if isinstance(max_gap, bool) or not isinstance(max_gap, (int, np.integer)) or max_gap < 0:
            raise ValueError(f"Expected max_gap as a number of frames of 0 or more, got {max_gap!r}.")
        chosen = {i: np.intersect1d(self._state.tracks.frames_of(i), wanted) for i in ids}
        chosen = {i: where for i, where in chosen.items() if len(where)}
        if not chosen:
            return iter(())
        return completing.complete(
            self._state,
            self.video,
            self._detector,
            self._propagator,
            self.skeleton,
            chosen,
            mask,
            int(max_gap),
            bool(follow),
        )

    # -- the log -------------------------------------------------------------------------------------------------

    def undo(self) -> bool:
        """Take the last action back, however many frames it touched; False if there is none left."""
        return self._state.undo() is not None

    def redo(self) -> bool:
        """Do again what was taken back last; False if there is nothing."""
        return self._state.redo() is not None

    def on_change(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Call `callback(changed)` after every change, in the thread that made it; returns a function that ends it."""
        return self._state.on_change(callback)

    # -- files ---------------------------------------------------------------------------------------------------

    def export(
        self, path: str | Path, format: str | None = None, check: bool = True, guidelines: bool | None = None
    ) -> Path:
        """Write the poses as an annotation file; the format is told by the name, or given (see `iw.formats()`).

        What the format cannot hold is said on the error stream before it is written (and by `losses`). With `check` the
        file is read back and compared with what it should hold.

        With `guidelines`, people in frames who do not meet them (see `judge`) are left out as their policy says: they
        become ignore regions, or nothing; None does so if the project has a file of guidelines. Who was left out is
        said on the error stream; nothing is changed here.

        Raises:
            ValueError: there is no such format, or the file does not hold what was written.
            OSError: it cannot be written; an older file of that name is still whole.
        """
        return export(self, Path(path), format, check, guidelines)

    def losses(self, format: str | Path) -> pd.DataFrame:
        """What of this session a format, or the format of a file of that name, cannot hold: aspect, n, what."""
        from impose_widget.io import losses

        return losses(exported(self, format), format)

    def load(
        self,
        path: str | Path | pd.DataFrame,
        format: str | None = None,
        video: str | None = None,
        link: bool | None = None,
        anchors: bool = True,
    ) -> dict[int, int]:
        """Take in the poses of an annotation file, as somebody's reading: one action, one undo step.

        Nothing that is there is overwritten: people of the file get track ids of their own (the same ids, if they are
        free). Keypoints are mapped by name; those that this session's skeleton lacks, and what else the file says
        (ignore regions, head boxes, names), are kept aside and come back in `export`.

        Args:
            path: of the file, or a table of poses.
            format: its name (see `iw.formats()`); None to tell by ending and content.
            video: which one, of a file that holds several.
            link: whether people who are in one frame only are linked to people over time (see `iw.link`); None to do
                so if nobody in the file is in two frames, as in formats without identities. What was done is said on
                the error stream.
            anchors: False if what the file calls anchors is to be questioned as well, as in a review: there are issues
                about it, and corrections may be carried over it.

        Returns:
            Track id in the file -> track id here; several are one if they were linked.
        """
        return load(self, path, format, video, link, anchors)
