"""The DataFrames that users read: what their columns mean is the contract of this package.

Every table is a snapshot: changing it changes nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from impose_widget.core.pose import SOURCES
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks


def person_frames(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All people in all frames: frames (n,), track ids (n,), records (n,), sorted by frame, then track id."""
    frames, ids, records = [], [], []
    for track_id, first, lane in tracks.lanes():
        held = np.flatnonzero(lane["present"])
        frames.append(held + first)
        ids.append(np.full(len(held), track_id))
        records.append(lane[held])
    if not frames:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), tracks.get(0, [])
    frame, track_id = np.concatenate(frames).astype(np.int32), np.concatenate(ids).astype(np.int32)
    order = np.lexsort((track_id, frame))
    return frame[order], track_id[order], np.concatenate(records)[order]


def poses_table(tracks: Tracks, skeleton: Skeleton, times: np.ndarray) -> pd.DataFrame:
    """One row a keypoint: frame, time, track_id, keypoint, x, y, visibility, score, source, anchor, revision.

    `time` in seconds, `x` and `y` in pixels of the video (integers at pixel centres), NaN exactly where `visibility`
    is 0 (absent; 1 occluded, 2 visible). `score` is 1 where a human placed the keypoint. `anchor`: a human stands
    behind it, no machine moves it. `revision`: number of the action that changed it last (`seq` in the events).
    """
    return pose_rows(*person_frames(tracks), skeleton, times)


def pose_rows(
    frame: np.ndarray, track_id: np.ndarray, records: np.ndarray, skeleton: Skeleton, times: np.ndarray
) -> pd.DataFrame:
    """The rows of `poses_table` for some people in some frames: frame (n,), track_id (n,), records (n,)."""
    n, k = len(frame), len(skeleton)
    codes = np.tile(np.arange(k, dtype=np.int8 if k < 128 else np.int16), n)
    xy = records["xy"].reshape(-1, 2)
    return pd.DataFrame(
        {
            "frame": np.repeat(frame, k),
            "time": np.repeat(np.asarray(times, np.float64)[frame], k),
            "track_id": np.repeat(track_id, k),
            "keypoint": pd.Categorical.from_codes(codes, categories=list(skeleton.keypoints), ordered=True),
            "x": xy[:, 0].copy(),
            "y": xy[:, 1].copy(),
            "visibility": records["visibility"].reshape(-1).copy(),
            "score": records["score"].reshape(-1).copy(),
            "source": source_column(records["source"].reshape(-1)),
            "anchor": records["anchor"].reshape(-1).copy(),
            "revision": records["revision"].reshape(-1).copy(),
        }
    )


def source_column(codes: np.ndarray) -> pd.Categorical:
    """Source codes as the category of that name."""
    return pd.Categorical.from_codes(codes.astype(np.int8), categories=list(SOURCES))


def boxes_table(tracks: Tracks) -> pd.DataFrame:
    """One row a person and frame: frame, track_id, kind, x, y, w, h, score, source, anchor."""
    return box_rows(*person_frames(tracks))


def box_rows(frame: np.ndarray, track_id: np.ndarray, records: np.ndarray) -> pd.DataFrame:
    """The rows of `boxes_table` for some people in some frames: frame (n,), track_id (n,), records (n,)."""
    has = np.isfinite(records["box"]).all(1)
    frame, track_id, records = frame[has], track_id[has], records[has]
    box = records["box"]
    return pd.DataFrame(
        {
            "frame": frame,
            "track_id": track_id,
            "kind": pd.Categorical.from_codes(np.zeros(len(frame), np.int8), categories=["body", "head"]),
            "x": box[:, 0].copy(),
            "y": box[:, 1].copy(),
            "w": box[:, 2].copy(),
            "h": box[:, 3].copy(),
            "score": records["box_score"].copy(),
            "source": source_column(records["box_source"]),
            "anchor": records["box_anchor"].copy(),
        }
    )


def tracks_table(tracks: Tracks, issues: pd.DataFrame) -> pd.DataFrame:
    """One row a person: track_id, first_frame, last_frame, n_frames, n_anchors, n_pending, n_stale, n_open_issues."""
    open_issues = issues[issues["state"] == "open"]["track_id"].value_counts()
    rows = []
    for track_id in tracks.ids():
        frames = tracks.frames_of(track_id)
        records = tracks.get(track_id, frames)
        rows.append(
            (
                track_id,
                frames[0],
                frames[-1],
                len(frames),
                int(records["anchor"].sum()),
                int(records["pending"].sum()),
                int(records["stale"].sum()),
                int(open_issues.get(track_id, 0)),
            )
        )
    columns = "track_id first_frame last_frame n_frames n_anchors n_pending n_stale n_open_issues".split()
    return pd.DataFrame(rows, columns=columns).astype("int32")


def frames_table(tracks: Tracks, times: np.ndarray, found: np.ndarray) -> pd.DataFrame:
    """One row a frame: frame, time, n_people, n_anchors, found (everyone was looked for), stale (work was left)."""
    frame, _, records = person_frames(tracks)
    n = len(times)
    return pd.DataFrame(
        {
            "frame": np.arange(n, dtype=np.int32),
            "time": np.asarray(times, np.float64),
            "n_people": np.bincount(frame, minlength=n).astype(np.int32),
            "n_anchors": np.bincount(frame, records["anchor"].sum(1), minlength=n).astype(np.int32),
            "found": found,
            "stale": np.bincount(frame, records["stale"], minlength=n) > 0,
        }
    )
