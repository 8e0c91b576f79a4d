"""True people over time, and the detections that an imperfect detector makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import person_area, pose_box
from impose_widget.core.skeleton import COCO17


@dataclass(frozen=True)
class Truth:
    """Who was where: `xy` (T, N, 17, 2), NaN where absent; `occluded` (T, N, 17) bool; `size` (W, H)."""

    name: str
    xy: np.ndarray
    occluded: np.ndarray
    size: tuple[int, int]

    @property
    def present(self) -> np.ndarray:
        """(T, N) bool: at least four keypoints are known."""
        return np.isfinite(self.xy).all(-1).sum(-1) >= 4


@dataclass(frozen=True)
class Flaws:
    """How a detector errs.

    Attributes:
        drop: share of detections that is missing at random.
        gap: frames of an absence that everybody who is there long enough has once (0: none).
        noise: standard deviation of a keypoint, in COCO sigmas of the person's size; doubled where occluded.
        duplicates: expected second detections of the same person, per frame.
        phantoms: expected detections of nobody, per frame.
    """

    drop: float = 0.0
    gap: int = 0
    noise: float = 1.0
    duplicates: float = 0.1
    phantoms: float = 0.1


def walking(n_frames: int, n_people: int, seed: int = 0) -> Truth:
    """People who walk to and fro in a wide picture."""
    rng = np.random.default_rng(seed)
    shape = rng.normal(0, (12, 35), (n_people, 17, 2))
    start, speed = rng.uniform(0, 1800, (n_people, 2)), rng.uniform(-3, 3, (n_people, 2))
    middle = np.abs((start + np.arange(n_frames)[:, None, None] * speed) % 3600 - 1800)
    xy = middle[:, :, None] + shape
    return Truth("walking", xy, np.zeros(xy.shape[:3], bool), (1800, 1800))


def detect(truth: Truth, flaws: Flaws, seed: int = 0) -> tuple[Detections, np.ndarray]:
    """Detections of true people with the flaws of a detector, and whose each is: (M,) the column in `truth`, or -1."""
    rng = np.random.default_rng(seed)
    seen = truth.present & (rng.random(truth.present.shape) >= flaws.drop) & ~_absences(truth.present, flaws.gap, rng)
    frame, person = np.nonzero(seen)
    pose = _read(truth.xy[frame, person], truth.occluded[frame, person], flaws.noise, rng)
    share = truth.occluded[frame, person].mean(1)
    score = np.clip(0.65 - 0.6 * share + rng.normal(0, 0.1, len(frame)), 0.06, 0.95)

    again = rng.random(len(frame)) < flaws.duplicates * truth.xy.shape[0] / max(len(frame), 1)
    twice = pose[again].copy()
    width = pose_box(twice[..., :2])[:, 2:].max(1, initial=1)[:, None, None]
    twice[..., :2] += (
        rng.normal(0, 0.04, (again.sum(), 1, 2)) * width + rng.normal(0, 0.02, twice.shape[:2] + (2,)) * width
    )

    n = rng.poisson(flaws.phantoms * truth.xy.shape[0]) if len(pose) else 0
    ghost = pose[rng.integers(0, max(len(pose), 1), n)].copy()
    box = pose_box(ghost[..., :2])
    ghost[..., :2] += (rng.random((n, 2)) * (np.array(truth.size) - box[:, 2:]) - box[:, :2])[:, None]

    frames = np.concatenate([frame, frame[again], rng.integers(0, truth.xy.shape[0], n)])
    poses = np.concatenate([pose, twice, ghost])
    scores = np.concatenate([score, score[again] * rng.uniform(0.2, 0.9, again.sum()), rng.uniform(0.06, 0.45, n)])
    owner = np.concatenate([person, np.full(again.sum() + n, -1)])
    order = np.lexsort((rng.random(len(frames)), frames))  # shuffled within a frame
    boxes = _loose(pose_box(poses[..., :2]), rng)
    found = Detections(
        frames.astype(np.int32), poses.astype(np.float32), boxes.astype(np.float32), scores.astype(np.float32)
    )
    return found[order], owner[order]


def _absences(present: np.ndarray, gap: int, rng: np.random.Generator) -> np.ndarray:
    out = np.zeros_like(present)
    for n in range(present.shape[1]):
        there = np.flatnonzero(present[:, n])
        if gap and len(there) >= gap + 12:
            start = there[rng.integers(6, len(there) - gap - 5)]
            out[start : start + gap, n] = True
    return out


def _read(xy: np.ndarray, occluded: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """(M, 17, 3): noisy readings; keypoints that the truth lacks are guessed badly, with a low score."""
    size = np.sqrt(person_area(xy))[:, None]
    known = np.isfinite(xy).all(-1)
    spread = noise * COCO17.sigma_array * size * np.where(occluded, 2, 1)
    box = pose_box(xy)
    guess = box[:, None, :2] + rng.random(xy.shape) * box[:, None, 2:]
    read = np.where(known[..., None], xy, guess) + rng.normal(size=xy.shape) * spread[..., None]
    score = np.where(known, np.where(occluded, 0.25, 0.65), 0.1) + rng.normal(0, 0.08, known.shape)
    return np.concatenate([read, np.clip(score, 0.02, 0.98)[..., None]], -1)


def _loose(box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    margin = box[:, 2:] * rng.uniform(0.02, 0.12, (len(box), 2))
    return np.concatenate([box[:, :2] - margin, box[:, 2:] + 2 * margin], 1)
