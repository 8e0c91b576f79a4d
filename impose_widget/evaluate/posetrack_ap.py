"""PoseTrack's average precision, keypoint by keypoint: is each left wrist, each nose where it should be.

Source: the PoseTrack evaluation (poseval; PoseTrack21 kit, `metrics/map.py`), extended from its 15 keypoints to any
skeleton. A keypoint is right within half a reference length: PoseTrack's head size, or, for skeletons without a head,
`HEAD_SHARE` of the person's size.
"""

from __future__ import annotations

import numpy as np

from impose_widget.core.geometry import person_area
from impose_widget.evaluate.predicted import Predicted
from impose_widget.evaluate.truth import Truth

NEAR = 0.5
HEAD_SHARE = 0.43
"""Head length over the square root of 0.53 × the tight box of the limbs: the median of 5,234 poses of the PoseTrack
training videos with head and limbs labelled (half of them between .37 and .50)."""


def reference_length(truth: Truth) -> np.ndarray:
    """(T, N) pixels: PoseTrack's head size where the file states boxes of heads, else head top to head bottom where
    both are labelled, else `HEAD_SHARE` of the person's size."""
    with np.errstate(invalid="ignore"):
        length = HEAD_SHARE * np.sqrt(person_area(truth.xy))
    names = truth.skeleton.keypoints
    if {"head_top", "head_bottom"} <= set(names):
        ends = truth.xy[:, :, names.index("head_top")] - truth.xy[:, :, names.index("head_bottom")]
        head = np.linalg.norm(ends, axis=-1)
        length = np.where(np.isfinite(head) & (head > 0), head, length)
    if truth.head is not None:
        length = np.where(truth.head > 0, truth.head, length)
    return length


def posetrack_ap(truth: Truth, predicted: Predicted, lengths: np.ndarray | None = None) -> dict[str, float]:
    """AP of each keypoint, 0 to 1, by name, and their mean as "mAP"; keypoints that nobody labelled are NaN.

    Each found pose is given to the person most of whose keypoints it hits, each person to the best such pose. Every
    keypoint of every pose then counts as right or wrong, ranked by its score over the whole video.

    Args:
        truth: the labels.
        predicted: what was found; keypoints without a score rank last.
        lengths: (T, N) reference lengths in pixels; None: `reference_length`.
    """
    lengths = reference_length(truth) if lengths is None else lengths
    k = len(truth.skeleton)
    scores: list[list[np.ndarray]] = [[] for _ in range(k)]
    rights: list[list[np.ndarray]] = [[] for _ in range(k)]
    for t in range(len(truth.xy)):
        known, score, right = _judge(truth, predicted, lengths, t)
        for i in range(k):
            scores[i].append(score[known[:, i], i])
            rights[i].append(right[known[:, i], i])
    wanted = truth.labelled.sum((0, 1))
    each = [_ap(np.concatenate(s), np.concatenate(r), int(n)) for s, r, n in zip(scores, rights, wanted, strict=True)]
    found = [ap for ap in each if np.isfinite(ap)]
    return {"mAP": float(np.mean(found)) if found else np.nan} | dict(zip(truth.skeleton.keypoints, each, strict=True))


def _judge(
    truth: Truth, predicted: Predicted, lengths: np.ndarray, t: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each pose (p) of a frame and each keypoint: is it known, its score, is it right; (p, K) each."""
    g, p = np.flatnonzero(truth.present[t]), np.flatnonzero(predicted.present[t])
    known, score = predicted.known[t, p], np.nan_to_num(predicted.keypoints[t, p, :, 2])
    if not len(g) or not len(p):
        return known, score, np.zeros(known.shape, bool)
    apart = np.linalg.norm(truth.xy[t, g][None] - predicted.xy[t, p][:, None], axis=-1)  # (p, g, K)
    with np.errstate(invalid="ignore"):
        hit = apart <= NEAR * lengths[t, g][None, :, None]
    share = hit.sum(-1) / np.maximum(truth.labelled[t, g].sum(-1), 1)[None]
    # Each pose stands for one person, the one it hits best; each person takes the best of the poses that do.
    own = np.where(np.arange(len(g))[None] == share.argmax(1)[:, None], share, 0)
    right = np.zeros(known.shape, bool)
    for person in range(len(g)):
        pose = int(own[:, person].argmax())
        if own[pose, person] > 0:
            right[pose] = hit[pose, person]
    return known, score, right


def _ap(score: np.ndarray, right: np.ndarray, wanted: int) -> float:
    """Area under precision over recall, the precision at a recall being the best at any higher one."""
    if not wanted:
        return np.nan
    right = right[np.argsort(-score, kind="mergesort")]
    tp = np.cumsum(right)
    precision, recall = tp / np.arange(1, len(right) + 1), tp / wanted
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * envelope).sum())
