"""`impose-widget replay`: do everything in a journal again, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    video: Annotated[Path, typer.Argument(help="The video that was annotated.", metavar="VIDEO")],
    journal: Annotated[Path | None, typer.Option(help="Its journal; else the one beside the video.")] = None,
    model: Annotated[str, typer.Option(help="The network that it was annotated with, or none.")] = "tiny",
    out: Annotated[Path | None, typer.Option(help="Keep the new journal here.")] = None,
) -> None:
    """Do all actions of a journal again on the same video, and say whether the same tables come of it."""
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.session import Session
    from impose_widget.session.filesystem import journal_path
    from impose_widget.session.journal import Journal
    from impose_widget.session.replay import differences
    from impose_widget.session.replay import replay as do_again
    from impose_widget.video import open_video

    with open_video(video) as clip:
        path = journal or journal_path("auto", clip.path, clip.fingerprint())
    if path is None or not path.is_file():
        raise FileNotFoundError(f"Expected a journal of {video}, got none at {path}; give --journal.")
    if out is not None and out.exists():
        raise FileExistsError(f"Expected --out as a new file, got {out}, which exists.")
    log = Journal(path, read_only=True)
    options = {"model": None if model == "none" else model, "skeleton": Skeleton.from_json(log.meta()["skeleton"])}
    with Session.open(video, store=out, **options) as again:
        do_again(log, again)
        n = again.revision
        log.close()
        with Session.open(video, store=path, **options) as was:
            differ = differences(was, again)
    if differ:
        typer.echo(f"{n} actions done again; {', '.join(differ)} differ from those of {path}.")
        raise typer.Exit(1)
    typer.echo(f"{n} actions done again; all tables are the same.")
