"""`impose-widget evaluate`: what a click buys on a video with labels, beside the baselines."""

from __future__ import annotations

import shlex
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from impose_widget.evaluate import Clip, Report

CLIP, LABELS = "store_aisle.mp4", "store_aisle.labels.json"


def evaluate(
    videos: Annotated[
        list[Path] | None,
        typer.Argument(help="Video files, or folders of images; none for the clip that ships, which has labels."),
    ] = None,
    truth: Annotated[
        list[Path] | None, typer.Option("--truth", "-t", help="The labels of each video, in the order of the videos.")
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="impose, fusion, residual, flow, detections, keyframes; all if not given."),
    ] = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option(
            "--experiment", "-e", help="curve, k_clicks, vnoc, robustness, ablation, or all; curve if not given."
        ),
    ] = None,
    results: Annotated[
        list[str] | None,
        typer.Option(
            "--results", metavar="NAME=FILE", help="Poses of another tool (COCO or PoseTrack JSON, …), to edit."
        ),
    ] = None,
    cotracker: Annotated[
        Path | None, typer.Option(help="A CoTracker3 checkpoint of yours, with its package installed (CC BY-NC).")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Where to write; the same command goes on from there.", metavar="DIR")
    ] = Path("impose-evaluation"),
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Who chooses what to click: worst, issue, reading, random; all if not given."),
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="Most clicks per tracklet.")] = 150,
    repeats: Annotated[int, typer.Option(min=0, help="More runs with noisy clicks.")] = 0,
    noise: Annotated[float, typer.Option(min=0, help="Their deviation, as a share of the people's size.")] = 0.02,
    seed: Annotated[int, typer.Option(help="Of noise and random choices.")] = 0,
    skeleton: Annotated[str, typer.Option(help="A name, or a YAML or JSON file.")] = "coco17",
    area: Annotated[str, typer.Option(help="How large a person is, for OKS: bbox*0.53 or bbox.")] = "bbox*0.53",
    detector_size: Annotated[int | None, typer.Option(help="Pixels of the longer side that the network sees.")] = None,
    some_people: Annotated[
        bool, typer.Option("--some-people", help="Not everybody is labelled: finding others is no false alarm.")
    ] = False,
    window: Annotated[int, typer.Option(min=0, help="Longest part of a video in frames; 0 for no limit.")] = 84,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, to run there instead.")] = None,
    time: Annotated[
        list[Path] | None,
        typer.Option(
            "--time", metavar="JOURNAL", help="Also the time that people took, from journals of the first video."
        ),
    ] = None,
) -> None:
    """Measure what a click buys: scores against clicks, and the baselines in the same run.

    Writes report.html, report.md and tables as CSV. An interrupted run goes on where it stopped.
    """
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.evaluate import EXPERIMENTS, METHODS
    from impose_widget.evaluate import evaluate as run

    with as_file(files("impose_widget") / "assets") as assets:
        clips = _clips(videos or [], truth or [], assets, Skeleton.of(skeleton), area, detector_size, not some_people)
        names = list(method or METHODS) + list(results or []) + ([f"cotracker3={cotracker}"] if cotracker else [])
        chosen = list(experiment or ["curve"])
        chosen = list(EXPERIMENTS) if "all" in chosen else chosen
        curve: dict[str, Any] = {"budget": budget, "repeats": repeats, "noise": noise, "seed": seed}
        curve |= {"policies": tuple(policy)} if policy else {}
        _check(curve, names)
        command = shlex.join(["impose-widget", *sys.argv[1:]])
        report = run(clips, names, chosen, {"curve": curve}, out, workers, dask, window or None, command=command)
        if time:
            report = report.with_time(_times(clips[0], time))
    page = report.save(out)
    _tell(report, page)


def _clips(
    videos: list[Path],
    truth: list[Path],
    assets: Path,
    skeleton: Any,
    area: str,
    detector_size: int | None,
    everybody: bool,
) -> list[Clip]:
    from impose_widget.evaluate import Clip

    if not videos and not truth:
        videos, truth = [assets / CLIP], [assets / LABELS]
    if len(videos) != len(truth):
        raise ValueError(
            f"Expected one --truth for each video, got {len(videos)} videos and {len(truth)} files of labels; give "
            "them in the same order."
        )
    for video in videos:
        if not video.exists():
            raise FileNotFoundError(f"Expected a video, got {video}, which does not exist.")
    return [
        Clip(str(video), str(labels), skeleton, area, detector_size=detector_size, everybody=everybody)
        for video, labels in zip(videos, truth, strict=True)
    ]


def _check(curve: dict[str, Any], methods: list[str]) -> None:
    """Words that would fail later, when work was done already."""
    from impose_widget.evaluate import METHODS
    from impose_widget.evaluate.policies import POLICIES

    for name in curve.get("policies", ()):
        if name not in POLICIES:
            raise ValueError(f"Expected --policy as one of {', '.join(POLICIES)}, got {name!r}.")
    for name in methods:
        kind, _, path = name.partition("=")
        if not path and kind not in METHODS:
            raise ValueError(f"Expected --method as one of {', '.join(METHODS)}, got {name!r}; files go to --results.")
        if path and not Path(path).is_file():
            raise FileNotFoundError(f"Expected a file for {kind}, got {path}, which does not exist.")


def _times(clip: Clip, journals: list[Path]) -> pd.DataFrame:
    from impose_widget.evaluate.protocols.timing import annotation_time
    from impose_widget.session import Session

    events = {}
    for journal in journals:
        if not journal.is_file():
            raise FileNotFoundError(f"Expected a journal, got {journal}, which does not exist.")
        with Session.open(clip.source, model=None, skeleton=clip.skeleton, store=journal) as session:
            events[journal.name] = session.events
    return annotation_time(events)


def _tell(report: Report, page: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 200)
    for name, rows in report.readable().items():
        for video, part in rows.groupby("video", sort=False):
            table = Table(*part.columns.drop("video"), title=f"{video}: {name}", pad_edge=False)
            for row in part.drop(columns="video").to_numpy().tolist():
                table.add_row(*map(str, row))
            console.print(table)
    for error in report.errors:
        console.print(f"failed: {error}", highlight=False)
    console.print(f"Report: {page.resolve()}", highlight=False, soft_wrap=True)
