"""How long one reference pose stays right when a tool carries it: over plain, blurred and hidden stretches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.truth import Truth

LEVELS = (0.5, 0.75, 0.85, 0.95)
SHORT_SIDE = 480
"""Pixels to which frames are scaled before their blur is judged: the raw measure depends on resolution."""
LONG = 32
"""Frames from which a time out of sight is called long (the paper gives means of 16.5 and 64.8, but no border)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Frames after the reference pose until the first failure, at most `horizon`; one number a start and person.

    all_kp@s: every labelled keypoint has a similarity of s; oks@s: the person has an OKS of s.
    """

    horizon: int
    starts: tuple[int, ...]
    kept: dict[str, list[int]]

    def mean_frames(self) -> dict[str, float]:
        """Mean over starts and people."""
        return {name: float(np.mean(frames)) for name, frames in self.kept.items()}


def carried_anchor(
    make: Callable[[], Method],
    truth: Truth,
    starts: int | tuple[int, ...] = 5,
    horizon: int | None = None,
) -> Carried:
    """Give the true poses of one frame, and click no more: how many of the following frames stay right?

    Args:
        make: a fresh tool for each start.
        truth: the labels.
        starts: how many frames to start from, evenly spread; or which.
        horizon: frames that are looked at after each; None: half the video.
    """
    n_frames = len(truth.xy)
    horizon = horizon or max(n_frames // 2, 1)
    if isinstance(starts, int):
        spread = np.linspace(0, max(n_frames - 1 - horizon, 0), starts).round().astype(int)
        starts = tuple(int(f) for f in np.unique(spread))
    starts = tuple(f for f in starts if truth.present[f].any())
    kept: dict[str, list[int]] = {}
    for start in starts:
        annotator = _given(make(), truth, start)
        for n in np.flatnonzero(truth.present[start]):
            for name, right in _right(annotator, n).items():
                wrong = np.flatnonzero(~right[start + 1 : start + 1 + horizon])
                kept.setdefault(name, []).append(int(wrong[0]) if len(wrong) else horizon)
    return Carried(horizon, starts, kept)


def _given(method: Method, truth: Truth, frame: int) -> SimulatedAnnotator:
    """An annotator who gave the true poses of a frame, and nothing else; the tool is closed."""
    annotator = SimulatedAnnotator(method, truth)
    try:
        annotator.begin(frame, with_pose=True)
    finally:
        method.close()
    return annotator


def _right(annotator: SimulatedAnnotator, n: int) -> dict[str, np.ndarray]:
    """(T,) per criterion: is the person right; frames without labels are."""
    labelled, present = annotator.truth.labelled[:, n], annotator.truth.present[:, n]
    out = {}
    for level in LEVELS:
        with np.errstate(invalid="ignore"):
            out[f"all_kp@{level}"] = np.where(labelled, annotator.similarity[:, n] >= level, True).all(-1)
            if level != LEVELS[0]:
                out[f"oks@{level}"] = np.where(present, annotator.oks[:, n] >= level, True)
    return out


# -- blur --------------------------------------------------------------------------------------------------------------


def blur_scores(footage: Footage) -> np.ndarray:
    """(T,) how blurred frames are: minus the variance of the Laplacian at a fixed size; higher is more blurred."""
    import cv2

    scores = []
    for frame in range(len(footage)):
        grey = footage.video.gray(frame)
        scale = SHORT_SIDE / min(grey.shape)
        size = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
        scores.append(-cv2.Laplacian(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), cv2.CV_64F).var())
    return np.array(scores)


def blurred(footage: Footage, sigma: float) -> Footage:
    """The same video out of focus: a Gaussian of `sigma` pixels over every frame. Detections are made anew."""
    import cv2

    frames = np.stack([cv2.GaussianBlur(footage.video[t], (0, 0), sigma) for t in range(len(footage))])
    return footage.on(frames, f"{footage.name}, blurred by {sigma:g} px")


def carried_in_blur(make: Callable[[], Method], footage: Footage, truth: Truth) -> tuple[float, Carried]:
    """The video's blur score, and how long the pose of its most blurred frame (of the first half) stays right.

    Source: the paper's robustness protocol; there videos are split into thirds by that score.
    """
    scores = blur_scores(footage)
    half = np.where(truth.present[: max(len(scores) // 2, 1)].any(1), scores[: max(len(scores) // 2, 1)], -np.inf)
    return float(scores.mean()), carried_anchor(make, truth, (int(half.argmax()),))


# -- occlusion ---------------------------------------------------------------------------------------------------------


def hidden_stretches(truth: Truth, shortest: int = 3) -> list[tuple[int, int, int, int]]:
    """(person, keypoint, last frame seen, frame seen again) of keypoints that are hidden or unlabelled in between."""
    out = []
    seen = truth.visibility == 2
    for n in range(seen.shape[1]):
        for k in range(seen.shape[2]):
            frames = np.flatnonzero(seen[:, n, k])
            gaps = np.flatnonzero(np.diff(frames) > shortest)
            out += [(n, k, int(frames[i]), int(frames[i + 1])) for i in gaps]
    return sorted(out, key=lambda s: s[2])


def recovered(make: Callable[[], Method], truth: Truth, most_starts: int = 12) -> pd.DataFrame:
    """Does a keypoint come back to its place after it was hidden? One row for each time.

    The true pose of the last frame in which it was seen is given; `similarity` is that of the frame in which it is
    seen again, `frames` how many lie between.

    Args:
        make: a fresh tool for each frame that poses are given in.
        truth: labels with visibility: without hidden keypoints there are no rows.
        most_starts: frames to start from, evenly chosen; a start costs a run of the tool.
    """
    stretches = hidden_stretches(truth)
    starts = sorted({s[2] for s in stretches})
    chosen = (
        {starts[i] for i in np.unique(np.linspace(0, len(starts) - 1, most_starts).round().astype(int))}
        if starts
        else set()
    )
    rows = []
    for start in sorted(chosen):
        similarity = _given(make(), truth, start).similarity
        for n, k, last, again in stretches:
            if last == start:
                name = truth.skeleton.keypoints[k]
                rows.append((truth.track_ids[n], name, last, again - last - 1, float(similarity[again, n, k])))
    return pd.DataFrame(rows, columns=["track_id", "keypoint", "last_seen", "frames", "similarity"])


def recovery_rates(stretches: pd.DataFrame) -> dict[str, float]:
    """Share of stretches recovered at each level, short and long ones apart, with their number and mean length."""
    out: dict[str, float] = {}
    for name, rows in (
        ("short", stretches[stretches["frames"] < LONG]),
        ("long", stretches[stretches["frames"] >= LONG]),
    ):
        out[f"{name}_n"] = len(rows)
        if len(rows):
            out[f"{name}_frames"] = float(rows["frames"].mean())
            out |= {f"{name}@{level}": float((rows["similarity"] >= level).mean()) for level in LEVELS}
    return out
