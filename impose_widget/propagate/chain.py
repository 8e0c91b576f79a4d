"""The most probable way of one keypoint through time, given everything that is known of it.

A Gaussian chain: per frame a position, a drift of the flow, and the model's error as a habit and an error of the
moment. Flow says how far a position is from the one before, readings where it is but for the model's error, anchors
where it is. What is far off counts for less, as with Geman and McClure's loss (1985), so that the chain is solved a few
times. The precision matrix is banded: the cost is linear in the number of frames.
Source: Rue and Held, Gaussian Markov Random Fields, 2005, section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.propagate.belief import Belief

X, DRIFT, HABIT, MOMENT = range(4)
STATES = 4
BAND = 2 * STATES - 1
ROUNDS = 3  # of finding outliers
OUTLIER = 2.0  # deviations beyond which evidence counts for less and less
PINNED = 1e-4  # deviation of an anchor
DRIFT_FRAMES = 20.0  # time constant of a drift
LEAST = 1e-6  # deviation that stands for none at all


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a keypoint in n consecutive frames; lengths are shares of the person's size.

    Attributes:
        step: (n - 1, 2) how far the flow says it went from each frame to the next; NaN where it says nothing.
        step_deviation: (n - 1,) of that.
        reading: (n, 2) where the model says it is; NaN where it says nothing.
        usual: (n,) usual deviation of the reading.
        anchor: (n, 2) where a human placed it; NaN elsewhere.
    """

    step: np.ndarray
    step_deviation: np.ndarray
    reading: np.ndarray
    usual: np.ndarray
    anchor: np.ndarray


@dataclass(frozen=True, slots=True)
class Estimate:
    """The result for some of the frames.

    Attributes:
        xy: (n, 2).
        deviation: (n,).
        influence: (n,) how far the position goes with the anchors, 0 to 1.
    """

    xy: np.ndarray
    deviation: np.ndarray
    influence: np.ndarray


def estimate(evidence: Evidence, rows: np.ndarray, belief: Belief) -> Estimate:
    """The most probable positions in some of the frames (n,), all of them weighed together."""
    read = np.isfinite(evidence.reading).all(-1)
    flows = np.isfinite(evidence.step).all(-1)
    size = np.maximum(evidence.usual, LEAST) * _doubt(evidence, read, belief)
    step_size = np.maximum(evidence.step_deviation, LEAST)
    read_scale, step_scale = np.ones(len(read)), np.ones(len(flows))
    for _ in range(ROUNDS):
        factor, solution = _solve(evidence, read, flows, size * read_scale, step_size * step_scale, belief)
        x, drift = solution[:, X], solution[:, DRIFT]
        error = np.linalg.norm(np.where(read[:, None], x - evidence.reading, 0), axis=1) / size
        slip = np.diff(x, axis=0) - (drift[1:] + drift[:-1]) / 2 - np.where(flows[:, None], evidence.step, 0)
        slip = np.where(flows, np.linalg.norm(slip, axis=1) / step_size, 0)
        read_scale, step_scale = _scale(error), _scale(slip)
    return _said(evidence, factor, solution, rows)


def _scale(error: np.ndarray) -> np.ndarray:
    """Factor on a deviation, given an error (n,) in deviations of a position of two coordinates; 1 for small ones."""
    return 1 + np.maximum(error - 1, 0) ** 2 / OUTLIER**2


def _doubt(evidence: Evidence, read: np.ndarray, belief: Belief) -> np.ndarray:
    """How much more readings (n,) may be off because one near in time was refuted by a human."""
    placed = np.flatnonzero(np.isfinite(evidence.anchor).all(-1) & read)
    if not len(placed):
        return np.ones(len(read))
    off = np.linalg.norm(evidence.anchor[placed] - evidence.reading[placed], axis=1)
    size = np.minimum(off / np.maximum(evidence.usual[placed], LEAST), belief.refuted_most)
    gap = np.abs(np.arange(len(read))[:, None] - placed)
    recovery = belief.refuted_frames * (1 + belief.refuted_weak * (evidence.usual / belief.reading_best - 1))
    recovery = np.maximum(recovery, 0.1)
    return np.sqrt(1 + (np.exp(-gap / recovery[:, None]) * np.maximum(size**2 - 1, 0)).max(1))


def _solve(
    e: Evidence, read: np.ndarray, flows: np.ndarray, size: np.ndarray, step_size: np.ndarray, belief: Belief
) -> tuple[np.ndarray, np.ndarray]:
    """The banded Cholesky factor and the states (n, 4, 2)."""
    from scipy.linalg import cho_solve_banded, cholesky_banded

    n = len(read)
    here, next_ = np.zeros((n, STATES, STATES)), np.zeros((max(n - 1, 0), STATES, STATES))
    right = np.zeros((n, STATES, 2))
    _process(here, next_, DRIFT, belief.flow_growth**2, DRIFT_FRAMES)
    _process(here, next_, HABIT, 1 - belief.moment, belief.habit_frames)
    _process(here, next_, MOMENT, belief.moment, belief.moment_frames)

    placed = np.isfinite(e.anchor).all(-1)
    here[placed, X, X] += PINNED**-2
    right[placed, X] += e.anchor[placed] * PINNED**-2

    # reading = position - usual * habit - size * moment, but for a little noise: an outlier is of the moment
    row = np.zeros((n, STATES))
    row[:, X], row[:, HABIT], row[:, MOMENT] = 1, -np.minimum(np.maximum(e.usual, LEAST), size), -size
    floor = np.minimum(belief.reading_floor, size)
    weight = np.where(read, floor**-2.0, 0)
    here += weight[:, None, None] * row[:, :, None] * row[:, None]
    right += (weight[:, None] * row)[..., None] * np.where(read[:, None], e.reading, 0)[:, None]

    # step = next position - this one - the mean drift of both
    a, b = np.array([-1, -0.5, 0, 0]), np.array([1, -0.5, 0, 0])
    weight = np.where(flows, step_size**-2.0, 1.0)  # without flow anything up to the person's size is possible
    here[:-1] += weight[:, None, None] * np.outer(a, a)
    here[1:] += weight[:, None, None] * np.outer(b, b)
    next_ += weight[:, None, None] * np.outer(a, b)
    step = weight[:, None] * np.where(flows[:, None], e.step, 0)
    right[:-1] += a[:, None] * step[:, None]
    right[1:] += b[:, None] * step[:, None]

    factor = cholesky_banded(_banded(here, next_), overwrite_ab=True)
    return factor, cho_solve_banded((factor, False), right.reshape(n * STATES, 2)).reshape(n, STATES, 2)


def _process(here: np.ndarray, next_: np.ndarray, state: int, variance: float, frames: float) -> None:
    """Add the precision of a stationary process that forgets in some frames."""
    keep = np.exp(-1 / frames)
    new = 1 / (variance * (1 - keep**2))
    here[0, state, state] += 1 / variance
    here[:-1, state, state] += keep**2 * new
    here[1:, state, state] += new
    next_[:, state, state] -= keep * new


def _banded(here: np.ndarray, next_: np.ndarray) -> np.ndarray:
    """Blocks on (n, 4, 4) and beside (n - 1, 4, 4) the diagonal, in LAPACK's upper banded form."""
    n = len(here)
    out = np.zeros((BAND + 1, n * STATES))
    for i in range(STATES):
        for j in range(STATES):
            if i <= j:
                out[BAND + i - j, j::STATES] = here[:, i, j]
            out[BAND + i - j - STATES, STATES + j :: STATES] = next_[:, i, j]
    return out


def _said(e: Evidence, factor: np.ndarray, solution: np.ndarray, rows: np.ndarray) -> Estimate:
    """Positions with their deviations and the influence of the anchors, for some rows."""
    from scipy.linalg import cho_solve_banded

    n = len(solution)
    placed = np.isfinite(e.anchor).all(-1)
    ask = np.zeros((n * STATES, len(rows) + 1))
    ask[rows * STATES, np.arange(len(rows))] = 1
    ask[np.flatnonzero(placed) * STATES, -1] = PINNED**-2  # all anchors moved together
    answer = cho_solve_banded((factor, False), ask)
    variance = answer[rows * STATES, np.arange(len(rows))]
    influence = np.clip(answer[rows * STATES, -1], 0, 1)
    return Estimate(solution[rows, X], np.sqrt(np.maximum(variance, 0)), influence)
