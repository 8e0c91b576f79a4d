"""Where what ships fails, in one picture: `python -m tests.bench.failures OUT.webp --folder DIR`.

The worst readings of the demo clip by its labels, a crowd, a pose that was carried too far, and people whom the ID
decoder alone took for each other. Rendered clips come from the folder, or are rendered into it. White is where people
are; colours are what the machine says.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import oks, pose_box
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.product import Product
from impose_widget.render import palette, strokes
from impose_widget.render.poses import draw_poses, on_enlarged
from impose_widget.render.sheet import PAPER
from impose_widget.render.text import BOLD, put_text, wrap
from impose_widget.tracking.decoding import WEIGHTS
from impose_widget.tracking.tracker import TrackerConfig
from impose_widget.video import open_video
from tests.bench.clicks import labelled
from tests.bench.identity import decoded, read_scenario, rendered, scenario_truth

TILE, GAP, CAPTION = 300, 8, 74
WHITE = (255, 255, 255)
NOTHING = np.zeros((0, 4))
CARRIED = 20  # frames
LABELLED, SAME = 10, 0.15  # keypoints of those who are shown; OKS from which a reading is of somebody
HIDDEN = "Limbs that are hidden, or against the light, are found on something that looks like one."
CROWDED = "It is those who are small, or behind others."
BEHIND = "Points stay behind on what covered the limb, or on the wall."
ALIKE = "It sees poses and boxes, no faces and no clothes."


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a frame: who is drawn, where people really are, what is to be seen.

    Attributes:
        title, note: in words.
        image: (H, W, 3).
        around: (4,) x, y, width, height of what is shown.
        said: {number: (K, 3)} poses of the machine.
        truth: poses (K, 2) of the labels.
        boxes: (n, 4) around people whom nobody found, or who are meant.
        numbers: whether people have plates with their numbers.
    """

    title: str
    note: str
    image: np.ndarray
    around: np.ndarray
    said: dict[int, np.ndarray]
    truth: list[np.ndarray]
    boxes: np.ndarray
    numbers: bool = False


def readings() -> list[Tile]:
    """The two worst readings of the demo clip that are of the person at all, of different people or moments."""
    footage, truth = labelled("store_aisle", 512).open()
    worst = []
    for t, poses in enumerate(footage.readings()):
        for n in np.flatnonzero(truth.labelled[t].sum(-1) >= LABELLED):
            similar = oks(truth.xy[t, n][None], poses[..., :2], truth.area[t, [n]], COCO17.sigma_array)[0]
            if similar.max(initial=0) > SAME:
                worst.append((float(similar.max()), t, n, poses[int(similar.argmax())]))
    worst.sort(key=lambda w: w[0])
    first = worst[0]
    second = next(w for w in worst if abs(w[1] - first[1]) > 12 or w[2] != first[2])
    out = []
    for score, t, n, pose in (first, second):
        note = f"OKS {score:.2f}. {HIDDEN}"
        around = widened(pose_box(np.concatenate([truth.xy[t, n], pose[:, :2]])))
        out.append(Tile("The network's reading", note, footage.video[t], around, {0: pose}, [truth.xy[t, n]], NOTHING))
    footage.close()
    return out


def crowd(folder: Path) -> list[Tile]:
    """The frame of a crowd in which most are missed."""
    clip = rendered("crowd_of_12", 0, folder)
    found, owner, _, n_frames = read_scenario(clip, folder)
    truth = scenario_truth(clip)
    there = np.isfinite(truth.xy).all(-1).sum(-1) > 8
    missed = [there[t] & ~np.isin(np.arange(there.shape[1]), owner[found.frame == t]) for t in range(n_frames)]
    t = int(np.argmax([m.sum() for m in missed]))
    poses = dict(enumerate(found.keypoints[found.frame == t]))
    boxes = pose_box(truth.xy[t, missed[t]])
    note = f"{int(missed[t].sum())} of {int(there[t].sum())} people are not found (boxes). {CROWDED}"
    with open_video(clip) as video:
        image = video[t]
    around = np.concatenate([boxes[:, :2].min(0), (boxes[:, :2] + boxes[:, 2:]).max(0) - boxes[:, :2].min(0)])
    return [Tile("A crowd", note, image, widened(around), poses, [], boxes)]


def carried() -> list[Tile]:
    """The keypoint that is furthest off after a whole true pose was carried for some frames, and where it began."""
    footage, truth = labelled("store_aisle", 512).open()
    worst = (1.0, 0, 0, 0, np.zeros(0))
    for start in range(5, len(footage) - CARRIED, 8):
        annotator = SimulatedAnnotator(Product(footage), truth)
        annotator.begin(start, with_pose=True)
        annotator.method.close()
        for n in np.flatnonzero(truth.present[start]):
            ahead = slice(start + 1, start + 1 + CARRIED)
            score = np.where(truth.labelled[ahead, n].sum(-1) >= LABELLED, annotator.oks[ahead, n], 1.0)
            if score.min() < worst[0]:
                t = start + 1 + int(score.argmin())
                worst = (float(score.min()), start, t, int(n), annotator.poses[t, n])
    score, start, t, n, pose = worst
    both = np.concatenate([truth.xy[t, n], pose[:, :2]])
    note = f"OKS {score:.2f}, {t - start} frames after a pose that was right. {BEHIND}"
    tile = Tile(
        "A pose carried on", note, footage.video[t], widened(pose_box(both)), {1: pose}, [truth.xy[t, n]], NOTHING
    )
    footage.close()
    return [tile]


def identities(folder: Path) -> list[Tile]:
    """Before and after the ID decoder, by itself, takes somebody for somebody else."""
    run = decoded(WEIGHTS, TrackerConfig())
    for name in ("crossing_twins", "long_occlusion", "exit_and_return", "crowd_of_12"):
        clip = rendered(name, 0, folder)
        found, owner, size, n_frames = read_scenario(clip, folder)
        ids = run(found, size, n_frames)
        event = exchange(found, owner, ids)
        if event is None:
            continue
        who, before, after, wrong = event
        with open_video(clip) as video:
            images = [video[t] for t in (before, after)]
        truth = scenario_truth(clip)
        boxes = pose_box(truth.xy[[before, after], who])
        around = widened(pose_box(np.concatenate([truth.xy[before, who], truth.xy[after, who]])), 0.7)
        right = int(ids[(found.frame == before) & (owner == who)][0])
        notes = (
            f"Frame {before}: the person in the box is number {right}.",
            f"Frame {after}: the same person is taken for number {wrong}. {ALIKE}",
        )
        return [
            Tile("The ID decoder by itself", note, image, around, numbered(found, ids, t), [], box[None], True)
            for t, image, note, box in zip((before, after), images, notes, boxes, strict=True)
        ]
    return []


def exchange(found: Detections, owner: np.ndarray, ids: np.ndarray) -> tuple[int, int, int, int] | None:
    """(person, last frame before, first after, number after) where somebody gets a number that was another's."""
    first: dict[int, int] = {}
    last: dict[int, tuple[int, int]] = {}
    for row in range(len(ids)):
        who, number, frame = int(owner[row]), int(ids[row]), int(found.frame[row])
        if who < 0 or number < 0:
            continue
        theirs = first.setdefault(number, who)
        if who in last and last[who][0] != number and theirs != who:
            return who, last[who][1], frame, number
        last[who] = number, frame
    return None


def numbered(found: Detections, ids: np.ndarray, t: int) -> dict[int, np.ndarray]:
    """Poses of a frame by who they are said to be."""
    rows = np.flatnonzero((found.frame == t) & (ids >= 0))
    return {int(ids[r]): found.keypoints[r] for r in rows}


def widened(box: np.ndarray, by: float = 0.25) -> np.ndarray:
    """A square around a box (4,)."""
    side = box[2:].max() * (1 + 2 * by)
    return np.concatenate([box[:2] + box[2:] / 2 - side / 2, [side, side]])


def drawn(tile: Tile) -> np.ndarray:
    """A tile with its words under it."""
    x, y, w, h = tile.around
    x0, y0 = max(int(np.floor(x)), 0), max(int(np.floor(y)), 0)
    x1, y1 = min(int(np.ceil(x + w)), tile.image.shape[1]), min(int(np.ceil(y + h)), tile.image.shape[0])
    part = tile.image[y0:y1, x0:x1]
    scale = TILE / max(part.shape[:2])
    rows = [
        pd.DataFrame({"keypoint": COCO17.keypoints, "x": p[:, 0] - x0, "y": p[:, 1] - y0, "score": p[:, 2]}).assign(
            track_id=i, visibility=2, anchor=False, source="model"
        )
        for i, p in tile.said.items()
    ]
    image = draw_poses(part, pd.concat(rows), COCO17, scale, labels=tile.numbers)
    for pose in tile.truth:
        skeleton(image, on_enlarged(pose - (x0, y0), scale))
    for box in tile.boxes:
        corners = box[:2] + np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * box[2:]
        at = on_enlarged(corners - (x0, y0), scale)
        for a, b in zip(at, np.roll(at, -1, 0), strict=True):
            strokes.limb(image, a, b, 0.8, WHITE, 0.9)
    out = np.full((TILE + CAPTION, TILE, 3), PAPER, np.uint8)
    dy, dx = (TILE - image.shape[0]) // 2, (TILE - image.shape[1]) // 2
    out[dy : dy + image.shape[0], dx : dx + image.shape[1]] = image[:TILE, :TILE]
    put_text(out, tile.title, (2, TILE + 20), 15, palette.person_colour(0), BOLD)
    for i, line in enumerate(wrap(tile.note, TILE - 4, 12, lines=3)):
        put_text(out, line, (2, TILE + 37 + 15 * i), 12, (215, 218, 225))
    return out


def skeleton(image: np.ndarray, xy: np.ndarray) -> None:
    """Where somebody is, in white."""
    for a, b in COCO17.edges:
        if np.isfinite(xy[[a, b]]).all():
            strokes.limb(image, xy[a], xy[b], 0.9, WHITE, 0.9)


def main() -> None:
    """Read the command line, write the picture."""
    import cv2

    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path, help="a .webp, .jpg or .png file")
    p.add_argument("--folder", type=Path, required=True, help="of rendered clips")
    p.add_argument("--columns", type=int, default=3)
    a = p.parse_args()
    tiles = [drawn(t) for t in (*readings(), *carried(), *crowd(a.folder), *identities(a.folder))]
    height, width = TILE + CAPTION, TILE
    rows = -(-len(tiles) // a.columns)
    sheet = np.full((rows * (height + GAP) + GAP, a.columns * (width + GAP) + GAP, 3), PAPER, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = GAP + i // a.columns * (height + GAP), GAP + i % a.columns * (width + GAP)
        sheet[y : y + height, x : x + width] = tile
    quality = cv2.IMWRITE_WEBP_QUALITY if a.out.suffix == ".webp" else cv2.IMWRITE_JPEG_QUALITY
    cv2.imwrite(str(a.out), sheet[..., ::-1], [] if a.out.suffix == ".png" else [quality, 80])
    print(f"{len(tiles)} pictures, {a.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
