"""Reading what a browser sent: a request, or a sentence why it is none."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Any

from impose_widget.protocol.requests import (
    ACTIONS,
    REQUESTS,
    Edit,
    Request,
    WantBefore,
    WantCurve,
    WantFrames,
    WantLanes,
    WantPoses,
)

MOST_FRAMES = 32  # pictures in one request
MOST_POSE_FRAMES = 1000  # frames of poses in one request
MOST_BINS = 4000  # parts of a timeline
LONGEST_TEXT = 1000  # characters of any text in a request
LARGEST_BUFFERS = 4 * 2**20  # bytes; larger messages may not arrive at all


class Refused(ValueError):
    """A request that is not carried out; the message is one sentence for the user.

    Attributes:
        code: "version", "unknown" (no such kind), "value", "stale", "read_only", "busy" or "failed".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    if isinstance(request, (WantPoses, WantBefore)) and request.stop - request.first > MOST_POSE_FRAMES:
        raise Refused("value", f"Expected poses of at most {MOST_POSE_FRAMES} frames at a time, got more.")
    if isinstance(request, (WantLanes, WantCurve)) and not 0 < request.bins <= MOST_BINS:
        raise Refused("value", f"Expected bins in 1..{MOST_BINS}, got {request.bins}.")
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
