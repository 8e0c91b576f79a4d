"""`impose-widget demo`: the main job from start to end on the clip that ships."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

if TYPE_CHECKING:
    import pandas as pd

    from impose_widget.core.skeleton import Skeleton
    from impose_widget.render import Pick
    from impose_widget.session import Session

CLIP, CORRECTIONS = "store_aisle.mp4", "store_aisle.corrections.json"
JOURNAL = "store_aisle.impose"
NOTEBOOK = "annotate.ipynb"
MOVED = 1.0  # pixels: less is not counted
MARGIN = 0.35  # around a keypoint on the contact sheet, as a share of what has to be seen
CLOSE = 60  # pixels between where a recorded correction says a person is and where the pose has its middle


@dataclass(slots=True)
class Click:
    """A replayed correction and what it bought: keypoints that moved, in how many frames, poses before and after."""

    frame: int
    track_id: int
    keypoint: str
    why: str
    keypoints: int
    frames: int
    before: pd.DataFrame
    after: pd.DataFrame


def demo(
    out: Annotated[Path, typer.Option(help="Where to write.", metavar="DIR")] = Path("impose-demo"),
    lab: Annotated[bool, typer.Option("--lab", help="Then go on with the clip in JupyterLab.")] = False,
) -> None:
    """Find everyone in a short clip, replay a few recorded corrections, carry them on, and write the results."""
    from impose_widget.cli.lab import check_lab, open_lab, write_notebook
    from impose_widget.session import Session

    if lab:
        check_lab()
    out.mkdir(parents=True, exist_ok=True)
    for side in ("", "-wal", "-shm"):
        (out / (JOURNAL + side)).unlink(missing_ok=True)
    assets = files("impose_widget") / "assets"
    corrections = json.loads((assets / CORRECTIONS).read_text(encoding="utf-8"))
    seconds = {}
    clip = out / CLIP  # with its notebook and journal the folder is a small project that can be moved
    clip.write_bytes((assets / CLIP).read_bytes())
    with Session.open(clip, store=out / JOURNAL) as session:
        began = time.perf_counter()
        session.initialize()
        seconds["find people"] = time.perf_counter() - began
        began = time.perf_counter()
        clicks = [replay(session, correction) for correction in corrections]
        seconds["correct and carry on"] = time.perf_counter() - began
        began = time.perf_counter()
        _write(session, clicks, out)
        seconds["write files"] = time.perf_counter() - began
        _tell(session, clicks, seconds, out)
    notebook = out / NOTEBOOK
    write_notebook(notebook, CLIP, "the demo's clip", {"store": JOURNAL})
    if lab and (code := open_lab(notebook)):
        raise typer.Exit(code)


def replay(session: Session, correction: dict[str, Any]) -> Click:
    """Make one recorded correction and carry it on to both sides."""
    frame, keypoint = correction["frame"], correction["keypoint"]
    before = session.poses
    track_id = nearest(before, frame, correction["near"])
    session.correct(frame, track_id, keypoint, correction["xy"])
    session.propagate(frame, direction="both", progress=False)
    after = session.poses
    changed = changed_rows(before, after)
    return Click(frame, track_id, keypoint, correction["why"], len(changed), changed["frame"].nunique(), before, after)


def nearest(poses: pd.DataFrame, frame: int, near: tuple[float, float]) -> int:
    """The person whose pose has its middle closest to a place (x, y) in a frame: numbers may differ from run to run.

    Raises:
        ValueError: nobody is near.
    """
    here = poses[poses["frame"] == frame].dropna(subset=["x", "y"])
    middles = here.groupby("track_id")[["x", "y"]].median()
    away = np.hypot(*(middles.to_numpy(float) - np.asarray(near, float)).T)
    if not len(away) or away.min() > CLOSE:
        raise ValueError(f"Expected a person near {tuple(near)} in frame {frame}, got nobody there.")
    return int(middles.index[int(away.argmin())])


def changed_rows(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rows of `after` that moved by more than a pixel, appeared or went, with the distance as `moved` (or NaN)."""
    key = ["frame", "track_id", "keypoint"]
    old = before.set_index(key)[["x", "y"]].reindex(after.set_index(key).index).to_numpy(float)
    new = after[["x", "y"]].to_numpy(float)
    moved = np.hypot(*(new - old).T)
    changed = (moved > MOVED) | (np.isfinite(old).all(1) != np.isfinite(new).all(1))
    return after[changed].assign(moved=moved[changed])


def _write(session: Session, clicks: list[Click], out: Path) -> None:
    from impose_widget.render import contact_sheet, overlay_frames
    from impose_widget.video import write_video

    session.export(out / "poses.parquet")
    session.export(out / "poses.json")
    poses = session.poses
    write_video(out / "overlay.mp4", overlay_frames(session.video, poses), session.video.fps)
    picks = [pick for click in clicks for pick in _picks(click, session.skeleton)]
    contact_sheet(session.video, poses, picks, out / "contact_sheet.png", columns=8, tile=230)


def _picks(click: Click, skeleton: Skeleton) -> list[Pick]:
    """Before and after, in the frame of the click and in one far from it that it changed as much."""
    from impose_widget.render import Pick

    rows = changed_rows(click.before, click.after)
    rows = rows[(rows["track_id"] == click.track_id) & (rows["keypoint"] == click.keypoint)]
    rows = rows[rows["moved"] >= 0.7 * rows["moved"].max()]
    away = (rows["frame"] - click.frame).abs()
    other = int(rows["frame"][away.idxmax()]) if len(rows) else click.frame
    name = click.keypoint.replace("_", " ")
    picks = []
    for frame, what in ((click.frame, click.why), (other, "carried to here")):
        around = _around(click, frame, skeleton)
        picks.append(Pick(frame, click.track_id, f"{name}, before", click.before, around))
        picks.append(Pick(frame, click.track_id, f"{name}, after: {what}", click.after, around))
    return picks


def _around(click: Click, frame: int, skeleton: Skeleton) -> tuple[float, float, float, float]:
    """A box around a keypoint before and after and its neighbours in the skeleton."""
    from impose_widget.core.geometry import pose_box

    k = skeleton.index(click.keypoint)
    names = [skeleton.keypoints[i] for i in (k, *skeleton.neighbours(k))]
    places = []
    for poses in (click.before, click.after):
        rows = poses[(poses["frame"] == frame) & (poses["track_id"] == click.track_id)]
        places.append(rows[rows["keypoint"].isin(names)][["x", "y"]].to_numpy(float))
    x, y, w, h = pose_box(np.concatenate(places))
    margin = MARGIN * max(w, h)
    return float(x - margin), float(y - margin), float(w + 2 * margin), float(h + 2 * margin)


def _tell(session: Session, clicks: list[Click], seconds: dict[str, float], out: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True)
    table = Table("frame", "person", "keypoint placed", "keypoints moved", "in frames", title="Corrections")
    for click in clicks:
        table.add_row(str(click.frame), str(click.track_id), click.keypoint, str(click.keypoints), str(click.frames))
    console.print(table)
    total = sum(c.keypoints for c in clicks)
    summary = Table(show_header=False, box=None, pad_edge=False)
    summary.add_column(style="bold")
    summary.add_row("people", str(len(session.tracks)))
    summary.add_row("frames", str(len(session.video)))
    summary.add_row("clicks", str(len(clicks)))
    summary.add_row("keypoints moved per click", f"{total / max(len(clicks), 1):.1f}")
    for stage, duration in seconds.items():
        summary.add_row(f"seconds to {stage}", f"{duration:.1f}")
    console.print(summary)
    console.print(f"\nWritten to {out.resolve()}:", highlight=False)
    for name, what in (
        ("overlay.mp4", "the clip with the poses on it"),
        ("contact_sheet.png", "each correction before and after, and what it changed elsewhere"),
        ("poses.parquet", "the table of poses; pandas.read_parquet reads it"),
        ("poses.json", "the same as COCO keypoints with track ids"),
        (JOURNAL, "everything that was done, in order"),
        (NOTEBOOK, "the clip in the editor: impose-widget demo --lab, or open it in JupyterLab"),
    ):
        console.print(f"  {name:<18} {what}", highlight=False)
    console.print(
        "\nGo on with a video of yours: impose-widget annotate VIDEO opens it in JupyterLab; in a notebook\n"
        '  import impose_widget as iw; iw.Annotator("VIDEO")',
        highlight=False,
    )
