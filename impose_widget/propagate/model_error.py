"""What a human's corrections tell about the model's errors in the frames around them.

What the model gets wrong about a keypoint it gets wrong for a while: partly for a moment, partly as a habit. Its
error, in units of its usual deviation, is taken as a Gaussian process in time that is known where a human placed the
keypoint (Rasmussen and Williams 2006, chapter 2). A reading far off was an error of the moment: it makes its
neighbours in time doubtful, but it is hardly passed on to them.
"""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.belief import Belief

NUGGET = 0.02  # nobody clicks twice in exactly the same place


def usual_deviation(score: np.ndarray, belief: Belief) -> np.ndarray:
    """How far off readings (n,) of some scores usually are, as a share of the person's size."""
    return belief.reading_best + belief.reading_worst * (1 - score) ** 2


def expected_error(
    rows: np.ndarray, usual: np.ndarray, places: np.ndarray, usual_there: np.ndarray, error: np.ndarray, belief: Belief
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The model's error to be expected in some frames, given what it was in others.

    Args:
        rows: (n,) frames.
        usual: (n,) usual deviation there, as a share of the person's size.
        places: (m,) frames in which a human placed the keypoint; none is fine.
        usual_there: (m,) usual deviation there.
        error: (m, 2) human minus model there, as a share of the person's size.
        belief: how far what is believed.

    Returns:
        Human minus model (n, 2), its variance (n,), and how much of what was learnt is left in each frame (n,), 0 to 1.
    """
    if not len(places):
        return np.zeros((len(rows), 2)), usual**2, np.zeros(len(rows))
    size = np.minimum(np.linalg.norm(error, axis=1) / usual_there, belief.refuted_most)
    shock = np.maximum(size**2 - 1, 0)
    gap = np.abs(rows[:, None] - places)
    recovery = belief.refuted_frames * (1 + belief.refuted_weak * (usual / belief.reading_best - 1))
    doubt = np.sqrt(1 + (np.exp(-gap / recovery[:, None]) * shock).max(1))
    doubt_there = np.sqrt(1 + shock)
    between = _covariance(np.abs(places[:, None] - places), doubt_there[:, None] * doubt_there, belief)
    near = _covariance(gap, doubt[:, None] * doubt_there, belief)
    gain = np.linalg.solve(between + NUGGET * np.eye(len(places)), near.T).T
    left = belief.moment * doubt**2 + (1 - belief.moment) - (gain * near).sum(1)
    # What was wrong with a weak reading is not held against a strong one.
    expected = (gain * np.minimum(usual[:, None] / usual_there, 1)) @ error
    variance = usual**2 * np.maximum(left, 0) + belief.reading_floor**2
    return expected, variance, np.clip(np.abs(gain).sum(1), 0, 1)


def _covariance(gap: np.ndarray, doubt: np.ndarray, belief: Belief) -> np.ndarray:
    moment = doubt * belief.moment * np.exp(-gap / belief.moment_frames)
    return moment + (1 - belief.moment) * np.exp(-gap / belief.habit_frames)
