"""The page about formats, made of what they say of themselves: `python -m tests.io.formats_page` writes it."""

from __future__ import annotations

from pathlib import Path

import impose_widget as iw
from impose_widget.io import registry
from impose_widget.io.format import Format
from impose_widget.io.loss import words_of

PAGE = Path(registry.__file__).with_name("FORMATS.md")
HEAD = """# Annotation formats

`iw.formats()` and `impose-widget convert-annotations --formats` list them; `iw.losses(poses, format)` says what of a
given table a file would not hold, `session.export` says so before it writes, and reads the file back. This page is made
of the same tables (`python -m tests.io.formats_page`).

Boxes, head boxes, ignore regions, names of people and pictures that a file states are kept beside the poses (`attrs`)
and written again where a format has a word for them. Keypoints are mapped by name, and none is invented.
"""


def page() -> str:
    """The page as Markdown."""
    lines = [HEAD, "| format | files | extra | what it is |", "|---|---|---|---|"]
    table = iw.formats()
    for row in table.itertuples():
        files = ", ".join(f"`{s}`" for s in row.suffixes.split()) or "a folder"
        lines.append(f"| `{row.format}` | {files} | {row.extra or '–'} | {row.description} |")
    lines += ["", "## What each cannot hold", ""]
    lines += [f"- `{name}`: {_loses(module.FORMAT)}" for name, module in registry.modules().items()]
    return "\n".join(lines) + "\n"


def _loses(kind: Format) -> str:
    parts: dict[str, list[str]] = {}
    for aspect, what in kind.cannot.items():
        parts.setdefault(what, []).append(words_of(aspect))
    said = [f"{', '.join(words)}: {what}" for what, words in parts.items()]
    if kind.slots is not None:
        said.append("keypoints that its skeleton has no place for: left out")
    if kind.tolerance:
        said.append(f"positions come back to {kind.tolerance:g} pixels")
    return "; ".join(said) + "." if said else "everything comes back."


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
