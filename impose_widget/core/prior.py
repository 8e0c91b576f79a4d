"""What is known of people in frames that they are carried to, before the network looks: pixels, NaN for nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Prior(NamedTuple):
    """Where P people may be in n frames.

    Attributes:
        xy: (n, P, K, 2) keypoints as a point tracker or the neighbouring frame has them.
        deviation: (n, P, K) how far off these may be by the tracker's account; NaN where nobody tracked.
        held: (n, P, K) bool: placed by a human in that frame. These are looked at and do not move.
        reading: (n, P, K, 3) what the detector reads on each person in each frame: x, y, score.
    """

    xy: np.ndarray
    deviation: np.ndarray
    held: np.ndarray
    reading: np.ndarray


class Anchor(NamedTuple):
    """One person in a frame in which a human placed keypoints.

    Attributes:
        frame: (H, W, 3) uint8 RGB.
        xy: (K, 2), NaN where the human placed nothing.
        reading: (K, 3) what the detector reads there, NaN where it found nobody.
    """

    frame: np.ndarray
    xy: np.ndarray
    reading: np.ndarray
