"""`impose-widget convert`: a public checkpoint to weights that this package loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ANNOTATIONS = (".csv", ".parquet", ".pq", ".xml", ".slp", ".nwb", ".h5")


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="A checkpoint of ED-Pose or Click-Pose (.pth), mmpose's of ED-Pose, or MoveNet's model.json.",
            metavar="IN",
        ),
    ],
    target: Annotated[Path, typer.Argument(help="The safetensors file to write.", metavar="OUT")],
) -> None:
    """Convert a network's public checkpoint to safetensors. Nothing in it is run: it is read as data."""
    if target.suffix != ".safetensors":
        raise ValueError(f"Expected OUT to end in .safetensors, got {target}.")
    if source.suffix in ANNOTATIONS:
        raise ValueError(f"Expected a checkpoint of a network, got {source}; for poses use convert-annotations.")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"Expected a folder to write {target.name} to, got {target.parent}, which does not exist."
        )
    if source.suffix == ".json":
        from impose_widget.model.weights import convert as convert_movenet

        typer.echo(convert_movenet(source, target))
    else:
        from impose_widget.model.network_file import convert_checkpoint

        typer.echo(convert_checkpoint(source, target))
