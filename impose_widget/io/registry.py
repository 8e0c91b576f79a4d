"""Which formats there are, which one a file is of, and the two calls that users make."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pandas as pd

from impose_widget.io import loss
from impose_widget.io.apart import read_apart
from impose_widget.io.columns import conform
from impose_widget.io.format import ASPECTS, Format
from impose_widget.io.hdf import SIGNATURE
from impose_widget.io.source import Source, brief

MODULES = (  # of those with the same ending the first one is written; the more particular are asked first when reading
    "parquet csv coco json posetrack18 posetrack21 cvat labelstudio alphapose openpose yolo mot dlc "
    "sleap sleap_analysis dlc_h5 movement nwb"
).split()
NEUTRAL = ("coco",)  # asked last: particular kinds of its files are formats of their own
_ODD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
COLUMNS = ["format", "suffixes", "exact", "loses", "extra", "available", "description"]


@cache
def modules() -> dict[str, ModuleType]:
    """Format name → its module."""
    found = (import_module(f"impose_widget.io.{name}") for name in MODULES)
    return {module.FORMAT.name: module for module in found}


def formats() -> pd.DataFrame:
    """One row a format.

    Returns:
        format: what `format=` says; suffixes: endings of its files; exact: everything comes back; loses: what does not;
        extra: what `pip install 'impose-widget[…]'` has to bring; available: that is installed; description.
    """
    rows = [
        (
            f.name,
            " ".join(f.suffixes),
            not f.cannot and not f.tolerance and f.slots is None,
            ", ".join(a for a in ASPECTS if a in f.cannot),
            f.extra,
            all(find_spec(p) is not None for p in f.packages),
            f.description,
        )
        for f in (m.FORMAT for m in modules().values())
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def read(path: str | Path, format: str | None = None, video: str | None = None) -> pd.DataFrame:
    """Read an annotation file as a table of poses: one row a keypoint of a person in a frame.

    Args:
        path: of the file, or of the folder for formats that are folders of files.
        format: its name (see `formats()`); None to go by the file's ending and content.
        video: which one, by name or id, of a file that holds the annotations of several videos.

    Returns:
        frame, time, track_id, keypoint, x, y, visibility, score, source, anchor, revision, sorted by frame, track_id
        and keypoint, with integers at pixel centres. `attrs` holds what else the file says (see `io.extras`): skeleton,
        video, boxes, regions, people, images.

    Raises:
        FileNotFoundError, OSError: it is not there or cannot be read.
        ValueError: there is no such format, or the file is not of it.
        ImportError: the format needs a package that is not installed; the message says which.
    """
    path = Path(path).expanduser()
    module = _named(format) if format is not None else None
    if module is None and path.suffix and not path.exists():
        _by_suffix(path)
    if not path.exists():
        raise FileNotFoundError(f"Expected an annotation file, got {path}, which does not exist.")
    kinds = [module] if module is not None else _with_suffix(path)[:1]
    if path.is_file() and (any(m.FORMAT.apart for m in kinds) or Source(path).head.startswith(SIGNATURE)):
        return read_apart(path, format, video, read_here)
    return read_here(path, format, video)


def read_here(path: Path, format: str | None, video: str | None) -> pd.DataFrame:
    """What `read` does of a file that exists, in this process, whatever its libraries make of it."""
    module = _named(format) if format is not None else None
    what = format or "annotation"
    try:
        source = Source(path, video)
        module = module or _sniffed(source)
        what = module.FORMAT.name
        if path.is_dir() and not module.FORMAT.folder:
            raise IsADirectoryError(f"Expected an annotation file, got the folder {path}; give a file in it.")
        need(module.FORMAT)
        return module.read(source)
    except _ODD as error:
        if isinstance(error, ValueError) and str(error).startswith("Expected"):
            raise
        # A damaged file can be odd in more ways than a reader asks for; what it stumbled over is the cause.
        why = brief(" ".join(str(error).split()))
        raise ValueError(
            f"Expected a file of the format {what}, got {path}, which is damaged or odd ({why})."
        ) from error
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"Expected an annotation file, got {path}, which is too large or too deep to read.") from error
    except OSError as error:
        if error.errno is None:
            raise  # it is a sentence of ours
        raise type(error)(f"{path} could not be read ({error.strerror or error}).") from error


def write(poses: pd.DataFrame, path: str | Path, format: str | None = None, check: bool = False) -> Path:
    """Write a table of poses as an annotation file; it appears whole or not at all.

    Args:
        poses: with at least frame, track_id, keypoint, x and y; `attrs` may hold what `read` puts there.
        path: of the file; one that exists is replaced when the new one is complete. A folder must be new or empty.
        format: its name (see `formats()`); None to go by the file's ending.
        check: read the file back and compare it with what it should hold.

    Raises:
        ValueError: there is no such format, or the table is not one of poses, or the format cannot hold it at all:
            nothing was written. With `check`: the file does not hold what it should.
        OSError: it cannot be written there; an older file of that name is still whole.
        ImportError: the format needs a package that is not installed; the message says which.
    """
    path = Path(path).expanduser()
    module = _named(format) if format is not None else _by_suffix(path)
    if not isinstance(poses, pd.DataFrame):
        raise TypeError(f"Expected poses as a DataFrame, got {type(poses).__name__}.")
    table = conform(poses, "the table of poses")
    need(module.FORMAT)
    module.write(table, path)
    if check:
        found = loss.differences(table, read(path, module.FORMAT.name), module.FORMAT)
        if found:
            raise ValueError(f"Expected {path} to hold what was written, got a file in which {'; '.join(found)}.")
    return path


def losses(poses: pd.DataFrame, format: str | Path) -> pd.DataFrame:
    """What of a table of poses a format cannot hold, before anything is written.

    Args:
        poses: the table.
        format: a format's name, or the name of the file to be written.

    Returns:
        aspect, n (how many keypoints, people, …), what (becomes of them); empty if everything will come back.
    """
    kind = format_of(format)
    return loss.losses(conform(poses, "the table of poses"), kind)


def format_of(format: str | Path) -> Format:
    """The format of that name, or that files of that name are written in.

    Raises:
        ValueError: there is none.
    """
    if isinstance(format, str) and format in modules():
        return modules()[format].FORMAT
    path = Path(format)
    return (_by_suffix(path) if path.suffix else _named(str(format))).FORMAT


def file_name(format: str, stem: str = "poses") -> str:
    """A name for a file, or folder, of a format that is told from those of the others: `poses.mot.txt` if need be."""
    kind = modules()[format].FORMAT
    if kind.folder:
        return f"{stem}-{format}"
    plain = stem + kind.suffixes[0]
    return plain if _by_suffix(Path(plain)).FORMAT is kind else f"{stem}.{format}{kind.suffixes[0]}"


def need(kind: Format) -> None:
    """ImportError, with what to do, if a package that the format needs is missing."""
    missing = [p for p in kind.packages if find_spec(p) is None]
    if missing:
        raise ImportError(
            f"Expected {', '.join(missing)} for the format {kind.name}, got none installed; "
            f"pip install 'impose-widget[{kind.extra}]'."
        )


def _named(name: str) -> ModuleType:
    if name not in modules():
        raise ValueError(f"Expected format as one of {', '.join(modules())}, got {name!r}.")
    return modules()[name]


def _with_suffix(path: Path) -> list[ModuleType]:
    name = path.name.lower()
    fitting = [m for m in modules().values() if any(name.endswith(s) for s in m.FORMAT.suffixes)]
    longest = {m.FORMAT.name: max(len(s) for s in m.FORMAT.suffixes if name.endswith(s)) for m in fitting}
    return sorted(fitting, key=lambda m: -longest[m.FORMAT.name])


def _by_suffix(path: Path) -> ModuleType:
    fitting = _with_suffix(path)
    if fitting:
        return fitting[0]
    endings = ", ".join(dict.fromkeys(s for m in modules().values() for s in m.FORMAT.suffixes))
    raise ValueError(
        f"Expected a file name that ends in one of {endings}, got {path.name!r}; rename it, or say format= "
        f"({', '.join(modules())})."
    )


def _sniffed(source: Source) -> ModuleType:
    """The format that a file is of, by its content; if none of them knows it, the usual one of its ending."""
    fitting = _with_suffix(source.path)
    others = [m for m in modules().values() if m not in fitting]
    asked = fitting or others
    if source.is_folder:
        asked = [m for m in modules().values() if m.FORMAT.folder]
    for module in sorted(asked, key=lambda m: m.FORMAT.name in NEUTRAL):
        if module.sniff(source):
            return module
    if source.is_folder:
        raise IsADirectoryError(
            f"Expected an annotation file, got the folder {source}, which is of no format known "
            f"({', '.join(m.FORMAT.name for m in asked)}); give a file in it, or say format=."
        )
    return fitting[0] if fitting else _by_suffix(source.path)
