"""`impose-widget info`: what there is to know about a video."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from impose_widget.video import Video


def info(video: Annotated[Path, typer.Argument(help="A video file, or a folder of images.")]) -> None:
    """Say what a video is: frames, size, times, anything unusual, and whether it was annotated before."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from impose_widget.video import open_video

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    with open_video(video) as opened:
        for name, value in facts(opened):
            table.add_row(name, escape(value))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def facts(video: Video) -> list[tuple[str, str]]:
    """What to say of a video, as names and texts."""
    video[0]  # reading a frame shows whether it decodes
    rows = [
        ("name", video.name),
        ("frames", str(len(video))),
        ("size", f"{video.width} × {video.height}"),
        ("rate", f"{video.fps:.3f} per second"),
        ("times", f"{video.times[0]:.3f} s to {video.times[-1]:.3f} s"),
    ]
    notes = video.report() or ["nothing unusual"]
    rows += [("notes" if i == 0 else "", note) for i, note in enumerate(notes)]
    return [*rows, ("journal", _journal(video))]


def _journal(video: Video) -> str:
    from impose_widget.session.filesystem import journal_path

    path = journal_path("auto", video.path, video.fingerprint())
    if path is None or not path.exists():
        return f"none yet; it will be {path}"
    return f"{path} ({path.stat().st_size / 1024:.0f} kB): opening the video goes on from there"
