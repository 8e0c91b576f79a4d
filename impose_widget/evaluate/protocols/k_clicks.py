"""The k worst keypoints replaced by the truth, for k = 0, 1, 2, 3: how good is the result, and what else got right?

Source: the paper's Table II. It does not say what k is counted on, so all three readings are here, and every figure
names its own: clicks per person and frame, per person and ten-frame chunk, or per tracklet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import keypoint_similarity, oks
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.scores import all_scores, own_scores
from impose_widget.evaluate.truth import Truth
from impose_widget.propagate.base import CHUNK

UNITS = ("person_frame", "person_chunk", "tracklet")


def k_clicks(
    method: Method, truth: Truth, unit: str = "tracklet", most: int = 3, add_missed: bool = False
) -> pd.DataFrame:
    """One row for each k: unit, k, keypoint and box clicks, and all scores.

    The annotator passes `most` times over the video; in each pass every person gets one more click in every unit, on
    the keypoint that is furthest off there and was not clicked yet. In each frame people are matched with tracks by
    OKS, whatever identity these have: identities are not repaired here, so that association scores show the tool's own.

    Args:
        method: the tool, not started yet; it is closed at the end.
        truth: the labels.
        unit: one of `UNITS`.
        most: the largest k.
        add_missed: draw a box (a click of its own) for people whom no track matches; else they stay missed.
    """
    if unit not in UNITS:
        raise ValueError(f"Expected unit as one of {', '.join(UNITS)}, got {unit!r}.")
    annotator = SimulatedAnnotator(method, truth)
    try:
        annotator.begin()
        clicked, boxes, rows = set(), 0, []
        for k in range(most + 1):
            if k:
                for n, frames in _units(truth, unit):
                    boxes += _one_click(annotator, n, frames, clicked, add_missed)
            annotator.look()
            rows.append(
                {"unit": unit, "k": k, "keypoint_clicks": len(clicked), "box_clicks": boxes}
                | own_scores(truth, annotator.poses)
                | all_scores(truth, annotator.everybody())
            )
        return pd.DataFrame(rows)
    finally:
        method.close()


def _units(truth: Truth, unit: str) -> Iterator[tuple[int, np.ndarray]]:
    """(person, frames) of every unit that has a labelled keypoint, in the order of frames."""
    length = {"person_frame": 1, "person_chunk": CHUNK, "tracklet": len(truth.xy)}[unit]
    for first in range(0, len(truth.xy), length):
        for n in range(truth.xy.shape[1]):
            frames = np.flatnonzero(truth.present[first : first + length, n]) + first
            if len(frames):
                yield n, frames


def _one_click(annotator: SimulatedAnnotator, n: int, frames: np.ndarray, clicked: set, add_missed: bool) -> int:
    """Click the worst keypoint of a person in some frames, if they are found in any; returns the boxes drawn."""
    truth, method = annotator.truth, annotator.method
    tracks = method.tracks()
    ids, poses = list(tracks), np.stack(list(tracks.values())) if tracks else np.zeros((0, *truth.xy.shape[:1], 1, 3))
    owners = [_owner(truth, poses, int(t), n) for t in frames]
    found = [(int(t), owner) for t, owner in zip(frames, owners, strict=True) if owner is not None]
    if not found:
        return _drawn(method, truth, int(frames[0]), n) if add_missed else 0
    best = None
    for t, owner in found:
        similar = keypoint_similarity(
            truth.xy[t, n], poses[owner, t, :, :2], truth.area[t, n], truth.skeleton.sigma_array
        )
        for k in np.flatnonzero(truth.labelled[t, n]):
            value = float(np.nan_to_num(similar[k]))
            if (t, n, int(k)) not in clicked and (best is None or value < best[0]):
                best = value, t, int(k), ids[owner]
    if best is not None:
        _, t, k, track_id = best
        clicked.add((t, n, k))
        method.click(t, track_id, k, tuple(truth.xy[t, n, k].tolist()))
        method.carry(t)
    return 0


def _owner(truth: Truth, poses: np.ndarray, t: int, n: int) -> int | None:
    """Which track (its place in `poses`) is person n in a frame: Hungarian on OKS over everybody there."""
    people = np.flatnonzero(truth.present[t])
    here = np.flatnonzero(np.isfinite(poses[:, t, :, 0]).any(-1))
    if not len(here):
        return None
    similar = oks(truth.xy[t, people], poses[here, t, :, :2], truth.area[t, people], truth.skeleton.sigma_array)
    for i, j in zip(*linear_sum_assignment(-similar), strict=True):
        if people[i] == n and similar[i, j] > 0:
            return int(here[j])
    return None


def _drawn(method: Method, truth: Truth, t: int, n: int) -> int:
    if method.draw(t, truth.box[t, n]) is None:
        return 0
    method.carry(t)
    return 1
