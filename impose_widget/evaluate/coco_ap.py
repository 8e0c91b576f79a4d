"""COCO's average precision of poses: are people found, with their keypoints in place.

Source: the COCO keypoint evaluation; the same numbers as pycocotools to rounding. Ten OKS thresholds .50, .55, … .95,
101 recalls, at most 20 people a frame. Frames are images; identities do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import oks, pose_box
from impose_widget.evaluate.predicted import Predicted
from impose_widget.evaluate.truth import Truth

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 20
MEDIUM, LARGE = (32**2, 96**2), (96**2, 1e10)
ALL = (0.0, 1e10)


@dataclass(frozen=True, slots=True)
class Frame:
    """One image: OKS (d, g) of its detections, best first, with its people; scores (d,); areas (g,) and (d,)."""

    oks: np.ndarray
    score: np.ndarray
    truth_area: np.ndarray
    area: np.ndarray


def frame_of(truth: Truth, predicted: Predicted, t: int) -> Frame:
    """What the evaluation needs to know of one frame."""
    g = np.flatnonzero(truth.present[t])
    d = np.flatnonzero(predicted.present[t])
    score = predicted.score[t, d]
    best = np.argsort(-score, kind="mergesort")[:MOST]
    xy = predicted.xy[t, d[best]]
    similar = oks(truth.xy[t, g], xy, truth.area[t, g], truth.skeleton.sigma_array).T
    box = pose_box(xy)
    return Frame(similar.reshape(len(best), len(g)), score[best], truth.area[t, g], box[:, 2] * box[:, 3])


def coco_ap(truth: Truth, predicted: Predicted, frames: np.ndarray | None = None) -> dict[str, float]:
    """AP, AP50, AP75, AP_M, AP_L, AR of the frames of one video (NaN where nobody is of that size)."""
    numbers = range(len(truth.xy)) if frames is None else frames
    seen = [frame_of(truth, predicted, int(t)) for t in numbers]
    return ap_of_frames(seen)


def ap_of_frames(frames: list[Frame]) -> dict[str, float]:
    """The same of frames of several videos together."""
    every, recall = _average(frames, ALL)
    nan = np.full(len(THRESHOLDS), np.nan)
    medium, large = (
        _average(frames, size)[0] if any(_in(f.truth_area, size).any() for f in frames) else nan
        for size in (MEDIUM, LARGE)
    )
    return {
        "AP": float(every.mean()),
        "AP50": float(every[0]),
        "AP75": float(every[5]),
        "AP_M": float(medium.mean()),
        "AP_L": float(large.mean()),
        "AR": float(recall.mean()),
    }


def _average(frames: list[Frame], size: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and highest recall (10,) each, of people whose area is within `size`."""
    n = sum(int(_in(f.truth_area, size).sum()) for f in frames)
    if not n:
        return np.full(len(THRESHOLDS), np.nan), np.full(len(THRESHOLDS), np.nan)
    parts = [_match(f, size) for f in frames]
    score = np.concatenate([f.score for f in frames])
    order = np.argsort(-score, kind="mergesort")
    matched = np.concatenate([m for m, _ in parts], 1)[:, order]
    ignored = np.concatenate([i for _, i in parts], 1)[:, order]
    right = np.cumsum(matched & ~ignored, 1).astype(float)
    wrong = np.cumsum(~matched & ~ignored, 1).astype(float)
    precision, recall = np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS))
    for i, (tp, fp) in enumerate(zip(right, wrong, strict=True)):
        if not len(tp):
            continue
        recalls, precisions = tp / n, tp / (tp + fp + np.spacing(1))
        envelope = np.maximum.accumulate(precisions[::-1])[::-1]
        at = np.searchsorted(recalls, RECALLS, side="left")
        precision[i] = np.where(at < len(envelope), envelope[np.minimum(at, len(envelope) - 1)], 0).mean()
        recall[i] = recalls[-1]
    return precision, recall


def _match(frame: Frame, size: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Which detections (10, d) are somebody, and which do not count, at each threshold: the best choose first."""
    outside = ~_in(frame.truth_area, size)
    order = np.argsort(outside, kind="mergesort")  # people of another size are taken only if nobody else fits
    d = len(frame.score)
    matched, ignored = np.zeros((len(THRESHOLDS), d), bool), np.zeros((len(THRESHOLDS), d), bool)
    for i, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(order), bool)
        for j in range(d):
            g = _choice(frame.oks[j], order, outside, free, min(threshold, 1 - 1e-10))
            if g >= 0:
                free[g], matched[i, j], ignored[i, j] = False, True, outside[g]
    ignored |= ~matched & ~_in(frame.area, size)
    return matched, ignored


def _choice(similar: np.ndarray, order: np.ndarray, outside: np.ndarray, free: np.ndarray, least: float) -> int:
    """The free person a detection is most like, by at least so much; those who do not count only as a last resort."""
    for kind in (False, True):
        fit = [g for g in order if free[g] and outside[g] == kind and similar[g] >= least]
        if fit:
            return int(max(reversed(fit), key=lambda g: similar[g]))
    return -1


def _in(area: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    return (area >= size[0]) & (area <= size[1])
