"""What was added to a data set, and what it cost: people, keypoints, clicks, hours."""

from __future__ import annotations

from typing import Any

import pandas as pd

from impose_widget.core.pose import ABSENT, SOURCES

COUNTED = "poses keypoints tracks".split()


def counts(poses: pd.DataFrame) -> dict[str, int]:
    """People in frames (poses) that have a keypoint, keypoints with a place, and tracks."""
    placed = poses[poses["visibility"] > ABSENT]
    return {
        "poses": len(placed[["frame", "track_id"]].drop_duplicates()),
        "keypoints": len(placed),
        "tracks": int(placed["track_id"].nunique()),
    }


def compare(
    before: pd.DataFrame, after: pd.DataFrame, verdict: pd.DataFrame, metrics: dict[str, float]
) -> dict[str, Any]:
    """One video's statistics.

    Args:
        before: the annotations that it came with, with the track ids that they have in `after`.
        after: those that it leaves with.
        verdict: what the guidelines said of everyone (see `guidelines.judge`).
        metrics: of the session: clicks and working time.

    Returns:
        poses, keypoints, tracks, each `_before`, `_after`, `_added`; keypoints added to people who were there
        (`keypoints_completed`) and to new ones (`keypoints_of_new`); left out by the guidelines (`left_out`); keypoints
        by source; clicks, hours.
    """
    old, new = counts(before), counts(after)
    out: dict[str, Any] = {}
    for name in COUNTED:
        out |= {f"{name}_before": old[name], f"{name}_after": new[name], f"{name}_added": new[name] - old[name]}
    placed = after[after["visibility"] > ABSENT]
    people = pd.MultiIndex.from_frame(before.loc[before["visibility"] > ABSENT, ["frame", "track_id"]])
    was_there = pd.MultiIndex.from_frame(placed[["frame", "track_id"]]).isin(people)
    out["keypoints_completed"] = int(was_there.sum()) - old["keypoints"]
    out["keypoints_of_new"] = int((~was_there).sum())
    out["left_out"] = int((~verdict["kept"]).sum())
    out |= {f"from_{source}": int((placed["source"] == source).sum()) for source in SOURCES}
    out["clicks"] = int(metrics["clicks"])
    out["hours"] = metrics["active_seconds"] / 3600
    return out


def total(rows: pd.DataFrame) -> pd.Series:
    """The sum over videos, with keypoints per click and per hour of work (NaN without any)."""
    numbers = rows.select_dtypes("number").sum()
    clicks, hours = numbers.get("clicks", 0), numbers.get("hours", 0)
    numbers["keypoints_per_click"] = numbers["keypoints_added"] / clicks if clicks else float("nan")
    numbers["keypoints_per_hour"] = numbers["keypoints_added"] / hours if hours else float("nan")
    return numbers
