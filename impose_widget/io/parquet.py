"""Parquet: the table of poses as it is, with skeleton and video in the file's metadata.

Positions as everywhere here: integers at pixel centres, offset 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from impose_widget.io.columns import DTYPES, REQUIRED, conform, keypoint_column, places
from impose_widget.io.extras import Facts, known_attrs
from impose_widget.io.format import Format
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format(
    "parquet", (".parquet", ".pq"), "The table as it is, with everything that belongs to it; quick and small."
)
KEY = b"impose_widget"
VERSION = 1


def sniff(source: Source) -> bool:
    """Whether it begins as Parquet files do."""
    return source.head[:4] == b"PAR1"


def read(source: Source) -> pd.DataFrame:
    """Read a table of poses; a Parquet file of other origin will do if it has the columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = source.path
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError) as error:
        first = str(error).splitlines()[0]
        raise ValueError(f"Expected a Parquet file, got {path}, which is none or is incomplete ({first}).") from error
    except OSError as error:  # Arrow's word for pages that do not unpack
        raise ValueError(f"Expected a Parquet file, got {path}, which is damaged.") from error
    missing = [c for c in REQUIRED if c not in table.column_names]
    if "keypoint" in missing and any(c in table.column_names for c in ("joint", "bodypart", "node")):
        missing.remove("keypoint")
    if missing:
        raise ValueError(
            f"Expected poses with the columns {', '.join(REQUIRED)}, got {path} without {', '.join(missing)}."
        )
    ours = _metadata(table.schema.metadata, path)
    poses = table.to_pandas(ignore_metadata=True)
    del table  # of a million people it is half a gigabyte
    attrs = ours.get("attrs", {})
    poses.attrs = {k: Facts(v) if k not in ("skeleton", "video") else v for k, v in known_attrs(attrs).items()}
    if "keypoints" in ours:
        poses["keypoint"] = keypoint_column(places(poses["keypoint"], ours["keypoints"]), ours["keypoints"])
    return conform(poses, str(path))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.Array.from_pandas(poses[name]) for name in DTYPES})
    facts = {
        "version": VERSION,
        "keypoints": [str(k) for k in poses["keypoint"].cat.categories],
        "attrs": known_attrs(poses.attrs),
    }
    metadata = {**(table.schema.metadata or {}), KEY: json.dumps(facts).encode()}
    with replacing(path) as partial:
        pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")


def _metadata(metadata: dict[bytes, bytes] | None, path: Path) -> dict[str, Any]:
    try:
        facts = json.loads((metadata or {}).get(KEY, b"{}"))
        version = int(facts.get("version", VERSION))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"Expected poses, got {path} with facts that do not parse.") from error
    if version > VERSION:
        raise ValueError(
            f"Expected a file of version {VERSION} or older, got {path} of version {facts['version']}; "
            "update impose-widget."
        )
    return facts
