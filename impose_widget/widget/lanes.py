"""What a timeline shows of each person: how sure their poses are, and where humans and propagation were."""

from __future__ import annotations

import numpy as np

from impose_widget.core.pose import IMPORTED, INTERPOLATED, PROPAGATED
from impose_widget.core.tracks import Tracks

ANCHOR, CARRIED, FILLED, PENDING, STALE = 1, 2, 4, 8, 16


def lanes(tracks: Tracks, first: int, stop: int, bins: int) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Each person's poses in `bins` equal parts of the frames [first, stop).

    Returns:
        Track ids (n); (n, bins) uint8, the lowest mean score of a pose in each part, 1 to 255, and 0 where there is
        none; (n, bins) uint8, bits of what is in it.
    """
    ids = tracks.ids()
    sure = np.full((len(ids), bins), 256, np.int32)
    marks = np.zeros((len(ids), bins), np.uint8)
    for row, track_id in enumerate(ids):
        begin, records = tracks.lane(track_id)
        there = np.flatnonzero(records["present"])
        frames = there + begin
        there = there[(frames >= first) & (frames < stop)]
        if not len(there):
            continue
        at = ((there + begin - first) * bins) // max(stop - first, 1)
        held = records[there]
        known = held["visibility"] > 0
        score = np.where(known, np.nan_to_num(held["score"], nan=1.0), 0).sum(1) / np.maximum(known.sum(1), 1)
        np.minimum.at(sure[row], at, 1 + np.rint(254 * np.clip(score, 0, 1)).astype(np.int32))
        source = held["source"]
        bits = (
            held["anchor"].any(1) * ANCHOR
            | (known & (source == PROPAGATED)).any(1) * CARRIED
            | (known & np.isin(source, (INTERPOLATED, IMPORTED))).any(1) * FILLED
            | held["pending"] * PENDING
            | held["stale"] * STALE
        )
        np.bitwise_or.at(marks[row], at, bits.astype(np.uint8))
    return ids, np.where(sure > 255, 0, sure).astype(np.uint8), marks
