"""`impose-widget convert-annotations`: from one annotation format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _list_formats(asked: bool) -> None:
    if not asked:
        return
    from impose_widget.io import formats

    for row in formats().itertuples():
        needs = "" if row.available else f" (needs: pip install 'impose-widget[{row.extra}]')"
        typer.echo(f"{row.format:15} {row.suffixes or 'a folder':18} {row.description}{needs}")
    raise typer.Exit


def _parsed(size: str) -> dict[str, int]:
    """Width and height as `1280x720` says them."""
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ValueError(f"Expected --size as width and height in pixels, like 1280x720, got {size!r}.")
    return {"width": int(width), "height": int(height)}


def convert_annotations(
    source: Annotated[Path, typer.Argument(help="The file, or folder, to read.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="The file, or folder, to write.", metavar="OUT")],
    source_format: Annotated[
        str | None, typer.Option("--from", help="Format of IN; by its ending and content if not given.")
    ] = None,
    target_format: Annotated[
        str | None, typer.Option("--to", help="Format of OUT; by its ending if not given.")
    ] = None,
    video: Annotated[str | None, typer.Option(help="Which video, if IN has the annotations of several.")] = None,
    skeleton: Annotated[
        str | None, typer.Option(help="Write the keypoints of this skeleton, mapped by name: coco17, posetrack17, …")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Width and height of the video, if IN does not say and OUT needs it: 1280x720.")
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Give people identities from frame to frame, if IN has none.")
    ] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Read OUT back and compare it.")] = True,
    list_formats: Annotated[
        bool, typer.Option("--formats", help="List the formats and leave.", is_eager=True, callback=_list_formats)
    ] = False,
) -> None:
    """Convert an annotation file to another format, and say first what that format cannot hold."""
    from impose_widget.io import formats, has_identities, losses, read, to_skeleton, write
    from impose_widget.io import link as linked
    from impose_widget.io.loss import sentence
    from impose_widget.io.registry import format_of

    kind = format_of(target_format or target)
    if source_format is not None and source_format not in set(formats()["format"]):
        format_of(source_format)
    poses = read(source, source_format, video)
    if size is not None:
        poses.attrs["video"] = (poses.attrs.get("video") or {}) | _parsed(size)
    if link:
        poses = linked(poses)
    elif not has_identities(poses):
        typer.echo(f"{source} does not say who is who from frame to frame; --link finds that out.", err=True)
    if skeleton is not None:
        poses = to_skeleton(poses, Path(skeleton) if Path(skeleton).suffix else skeleton)
    lost = sentence(losses(poses, kind.name), kind)
    if lost:
        typer.echo(lost, err=True)
    write(poses, target, kind.name, check)
    placed = poses[poses["visibility"] > 0]
    boxes = len((poses.attrs.get("boxes") or {}).get("frame", ()))
    people, frames = placed["track_id"].nunique(), placed["frame"].nunique()
    more = f" and {boxes} boxes" if boxes else ""
    what = "boxes" if "keypoints" in kind.cannot else f"{len(placed)} keypoints"
    typer.echo(f"{target}: {what} of {people} people in {frames} frames{more}, as {kind.name}")
