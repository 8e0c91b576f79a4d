"""The paper's instance-level tracker: frame after frame, each person is named by the ID decoder alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from impose_widget.associate import associate
from impose_widget.core.detections import Detections
from impose_widget.core.skeleton import Skeleton
from impose_widget.tracking.assignment import NEW, best_together, object_max
from impose_widget.tracking.decoding import Decoding
from impose_widget.tracking.history import History
from impose_widget.tracking.people import People


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    """Thresholds (MOTIP's, for a detector whose scores are lower).

    Attributes:
        detection: detections that score less are not looked at.
        newborn: somebody new needs this score.
        identity: chance from which somebody is taken for somebody.
        protocol: "object-max" (the paper's) or "hungarian".
    """

    detection: float = 0.08
    newborn: float = 0.25
    identity: float = 0.2
    protocol: str = "object-max"


def track(
    detections: Detections,
    known: np.ndarray,
    next_track_id: int,
    skeleton: Skeleton,
    decoding: Decoding,
    config: TrackerConfig | None = None,
) -> np.ndarray:
    """Say whose each detection is; arguments and result as in `associate.associate`.

    Known identities are pinned: their rows are not asked for, and nobody else is given them. More people at a time than
    the dictionary has words are followed by geometry alone, with a warning.
    """
    config = config or TrackerConfig()
    people, ids = People.detected(detections), np.where(known >= 0, known, NEW).astype(np.int32)
    history, born = History(decoding.window), next_track_id
    frames, starts = np.unique(detections.frame, return_index=True)
    for frame, rows in zip(frames.tolist(), np.split(np.arange(len(detections)), starts[1:]), strict=False):
        history.forget(frame)
        pinned = rows[known[rows] >= 0]
        free = rows[(known[rows] == NEW) & (detections.score[rows] >= config.detection)]
        chance, names = decoding.chances(people[free], history, frame)
        chance[:, :-1][:, np.isin(names, known[pinned])] = 0
        choose = object_max(chance, detections.score[free], config.identity)
        if config.protocol == "hungarian":
            choose = best_together(chance, config.identity)
        ids[free[choose != NEW]] = names[choose[choose != NEW]]
        left = free[(choose == NEW) & (detections.score[free] >= config.newborn)]
        left = left[~_without_words(detections, left, history, names, ids, skeleton)]
        ids[left] = born + np.arange(len(left))
        born += len(left)
        told = rows[ids[rows] >= 0]
        history.add(frame, ids[told], people[told])
    if decoding.overflowed:
        warnings.warn(
            f"More people at a time than the dictionary has words: {decoding.overflowed} went without one and were "
            "followed by where they are alone.",
            stacklevel=2,
        )
    return ids


def _without_words(
    detections: Detections, rows: np.ndarray, history: History, named: np.ndarray, ids: np.ndarray, skeleton: Skeleton
) -> np.ndarray:
    """Give detections to people who have no word, by geometry, in place; (rows,) bool, which ones."""
    rest = sorted(set(history.names()) - set(named.tolist()))
    if not rest or not len(rows):
        return np.zeros(len(rows), bool)
    before = np.array([np.flatnonzero(ids[: rows[0]] == i)[-1] for i in rest])
    both = np.concatenate([before, rows])
    order = np.argsort(detections.frame[both], kind="stable")
    told = associate(
        detections[both[order]],
        np.where(np.isin(both[order], before), ids[both[order]], NEW),
        int(ids.max()) + 1,
        skeleton,
    )
    found = np.full(len(both), NEW, np.int32)
    found[order] = told
    mine = np.isin(found[len(before) :], rest)
    ids[rows[mine]] = found[len(before) :][mine]
    return mine
