"""Settling a person around a correction: the model reads the other keypoints again, beside what a human placed.

Source: paper section IV ("spatial adjustments are automatically disseminated to adjacent keypoints"); Click-Pose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impose_widget.core import edits
from impose_widget.core.pose import MODEL, OCCLUDED, VISIBLE
from impose_widget.core.tracks import Draft

if TYPE_CHECKING:
    from impose_widget.detect import Refiner

STILL = 0.5  # pixels; keypoints that would move less stay


def settled(
    refiner: Refiner, image: np.ndarray, record: np.ndarray, keypoint_score: float
) -> tuple[np.ndarray, np.ndarray]:
    """A person's record (1,) as the model reads it beside its anchors, and which keypoints (1, K) that changes.

    Absent keypoints stay absent: that somebody has no left ankle here is not for a correction of an elbow to say.
    """
    xy, score = refiner.refine(image, record["xy"][0], record["anchor"][0], record["box"][0])
    new = record.copy()
    known = np.isfinite(record["xy"][0]).all(-1)
    with np.errstate(invalid="ignore"):
        moves = np.linalg.norm(xy - record["xy"][0], axis=-1) >= STILL
    mask = (known & np.isfinite(xy).all(-1) & moves & ~record["anchor"][0])[None]
    height, width = image.shape[:2]
    new["xy"][0] = np.clip(xy, -0.5, [width - 0.5, height - 0.5])
    new["score"][0], new["source"][0] = score, MODEL
    new["visibility"][0] = np.where(score >= keypoint_score, VISIBLE, OCCLUDED)
    return new, mask


def write_settled(draft: Draft, frame: int, track_id: int, new: np.ndarray, mask: np.ndarray, revision: int) -> None:
    """Put what `settled` gave into a draft; anchors that came meanwhile stay."""
    new["revision"] = revision
    edits.write(draft, track_id, np.array([frame]), new, mask)
