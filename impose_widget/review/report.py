"""What a reviewer checked and what they changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.review.match import Matched, match
from impose_widget.review.page import Page, Section, facts

HUMAN = frozenset("correct set_visibility set_anchor move flip copy_pose draw_box set_box interpolate".split())
"""Actions about one person in one frame, who was looked at then."""
WORDS = {
    "people": "people",
    "person_frames": "people in frames",
    "checked": "checked (accepted, rejected, corrected or decided on)",
    "accepted": "accepted and not changed since",
    "rejected": "rejected",
    "commented": "with a comment",
    "changed": "people in frames that were changed",
    "added": "people in frames that were added",
    "deleted": "people in frames that were deleted",
    "identities": "people in frames who got another identity",
    "keypoints_changed": "keypoints that were changed",
    "median_px": "median way of those that moved, pixels",
    "p90_px": "90th percentile of it, pixels",
    "mean_oks": "mean OKS of changed people, before and after",
    "issues_open": "issues that are open",
    "issues_decided": "issues that were decided on",
    "clicks": "clicks",
    "active_minutes": "minutes of work",
}


@dataclass(frozen=True)
class ReviewReport(Page):
    """A review in numbers.

    Attributes:
        name: of the video.
        summary: see `WORDS`.
        keypoints: a row a keypoint: n (all there are), changed, share, median_px, p90_px, max_px (of those that moved),
            mean_similarity (before and after), visibility_changed.
        people: a row a person: track_id, frames, checked, accepted, rejected, changed, median_px.
        changes: a row a changed keypoint: frame, track_id, keypoint, x0, y0, v0, x1, y1, v1, px, source (by whom).
        comments: a row a comment: frame, frame_end, track_id, verdict, comment.
        issues: a row a kind: kind, open, accepted, ignored.
    """

    name: str
    summary: pd.Series
    keypoints: pd.DataFrame
    people: pd.DataFrame
    changes: pd.DataFrame
    comments: pd.DataFrame
    issues: pd.DataFrame

    def title(self) -> str:
        """The headline."""
        return f"Review of {self.name}"

    def sections(self) -> list[Section]:
        """What is on the page."""
        largest = self.changes.sort_values("px", ascending=False, kind="stable")
        largest = largest[["frame", "track_id", "keypoint", "px", "v0", "v1", "source"]]
        return [
            Section("In all", "", facts(self.summary, WORDS)),
            Section("Keypoints", "Of n keypoints, how many were changed, and how far they moved.", self.keypoints),
            Section("People", "Frames in which each was checked and changed.", self.people),
            Section("Comments", "", self.comments),
            Section("Issues", "What was suspicious, and what was decided.", self.issues),
            Section("Largest changes", "v: visibility before and after.", largest),
        ]


def review_report(session: Any, since: int | None = None) -> ReviewReport:
    """The report of a session; see `Session.review_report`."""
    since = session.review_began() if since is None else int(since)
    before, after = session.edited(since)
    matched = match(before, after)
    changes, pairs = _changes(matched)
    poses, reviews, issues, events = session.poses, session.reviews, session.issues, session.events
    events = events[events["seq"] > since]
    everybody = poses[["frame", "track_id"]].drop_duplicates()
    checked = _checked(reviews, events, issues)
    checked = checked[checked.isin(pd.MultiIndex.from_frame(everybody))]
    moved = changes.loc[changes["px"] > 0, "px"].to_numpy()
    verdict = reviews["verdict"].astype(str).where(~reviews["changed_since"] | (reviews["verdict"] != "accepted"), "")
    decided = issues["state"].astype(str)
    summary = {
        "people": int(everybody["track_id"].nunique()),
        "person_frames": len(everybody),
        "checked": len(checked),
        "accepted": int((verdict == "accepted").sum()),
        "rejected": int((verdict == "rejected").sum()),
        "commented": int((reviews["comment"] != "").sum()),
        "changed": len(changes[["frame", "track_id"]].drop_duplicates()),
        "added": len(matched.only_second),
        "deleted": len(matched.only_first),
        "identities": int((matched.first.track_id[matched.a] != matched.second.track_id[matched.b]).sum()),
        "keypoints_changed": len(changes),
        "median_px": float(np.median(moved)) if len(moved) else float("nan"),
        "p90_px": float(np.quantile(moved, 0.9)) if len(moved) else float("nan"),
        "mean_oks": float(np.nanmean(matched.oks[pairs])) if len(pairs) else float("nan"),
        "issues_open": int((decided == "open").sum()),
        "issues_decided": int((decided != "open").sum()),
        "clicks": int(events["clicks"].sum()),
        "active_minutes": float(events["dt_active_ms"].sum()) / 60000,
    }
    return ReviewReport(
        session.video.name,
        pd.Series(summary, dtype=object),
        _keypoints(poses, changes),
        _people(everybody, checked, reviews.assign(verdict=verdict), changes),
        changes,
        comments(reviews),
        pd.crosstab(issues["kind"].astype(str), decided).rename_axis(columns=None).reset_index(),
    )


def _changes(m: Matched) -> tuple[pd.DataFrame, np.ndarray]:
    """One row a changed keypoint, and which matched pairs have any."""
    before, after = m.first, m.second
    v0, v1 = before.visibility[m.a], after.visibility[m.b]
    px = np.where((v0 > 0) & (v1 > 0), m.distance, np.nan)
    n, k = np.nonzero((np.nan_to_num(px) > 0) | (v0 != v1))
    xy0, xy1, source = before.xy[m.a[n], k], after.xy[m.b[n], k], after.column("source", "")
    table = pd.DataFrame(
        {
            "frame": after.frame[m.b[n]],
            "track_id": after.track_id[m.b[n]],
            "keypoint": pd.Categorical(np.array(after.keypoints, object)[k], list(after.keypoints), ordered=True),
            "x0": xy0[:, 0],
            "y0": xy0[:, 1],
            "v0": v0[n, k],
            "x1": xy1[:, 0],
            "y1": xy1[:, 1],
            "v1": v1[n, k],
            "px": px[n, k],
            "similarity": m.similarity[n, k],
            "source": pd.Series(source[m.b[n], k], dtype="str"),
        }
    )
    return table.sort_values(["frame", "track_id", "keypoint"], ignore_index=True), np.unique(n)


def _checked(reviews: pd.DataFrame, events: pd.DataFrame, issues: pd.DataFrame) -> pd.MultiIndex:
    """(frame, track_id) of those at whom somebody looked."""
    by_verdict = reviews.loc[reviews["verdict"] != "open", ["frame", "track_id"]]
    by_hand = events.loc[events["action"].isin(HUMAN), ["frame", "track_id"]].dropna()
    by_issue = issues.loc[issues["state"] != "open", ["frame", "track_id"]]
    both = pd.concat([part.astype("int64") for part in (by_verdict, by_hand, by_issue)])
    return pd.MultiIndex.from_frame(both.drop_duplicates())


def _keypoints(poses: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in poses["keypoint"].cat.categories:
        own = changes[changes["keypoint"] == name]
        n, px = int(((poses["keypoint"] == name) & (poses["visibility"] > 0)).sum()), own["px"][own["px"] > 0]
        far = [float(px.quantile(q)) if len(px) else float("nan") for q in (0.5, 0.9, 1.0)]
        seen, similar = int((own["v0"] != own["v1"]).sum()), own["similarity"].mean()
        rows.append((name, n, len(own), len(own) / n if n else float("nan"), *far, similar, seen))
    columns = "keypoint n changed share median_px p90_px max_px mean_similarity visibility_changed".split()
    return pd.DataFrame(rows, columns=columns)


def _people(
    everybody: pd.DataFrame, checked: pd.MultiIndex, reviews: pd.DataFrame, changes: pd.DataFrame
) -> pd.DataFrame:
    table = pd.DataFrame({"frames": everybody.groupby("track_id").size()})
    counts = {
        "checked": checked.to_frame(index=False).groupby("track_id").size() if len(checked) else None,
        "accepted": reviews[reviews["verdict"] == "accepted"].groupby("track_id").size(),
        "rejected": reviews[reviews["verdict"] == "rejected"].groupby("track_id").size(),
        "changed": changes.drop_duplicates(["frame", "track_id"]).groupby("track_id").size(),
    }
    for name, count in counts.items():
        table[name] = 0 if count is None else count.reindex(table.index).fillna(0).astype(int)
    moved = changes[changes["px"] > 0].groupby("track_id")["px"].median()
    table["median_px"] = moved.reindex(table.index)
    return table.reset_index()


def comments(reviews: pd.DataFrame) -> pd.DataFrame:
    """Runs of frames with the same words of the same action as one row."""
    said = reviews[reviews["comment"] != ""].sort_values(["track_id", "frame"])
    columns = ["frame", "frame_end", "track_id", "verdict", "comment"]
    if not len(said):
        return pd.DataFrame({c: [] for c in columns})
    new = (said[["track_id", "seq", "comment"]] != said[["track_id", "seq", "comment"]].shift()).any(axis=1)
    new |= said["frame"].diff() != 1
    groups = said.astype({"verdict": "str"}).groupby(new.cumsum())
    table = groups.agg(
        frame=("frame", "first"), frame_end=("frame", "last"), track_id=("track_id", "first"),
        verdict=("verdict", "first"), comment=("comment", "first"),
    )  # fmt: skip
    return table[columns].sort_values(["frame", "track_id"], ignore_index=True)
