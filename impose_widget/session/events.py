"""The log as users read it: one row an action, and what it cost the human."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.session.journal import Action

IDLE = 30.0  # seconds; longer pauses are not working time
KEYPOINT_CLICKS = frozenset({"correct", "move", "flip", "copy_pose"})
BOX_CLICKS = frozenset({"draw_box", "set_box"})
IDENTITY_CLICKS = frozenset({"assign", "swap", "merge", "split"})
CLICKS = KEYPOINT_CLICKS | BOX_CLICKS | IDENTITY_CLICKS
MACHINE = frozenset({"initialize", "propagate", "complete"})
_INTEGERS = ("frame", "frame_end", "track_id", "track_id_b")
_COLUMNS = (
    "seq t dt_active_ms opening action frame frame_end track_id track_id_b keypoint x0 y0 v0 x1 y1 v1 "
    "n_values_changed clicks finished payload"
).split()


def active_time(actions: list[Action]) -> np.ndarray:
    """(n,) seconds of work before each action: the time since the one before, if that was no pause."""
    times = np.array([a.time for a in actions])
    opened = np.array([a.opening for a in actions])
    gap = np.diff(times, prepend=times[:1])
    return np.where((gap <= IDLE) & (gap > 0) & (np.diff(opened, prepend=opened[:1]) == 0), gap, 0.0)


def events_table(actions: list[Action]) -> pd.DataFrame:
    """One row an action, oldest first, undo and redo among them.

    `t` UTC; `dt_active_ms` working time since the action before (pauses over 30 s do not count); `opening` how often
    the journal had been opened; x0, y0, v0 and x1, y1, v1 a keypoint's place and visibility before and after; `clicks`
    1 for a keypoint placed, an identity repaired or a box drawn; `payload` JSON, everything needed to do it again.
    """
    active = active_time(actions)
    rows = [_row(action, seconds) for action, seconds in zip(actions, active, strict=True)]
    df = pd.DataFrame(rows, columns=_COLUMNS)
    types: dict[str, Any] = {"seq": "int64", "dt_active_ms": "int32", "opening": "int32", "clicks": "int8"}
    types |= dict.fromkeys(_INTEGERS, "Int32") | dict.fromkeys(("x0", "y0", "x1", "y1"), "float32")
    types |= {"v0": "Int8", "v1": "Int8", "n_values_changed": "int32", "finished": "bool"}
    df["t"] = pd.to_datetime(df["t"], unit="s", utc=True).astype("datetime64[us, UTC]")
    return df.astype(types)


def event_of(actions: list[Action], n: int) -> dict[str, Any]:
    """The n-th action as a dictionary with the columns of `events_table`."""
    seconds = active_time(actions[max(n - 1, 0) : n + 1])[-1]
    return _row(actions[n], float(seconds))


def _row(action: Action, seconds: float) -> dict[str, Any]:
    p = action.payload
    before, after = p.get("before") or (None,) * 3, p.get("after") or (None,) * 3
    if not isinstance(before, (list, tuple)):
        before = (None,) * 3  # the state of an issue, not of a keypoint
    return {
        "seq": action.seq,
        "t": action.time,
        "dt_active_ms": round(seconds * 1000),
        "opening": action.opening,
        "action": action.kind,
        "frame": p.get("frame"),
        "frame_end": p.get("frame_end"),
        "track_id": p.get("track_id"),
        "track_id_b": p.get("track_id_b"),
        "keypoint": p.get("keypoint"),
        **dict(zip(("x0", "y0", "v0"), before, strict=True)),
        **dict(zip(("x1", "y1", "v1"), after, strict=True)),
        "n_values_changed": p.get("changed", 0),
        "clicks": int(action.kind in CLICKS),
        "finished": action.finished,
        "payload": json.dumps(p),
    }


def metrics(actions: list[Action], n_tracks: int, n_person_frames: int, n_checked: int = 0) -> dict[str, float]:
    """What the work cost and bought so far.

    One click is one keypoint placed, one identity repaired or one box drawn (also if it was undone: it was work).
    """
    human = [a for a in actions if a.kind not in MACHINE]
    count = {kinds: sum(a.kind in kinds for a in actions) for kinds in (KEYPOINT_CLICKS, BOX_CLICKS, IDENTITY_CLICKS)}
    clicks = sum(count.values())
    carried = sum(a.payload.get("changed", 0) for a in actions if a.kind == "propagate")
    seconds = float(active_time(human).sum()) if human else 0.0
    return {
        "clicks": clicks,
        "keypoint_clicks": count[KEYPOINT_CLICKS],
        "box_clicks": count[BOX_CLICKS],
        "identity_clicks": count[IDENTITY_CLICKS],
        "active_seconds": seconds,
        "seconds_per_click": seconds / clicks if clicks else 0.0,
        "tracks": n_tracks,
        "person_frames": n_person_frames,
        "person_frames_checked": n_checked,
        "clicks_per_track": clicks / n_tracks if n_tracks else 0.0,
        "seconds_per_person_frame": seconds / n_person_frames if n_person_frames else 0.0,
        "keypoints_propagated": carried,
        "propagated_per_click": carried / clicks if clicks else 0.0,
    }


VERBS = {
    "correct": "Correct {keypoint} of person {track_id}, frame {frame}",
    "set_visibility": "Visibility of {keypoint} of person {track_id}, frame {frame}",
    "set_anchor": "Anchor of person {track_id}, frame {frame}",
    "move": "Move person {track_id}, frame {frame}",
    "flip": "Flip person {track_id}, frame {frame}",
    "copy_pose": "Copy the pose of person {track_id} to frame {frame}",
    "draw_box": "Person {track_id} in a drawn box, frame {frame}",
    "set_box": "Box of person {track_id}, frame {frame}",
    "assign": "Person {track_id} is person {track_id_b}, from frame {frame}",
    "swap": "Swap persons {track_id} and {track_id_b}, from frame {frame}",
    "merge": "Merge person {track_id_b} into person {track_id}",
    "split": "Split person {track_id} at frame {frame}",
    "delete": "Delete person {track_id}, frames {frame} to {frame_end}",
    "interpolate": "Interpolate person {track_id}, frames {frame} to {frame_end}",
    "resolve_issue": "Issue of person {track_id}, frame {frame}",
    "review": "Verdict in frames {frame} to {frame_end}",
    "propagate": "Propagation",
    "complete": "Completion of keypoints",
    "reject": "Rejection of a propagation",
    "load": "Load {file}",
}


def describe(action: Action) -> str:
    """What an action did, in a few words for a menu."""
    facts = {k: v for k, v in action.payload.items() if v is not None}
    facts["keypoint"] = str(facts.get("keypoint", "")).replace("_", " ")
    try:
        return VERBS.get(action.kind, action.kind.replace("_", " ")).format(**facts)
    except KeyError:
        return action.kind.replace("_", " ").capitalize()
