"""Whose each reading of the network is: as the poses say, and for people who came from a file, as they look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import box_iou, keypoint_similarity, person_area
from impose_widget.core.pose import NO_READING
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Draft, Tracks
from impose_widget.session.state import State

DELETED = -2  # what `associate` calls a detection that is not to be used
SAME_PERSON = 0.4  # OKS, or overlap of boxes, below which a reading is of somebody else
FEW = 3  # keypoints; with fewer the boxes may decide
BROAD = 0.05  # the least sigma: annotators of other skeletons mean other places by the same word


def claims(tracks: Tracks, n_rows: int, first: int = 0, stop: int | None = None) -> np.ndarray:
    """(n_rows,) whose each reading is: a track id, -1 for nobody's, `DELETED` where a human took the person away.

    With `first` and `stop` only readings of these frames are looked at.
    """
    owner = np.full(n_rows, -1, np.int32)
    for track_id, start, records in tracks.lanes():
        records = records[max(first - start, 0) : None if stop is None else max(stop - start, 0)]
        held = records["reading"] != NO_READING
        rows = records["reading"][held]
        owner[rows] = np.where(records["present"][held], track_id, np.where(owner[rows] < 0, DELETED, owner[rows]))
    return owner


def unread(state: State, first: int, stop: int) -> list[tuple[int, int]]:
    """(frame, track_id) of people who are there in [first, stop) and have no reading of the network."""
    out = []
    for track_id, start, records in state.tracks.lanes():
        rows = np.arange(max(first - start, 0), min(stop - start, len(records)))
        rows = rows[records["present"][rows] & (records["reading"][rows] == NO_READING)] if len(rows) else rows
        out += [(int(row) + start, track_id) for row in rows]
    return sorted(out)


def claim_readings(draft: Draft, state: State, skeleton: Skeleton, first: int, stop: int, owner: np.ndarray) -> None:
    """Give people without a reading the one that is theirs, so that nobody is found a second time. In place.

    Args:
        draft: where to; only which reading is whose changes, no pose does.
        state: whose readings.
        skeleton: K keypoints, with their sigmas.
        first, stop: the frames.
        owner: whose each reading is (see `finding.claims`); what is given is marked in it.
    """
    people = unread(state, first, stop)
    if not people:
        return
    rows = state.readings.between(first, stop)
    rows = rows[owner[rows] == -1]
    frame_of = state.readings.table.frame[rows]
    for frame in sorted({f for f, _ in people}):
        ids = [i for f, i in people if f == frame]
        here = rows[frame_of == frame]
        records = np.concatenate([draft.get(i, [frame]) for i in ids])
        for i, row in _pairs(records, here, state, skeleton):
            record = records[[i]]
            record["reading"] = row
            draft.put(ids[i], [frame], record)
            owner[row] = ids[i]


def _pairs(records: np.ndarray, rows: np.ndarray, state: State, skeleton: Skeleton) -> Iterator[tuple[int, int]]:
    """(person, reading) that belong together, each once, the best matches first as a whole."""
    if not len(rows):
        return
    table = state.readings.table[rows]
    # The reading is whole and says how large the person is; of the person some keypoints may be all that is known.
    sigmas = np.maximum(skeleton.sigma_array, BROAD)
    similarity = keypoint_similarity(records["xy"][:, None], table.xy[None], person_area(table.xy)[None], sigmas)
    known = np.isfinite(records["xy"]).all(-1).sum(1)[:, None]
    alike = np.nan_to_num(similarity).sum(-1) / np.maximum(known, 1)
    alike = np.where(known < FEW, np.maximum(alike, box_iou(records["box"], table.box)), alike)
    for i, j in zip(*linear_sum_assignment(-alike), strict=True):
        if alike[i, j] >= SAME_PERSON:
            yield int(i), int(rows[j])
