"""The part of a session that edits poses: keypoints, visibility, whole people, boxes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core import edits
from impose_widget.core.geometry import oks, person_area
from impose_widget.core.identities import remove
from impose_widget.core.pose import (
    INTERPOLATED,
    OCCLUDED,
    VISIBLE,
    empty_poses,
    read_poses,
)
from impose_widget.core.tables import box_rows
from impose_widget.core.tracks import Draft
from impose_widget.propagate.interpolate import interpolate
from impose_widget.session import arguments
from impose_widget.session.base import SessionBase
from impose_widget.session.claims import claims
from impose_widget.session.settling import settled, write_settled

SAME_PERSON = 0.6  # OKS above which what is read inside a drawn box is a detection that was there already


class PoseEdits(SessionBase):
    """Edits of poses. Each is one action, on disk when the call returns, and one undo step."""

    def correct(
        self, frame: int, track_id: int, keypoint: str | int, xy: Sequence[float], visibility: int = 2
    ) -> pd.DataFrame:
        """Place one keypoint of a person: one click. Other frames wait for `propagate`.

        With a model that can, the person's other keypoints in that frame are read again beside what was placed; what
        a human placed stays where it is.

        Args:
            frame: 0-based.
            track_id: the person; in a frame without a pose of theirs the nearest one comes along, shifted to fit.
            keypoint: its name (or index).
            xy: where it is, in pixels of the video, integers at pixel centres.
            visibility: 2 visible, 1 occluded (you know where it is all the same).

        Returns:
            The rows of `poses` that changed.

        Raises:
            KeyError: no such person or keypoint.
            ValueError, TypeError: no such frame; xy is not finite or not on the image.
        """
        with self._state.lock:
            frame, track_id = self._frame(frame), self._track(track_id)
            k = arguments.keypoint_index(keypoint, self.skeleton)
            point = arguments.point(xy, self.video.width, self.video.height)
            visibility = arguments.visibility(visibility, (OCCLUDED, VISIBLE))

        def place(draft: Draft, revision: int) -> None:
            edits.place(draft, frame, track_id, k, point, visibility, revision)

        settled = self._settled(frame, track_id, place)  # the network takes its time; nobody waits for it

        def edit(draft: Draft, revision: int) -> None:
            place(draft, revision)
            if settled is not None:
                write_settled(draft, frame, track_id, *settled, revision)

        with self._state.lock:
            payload = {
                "frame": frame,
                "track_id": track_id,
                "keypoint": self.skeleton.keypoints[k],
                "before": self._keypoint_facts(track_id, frame, k),
                "after": [*point, visibility],
            }
            return self._commit("correct", payload, edit, rows_of=(frame, track_id))

    def _settled(
        self, frame: int, track_id: int, place: Callable[[Draft, int], None]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """What the model reads on a person once a keypoint is placed; None without a model that can."""
        if self._refiner is None:
            return None
        with self._state.lock:
            draft = Draft(self._state.tracks)
            place(draft, self._state.revision + 1)
            record = draft.get(track_id, [frame])
        return settled(self._refiner, self.video[frame], record, self._detector.KEYPOINT_SCORE)

    def set_visibility(self, frame: int, track_id: int, keypoint: str | int, visibility: int) -> pd.DataFrame:
        """Say that a keypoint is visible (2), occluded (1, its place is kept) or absent (0, its place is forgotten).

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            k = arguments.keypoint_index(keypoint, self.skeleton)
            visibility = arguments.visibility(visibility)
            before = self._keypoint_facts(track_id, frame, k)
            after = [None, None, 0] if visibility == 0 else [*before[:2], visibility]
            name = self.skeleton.keypoints[k]
            return self._commit(
                "set_visibility",
                {"frame": frame, "track_id": track_id, "keypoint": name, "before": before, "after": after},
                lambda draft, revision: edits.set_visibility(draft, frame, track_id, k, visibility, revision),
                rows_of=(frame, track_id),
            )

    def set_anchor(self, frame: int, track_id: int, on: bool = True) -> pd.DataFrame:
        """Stand behind a whole pose as it is, so that no machine moves it; or give it back.

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            return self._commit(
                "set_anchor",
                {"frame": frame, "track_id": track_id, "on": bool(on)},
                lambda draft, revision: edits.set_anchor(draft, frame, track_id, bool(on), revision),
                rows_of=(frame, track_id),
            )

    def move(
        self, frame: int, track_id: int, dxy: Sequence[float] = (0, 0), scale: float = 1, rotation: float = 0
    ) -> pd.DataFrame:
        """Shift (pixels), scale and turn (degrees, clockwise on the screen) a whole person about their middle.

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            dxy = arguments.numbers(dxy, 2, "dxy")
            scale, rotation = arguments.number(scale, "scale"), arguments.number(rotation, "rotation")
            if scale <= 0:
                raise ValueError(f"Expected scale above 0, got {scale:g}.")

            def edit(draft: Draft, revision: int) -> None:
                edits.transform(draft, frame, track_id, dxy, scale, rotation, revision)
                self._on_image(draft.get(track_id, [frame]))

            payload = {"frame": frame, "track_id": track_id, "dxy": dxy, "scale": scale, "rotation": rotation}
            return self._commit("move", payload, edit, rows_of=(frame, track_id))

    def _on_image(self, record: np.ndarray) -> None:
        xy = record["xy"][0]
        known = np.isfinite(xy).all(-1)
        limit = np.array([self.video.width, self.video.height]) - 0.5
        if known.any() and not ((xy[known] >= -0.5) & (xy[known] <= limit)).all(-1).any():
            raise ValueError(
                f"Expected the moved person to stay on the image of {self.video.width}×{self.video.height} pixels, "
                "got every keypoint outside; to say that the person has left, use delete()."
            )

    def flip(self, frame: int, track_id: int, part: str = "all") -> pd.DataFrame:
        """Exchange left and right of a person: "all", or only the "arms", the "legs" or the "face".

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            arguments.one_of(part, ("all", *edits.PARTS), "part")
            return self._commit(
                "flip",
                {"frame": frame, "track_id": track_id, "part": part},
                lambda draft, revision: edits.flip(draft, frame, track_id, part, self.skeleton, revision),
                rows_of=(frame, track_id),
            )

    def copy_pose(self, track_id: int, from_frame: int, to_frame: int) -> pd.DataFrame:
        """Put a person's pose of one frame into another frame.

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            from_frame, track_id = self._person(from_frame, track_id)
            to_frame = self._frame(to_frame, "to_frame")
            return self._commit(
                "copy_pose",
                {"frame": to_frame, "track_id": track_id, "from_frame": from_frame},
                lambda draft, revision: edits.copy_pose(draft, track_id, from_frame, to_frame, revision),
                rows_of=(to_frame, track_id),
            )

    def draw_box(self, frame: int, box_xywh: Sequence[float], track_id: int | None = None) -> int:
        """Say that there is a person in a box (x, y, width, height): one click; the model reads the pose in it.

        Without a network, or for a skeleton that it does not know, the person has a box and an empty pose to fill.

        Returns:
            The track id: the one given, or a new one.
        """
        frame = self._frame(frame)
        box = arguments.box(box_xywh, self.video.width, self.video.height)
        if track_id is not None:
            track_id = self._track(track_id)
        detection = None if self._detector is None else self._detector.detect_in_box(self.video[frame], box)
        with self._state.lock:
            person = self._state.new_track_id() if track_id is None else track_id
            pose = self._read(frame, detection)
            self._commit(
                "draw_box",
                {"frame": frame, "track_id": person, "box": [float(v) for v in box], "new": track_id is None},
                lambda draft, revision: edits.draw_box(draft, frame, person, box, pose, revision),
            )
        return person

    def set_box(self, frame: int, track_id: int, box_xywh: Sequence[float] | None = None) -> pd.DataFrame:
        """Put a person's box where a human says, apart from the keypoints, which stay: one click.

        No machine moves such a box, and it does not grow when a keypoint is placed outside of it. Other frames keep
        their boxes.

        Args:
            frame: 0-based.
            track_id: a person who is in it.
            box_xywh: x, y, width, height in pixels of the video, integers at pixel centres. None fits the box to the
                keypoints, a tenth of their extent beyond the outermost, and lets it follow them again.

        Returns:
            The row of `boxes`.

        Raises:
            KeyError: no such person.
            ValueError, TypeError: they are not in this frame; the box is no box on the image; there is no keypoint to
                fit it to.
        """
        with self._state.lock:
            frame, track_id = self._person(frame, track_id)
            box = None if box_xywh is None else arguments.box(box_xywh, self.video.width, self.video.height)
            stored = None if box is None else [float(v) for v in box]
            self._commit(
                "set_box",
                {"frame": frame, "track_id": track_id, "box": stored},
                lambda draft, _: edits.set_box(draft, frame, track_id, box),
            )
            record = self._state.tracks.get(track_id, [frame])
            return box_rows(np.array([frame], np.int32), np.array([track_id], np.int32), record)

    def _read(self, frame: int, detection: Any) -> np.ndarray:
        """The pose (1,) that the network reads in a drawn box; an empty one if it reads none."""
        pose = empty_poses(1, len(self.skeleton))
        if detection is None or not len(detection):
            return pose
        readings = self._state.readings
        rows = readings.between(frame, frame + 1)
        rows = rows[claims(self._state.tracks, len(readings))[rows] == -1]
        same = oks(detection.xy, readings.table.xy[rows], person_area(detection.xy), self.skeleton.sigma_array)
        if len(rows) and same.max() >= SAME_PERSON:
            row = int(rows[same[0].argmax()])
        else:
            detection = dataclasses.replace(detection, frame=np.full(len(detection), frame, np.int32))
            row = int(self._state.add_detections([], detection)[0])
        table = readings.table[[row]]
        revision = self._state.revision + 1
        score = self._detector.KEYPOINT_SCORE
        return read_poses(table.keypoints, table.box, table.score, np.array([row]), revision, score)

    def interpolate(self, track_id: int, first: int, last: int, max_gap: int = 10) -> pd.DataFrame:
        """Draw straight lines between what is known of a person from frame `first` to frame `last`, both included.

        Keypoints with two or more anchors there move in straight lines between their anchors; of the others only
        missing ones are filled. No more than `max_gap` frames in a row are written.

        Returns:
            The rows of `poses` that changed.
        """
        with self._state.lock:
            track_id = self._track(track_id)
            first, last = self._frame(first, "first"), self._frame(last, "last")
            if first >= last:
                raise ValueError(f"Expected first < last, got {first} and {last}.")
            if not isinstance(max_gap, (int, np.integer)) or isinstance(max_gap, bool) or max_gap < 1:
                raise ValueError(f"Expected max_gap as a number of frames above 0, got {max_gap!r}.")
            frames = np.arange(first, last + 1)

            def edit(draft: Draft, revision: int) -> None:
                records = draft.get(track_id, frames)
                placed = records["anchor"] & np.isfinite(records["xy"]).all(-1)
                known = np.where(placed.sum(0) >= 2, placed, np.isfinite(records["xy"]).all(-1))
                xy, mask = interpolate(records["xy"], known, 0, len(frames) - 1, int(max_gap))
                new = empty_poses(len(frames), len(self.skeleton))
                new["xy"], new["score"], new["visibility"] = xy, 0.5, OCCLUDED
                new["visibility"] = np.where(records["visibility"] > 0, records["visibility"], VISIBLE)
                new["source"], new["box_source"], new["revision"] = INTERPOLATED, INTERPOLATED, revision
                edits.write(draft, track_id, frames, new, mask)

            payload = {"track_id": track_id, "frame": first, "frame_end": last, "max_gap": int(max_gap)}
            self._commit("interpolate", payload, edit)
            return self._rows_of_revision(self._state.revision)

    def delete(self, track_id: int, frame: int | None = None, scope: str | tuple[int, int] = "frame") -> None:
        """Take a person out of a frame, or out of more: scope "frame", "onwards", "backwards", "all", (first, last).

        The whole track goes only by scope="all". The model does not find again what was deleted.
        """
        with self._state.lock:
            track_id = self._track(track_id)
            frame = None if frame is None else self._frame(frame)
            frames = np.array(arguments.scope_frames(scope, frame, len(self.video)))
            frames = np.intersect1d(frames, self._state.tracks.frames_of(track_id))
            if not len(frames):
                raise ValueError(f"Expected frames in which person {track_id} is, got none in scope={scope!r}.")
            self._commit(
                "delete",
                {"track_id": track_id, "frame": int(frames[0]), "frame_end": int(frames[-1]), "scope": scope},
                lambda draft, revision: remove(draft, track_id, frames),
            )

    def _rows_of_revision(self, revision: int) -> pd.DataFrame:
        poses = self.poses  # type: ignore[attr-defined]  # given by Views, which a Session has as well
        return poses[poses["revision"] == revision].reset_index(drop=True)
