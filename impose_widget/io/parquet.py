"""Parquet: the table of poses as it is, with skeleton and video in the file's metadata.

Positions as everywhere here: integers at pixel centres, offset 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from impose_widget.io.columns import DTYPES, REQUIRED, conform, keypoint_column
from impose_widget.io.replace import replacing

KEY = b"impose_widget"
VERSION = 1


def read(path: Path) -> pd.DataFrame:
    """Read a table of poses; a Parquet file of other origin will do if it has the columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        first = str(error).splitlines()[0]
        raise ValueError(f"Expected a Parquet file, got {path}, which is none or is incomplete ({first}).") from error
    missing = [c for c in REQUIRED if c not in table.column_names]
    if "keypoint" in missing and any(c in table.column_names for c in ("joint", "bodypart", "node")):
        missing.remove("keypoint")
    if missing:
        raise ValueError(
            f"Expected poses with the columns {', '.join(REQUIRED)}, got {path} without {', '.join(missing)}."
        )
    ours = _metadata(table.schema.metadata, path)
    poses = table.to_pandas(ignore_metadata=True)
    poses.attrs = ours.get("attrs", {})
    if "keypoints" in ours:
        names = pd.Index(ours["keypoints"], dtype="object")
        poses["keypoint"] = keypoint_column(names.get_indexer(poses["keypoint"].astype("object")), ours["keypoints"])
    return conform(poses, str(path))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.Array.from_pandas(poses[name]) for name in DTYPES})
    facts = {
        "version": VERSION,
        "keypoints": [str(k) for k in poses["keypoint"].cat.categories],
        "attrs": {k: v for k, v in poses.attrs.items() if k in ("skeleton", "video")},
    }
    metadata = {**(table.schema.metadata or {}), KEY: json.dumps(facts).encode()}
    with replacing(path) as partial:
        pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")


def _metadata(metadata: dict[bytes, bytes] | None, path: Path) -> dict[str, Any]:
    facts = json.loads((metadata or {}).get(KEY, b"{}"))
    if facts.get("version", VERSION) > VERSION:
        raise ValueError(
            f"Expected a file of version {VERSION} or older, got {path} of version {facts['version']}; "
            "update impose-widget."
        )
    return facts
