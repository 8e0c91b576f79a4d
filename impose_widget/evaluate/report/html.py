"""A report as one HTML page with everything in it: no other file, no network."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import pandas as pd

from impose_widget.evaluate.report.markdown import CONVENTIONS
from impose_widget.evaluate.report.plots import figures
from impose_widget.evaluate.report.tables import NOTES, TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from impose_widget.evaluate.report.study_report import Report

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } th, td { padding: .15rem .55rem; text-align: right; border-bottom: 1px solid #e3e3e3; }
th { border-bottom: 2px solid #999; vertical-align: bottom; } td:first-child, th:first-child { text-align: left; }
tr.ours td { background: #eef5fb; } pre { background: #f6f6f6; padding: .6rem; white-space: pre-wrap; }
img { max-width: 100%; } p.note { color: #555; max-width: 56rem; } figure { margin: 1rem 0; }
figcaption { color: #555; font-size: .85rem; }
"""


def page(report: Report) -> str:
    """The whole page."""
    parts = ["<h1>What a click buys</h1>"]
    if report.command:
        parts.append(f"<p>Made by:</p><pre>{html.escape(report.command)}</pre>")
    parts.append("<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in CONVENTIONS) + "</ul>")
    parts += ["<h2>Videos</h2>", _table(report.videos().astype("object").fillna("").astype(str))]
    parts.append(_pictures(report))
    for name, table in report.readable().items():
        parts.append(f"<h2>{html.escape(TITLES[name])}</h2>")
        if name in NOTES:
            parts.append(f'<p class="note">{html.escape(NOTES[name])}</p>')
        for video, rows in table.groupby("video", sort=False):
            parts += [f"<h3>{html.escape(str(video))}</h3>", _table(rows.drop(columns="video"))]
    if report.errors:
        parts += ["<h2>What failed</h2><ul>", *[f"<li>{html.escape(e)}</li>" for e in report.errors], "</ul>"]
    head = f'<meta charset="utf-8"><title>What a click buys</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _pictures(report: Report) -> str:
    try:
        made = figures(report)
    except ImportError:
        return '<p class="note">No pictures: matplotlib is not installed (pip install "impose-widget[evaluate]").</p>'
    shown = "".join(
        f'<figure><img alt="{html.escape(title)}" src="data:image/png;base64,{_png(figure)}">'
        f"<figcaption>{html.escape(title)}</figcaption></figure>"
        for title, figure in made.items()
    )
    return f"<h2>Pictures</h2>{shown}" if shown else ""


def _png(figure: Figure) -> str:
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return base64.b64encode(target.getvalue()).decode()


def _table(table: pd.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(str(c))}</th>" for c in table.columns)
    body = []
    for row in table.to_numpy().tolist():
        ours = ' class="ours"' if row and row[0] in ("impose", "everything") else ""
        body.append(f"<tr{ours}>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row) + "</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(body)}</table></div>'
