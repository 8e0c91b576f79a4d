"""What requests are answered with; an answer repeats the request's `rid` and `client`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from impose_widget.protocol.messages import Message, Summary
from impose_widget.protocol.rows import PoseRows


@dataclass(frozen=True, slots=True)
class Answer(Message):
    rid: int | None
    client: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Welcome(Answer):
    kind: ClassVar[str] = "welcome"
    version: int
    video: dict
    skeleton: dict
    state: Summary
    jobs: list[dict]
    options: dict
    times: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def _buffers(self) -> list[Any]:
        return [np.ascontiguousarray(self.times, "<f8").tobytes()]


@dataclass(frozen=True, slots=True, eq=False)
class Frames(Answer):
    kind: ClassVar[str] = "frames"
    frames: list[int]
    size: str
    jpegs: list[bytes] = field(default_factory=list)

    def _buffers(self) -> list[Any]:
        return list(self.jpegs)


@dataclass(frozen=True, slots=True, eq=False)
class Poses(Answer):
    kind: ClassVar[str] = "poses"
    first: int
    stop: int
    revision: int
    n: int
    rows: PoseRows | None = None

    def _buffers(self) -> list[Any]:
        return [] if self.rows is None else self.rows.to_buffers()


@dataclass(frozen=True, slots=True)
class Done(Answer):
    kind: ClassVar[str] = "done"
    revision: int
    result: Any


@dataclass(frozen=True, slots=True)
class Started(Answer):
    kind: ClassVar[str] = "job"
    job: int
    what: str


@dataclass(frozen=True, slots=True)
class Ok(Answer):
    kind: ClassVar[str] = "ok"


@dataclass(frozen=True, slots=True)
class Issue(Answer):
    kind: ClassVar[str] = "issue"
    issue: dict | None
    n_open: int


@dataclass(frozen=True, slots=True)
class Issues(Answer):
    """The worst open ones first, at most as many as asked for."""

    kind: ClassVar[str] = "issues"
    issues: list[dict]
    n_open: int


@dataclass(frozen=True, slots=True, eq=False)
class Lanes(Answer):
    """Buffers: (n, bins) uint8 of the lowest mean score in each part, 1 to 255, 0 where the person is in none of its
    frames; (n, bins) uint8 of what is in it: 1 an anchor, 2 propagated, 4 interpolated or imported, 8 pending, 16
    stale.
    """

    kind: ClassVar[str] = "lanes"
    revision: int
    first: int
    stop: int
    bins: int
    track_ids: list[int]
    sure: bytes = b""
    marks: bytes = b""

    def _buffers(self) -> list[Any]:
        return [self.sure, self.marks]


@dataclass(frozen=True, slots=True, eq=False)
class Curve(Answer):
    """Buffers: (bins) float32 of the least and of the greatest value in each part, NaN where there is none; (bins)
    int32 of the frame of the most suspicious one, -1 where there is none.
    """

    kind: ClassVar[str] = "curve"
    revision: int
    track_id: int
    keypoint: str | None
    what: str
    first: int
    stop: int
    bins: int
    low: np.ndarray = field(default_factory=lambda: np.zeros(0))
    high: np.ndarray = field(default_factory=lambda: np.zeros(0))
    worst: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def _buffers(self) -> list[Any]:
        values = [np.ascontiguousarray(v, "<f4").tobytes() for v in (self.low, self.high)]
        return [*values, np.ascontiguousarray(self.worst, "<i4").tobytes()]


@dataclass(frozen=True, slots=True, eq=False)
class Before(Answer):
    """`frames` are all ranges that the propagation changed; the rows are those in [first, stop)."""

    kind: ClassVar[str] = "before"
    action: int | None
    frames: list[list[int]]
    track_ids: list[int]
    first: int
    stop: int
    n: int
    rows: PoseRows | None = None

    def _buffers(self) -> list[Any]:
        return [] if self.rows is None else self.rows.to_buffers()


@dataclass(frozen=True, slots=True)
class Guide(Answer):
    """`text` is Markdown; `file` the project's own, by its name; `digest` changes when anything in it does."""

    kind: ClassVar[str] = "guide"
    name: str
    text: str
    file: str | None
    digest: str
    policy: str


@dataclass(frozen=True, slots=True)
class Judged(Answer):
    """Of each person: track_id, n_visible, needed, size (pixels), truncated, blurred (keypoints), given, meets, kept,
    reason; verdict (open, accepted, rejected), comment, changed_since.
    """

    kind: ClassVar[str] = "judged"
    frame: int
    revision: int
    blur: bool
    people: list[dict]


@dataclass(frozen=True, slots=True)
class Reviewed(Answer):
    """Numbers of people in frames; `next` [frame, track_id] to look at, null if all were; the newest `comments`."""

    kind: ClassVar[str] = "review"
    revision: int
    person_frames: int
    accepted: int
    rejected: int
    next: list[int] | None
    comments: list[dict]


@dataclass(frozen=True, slots=True)
class Meters(Answer):
    """The numbers of `Session.metrics`, by name."""

    kind: ClassVar[str] = "meters"
    values: dict


@dataclass(frozen=True, slots=True)
class Losses(Answer):
    """`losses` of aspect, n, what; `formats` of format, description, suffix, and what to install (or "")."""

    kind: ClassVar[str] = "losses"
    format: str
    path: str
    exists: bool
    losses: list[dict]
    formats: list[dict]


@dataclass(frozen=True, slots=True)
class Exported(Answer):
    """`said` is what was lost and who was left out, a sentence each; `size` in bytes."""

    kind: ClassVar[str] = "export"
    path: str
    size: int
    said: str


@dataclass(frozen=True, slots=True)
class Error(Answer):
    kind: ClassVar[str] = "error"
    code: str
    message: str


ANSWERS = {
    c.kind: c
    for c in (
        Welcome, Frames, Poses, Done, Started, Ok, Issue, Issues, Lanes, Curve, Before,
        Guide, Judged, Reviewed, Meters, Losses, Exported, Error,
    )
}  # fmt: skip
