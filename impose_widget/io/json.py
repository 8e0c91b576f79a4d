"""JSON of our own: the table column by column, and everything that belongs to it; exact, for other languages.

Positions as everywhere here: integers at pixel centres, offset 0. Absent keypoints have null for x and y.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.io.columns import DTYPES, conform, keypoint_column
from impose_widget.io.extras import Facts, known_attrs
from impose_widget.io.format import Format
from impose_widget.io.numbers import shortest
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format("json", (".poses.json",), "The table column by column as JSON, with everything that belongs to it.")
MARK, VERSION = "impose-widget poses", 1


def sniff(source: Source) -> bool:
    """Whether it begins with our mark."""
    return MARK in source.start[:200]


def read(source: Source) -> pd.DataFrame:
    """Read a table of poses."""
    data = source.json
    if not isinstance(data, dict) or data.get("format") != MARK or not isinstance(data.get("columns"), dict):
        raise ValueError(f"Expected JSON with the columns of a table of poses, got {source}, which has none.")
    if data.get("version", VERSION) != VERSION:
        raise ValueError(f"Expected a file of version {VERSION}, got {source} of another; update impose-widget.")
    columns, names, attrs = data["columns"], data.get("keypoints"), data.get("attrs") or {}
    try:
        poses = pd.DataFrame({name: columns[name] for name in DTYPES if name in columns})
        if names is not None:
            codes = np.asarray(poses["keypoint"], np.int64)
            if len(codes) and not (codes.min() >= 0 and codes.max() < len(names)):
                raise ValueError("a keypoint that is not in the list")
            poses["keypoint"] = keypoint_column(codes, [str(n) for n in names])
        poses.attrs = {k: Facts(v) if k not in ("skeleton", "video") else v for k, v in known_attrs(attrs).items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"Expected columns of equal length, got others in {source} ({error}).") from error
    return conform(poses, str(source))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    columns = {}
    for name in DTYPES:
        column = poses[name]
        if name == "keypoint":
            columns[name] = column.cat.codes.tolist()
        elif column.dtype.kind == "f":
            columns[name] = shortest(column.to_numpy(), None).tolist()
        else:
            columns[name] = column.tolist()
    data = {
        "format": MARK,
        "version": VERSION,
        "keypoints": [str(k) for k in poses["keypoint"].cat.categories],
        "attrs": known_attrs(poses.attrs),
        "columns": columns,
    }
    with replacing(path) as partial:
        partial.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")), "utf-8")
