"""What users pass to a session, checked: one clear sentence, before anything changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks

Scope = str | tuple[int, int]


def frame_number(frame: Any, n_frames: int, name: str = "frame") -> int:
    """A frame of the video as int.

    Raises:
        TypeError, ValueError: it is no integer, or the video has no such frame.
    """
    if not isinstance(frame, Integral) or isinstance(frame, bool):
        raise TypeError(f"Expected {name} as an integer, got {frame!r}.")
    if not 0 <= frame < n_frames:
        raise ValueError(f"Expected {name} in 0..{n_frames - 1} (the video has {n_frames} frames), got {frame}.")
    return int(frame)


def frame_numbers(frames: Any, n_frames: int) -> list[int]:
    """Frames given as None (all), a range or a sequence of integers: ascending, each once."""
    if frames is None:
        return list(range(n_frames))
    if isinstance(frames, (str, bytes)) or not hasattr(frames, "__iter__"):
        raise TypeError(f"Expected frames as None, a range or a list of integers, got {frames!r}.")
    return sorted({frame_number(f, n_frames) for f in frames})


def track_number(track_id: Any, tracks: Tracks, name: str = "track_id") -> int:
    """The id of a person who is somewhere in the video.

    Raises:
        TypeError, KeyError: it is no integer, or nobody has it.
    """
    if not isinstance(track_id, Integral) or isinstance(track_id, bool):
        raise TypeError(f"Expected {name} as an integer, got {track_id!r}.")
    if track_id not in tracks:
        ids = tracks.ids()
        known = ", ".join(map(str, ids[:20])) + (", …" if len(ids) > 20 else "") if ids else "nobody was found yet"
        raise KeyError(f"Expected {name} of a person in this video ({known}), got {track_id}.")
    return int(track_id)


def present_in(track_id: int, frame: int, tracks: Tracks) -> None:
    """Raises ValueError if a person is not in a frame."""
    frames = tracks.frames_of(track_id)
    if frame not in frames:
        raise ValueError(
            f"Expected a frame in which person {track_id} is (between {frames[0]} and {frames[-1]}), got {frame}; "
            "place a keypoint there with correct(), or draw a box with draw_box()."
        )


def keypoint_index(keypoint: Any, skeleton: Skeleton) -> int:
    """Index of a keypoint given by name (or index); KeyError with the list of names otherwise."""
    return skeleton.index(keypoint)


def point(xy: Any, width: int, height: int) -> tuple[float, float]:
    """A place on the image, as two floats.

    Raises:
        TypeError, ValueError: not two numbers, NaN or infinite, or outside the image.
    """
    x, y = numbers(xy, 2, "xy")
    if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
        raise ValueError(
            f"Expected xy on the image of {width}×{height} pixels (centres 0..{width - 1}, 0..{height - 1}), "
            f"got ({x:g}, {y:g}); a keypoint beyond the border is marked with set_visibility(…, 0)."
        )
    return x, y


def numbers(values: Any, n: int, name: str) -> tuple[float, ...]:
    """n finite numbers as floats."""
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)) or len(values) != n:
        raise TypeError(f"Expected {name} as {n} numbers, got {values!r}.")
    return tuple(number(v, name) for v in values)


def number(value: Any, name: str) -> float:
    """A finite number as float."""
    if not isinstance(value, (Real, np.generic)) or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"Expected {name} as numbers, got {value!r}.")
    if not math.isfinite(value):
        raise ValueError(f"Expected {name} as finite numbers, got {value}.")
    return float(value)


def box(box_xywh: Any, width: int, height: int) -> np.ndarray:
    """A box (4,) x, y, width, height that has an area and lies at least partly on the image."""
    x, y, w, h = numbers(box_xywh, 4, "box_xywh")
    if w <= 0 or h <= 0:
        raise ValueError(f"Expected box_xywh with a width and a height above 0, got {w:g}×{h:g}.")
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise ValueError(f"Expected a box on the image of {width}×{height} pixels, got x {x:g}, y {y:g}, {w:g}×{h:g}.")
    return np.array([x, y, w, h], np.float32)


def visibility(value: Any, allowed: Sequence[int] = (0, 1, 2)) -> int:
    """COCO's visibility: 0 absent, 1 occluded, 2 visible."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value not in allowed:
        raise ValueError(
            f"Expected visibility as one of {', '.join(map(str, allowed))} (0 absent, 1 occluded, 2 visible), "
            f"got {value!r}."
        )
    return int(value)


def one_of(value: Any, allowed: Sequence[str], name: str) -> str:
    """One of some words."""
    if value not in allowed:
        raise ValueError(f"Expected {name} as one of {', '.join(map(repr, allowed))}, got {value!r}.")
    return value


def scope_frames(scope: Any, frame: int | None, n_frames: int, name: str = "scope") -> range:
    """The frames that a scope means: "frame", "onwards", "backwards", "all", or (first, last), both included."""
    if isinstance(scope, (tuple, list)) and len(scope) == 2:
        first, last = (frame_number(f, n_frames, name) for f in scope)
        if first > last:
            raise ValueError(f"Expected {name}=(first, last) with first <= last, got {tuple(scope)}.")
        return range(first, last + 1)
    if isinstance(scope, (tuple, list, np.ndarray)):
        raise ValueError(f"Expected {name}=(first, last), got {scope!r}.")
    one_of(scope, ("frame", "onwards", "backwards", "all"), "scope")
    if scope == "all":
        return range(n_frames)
    if frame is None:
        raise ValueError(f"Expected a frame with scope={scope!r}, got None; to mean every frame say scope='all'.")
    return {"frame": range(frame, frame + 1), "onwards": range(frame, n_frames), "backwards": range(frame + 1)}[scope]
