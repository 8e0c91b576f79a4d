"""The pictures of a report, as matplotlib figures: curves, curves per tracklet, bars per keypoint, timelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.evaluate.report.tables import ORDER, base_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from impose_widget.evaluate.report.study_report import Report

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#f0e442")
"""Okabe and Ito's, told apart by colour-blind people too."""
SHOWN = 30
"""Clicks per tracklet that curves show: beyond it there is little to see."""


def figures(report: Report) -> dict[str, Figure]:
    """Title -> figure, of everything that was run.

    Raises:
        ImportError: matplotlib is not installed.
    """
    points = report.table("curve_points")
    if points.empty:
        return {}
    points = points[(points["noise_px"] == 0) & (points["start"] == "found")]
    first = points["policy"].iloc[0]
    out = {}
    for video, rows in points.assign(part=points["video"], video=points["video"].map(base_name)).groupby(
        "video", sort=False
    ):
        chosen = rows[rows["policy"] == first]
        out[f"{video}: score against clicks ({first} first)"] = score_against_clicks(chosen)
        ours = rows[rows["method"] == rows["method"].iloc[0]]
        if len(ours["policy"].unique()) > 1:
            out[f"{video}: {ours['method'].iloc[0]}, by who chooses what to click"] = score_against_clicks(
                ours, "policy"
            )
    for video, rows in points[points["policy"] == first].groupby("video", sort=False):
        out[f"{video}: each tracklet"] = per_tracklet(rows)
    curves = report.table("curves")
    curves = curves[(curves["policy"] == first) & (curves["noise_px"] == 0) & (curves["start"] == "found")]
    for video, rows in curves.assign(video=curves["video"].map(base_name)).groupby("video", sort=False):
        out[f"{video}: keypoints right before the first click"] = per_keypoint(rows)
    out |= _timelines(report, first)
    return out


def score_against_clicks(points: pd.DataFrame, by: str = "method") -> Figure:
    """Mean OKS against clicks per tracklet, a line a method (or policy); parts of a video averaged click by click."""
    figure, axes = _axes(1, 2, 8.6, 3.4)
    grid = np.arange(0, SHOWN + 0.01, 0.25)
    for axis, score, label in zip(axes, ("mean_oks", "share85"), ("mean OKS", "person-frames at OKS .85"), strict=True):
        for name, rows in points.groupby(by, sort=False):
            lines = [_steps(part, score, grid) for _, part in rows.groupby("part", sort=False)]
            axis.plot(
                grid, np.nanmean(lines, 0), label=name, color=colour(str(name)), lw=2 if name == "impose" else 1.3
            )
        axis.set(xlabel="clicks per tracklet", ylabel=label, xlim=(0, SHOWN))
        axis.grid(alpha=0.25)
    axes[1].legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _steps(rows: pd.DataFrame, score: str, grid: np.ndarray) -> np.ndarray:
    """A curve read off at a grid of clicks: the score that held then; NaN before it begins."""
    clicks, values = rows["clicks"].to_numpy(float), rows[score].to_numpy(float)
    at = np.searchsorted(clicks, grid, side="right") - 1
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def per_tracklet(points: pd.DataFrame) -> Figure:
    """Own mean OKS against own clicks, a panel a person, a line a method."""
    people = sorted(int(c[4:]) for c in points.columns if c.startswith("oks_") and points[c].notna().any())
    figure, axes = _axes(1, len(people), 2.6 * len(people) + 0.8, 2.7)
    for axis, n in zip(axes, people, strict=True):
        for name, rows in points.groupby("method", sort=False):
            axis.plot(rows[f"clicks_{n}"], rows[f"oks_{n}"], label=name, color=colour(str(name)), lw=1.3)
        axis.set(xlabel="clicks on this person", xlim=(0, SHOWN), title=f"person {n}")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("own mean OKS")
    axes[-1].legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def per_keypoint(curves: pd.DataFrame) -> Figure:
    """Share of labelled keypoints that are right, a group a keypoint, a bar a method."""
    columns = [c for c in curves.columns if c.startswith("start_right_") and curves[c].notna().any()]
    means = curves.groupby("method", sort=False)[columns].mean()
    figure, (axis,) = _axes(1, 1, max(8.6, 0.55 * len(columns)), 3.2)
    width = 0.8 / len(means)
    for i, (name, row) in enumerate(means.iterrows()):
        at = np.arange(len(columns)) + (i - (len(means) - 1) / 2) * width
        axis.bar(at, row.to_numpy(float), width, label=name, color=colour(str(name)))
    labels = [c.removeprefix("start_right_").replace("left_", "l ").replace("right_", "r ") for c in columns]
    axis.set_xticks(np.arange(len(columns)), labels, rotation=60, ha="right", fontsize=8)
    axis.set(ylabel="share right", ylim=(0, 1))
    axis.legend(fontsize=8, frameon=False, ncols=len(means), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def timeline(rows: pd.DataFrame, clicks: pd.DataFrame) -> Figure:
    """Each person's OKS over time before the first and after the last click, and the clicks on them."""
    people = sorted(rows["person"].unique())
    figure, axes = _axes(len(people), 1, 8.6, 1.25 * len(people) + 0.6, sharex=True)
    marks = {"keypoint": ("|", "#000000"), "identity": ("x", "#d55e00"), "box": ("s", "#009e73")}
    for axis, n in zip(axes, people, strict=True):
        own = rows[rows["person"] == n]
        axis.fill_between(own["frame"], own["oks_start"], 1, step="mid", color="#d55e00", alpha=0.35, lw=0)
        axis.plot(own["frame"], own["oks_end"], color="#0072b2", lw=1.2, drawstyle="steps-mid")
        on_person = clicks[clicks["person"] == n]
        for kind, (mark, ink) in marks.items():
            at = on_person.loc[on_person["kind"] == kind, "frame"]
            axis.plot(at, np.full(len(at), 0.06), mark, color=ink, ms=7, label=kind if n == people[0] else None)
        axis.set(ylim=(0, 1.02), ylabel=f"person {n}")
    axes[-1].set_xlabel("frame (orange: lost before the first click; blue: OKS after the last; marks: clicks)")
    axes[0].legend(fontsize=7, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    return figure


def _timelines(report: Report, policy: str) -> dict[str, Figure]:
    rows, clicks = report.table("timeline"), report.table("clicks")
    out = {}
    rows = rows[rows["policy"] == policy]
    for video in rows["video"].unique():
        method = rows.loc[rows["video"] == video, "method"].iloc[0]
        chosen = {"video": video, "method": method, "policy": policy}
        out[f"{video}: {method}, errors over time and the clicks on them"] = timeline(
            _only(rows, chosen), _only(clicks, chosen | {"noise_px": 0.0, "start": "found"})
        )
    return out


def _only(table: pd.DataFrame, values: dict[str, Any]) -> pd.DataFrame:
    for column, value in values.items():
        if column in table:
            table = table[table[column] == value]
    return table if len(table.columns) else pd.DataFrame(columns=["person", "kind", "frame"])


def colour(name: str) -> str:
    """The same name, the same colour, in all pictures."""
    if name in ORDER:
        return COLOURS[ORDER.index(name)]
    others = ("worst", "issue", "reading", "random")
    return COLOURS[others.index(name)] if name in others else COLOURS[6 + sum(map(ord, name)) % 2]


def _axes(rows: int, columns: int, width: float, height: float, **how: Any) -> tuple[Figure, list]:
    # Figures of their own, not pyplot's: a report may be made beside a notebook's pictures, or in a thread.
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained", dpi=110)
    return figure, list(figure.subplots(rows, columns, squeeze=False, **how).reshape(-1))
