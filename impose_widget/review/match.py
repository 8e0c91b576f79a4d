"""Who in one table of poses is who in another: frame by frame, by how alike the poses are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import keypoint_similarity, person_area
from impose_widget.core.people import People, people_of
from impose_widget.core.skeleton import COCO17, DEFAULT_SIGMA, Skeleton

ALIKE = 0.2
"""OKS from which two poses may be of one person."""
AS_BEFORE = 0.15
"""What is added to the OKS of two who were one person in the frame before: people who pass close stay who they are."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Two tables of one video, side by side.

    Attributes:
        skeleton: of the first.
        first, second: their people in frames, on the same K keypoints.
        a, b: (M,) rows in `first` and `second` that are one person.
        only_first, only_second: rows that have no counterpart.
        distance: (M, K) pixels; NaN unless both have the keypoint.
        similarity: (M, K) the same as keypoint similarity, areas being the mean of both.
    """

    skeleton: Skeleton
    first: People
    second: People
    a: np.ndarray
    b: np.ndarray
    only_first: np.ndarray
    only_second: np.ndarray
    distance: np.ndarray
    similarity: np.ndarray

    @property
    def oks(self) -> np.ndarray:
        """(M,) over the keypoints that both have; NaN where there are none."""
        known = np.isfinite(self.similarity)
        return np.where(known.any(1), np.nansum(self.similarity, 1) / np.maximum(known.sum(1), 1), np.nan)

    def shares(self, which: str) -> np.ndarray:
        """(M, K) bool: "both" have the keypoint, or only the "first" or "second" has."""
        p, q = self.first.visibility[self.a] > 0, self.second.visibility[self.b] > 0
        return {"both": p & q, "first": p & ~q, "second": q & ~p}[which]


def match(first: pd.DataFrame, second: pd.DataFrame) -> Matched:
    """Match the people of two tables of poses; keypoints are found by name.

    Raises:
        ValueError: they have no keypoint in common.
    """
    skeleton = skeleton_of(first)
    one, other = (people_of(poses, skeleton.keypoints) for poses in (first, second))
    if len(one) and len(other) and not ((one.row >= 0).any(0) & (other.row >= 0).any(0)).any():
        theirs = ", ".join(map(str, second["keypoint"].astype("category").cat.categories))
        raise ValueError(f"Expected keypoints of {skeleton.name} in both, got {theirs} in the second.")
    one, other = _placed(one), _placed(other)
    xy, areas = (one.xy, other.xy), (person_area(one.xy), person_area(other.xy))
    before: dict[int, int] = {}
    pairs: list[tuple[int, int]] = []
    where = [_rows_of_frames(p.frame) for p in (one, other)]
    for frame in sorted(where[0].keys() & where[1].keys()):
        rows = where[0][frame], where[1][frame]
        alike = _alike(*(v[r] for v, r in zip(xy, rows, strict=True)), areas[0][rows[0]], areas[1][rows[1]], skeleton)
        ids = one.track_id[rows[0]], other.track_id[rows[1]]
        held = np.array([before.get(i, -1) for i in ids[0].tolist()])
        n, m = linear_sum_assignment(-np.where(alike >= ALIKE, alike + AS_BEFORE * (held[:, None] == ids[1]), 0))
        good = alike[n, m] >= ALIKE
        pairs += zip(rows[0][n[good]].tolist(), rows[1][m[good]].tolist(), strict=True)
        before.update(zip(ids[0][n[good]].tolist(), ids[1][m[good]].tolist(), strict=True))
    a, b = np.array(pairs, int).reshape(-1, 2).T
    area = (areas[0][a] + areas[1][b]) / 2
    distance = np.linalg.norm(xy[0][a] - xy[1][b], axis=-1)
    similarity = keypoint_similarity(xy[0][a], xy[1][b], area, skeleton.sigma_array)
    lone = [np.setdiff1d(np.arange(len(p)), used) for p, used in ((one, a), (other, b))]
    return Matched(skeleton, one, other, a, b, *lone, distance, similarity)


def skeleton_of(poses: pd.DataFrame) -> Skeleton:
    """The skeleton that a table of poses states; else COCO's, if its keypoints have those names; else names alone."""
    facts = poses.attrs.get("skeleton")
    if facts:
        return Skeleton.from_json(facts)
    names = [str(k) for k in poses["keypoint"].astype("category").cat.categories]
    return COCO17 if set(names) <= set(COCO17.keypoints) else Skeleton.of(names)


def _placed(people: People) -> People:
    """Those who have a keypoint."""
    held = (people.visibility > 0).any(1)
    return People(people.frame[held], people.track_id[held], people.keypoints, people.row[held], people.table)


def _rows_of_frames(frames: np.ndarray) -> dict[int, np.ndarray]:
    values, starts = np.unique(frames, return_index=True)
    stops = [*starts[1:].tolist(), len(frames)]
    return {f: np.arange(a, b) for f, a, b in zip(values.tolist(), starts.tolist(), stops, strict=False)}


def _alike(a, b, area_a, area_b, skeleton: Skeleton) -> np.ndarray:
    """(N, M) mean similarity over the keypoints that both have; 0 where they share none."""
    area = (area_a[:, None] + area_b[None]) / 2
    similar = keypoint_similarity(a[:, None], b[None], area, np.maximum(skeleton.sigma_array, DEFAULT_SIGMA))
    known = np.isfinite(similar)
    return np.where(known, similar, 0).sum(-1) / np.maximum(known.sum(-1), 1)
