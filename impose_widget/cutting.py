"""People cut out of frames, as networks that learned on such cut-outs want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import pose_box

BOX_MARGIN = 0.1  # of a pose's tight box, where a person has no box


@dataclass(frozen=True, slots=True)
class Cut:
    """A person cut out of a frame.

    Attributes:
        image: (side, side, 3) uint8 RGB.
        corner: (2,) of it in the frame; edges continuous.
        scale: pixels of it per pixel of the frame.
    """

    image: np.ndarray
    corner: np.ndarray
    scale: float

    @classmethod
    def of(cls, frame: np.ndarray, xy: np.ndarray, side: int, share: float) -> Cut:
        """Cut somebody with keypoints (K, 2) out of a frame (H, W, 3).

        Args:
            frame: which.
            xy: pixels; NaN are not looked at.
            side: pixels of the cut-out.
            share: how much of it the person takes.
        """
        return cls(*cut_out(frame, person_box(xy), side, share))

    def into(self, xy: np.ndarray) -> np.ndarray:
        """Positions (..., 2) of the frame in the cut-out."""
        return (xy + 0.5 - self.corner) * self.scale - 0.5

    def back(self, xy: np.ndarray) -> np.ndarray:
        """Positions (..., 2) of the cut-out in the frame."""
        return (xy + 0.5) / self.scale + self.corner - 0.5


def person_box(xy: np.ndarray) -> np.ndarray:
    """A box (4,) x, y, width, height around keypoints (K, 2), as relative networks learned it."""
    tight = pose_box(xy)
    if not np.isfinite(tight).all():
        return np.array([0.0, 0.0, 1.0, 1.0])
    margin = BOX_MARGIN * max(tight[2:].max(), 1.0)
    return np.concatenate([tight[:2] - margin, tight[2:] + 2 * margin])


def cut_out(frame: np.ndarray, box: np.ndarray, side: int, share: float) -> tuple[np.ndarray, np.ndarray, float]:
    """A person cut out as relative networks learned them: a square of so many pixels, black beyond the image.

    Returns:
        The square (side, side, 3); its first corner (2,) in the frame, edges continuous; and pixels of it per pixel.
    """
    import cv2

    reach = max(round(float(box[2:].max()) / share), 8)
    corner = np.floor(box[:2] + box[2:] / 2 + 0.5 - reach / 2).astype(int)
    low, high = np.maximum(corner, 0), np.minimum(corner + reach, frame.shape[1::-1])
    whole = np.zeros((reach, reach, 3), np.uint8)
    if (low < high).all():
        (x0, y0), (x1, y1) = low - corner, high - corner
        whole[y0:y1, x0:x1] = frame[low[1] : high[1], low[0] : high[0]]
    how = cv2.INTER_AREA if reach > side else cv2.INTER_LINEAR
    return cv2.resize(whole, (side, side), interpolation=how), corner, side / reach
