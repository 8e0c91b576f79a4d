"""What browser and session say to each other: one dataclass a message, JSON with binary buffers beside.

The same table stands in `js/src/protocol.ts`; `tests/protocol/cases` holds an example of each message that both read.
Every request carries `rid` and `client`, and its answer repeats them, because all open pages hear all messages. A
message that cannot be understood is answered with an `error`, never dropped.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

PROTOCOL_VERSION = 1
MOST_FRAMES = 32  # pictures in one request
MOST_POSE_FRAMES = 1000  # frames of poses in one request
LONGEST_TEXT = 1000  # characters of any text in a request
LARGEST_BUFFERS = 4 * 2**20  # bytes; larger messages may not arrive at all

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
    "resolve_issue": ("issue", "state"),
    "undo": (),
    "redo": (),
}
"""Edits that a browser may ask for, with the arguments of the session's call of that name."""


class Refused(ValueError):
    """A request that is not carried out; the message is one sentence for the user.

    Attributes:
        code: "version", "unknown" (no such kind), "value", "stale", "read_only", "busy" or "failed".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, eq=False)
class PoseRows:
    """Poses of n people in frames, as they travel: see `to_buffers`.

    Attributes:
        who: (n, 2) int32 frame, track_id.
        xy: (n, K, 2) float32 pixels, integers at pixel centres; NaN where absent.
        score: (n, K) uint8, 255 times the score; 0 where there is none.
        flags: (n, K) uint8: bits 0-1 visibility, 2-4 source (position in `core.pose.SOURCES`), 5 anchor.
        box: (n, 4) float32 x, y, width, height; NaN where there is none.
        marks: (n,) uint8: 1 pending, 2 stale, 4 a box that a human drew.
    """

    who: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    flags: np.ndarray
    box: np.ndarray
    marks: np.ndarray

    TYPES: ClassVar = {"who": "<i4", "xy": "<f4", "score": "u1", "flags": "u1", "box": "<f4", "marks": "u1"}

    def __len__(self) -> int:
        return len(self.who)

    def to_buffers(self) -> list[bytes]:
        """The arrays one after the other, little endian."""
        return [np.ascontiguousarray(getattr(self, name), kind).tobytes() for name, kind in self.TYPES.items()]

    @classmethod
    def from_buffers(cls, buffers: Sequence[Any], n: int) -> PoseRows:
        """The reverse of `to_buffers`."""
        shapes = {"who": (n, 2), "xy": (n, -1, 2), "score": (n, -1), "flags": (n, -1), "box": (n, 4), "marks": (n,)}
        if n == 0:
            shapes |= {"xy": (0, 0, 2), "score": (0, 0), "flags": (0, 0)}
        arrays = (np.frombuffer(b, k).reshape(shapes[a]) for b, (a, k) in zip(buffers, cls.TYPES.items(), strict=True))
        return cls(*arrays)


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


BINARY = frozenset({"rows", "jpegs", "times"})


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
    stop: int | None
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
class Option(Request):
    kind: ClassVar[str] = "option"
    name: str
    value: bool


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
    c.kind: c for c in (Hello, WantFrames, WantPoses, Edit, Propagate, Initialize, Cancel, WantIssue, Option, Ping)
}
ANSWERS = {c.kind: c for c in (Welcome, Frames, Poses, Done, Started, Ok, Issue, Error)}
BROADCASTS = {c.kind: c for c in (Changed, Progress, Finished, Failed, Options, Go)}


# -- reading a request -------------------------------------------------------------------------------------------------


def decode(content: Any, buffers: Sequence[Any] = ()) -> Request:
    """The request that a browser sent.

    Raises:
        Refused: it is none, or not well formed.
    """
    if not isinstance(content, dict):
        raise Refused("value", f"Expected a message as a JSON object, got {_brief(content)}.")
    if sum(memoryview(b).nbytes for b in buffers) > LARGEST_BUFFERS:
        raise Refused("value", f"Expected a message of at most {LARGEST_BUFFERS // 2**20} MB, got a larger one.")
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise Refused(
            "unknown", f"Expected a message of kind {', '.join(REQUESTS)}, got {_brief(kind)}; reload the page."
        )
    _check_size(content)
    cls = REQUESTS[kind]
    hints = typing.get_type_hints(cls)
    values = {}
    for name in (f.name for f in dataclasses.fields(cls)):
        if name not in content or not _is(content[name], hints[name]):
            raise Refused(
                "value", f"Expected {name} of {kind!r} as {_say(hints[name])}, got {_brief(content.get(name))}."
            )
        values[name] = content[name]
    request = cls(**values)
    _check_limits(request)
    return request


def address(content: Any) -> tuple[int | None, str | None]:
    """Who asked, as far as a message says so: (rid, client) for an error's answer."""
    if not isinstance(content, dict):
        return None, None
    rid, client = content.get("rid"), content.get("client")
    small = isinstance(client, str) and len(client) <= LONGEST_TEXT
    return rid if _is(rid, int) else None, client if small else None


def _check_limits(request: Request) -> None:
    if isinstance(request, WantFrames):
        if len(request.want) > MOST_FRAMES:
            raise Refused("value", f"Expected at most {MOST_FRAMES} frames at a time, got {len(request.want)}.")
        if request.size not in ("full", "preview"):
            raise Refused("value", f'Expected size as "full" or "preview", got {_brief(request.size)}.')
    if isinstance(request, WantPoses) and request.stop - request.first > MOST_POSE_FRAMES:
        raise Refused("value", f"Expected poses of at most {MOST_POSE_FRAMES} frames at a time, got more.")
    if isinstance(request, Edit):
        if request.action not in ACTIONS:
            raise Refused("unknown", f"Expected an action of {', '.join(ACTIONS)}, got {_brief(request.action)}.")
        extra = [name for name in request.args if name not in ACTIONS[request.action]]
        if extra:
            known = ", ".join(ACTIONS[request.action]) or "no arguments"
            raise Refused("value", f"Expected {known} for {request.action}, got {_brief(extra)} as well.")


def _check_size(value: Any) -> None:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Refused("value", f"Expected texts of at most {LONGEST_TEXT} characters, got one of {len(value)}.")
    if isinstance(value, (dict, list)) and len(value) > LONGEST_TEXT:
        raise Refused("value", f"Expected lists of at most {LONGEST_TEXT} entries, got one of {len(value)}.")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_size(part)


def _is(value: Any, hint: Any) -> bool:
    """Whether a JSON value has the type of a field."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_is(value, part) for part in typing.get_args(hint))
    if origin is list:
        return isinstance(value, list) and all(_is(v, typing.get_args(hint)[0]) for v in value)
    if hint is type(None):
        return value is None
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return isinstance(value, hint)


def _say(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_say(part) for part in typing.get_args(hint))
    if origin is list:
        return f"a list of {_say(typing.get_args(hint)[0])}s"
    names = {int: "integer", str: "text", bool: "true or false", dict: "object", type(None): "null"}
    return names.get(hint, str(hint))


def _brief(value: Any) -> str:
    text = repr(value[:80] if isinstance(value, (str, list)) else value)
    return text if len(text) <= 80 else text[:77] + "..."
