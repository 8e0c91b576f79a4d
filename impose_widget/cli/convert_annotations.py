"""`impose-widget convert-annotations`: from one annotation format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert_annotations(
    source: Annotated[Path, typer.Argument(help="The file to read.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT")],
    source_format: Annotated[
        str | None, typer.Option("--from", help="Format of IN; by its ending if not given.")
    ] = None,
    target_format: Annotated[
        str | None, typer.Option("--to", help="Format of OUT; by its ending if not given.")
    ] = None,
) -> None:
    """Convert an annotation file to another format."""
    from impose_widget.io import read, write

    poses = read(source, source_format)
    write(poses, target, target_format)
    people, frames = poses["track_id"].nunique(), poses["frame"].nunique()
    typer.echo(f"{target}: {len(poses)} keypoints of {people} people in {frames} frames")
