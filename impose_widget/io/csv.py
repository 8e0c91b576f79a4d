"""CSV: the table of poses as text, one row a keypoint; numbers are written so that they come back to the bit.

Positions as everywhere here: integers at pixel centres, offset 0. Absent keypoints have empty x and y. The order of
the keypoints is the order in which they first appear.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from impose_widget.io.columns import DTYPES, OTHER_NAMES, conform
from impose_widget.io.extras import COLUMNS
from impose_widget.io.format import LEFT_OUT, Format
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format(
    "csv",
    (".csv",),
    "The table as text, one row a keypoint, for spreadsheets and other languages.",
    dict.fromkeys(("skeleton", "video", *COLUMNS, "head_boxes", "identities", "image_facts"), LEFT_OUT),
)
TEXT = ("keypoint", "source", *OTHER_NAMES)
EMPTY = ["", "nan", "NaN", "NA"]


def sniff(source: Source) -> bool:
    """Whether its first line names the columns of a table of poses."""
    names = {n.strip().strip('"') for n in source.start.partition("\n")[0].split(",")}
    return {"frame", "track_id", "x", "y"} <= names


def read(source: Source) -> pd.DataFrame:
    """Read a table of poses; columns in any order, further columns are ignored."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    # Arrow's reader gives the nearest number to each text, which not every reader does, and is quick.
    convert = arrow.ConvertOptions(
        null_values=EMPTY, strings_can_be_null=False, column_types=dict.fromkeys(TEXT, pa.string())
    )
    parse = arrow.ParseOptions(newlines_in_values=True)
    try:
        table = arrow.read_csv(source.path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"Expected a CSV table with a line of column names, got {source}: {reason}.") from error
    return conform(table.to_pandas(), str(source))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    # Python's writer does not quote a lone carriage return on its own account.
    odd = any("\r" in str(name) for name in poses["keypoint"].cat.categories)
    quoting = csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL
    with replacing(path) as partial:
        poses.to_csv(partial, index=False, columns=list(DTYPES), encoding="utf-8", lineterminator="\n", quoting=quoting)
