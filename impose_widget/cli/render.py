"""`impose-widget render`: clips of rendered people with exact truth."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

NAMES = "crossing_twins long_occlusion exit_and_return fast_blur crowd_of_12 child_and_adult camera_pan".split()


@dataclass(frozen=True)
class Job:
    """One clip to render, as what a worker process needs to know."""

    scenario: str
    seed: int
    folder: Path
    size: tuple[int, int]
    seconds: float | None
    mocap: Path | None
    backgrounds: Path | None
    frames: str
    video: bool


def render(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"{', '.join(NAMES)}, random, or tracks (people without pixels, to learn identities from); "
            "none: all of the named.",
            metavar="[SCENARIO]...",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write; each clip gets a folder in it.")] = Path("rendered"),
    seed: Annotated[int, typer.Option(help="The same seed renders the same clip.", min=0)] = 0,
    clips: Annotated[int, typer.Option(help="Clips of each scenario, with seeds counting up.", min=1)] = 1,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "848x480",
    seconds: Annotated[float | None, typer.Option(help="Render only so long of each clip.", min=0.04)] = None,
    mocap: Annotated[
        Path | None, typer.Option(help="Motion capture for random clips: CMU .amc with .asf, DeepMimic .txt.")
    ] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="A folder of photographs to stand before.")] = None,
    frames: Annotated[str, typer.Option(help="jpg or png.")] = "jpg",
    video: Annotated[bool, typer.Option("--video", help="Also write each clip as MP4.")] = False,
    jobs: Annotated[int, typer.Option(help="Clips rendered at a time.", min=1)] = 1,
) -> None:
    """Render clips of people with exact keypoints, boxes, identities, visibility and point tracks.

    Frames and annotations_posetrack18.json lie in a folder for each clip. A clip that is already there is left alone,
    so the same command goes on after an interruption.
    """
    try:
        from impose_widget.synthesize.clip import ANNOTATIONS, FRAMES
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise ImportError("Expected numba, which draws the people; pip install 'impose-widget[render]'.") from error

    if frames not in FRAMES:
        raise ValueError(f"Expected --frames as one of {', '.join(FRAMES)}, got {frames!r}.")
    names = scenarios or NAMES
    for name in names:
        if name not in (*NAMES, "random", "tracks"):
            raise ValueError(f"Expected a scenario ({', '.join(NAMES)}, random, tracks), got {name!r}.")
    todo = []
    for name in names:
        for k in range(seed, seed + clips):
            folder = out / (name if clips == 1 and seed == 0 and name in NAMES else f"{name}_{k:05d}")
            todo.append(Job(name, k, folder, _size(size), seconds, mocap, backgrounds, frames, video))
    old = [
        job for job in todo if (job.folder / ("poses.parquet" if job.scenario == "tracks" else ANNOTATIONS)).exists()
    ]
    for job in old:
        typer.echo(f"{job.folder}: there already")
    _run([job for job in todo if job not in old], jobs)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdigit() and height.isdigit() and min(int(width), int(height)) >= 32):
        raise ValueError(f"Expected --size as WIDTHxHEIGHT in pixels, 32 or more, got {text!r}.")
    return int(width), int(height)


def _run(todo: list[Job], jobs: int) -> None:
    if jobs == 1 or len(todo) < 2:
        for job in todo:
            typer.echo(_clip(job))
        return
    with ProcessPoolExecutor(min(jobs, len(todo))) as pool:
        for done in as_completed([pool.submit(_clip, job) for job in todo]):
            typer.echo(done.result())


def _clip(job: Job) -> str:
    """Render one clip; what to say of it."""
    from impose_widget.synthesize import SCENARIOS, photographs, random_scene, write_clip

    began = time.perf_counter()
    if job.scenario == "tracks":
        return _tracks(job, began)
    photos = photographs(job.backgrounds) if job.backgrounds else None
    if job.scenario == "random":
        scene = random_scene(job.seed, _motions(job.mocap), photos, job.seconds or 3.0)
    else:
        scene = SCENARIOS[job.scenario](job.seed, photos)
    scene.width, scene.height = job.size
    if job.seconds is not None:
        scene.n_frames = min(scene.n_frames, max(round(job.seconds * scene.fps), 1))
    write_clip(scene, job.folder, job.frames, job.video)
    seconds = time.perf_counter() - began
    rate = scene.n_frames / seconds
    return f"{job.folder}: {len(scene.actors)} people, {scene.n_frames} frames, {seconds:.0f} s ({rate:.1f} per second)"


def _tracks(job: Job, began: float) -> str:
    from impose_widget.synthesize.tracks import random_tracks, write_tracks

    keypoints = random_tracks(job.seed, _motions(job.mocap), job.seconds or 6.0)
    write_tracks(keypoints, job.folder / "poses.parquet")
    seconds = time.perf_counter() - began
    return f"{job.folder}: {keypoints.shape[1]} people, {len(keypoints)} frames, {seconds:.1f} s"


@cache
def _motions(folder: Path | None) -> dict | None:
    from impose_widget.synthesize import read_motions

    return read_motions(folder) if folder else None
