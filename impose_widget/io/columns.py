"""The columns of a table of poses: brought to their types and order, whoever made the table."""

from __future__ import annotations

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
        "x": xy[:, 0].copy(),
        "y": xy[:, 1].copy(),
        "visibility": visibility,
        "score": _numbers(poses, "score", np.float32, what),
        "source": _sources(poses, what),
        "anchor": _flags(poses, "anchor", what),
        "revision": _counts(poses, "revision", what) if "revision" in poses else np.zeros(len(poses), np.int32),
    }
    table = pd.DataFrame(columns)
    if table.duplicated(KEY).any():
        frame, track_id, keypoint = table.loc[table.duplicated(KEY).idxmax(), KEY]
        raise ValueError(
            f"Expected each keypoint once, got {keypoint} of person {track_id} in frame {frame} twice in {what}."
        )
    table = table.sort_values(KEY, kind="stable", ignore_index=True)
    table.attrs = dict(poses.attrs)
    return table


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
    values = _numbers(poses, column, np.float64, what)
    wrong = ~((values >= 0) & (values <= np.iinfo(np.int32).max) & (values == np.floor(values)))
    if wrong.any():
        raise ValueError(f"Expected {column} as whole numbers of 0 and above, got {values[wrong][0]:g} in {what}.")
    return values.astype(np.int32)


def _flags(poses: pd.DataFrame, column: str, what: str) -> np.ndarray:
    if column not in poses:
        return np.zeros(len(poses), bool)
    values = _numbers(poses, column, np.float64, what)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"Expected {column} as true or false, got others in {what}.")
    return values.astype(bool)


def _visibility(poses: pd.DataFrame, xy: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(xy).all(-1)
    if "visibility" in poses:
        values = _numbers(poses, "visibility", np.float64, what)
        wrong = ~np.isin(values, (0, 1, 2))
        if wrong.any():
            raise ValueError(
                f"Expected visibility as 0 (absent), 1 (occluded) or 2 (visible), got {values[wrong][0]:g} in {what}."
            )
        visibility = np.where(known, values, ABSENT).astype(np.int8)
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
    values = column.astype("str")
    names = list(skeleton["keypoints"]) if skeleton else list(pd.unique(values))
    codes = pd.Index(names, dtype="object").get_indexer(values.astype("object"))
    if (codes < 0).any():
        raise ValueError(f"Expected keypoints of the skeleton, got {values[codes < 0].iloc[0]!r} in {what}.")
    return keypoint_column(codes, names)


def _sources(poses: pd.DataFrame, what: str) -> pd.Categorical:
    if "source" not in poses:
        return source_column(np.full(len(poses), IMPORTED))
    column = poses["source"]
    codes = pd.Index(SOURCES, dtype="object").get_indexer(column.astype("object"))
    if (codes < 0).any():
        raise ValueError(
            f"Expected source as one of {', '.join(SOURCES)}, got {column[codes < 0].iloc[0]!r} in {what}."
        )
    return source_column(codes)
