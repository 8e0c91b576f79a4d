"""What a product has to beat: keyframes, edited detections, flow alone, a carried residual, and flow with detections.

None of them sees the labels beyond who is who at the start, and the clicks.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from impose_widget.evaluate.methods.anchored import Anchored, Detected, first_poses
from impose_widget.evaluate.methods.linking import close_gaps
from impose_widget.evaluate.methods.local_flow import LocalFlow, PointTracker
from impose_widget.propagate.readings import smooth_readings

FADES = 10.0
"""Frames in which the residual of a correction fades beyond the outermost anchor."""


class Keyframes(Anchored):
    """Straight lines between what was placed, keypoint by keypoint: a skeleton track of CVAT.

    It starts from a detection in the first frame, each keypoint of which the first click on it replaces.
    """

    name = "keyframes"

    def prepare(self) -> None:
        self.given = first_poses(self)

    def placed(self, n: int, k: int) -> dict[int, np.ndarray]:
        """Anchors of a keypoint, and what it started from, unless that was replaced."""
        placed = dict(self.anchors[n][k])
        if self.named.frame not in placed and np.isfinite(self.given[n, k]).all():
            placed[self.named.frame] = self.given[n, k]
        return placed

    def update(self, n: int, k: int) -> None:
        placed = self.placed(n, k)
        if placed:
            self.poses[:, n, k, :2] = _lines(placed, len(self.poses))
            self.poses[:, n, k, 2] = 1

    def doubt(self) -> np.ndarray:
        return self.distances()


class EditedDetections(Detected):
    """The network in every frame; a click changes one keypoint in one frame: X-AnyLabeling, AlphaPose with edits."""

    name = "detections"

    def prepare(self) -> None:
        self.poses = self.detect().copy()

    def update(self, n: int, k: int) -> None:
        self.poses[:, n, k] = self.linked[:, n, k]
        for frame, xy in self.anchors[n][k].items():
            self.poses[frame, n, k] = *xy, 1

    def doubt(self) -> np.ndarray:
        return 1 - np.nan_to_num(self.poses[..., 2])


class FlowAlone(Keyframes):
    """Points followed from every anchor both ways, blended between two anchors; no detection but in the first frame.

    Args:
        footage: the video.
        tracker: follows points; None: Lucas-Kanade with a window that fits the people.
    """

    name = "flow"

    def __init__(self, footage, tracker: PointTracker | None = None) -> None:
        super().__init__(footage)
        self._tracker = tracker

    def prepare(self) -> None:
        super().prepare()
        if self._tracker is None:
            window = int(np.clip(0.2 * np.median(self.size), 11, 31)) if self.footage.has_network else 15
            self._tracker = LocalFlow(self.footage, window)
        self.apart = np.ones(self.poses.shape[:3])

    def placed(self, n: int, k: int) -> dict[int, np.ndarray]:
        """Anchors of a keypoint; as long as there are none, what it started from."""
        return dict(self.anchors[n][k]) or super().placed(n, k)

    def update(self, n: int, k: int) -> None:
        placed = self.placed(n, k)
        if placed:
            self.poses[:, n, k, :2], self.poses[:, n, k, 2], self.apart[:, n, k] = self.carried(n, placed)

    def carried(self, n: int, placed: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (T, 2), trust (T,), and how far flows from two anchors are apart (T,), in sizes of the person."""
        n_frames, frames = len(self.poses), sorted(placed)
        xy, trust, apart = np.full((n_frames, 2), np.nan), np.zeros(n_frames), np.zeros(n_frames)
        first, last = frames[0], frames[-1]
        before, trust_before = self._tracker.follow(first, placed[first], -1)
        after, trust_after = self._tracker.follow(last, placed[last], 1)
        xy[:first], trust[:first] = before[:first], trust_before[:first]
        xy[last + 1 :], trust[last + 1 :] = after[last + 1 :], trust_after[last + 1 :]
        for a, b in pairwise(frames):
            inside = np.arange(a + 1, b)
            xy[inside], trust[inside], apart[inside] = self._between(n, placed, a, b)
        for frame, place in placed.items():
            xy[frame], trust[frame] = place, 1
        return xy, trust, apart

    def _between(
        self, n: int, placed: dict[int, np.ndarray], a: int, b: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Two flows and a straight line made one; each flow's miss of the other anchor is spread along its way."""
        ahead, trust_ahead = self._tracker.follow(a, placed[a], 1)
        behind, trust_behind = self._tracker.follow(b, placed[b], -1)
        inside = np.arange(a + 1, b)
        share = (inside - a) / (b - a)
        miss_ahead = np.linalg.norm(ahead[b] - placed[b]) / self.size[n]
        miss_behind = np.linalg.norm(behind[a] - placed[a]) / self.size[n]
        w_ahead = (1 - share) * trust_ahead[inside] / (0.02 + miss_ahead)
        w_behind = share * trust_behind[inside] / (0.02 + miss_behind)
        w_line = 0.5
        line = placed[a] + share[:, None] * (placed[b] - placed[a])
        bent_ahead = ahead[inside] + share[:, None] * (placed[b] - ahead[b])
        bent_behind = behind[inside] + (1 - share)[:, None] * (placed[a] - behind[a])
        mixed = w_ahead[:, None] * bent_ahead + w_behind[:, None] * bent_behind + w_line * line
        trust = np.maximum((1 - share) * trust_ahead[inside], share * trust_behind[inside])
        apart = np.linalg.norm(bent_ahead - bent_behind, axis=1) / self.size[n]
        return mixed / (w_ahead + w_behind + w_line)[:, None], trust, apart

    def doubt(self) -> np.ndarray:
        far = self.distances()
        unsure = np.minimum(far, 20) / 20 * (1.2 - np.nan_to_num(self.poses[..., 2]))
        return unsure + np.minimum(self.apart * 3, 1) * (far > 0)


class CarriedResidual(EditedDetections):
    """Detections; what a correction says about the detector's error is carried to the frames around it.

    Linear between two anchors, fading beyond the outermost.
    """

    name = "residual"

    def prepare(self) -> None:
        self.found = close_gaps(self.detect())
        self.poses = self.found.copy()

    def relinked(self) -> None:
        self.found = close_gaps(self.linked)

    def update(self, n: int, k: int) -> None:
        placed = self.anchors[n][k]
        if np.isfinite(self.found[:, n, k]).all():
            self.poses[:, n, k, :2] = self.found[:, n, k, :2] + _residual(placed, self.found[:, n, k, :2])
            self.poses[:, n, k, 2] = self.found[:, n, k, 2]
        elif placed:  # somebody whom the detector never found
            self.poses[:, n, k, :2] = _lines(placed, len(self.poses))
            self.poses[:, n, k, 2] = 0.1
        for frame, xy in placed.items():
            self.poses[frame, n, k] = *xy, 1

    def doubt(self) -> np.ndarray:
        return (1 - np.nan_to_num(self.poses[..., 2])) * np.minimum(self.distances(), FADES) / FADES


class FlowWithDetections(Detected, FlowAlone):
    """Flow from the anchors and smoothed detections with the residual carried, weighted by how sure each is.

    Where they contradict each other, the more certain one is taken. A detection that a click refutes makes its
    neighbours suspect.
    """

    name = "fusion"

    def prepare(self) -> None:
        FlowAlone.prepare(self)
        self.detect()
        self.relinked()
        self.variance = np.ones(self.poses.shape[:3])

    def relinked(self) -> None:
        closed = close_gaps(self.linked)
        self.found = np.stack([smooth_readings(closed[:, n]) for n in range(closed.shape[1])], 1)

    def update(self, n: int, k: int) -> None:
        size, placed = self.size[n], self.anchors[n][k]
        found, score = self.found[:, n, k, :2], np.nan_to_num(self.found[:, n, k, 2])
        found_var = (size * (0.05 + 0.15 * (1 - score) ** 2)) ** 2
        if not placed:
            self.poses[:, n, k, :2], self.poses[:, n, k, 2] = found, score
            self.variance[:, n, k] = found_var / size**2
            return
        flow, trust, apart = self.carried(n, placed)
        far = self.distance(n, k)
        flow_var = (size * (0.005 + 0.007 * far + 0.5 * apart)) ** 2 / np.maximum(trust, 0.05) ** 2
        xy, variance = self._fused(placed, size, found, found_var, flow, flow_var)
        for frame, place in placed.items():
            xy[frame] = place
        self.poses[:, n, k, :2] = xy
        self.variance[:, n, k] = np.where(far == 0, 0, variance / size**2)
        self.poses[:, n, k, 2] = np.exp(-np.sqrt(self.variance[:, n, k]) * 8)

    def _fused(
        self,
        placed: dict[int, np.ndarray],
        size: float,
        found: np.ndarray,
        found_var: np.ndarray,
        flow: np.ndarray,
        flow_var: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Positions (T, 2) and their variance (T,)."""
        has = np.isfinite(found).all(-1)
        residual = _residual(placed, found, 0.25 * size) if has.all() else np.zeros(found.shape)
        for frame, xy in placed.items():
            refuted = ((found[frame] - xy) ** 2).sum() if has[frame] else 0.0
            if refuted > (0.25 * size) ** 2:
                found_var = found_var + refuted * np.exp(-0.5 * ((np.arange(len(found)) - frame) / 8.0) ** 2)
        read = np.where(has[:, None], found + residual, flow)
        found_var = np.where(has, found_var, 1e12)
        weight = found_var / (found_var + flow_var)
        contradict = np.linalg.norm(flow - read, axis=1) > 2.5 * np.sqrt(found_var + flow_var)
        weight = np.where(contradict, (flow_var < found_var).astype(float), weight)
        xy = weight[:, None] * flow + (1 - weight)[:, None] * read
        off = ((flow - read) ** 2).sum(-1)
        both = found_var * flow_var / (found_var + flow_var)
        return xy, np.where(contradict, np.minimum(found_var, flow_var) + 0.25 * off, both)

    def doubt(self) -> np.ndarray:
        return np.minimum(np.sqrt(self.variance), 0.5)


def _lines(placed: dict[int, np.ndarray], n_frames: int) -> np.ndarray:
    """(T, 2): straight lines through positions, the outermost held."""
    frames = sorted(placed)
    at = np.arange(n_frames)
    return np.stack([np.interp(at, frames, [placed[t][c] for t in frames]) for c in range(2)], -1)


def _residual(placed: dict[int, np.ndarray], found: np.ndarray, most: float = np.inf) -> np.ndarray:
    """(T, 2): how far off the detector is, as the anchors tell; residuals above `most` are no habit: left out."""
    frames = [t for t in sorted(placed) if np.isfinite(found[t, 0])]
    if not frames:
        return np.zeros(found.shape)
    off = np.array([placed[t] - found[t] for t in frames])
    off = off * (np.linalg.norm(off, axis=1, keepdims=True) <= most)
    at = np.arange(len(found))
    out = np.stack([np.interp(at, frames, off[:, c]) for c in range(2)], -1)
    beyond = np.maximum(np.maximum(frames[0] - at, at - frames[-1]), 0)
    return out * np.exp(-beyond / FADES)[:, None]


BASELINES = {kind.name: kind for kind in (Keyframes, EditedDetections, FlowAlone, CarriedResidual, FlowWithDetections)}
