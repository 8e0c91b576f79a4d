"""Detections linked to people who were named in one frame: what baselines have instead of a tracker."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import box_iou, oks, person_area
from impose_widget.core.skeleton import Skeleton
from impose_widget.evaluate.methods.base import Start

NAMED = 0.2  # similarity above which a detection is the person named
LINKED = 0.5  # similarity above which a detection continues a person
MEMORY = 45  # frames without a detection after which somebody is given up
LOOSE = 4  # times the area, because people move between two frames
COASTING = 5  # frames for which a lost person is thought to keep moving
GAP_SCORE = 0.05


def link(readings: list[np.ndarray], start: Start, skeleton: Skeleton) -> np.ndarray:
    """The detections of each person, both ways from the frame in which they were named; (T, N, K, 3), NaN for none.

    Hungarian matching on OKS with the person's last pose, moved on with its speed, plus IoU of boxes.

    Args:
        readings: per frame, (n, K, 3).
        start: who is who in one frame.
        skeleton: of the poses.
    """
    n_people = len(start.box)
    out = np.full((len(readings), n_people, len(skeleton), 3), np.nan)
    for n, j in named(readings[start.frame], start, skeleton):
        out[start.frame, n] = readings[start.frame][j]
    for step in (1, -1):
        people = _People(start.box.copy(), out[start.frame].copy(), skeleton)
        frame = start.frame + step
        while 0 <= frame < len(readings):
            for n, j in people.take(readings[frame]):
                out[frame, n] = readings[frame][j]
            frame += step
    return out


def named(poses: np.ndarray, start: Start, skeleton: Skeleton) -> list[tuple[int, int]]:
    """(person, detection) of the frame in which people were named: by box, and by pose where it is known."""
    if not len(poses):
        return []
    similar = box_iou(start.box, seen_box(poses))
    if start.poses is not None:
        area = person_area_of_box(start.box)
        similar = similar + oks(start.poses, poses[..., :2], area, skeleton.sigma_array)
    return [(n, j) for n, j in _pairs(similar) if similar[n, j] > NAMED]


def seen_box(poses: np.ndarray, least: float = 0.1) -> np.ndarray:
    """Boxes (n, 4) around the keypoints of poses (n, K, 3) that are not mere guesses (all, if fewer than three)."""
    seen = poses[..., 2] >= least
    seen = np.where(seen.sum(-1, keepdims=True) >= 3, seen, True)[..., None]
    low = np.where(seen, poses[..., :2], np.inf).min(-2)
    high = np.where(seen, poses[..., :2], -np.inf).max(-2)
    return np.concatenate([low, high - low], -1)


def person_area_of_box(box: np.ndarray) -> np.ndarray:
    """Areas (N,) of people in boxes (N, 4)."""
    corners = np.stack([box[..., :2], box[..., :2] + box[..., 2:]], -2)
    return person_area(corners)


class _People:
    """People on their way through time: where each was last, how fast, and for how long nobody saw them."""

    def __init__(self, box: np.ndarray, pose: np.ndarray, skeleton: Skeleton) -> None:
        self.box, self.pose, self.sigmas = box, pose, skeleton.sigma_array
        self.speed, self.missed = np.zeros((len(box), 2)), np.zeros(len(box), int)

    def take(self, poses: np.ndarray) -> list[tuple[int, int]]:
        """The (person, detection) pairs of the next frame; everybody moves on."""
        pairs = []
        if len(poses):
            similar, boxes = self._similar(poses), seen_box(poses)
            for n, j in _pairs(similar):
                if similar[n, j] > LINKED and self.missed[n] <= MEMORY:
                    pairs.append((n, j))
                    self._seen(n, poses[j], boxes[j])
        for n in set(range(len(self.box))) - {n for n, _ in pairs}:
            self.missed[n] += 1
            self.speed[n] *= 0.8
        return pairs

    def _similar(self, poses: np.ndarray) -> np.ndarray:
        shift = self.speed * np.minimum(self.missed + 1, COASTING)[:, None]
        box = np.concatenate([self.box[:, :2] + shift, self.box[:, 2:]], 1)
        with np.errstate(invalid="ignore"):
            area = np.nan_to_num(person_area_of_box(box), nan=1.0) * LOOSE * (1 + 0.15 * self.missed)
        moved = self.pose[..., :2] + shift[:, None]
        whole = np.isfinite(self.pose).all((1, 2))[:, None]
        similar = box_iou(box, seen_box(poses)) + 2 * np.where(whole, oks(moved, poses[..., :2], area, self.sigmas), 0)
        return np.where(np.isfinite(box).all(1)[:, None], similar, 0.0)

    def _seen(self, n: int, pose: np.ndarray, box: np.ndarray) -> None:
        middle, before = box[:2] + box[2:] / 2, self.box[n, :2] + self.box[n, 2:] / 2
        self.speed[n] = 0.7 * self.speed[n] + 0.3 * (middle - before) / (self.missed[n] + 1)
        self.pose[n], self.box[n], self.missed[n] = pose, box, 0


def _pairs(similar: np.ndarray) -> list[tuple[int, int]]:
    return [(int(n), int(j)) for n, j in zip(*linear_sum_assignment(-similar), strict=True)]


def close_gaps(poses: np.ndarray) -> np.ndarray:
    """(T, N, K, 3) without holes: straight lines between detections, the outermost held."""
    out = poses.copy()
    frames = np.arange(len(poses))
    for n in range(poses.shape[1]):
        known = np.isfinite(poses[:, n, 0, 0])
        if known.all() or not known.any():
            continue
        flat = poses[known, n, :, :2].reshape(known.sum(), -1)
        filled = np.stack([np.interp(frames[~known], frames[known], column) for column in flat.T], -1)
        out[~known, n, :, :2] = filled.reshape(-1, *poses.shape[2:3], 2)
        out[~known, n, :, 2] = GAP_SCORE
    return out
