"""Identities verified: where the ID decoder would say another name than the one that stands, it is said, not done."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from impose_widget.tracking.bank import TrajectoryBank
from impose_widget.tracking.decoding import Decoding
from impose_widget.tracking.history import latest

DEPTH = 24  # times of each person that the decoder is shown
SURE = 0.8
"""Chance from which a disagreement is worth a human's look (model.md 6.5)."""


class Swap(NamedTuple):
    """In a frame, somebody looks like somebody else: a possible swap from there on."""

    frame: int
    track_id: int
    track_id_b: int
    chance: float


def possible_swaps(bank: TrajectoryBank, decoding: Decoding, frames: np.ndarray, sure: float = SURE) -> list[Swap]:
    """Names that the decoder disagrees with, given everybody's past.

    Somebody whom a human placed in the frame, or who has no past, is not asked about. Of two people who would each be
    the other, one swap is told.

    Args:
        bank: who was where.
        decoding: the trained decoder.
        frames: those to look at.
        sure: least chance of the other name.
    """
    out: list[Swap] = []
    for frame in np.unique(frames).tolist():
        past, now = bank.window(frame), bank.between(frame, frame + 1)
        if len(now) < 2 or not len(past):
            continue
        rows = latest(past.track_id, DEPTH)
        chance, names = decoding.chances(now.people, past.track_id[rows], past.people[rows])
        best = chance.argmax(1)
        told: set[tuple[int, int]] = set()
        for row, track_id in enumerate(now.track_id.tolist()):
            if best[row] == len(names) or track_id not in names or now.locked[row].any():
                continue
            other, value = int(names[best[row]]), float(chance[row, best[row]])
            pair = min(track_id, other), max(track_id, other)
            if other != track_id and value >= sure and pair not in told:
                told.add(pair)
                out.append(Swap(frame, track_id, other, value))
    return out
