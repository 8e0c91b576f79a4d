"""People on one image: limbs in the person's colour, joints that tell where they come from, and who it is.

Left limbs are lighter, right ones darker. A joint is a filled dot where the model read it, has a light core where it
was propagated or interpolated, and a white ring around it where a human stands behind it. What is uncertain fades; what
is occluded is dashed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import Skeleton
from impose_widget.render import palette, strokes
from impose_widget.render.text import BOLD, put_text, text_width

SURE = 0.5  # keypoints that score this much are drawn in full
FAINTEST = 0.35
FAINTEST_CARRIED = 0.6  # a human stands behind it, from another frame
FACE_SIGMA = 0.05  # keypoints that are located more exactly than this crowd together: their dots are smaller
CARRIED = ("propagated", "interpolated")


@dataclass(frozen=True, slots=True)
class _Person:
    track_id: int
    xy: np.ndarray  # (K, 2) on the image that is drawn, NaN where absent
    alpha: np.ndarray  # (K,)
    occluded: np.ndarray  # (K,) bool
    anchor: np.ndarray  # (K,) bool
    carried: np.ndarray  # (K,) bool
    stroke: float  # half the width of a limb, in pixels


def draw_poses(
    image: np.ndarray,
    poses: pd.DataFrame,
    skeleton: Skeleton,
    scale: float = 1.0,
    labels: bool = True,
    emphasise: int | None = None,
) -> np.ndarray:
    """The image with people drawn on it.

    Args:
        image: (H, W, 3) uint8 RGB; it is not changed.
        poses: the rows of one frame (see `Session.poses`), positions in pixels of the original image.
        skeleton: whose keypoints they are.
        scale: the image is drawn this many times as large, so that lines on small images are crisp.
        labels: whether each person has a plate with their number.
        emphasise: this person is drawn in full and last, the others faint.

    Returns:
        (round(H × scale), round(W × scale), 3) uint8 RGB.
    """
    canvas = enlarged(image, scale)
    people = [_person(i, rows, skeleton, scale) for i, rows in poses.groupby("track_id", sort=True)]
    people = [p for p in people if np.isfinite(p.xy).any()]
    people.sort(key=lambda p: (p.track_id == emphasise, p.track_id))
    side = palette.sides(skeleton)
    for person in people:
        faint = 1.0 if emphasise in (None, person.track_id) else 0.35
        _draw_limbs(canvas, person, skeleton, side, faint)
        _draw_joints(canvas, person, skeleton, side, faint)
    if labels:
        _draw_labels(canvas, [p for p in people if emphasise in (None, p.track_id)])
    return canvas


def enlarged(image: np.ndarray, scale: float) -> np.ndarray:
    """A copy of an image (H, W, 3), `scale` times as large."""
    import cv2

    if scale == 1:
        return np.array(image, np.uint8)
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)


def on_enlarged(xy: np.ndarray, scale: float) -> np.ndarray:
    """Where places (..., 2) of an image are on its enlarged copy: integers are pixel centres on both."""
    return (np.asarray(xy, np.float64) + 0.5) * scale - 0.5


def _person(track_id: int, rows: pd.DataFrame, skeleton: Skeleton, scale: float) -> _Person:
    k = len(skeleton)
    index = pd.Index(skeleton.keypoints, dtype="object").get_indexer(rows["keypoint"].astype("object"))
    rows, index = rows[index >= 0], index[index >= 0]
    xy, score, occluded = np.full((k, 2), np.nan), np.ones(k), np.zeros(k, bool)
    anchor, carried = np.zeros(k, bool), np.zeros(k, bool)
    xy[index] = on_enlarged(rows[["x", "y"]].to_numpy(float), scale)
    score[index] = rows["score"].fillna(1.0)
    occluded[index], anchor[index] = rows["visibility"] == 1, rows["anchor"]
    carried[index] = rows["source"].isin(CARRIED)
    alpha = np.clip(score / SURE, np.where(carried, FAINTEST_CARRIED, FAINTEST), 1.0)
    alpha[anchor] = 1.0
    box = pose_box(xy)
    return _Person(int(track_id), xy, alpha, occluded, anchor, carried, float(np.clip(max(box[2:]) / 115, 1.1, 5.0)))


def _draw_limbs(canvas: np.ndarray, person: _Person, skeleton: Skeleton, side: list[str], faint: float) -> None:
    colour, r = palette.person_colour(person.track_id), person.stroke
    known = np.isfinite(person.xy).all(1)
    edges = [(a, b) for a, b in skeleton.edges if known[a] and known[b]]
    strength = {e: faint * float(min(person.alpha[list(e)])) for e in edges}
    for a, b in edges:
        hidden = bool(person.occluded[a] or person.occluded[b])
        if not hidden:
            strokes.limb(canvas, person.xy[a], person.xy[b], r + 0.9, palette.DARK, 0.45 * strength[a, b])
    for a, b in edges:
        hidden = bool(person.occluded[a] or person.occluded[b])
        shade = palette.side_colour(colour, palette.edge_side(side[a], side[b]))
        alpha = strength[a, b] * (0.75 if hidden else 0.95)
        strokes.limb(canvas, person.xy[a], person.xy[b], r * (0.7 if hidden else 1), shade, alpha, hidden)


def _draw_joints(canvas: np.ndarray, person: _Person, skeleton: Skeleton, side: list[str], faint: float) -> None:
    colour = palette.person_colour(person.track_id)
    for k in np.flatnonzero(np.isfinite(person.xy).all(1)):
        xy, alpha = person.xy[k], faint * float(person.alpha[k])
        r = person.stroke * (1.2 if skeleton.sigmas[k] < FACE_SIGMA else 1.7)
        shade = palette.side_colour(colour, side[k])
        if person.anchor[k]:
            strokes.ring(canvas, xy, anchor_radius(person.stroke), 2.6 + person.stroke, palette.DARK, 0.6 * faint)
            strokes.ring(canvas, xy, anchor_radius(person.stroke), 1.2 + 0.5 * person.stroke, palette.WHITE, faint)
        strokes.dot(canvas, xy, r + 0.9, palette.DARK, 0.7 * alpha)
        strokes.dot(canvas, xy, r, shade, alpha)
        if person.occluded[k]:
            strokes.dot(canvas, xy, 0.62 * r, palette.DARK, alpha)
        elif person.carried[k]:
            strokes.dot(canvas, xy, 0.5 * r, palette.WHITE, alpha)


def anchor_radius(stroke: float) -> float:
    """Radius in pixels of the ring around an anchor of a person whose limbs are 2 × `stroke` wide."""
    return 3.4 * stroke + 1.5


def _draw_labels(canvas: np.ndarray, people: list[_Person]) -> None:
    """A plate with each person's number above their head; where two would overlap, the later one moves up."""
    height, width = canvas.shape[:2]
    taken: list[tuple[float, float, float, float]] = []
    for person in sorted(people, key=lambda p: -float(np.nanmin(p.xy[:, 1]))):
        size = round(float(np.clip(6.5 * person.stroke, 12, 24)))
        text, colour = str(person.track_id), palette.person_colour(person.track_id)
        w, h = text_width(text, size, BOLD) + 0.9 * size, 1.4 * size
        top = person.xy[np.nanargmin(person.xy[:, 1])]
        x = float(np.clip(top[0] - w / 2, 1, max(width - w - 1, 1)))
        y = float(np.clip(top[1] - h - 5 * person.stroke - 4, 1, max(height - h - 1, 1)))
        while any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in taken) and y > 1:
            y = max(y - h / 2, 1)
        taken.append((x, y, w, h))
        strokes.plate(canvas, (x - 1, y - 1, w + 2, h + 2), palette.DARK, 0.55)
        strokes.plate(canvas, (x, y, w, h), colour, 0.95)
        put_text(canvas, text, (x + 0.45 * size, y + 1.06 * size), size, palette.ink_on(colour), BOLD)
