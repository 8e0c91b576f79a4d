"""Whether a followed point is still on its keypoint, and whether the model reads the keypoint right, frame by frame.

A hidden Markov model with four states a frame: the point is kept or lost, the reading right or wrong. A point that is
lost hardly comes back; readings are right or wrong for a while. What is observed is how far apart the two are: little
if both are good, anything otherwise. Solved by the forward-backward algorithm, linear in the number of frames.
Source: Rabiner, A tutorial on hidden Markov models, 1989, section III.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KEPT = np.array([True, True, False, False])  # of the four states
RIGHT = np.array([True, False, True, False])
MOST = 0.6  # chance of losing a point in one frame, however bad it looks


@dataclass(frozen=True, slots=True)
class Odds:
    """Chances per frame, and deviations as shares of a person's size.

    Chosen by what corrections of one keypoint in up to three frames mend and break on the demo clip, one sequence of
    MuPoTS and three rendered clips; of each, half or double changes little.

    Attributes:
        lost: chance that a point is lost, however well it is seen.
        lost_doubt: what is added for each share of its trust that it loses.
        found: chance that a lost point is on its keypoint again.
        reading_frames: time constant in which readings stay right or wrong.
        elsewhere: deviation of what is lost or wrong.
        evidence: weight of one frame's evidence; neighbouring frames say much the same.
        kept_start: deviation of a point that is kept, at its anchor.
        kept_growth: deviation of its step from frame to frame; a random walk.
        agree: deviations from each other up to which flow and reading are averaged; beyond, the likelier is taken.
    """

    lost: float = 0.01
    lost_doubt: float = 1.5
    found: float = 0.01
    reading_frames: float = 3.0
    elsewhere: float = 0.15
    evidence: float = 0.33
    kept_start: float = 0.01
    kept_growth: float = 0.015
    agree: float = 1.0


def kept_and_right(
    apart: np.ndarray,
    variance: np.ndarray,
    lost: np.ndarray,
    right: np.ndarray,
    first: float,
    last: float,
    odds: Odds,
) -> tuple[np.ndarray, np.ndarray]:
    """How likely it is in each frame that the point is kept and that the reading is right, given all frames.

    Args:
        apart: (n,) how far the followed point is from the reading; NaN where there is no reading. Row 0 is the anchor.
        variance: (n,) of that distance if both are good, per coordinate.
        lost: (n,) chance of losing the point on the way to each frame.
        right: (n,) how likely readings are right by themselves.
        first: how likely the reading at the anchor is right, given what a human placed there.
        last: how many times likelier it is that the point ends where it did if it was kept to the last frame; 1 where
            nobody knows.
        odds: see there.

    Returns:
        kept (n,), right (n,), both 0 to 1.
    """
    seen = _likelihood(apart, variance, odds)
    change = _transitions(lost, right, odds)
    ahead, behind = np.zeros((len(apart), 4)), np.ones((len(apart), 4))
    ahead[0] = first, 1 - first, 0, 0
    for t in range(1, len(ahead)):
        row = (ahead[t - 1] @ change[t]) * seen[t]
        ahead[t] = row / row.sum()
    behind[-1] = np.where(KEPT, last, 1.0) / max(last, 1.0)
    for t in range(len(behind) - 2, -1, -1):
        row = change[t + 1] @ (seen[t + 1] * behind[t + 1])
        behind[t] = row / row.sum()
    both = ahead * behind
    both /= both.sum(1, keepdims=True)
    return both[:, KEPT].sum(1), both[:, RIGHT].sum(1)


def likelihood_ratio(distance: np.ndarray | float, variance: np.ndarray | float, odds: Odds) -> np.ndarray:
    """How many times likelier a distance is if what it is measured by is good than if it is lost or wrong."""
    wrong = variance + odds.elsewhere**2
    return np.exp(-np.square(distance) / 2 * (1 / variance - 1 / wrong)) * wrong / variance + 1e-12


def _likelihood(apart: np.ndarray, variance: np.ndarray, odds: Odds) -> np.ndarray:
    """(n, 4) of what is seen in each frame, in each state."""
    out = np.ones((len(apart), 4))
    has = np.isfinite(apart)
    out[has, 0] = likelihood_ratio(apart[has], variance[has], odds) ** odds.evidence
    return out / out.max(1, keepdims=True)


def _transitions(lost: np.ndarray, right: np.ndarray, odds: Odds) -> np.ndarray:
    """(n, 4, 4) chances of each state in a frame, by the state before it."""
    n = len(lost)
    lost = np.minimum(lost, MOST)
    point, reading = np.empty((n, 2, 2)), np.empty((n, 2, 2))
    point[:, 0, 0], point[:, 0, 1] = 1 - lost, lost
    point[:, 1, 0], point[:, 1, 1] = odds.found, 1 - odds.found
    stay = np.exp(-1 / odds.reading_frames)
    reading[:, :, 0] = (1 - stay) * right[:, None]
    reading[:, :, 1] = (1 - stay) * (1 - right[:, None])
    reading[:, 0, 0] += stay
    reading[:, 1, 1] += stay
    return (point[:, :, None, :, None] * reading[:, None, :, None, :]).reshape(n, 4, 4)
