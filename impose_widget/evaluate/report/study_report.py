"""`Report`: everything a study found, as tables, Markdown, pictures and one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from impose_widget.evaluate.report import tables as report_tables


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a study.

    Attributes:
        results: one dictionary a job; see `study.run_job`.
        command: one line that makes the same again; empty if it was not run from a shell.
        time: seconds that people took (see `protocols.timing`); None if nobody's log was read.
    """

    results: Sequence[dict[str, Any]]
    command: str = ""
    time: pd.DataFrame | None = None

    def with_time(self, time: pd.DataFrame) -> Report:
        """The same with the time that people took, one row a session."""
        return replace(self, time=time)

    def table(self, name: str) -> pd.DataFrame:
        """A table with all its columns, one row a part of a video: "curves", "curve_points", "clicks", "timeline",
        "k_clicks", "vnoc", "carried", "most_blurred", "hidden", "forced_swap", "forced_gap", "forced_miss",
        "ablation"; empty if that was not run."""
        return report_tables.table_of(self.results, name)

    def readable(self) -> dict[str, pd.DataFrame]:
        """The same for people: parts of a video averaged, few columns, numbers as text."""
        made = report_tables.readable(self.results)
        return made if self.time is None else made | {"time": report_tables.time_table(self.time)}

    @property
    def errors(self) -> list[str]:
        """What failed, in sentences."""
        return [
            f"{r['method']} on {r['video']}, {r['experiment']}: {r['error']}" for r in self.results if r.get("error")
        ]

    def videos(self) -> pd.DataFrame:
        """One row a video: frames, size, people, labels, and the conventions that scores rest on."""
        seen = {r["video"]: {"video": r["video"]} | r["facts"] for r in self.results}
        table = pd.DataFrame(list(seen.values()))
        if table.empty:
            return table
        return table.assign(notes=table["notes"].map(" ".join)).sort_values("video", ignore_index=True)

    def markdown(self) -> str:
        """The report as text."""
        from impose_widget.evaluate.report.markdown import markdown

        return markdown(self)

    def save(self, folder: str | Path) -> Path:
        """Write report.html, report.md, a CSV of each table and results.json into a folder; returns the page."""
        from impose_widget.evaluate.report.html import page

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.markdown(), encoding="utf-8")
        names = {name for r in self.results for name in r["tables"]}
        for name in sorted(names):
            self.table(name).to_csv(folder / f"{name}.csv", index=False)
        (folder / "results.json").write_text(json.dumps(list(self.results)), encoding="utf-8")
        target = folder / "report.html"
        target.write_text(page(self), encoding="utf-8")
        return target
