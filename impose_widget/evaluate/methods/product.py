"""The product: `Session` driven through the calls that a user has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import box_iou, oks, pose_box
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method, Place, Start
from impose_widget.evaluate.methods.linking import NAMED, person_area_of_box
from impose_widget.evaluate.truth import arrays_of_poses

if TYPE_CHECKING:
    from impose_widget.core.detections import Detections
    from impose_widget.session import Session

LEAST_SIDE = 8.0  # pixels of a box that is drawn


@dataclass(frozen=True, slots=True)
class Settings:
    """Which parts of the product take part: the rows of an ablation.

    Attributes:
        propagate: carry corrections to other frames (else a click changes one frame).
        associate: who is who over time: "product"; "iou", each detection continues the person whose last box it covers
            best; "none", everybody is new in every frame. The last two take the detections in as somebody's reading.
        search: frames in which people are looked for; None for all.
    """

    propagate: bool = True
    associate: str = "product"
    search: tuple[int, ...] | None = None


class Product(Method):
    """`impose_widget.Session` in memory: initialise, correct, propagate, assign, draw boxes, ask for the next issue.

    Args:
        footage: the video; its detections are shared with the baselines.
        settings: parts to leave out.
    """

    name = "impose"

    def __init__(self, footage: Footage, settings: Settings | None = None) -> None:
        super().__init__(footage)
        self.settings = settings or Settings()
        self.session: Session | None = None

    def open(self) -> Session:
        """The session to be driven; nobody is in it yet."""
        from impose_widget.session import Session

        footage = self.footage
        detector = SharedDetections(footage) if footage.has_network else None
        return Session.open(footage.source, model=detector, skeleton=footage.skeleton, store=None)

    def start(self, start: Start) -> list[int | None]:
        footage = self.footage
        self.session = self.open()
        self._issue: pd.Series | None = None
        if self.settings.associate == "product":
            self.session.initialize(frames=self.settings.search, progress=False)
        elif footage.has_network:
            self.session.load(linked_naively(footage, self.settings.associate == "iou"), link=False)
        self._changed()
        owners = self._owners(start)
        for n, owner in enumerate(owners):
            if owner is None and np.isfinite(start.box[n]).all():
                owners[n] = self.session.draw_box(start.frame, drawn_box(start.box[n]))
        if start.poses is not None:
            self._place(start, owners)
        self._changed()
        return owners

    def _place(self, start: Start, owners: Sequence[int | None]) -> None:
        names = self.footage.skeleton.keypoints
        for n, k in zip(*np.nonzero(np.isfinite(start.poses).all(-1)), strict=True):
            if owners[n] is not None:
                self.session.correct(start.frame, owners[n], names[k], tuple(start.poses[n, k].tolist()))
        self.carry(start.frame)

    def _owners(self, start: Start) -> list[int | None]:
        """The tracks of the people who were named: Hungarian on IoU of boxes, and OKS where the pose is known."""
        here = {i: poses[start.frame] for i, poses in self.tracks().items()}
        here = {i: pose for i, pose in here.items() if np.isfinite(pose_box(pose[:, :2])).all()}
        out: list[int | None] = [None] * len(start.box)
        if not here:
            return out
        ids, poses = list(here), np.stack(list(here.values()))
        similar = box_iou(start.box, pose_box(poses[..., :2]))
        if start.poses is not None:
            area = person_area_of_box(start.box)
            similar = similar + oks(start.poses, poses[..., :2], area, self.footage.skeleton.sigma_array)
        for n, j in zip(*linear_sum_assignment(-similar), strict=True):
            if similar[n, j] > NAMED:
                out[n] = ids[j]
        return out

    def _changed(self) -> None:
        self._tracks = None

    def _read(self) -> dict[int, np.ndarray]:
        xy, _, score, ids, _ = arrays_of_poses(
            self.session.poses, len(self.footage), self.footage.skeleton, "the session"
        )
        both = np.concatenate([xy, score[..., None]], -1)
        return {i: both[:, m] for m, i in enumerate(ids)}

    def tracks(self) -> dict[int, np.ndarray]:
        if self._tracks is None:
            self._tracks = self._read()
        return self._tracks

    def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
        self.session.correct(frame, track_id, self.footage.skeleton.keypoints[keypoint], self._on_image(xy))
        self._changed()

    def _on_image(self, xy: tuple[float, float]) -> tuple[float, float]:
        """Labels may lie a little outside the image, clicks cannot."""
        video = self.footage.video
        return (float(np.clip(xy[0], -0.5, video.width - 0.5)), float(np.clip(xy[1], -0.5, video.height - 0.5)))

    def carry(self, frame: int, direction: str = "both") -> None:
        if self.settings.propagate:
            self.session.propagate(frame, direction=direction, progress=False)
            self._changed()

    def candidates(self, frame: int) -> dict[int, np.ndarray]:
        return {i: p[frame] for i, p in self.tracks().items() if np.isfinite(p[frame, :, :2]).all(-1).sum() > 1}

    def assign(self, frame: int, track_id: int | None, reference: int) -> int:
        if track_id is None:
            return reference
        self.session.assign(frame, reference, track_id)
        self._changed()
        return track_id

    def draw(self, frame: int, box: np.ndarray) -> int | None:
        track_id = self.session.draw_box(frame, drawn_box(box))
        self._changed()
        return track_id

    def swap(self, frame: int, a: int, b: int) -> bool:
        self.session.swap(a, b, frame)
        self._changed()
        return True

    def suggest(self) -> Place | None:
        """The next open issue."""
        self._issue = self.session.next_issue()
        if self._issue is None:
            return None
        named = self._issue["keypoint"]
        keypoint = None if named is None else self.footage.skeleton.index(named)
        return Place(int(self._issue["frame"]), int(self._issue["track_id"]), keypoint)

    def looked(self, right: bool) -> None:
        if right and self._issue is not None:
            issues = self.session.issues
            if (issues["issue"] == self._issue["issue"]).any():
                self.session.resolve_issue(self._issue, "accepted")

    def close(self) -> None:
        if self.session is not None:
            self.session.close()


def drawn_box(box: np.ndarray) -> tuple[float, float, float, float]:
    """A labelled box (x, y, width, height) as somebody would draw it: of a person with one label it has no extent."""
    size = np.maximum(box[2:], LEAST_SIDE)
    x, y = box[:2] + (box[2:] - size) / 2
    return float(x), float(y), float(size[0]), float(size[1])


class SharedDetections:
    """The detector of a session, answering from what was found once for all methods.

    Boxes that are drawn are looked at by the network itself.
    """

    def __init__(self, footage: Footage) -> None:
        self.KEYPOINT_SCORE = footage.detector().KEYPOINT_SCORE
        self._footage = footage

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        """See `impose_widget.detect.Detector`."""
        found = self._footage.detections()
        return found[np.isin(found.frame, np.asarray(indices))]

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Any:
        """See `impose_widget.detect.Detector`."""
        return self._footage.detector().detect_in_box(frame, box)


def linked_naively(footage: Footage, by_boxes: bool) -> pd.DataFrame:
    """The detections as a table of poses: everybody new in every frame, or who covers the last box best goes on."""
    last: dict[int, np.ndarray] = {}
    rows, free = [], 0
    names = footage.skeleton.keypoints
    for frame, poses in enumerate(footage.readings()):
        owner = np.full(len(poses), -1)
        boxes = pose_box(poses[..., :2]).reshape(len(poses), 4)
        if by_boxes and last and len(poses):
            ids = list(last)
            cover = box_iou(np.stack([last[i] for i in ids]), boxes)
            for i, j in zip(*linear_sum_assignment(-cover), strict=True):
                if cover[i, j] >= 0.3:
                    owner[j] = ids[i]
        last = {}
        for j in range(len(poses)):
            if owner[j] < 0:
                owner[j], free = free, free + 1
            last[int(owner[j])] = boxes[j]
            rows.append(
                pd.DataFrame(
                    {"keypoint": names, "x": poses[j, :, 0], "y": poses[j, :, 1], "score": poses[j, :, 2]}
                ).assign(frame=frame, track_id=int(owner[j]))
            )
    return pd.concat(rows, ignore_index=True)
