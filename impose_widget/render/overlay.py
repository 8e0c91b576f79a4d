"""A video with the poses on it, for `write_video`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.render import palette
from impose_widget.render.poses import draw_poses
from impose_widget.render.text import BOLD, put_text, text_width

if TYPE_CHECKING:
    from impose_widget.video import Video

CRISP_WIDTH = 960  # narrower videos are enlarged, so that lines and numbers are crisp
STRIP = 28  # pixels of the caption


def overlay_scale(width: int) -> int:
    """How many times as large a video of some width in pixels is drawn."""
    return max(1, min(4, -(-CRISP_WIDTH // max(width, 1))))


def overlay_frames(
    video: Video,
    poses: pd.DataFrame,
    frames: Iterable[int] | None = None,
    scale: int | None = None,
    caption: str = "",
) -> Iterator[np.ndarray]:
    """Frames (H', W', 3) uint8 RGB of a video with the people on them and a caption strip below.

    The strip says which frame it is, how long into the video, and how many clicks there are: keypoints that a human
    placed, in all and in this frame.

    Args:
        video: whose.
        poses: of all frames (see `Session.poses`); `attrs["skeleton"]` says how to draw them, else COCO's.
        frames: which; None for all.
        scale: times as large; None for `overlay_scale`.
        caption: more for the middle of the strip.
    """
    known = poses.attrs.get("skeleton")
    skeleton = Skeleton.from_json(known) if known else COCO17
    scale = overlay_scale(video.width) if scale is None else scale
    rows = dict(list(poses.groupby("frame", sort=False)))
    total = int(poses["anchor"].sum())
    for frame in range(len(video)) if frames is None else frames:
        here = rows.get(frame, poses.iloc[:0])
        image = draw_poses(video[frame], here, skeleton, scale)
        placed = int(here["anchor"].sum())
        right = f"{total} keypoints placed by hand" + (f", {placed} here" if placed else "")
        left = f"frame {frame} / {len(video) - 1}  ·  {video.times[frame]:.2f} s"
        yield np.vstack([image, _strip(image.shape[1], left, caption, right if total else "")])


def _strip(width: int, left: str, middle: str, right: str) -> np.ndarray:
    strip = np.full((STRIP, width, 3), palette.DARK, np.uint8)
    size, baseline, quiet = 15, 19, (190, 195, 205)
    put_text(strip, left, (10, baseline), size, palette.WHITE, BOLD)
    if middle:
        put_text(strip, middle, ((width - text_width(middle, size)) / 2, baseline), size, quiet)
    put_text(strip, right, (width - text_width(right, size) - 10, baseline), size, quiet)
    return strip
