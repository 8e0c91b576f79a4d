"""What every message is, and what several of them tell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

PROTOCOL_VERSION = 1


class Message:
    """A message of any direction; subclasses are the table of kinds."""

    kind: ClassVar[str]
    __slots__ = ()

    def encode(self) -> tuple[dict[str, Any], list[Any]]:
        """JSON content and buffers."""
        content = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name not in BINARY}
        return {"kind": self.kind} | content, self._buffers()

    def _buffers(self) -> list[Any]:
        return []


BINARY = frozenset({"rows", "jpegs", "times", "sure", "marks", "low", "high", "worst"})


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True, slots=True)
class Person:
    """What a list of people shows: frames are numbers of frames; lists of them are cut at some length."""

    track_id: int
    colour: str
    first: int
    last: int
    n_frames: int
    n_anchors: int
    anchors: list[int]
    pending: list[int]


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything but the poses. `people` is everybody if `all`, else those that changed; `gone` are in no frame."""

    revision: int
    people: list[Person]
    all: bool
    gone: list[int]
    found: list[list[int]]
    undo: str | None
    redo: str | None
    next_track_id: int
    read_only: bool
    store: str | None
    clicks: int
    active_seconds: float
