"""The columns of a table of poses: brought to their types and order, whoever made the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, IMPORTED, SOURCES, VISIBLE
from impose_widget.core.skeleton import COCO17, Skeleton

REQUIRED = ("frame", "track_id", "keypoint", "x", "y")
KEY = ["frame", "track_id", "keypoint"]
DTYPES = {
    "frame": "int32",
    "time": "float64",
    "track_id": "int32",
    "keypoint": "category",
    "x": "float32",
    "y": "float32",
    "visibility": "int8",
    "score": "float32",
    "source": "category",
    "anchor": "bool",
    "revision": "int32",
}
OTHER_NAMES = {"joint": "keypoint", "bodypart": "keypoint", "node": "keypoint"}


def conform(poses: pd.DataFrame, what: str) -> pd.DataFrame:
    """A table of poses in its exact form: all columns, typed, sorted, positions NaN exactly where absent.

    Columns that are missing get what can be said without inventing: visibility from whether there is a position, source
    `imported`, no anchors. `attrs` are taken along.

    Args:
        poses: with at least the columns in `REQUIRED` (keypoint may be called joint, bodypart or node).
        what: how a message calls it: "the table of poses", or a file's name.

    Raises:
        ValueError: columns are missing or hold what they cannot.
    """
    rename = {old: new for old, new in OTHER_NAMES.items() if old in poses and new not in poses}
    poses = poses.rename(columns=rename)
    missing = [c for c in REQUIRED if c not in poses]
    if missing:
        raise ValueError(
            f"Expected poses with the columns {', '.join(REQUIRED)}, got {what} without {', '.join(missing)}."
        )
    xy = np.stack([_numbers(poses, c, np.float32, what) for c in "xy"], -1)
    if np.isinf(xy).any():
        raise ValueError(f"Expected x and y as finite numbers, empty where absent, got infinity in {what}.")
    visibility, xy = _visibility(poses, xy, what)
    columns = {
        "frame": _counts(poses, "frame", what),
        "time": _numbers(poses, "time", np.float64, what),
        "track_id": _counts(poses, "track_id", what),
        "keypoint": _keypoints(poses, what),
        "x": xy[:, 0],
        "y": xy[:, 1],
        "visibility": visibility,
        "score": _numbers(poses, "score", np.float32, what),
        "source": _sources(poses, what),
        "anchor": _flags(poses, "anchor", what),
        "revision": _counts(poses, "revision", what) if "revision" in poses else np.zeros(len(poses), np.int32),
    }
    table = pd.DataFrame(columns)
    order = _order(table)
    if order is not None:
        table = table.take(order).reset_index(drop=True)
    _check_once(table, what)
    table.attrs = dict(poses.attrs)
    return table


def _order(table: pd.DataFrame) -> np.ndarray | None:
    """The order of rows by frame, track_id and keypoint; None if it is that already."""
    codes = table["keypoint"].cat.codes.to_numpy()
    frame, track_id = table["frame"].to_numpy(), table["track_id"].to_numpy()
    later = frame[1:] > frame[:-1]
    same = frame[1:] == frame[:-1]
    later |= same & (track_id[1:] > track_id[:-1])
    same &= track_id[1:] == track_id[:-1]
    later |= same & (codes[1:] >= codes[:-1])
    return None if later.all() else np.lexsort((codes, track_id, frame))


def _check_once(table: pd.DataFrame, what: str) -> None:
    """ValueError if a keypoint is twice in a sorted table."""
    keys = [table[name].to_numpy() for name in ("frame", "track_id")] + [table["keypoint"].cat.codes.to_numpy()]
    twice = np.flatnonzero(np.logical_and.reduce([key[1:] == key[:-1] for key in keys]))
    if len(twice):
        frame, track_id, keypoint = table.loc[twice[0], KEY]
        raise ValueError(
            f"Expected each keypoint once, got {keypoint} of person {track_id} in frame {frame} twice in {what}."
        )


def skeleton_of(poses: pd.DataFrame) -> Skeleton:
    """The skeleton of a conforming table: the one in its `attrs` if it fits, else one made of its keypoint names."""
    names = tuple(str(k) for k in poses["keypoint"].cat.categories)
    known = poses.attrs.get("skeleton")
    if known is not None:
        skeleton = Skeleton.from_json(known)
        if skeleton.keypoints == names:
            return skeleton
    if names == COCO17.keypoints:
        return COCO17
    return Skeleton("custom", names or ("keypoint",))


def keypoint_column(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    """Positions in a list of names as the ordered category `keypoint`."""
    dtype = np.int8 if len(names) < 128 else np.int16
    return pd.Categorical.from_codes(np.asarray(codes, dtype), categories=names, ordered=True)


def source_column(codes: np.ndarray) -> pd.Categorical:
    """Positions in `SOURCES` as the category `source`."""
    return pd.Categorical.from_codes(np.asarray(codes, np.int8), categories=list(SOURCES))


def _numbers(poses: pd.DataFrame, column: str, dtype: Any, what: str) -> np.ndarray:
    if column not in poses:
        return np.full(len(poses), np.nan, dtype)
    try:
        return poses[column].to_numpy(dtype, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected numbers in the column {column}, got others in {what}: {error}.") from error


def _counts(poses: pd.DataFrame, column: str, what: str) -> np.ndarray:
    values = _plain(poses[column], "iu") if column in poses else None
    if values is None:
        values = _numbers(poses, column, np.float64, what)
        wrong = values[~((values >= 0) & (values <= np.iinfo(np.int32).max) & (values == np.floor(values)))][:1]
    else:
        wrong = values[[]] if not len(values) else np.array([values.min(), values.max()])
        wrong = wrong[(wrong < 0) | (wrong > np.iinfo(np.int32).max)]
    if len(wrong):
        raise ValueError(f"Expected {column} as whole numbers of 0 and above, got {wrong[0]:g} in {what}.")
    return values.astype(np.int32, copy=False)


def _flags(poses: pd.DataFrame, column: str, what: str) -> np.ndarray:
    if column not in poses:
        return np.zeros(len(poses), bool)
    values = _plain(poses[column], "b")
    if values is not None:
        return values
    values = _numbers(poses, column, np.float64, what)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"Expected {column} as true or false, got others in {what}.")
    return values.astype(bool)


def _plain(column: pd.Series, kinds: str) -> np.ndarray | None:
    """A column's own numbers, not copied, if numpy knows their type as one of some kinds."""
    return column.to_numpy() if isinstance(column.dtype, np.dtype) and column.dtype.kind in kinds else None


def _visibility(poses: pd.DataFrame, xy: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(xy).all(-1)
    if "visibility" in poses:
        values = _plain(poses["visibility"], "iu")
        values = _numbers(poses, "visibility", np.float64, what) if values is None else values
        wrong = values[(values != 0) & (values != 1) & (values != 2)]
        if len(wrong):
            raise ValueError(
                f"Expected visibility as 0 (absent), 1 (occluded) or 2 (visible), got {wrong[0]:g} in {what}."
            )
        visibility = np.where(known, values, ABSENT).astype(np.int8, copy=False)
    else:
        visibility = np.where(known, VISIBLE, ABSENT).astype(np.int8)
    return visibility, np.where((visibility > ABSENT)[:, None], xy, np.float32(np.nan))


def _keypoints(poses: pd.DataFrame, what: str) -> pd.Categorical:
    column = poses["keypoint"]
    if column.isna().any():
        raise ValueError(f"Expected a keypoint name in every row, got an empty one in {what}.")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return keypoint_column(column.cat.codes.to_numpy(), [str(c) for c in column.cat.categories])
    skeleton = poses.attrs.get("skeleton")
    column = column.astype("str")
    names = list(skeleton["keypoints"]) if skeleton else list(pd.unique(column))
    codes = places(column, names)
    if (codes < 0).any():
        raise ValueError(f"Expected keypoints of the skeleton, got {column[codes < 0].iloc[0]!r} in {what}.")
    return keypoint_column(codes, names)


def _sources(poses: pd.DataFrame, what: str) -> pd.Categorical:
    if "source" not in poses:
        return source_column(np.full(len(poses), IMPORTED))
    codes = places(poses["source"], SOURCES)
    if (codes < 0).any():
        odd = poses["source"][codes < 0].iloc[0]
        raise ValueError(f"Expected source as one of {', '.join(SOURCES)}, got {odd!r} in {what}.")
    return source_column(codes)


def places(column: pd.Series, names: Sequence[str]) -> np.ndarray:
    """Where each value of a column stands in a list of names, int16; -1 where it does not."""
    column = column.astype("category")
    found = pd.Index(names, dtype="object").get_indexer(column.cat.categories.astype("object"))
    return np.append(found, -1).astype(np.int16)[column.cat.codes]
