"""What is known of one person in one frame: a record of fixed size, so that a track is one array."""

from __future__ import annotations

import numpy as np

from impose_widget.core.geometry import pose_box

SOURCES = ("model", "propagated", "interpolated", "imported", "human")
"""Where a keypoint comes from; the code in `source` is the position in this list."""
MODEL, PROPAGATED, INTERPOLATED, IMPORTED, HUMAN = range(len(SOURCES))

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2  # COCO's visibility
NO_READING = -1
BOX_MARGIN = 0.1  # of the person's width and height, between the outermost keypoints and the outline of a body


def pose_dtype(n_keypoints: int) -> np.dtype:
    """The record of a person with K keypoints.

    `present` tells a person from an empty place. `reading` is the row of the network's own reading of this person in
    the journal's detections (-1: none); it stays when a human changes the pose. A record that is not present but has a
    reading was deleted: that detection is not to be used again. `pending` means that a human changed this person here
    and nothing was carried to other frames yet; `stale`, that a propagation planned to come here and was stopped.
    Positions are NaN exactly where `visibility` is 0.
    """
    k = n_keypoints
    return np.dtype(
        [
            ("xy", "<f4", (k, 2)),
            ("score", "<f4", (k,)),
            ("revision", "<i4", (k,)),
            ("visibility", "i1", (k,)),
            ("source", "u1", (k,)),
            ("anchor", "?", (k,)),
            ("box", "<f4", (4,)),
            ("box_score", "<f4"),
            ("reading", "<i4"),
            ("box_source", "u1"),
            ("box_anchor", "?"),
            ("present", "?"),
            ("pending", "?"),
            ("stale", "?"),
        ]
    )


def empty_poses(n: int, n_keypoints: int) -> np.ndarray:
    """(n,) records of nobody."""
    records = np.zeros(n, pose_dtype(n_keypoints))
    for name in ("xy", "score", "box", "box_score"):
        records[name] = np.nan
    records["reading"] = NO_READING
    return records


def read_poses(
    keypoints: np.ndarray, box: np.ndarray, score: np.ndarray, reading: np.ndarray, revision: int, keypoint_score: float
) -> np.ndarray:
    """(n,) records of what a network read: keypoints (n, K, 3) x, y, score; boxes (n, 4); scores (n,); rows (n,).

    A keypoint that scores below `keypoint_score` is called occluded: the network guesses its place.
    """
    records = empty_poses(len(keypoints), keypoints.shape[1])
    records["xy"], records["score"] = keypoints[..., :2], keypoints[..., 2]
    known = np.isfinite(records["xy"]).all(-1)
    records["visibility"] = np.where(known, np.where(records["score"] >= keypoint_score, VISIBLE, OCCLUDED), ABSENT)
    records["box"], records["box_score"] = box, score
    records["reading"], records["revision"], records["present"] = reading, revision, True
    return records


def enclose(records: np.ndarray) -> None:
    """Let each box that no human drew contain its keypoints: a missing box is made, a small one grows. In place."""
    tight = pose_box(records["xy"])
    margin = BOX_MARGIN * tight[..., 2:]
    low, high = tight[..., :2] - margin, tight[..., :2] + tight[..., 2:] + margin
    old = records["box"]
    has_box = np.isfinite(old).all(-1, keepdims=True)
    inside = tight[..., :2]
    new_low = np.where(has_box, np.fmin(old[..., :2], inside), low)
    new_high = np.where(has_box, np.fmax(old[..., :2] + old[..., 2:], inside + tight[..., 2:]), high)
    box = np.concatenate([new_low, new_high - new_low], -1)
    grow = ~records["box_anchor"] & np.isfinite(box).all(-1)
    records["box"] = np.where(grow[..., None], box, old)
