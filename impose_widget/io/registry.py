"""Which formats there are, and which one a file is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd

from impose_widget.io.columns import conform


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of annotation file.

    Attributes:
        name: what `format=` says.
        suffixes: endings of files that are taken to be of this format, lower case, with the dot.
        module: where `read(path) -> poses` and `write(poses, path)` are.
        description: one sentence for users.
        loses: what does not come back from a file; empty if the round trip is exact.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    description: str
    loses: str = ""

    def codec(self, verb: str) -> Callable:
        """Its function of that name; the module is imported when it is first needed."""
        return getattr(import_module(self.module), verb)


FORMATS = (
    Format(
        "parquet",
        (".parquet", ".pq"),
        "impose_widget.io.parquet",
        "The table as it is, with skeleton and video; quick and small.",
    ),
    Format(
        "csv",
        (".csv",),
        "impose_widget.io.csv",
        "The table as text, one row a keypoint, for spreadsheets and other languages.",
        "edges of the skeleton, facts about the video",
    ),
    Format(
        "coco",
        (".json",),
        "impose_widget.io.coco",
        "COCO keypoints JSON with track ids: what training code, evaluation and most annotators read.",
    ),
)
COLUMNS = ["format", "suffixes", "exact", "loses", "description"]


def formats() -> pd.DataFrame:
    """One row a format: format, suffixes, exact (everything comes back), loses, description."""
    rows = [(f.name, " ".join(f.suffixes), not f.loses, f.loses, f.description) for f in FORMATS]
    return pd.DataFrame(rows, columns=COLUMNS)


def read(path: str | Path, format: str | None = None) -> pd.DataFrame:
    """Read an annotation file as a table of poses: one row a keypoint of a person in a frame.

    Args:
        path: of the file.
        format: its name (see `formats()`); None to go by the file's ending.

    Returns:
        frame, time, track_id, keypoint, x, y, visibility, score, source, anchor, revision, sorted by frame, track_id
        and keypoint, with integers at pixel centres. `attrs` holds "skeleton" and "video" if the file knows them.

    Raises:
        FileNotFoundError, OSError: it is not there or cannot be read.
        ValueError: there is no such format, or the file is not of it.
    """
    path = Path(path).expanduser()
    kind = _format_of(path, format)
    if not path.exists():
        raise FileNotFoundError(f"Expected an annotation file, got {path}, which does not exist.")
    if path.is_dir():
        raise IsADirectoryError(f"Expected an annotation file, got the folder {path}; give a file in it.")
    try:
        return kind.codec("read")(path)
    except OSError as error:
        raise type(error)(f"{path} could not be read ({error.strerror or error}).") from error


def write(poses: pd.DataFrame, path: str | Path, format: str | None = None) -> Path:
    """Write a table of poses as an annotation file; it appears whole or not at all.

    Args:
        poses: with at least frame, track_id, keypoint, x and y; `attrs` may hold "skeleton" and "video".
        path: of the file; one that exists is replaced when the new one is complete.
        format: its name (see `formats()`); None to go by the file's ending.

    Raises:
        ValueError: there is no such format, or the table is not one of poses; nothing was written.
        OSError: it cannot be written there; an older file of that name is still whole.
    """
    path = Path(path).expanduser()
    kind = _format_of(path, format)
    if not isinstance(poses, pd.DataFrame):
        raise TypeError(f"Expected poses as a DataFrame, got {type(poses).__name__}.")
    kind.codec("write")(conform(poses, "the table of poses"), path)
    return path


def _format_of(path: Path, name: str | None) -> Format:
    names = ", ".join(f.name for f in FORMATS)
    if name is not None:
        for kind in FORMATS:
            if kind.name == name:
                return kind
        raise ValueError(f"Expected format as one of {names}, got {name!r}.")
    for kind in FORMATS:
        if path.suffix.lower() in kind.suffixes:
            return kind
    endings = ", ".join(s for f in FORMATS for s in f.suffixes)
    raise ValueError(
        f"Expected a file name that ends in one of {endings}, got {path.name!r}; rename it, or say format= ({names})."
    )
