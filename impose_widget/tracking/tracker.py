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

    Known identities are pinned: their rows are not asked for, nobody else is given them, and history is corrected by
    them. More people at a time than
    the dictionary has words are followed by geometry alone, with a warning.
    """
    config = config or TrackerConfig()
    people, ids = People.detected(detections), np.where(known >= 0, known, NEW).astype(np.int32)
    history, born = History(decoding.window), next_track_id
    frames, starts = np.unique(detections.frame, return_index=True)
    for frame, rows in zip(frames.tolist(), np.split(np.arange(len(detections)), starts[1:]), strict=False):
        history.forget(frame)
        pinned = rows[known[rows] >= 0]
        _rewrite(people[pinned], known[pinned], history, frame, decoding, next_track_id)
        free = rows[(known[rows] == NEW) & (detections.score[rows] >= config.detection)]
        told, then = history.rows(frame)
        chance, names = decoding.chances(people[free], told, then)
        chance[:, :-1][:, np.isin(names, known[pinned])] = 0
        choose = object_max(chance, detections.score[free], config.identity)
        if config.protocol == "hungarian":
            choose = best_together(chance, config.identity)
        ids[free[choose != NEW]] = names[choose[choose != NEW]]
        left = free[(choose == NEW) & (detections.score[free] >= config.newborn)]
        left = left[~_without_words(detections, left, np.setdiff1d(told, names), ids, skeleton)]
        ids[left] = born + np.arange(len(left))
        born += len(left)
        told = rows[ids[rows] >= 0]
        history.add(frame, ids[told], people[told])
    if decoding.overflowed:
        warnings.warn(
            f"More people than the dictionary has words were remembered at a time: {decoding.overflowed} went without "
            "and were followed by where they are alone.",
            stacklevel=2,
        )
    return ids


def _rewrite(
    people: People, known: np.ndarray, history: History, frame: int, decoding: Decoding, first_born: int
) -> None:
    """A human has named people of a frame: whom they looked like, if a name of our own, has that name from now on."""
    if not len(people):
        return
    told, then = history.rows(frame)
    chance, names = decoding.chances(people, told, then)
    for row, name in enumerate(chance.argmax(1).tolist()):
        if name < len(names) and chance[row, name] > 0.5 and names[name] >= first_born:
            history.rename(int(names[name]), int(known[row]))


def _without_words(
    detections: Detections, rows: np.ndarray, rest: np.ndarray, ids: np.ndarray, skeleton: Skeleton
) -> np.ndarray:
    """Give detections to the people `rest`, who have no word, by geometry, in place; (rows,) bool, which ones."""
    if not len(rest) or not len(rows):
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
