"""Textures painted by rule: cloth, skin and faces, floors, walls and skies. Square, (SIZE, SIZE, 3) uint8 RGB."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

SIZE = 512

SKIN = ((255, 219, 190), (240, 195, 160), (224, 172, 132), (198, 141, 102), (160, 106, 74), (118, 76, 52), (84, 54, 38))
HAIR = ((28, 22, 20), (52, 36, 28), (88, 60, 40), (128, 92, 56), (186, 148, 92), (120, 62, 36), (150, 148, 144))


VARIANTS = 5  # fields of noise of a kind; each is used shifted and turned


def clouds(rng: np.random.Generator, size: int = SIZE, coarsest: int = 4, fall: float = 0.55) -> np.ndarray:
    """(size, size) float32 around 0, of spread about 1: noise of several scales that repeats without a seam."""
    field = _clouds(int(rng.integers(VARIANTS)), size, coarsest, fall)
    field = np.roll(field, tuple(rng.integers(0, size, 2)), (0, 1))
    return field.T if rng.random() < 0.5 else field


@lru_cache(maxsize=64)
def _clouds(variant: int, size: int, coarsest: int, fall: float) -> np.ndarray:
    rng = np.random.default_rng([variant, size, coarsest])
    out, weight, cells = np.zeros((size, size), np.float32), 1.0, coarsest
    while cells <= size // 2:
        tile = np.pad(rng.standard_normal((cells, cells)).astype(np.float32), 2, "wrap")
        grid = ((np.arange(size) + 0.5) * cells / size + 1.5).astype(np.float32)
        out += weight * cv2.remap(tile, *np.meshgrid(grid, grid), cv2.INTER_CUBIC)
        weight, cells = weight * fall, cells * 2
    return out / out.std()


def folds(rng: np.random.Generator, size: int) -> np.ndarray:
    """(size, size, 4) float32: how the folds of cloth turn its normal in x, y, z, and how high they are."""
    raw = clouds(rng, size, 8, 0.45)
    ridged = 1 - np.abs(raw) * 1.2 + 0.5 * clouds(rng, size, 6, 0.4)  # folds are ridges rather than hills
    dx = (np.roll(ridged, -1, 1) - np.roll(ridged, 1, 1)) / 2
    dy = (np.roll(ridged, -1, 0) - np.roll(ridged, 1, 0)) / 2
    spread = np.sqrt((dx**2 + dy**2).mean()) * 0.55
    return np.stack([-dx / spread, dy / spread, -0.7 * dx / spread, ridged / ridged.std()], -1).astype(np.float32)


def toned(colour: tuple | np.ndarray, shade: np.ndarray) -> np.ndarray:
    """A colour times (1 + shade), as uint8; `shade` (H, W) or (H, W, 3)."""
    shade = shade if shade.ndim == 3 else shade[..., None]
    return np.clip(np.asarray(colour, np.float32) * (1 + shade), 0, 255).astype(np.uint8, order="C")


def cloth_colour(rng: np.random.Generator) -> np.ndarray:
    """A colour that clothes often have: mostly dark, grey, blue or pale, at times loud."""
    kind = rng.random()
    if kind < 0.42:
        hue, strong, light = (
            rng.uniform(0, 180),
            rng.uniform(0, 40),
            rng.choice([30, 60, 110, 200, 235]) + rng.normal(0, 10),
        )
    elif kind < 0.62:
        hue, strong, light = rng.uniform(100, 122), rng.uniform(60, 170), rng.uniform(45, 170)
    elif kind < 0.74:
        hue, strong, light = rng.uniform(8, 22), rng.uniform(40, 120), rng.uniform(90, 210)
    else:
        hue, strong, light = rng.uniform(0, 180), rng.uniform(110, 235), rng.uniform(90, 235)
    pixel = np.uint8([[[hue, np.clip(strong, 0, 255), np.clip(light, 12, 250)]]])
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0].astype(float)


def cloth(rng: np.random.Generator, pattern: str | None = None) -> np.ndarray:
    """A cloth for the body's map of 1.9 × 1.9 m: plain, striped, checked, dotted, blotched or with a weave."""
    base, other = cloth_colour(rng), cloth_colour(rng)
    pattern = pattern or str(rng.choice("plain plain plain denim stripes columns checks dots blotches halves".split()))
    image = np.empty((SIZE, SIZE, 3), np.float32)
    image[:] = base
    y, x = np.mgrid[:SIZE, :SIZE]
    period = int(rng.integers(6, 40))
    mask = np.zeros((SIZE, SIZE), np.float32)
    if pattern == "stripes":
        mask = (y % period < period * rng.uniform(0.2, 0.6)).astype(np.float32)
    elif pattern == "columns":
        mask = (x % period < period * rng.uniform(0.1, 0.5)).astype(np.float32)
    elif pattern == "checks":
        mask = 0.5 * (y % period < period / 2) + 0.5 * (x % period < period / 2)
    elif pattern == "dots":
        mask = (((x % period) - period / 2) ** 2 + ((y % period) - period / 2) ** 2 < (period * 0.28) ** 2).astype(
            np.float32
        )
    elif pattern == "blotches":
        mask = (clouds(rng, coarsest=8) > 0.5).astype(np.float32)
    elif pattern == "halves":
        mask = (y > rng.uniform(0.25, 0.4) * SIZE).astype(np.float32)
    image += mask[..., None] * (other - base)
    if pattern == "denim":
        image = np.float32([62, 82, 120]) * rng.uniform(0.5, 1.5) * (1 + 0.12 * clouds(rng, coarsest=6)[..., None])
    grain = 0.04 * clouds(rng, coarsest=16, fall=0.8)
    return np.clip(image * (1 + grain[..., None]), 0, 255).astype(np.uint8)


def printed(
    front: np.ndarray, rng: np.random.Generator, chest: tuple[float, float], kind: str | None = None
) -> np.ndarray:
    """The front of an upper garment with what is sewn or printed on it; `chest` is (u, v) of the breastbone."""
    front = front.copy()
    kind = kind or str(rng.choice("none none zip buttons print open tie".split()))
    u, v = int(chest[0] * SIZE), int(chest[1] * SIZE)
    colour = tuple(int(c) for c in cloth_colour(rng))
    if kind == "zip":
        cv2.line(front, (u, v - 30), (u, v + 150), colour, 2, cv2.LINE_AA)
    elif kind == "buttons":
        for k in range(9):
            cv2.circle(front, (u, v - 25 + 14 * k), 2, colour, -1, cv2.LINE_AA)
    elif kind == "print":
        w, h = int(rng.integers(12, 26)), int(rng.integers(8, 26))
        patch = np.clip(np.array(colour) * (1 + 0.4 * clouds(rng, 64, 4)[..., None]), 0, 255).astype(np.uint8)
        front[v + 8 : v + 8 + 2 * h, u - w : u + w] = cv2.resize(patch, (2 * w, 2 * h))
    elif kind == "open":  # a jacket that shows the shirt
        cv2.fillPoly(
            front,
            [np.array([[u - 12, v - 45], [u + 12, v - 45], [u + 9, v + 150], [u - 9, v + 150]])],
            colour,
            cv2.LINE_AA,
        )
    elif kind == "tie":
        cv2.fillPoly(front, [np.array([[u - 14, v - 40], [u + 14, v - 40], [u, v + 25]])], (235, 235, 235), cv2.LINE_AA)
        cv2.fillPoly(
            front, [np.array([[u - 3, v - 36], [u + 3, v - 36], [u + 5, v + 24], [u - 5, v + 24]])], colour, cv2.LINE_AA
        )
    return front


def skin(rng: np.random.Generator, tone: np.ndarray) -> np.ndarray:
    """Skin of one tone with slight blotches."""
    return toned(tone, np.stack([0.03 * clouds(rng), 0.05 * clouds(rng), 0.05 * clouds(rng)], -1))


def _ints(colour: np.ndarray) -> tuple[int, ...]:
    """A colour as OpenCV wants it."""
    return tuple(int(v) for v in np.clip(colour, 0, 255))


def face(
    rng: np.random.Generator, tone: np.ndarray, hair: np.ndarray, beard: float, lips: float, glasses: str
) -> np.ndarray:
    """The front of a head on its map of 0.3 × 0.3 m; the base of the skull lies at (0.5, 0.85)."""
    image = skin(rng, tone).astype(np.float32)

    def at(x: float, y: float) -> tuple[int, int]:
        return round((0.5 + x / 0.3) * SIZE), round((0.85 - y / 0.3) * SIZE)

    def soft(x: float, y: float, rx: float, ry: float, colour: np.ndarray, strength: float) -> None:
        (cx, cy), rx, ry = at(x, y), rx / 0.3 * SIZE, ry / 0.3 * SIZE
        window = (
            slice(max(int(cy - 2.5 * ry), 0), int(cy + 2.5 * ry) + 1),
            slice(max(int(cx - 2.5 * rx), 0), int(cx + 2.5 * rx) + 1),
        )
        v, u = np.mgrid[window][:, : SIZE - window[0].start, : SIZE - window[1].start]
        part = image[window]
        w = strength * np.exp(-(((u - cx) / rx) ** 2) - ((v - cy) / ry) ** 2)[..., None].astype(np.float32)
        image[window] = part * (1 - w[: part.shape[0], : part.shape[1]]) + w[: part.shape[0], : part.shape[1]] * colour

    tone = np.asarray(tone, float)
    red = tone * (1.02, 0.78, 0.76)
    for side in (-1, 1):
        soft(side * 0.045, 0.052, 0.022, 0.018, red, 0.35)  # cheeks
        soft(side * 0.032, 0.092, 0.020, 0.013, tone * 0.62, 0.55)  # sockets
    soft(0, 0.052, 0.018, 0.006, tone * 0.6, 0.5)  # under the nose
    soft(0, 0.010, 0.028, 0.006, tone * 0.7, 0.4)  # under the lips
    if beard > 0:
        stubble = np.asarray(hair) * 0.8 + tone * 0.1
        for x, y, rx, ry in (
            (0, -0.005, 0.05, 0.028),
            (-0.055, 0.02, 0.02, 0.04),
            (0.055, 0.02, 0.02, 0.04),
            (0, 0.042, 0.026, 0.006),
        ):
            soft(x, y, rx, ry, stubble, beard)
    image = np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8))
    iris = _ints(rng.choice([(60, 40, 25), (90, 65, 35), (70, 110, 140), (80, 110, 80)]))
    for side in (-1, 1):
        eye = at(side * 0.032, 0.088)
        cv2.ellipse(image, eye, (25, 12), 0, 0, 360, _ints(tone * 0.5), -1, cv2.LINE_AA)
        cv2.ellipse(image, eye, (22, 9), 0, 0, 360, (236, 232, 228), -1, cv2.LINE_AA)
        cv2.circle(image, eye, 9, iris, -1, cv2.LINE_AA)
        cv2.circle(image, eye, 5, (12, 10, 10), -1, cv2.LINE_AA)
        cv2.circle(image, (eye[0] + 3, eye[1] - 3), 2, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.ellipse(image, eye, (24, 11), 0, 185, 355, _ints(np.asarray(hair) * 0.5), 4, cv2.LINE_AA)
        brow = [at(side * x, y) for x, y in ((0.014, 0.105), (0.030, 0.112), (0.050, 0.104))]
        cv2.polylines(image, [np.array(brow)], False, _ints(np.asarray(hair) * 0.8), 9, cv2.LINE_AA)
        cv2.ellipse(image, at(side * 0.009, 0.048), (7, 4), 0, 0, 360, _ints(tone * 0.35), -1, cv2.LINE_AA)
    mouth = at(0, 0.024)
    lip = tone * (1.0 - 0.1 * lips, 0.66 - 0.3 * lips, 0.66 - 0.25 * lips)
    cv2.ellipse(image, mouth, (40, 12), 0, 0, 360, _ints(lip), -1, cv2.LINE_AA)
    cv2.line(image, (mouth[0] - 36, mouth[1]), (mouth[0] + 36, mouth[1]), _ints(tone * 0.35), 3, cv2.LINE_AA)
    if glasses:
        for side in (-1, 1):
            where = at(side * 0.033, 0.087)
            if glasses == "sun":
                cv2.ellipse(image, where, (42, 32), 0, 0, 360, (20, 20, 24), -1, cv2.LINE_AA)
            cv2.ellipse(image, where, (42, 32), 0, 0, 360, (25, 22, 22), 5, cv2.LINE_AA)
            cv2.line(image, (where[0] + side * 42, where[1]), at(side * 0.09, 0.09), (25, 22, 22), 6, cv2.LINE_AA)
        cv2.line(image, at(-0.008, 0.09), at(0.008, 0.09), (25, 22, 22), 6, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def strands(rng: np.random.Generator, colour: np.ndarray) -> np.ndarray:
    """Hair: streaks that run down."""
    streak = cv2.resize(clouds(rng, 512, 64, 0.9)[:64], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    return toned(colour, 0.22 * streak)


def floor(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Asphalt, tiles, planks, grass, carpet or sand."""
    y, x = np.mgrid[:SIZE, :SIZE]
    if kind == "tiles":
        n = int(rng.choice([2, 4, 8]))
        cell = SIZE // n
        shade = 0.05 * clouds(rng) + 0.06 * np.kron(rng.standard_normal((n, n)), np.ones((cell, cell)))
        image = toned(rng.uniform(100, 215) + rng.normal(0, 8, 3), shade)
        image[((x % cell) < 3) | ((y % cell) < 3)] = image.mean((0, 1)) * 0.6
        return image
    if kind == "planks":
        cell = SIZE // 8
        board = np.repeat(rng.standard_normal(8), cell)[:, None]
        grain = cv2.resize(clouds(rng)[:, :64], (SIZE, SIZE))
        image = toned(np.array([150, 105, 66]) * rng.uniform(0.6, 1.3), 0.08 * board + 0.08 * grain)
        image[(y % cell) < 2] = image.mean((0, 1)) * 0.5
        return image
    colour, rough = {
        "asphalt": ((104, 104, 106), 0.13),
        "grass": ((92, 122, 56), 0.28),
        "carpet": (cloth_colour(rng), 0.10),
        "sand": ((196, 176, 140), 0.12),
    }[kind]
    return toned(np.array(colour) * rng.uniform(0.7, 1.25), rough * clouds(rng, coarsest=4, fall=0.85))


def wall(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Plaster, bricks, a facade of windows, shelves of goods, leaves, or panels."""
    y, x = np.mgrid[:SIZE, :SIZE]
    if kind == "bricks":
        row = y // 16
        image = toned(np.array([150, 86, 66]) * rng.uniform(0.7, 1.3), 0.1 * clouds(rng, coarsest=32, fall=0.9))
        image[((y % 16) < 2) | (((x + 16 * (row % 2)) % 32) < 2)] = (168, 160, 150)
        return image
    if kind in ("facade", "shelves"):
        return _cells(rng, kind)
    if kind == "leaves":
        shade = 0.5 * clouds(rng, coarsest=16, fall=0.85)
        return toned(np.array([66, 92, 44]) * rng.uniform(0.6, 1.3), shade)
    if kind == "panels":
        image = toned(cloth_colour(rng) * 0.5 + 100, 0.03 * clouds(rng))
        image[(x % 128) < 4] = image.mean((0, 1)) * 0.6
        return image
    return toned(rng.uniform(130, 235) + rng.normal(0, 12, 3), 0.05 * clouds(rng))


def _cells(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Rows of windows in a front, or of boxes on shelves."""
    image = toned(rng.uniform(90, 210) + rng.normal(0, 18, 3), 0.06 * clouds(rng))
    rows = int(rng.integers(3, 6))
    high = SIZE // rows
    for r in range(rows):
        u = 6
        while u < SIZE - 8:
            if kind == "facade":
                wide, gap = int(0.55 * high), int(0.45 * high)
                top, low = r * high + int(0.2 * high), r * high + int(0.85 * high)
                colour = np.array([70, 84, 100]) * rng.uniform(0.3, 2.2)
            else:
                wide, gap = int(rng.integers(8, 40)), int(rng.integers(1, 4))
                top, low = r * high + int(rng.uniform(0.08, 0.5) * high), r * high + int(0.92 * high)
                colour = cloth_colour(rng)
            end = min(u + wide, SIZE - 6)
            image[top:low, u:end] = np.clip(colour, 0, 255)
            if kind == "facade":
                cv2.rectangle(image, (u, top), (end, low), (225, 225, 220), 3)
            elif low - top > 12 and end - u > 8:
                image[(top + low) // 2 - 3 : (top + low) // 2 + 4, u + 2 : end - 2] = cloth_colour(rng)
            u += wide + gap
        if kind == "shelves":
            image[(r + 1) * high - 7 : (r + 1) * high - 1] = 70
    return image


def sky(rng: np.random.Generator) -> np.ndarray:
    """Blue with clouds, or grey."""
    cover = np.clip(0.5 + 0.5 * clouds(rng, coarsest=2) + rng.normal(0, 0.4), 0, 1)[..., None]
    blue = np.array([112, 158, 214]) * rng.uniform(0.9, 1.15)
    return np.clip(blue * (1 - cover) + 232 * cover, 0, 255).astype(np.uint8)
