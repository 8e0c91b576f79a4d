"""Seconds that real people took, from the log of their sessions: the paper's Table IV."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

IDLE = 30.0
"""Seconds; a longer pause is no work."""
MACHINE = ("initialize", "propagate")


def annotation_time(events: Mapping[str, pd.DataFrame], idle: float = IDLE) -> pd.DataFrame:
    """One row a session: seconds of work, per person (mean and standard deviation over people), per click, by action.

    An action's time is that since the action before it, in the same opening of the session; time between the first
    opening and the first action is not known. What a machine does counts for nobody, waiting for it counts for the
    action that follows.

    Args:
        events: name of the session or annotator -> `session.events`.
        idle: pauses longer than this many seconds count as none.

    Returns:
        session, people, clicks, keypoint_clicks, identity_clicks, box_clicks, seconds, seconds_per_person,
        seconds_per_person_sd, seconds_per_click, and the times of day it began and ended.
    """
    rows = [{"session": name} | _row(table, idle) for name, table in events.items()]
    return pd.DataFrame(rows)


def work(events: pd.DataFrame, idle: float = IDLE) -> pd.Series:
    """Seconds of work before each action, machine actions 0."""
    human = events[~events["action"].isin(MACHINE)]
    gap = human["t"].diff().dt.total_seconds()
    same = human["opening"].diff() == 0
    seconds = gap.where(same & (gap <= idle) & (gap > 0), 0.0)
    return seconds.reindex(events.index, fill_value=0.0)


def _row(events: pd.DataFrame, idle: float) -> dict:
    from impose_widget.session.events import BOX_CLICKS, IDENTITY_CLICKS, KEYPOINT_CLICKS

    seconds = work(events, idle)
    clicked = events["clicks"] > 0
    by_person = seconds[events["track_id"].notna()].groupby(events["track_id"]).sum()
    by_person = by_person[events[clicked].groupby("track_id").size().reindex(by_person.index).fillna(0) > 0]
    n = int(clicked.sum())
    kinds = (("keypoint", KEYPOINT_CLICKS), ("identity", IDENTITY_CLICKS), ("box", BOX_CLICKS))
    return {
        "people": len(by_person),
        "clicks": n,
        **{f"{name}_clicks": int(events["action"].isin(actions).sum()) for name, actions in kinds},
        "seconds": float(seconds.sum()),
        "seconds_per_person": float(by_person.mean()) if len(by_person) else np.nan,
        "seconds_per_person_sd": float(by_person.std(ddof=0)) if len(by_person) else np.nan,
        "seconds_per_click": float(seconds.sum() / n) if n else np.nan,
        "began": events["t"].min() if len(events) else pd.NaT,
        "ended": events["t"].max() if len(events) else pd.NaT,
    }
