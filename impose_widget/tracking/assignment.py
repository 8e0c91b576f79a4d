"""From chances to names: who gets which word when several want the same."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

NEW = -1


def object_max(chance: np.ndarray, score: np.ndarray, least: float) -> np.ndarray:
    """Each takes its likeliest word; of several that want the same, the best detection has it, the others are new.

    Source: the paper's rule (section III-B), MOTIP's protocol "object-max".

    Args:
        chance: (Q, W + 1) over words and, last, somebody new; 0 for words that nobody has.
        score: (Q,) of the detections.
        least: chance below which nobody is taken for somebody.

    Returns:
        (Q,) words; `NEW` for somebody new. No word is there twice.
    """
    out = np.full(len(chance), NEW)
    if not len(chance):
        return out
    best = chance.argmax(1)
    certain = (best < chance.shape[1] - 1) & (chance.max(1) >= least)
    taken: set[int] = set()
    for q in np.lexsort((-chance.max(1), -score)):
        word = int(best[q])
        if certain[q] and word not in taken:
            out[q] = word
            taken.add(word)
    return out


def best_together(chance: np.ndarray, least: float) -> np.ndarray:
    """The one-to-one choice whose chances sum to most (Hungarian); arguments and result as in `object_max`."""
    out = np.full(len(chance), NEW)
    worth = np.where(chance[:, :-1] >= least, chance[:, :-1], 0)
    q, w = linear_sum_assignment(worth, maximize=True)
    good = worth[q, w] > 0
    out[q[good]] = w[good]
    return out
