"""Tables with headings as Markdown and as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SHOWN = 40  # rows of a table; the rest is counted
STYLE = """
.impose-page { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; }
body > .impose-page { color: #222; margin: 2rem auto; padding: 0 1rem; }
.impose-page h1 { font-size: 1.6rem; } .impose-page h2 { font-size: 1.15rem; margin-top: 1.8rem; }
.impose-page table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
.impose-page th, .impose-page td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #8884; }
.impose-page th { border-bottom: 2px solid #8888; vertical-align: bottom; }
.impose-page td.text, .impose-page th.text { text-align: left; }
.impose-page .wide { overflow-x: auto; } .impose-page p { max-width: 56rem; }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence about the table, and the table."""

    title: str
    note: str
    table: pd.DataFrame


class Page:
    """What can be read as Markdown, as HTML, and in a notebook; subclasses say what is on it."""

    def title(self) -> str:
        """The headline."""
        raise NotImplementedError  # each page has its own

    def sections(self) -> list[Section]:
        """What is on the page, in order; empty tables are left out."""
        raise NotImplementedError  # each page has its own

    def to_markdown(self) -> str:
        """The page as Markdown."""
        parts = [f"# {self.title()}", ""]
        for section in self._filled():
            rows, rest = _cells(section.table)
            parts += [f"## {section.title}", ""] + [section.note, ""] * bool(section.note)
            lines = [list(section.table.columns), ["---"] * len(section.table.columns), *rows]
            parts += ["| " + " | ".join(str(v).replace("|", "\\|") for v in row) + " |" for row in lines]
            parts += ["", rest, ""] if rest else [""]
        return "\n".join(parts)

    def to_html(self) -> str:
        """The page as one HTML file."""
        head = f'<meta charset="utf-8"><title>{html.escape(self.title())}</title>'
        return f'<!doctype html><html lang="en"><head>{head}</head><body>{self._repr_html_()}</body></html>\n'

    def _repr_html_(self) -> str:
        parts = [f"<style>{STYLE}</style>", f"<h1>{html.escape(self.title())}</h1>"]
        for section in self._filled():
            rows, rest = _cells(section.table)
            text = [" class='text'" if _is_text(section.table[c]) else "" for c in section.table.columns]
            named = zip(text, section.table.columns, strict=True)
            head = "".join(f"<th{t}>{html.escape(str(c))}</th>" for t, c in named)
            body = "".join("<tr>" + "".join(map(_td, text, row)) + "</tr>" for row in rows)
            parts += [f"<h2>{html.escape(section.title)}</h2>"]
            parts += [f"<p>{html.escape(section.note)}</p>"] * bool(section.note)
            parts += [f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>']
            parts += [f"<p>{html.escape(rest)}</p>"] * bool(rest)
        return f'<div class="impose-page">{"".join(parts)}</div>'

    def save(self, path: str | Path) -> Path:
        """Write the page as a .md or .html file.

        Raises:
            ValueError: the name ends in something else.
        """
        from impose_widget.io.replace import replacing

        path = Path(path)
        made = {".md": self.to_markdown, ".html": self.to_html}.get(path.suffix.lower())
        if made is None:
            raise ValueError(f"Expected a file name that ends in .md or .html, got {path.name!r}.")
        with replacing(path) as partial:
            partial.write_text(made(), encoding="utf-8")
        return path

    def _filled(self) -> list[Section]:
        return [s for s in self.sections() if len(s.table)]


def facts(values: pd.Series, words: dict[str, str]) -> pd.DataFrame:
    """Some numbers as a table of two columns, named in words."""
    rows = [(text, _cell(values[name])) for name, text in words.items() if name in values]
    return pd.DataFrame(rows, columns=["", "value"])


def _cells(table: pd.DataFrame) -> tuple[list[list[str]], str]:
    rows = [[_cell(v) for v in row] for row in table.head(SHOWN).itertuples(index=False)]
    more = len(table) - len(rows)
    return rows, f"… and {more} more." if more > 0 else ""


def _cell(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return ""
    if isinstance(value, (float, np.floating)):
        whole = value == round(value) or abs(value) < 5e-4
        return f"{value:.0f}" if whole else f"{value:.3g}"
    return str(value)


def _td(css: str, value: str) -> str:
    return f"<td{css}>{html.escape(value)}</td>"


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)
