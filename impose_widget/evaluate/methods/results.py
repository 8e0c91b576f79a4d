"""Results of other tools, from files: their poses, then edited by the annotator one keypoint at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import box_iou, pose_box
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method, Start
from impose_widget.evaluate.methods.baselines import EditedDetections
from impose_widget.evaluate.methods.linking import NAMED
from impose_widget.evaluate.truth import arrays_of_poses, check_video


def results_of(footage: Footage, path: str | Path, name: str | None = None, format: str | None = None) -> Method:
    """Results in a file as a method: with the file's identities, or, if it has none, linked as detections are.

    Raises:
        ValueError: the file is of another video or skeleton.
    """
    method = Results(footage, path, name, format)
    if method.has_identities:
        return method
    edited = EditedDetections(footage.reading(method.readings()))
    edited.name = method.name
    return edited


class Results(Method):
    """Poses that AlphaPose, X-AnyLabeling, DSTA or anybody wrote as COCO or PoseTrack JSON (or any format we read).

    Identities are those of the file. A click changes one keypoint in one frame, a repaired identity goes on with the
    file's other track.

    Args:
        footage: the video.
        path: of the file.
        name: for reports; None: the name of the file.
        format: of the file; None: by its name.

    Raises:
        ValueError: the file is of another video or skeleton.
    """

    def __init__(self, footage: Footage, path: str | Path, name: str | None = None, format: str | None = None) -> None:
        super().__init__(footage)
        from impose_widget.io import read

        self.name = name or Path(path).stem
        poses, video = read(path, format), footage.video
        check_video(poses, len(footage), (video.width, video.height), str(path))
        xy, _, score, ids, _ = arrays_of_poses(poses, len(footage), footage.skeleton, str(path))
        self._file = {i: np.concatenate([xy[:, m], score[:, m, :, None]], -1) for m, i in enumerate(ids)}

    @property
    def has_identities(self) -> bool:
        """Whether anybody is in two frames."""
        return any(np.isfinite(poses[:, :, 0]).any(1).sum() > 1 for poses in self._file.values())

    def readings(self) -> list[np.ndarray]:
        """Per frame, everybody's pose (n, K, 3), whoever they are."""
        poses = np.stack(list(self._file.values()), 1)
        poses[..., 2] = np.nan_to_num(poses[..., 2], nan=1.0)
        return [of[np.isfinite(of[..., 0]).all(1)] for of in poses]

    def start(self, start: Start) -> list[int | None]:
        self._tracks = {i: poses.copy() for i, poses in self._file.items()}
        boxes = np.stack([pose_box(poses[start.frame, :, :2]) for poses in self._tracks.values()])
        ids, owners = list(self._tracks), [None] * len(start.box)
        similar = box_iou(start.box, boxes)
        for n, j in zip(*linear_sum_assignment(-similar), strict=True):
            if similar[n, j] > NAMED:
                owners[n] = ids[j]
        if start.poses is not None:
            for n, k in zip(*np.nonzero(np.isfinite(start.poses).all(-1)), strict=True):
                if owners[n] is None:
                    owners[n] = self.draw(start.frame, start.box[n])
                self.click(start.frame, owners[n], int(k), tuple(start.poses[n, k]))
        return owners

    def tracks(self) -> dict[int, np.ndarray]:
        return {i: poses.copy() for i, poses in self._tracks.items()}

    def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
        self._tracks[track_id][frame, keypoint] = *xy, 1.0

    def candidates(self, frame: int) -> dict[int, np.ndarray]:
        return {i: p[frame] for i, p in self._tracks.items() if np.isfinite(p[frame, :, 0]).any()}

    def assign(self, frame: int, track_id: int | None, reference: int) -> int:
        if track_id is None:
            return reference
        both = self._tracks[track_id][frame:].copy()
        self._tracks[track_id][frame:] = self._tracks[reference][frame:]
        self._tracks[reference][frame:] = both
        return track_id

    def swap(self, frame: int, a: int, b: int) -> bool:
        self.assign(frame, a, b)
        return True

    def draw(self, frame: int, box: np.ndarray) -> int | None:
        """Somebody new, without a pose: the file has none."""
        new = max(self._tracks, default=-1) + 1
        self._tracks[new] = np.full((len(self.footage), len(self.footage.skeleton), 3), np.nan)
        return new
