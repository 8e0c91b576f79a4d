"""All commands together. What a command needs is imported when it runs, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from impose_widget.cli import (
    annotate,
    convert,
    convert_annotations,
    demo,
    doctor,
    evaluate,
    extend,
    info,
    render,
    replay,
    review,
    track,
    train,
)
from impose_widget.cli.errors import in_one_sentence, set_traceback

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    demo,
    annotate,
    track,
    extend,
    review,
    evaluate,
    render,
    info,
    convert_annotations,
    train,
    convert,
    replay,
    doctor,
):
    name = module.__name__.rpartition(".")[2]
    app.command(name.replace("_", "-"))(in_one_sentence(getattr(module, name)))


def _show_version(wanted: bool) -> None:
    if wanted:
        from impose_widget import __version__

        typer.echo(f"impose-widget {__version__}")
        raise typer.Exit


@app.callback()
def common(
    traceback: Annotated[
        bool, typer.Option("--traceback", envvar="IMPOSE_TRACEBACK", help="Show the whole error, for a bug report.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Correct the poses of several people in a video with a few clicks."""
    set_traceback(traceback)
