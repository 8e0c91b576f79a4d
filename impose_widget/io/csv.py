"""CSV: the table of poses as text, one row a keypoint; numbers are written so that they come back to the bit.

Positions as everywhere here: integers at pixel centres, offset 0. Absent keypoints have empty x and y. The order of the
keypoints is the order in which they first appear.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from impose_widget.io.columns import DTYPES, OTHER_NAMES, conform
from impose_widget.io.replace import replacing

TEXT = {"keypoint", "source", *OTHER_NAMES}


def read(path: Path) -> pd.DataFrame:
    """Read a table of poses; columns in any order, further columns are ignored."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            poses = _read(file)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"Expected a CSV table with a line of column names, got {path}: {error}") from error
    return conform(poses, str(path))


def _read(file) -> pd.DataFrame:
    header = next(csv.reader(file), [])
    file.seek(0)
    text = TEXT.intersection(header)
    return pd.read_csv(
        file,
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,
        na_values={name: ["", "nan", "NaN", "NA"] for name in header if name not in text},
        float_precision="round_trip",
    )


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    with replacing(path) as partial:
        poses.to_csv(
            partial, index=False, columns=list(DTYPES), encoding="utf-8", lineterminator="\n", quoting=csv.QUOTE_MINIMAL
        )
