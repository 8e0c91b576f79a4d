"""IDF1, MOTA and identity switches: whether people keep their names.

Sources: Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016 (IDF1);
Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics", 2008 (MOTA).
The same numbers as TrackEval.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.evaluate.predicted import Similarities

_EPS = np.finfo(float).eps
CONTINUES = 1000  # a match of the frame before outweighs any similarity


def clear_mot(pairs: Similarities, threshold: float = 0.5) -> dict[str, float]:
    """MOTA, MOTP, switches, matches, misses and false alarms of one video.

    A pair is a match from `threshold` on. The match of the frame before is kept while it holds; a switch is a person
    who is matched with another track than the last time they were matched, however long ago.
    """
    last = np.full(pairs.n_truth, -1)
    before = np.full(pairs.n_truth, -1)
    matches, misses, alarms, switches, similar = 0, 0, 0, 0, 0.0
    for g, p, similarity in zip(pairs.truth, pairs.predicted, pairs.similarity, strict=True):
        misses, alarms = misses + len(g), alarms + len(p)
        if not len(g) or not len(p):
            continue
        value = similarity + CONTINUES * (p[None] == before[g][:, None])
        value = np.where(similarity < threshold - _EPS, 0, value)
        row, column = linear_sum_assignment(-value)
        real = value[row, column] > _EPS
        people, tracks = g[row[real]], p[column[real]]
        switches += int(((last[people] >= 0) & (last[people] != tracks)).sum())
        last[people], before[:] = tracks, -1
        before[people] = tracks
        n = len(people)
        matches, misses, alarms = matches + n, misses - n, alarms - n
        similar += float(similarity[row[real], column[real]].sum())
    labelled = matches + misses
    return {
        "MOTA": (matches - alarms - switches) / max(labelled, 1),
        "MOTP": similar / max(matches, 1),
        "switches": switches,
        "matches": matches,
        "misses": misses,
        "false_alarms": alarms,
    }


def idf1(pairs: Similarities, threshold: float = 0.5) -> dict[str, float]:
    """IDF1, IDP and IDR of one video: each person is given the one track that fits best over the whole video."""
    together = np.zeros((pairs.n_truth, pairs.n_predicted))
    for g, p, similarity in zip(pairs.truth, pairs.predicted, pairs.similarity, strict=True):
        together[np.ix_(g, p)] += similarity >= threshold
    # Frames of a person or track that is given to nobody are lost either way: the best assignment is the one that
    # has most frames together.
    row, column = linear_sum_assignment(-together)
    right = float(together[row, column].sum())
    labelled = sum(len(g) for g in pairs.truth)
    said = sum(len(p) for p in pairs.predicted)
    return {
        "IDF1": right / max(1.0, 0.5 * (labelled + said)),
        "IDP": right / max(1, said),
        "IDR": right / max(1, labelled),
    }
