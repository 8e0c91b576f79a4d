"""Short clips with exact point tracks to learn from: cut out of rendered ones, or pieces of photographs that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

TRUTH = "truth.npz"  # beside the frames of a clip of `impose-widget render`
OUTSIDE = -100.0


@dataclass(frozen=True, slots=True)
class PointClip:
    """A clip and points in it.

    Attributes:
        frames: T images (H, W, 3) uint8 RGB.
        xy: (T, N, 2) in pixels, NaN where it is not known.
        visible: (T, N) bool.
    """

    frames: list[np.ndarray]
    xy: np.ndarray
    visible: np.ndarray


@dataclass(frozen=True, slots=True)
class Look:
    """How clips vary.

    Attributes:
        side: pixels of the square frames.
        scales: of rendered frames, from and to; larger than 1 makes people larger.
        shift: pixels (deviation) by which a person's middle is off that of the first frame.
        skip: rendered frames that are one step, at most.
        colour: how much brightness and contrast vary.
        flicker: how much brightness varies from frame to frame.
        noise: grey levels, at most.
        blur: share of the clips that are blurred.
        covers: share of the clips before which a piece of a photograph passes.
        pieces: of a collage, at most.
    """

    side: int = 224
    scales: tuple[float, float] = (0.6, 1.3)
    shift: float = 25.0
    skip: int = 2
    colour: float = 0.3
    flicker: float = 0.05
    noise: float = 6.0
    blur: float = 0.25
    covers: float = 0.5
    pieces: int = 7


@dataclass(frozen=True, slots=True)
class Rendered:
    """A clip of `impose-widget render`: paths of its frames, and keypoints and surface points (T, P, M, 2)."""

    paths: list[Path]
    xy: np.ndarray
    visible: np.ndarray


def rendered_clips(folder: Path) -> list[Rendered]:
    """All that lie in a folder.

    Raises:
        FileNotFoundError: the folder is not there.
    """
    if not folder.exists():
        raise FileNotFoundError(
            f"Expected a folder of rendered clips or photographs, got {folder}, which is not there."
        )
    out = []
    for file in sorted(folder.rglob(TRUTH)):
        paths = sorted(p for p in file.parent.iterdir() if p.suffix in (".jpg", ".png"))
        with np.load(file) as held:
            xy = np.concatenate([held["keypoints"], held["points"]], 2)
            visible = np.concatenate([held["visibility"] == 2, held["points_visible"]], 2)
        if len(paths) == len(xy):
            out.append(Rendered(paths, xy, visible & np.isfinite(xy).all(-1)))
    return out


def photographs(folder: Path) -> list[np.ndarray]:
    """All images in a folder that no rendered clip lies in, of 640 pixels at most."""
    clips = {f.parent for f in folder.rglob(TRUTH)}
    out = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png") and path.parent not in clips:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is not None and min(image.shape[:2]) >= 64:
                scale = min(1.0, 640 / max(image.shape[:2]))
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                out.append(np.ascontiguousarray(image[..., ::-1]))
    return out


def cut_out(clip: Rendered, length: int, look: Look, rng: np.random.Generator) -> PointClip:
    """A part of a rendered clip around somebody: `length` frames forwards or backwards, scaled, perhaps mirrored."""
    skip = int(rng.integers(1, look.skip + 1))
    skip = max(1, min(skip, (len(clip.paths) - 1) // max(length - 1, 1)))
    first = int(rng.integers(0, max(len(clip.paths) - skip * (length - 1), 1)))
    chosen = np.minimum(first + skip * np.arange(length), len(clip.paths) - 1)
    chosen = chosen[::-1] if rng.random() < 0.5 else chosen
    xy, visible = clip.xy[chosen].astype(np.float64), clip.visible[chosen]
    scale = rng.uniform(*look.scales)
    middle = _somebody(xy, visible, rng) + rng.normal(0, look.shift / scale, 2)
    mirrored = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.diag([mirrored * scale, scale])
    matrix = np.column_stack([linear, (look.side - 1) / 2 - linear @ middle])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frames = []
    for i in chosen:
        image = cv2.cvtColor(cv2.imread(str(clip.paths[i])), cv2.COLOR_BGR2RGB)
        frames.append(cv2.warpAffine(image, matrix, (look.side, look.side), flags=how, borderMode=cv2.BORDER_REPLICATE))
    size = np.array(image.shape[1::-1])
    visible &= ((xy > -0.5) & (xy < size - 0.5)).all(-1)
    moved = (xy @ linear.T + matrix[:, 2]).reshape(length, -1, 2)
    return PointClip(frames, moved, visible.reshape(length, -1))


def _somebody(xy: np.ndarray, visible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The middle (2,) of one of the people seen in the first frame."""
    people = np.flatnonzero(visible[0].sum(1) >= 5)
    if not len(people):
        return np.nan_to_num(np.nanmean(xy.reshape(-1, 2), 0))
    p = rng.choice(people)
    return xy[0, p][visible[0, p]].mean(0)


def collage(images: Sequence[np.ndarray], length: int, look: Look, rng: np.random.Generator) -> PointClip:
    """Pieces of photographs, round and long ones, that move and turn each in its way before a moving photograph."""
    side, n = look.side, int(rng.integers(3, look.pieces + 1))
    layers = [_Layer.draw(images, length, side, background=i == 0, rng=rng) for i in range(n + 1)]
    frames, owner = [], np.zeros((length, side, side), np.uint8)
    for t in range(length):
        frame = np.zeros((side, side, 3), np.uint8)
        for i, layer in enumerate(layers):
            image, mask = layer.at(t, side)
            frame[mask] = image[mask]
            owner[t][mask] = i
        frames.append(frame)
    points, whose = [], []
    for i, layer in enumerate(layers):
        at, on = layer.points(12, rng), i
        points.append(np.stack([at @ m[:, :2].T + m[:, 2] for m in layer.ways]))
        whose.append(np.full(len(at), on))
    xy, whose = np.concatenate(points, 1), np.concatenate(whose)
    cells = np.round(xy).astype(int)
    inside = ((cells >= 0) & (cells < side)).all(-1)
    cells = np.clip(cells, 0, side - 1)
    seen = owner[np.arange(length)[:, None], cells[..., 1], cells[..., 0]] == whose
    return PointClip(frames, xy, inside & seen)


@dataclass(slots=True)
class _Layer:
    """A piece of a photograph: image, mask of what shows, and where each frame has it (T, 2, 3)."""

    image: np.ndarray
    mask: np.ndarray
    ways: np.ndarray

    @classmethod
    def draw(
        cls, images: Sequence[np.ndarray], length: int, side: int, background: bool, rng: np.random.Generator
    ) -> _Layer:
        """Anything; a background fills its image."""
        image = images[rng.integers(len(images))]
        height, width = image.shape[:2]
        if background:
            mask = np.full((height, width), 255, np.uint8)
            middle, scale = np.array([width, height]) / 2, rng.uniform(1.15, 1.8) * side / min(height, width)
            way = _motion(length, rng, speed=rng.choice([0, 1.0, 3.0]), turn=0.004, growth=0.004)
            to = np.array([side, side]) / 2
        else:
            long, thick = rng.uniform(18, 90), rng.uniform(8, 40)
            room = int(max(long, thick)) + 4
            if min(height, width) < 2 * room + 2:
                image = cv2.resize(image, None, fx=4, fy=4)[: 4 * room, : 4 * room]
                height, width = image.shape[:2]
            corner = (rng.integers(0, width - 2 * room + 1), rng.integers(0, height - 2 * room + 1))
            image = image[corner[1] : corner[1] + 2 * room, corner[0] : corner[0] + 2 * room]
            mask = np.zeros(image.shape[:2], np.uint8)
            cv2.ellipse(mask, (room, room), (int(long), int(thick)), float(rng.uniform(0, 180)), 0, 360, 255, -1)
            middle, scale = np.array([room, room], float), rng.uniform(0.7, 1.2)
            way = _motion(length, rng, speed=rng.choice([1.0, 4.0, 10.0]), turn=0.08, growth=0.015)
            to = rng.uniform(0.1 * side, 0.9 * side, 2)
        return cls(np.ascontiguousarray(image), mask, _matrices(way, middle, scale, to))

    def at(self, t: int, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image (side, side, 3) and mask (side, side) bool of a frame."""
        m = self.ways[t]
        image = cv2.warpAffine(self.image, m, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        mask = cv2.warpAffine(self.mask, m, (side, side), flags=cv2.INTER_LINEAR)
        return image, mask > 127 if mask.min() < 255 else np.ones((side, side), bool)

    def points(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Up to n places (n, 2) of the image that show, and are not right on the rim."""
        inner = cv2.erode(self.mask, np.ones((5, 5), np.uint8))
        y, x = np.nonzero(inner)
        if not len(x):
            return np.zeros((0, 2))
        pick = rng.integers(0, len(x), n)
        return np.column_stack([x[pick], y[pick]]) + rng.uniform(-0.5, 0.5, (n, 2))


def _motion(length: int, rng: np.random.Generator, speed: float, turn: float, growth: float) -> np.ndarray:
    """Shifts, turns and log scales (T, 4) of something that moves smoothly, and sometimes to and fro."""
    steps = rng.normal(0, 1, 4) * 0.8 + 0.5 * np.cumsum(rng.normal(0, 0.6, (length, 4)), 0)
    if rng.random() < 0.3:
        steps[length // 2 :] *= -1
    return np.cumsum(steps * [speed, speed, turn, growth], 0)


def _matrices(way: np.ndarray, middle: np.ndarray, scale: float, to: np.ndarray) -> np.ndarray:
    angle, size = way[:, 2], scale * np.exp(way[:, 3])
    linear = size[:, None, None] * np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(
        -1, 2, 2
    )
    return np.concatenate([linear, (to + way[:, :2] - linear @ middle)[..., None]], -1)


def spoilt(clip: PointClip, images: Sequence[np.ndarray], look: Look, rng: np.random.Generator) -> PointClip:
    """The same, perhaps with something passing before it, with other light, noise and blur."""
    frames, visible = list(clip.frames), clip.visible.copy()
    if rng.random() < look.covers and len(images):
        layer = _Layer.draw(images, len(frames), look.side, background=False, rng=rng)
        for t, frame in enumerate(frames):
            image, mask = layer.at(t, look.side)
            frames[t] = np.where(mask[..., None], image, frame)
            at = np.nan_to_num(clip.xy[t], nan=OUTSIDE).clip(OUTSIDE, look.side - OUTSIDE)
            cells = np.round(at).astype(int)
            inside = ((cells >= 0) & (cells < look.side)).all(-1)
            cells = np.clip(cells, 0, look.side - 1)
            visible[t] &= ~(inside & mask[cells[:, 1], cells[:, 0]])
    gain, lift = rng.uniform(1 - look.colour, 1 + look.colour), rng.uniform(-40, 40) * look.colour
    noise, blur = rng.uniform(0, look.noise), rng.uniform(0.6, 2.0) if rng.random() < look.blur else 0.0
    grain = rng.normal(0, 1, (look.side + 64, look.side + 64, 1)).astype(np.float32)
    flicker = rng.normal(1, look.flicker * rng.random(), len(frames))
    for t, frame in enumerate(frames):
        out = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
        u, v = rng.integers(0, 64, 2)
        out = (out - 128.0) * gain + 128 + lift
        out = out * flicker[t] + noise * grain[v : v + look.side, u : u + look.side]
        frames[t] = np.clip(out, 0, 255).astype(np.uint8)
    inside = ((clip.xy > -0.5) & (clip.xy < look.side - 0.5)).all(-1)
    return PointClip(frames, clip.xy, visible & inside)
