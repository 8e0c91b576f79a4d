"""What a browser may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from impose_widget.protocol.messages import Message

ACTIONS: dict[str, tuple[str, ...]] = {
    "correct": ("frame", "track_id", "keypoint", "xy", "visibility"),
    "set_visibility": ("frame", "track_id", "keypoint", "visibility"),
    "set_anchor": ("frame", "track_id", "on"),
    "move": ("frame", "track_id", "dxy", "scale", "rotation"),
    "flip": ("frame", "track_id", "part"),
    "copy_pose": ("track_id", "from_frame", "to_frame"),
    "draw_box": ("frame", "box_xywh", "track_id"),
    "set_box": ("frame", "track_id", "box_xywh"),
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
class WantCurve(Request):
    """One person's `what` ("score" or "motion") over time, of one keypoint or of all (null), as `WantLanes`."""

    kind: ClassVar[str] = "curve"
    track_id: int
    keypoint: str | None
    what: str
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


REQUESTS = {
    c.kind: c
    for c in (
        Hello, WantFrames, WantPoses, WantIssue, WantIssues, WantLanes, WantCurve, WantBefore,
        WantGuide, WantJudged, WantReview, WantMeters, WantLosses, WantExport,
        Edit, Propagate, Initialize, Cancel, Option, Ping,
    )
}  # fmt: skip
