"""Extending a data set: a folder of videos with partial annotations in, completed annotations out.

As the paper did with PoseTrack21: everyone who is annotated gets the keypoints that they lack and is followed into
frames that nobody annotated; people whom nobody annotated are found; what breaks the guidelines is left out. Each
video has a journal, which `Session.open(video, store=journal)` or the widget opens for correction; running `extend`
again carries those corrections and writes the result anew, with the clicks and hours that they cost.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from impose_widget.core.pose import ABSENT
from impose_widget.dataset import statistics
from impose_widget.dataset.running import run_all
from impose_widget.guidelines import Guidelines, apply, judge

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".gif", ".mpg", ".mpeg")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
TABLE, JOURNAL, STATISTICS, JUDGED = "poses.parquet", "journal.impose", "statistics.json", "guidelines.csv"


@dataclass(frozen=True, slots=True)
class Job:
    """One video to extend.

    Attributes:
        name: of the video, also of its folder.
        video: file, or folder of images.
        annotations: the file of its annotations; None if it has none.
        part: which video of that file, if it holds several.
        out: where its results go.
        format: of the annotations that are written, beside Parquet.
        model: the network; None for none.
        skeleton: of the session.
        guidelines: who is annotated.
        new_people: also find people whom nobody annotated.
    """

    name: str
    video: Path
    annotations: Path | None
    part: str | None
    out: Path
    format: str
    model: str | None
    skeleton: str
    guidelines: Guidelines
    new_people: bool


@dataclass(frozen=True, slots=True)
class Extension:
    """What came of it.

    Attributes:
        videos: one row a video: name, and what `statistics.compare` counts.
        total: the sum over videos, keypoints per click and per hour.
        failed: name → why; their results are missing, those of the others are there.
    """

    videos: pd.DataFrame
    total: pd.Series
    failed: dict[str, str] = field(default_factory=dict)


def extend(
    videos: str | Path | Sequence[str | Path],
    annotations: str | Path | None,
    out: str | Path,
    format: str = "coco",
    model: str | None = "tiny",
    skeleton: str = "coco17",
    guidelines: Guidelines | None = None,
    new_people: bool = True,
    workers: int = 1,
    dask: str | None = None,
    progress: Any = None,
) -> Extension:
    """Complete the annotations of many videos.

    Args:
        videos: a folder of videos (files, or folders of images), or a list of them.
        annotations: a folder with a file for each video, named as the video is (`clip.json` or `clip.….json` for
            `clip.mp4`), or one file that holds several videos; None if there are none.
        out: a folder; each video gets one in it, with `poses.parquet` (every keypoint with its source), the annotations
            in `format`, `guidelines.csv`, `statistics.json` and the journal.
        format: see `iw.formats()`.
        model: "tiny", or None for no network: then only short gaps are filled.
        skeleton: what everyone gets.
        guidelines: who is annotated; None for the paper's.
        new_people: False to complete only people who are annotated.
        workers: processes.
        dask: address of a Dask scheduler, to run there instead.
        progress: called with (videos done, of how many) after each; None for nothing.

    Raises:
        FileNotFoundError, ValueError: there are no videos, or an argument is not what it should be.
    """
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.io.registry import format_of

    kind = format_of(format).name
    Skeleton.of(skeleton)
    jobs = [
        Job(name, video, *_annotations_of(name, annotations), Path(out) / name, kind, model, skeleton,
            guidelines or Guidelines(), new_people)
        for name, video in find_videos(videos).items()
    ]  # fmt: skip
    Path(out).mkdir(parents=True, exist_ok=True)
    rows, failed = [], {}
    for done, (job, result) in enumerate(run_all(extend_one, jobs, workers, dask), 1):
        if isinstance(result, BaseException):
            failed[job.name] = " ".join(str(result).split()) or type(result).__name__
        else:
            rows.append({"name": job.name, **result})
        if progress is not None:
            progress(done, len(jobs))
    table = pd.DataFrame(rows).sort_values("name", ignore_index=True) if rows else pd.DataFrame()
    whole = statistics.total(table) if rows else pd.Series(dtype=float)
    if rows:
        table.to_csv(Path(out) / "statistics.csv", index=False)
    return Extension(table, whole, failed)


def find_videos(videos: str | Path | Sequence[str | Path]) -> dict[str, Path]:
    """Name → video: the files and folders of images that are given, or that are in a folder.

    Raises:
        FileNotFoundError: there is none.
        ValueError: two have the same name.
    """
    if isinstance(videos, (str, Path)):
        folder = Path(videos)
        if not folder.is_dir():
            raise FileNotFoundError(f"Expected a folder of videos, got {folder}, which is none.")
        found = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in VIDEO_SUFFIXES or _has_images(p)]
        if not found and _has_images(folder):
            found = [folder]
    else:
        found = [Path(v) for v in videos]
    if not found:
        raise FileNotFoundError(f"Expected videos or folders of images, got none in {videos}.")
    names: dict[str, Path] = {}
    for path in found:
        name = path.name if path.is_dir() else path.stem
        if name in names:
            raise ValueError(f"Expected videos with different names, got {names[name]} and {path}.")
        names[name] = path
    return names


def _has_images(path: Path) -> bool:
    return path.is_dir() and any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.iterdir())


def _annotations_of(name: str, annotations: str | Path | None) -> tuple[Path | None, str | None]:
    """The file of a video's annotations, and which part of it."""
    if annotations is None:
        return None, None
    path = Path(annotations)
    if path.is_file():
        return path, name
    if not path.is_dir():
        raise FileNotFoundError(f"Expected a folder or file of annotations, got {path}, which does not exist.")
    fitting = [p for p in sorted(path.iterdir()) if p.name == name or p.name.startswith(f"{name}.")]
    fitting = [p for p in fitting if p.suffix.lower() not in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, ".impose")]
    # What our own writers put beside a file is no file of annotations.
    fitting = [p for p in fitting if not p.name.endswith((".labels.json", ".config.xml"))]
    if len(fitting) > 1:
        raise ValueError(f"Expected one file of annotations for {name}, got {', '.join(p.name for p in fitting)}.")
    return (fitting[0], None) if fitting else (None, None)


def extend_one(job: Job) -> dict[str, Any]:
    """Extend one video; returns its statistics. Goes on where it stopped, and carries corrections made since."""
    from impose_widget.io.loss import sentence
    from impose_widget.io.registry import file_name, format_of, losses, write
    from impose_widget.session import Session
    from impose_widget.session.files import exported

    job.out.mkdir(parents=True, exist_ok=True)
    with Session.open(job.video, model=job.model, skeleton=job.skeleton, store=job.out / JOURNAL) as session:
        if session.read_only:
            raise OSError(f"{job.video} is open for annotation in another program; close it there first.")
        before = _taken_in(session, job)
        _complete(session, job.new_people)
        poses = exported(session, job.format)
        blurred = 0
        if job.guidelines.min_sharpness > 0:
            from impose_widget.guidelines.sharpness import call_blurred_occluded

            poses, blurred = call_blurred_occluded(poses, session.video, job.guidelines.min_sharpness)
        metrics = session.metrics()
    verdict = judge(poses, job.guidelines)
    kept = apply(poses, verdict, job.guidelines)
    numbers = statistics.compare(before, kept, verdict, metrics) | {"blurred": blurred}
    write(kept, job.out / TABLE, check=True)
    target = job.out / file_name(job.format, job.name)
    if not format_of(job.format).folder or not target.exists():
        write(kept, target, job.format, check=True)
    verdict.to_csv(job.out / JUDGED, index=False)
    facts = numbers | {"losses": sentence(losses(kept, job.format), format_of(job.format))}
    (job.out / STATISTICS).write_text(json.dumps(facts, indent=1, allow_nan=False), "utf-8")
    return numbers


def _taken_in(session: Any, job: Job) -> pd.DataFrame:
    """The annotations that the video came with, in the session's track ids; taken in if that was not done before."""
    from impose_widget.io import read

    loads = [a for a in session._state.actions if a.kind == "load" and a.seq in set(session._state.history.done)]
    if job.annotations is None:
        return session.poses.iloc[:0]
    poses = read(job.annotations, video=job.part)
    ids = dict(loads[0].payload["tracks"]) if loads else session.load(poses)
    placed = poses[poses["visibility"] > ABSENT]
    return placed.assign(track_id=placed["track_id"].map(ids))


def _complete(session: Any, new_people: bool) -> None:
    """Whatever is left to do: complete and follow people who are there, find others, carry corrections."""
    done = any(a.kind == "complete" and a.finished and not a.payload.get("stopped") for a in session._state.actions)
    if not done:
        session.complete(follow=True, progress=False)
    if new_people:
        session.initialize(progress=False)
    session.propagate(direction="both", progress=False)
