"""A second look at everybody whom the network found: each cut out, brought to one size and mirrored.

What the network says of both, made one, is nearer to the truth than either; the table is in
assets/movenet_multipose.md (`python -m tests.bench.detector`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import oks, person_area
from impose_widget.core.skeleton import COCO17

SIDE = 192  # pixels of the square that is looked at
MARGIN = 0.1  # of the longer side of the person's box, on each side of it
SMALL = SIDE / (1 + 2 * MARGIN)  # pixels of a person in the first look, from which on the second shows no more of them
TRUST = 4.0  # weight of the second look against the first, at equal scores
SAME = 0.3  # OKS of the two looks below which they are of different people
LOW_SCORE = 0.01  # the person is known to be there


@dataclass(frozen=True, slots=True)
class CutOut:
    """A square around a person.

    Attributes:
        image: (SIDE, SIDE, 3) uint8 RGB, mirrored, black beyond the frame.
        corner: (2,) x, y of its top left corner in pixels of the frame.
        scale: pixels of the frame in one of the image.
    """

    image: np.ndarray
    corner: np.ndarray
    scale: float

    def in_frame(self, keypoints: np.ndarray) -> np.ndarray:
        """Keypoints (N, 17, 3) in pixels of the image, of a mirrored person, as they are in the frame."""
        out = keypoints[:, COCO17.flipped()].astype(np.float64)
        out[..., 0] = SIDE - out[..., 0]
        out[..., :2] = out[..., :2] * self.scale + self.corner
        return out


def cut_out(frame: np.ndarray, box: np.ndarray) -> CutOut:
    """The square around a box (x, y, width, height) in pixels of a frame (H, W, 3) uint8."""
    import cv2

    x, y, w, h = (float(v) for v in box)
    side = max(int(np.ceil(max(w, h) * (1 + 2 * MARGIN))), 1)
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    height, width = frame.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    square = np.zeros((side, side, 3), np.uint8)
    if x0 < x1 and y0 < y1:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = frame[y0:y1, x0:x1]
    image = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR)
    return CutOut(np.ascontiguousarray(image[:, ::-1]), np.array([left, top], np.float64), side / SIDE)


def same(people: np.ndarray, which: int, seen: np.ndarray) -> int | None:
    """Who of those in a second look is the person who was looked at again.

    Args:
        people: (M, 17, 3) x, y and score of everybody in the first look.
        which: of them, the person who was looked at again.
        seen: (N, 17, 3) the people in the second look, in the same pixels.

    Returns:
        The row of `seen` that is this person rather than another of the first look, or None.
    """
    if not len(seen):
        return None
    xy = people[..., :2].astype(np.float64)
    alike = oks(xy, seen[..., :2], person_area(xy), COCO17.sigma_array)  # (M, N)
    fits = np.where(alike.argmax(0) == which, alike[which], 0)
    best = int(fits.argmax())
    return best if fits[best] >= SAME else None


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(17, 3): positions of two looks at a person weighed by the squares of their scores; the mean of the scores."""
    weight = np.stack([first[:, 2] ** 2, TRUST * second[:, 2] ** 2]) + 1e-6
    xy = (weight[..., None] * np.stack([first[:, :2], second[:, :2]])).sum(0) / weight.sum(0)[:, None]
    return np.concatenate([xy, (first[:, 2:] + second[:, 2:]) / 2], 1)
