"""A contact sheet: people cut out of their frames, side by side, each with a line that says why it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.render import palette
from impose_widget.render.poses import draw_poses
from impose_widget.render.text import BOLD, put_text, wrap

if TYPE_CHECKING:
    from impose_widget.video import Video

GAP, CAPTION, TITLE, NOTE = 12, 58, 15, 13
PAPER = (32, 35, 42)
PICTURES = (".png", ".jpg")


@dataclass(frozen=True, slots=True)
class Pick:
    """A person in a frame, to be shown.

    Attributes:
        frame, track_id: where, and who.
        reason: why, in a few words.
        poses: other poses than the sheet's, such as those before a correction; None for the sheet's.
        around: x, y, width, height to show, in pixels of the video; None for the person with a margin.
    """

    frame: int
    track_id: int
    reason: str = ""
    poses: pd.DataFrame | None = None
    around: tuple[float, float, float, float] | None = None


def contact_sheet(
    video: Video,
    poses: pd.DataFrame,
    picks: Sequence[Pick],
    path: str | Path | None = None,
    columns: int = 4,
    tile: int = 300,
) -> np.ndarray:
    """Cut people out of their frames and lay them side by side.

    Args:
        video: whose frames.
        poses: see `Session.poses`.
        picks: what to show, in reading order.
        path: a .png or .jpg file to write; None for none.
        columns: pictures in a row.
        tile: side of a picture in pixels.

    Returns:
        The sheet (H, W, 3) uint8 RGB.

    Raises:
        ValueError: there is nothing to show, or a person is not in the frame.
        OSError: it cannot be written.
    """
    if not picks:
        raise ValueError("Expected at least one pick for a contact sheet, got none.")
    columns = min(columns, len(picks))
    cells = [_cell(video, pick, poses if pick.poses is None else pick.poses, tile) for pick in picks]
    n_rows = -(-len(cells) // columns)
    height, width = tile + CAPTION, tile
    sheet = np.full((n_rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), PAPER, np.uint8)
    for i, cell in enumerate(cells):
        row, column = divmod(i, columns)
        y, x = GAP + row * (height + GAP), GAP + column * (width + GAP)
        sheet[y : y + height, x : x + width] = cell
    if path is not None:
        _save(sheet, Path(path))
    return sheet


def _cell(video: Video, pick: Pick, poses: pd.DataFrame, tile: int) -> np.ndarray:
    here = poses[poses["frame"] == pick.frame]
    person = here[here["track_id"] == pick.track_id]
    known = person[["x", "y"]].dropna().to_numpy(float)
    if not len(known):
        raise ValueError(f"Expected person {pick.track_id} in frame {pick.frame}, got a frame without them.")
    box = pose_box(known) if pick.around is None else np.array(pick.around, float)
    margin = 0 if pick.around is not None else 0.15
    side = max(float(max(box[2:])) * (1 + 2 * margin), 24)
    x, y = box[:2] + box[2:] / 2 - side / 2
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    cut = _cut(video[pick.frame], x0, y0, int(np.ceil(side)))
    facts = poses.attrs.get("skeleton")
    here = here.assign(x=here["x"] - x0, y=here["y"] - y0)
    skeleton = Skeleton.from_json(facts) if facts else COCO17
    drawn = draw_poses(cut, here, skeleton, tile / cut.shape[0], labels=False, emphasise=pick.track_id)
    cell = np.full((tile + CAPTION, tile, 3), PAPER, np.uint8)
    cell[:tile] = drawn[:tile, :tile]
    colour = palette.person_colour(pick.track_id)
    cell[tile : tile + 3] = colour
    put_text(cell, f"person {pick.track_id}  ·  frame {pick.frame}", (2, tile + 21), TITLE, colour, BOLD)
    for i, line in enumerate(wrap(pick.reason, tile - 4, NOTE)):
        put_text(cell, line, (2, tile + 38 + 15 * i), NOTE, (215, 218, 225))
    return cell


def _cut(image: np.ndarray, x0: int, y0: int, side: int) -> np.ndarray:
    """A square part of an image; beyond the border it is dark."""
    height, width = image.shape[:2]
    out = np.full((side, side, 3), palette.DARK, np.uint8)
    xa, xb, ya, yb = max(x0, 0), min(x0 + side, width), max(y0, 0), min(y0 + side, height)
    if xa < xb and ya < yb:
        out[ya - y0 : yb - y0, xa - x0 : xb - x0] = image[ya:yb, xa:xb]
    return out


def _save(sheet: np.ndarray, path: Path) -> None:
    import cv2

    from impose_widget.io.replace import replacing

    suffix = path.suffix.lower()
    if suffix not in PICTURES:
        raise ValueError(f"Expected a file name that ends in {' or '.join(PICTURES)}, got {path.name!r}.")
    _, data = cv2.imencode(suffix, np.ascontiguousarray(sheet[..., ::-1]))
    with replacing(path) as partial:
        partial.write_bytes(data.tobytes())
