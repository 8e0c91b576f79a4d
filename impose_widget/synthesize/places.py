"""Places: surroundings, things and light drawn at random, indoors, outdoors, or before a photograph."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from impose_widget.synthesize import paint
from impose_widget.synthesize.scene import Film, Light, Prop, Surroundings, ball, box, column

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def photographs(folder: str | Path) -> list[Path]:
    """Image files in a folder.

    Raises:
        FileNotFoundError: there is no such folder, or no image in it.
    """
    folder = Path(folder)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not files:
        raise FileNotFoundError(f"Expected a folder with photographs ({', '.join(SUFFIXES)}), got {folder}.")
    return files


def surroundings(rng: np.random.Generator, kind: str | None = None, photos: list[Path] | None = None) -> Surroundings:
    """A room, a street, a park, a plain studio; or one of some photographs."""
    if photos:
        image = cv2.imread(str(photos[rng.integers(len(photos))]), cv2.IMREAD_COLOR)
        if image is not None:
            photo = np.ascontiguousarray(image[..., ::-1])
            plain = [paint.floor(rng, "asphalt")] * 6
            return Surroundings(np.array([-30.0, 0, -30]), np.array([30.0, 20, 30]), plain, np.full(6, 2.0), photo)
    kind = kind or str(rng.choice("room shop street park studio".split()))
    ground = {"room": "planks tiles carpet", "shop": "tiles", "street": "asphalt tiles", "park": "grass sand asphalt"}
    floor = paint.floor(rng, str(rng.choice(ground.get(kind, "carpet tiles").split())))
    if kind in ("room", "shop", "studio"):
        style = {"room": "plaster panels bricks", "shop": "shelves", "studio": "plaster"}[kind]
        walls = [paint.wall(rng, str(rng.choice(style.split()))) for _ in range(4)]
        half, high = rng.uniform(5.5, 9, 2), rng.uniform(2.8, 4.2)
        papers = [walls[0], walls[1], floor, paint.wall(rng, "plaster"), walls[2], walls[3]]
        tiles = np.array([2.4, 2.4, rng.uniform(1.2, 2.4), 3, 2.4, 2.4])
        return Surroundings(np.array([-half[0], 0, -half[1]]), np.array([half[0], high, half[1]]), papers, tiles)
    walls = [paint.wall(rng, "facade" if kind == "street" else "leaves") for _ in range(4)]
    half, high = rng.uniform(10, 25, 2), rng.uniform(6, 14)
    papers = [walls[0], walls[1], floor, paint.sky(rng), walls[2], walls[3]]
    tiles = np.array([9.0, 9.0, rng.uniform(1.5, 4), 60, 9.0, 9.0]) * (1 if kind == "street" else 0.5)
    return Surroundings(np.array([-half[0], 0, -half[1]]), np.array([half[0], high, half[1]]), papers, tiles)


def furniture(rng: np.random.Generator, n: int, near: float, far: float, clear: float = 1.2) -> list[Prop]:
    """Things around the middle, between z = -far and near; those before z = 0 stand low or thin, to hide only parts."""
    out = []
    for _ in range(n):
        x, z = rng.uniform(-far, far), rng.uniform(-far, near)
        if abs(x) < clear and abs(z) < clear:
            continue
        kind = rng.choice("block pole bush tree table".split())
        cloth = paint.cloth(rng, "plain") if rng.random() < 0.6 else paint.wall(rng, "panels")
        if kind == "block":
            w, h, d = rng.uniform(0.3, 1.4), rng.uniform(0.4, 1.0 if z > 0 else 2.0), rng.uniform(0.3, 0.9)
            out.append(box((x - w / 2, 0, z - d / 2), (x + w / 2, h, z + d / 2), cloth, rng.uniform(-40, 40)))
        elif kind == "pole":
            out.append(column((x, z), rng.uniform(0.04, 0.14), rng.uniform(2, 4), cloth))
        elif kind == "bush":
            r = rng.uniform(0.3, 0.6 if z > 0 else 1.1)
            out.append(ball((x, r * 0.7, z), (r, r * 0.8, r), paint.wall(rng, "leaves")))
        elif kind == "tree" and z < 0:
            out.append(column((x, z), 0.14, 2.4, paint.toned((96, 74, 54), 0.2 * paint.clouds(rng)), sharp=0.7))
            out.append(ball((x, 3.2, z), (1.3, 1.2, 1.3), paint.wall(rng, "leaves")))
        else:
            w, d = rng.uniform(0.8, 1.6), rng.uniform(0.5, 0.8)
            out.append(box((x - w / 2, 0.70, z - d / 2), (x + w / 2, 0.75, z + d / 2), cloth))
            for sx in (-1, 1):
                for sz in (-1, 1):
                    out.append(column((x + sx * (w / 2 - 0.05), z + sz * (d / 2 - 0.05)), 0.025, 0.7, cloth))
    return out


def light(rng: np.random.Generator, outdoors: bool) -> Light:
    """Sun and sky, or lamps under a ceiling."""
    turn, high = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(25, 75))
    towards = np.array([np.cos(turn) * np.cos(high), np.sin(high), np.sin(turn) * np.cos(high)])
    if outdoors:
        strong = rng.choice([0.15, 0.6, 1.1]) * rng.uniform(0.8, 1.2)
        sun, above = strong * np.array([1.05, 1.0, 0.92]), rng.uniform(0.45, 0.75) * np.array([0.94, 1.0, 1.08])
    else:
        sun, above = (
            rng.uniform(0.25, 0.7) * np.array([1.06, 1.0, 0.9]),
            rng.uniform(0.45, 0.8) * np.array([1.04, 1.0, 0.95]),
        )
    return Light(towards, sun, above, above * rng.uniform(0.35, 0.6))


def film(rng: np.random.Generator, rough: float = 1.0) -> Film:
    """A camera of some quality; `rough` scales its faults."""
    return Film(
        shutter=float(rng.uniform(0.15, 0.7)),
        exposure=float(rng.uniform(0.8, 1.25)),
        warmth=1 + rng.normal(0, 0.05, 3) * rough,
        focus=float(rng.uniform(3, 7)),
        aperture=float(rng.choice([0, 0, 4, 12])) * rough,
        noise=float(rng.uniform(1, 9)) * rough,
        vignette=float(rng.uniform(0, 0.3)) * rough,
        jpeg=int(rng.integers(70, 97)) if rough > 0 else None,
        soft=float(rng.uniform(0, 0.7)) * rough,
    )
