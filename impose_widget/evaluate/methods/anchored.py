"""What all baselines have in common: anchors by person and keypoint, and an answer made of them."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from impose_widget.evaluate.methods.base import Method, Place, Start
from impose_widget.evaluate.methods.linking import link, named, person_area_of_box, seen_box


class Anchored(Method):
    """A method whose track n is person n, and whose poses follow from the keypoints that were placed.

    Attributes:
        anchors: per person and keypoint, {frame: (2,)}.
        poses: (T, N, K, 3), the answer.
        size: (N,) pixels, the square root of each person's area in the frame in which they were named.
    """

    def start(self, start: Start) -> list[int | None]:
        n_people, n_keypoints = len(start.box), len(self.footage.skeleton)
        self.named = start
        self.anchors: list[list[dict[int, np.ndarray]]] = [[{} for _ in range(n_keypoints)] for _ in range(n_people)]
        with np.errstate(invalid="ignore"):
            size = np.sqrt(person_area_of_box(start.box))
        self.size = np.where(np.isfinite(size), size, np.nanmedian(size))
        self.poses = np.full((len(self.footage), n_people, n_keypoints, 3), np.nan)
        self._looked = np.zeros(self.poses.shape[:2], int)
        self._suggested: Place | None = None
        self.prepare()
        if start.poses is not None:
            for n, k in zip(*np.nonzero(np.isfinite(start.poses).all(-1)), strict=True):
                self.anchors[n][k][start.frame] = start.poses[n, k].astype(float)
        for n in range(n_people):
            for k in range(n_keypoints):
                self.update(n, k)
        return list(range(n_people))

    @abstractmethod
    def prepare(self) -> None:
        """What is done once, before the first click."""

    @abstractmethod
    def update(self, n: int, k: int) -> None:
        """Work out the poses of one keypoint of one person from its anchors."""

    @abstractmethod
    def doubt(self) -> np.ndarray:
        """(T, N, K): how unsure the method is of each keypoint; the annotator looks at the largest first."""

    def tracks(self) -> dict[int, np.ndarray]:
        return {n: self.poses[:, n] for n in range(self.poses.shape[1])}

    def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
        self.anchors[track_id][keypoint][frame] = np.array(xy, float)
        self._looked[frame, track_id] += 1
        self.update(track_id, keypoint)

    def suggest(self) -> Place | None:
        """The pose of which it is least sure in all; a place that was visited counts less each time."""
        doubt = np.nan_to_num(self.doubt(), nan=1.0)
        for n, of_person in enumerate(self.anchors):
            for k, placed in enumerate(of_person):
                doubt[list(placed), n, k] = 0
        total = doubt.sum(-1) / (1 + 0.5 * self._looked)
        frame, n = np.unravel_index(np.argmax(total), total.shape)
        self._suggested = Place(int(frame), int(n))
        return self._suggested

    def looked(self, right: bool) -> None:
        if right and self._suggested is not None:
            self._looked[self._suggested.frame, self._suggested.track_id] += 1

    def distance(self, n: int, k: int) -> np.ndarray:
        """(T,) frames to the nearest anchor; T where there is none."""
        frames = np.arange(len(self.poses))
        placed = np.array(sorted(self.anchors[n][k]))
        if not len(placed):
            return np.full(len(frames), float(len(frames)))
        return np.abs(frames[:, None] - placed).min(1).astype(float)

    def distances(self) -> np.ndarray:
        """The same of all, (T, N, K)."""
        return np.stack(
            [np.stack([self.distance(n, k) for k in range(len(of))], 1) for n, of in enumerate(self.anchors)], 1
        )


class Detected(Anchored):
    """A method with a detector: people are linked from the frame in which they were named, and relinked by a click."""

    needs_network = True

    def detect(self) -> np.ndarray:
        """Detections of each person (T, N, K, 3), NaN where there is none."""
        self._known = [{self.named.frame} for _ in self.named.box]
        self.linked = link(self.footage.readings(), self.named, self.footage.skeleton)
        return self.linked

    def relinked(self) -> None:
        """Whatever follows from other detections being somebody's."""

    def swap(self, frame: int, a: int, b: int) -> bool:
        self.linked[frame:, [a, b]] = self.linked[frame:, [b, a]]
        self._renew(a, b)
        return True

    def _renew(self, *people: int) -> None:
        self.relinked()
        for n in people:
            for k in range(len(self.footage.skeleton)):
                self.update(n, k)

    def candidates(self, frame: int) -> dict[int, np.ndarray]:
        return dict(enumerate(self.footage.readings()[frame]))

    def assign(self, frame: int, track_id: int | None, reference: int) -> int:
        """This detection is this person: link from it, onwards to the next frame that a human named them in, and back
        as far as they were missing."""
        assert track_id is not None  # every person has a track here
        readings, known = self.footage.readings(), self._known[track_id]
        pose = readings[frame][reference]
        start = Start(frame, seen_box(pose[None]), pose[None, :, :2])
        found = link(readings, start, self.footage.skeleton)[:, 0]
        found[frame] = pose
        stop = min((t for t in known if t > frame), default=len(readings))
        floor = max((t for t in known if t < frame), default=-1)
        self.linked[frame:stop, track_id] = found[frame:stop]
        for t in range(frame - 1, floor, -1):
            if np.isfinite(self.linked[t, track_id, 0, 0]):
                break
            self.linked[t, track_id] = found[t]
        known.add(frame)
        self._renew(track_id)
        return track_id


def first_poses(method: Anchored) -> np.ndarray:
    """(N, K, 2) where the network sees the keypoints in the frame in which people were named, if it is there to ask.

    What a tool without per-frame detection starts from; NaN where nothing was found or a pose was given.
    """
    footage, start = method.footage, method.named
    out = np.full((len(start.box), len(footage.skeleton), 2), np.nan)
    if start.poses is None and footage.has_network:
        poses = footage.readings()[start.frame]
        for n, j in named(poses, start, footage.skeleton):
            out[n] = poses[j, :, :2]
    return out
