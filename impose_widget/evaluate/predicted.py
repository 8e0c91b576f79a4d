"""What a tool says, as arrays: everybody it found, to be compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import box_iou, keypoint_similarity, oks, pose_box
from impose_widget.evaluate.truth import Truth

SOMEBODY = 0.1
"""OKS with somebody labelled, in any frame, from which a track is about them and not about somebody nobody labelled."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """The poses of everybody a tool knows.

    Attributes:
        track_ids: M.
        keypoints: (T, M, K, 3) x, y in pixels and a score; NaN where it says nothing.
    """

    track_ids: tuple[int, ...]
    keypoints: np.ndarray

    @property
    def xy(self) -> np.ndarray:
        """Positions (T, M, K, 2)."""
        return self.keypoints[..., :2]

    @property
    def known(self) -> np.ndarray:
        """(T, M, K) bool: it says where the keypoint is."""
        return np.isfinite(self.xy).all(-1)

    @property
    def present(self) -> np.ndarray:
        """(T, M) bool: it says where at least one keypoint is."""
        return self.known.any(-1)

    @property
    def score(self) -> np.ndarray:
        """(T, M): the mean score of the keypoints that have one; 0 where there is nobody."""
        score = np.where(self.known, np.nan_to_num(self.keypoints[..., 2]), 0.0)
        return score.sum(-1) / np.maximum(self.known.sum(-1), 1)


def predicted_of(tracks: Mapping[int, np.ndarray], n_frames: int, n_keypoints: int) -> Predicted:
    """Tracks {track_id: (T, K, 3)} side by side."""
    keypoints = np.full((n_frames, len(tracks), n_keypoints, 3), np.nan)
    for m, poses in enumerate(tracks.values()):
        keypoints[:, m] = poses
    return Predicted(tuple(tracks), keypoints)


def of_the_labelled(truth: Truth, predicted: Predicted) -> Predicted:
    """Without tracks that are nobody's, if not everybody is labelled: those that never have an OKS of `SOMEBODY`."""
    if truth.everybody:
        return predicted
    best = np.zeros(len(predicted.track_ids))
    for t in np.flatnonzero(truth.present.any(1)):
        g = np.flatnonzero(truth.present[t])
        similar = oks(truth.xy[t, g], predicted.xy[t], truth.area[t, g], truth.skeleton.sigma_array)
        best = np.maximum(best, similar.max(0))
    keep = np.flatnonzero(best >= SOMEBODY)
    return Predicted(tuple(predicted.track_ids[m] for m in keep), predicted.keypoints[:, keep])


# -- how alike truth and prediction are --------------------------------------------------------------------------------


def own_similarity(truth: Truth, poses: np.ndarray) -> np.ndarray:
    """Keypoint similarity (T, N, K) of each person with the track that is theirs.

    exp(-d² / (2 area (2σ)²)): 1 at the right place; 0 where the tool says nothing; NaN where nobody labelled.

    Args:
        truth: the labels.
        poses: (T, N, K, 2 or 3), person n in column n.
    """
    ks = keypoint_similarity(truth.xy, poses[..., :2], truth.area, truth.skeleton.sigma_array)
    return np.where(truth.labelled, np.nan_to_num(ks), np.nan)


def own_oks(similarity: np.ndarray) -> np.ndarray:
    """OKS (T, N): the mean keypoint similarity (T, N, K) over labelled keypoints; NaN where there are none."""
    n = np.isfinite(similarity).sum(-1)
    return np.where(n > 0, np.nansum(similarity, -1) / np.maximum(n, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Similarities:
    """How alike the people of truth and prediction are, frame by frame: what identity scores are computed from.

    Attributes:
        truth: per frame, columns (g,) of the people who are there.
        predicted: per frame, columns (p,) of the tracks that are there.
        similarity: per frame, (g, p), 0 to 1.
        n_truth, n_predicted: how many columns there are in all.
    """

    truth: list[np.ndarray]
    predicted: list[np.ndarray]
    similarity: list[np.ndarray]
    n_truth: int
    n_predicted: int


def oks_similarities(truth: Truth, predicted: Predicted) -> Similarities:
    """By OKS on the labelled keypoints."""
    sigmas = truth.skeleton.sigma_array
    return _by_frame(
        truth.present,
        predicted.present,
        lambda t, g, p: oks(truth.xy[t, g], predicted.xy[t, p], truth.area[t, g], sigmas),
    )


def box_similarities(truth: Truth, predicted: Predicted) -> Similarities:
    """By intersection over union of tight boxes around the keypoints that the truth labels somewhere.

    Both sides get their boxes by this one rule, so that a method is not judged by how generous its boxes are.
    """
    scored = truth.labelled.any((0, 1))
    theirs = np.where(scored[:, None], predicted.xy, np.nan)
    boxes, found = pose_box(truth.xy), pose_box(theirs)
    return _by_frame(
        truth.present, np.isfinite(found).all(-1), lambda t, g, p: box_iou(_thick(boxes[t, g]), _thick(found[t, p]))
    )


def keypoint_similarities(truth: Truth, predicted: Predicted, reference: np.ndarray, keypoint: int) -> Similarities:
    """Of one keypoint: 1 at the right place, 0 from about half a reference length (T, N) on.

    Source: the PoseTrack21 kit, max(0, 1 - d / 0.5001) with d in head sizes.
    """

    def similar(t: int, g: np.ndarray, p: np.ndarray) -> np.ndarray:
        d = np.linalg.norm(truth.xy[t, g, keypoint][:, None] - predicted.xy[t, p, keypoint][None], axis=-1)
        return np.maximum(0, 1 - d / reference[t, g][:, None] / 0.5001)

    return _by_frame(truth.labelled[:, :, keypoint], predicted.known[:, :, keypoint], similar)


def _by_frame(theirs: np.ndarray, ours: np.ndarray, similar) -> Similarities:
    truth = [np.flatnonzero(row) for row in theirs]
    predicted = [np.flatnonzero(row) for row in ours]
    matrices = [similar(t, g, p).reshape(len(g), len(p)) for t, (g, p) in enumerate(zip(truth, predicted, strict=True))]
    return Similarities(truth, predicted, matrices, theirs.shape[1], ours.shape[1])


def _thick(box: np.ndarray) -> np.ndarray:
    """Boxes at least one pixel wide and high: a single keypoint has a box, too."""
    return np.concatenate([box[..., :2], np.maximum(box[..., 2:], 1)], -1)
