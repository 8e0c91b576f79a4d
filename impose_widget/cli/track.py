"""`impose-widget track`: find and follow everyone in videos, without a notebook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from impose_widget.cli.errors import USER_ERROR, sentence


def track(
    videos: Annotated[list[Path], typer.Argument(help="Video files, or folders of images.", metavar="VIDEO...")],
    out: Annotated[Path, typer.Option(help="Where to write; each video gets a folder in it.")] = Path(),
    model: Annotated[str, typer.Option(help="The network that finds people: tiny.")] = "tiny",
    format: Annotated[list[str] | None, typer.Option(help="parquet, csv, coco, …; may be given several times.")] = None,
    overlay: Annotated[bool, typer.Option("--overlay", help="Also write a video with the poses on it.")] = False,
) -> None:
    """Find and follow everyone in one or more videos, and write their poses.

    The journal lies beside each video, so `Session.open(VIDEO)` goes on from here, and so does this command if it was
    interrupted.
    """
    kinds = _kinds(format or ["parquet", "coco"])
    folders = _folders(videos, out)
    failed = 0
    for video, folder in zip(videos, folders, strict=True):
        try:
            _track(video, folder, model, kinds, overlay)
        except (ValueError, OSError) as error:
            if len(videos) == 1:
                raise
            typer.echo(f"impose-widget: {video}: {sentence(error)}", err=True)
            failed += 1
    if failed:
        typer.echo(f"impose-widget: {failed} of {len(videos)} videos failed; the others are done.", err=True)
        raise typer.Exit(USER_ERROR)


def _kinds(names: list[str]) -> dict[str, str]:
    """Format -> file name; ValueError for one that does not exist, before any work is done."""
    from impose_widget.io import formats
    from impose_widget.io.registry import file_name

    known = list(formats()["format"])
    for name in names:
        if name not in known:
            raise ValueError(f"Expected --format as one of {', '.join(known)}, got {name!r}.")
    return {name: file_name(name) for name in names}


def _folders(videos: list[Path], out: Path) -> list[Path]:
    folders = [out / (video.stem or video.resolve().name) for video in videos]
    twice = {f for f in folders if folders.count(f) > 1}
    if twice:
        raise ValueError(
            f"Expected videos with different names, got two called {min(twice).name}; run the command for each, with "
            "another --out."
        )
    return folders


def _track(video: Path, folder: Path, model: str, kinds: dict[str, str], overlay: bool) -> None:
    from impose_widget.session import Session

    began = time.perf_counter()
    with Session.open(video, model=model) as session:
        if session.read_only:
            raise OSError(f"{video} is open for annotation in another program; close it there first.")
        session.initialize()
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in kinds.items():
            session.export(folder / file, name)
        if overlay:
            from impose_widget.render import overlay_frames
            from impose_widget.video import write_video

            write_video(folder / "overlay.mp4", overlay_frames(session.video, session.poses), session.video.fps)
        people, frames = len(session.tracks), len(session.video)
    seconds = time.perf_counter() - began
    typer.echo(f"{video.name}: {people} people in {frames} frames, {seconds:.1f} s, in {folder}")
