"""A table of poses as arrays with a row for each person in each frame, for what looks at whole poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impose_widget.core.mapping import map_keypoints


@dataclass(frozen=True, slots=True)
class People:
    """P people in frames, ordered by frame, then track id.

    Attributes:
        frame, track_id: (P,).
        keypoints: K names.
        row: (P, K) position in the table of each keypoint; -1 where the table has none.
        table: where `row` points.
    """

    frame: np.ndarray
    track_id: np.ndarray
    keypoints: tuple[str, ...]
    row: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, name: str, missing: object) -> np.ndarray:
        """(P, K) of a column of the table; `missing` where it has no row, or no such column."""
        if name not in self.table:
            return np.full(self.row.shape, missing)
        values = self.table[name].to_numpy()
        if not len(values):
            return np.full(self.row.shape, missing)
        return np.where(self.row >= 0, values[self.row], missing)

    @property
    def visibility(self) -> np.ndarray:
        """(P, K) int8; visible where the table does not say."""
        return self.column("visibility", 0 if "visibility" in self.table else 2).astype(np.int8)

    @property
    def xy(self) -> np.ndarray:
        """(P, K, 2) float64 pixels; NaN where there is no keypoint."""
        xy = np.stack([self.column(c, np.nan).astype(np.float64) for c in "xy"], -1)
        return np.where((self.visibility > 0)[..., None], xy, np.nan)


def people_of(poses: pd.DataFrame, keypoints: Sequence[str] | None = None) -> People:
    """The people of a table of poses (frame, track_id, keypoint, x, y, …), keypoints found by name.

    Args:
        poses: in any order.
        keypoints: of the result; None for those of the table. What the table has besides is left out.
    """
    names = poses["keypoint"].astype("category").cat
    theirs = [str(k) for k in names.categories]
    wanted = tuple(theirs if keypoints is None else keypoints)
    to = np.full(max(len(theirs), 1), -1)
    if theirs:
        source = map_keypoints(theirs, wanted) if keypoints is not None else np.arange(len(theirs))
        to[source[source >= 0]] = np.flatnonzero(source >= 0)
    code = names.codes.to_numpy()
    column = np.where(code >= 0, to[code], -1)
    place = np.stack([poses["frame"].to_numpy(np.int64), poses["track_id"].to_numpy(np.int64)], 1)
    each, at = np.unique(place, axis=0, return_inverse=True)
    row = np.full((len(each), len(wanted)), -1)
    held = np.flatnonzero(column >= 0)
    row[at.reshape(-1)[held], column[held]] = held
    return People(each[:, 0], each[:, 1], wanted, row, poses)
