"""A table of poses as arrays, one row a person in a frame, and back: what most formats are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, IMPORTED, SOURCES
from impose_widget.io.columns import conform, keypoint_column, source_column
from impose_widget.io.extras import BODY, HEAD, boxes_of

MOST_CELLS = 400_000_000  # numbers in one array; beyond it a file is taken to be broken or made to exhaust memory


@dataclass(slots=True)
class People:
    """People in frames, sorted by frame, then track id.

    Attributes:
        frame: (n,) int.
        track_id: (n,) int.
        time: (n,) float64, seconds; NaN unknown.
        xy: (n, K, 2) float32; NaN where absent.
        visibility: (n, K) int8.
        score: (n, K) float32; NaN unknown.
        source: (n, K) int8, places in `SOURCES`.
        anchor: (n, K) bool.
        revision: (n, K) int32.
        written: (n, K) bool, whether the table has a row of that keypoint.
        box: (n, 4) float32, the stated body box; NaN where none is.
        head_box: (n, 4) float32, the stated head box; NaN where none is.
        box_score: (n,) float32, of the body box.
    """

    frame: np.ndarray
    track_id: np.ndarray
    time: np.ndarray
    xy: np.ndarray
    visibility: np.ndarray
    score: np.ndarray
    source: np.ndarray
    anchor: np.ndarray
    revision: np.ndarray
    written: np.ndarray
    box: np.ndarray
    head_box: np.ndarray
    box_score: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def nobody(cls, n: int, k: int) -> People:
        """n people of k absent keypoints, imported, all of them written."""
        return cls(
            np.zeros(n, np.int64),
            np.zeros(n, np.int64),
            np.full(n, np.nan),
            np.full((n, k, 2), np.nan, np.float32),
            np.zeros((n, k), np.int8),
            np.full((n, k), np.nan, np.float32),
            np.full((n, k), IMPORTED, np.int8),
            np.zeros((n, k), bool),
            np.zeros((n, k), np.int32),
            np.ones((n, k), bool),
            np.full((n, 4), np.nan, np.float32),
            np.full((n, 4), np.nan, np.float32),
            np.full(n, np.nan, np.float32),
        )

    def mean_score(self, at: slice = slice(None)) -> np.ndarray:
        """(n,) the mean score of the keypoints that have one, of some people; NaN if none has."""
        score = self.score[at]
        known = np.isfinite(score)
        total = np.where(known, score, 0).sum(1, dtype=np.float32)
        return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan).astype(np.float32)


def gather(poses: pd.DataFrame) -> People:
    """The people of a conforming table, those who have nothing but a stated box among them."""
    boxes = boxes_of(poses.attrs)
    of_rows, of_boxes = _pairs(poses), _pairs(boxes)
    starts = np.flatnonzero(np.diff(of_rows, prepend=-1))  # the table is sorted
    pairs = np.union1d(of_rows[starts], of_boxes)
    n, k = len(pairs), len(poses["keypoint"].cat.categories)
    rows = np.repeat(np.searchsorted(pairs, of_rows[starts]), np.diff(starts, append=len(of_rows)))
    of_boxes = np.searchsorted(pairs, of_boxes)
    people = People.nobody(n, k)
    people.frame, people.track_id = pairs >> 32, pairs & (2**32 - 1)
    people.time[rows] = poses["time"].to_numpy()
    cell = rows, poses["keypoint"].cat.codes.to_numpy()
    people.xy[cell] = poses[["x", "y"]].to_numpy(np.float32)
    for name in ("visibility", "score", "anchor", "revision"):
        getattr(people, name)[cell] = poses[name].to_numpy()
    people.source[cell] = poses["source"].cat.codes.to_numpy()
    people.written[:] = False
    people.written[cell] = True
    for target, kind in ((people.box, BODY), (people.head_box, HEAD)):
        chosen = (boxes["kind"] == kind).to_numpy()
        target[of_boxes[chosen]] = boxes[["x", "y", "w", "h"]].to_numpy(np.float32)[chosen]
    body = (boxes["kind"] == BODY).to_numpy()
    people.box_score[of_boxes[body]] = boxes["score"].to_numpy(np.float32)[body]
    return people


def _pairs(table: pd.DataFrame) -> np.ndarray:
    """Frame and track id of each row as one number (int64) of the same order."""
    return table["frame"].to_numpy(np.int64) << 32 | table["track_id"].to_numpy(np.int64)


def box_rows(people: People) -> list[tuple]:
    """The stated boxes of some people as rows of `attrs["boxes"]`."""
    rows = []
    for kind, boxes in ((BODY, people.box), (HEAD, people.head_box)):
        for i in np.flatnonzero(np.isfinite(boxes).all(1)):
            score = people.box_score[i] if kind == BODY and np.isfinite(people.box_score[i]) else None
            box = (float(v) for v in boxes[i])
            rows.append(
                (int(people.frame[i]), int(people.track_id[i]), kind, *box, None if score is None else float(score))
            )
    return sorted(rows, key=lambda r: r[:3])


def table_of(people: People, keypoints: tuple[str, ...], attrs: dict[str, Any], what: str) -> pd.DataFrame:
    """The conforming table of some people; `what` is the file's name in messages.

    Raises:
        ValueError: something in it cannot be.
    """
    n, k = people.visibility.shape
    for name in ("frame", "track_id"):
        values = getattr(people, name)
        if n and not (values.min() >= 0 and values.max() < 2**31):
            odd = values.min() if values.min() < 0 else values.max()
            raise ValueError(f"Expected {name} as whole numbers of 0 to 2147483647, got {odd} in {what}.")
    poses = pd.DataFrame(
        {
            "frame": np.repeat(people.frame, k),
            "time": np.repeat(people.time, k),
            "track_id": np.repeat(people.track_id, k),
            "keypoint": keypoint_column(np.tile(np.arange(k), n), list(keypoints)),
            "x": people.xy[..., 0].reshape(-1),
            "y": people.xy[..., 1].reshape(-1),
            "visibility": people.visibility.reshape(-1),
            "score": people.score.reshape(-1),
            "source": source_column(people.source.reshape(-1)),
            "anchor": people.anchor.reshape(-1),
            "revision": people.revision.reshape(-1),
        }
    )
    if not people.written.all():
        poses = poses[people.written.reshape(-1)]
    poses.attrs = attrs
    return conform(poses, what)


def by_value(values: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    """Each value that some rows (m,) have, ascending, with those rows in their order."""
    order = rows[np.argsort(values[rows], kind="stable")]
    found, starts = np.unique(values[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(found) else {}


def somebody(poses: pd.DataFrame, format: str) -> None:
    """ValueError if nobody in a table has a keypoint: some formats have no file of nobody."""
    if not (poses["visibility"] > ABSENT).any():
        raise ValueError(f"Expected somebody with a keypoint to write as {format}, got a table without.")


def see(people: People) -> None:
    """Call every keypoint with a place visible that is not said to be occluded, and those without one absent."""
    known = np.isfinite(people.xy).all(-1)
    people.visibility = np.where(known, np.where(people.visibility == 1, 1, 2), ABSENT).astype(np.int8)


def source_codes(names: list[str], what: str) -> np.ndarray:
    """Names of sources as places in `SOURCES`."""
    try:
        return np.array([SOURCES.index(n) for n in names], np.int8)
    except ValueError as error:
        raise ValueError(f"Expected source as one of {', '.join(SOURCES)}, got others in {what}.") from error
