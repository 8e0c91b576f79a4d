"""HDF5 files, opened so that a damaged one is a sentence and nothing in one is ever run."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Iterator
from typing import Any

from impose_widget.io.source import Source, brief

SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextlib.contextmanager
def opened(source: Source, kind: str) -> Iterator[Any]:
    """The file, open for reading; whatever goes wrong inside the block is a ValueError with one sentence."""
    import h5py

    try:
        with h5py.File(source.path, "r") as file:
            yield file
    except ValueError as error:
        if str(error).startswith("Expected"):
            raise
        raise unreadable(source, kind, error) from error
    except (OSError, KeyError, TypeError, AttributeError, RuntimeError, IndexError, OverflowError, EOFError) as error:
        raise unreadable(source, kind, error) from error


def unreadable(source: Source, kind: str, error: Exception) -> ValueError:
    """The sentence for a file that a library could not read."""
    why = brief(" ".join(str(error).split()))
    return ValueError(f"Expected {kind}, got {source}, which cannot be read ({type(error).__name__}: {why}).")


class _PlainData(pickle.Unpickler):
    """An unpickler that knows no class and no function: only lists, tuples, dictionaries, text and numbers come out."""

    def find_class(self, module: str, name: str) -> Any:
        raise ValueError(f"Expected plain data, got a call of {module}.{name}; this file is not to be trusted.")


def plain(data: Any) -> Any:
    """What PyTables stored as a pickle of plain data; anything that would run code is refused.

    Raises:
        ValueError: it is no plain data.
    """
    try:
        return _PlainData(io.BytesIO(bytes(data)), encoding="utf-8").load()
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"Expected plain data, got bytes that are none ({type(error).__name__}).") from error


def text(value: Any) -> str:
    """Bytes or text of HDF5 as text."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
