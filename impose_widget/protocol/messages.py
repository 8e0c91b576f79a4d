"""The table of messages: requests of a browser, answers to them, and what all browsers are told."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from impose_widget.protocol.rows import PoseRows

PROTOCOL_VERSION = 1

ACTIONS: dict[str, tuple[str, ...]] = {
    "correct": ("frame", "track_id", "keypoint", "xy", "visibility"),
    "set_visibility": ("frame", "track_id", "keypoint", "visibility"),
    "set_anchor": ("frame", "track_id", "on"),
    "move": ("frame", "track_id", "dxy", "scale", "rotation"),
    "flip": ("frame", "track_id", "part"),
    "copy_pose": ("track_id", "from_frame", "to_frame"),
    "draw_box": ("frame", "box_xywh", "track_id"),
    "assign": ("frame", "track_id", "new_track_id", "scope"),
    "swap": ("a", "b", "frame", "scope"),
    "merge": ("a", "b"),
    "split": ("track_id", "frame"),
    "delete": ("track_id", "frame", "scope"),
    "interpolate": ("track_id", "first", "last", "max_gap"),
    "reject": ("action", "frames", "tracks"),
    "resolve_issue": ("issue", "state"),
    "review": ("frame", "track_id", "verdict", "comment", "frame_end"),
    "undo": (),
    "redo": (),
}
"""Edits that a browser may ask for, with the arguments of the session's call of that name."""


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


BINARY = frozenset({"rows", "jpegs", "times", "sure", "marks"})


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


# -- what is told ------------------------------------------------------------------------------------------------------


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


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request(Message):
    rid: int
    client: str


@dataclass(frozen=True, slots=True)
class Hello(Request):
    kind: ClassVar[str] = "hello"
    version: int


@dataclass(frozen=True, slots=True)
class WantFrames(Request):
    kind: ClassVar[str] = "frames"
    want: list[int]
    size: str


@dataclass(frozen=True, slots=True)
class WantPoses(Request):
    kind: ClassVar[str] = "poses"
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Edit(Request):
    kind: ClassVar[str] = "edit"
    action: str
    args: dict
    base: int


@dataclass(frozen=True, slots=True)
class Propagate(Request):
    kind: ClassVar[str] = "propagate"
    frame: int | None
    direction: str
    stop: int | list[int] | None
    tracks: list[int] | str | None
    keypoints: list[str] | None


@dataclass(frozen=True, slots=True)
class Initialize(Request):
    kind: ClassVar[str] = "initialize"


@dataclass(frozen=True, slots=True)
class Cancel(Request):
    kind: ClassVar[str] = "cancel"
    job: int | None


@dataclass(frozen=True, slots=True)
class WantIssue(Request):
    kind: ClassVar[str] = "issue"
    after: int | None


@dataclass(frozen=True, slots=True)
class WantIssues(Request):
    kind: ClassVar[str] = "issues"
    limit: int


@dataclass(frozen=True, slots=True)
class WantLanes(Request):
    """How sure each person's poses are over time, in `bins` equal parts of [first, stop)."""

    kind: ClassVar[str] = "lanes"
    first: int
    stop: int
    bins: int


@dataclass(frozen=True, slots=True)
class WantBefore(Request):
    """Poses as they were before a propagation, in [first, stop); `action` null for the last one."""

    kind: ClassVar[str] = "before"
    action: int | None
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Option(Request):
    kind: ClassVar[str] = "option"
    name: str
    value: bool


@dataclass(frozen=True, slots=True)
class WantGuide(Request):
    """The project's guidelines, as annotators read them."""

    kind: ClassVar[str] = "guide"


@dataclass(frozen=True, slots=True)
class WantJudged(Request):
    """What guidelines and reviewers say of everybody in a frame; `blur`: look at the image as well."""

    kind: ClassVar[str] = "judged"
    frame: int
    blur: bool


@dataclass(frozen=True, slots=True)
class WantReview(Request):
    """How far a review is; `frame` and `track_id` are where one is, and the next place to look at comes after it."""

    kind: ClassVar[str] = "review"
    frame: int
    track_id: int | None


@dataclass(frozen=True, slots=True)
class WantMeters(Request):
    kind: ClassVar[str] = "meters"


@dataclass(frozen=True, slots=True)
class WantLosses(Request):
    """What a file would not hold; `path` empty for the one that is proposed, `format` empty for the path's own."""

    kind: ClassVar[str] = "losses"
    format: str
    path: str


@dataclass(frozen=True, slots=True)
class WantExport(Request):
    """Write a file and read it back; `replace`: also where there is one."""

    kind: ClassVar[str] = "export"
    format: str
    path: str
    replace: bool


@dataclass(frozen=True, slots=True)
class Ping(Request):
    kind: ClassVar[str] = "ping"


# -- answers -----------------------------------------------------------------------------------------------------------


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


# -- broadcasts --------------------------------------------------------------------------------------------------------


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


REQUESTS = {
    c.kind: c
    for c in (
        Hello, WantFrames, WantPoses, WantIssue, WantIssues, WantLanes, WantBefore,
        WantGuide, WantJudged, WantReview, WantMeters, WantLosses, WantExport,
        Edit, Propagate, Initialize, Cancel, Option, Ping,
    )
}  # fmt: skip
ANSWERS = {
    c.kind: c
    for c in (
        Welcome, Frames, Poses, Done, Started, Ok, Issue, Issues, Lanes, Before,
        Guide, Judged, Reviewed, Meters, Losses, Exported, Error,
    )
}  # fmt: skip
BROADCASTS = {c.kind: c for c in (Changed, Progress, Finished, Failed, Options, Go)}
