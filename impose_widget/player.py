"""Read-only pictures in a notebook, drawn by Python on a canvas: a player of poses, and a sheet of places to look at.

They need no front end of ours, so they also work where only ipycanvas is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.render import Pick, draw_poses
from impose_widget.render import contact_sheet as draw_sheet
from impose_widget.session import Session
from impose_widget.video import open_video

if TYPE_CHECKING:
    import ipywidgets

WIDTH = 960  # pixels of a picture at most
REQUIRED = ("frame", "track_id", "keypoint", "x", "y")


def preview(poses: pd.DataFrame, video: Any, width: int = WIDTH) -> ipywidgets.VBox:
    """Look through a video with poses on it: a picture, a slider and a play button.

    Args:
        poses: a table as `Session.poses` or `iw.read` gives it.
        video: what `Session.open` takes as its source.
        width: of the picture in pixels, at most.

    Raises:
        ValueError: the table is none of poses, or belongs to another video.
        ImportError: ipycanvas is not installed; the message says how to install it.
    """
    ipycanvas, ipywidgets = _canvas_library()
    from traitlets import link

    if not isinstance(poses, pd.DataFrame) or any(c not in poses for c in REQUIRED):
        raise ValueError(f"Expected a table of poses with the columns {', '.join(REQUIRED)}, got {_what(poses)}.")
    clip = open_video(video)
    last = int(poses["frame"].max()) if len(poses) else 0
    if last >= len(clip):
        raise ValueError(f"Expected poses of this video ({len(clip)} frames), got some of frame {last}.")
    facts = poses.attrs.get("skeleton")
    skeleton = Skeleton.from_json(facts) if facts else COCO17
    by_frame = dict(iter(poses.groupby("frame")))
    scale = min(1.0, width / clip.width)
    size = {"width": round(clip.width * scale), "height": round(clip.height * scale)}
    canvas = ipycanvas.Canvas(**size, layout={"max_width": "100%"})
    slider = ipywidgets.IntSlider(0, 0, len(clip) - 1, description="frame", layout={"width": "60%"})
    player = ipywidgets.Play(0, 0, len(clip) - 1, interval=max(20, round(1000 / clip.fps)))
    where = ipywidgets.Label()
    link((player, "value"), (slider, "value"))

    def show(change: Any = None) -> None:
        frame = slider.value
        rows = by_frame.get(frame, poses.iloc[:0])
        canvas.put_image_data(draw_poses(clip[frame], rows, skeleton, scale), 0, 0)
        n = rows["track_id"].nunique()
        where.value = f"{clip.times[frame]:.2f} s, {n} {'person' if n == 1 else 'people'}"

    slider.observe(show, "value")
    show()
    return ipywidgets.VBox([canvas, ipywidgets.HBox([player, slider, where])])


def contact_sheet(issues: pd.DataFrame, path: str | Path | None = None, columns: int = 5, tile: int = 220) -> Any:
    """The people and frames of a table of issues side by side, each with its reason.

    Args:
        issues: `session.issues`, or some rows of it; the session must still be open.
        path: a .png or .jpg file to write instead of showing it.
        columns: pictures in a row.
        tile: side of a picture in pixels.

    Returns:
        A canvas, or the path.

    Raises:
        ValueError: the table is none of issues, has no rows, or its session is closed.
        ImportError: ipycanvas is not installed; the message says how to install it.
    """
    if not isinstance(issues, pd.DataFrame) or "reason" not in issues:
        raise ValueError(f"Expected a table of issues as session.issues gives it, got {_what(issues)}.")
    session = Session.of_table(issues)
    poses = session.poses
    present = set(zip(poses["frame"], poses["track_id"], strict=True))
    rows = [r for r in issues.itertuples() if (r.frame, r.track_id) in present]
    if not rows:
        raise ValueError("Expected issues of people who are in their frames, got none; is everything resolved?")
    picks = [Pick(int(r.frame), int(r.track_id), str(r.reason)) for r in rows]
    sheet = draw_sheet(session.video, poses, picks, path, columns=min(columns, len(picks)), tile=tile)
    return Path(path) if path is not None else _picture(sheet)


def _picture(image: np.ndarray) -> Any:
    ipycanvas, _ = _canvas_library()
    canvas = ipycanvas.Canvas(width=image.shape[1], height=image.shape[0], layout={"max_width": "100%"})
    canvas.put_image_data(image, 0, 0)
    return canvas


def _canvas_library() -> tuple[Any, Any]:
    try:
        import ipycanvas
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            "Expected ipycanvas to draw in the notebook, got none; install it with: pip install 'impose-widget[lab]'"
        ) from error
    return ipycanvas, ipywidgets


def _what(value: Any) -> str:
    return f"one with {list(value.columns)}" if isinstance(value, pd.DataFrame) else type(value).__name__
