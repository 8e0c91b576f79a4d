"""A file that is being read: its beginning to tell what it is, and its content, read once however many ask for it."""

from __future__ import annotations

import json
import math
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

HEAD = 65536
LARGEST_MEMBER = 2_000_000_000  # bytes unpacked from an archive; a bomb is larger
LONG = ("keypoints", "keypoint_scores", "scores")  # lists of numbers that are kept as float32 arrays
REPEATED = ("source", "anchor", "revision")  # lists of which most are the same as another one
MOST_REPEATED = 10_000


class Source:
    """An annotation file or folder.

    Args:
        path: of it.
        video: which video's annotations to take, of a file that has several; None if there is one.
    """

    def __init__(self, path: Path, video: str | None = None) -> None:
        self.path = path
        self.video = video

    def __str__(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        """The ending of its name, lower case."""
        return self.path.suffix.lower()

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return self.path.is_dir()

    @cached_property
    def names(self) -> list[str]:
        """The files of a folder, or the members of an archive; empty for others."""
        if self.is_folder:
            return sorted(p.name for p in self.path.iterdir())
        if self.head[:4] == b"PK\x03\x04":
            try:
                with zipfile.ZipFile(self.path) as archive:
                    return archive.namelist()
            except zipfile.BadZipFile:
                return []
        return []

    @cached_property
    def head(self) -> bytes:
        """The first bytes; none of a folder."""
        if self.is_folder:
            return b""
        with self.path.open("rb") as file:
            return file.read(HEAD)

    @cached_property
    def start(self) -> str:
        """The first characters, whatever the encoding makes of them, without blanks before them."""
        return self.head.decode("utf-8-sig", errors="replace").lstrip()

    def member(self, name: str) -> bytes:
        """The content of a member of an archive, read into memory: nothing is ever unpacked onto the disk.

        Raises:
            ValueError: it cannot be read, or is too large.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.getinfo(name).file_size > LARGEST_MEMBER:
                    raise ValueError(f"Expected less than {LARGEST_MEMBER // 10**9} GB in {self}, got more in {name}.")
                return archive.read(name)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise ValueError(f"Expected an archive with {name}, got {self}, which cannot be read ({error}).") from error

    @cached_property
    def text(self) -> str:
        """All of it as text.

        Raises:
            ValueError: it is no text.
        """
        return decode(self.path.read_bytes(), str(self))

    @cached_property
    def json(self) -> Any:
        """All of it as parsed JSON.

        Raises:
            ValueError: it is none, or is not complete.
        """
        return parse_json(decode(self.path.read_bytes(), str(self)), str(self))

    def take_json(self) -> Any:
        """The same, forgotten here, so that the memory of a large file can be freed by the one who reads it."""
        data = self.json
        self.__dict__.pop("json", None)
        self.__dict__.pop("json_or_none", None)
        return data

    @cached_property
    def json_or_none(self) -> Any:
        """The same for those who only look: None if it is no JSON."""
        if self.is_folder or self.start[:1] not in ("{", "["):
            return None
        try:
            return self.json
        except ValueError:
            return None


def decode(data: bytes, what: str) -> str:
    """Bytes as text: UTF-8, or UTF-16 with a mark.

    Raises:
        ValueError: they are neither.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Expected text in UTF-8, got {what}, which is none (byte {error.start}: {error.reason}); save it as UTF-8."
        ) from error


def parse_json(text: str, what: str) -> Any:
    """Text as parsed JSON; numbers beyond what a float holds are refused.

    Raises:
        ValueError: it is none, or is not complete.
    """
    try:
        with np.errstate(over="ignore"):  # infinity is refused by those who read it
            return json.loads(text, object_pairs_hook=_Compact())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"Expected JSON, got {what}, which is no complete one (line {error.lineno}: {error.msg}); was it cut short?"
        ) from error
    except RecursionError as error:
        raise ValueError(f"Expected JSON of some levels, got {what}, which is nested too deeply.") from error
    except ValueError as error:  # Python's limit on the digits of a whole number
        raise ValueError(f"Expected JSON with numbers of some digits, got {what} with more.") from error


_NUMBERS, _WHOLE = frozenset((float, int)), frozenset((int,))


class _Compact:
    """Makes a JSON object of its pairs, in a third of the memory where there are a million people: long lists of
    numbers become arrays, and equal lists of what we say of keypoints are the same one.
    """

    def __init__(self) -> None:
        self._known: dict[tuple, list] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        for name in LONG:
            values = out.get(name)
            if type(values) is list and len(values) > 4:
                array = np.array(values) if _NUMBERS.issuperset(map(type, values)) else None
                if array is not None and array.dtype.kind in "if":
                    out[name] = array.astype(np.float32)
        for name in REPEATED:
            values = out.get(name)
            if type(values) is list and len(self._known) < MOST_REPEATED and _WHOLE.issuperset(map(type, values)):
                out[name] = self._known.setdefault(tuple(values), values)
        return out


def number_of(value: Any, what: str) -> float:
    """A number as it stands in JSON; text and truth values are none.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"Expected numbers, got {brief(value)} in {what}.")
    return float(value)


def numbers_of(values: Any, n: int | None, name: str, what: str) -> list[float]:
    """A list of (n) numbers as it stands in JSON; None and NaN are NaN.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if not isinstance(values, list) or (n is not None and len(values) != n):
        got = f"{len(values)}" if isinstance(values, list) else brief(values)
        raise ValueError(f"Expected {name} as {'' if n is None else f'{n} '}numbers, got {got} in {what}.")
    if not all(type(v) is float or type(v) is int for v in values):
        odd = next((v for v in values if v is not None and (isinstance(v, bool) or not isinstance(v, (int, float)))), 0)
        if odd != 0:
            raise ValueError(f"Expected {name} as numbers, got {brief(odd)} in {what}.")
        return [math.nan if v is None else float(v) for v in values]
    return values


def whole_of(value: Any, name: str, what: str) -> int:
    """A whole number as it stands in JSON: 3 or 3.0, not "3".

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"Expected {name} as a whole number, got {brief(value)} in {what}.")
    return value


def brief(value: Any) -> str:
    """A value in a message: not longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
