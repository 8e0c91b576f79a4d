"""What all browsers are told without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from impose_widget.protocol.messages import Message, Summary
from impose_widget.protocol.rows import PoseRows


@dataclass(frozen=True, slots=True, eq=False)
class Changed(Message):
    """Poses of `frames` (ranges, both ends included) × `track_ids` are now those given, or, if n is None, others."""

    kind: ClassVar[str] = "changed"
    revision: int
    action: str
    frames: list[list[int]]
    track_ids: list[int]
    state: Summary
    n: int | None
    rows: PoseRows | None = None

    def _buffers(self) -> list[Any]:
        return [] if self.rows is None else self.rows.to_buffers()


@dataclass(frozen=True, slots=True)
class Progress(Message):
    kind: ClassVar[str] = "progress"
    job: int
    what: str
    done: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Finished(Message):
    kind: ClassVar[str] = "finished"
    job: int
    what: str
    stopped: str
    frames: int
    keypoints: int
    seconds: float
    track_ids: list[int]


@dataclass(frozen=True, slots=True)
class Failed(Message):
    kind: ClassVar[str] = "failed"
    job: int
    what: str
    message: str


@dataclass(frozen=True, slots=True)
class Options(Message):
    kind: ClassVar[str] = "options"
    auto_propagate: bool


@dataclass(frozen=True, slots=True)
class Go(Message):
    kind: ClassVar[str] = "go"
    frame: int
    track_id: int | None


BROADCASTS = {c.kind: c for c in (Changed, Progress, Finished, Failed, Options, Go)}
