"""A report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from impose_widget.evaluate.report.tables import NOTES, TITLES

if TYPE_CHECKING:
    from impose_widget.evaluate.report.study_report import Report

CONVENTIONS = (
    "One click is one keypoint placed, one identity repaired, or one box drawn. Who is who in the first frame with "
    "labels is told to every method for nothing.",
    "OKS uses the skeleton's sigmas and the area named below; occluded labels count, unlabelled keypoints do not.",
)


def markdown(report: Report) -> str:
    """Headings, conventions, and every table that people read."""
    parts = ["# What a click buys", ""]
    if report.command:
        parts += ["Made by:", "", f"    {report.command}", ""]
    parts += [f"- {line}" for line in CONVENTIONS] + [""]
    parts += ["## Videos", "", table_text(report.videos().astype("object").fillna("").astype(str)), ""]
    for name, table in report.readable().items():
        parts += [f"## {TITLES[name]}", ""]
        parts += [NOTES[name], ""] if name in NOTES else []
        for video, rows in table.groupby("video", sort=False):
            parts += [f"**{video}**", "", table_text(rows.drop(columns="video")), ""]
    if report.errors:
        parts += ["## What failed", "", *[f"- {e}" for e in report.errors], ""]
    return "\n".join(parts)


def table_text(table: pd.DataFrame) -> str:
    """A table of text as Markdown."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(v).replace("|", "\\|") for v in row) + " |" for row in rows)
