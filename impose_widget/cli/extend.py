"""`impose-widget extend`: complete the annotations of a data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impose_widget.cli.errors import USER_ERROR

if TYPE_CHECKING:
    from impose_widget.dataset import Extension

SHOWN = "poses keypoints".split()


def extend(
    videos: Annotated[list[Path], typer.Argument(help="A folder of videos, or videos (files, folders of images).")],
    annotations: Annotated[
        Path | None, typer.Option("--annotations", "-a", help="Folder with a file a video, or one file of all.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write; the same command goes on from there.")] = Path(
        "impose-extended"
    ),
    format: Annotated[str, typer.Option(help="posetrack21, coco, … (a Parquet table comes always).")] = "coco",
    model: Annotated[str, typer.Option(help="The network: tiny, or none.")] = "tiny",
    skeleton: Annotated[str, typer.Option(help="What everyone gets: coco17, …")] = "coco17",
    only_known: Annotated[
        bool, typer.Option("--only-known", help="Complete people who are annotated; find nobody new.")
    ] = False,
    min_visible: Annotated[int, typer.Option(min=0, help="Visible keypoints somebody new needs, of 17.")] = 8,
    min_size: Annotated[float, typer.Option(min=0, help="Pixels, root of the box's area, somebody new needs.")] = 24,
    min_sharpness: Annotated[
        float,
        typer.Option(help="Call keypoints blurred below this share of the person's usual sharpness; 0: do not look."),
    ] = 0.0,
    policy: Annotated[str, typer.Option(help="Those who fail: ignore_region, drop or keep.")] = "ignore_region",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, to run there instead.")] = None,
) -> None:
    """Complete partial annotations: missing keypoints of people who are there, frames between, people nobody noted.

    Nothing that was annotated is changed. Correct what is wrong with `impose-widget annotate` or `Session.open(video,
    store=OUT/NAME/journal.impose)` and run the same command again.
    """
    from rich.console import Console

    from impose_widget.dataset import extend as run
    from impose_widget.guidelines import Guidelines

    rules = Guidelines(min_visible, False, min_size, min_sharpness, policy)
    source = videos[0] if len(videos) == 1 and videos[0].is_dir() else videos
    console = Console(stderr=True)
    with console.status("extending") as status:
        result = run(
            source, annotations, out, format, None if model == "none" else model, skeleton, rules, not only_known,
            workers, dask, lambda done, n: status.update(f"extending: {done} of {n} videos"),
        )  # fmt: skip
    _tell(result, out)
    for name, why in result.failed.items():
        typer.echo(f"impose-widget: {name}: {why}", err=True)
    if result.failed:
        raise typer.Exit(USER_ERROR)


def _tell(result: Extension, out: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not len(result.videos):
        return
    table = Table("video", "people in frames", "keypoints", "completed", "of new people", "left out", "clicks", "hours")
    rows = [*result.videos.to_dict("records"), {"name": "all", **result.total.to_dict()}]
    for row in rows:
        table.add_row(
            escape(str(row["name"])),
            *(f"{row[f'{c}_before']:.0f} + {row[f'{c}_added']:.0f}" for c in SHOWN),
            f"{row['keypoints_completed']:.0f}",
            f"{row['keypoints_of_new']:.0f}",
            f"{row['left_out']:.0f}",
            f"{row['clicks']:.0f}",
            f"{row['hours']:.2f}",
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    typer.echo(f"In {out}: a folder for each video, and statistics.csv.")
