"""Annotation files of a session: written and read back, or taken in as somebody's reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, HUMAN, IMPORTED, empty_poses, enclose
from impose_widget.core.tracks import difference

if TYPE_CHECKING:
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.session.base import SessionBase

KEY = ["frame", "track_id", "keypoint"]
REQUIRED = ("frame", "track_id", "keypoint", "x", "y")
TOLERANCE = 0.01  # pixels between what was written and what is read back


def export(poses: pd.DataFrame, path: Path, format: str | None, check: bool) -> Path:
    """Write `poses`; see `Session.export`."""
    from impose_widget.io import read, write

    write(poses, path, format)
    if check:
        _compare(poses, read(path, format), path)
    return path


def _compare(written: pd.DataFrame, back: pd.DataFrame, path: Path) -> None:
    def placed(poses: pd.DataFrame) -> pd.DataFrame:
        poses = poses[poses["visibility"] > ABSENT]
        return poses.astype({"keypoint": "str"}).set_index(KEY)[["x", "y", "visibility"]].sort_index()

    want, got = placed(written), placed(back)
    if not want.index.equals(got.index):
        n = len(want.index.symmetric_difference(got.index))
        raise ValueError(
            f"Expected {path} to hold {len(want)} keypoints, got {len(got)} ({n} differ); use another format."
        )
    apart = (want[["x", "y"]] - got[["x", "y"]]).abs().to_numpy()
    if len(apart) and (apart.max() > TOLERANCE or not (want["visibility"] == got["visibility"]).all()):
        raise ValueError(f"Expected {path} to hold the same keypoints, got some that differ; use another format.")


def load(session: SessionBase, source: str | Path | pd.DataFrame, format: str | None) -> dict[int, int]:
    """Take in poses of a file or a table; see `Session.load`."""
    if isinstance(source, pd.DataFrame):
        poses, name = source, "the table"
    else:
        from impose_widget.io import read

        poses, name = read(Path(source), format), str(source)
    _check(poses, session.skeleton, len(session.video), name)
    state = session._state
    with state.lock:
        revision = state.revision + 1
        taken = {i for i, _, _ in state.tracks.lanes()}
        names: dict[int, int] = {}
        changes = []
        for theirs, rows in poses.groupby("track_id", sort=True):
            ours = int(theirs) if theirs not in taken else max(state.next_track_id, int(poses["track_id"].max()) + 1)
            ours = ours if ours not in taken else max(taken) + 1
            taken.add(ours)
            names[int(theirs)] = ours
            frames, records = _records(rows, session.skeleton, revision)
            changes += difference(ours, frames, state.tracks.get(ours, frames), records)
        n = sum(c.n_keypoints_changed(len(session.skeleton)) for c in changes)
        payload = {"file": name, "tracks": [[a, b] for a, b in names.items()], "changed": n}
        state.commit("load", payload, changes)
    return names


def _check(poses: pd.DataFrame, skeleton: Skeleton, n_frames: int, name: str) -> None:
    missing = [c for c in REQUIRED if c not in poses]
    if missing:
        raise ValueError(f"Expected poses with the columns {', '.join(REQUIRED)}, got {name} without {missing}.")
    unknown = sorted(set(poses["keypoint"].astype("str")) - set(skeleton.keypoints))
    if unknown:
        raise ValueError(
            f"Expected keypoints of {skeleton.name}, got {', '.join(unknown)} in {name}; open the video with skeleton= "
            "the one of the file, or rename them."
        )
    if len(poses) and not poses["frame"].between(0, n_frames - 1).all():
        raise ValueError(
            f"Expected frames 0..{n_frames - 1} as in the video, got {poses['frame'].min()}..{poses['frame'].max()} "
            f"in {name}; is it the file of another video?"
        )
    if len(poses) and (poses["track_id"] < 0).any():
        raise ValueError(f"Expected track ids of 0 and above, got {poses['track_id'].min()} in {name}.")
    xy = poses[["x", "y"]].to_numpy(float)
    if np.isinf(xy).any():
        raise ValueError(f"Expected x and y as finite numbers (or NaN for absent keypoints), got infinity in {name}.")


def _records(rows: pd.DataFrame, skeleton: Skeleton, revision: int) -> tuple[np.ndarray, np.ndarray]:
    """One person's rows as frames (n,) and records (n,)."""
    frames, at = np.unique(rows["frame"].to_numpy(), return_inverse=True)
    k = pd.Categorical(rows["keypoint"].astype("str"), categories=list(skeleton.keypoints)).codes
    records = empty_poses(len(frames), len(skeleton))
    xy = rows[["x", "y"]].to_numpy(np.float32)
    known = np.isfinite(xy).all(1)
    visibility = rows["visibility"].to_numpy() if "visibility" in rows else np.where(known, 2, 0)
    visibility = np.where(known, np.clip(visibility, 0, 2), ABSENT)
    shown = visibility != ABSENT
    records["xy"][at[shown], k[shown]] = xy[shown]
    records["visibility"][at, k] = visibility
    anchor = rows["anchor"].to_numpy(bool) if "anchor" in rows else np.zeros(len(rows), bool)
    records["anchor"][at, k] = anchor
    records["source"][at, k] = np.where(anchor, HUMAN, IMPORTED)
    records["score"][at, k] = rows["score"].to_numpy(np.float32) if "score" in rows else 1.0
    records["revision"][at, k] = revision
    records["box_source"], records["present"] = IMPORTED, True
    enclose(records)
    return frames.astype(np.int32), records
