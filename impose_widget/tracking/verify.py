"""Identities verified: where the ID decoder would say another name than the one that stands, it is said, not done."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from impose_widget.tracking.bank import TrajectoryBank
from impose_widget.tracking.decoding import Decoding
from impose_widget.tracking.history import latest

NOBODY = -1
ONCE = 8  # frames in which a pair is told once
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

    Somebody whom a human placed in the frame, or who has no past, is not asked about, and whoever looks like somebody
    who looks like themselves is not told. Of two people who would each be the other, one swap is told.

    Args:
        bank: who was where.
        decoding: the trained decoder.
        frames: those to look at.
        sure: least chance of the other name.
    """
    out: list[Swap] = []
    told: dict[tuple[int, int], int] = {}
    for frame in np.unique(frames).tolist():
        past, now = bank.window(frame), bank.between(frame, frame + 1)
        if len(now) < 2 or not len(past):
            continue
        rows = latest(past.track_id, DEPTH)
        chance, names = decoding.chances(now.people, past.track_id[rows], past.people[rows])
        like = np.append(names, NOBODY)[chance.argmax(1)]
        for row, track_id in enumerate(now.track_id.tolist()):
            other, value = int(like[row]), float(chance[row].max())
            if other in (NOBODY, track_id) or track_id not in names or now.locked[row].any() or value < sure:
                continue
            if other in like[now.track_id == other]:
                continue  # that one looks like themselves: two who look alike, no swap
            pair = min(track_id, other), max(track_id, other)
            if frame - told.get(pair, -ONCE - 1) > ONCE:
                out.append(Swap(frame, track_id, other, value))
            told[pair] = frame
    return out
