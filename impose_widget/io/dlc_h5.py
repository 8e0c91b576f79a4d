"""DeepLabCut's .h5, the authoritative form of its tables: pandas' HDF5 under the key `df_with_missing`.

The same contents and conventions as DeepLabCut's CSV (see `dlc`). It is written by pandas as DeepLabCut does, and
read without it: pandas would unpickle what is in a file, and that may be a program.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.io import dlc
from impose_widget.io.format import Format
from impose_widget.io.hdf import SIGNATURE, opened, plain, text
from impose_widget.io.people import somebody
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source
from impose_widget.io.wide import poses_wide

FORMAT = Format(
    "dlc-h5",
    (".h5", ".hdf5"),
    "DeepLabCut's .h5, of one animal or several.",
    dlc.CANNOT,
    extra="dlc",
    packages=("h5py", "tables"),
    apart=True,
)
KEY = "df_with_missing"
MOST_COLUMNS = 900  # whose names fit into an attribute of HDF5, where pandas' tables put them


def sniff(source: Source) -> bool:
    """Whether it is an HDF5 file with pandas' table in it."""
    if source.head[:8] != SIGNATURE:
        return False
    try:
        with opened(source, "HDF5") as file:
            return any("pandas_type" in group.attrs for group in file.values())
    except (ValueError, ImportError):
        return False


def read(source: Source) -> pd.DataFrame:
    """Read predictions or training labels."""
    with opened(source, "DeepLabCut's HDF5") as file:
        group = file[KEY] if KEY in file else next((g for g in file.values() if "pandas_type" in g.attrs), None)
        if group is None or "pandas_type" not in group.attrs:
            raise ValueError(f"Expected DeepLabCut's HDF5 with {KEY}, got {source} without it.")
        columns, values, index = _table_format(group) if "table" in group else _fixed_format(group)
    levels = len(columns[0]) if columns else 0
    if levels not in (3, 4) or any(len(c) != levels for c in columns) or values.shape != (len(index), len(columns)):
        raise ValueError(f"Expected columns of scorer, individuals, bodyparts and coords, got others in {source}.")
    individuals = [c[1] for c in columns] if levels == 4 else None
    parts, coords = [c[-2] for c in columns], [c[-1] for c in columns]
    return dlc.table_of_columns(individuals, parts, coords, values, index, str(source))


def _table_format(group: Any) -> tuple[list[tuple[str, ...]], np.ndarray, list[str]]:
    """pandas' `format="table"`: rows of index and values; the columns' names are pickled beside them."""
    table = group["table"]
    names = [n for n in table.dtype.names if n.startswith("values_block_")]
    columns: list[tuple[str, ...]] = []
    blocks = []
    for name in names:
        columns += [tuple(map(str, c)) for c in plain(table.attrs[f"{name}_kind"])]
        block = table.fields(name)[:]
        blocks.append(block.reshape(len(block), -1).astype(np.float64))
    index = [text(v) for v in table.fields("index")[:].tolist()] if "index" in table.dtype.names else None
    if index is None:  # an index of several levels: columns of their own
        levels = [n for n in table.dtype.names if n not in names]
        parts = [[text(v) for v in table.fields(n)[:].tolist()] for n in levels]
        index = ["/".join(row) for row in zip(*parts, strict=True)]
    return columns, np.concatenate(blocks, 1) if blocks else np.zeros((len(index), 0)), index


def _fixed_format(group: Any) -> tuple[list[tuple[str, ...]], np.ndarray, list[str]]:
    """pandas' `format="fixed"`: an array of values for each block, and the axes' levels and codes."""
    columns, blocks = [], []
    for n in range(int(group.attrs["nblocks"])):
        columns += _axis(group, f"block{n}_items")
        blocks.append(np.asarray(group[f"block{n}_values"][:], np.float64))
    index = ["/".join(row) for row in _axis(group, "axis1")]
    return columns, np.concatenate(blocks, 1), index


def _axis(group: Any, name: str) -> list[tuple[str, ...]]:
    if name in group:
        return [(text(v),) for v in group[name][:].tolist()]
    levels = []
    for n in range(int(group.attrs[f"{name}_nlevels"])):
        words, codes = group[f"{name}_level{n}"][:].tolist(), group[f"{name}_label{n}"][:].tolist()
        levels.append([text(words[c]) for c in codes])
    return list(zip(*levels, strict=True))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write predictions: a row for every frame of the video, individuals by name (`person3`)."""
    somebody(poses, "DeepLabCut's table")
    wide = poses_wide(poses, "dlc")
    kind = "table" if 0 < wide.shape[1] <= MOST_COLUMNS else "fixed"
    with replacing(path) as partial, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about names of nodes, and about text that is stored as objects
        wide.to_hdf(str(partial), key=KEY, format=kind, mode="w")
