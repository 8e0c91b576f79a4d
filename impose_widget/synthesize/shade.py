"""The colour of each pixel: textures, folds, sun with shadows, light from all round; compiled with numba."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit


class Geometry(NamedTuple):
    """All surfaces: V points and F triangles.

    Attributes:
        points, normals: (V, 3) in the world.
        uv: (V, 2) places in the textures, which repeat.
        solid: (V, 3) where a point lies in its model, so that folds move with the cloth.
        openness: (V,) share of the light from all round that gets there.
        triangles: (F, 3).
        layers: (F,) texture of each triangle.
        rough: (F, 2) gloss and folds.
        textures: (L, S, S, 3) uint8.
        folds: (S, S, 4) how folds turn a normal, and their height.
    """

    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    solid: np.ndarray
    openness: np.ndarray
    triangles: np.ndarray
    layers: np.ndarray
    rough: np.ndarray
    textures: np.ndarray
    folds: np.ndarray


class Background(NamedTuple):
    """What is behind all triangles.

    Attributes:
        room: (6) low and high x, y, z of a box seen from inside.
        papers: (6, 3) for each of its sides a texture, the metres it covers before it repeats, and a shift.
        plate: (h, w, 3) uint8 photograph around everything instead, if it is not empty.
        plate_view: (4, 3) right, down and forward of the camera that took it; its focal length in pixels.
    """

    room: np.ndarray
    papers: np.ndarray
    plate: np.ndarray
    plate_view: np.ndarray


class Lighting(NamedTuple):
    """Light and shadow.

    Attributes:
        colours: (4, 3) direction to the sun, its colour, that of light from above, of light from below.
        shadow: (S, S) the sun's depth map, drawn along sun_view (3, 4) and sun_lens (3), as in `raster.project`.
        feet: (M, 4) points and radii that darken the ground beneath.
    """

    colours: np.ndarray
    shadow: np.ndarray
    sun_view: np.ndarray
    sun_lens: np.ndarray
    feet: np.ndarray


class Pixel(NamedTuple):
    """Where the kernel keeps what it knows of one pixel: at (3), normal (3), colour (3), ray (3), fold (4)."""

    at: np.ndarray
    normal: np.ndarray
    colour: np.ndarray
    ray: np.ndarray
    fold: np.ndarray


@njit(error_model="numpy", fastmath=True, inline="always")
def _texel(textures: np.ndarray, layer: int, u: float, v: float, out: np.ndarray) -> None:
    """Bilinear sample of a texture that repeats, as linear light."""
    size = textures.shape[1]
    x, y = (u - math.floor(u)) * size - 0.5, (v - math.floor(v)) * size - 0.5
    x0, y0 = math.floor(x), math.floor(y)
    fx, fy = x - x0, y - y0
    i0, j0 = int(x0) % size, int(y0) % size
    i1, j1 = (i0 + 1) % size, (j0 + 1) % size
    for k in range(3):
        top = textures[layer, j0, i0, k] * (1 - fx) + textures[layer, j0, i1, k] * fx
        low = textures[layer, j1, i0, k] * (1 - fx) + textures[layer, j1, i1, k] * fx
        e = (top * (1 - fy) + low * fy) / 255.0
        out[k] = e * e * (0.3 + 0.7 * e)  # close to sRGB's curve, and much quicker


@njit(error_model="numpy", fastmath=True, inline="always")
def _lit(light: Lighting, x: float, y: float, z: float, bias: float) -> float:
    """Share of the sun that reaches a point, by the light's depth map."""
    shadow, view, lens = light.shadow, light.sun_view, light.sun_lens
    a = view[0, 0] * x + view[0, 1] * y + view[0, 2] * z + view[0, 3]
    b = view[1, 0] * x + view[1, 1] * y + view[1, 2] * z + view[1, 3]
    c = -(view[2, 0] * x + view[2, 1] * y + view[2, 2] * z + view[2, 3])
    px, py = lens[0] * a + lens[1], lens[0] * b + lens[2]
    x0, y0 = math.floor(px), math.floor(py)
    if x0 < 1 or y0 < 1 or x0 > shadow.shape[1] - 3 or y0 > shadow.shape[0] - 3:
        return 1.0
    fx, fy, total = px - x0, py - y0, 0.0
    for j in range(-1, 2):
        wy = (1 - fy) if j < 0 else (fy if j > 0 else 1.0)
        for i in range(-1, 2):
            wx = (1 - fx) if i < 0 else (fx if i > 0 else 1.0)
            if shadow[y0 + j, x0 + i] < c + bias:
                total += wx * wy
    return total / 4.0


@njit(error_model="numpy", fastmath=True, inline="always")
def _fold(folds: np.ndarray, u: float, v: float, out: np.ndarray) -> None:
    """Bilinear sample of the slopes of cloth, which repeat."""
    size = folds.shape[0]
    x, y = (u - math.floor(u)) * size, (v - math.floor(v)) * size
    i0, j0 = int(x) % size, int(y) % size
    fx, fy = x - math.floor(x), y - math.floor(y)
    i1, j1 = (i0 + 1) % size, (j0 + 1) % size
    for k in range(4):
        top = folds[j0, i0, k] * (1 - fx) + folds[j0, i1, k] * fx
        low = folds[j1, i0, k] * (1 - fx) + folds[j1, i1, k] * fx
        out[k] = top * (1 - fy) + low * fy


@njit(error_model="numpy", fastmath=True, inline="always")
def _surface(p: Pixel, g: Geometry, screen: np.ndarray, f: int, x: int, y: int, q: float) -> float:
    """A triangle's point, normal and colour at a pixel of nearness q; how open it is."""
    i, j, m = g.triangles[f]
    a, b, c = screen[i], screen[j], screen[m]
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area * a[2] / q
    v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area * b[2] / q
    w = 1 - u - v
    for k in range(3):
        p.at[k] = u * g.points[i, k] + v * g.points[j, k] + w * g.points[m, k]
        p.normal[k] = u * g.normals[i, k] + v * g.normals[j, k] + w * g.normals[m, k]
    across = u * g.uv[i, 0] + v * g.uv[j, 0] + w * g.uv[m, 0]
    down = u * g.uv[i, 1] + v * g.uv[j, 1] + w * g.uv[m, 1]
    _texel(g.textures, g.layers[f], across, down, p.colour)
    ao = u * g.openness[i] + v * g.openness[j] + w * g.openness[m]
    crease = g.rough[f, 1]
    if crease > 0:
        mx = u * g.solid[i, 0] + v * g.solid[j, 0] + w * g.solid[m, 0]
        my = u * g.solid[i, 1] + v * g.solid[j, 1] + w * g.solid[m, 1]
        mz = u * g.solid[i, 2] + v * g.solid[j, 2] + w * g.solid[m, 2]
        _fold(g.folds, 0.55 * (mx + 0.7 * mz), 0.45 * (my + 0.3 * mz), p.fold)
        for k in range(3):
            p.normal[k] += crease * p.fold[k]
        ao *= 1 + 0.5 * crease * min(p.fold[3], 1.0)
    return ao


@njit(error_model="numpy", fastmath=True, inline="always")
def _photograph(p: Pixel, b: Background, eye: np.ndarray) -> None:
    """The photograph along a ray, mirrored beyond its edges; the point is where the ray meets the ground."""
    right, down, ahead = 0.0, 0.0, 0.0
    for k in range(3):
        right += b.plate_view[0, k] * p.ray[k]
        down += b.plate_view[1, k] * p.ray[k]
        ahead += b.plate_view[2, k] * p.ray[k]
    ahead = max(ahead, 0.05)
    h, w = b.plate.shape[:2]
    x, y = b.plate_view[3, 0] * right / ahead + w / 2, b.plate_view[3, 0] * down / ahead + h / 2
    x, y = abs((x + 4 * w) % (2 * w) - w), abs((y + 4 * h) % (2 * h) - h)
    x, y = w - x, h - y
    x, y = min(max(x, 0.0), w - 1.001), min(max(y, 0.0), h - 1.001)
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    t = -eye[1] / p.ray[1] if p.ray[1] < -1e-3 else 1e3
    for k in range(3):
        top = b.plate[j, i, k] * (1 - fx) + b.plate[j, i + 1, k] * fx
        low = b.plate[j + 1, i, k] * (1 - fx) + b.plate[j + 1, i + 1, k] * fx
        e = (top * (1 - fy) + low * fy) / 255.0
        p.colour[k] = e * e * (0.3 + 0.7 * e)
        p.at[k] = eye[k] + t * p.ray[k]
        p.normal[k] = 1.0 if k == 1 else 0.0


@njit(error_model="numpy", fastmath=True, inline="always")
def _wall(p: Pixel, b: Background, textures: np.ndarray, eye: np.ndarray) -> None:
    """The side of the room that a ray meets."""
    t, wall = 1e9, 0
    for k in range(3):
        side = 2 * k + (1 if p.ray[k] > 0 else 0)
        if abs(p.ray[k]) > 1e-9:
            e = (b.room[side] - eye[k]) / p.ray[k]
            if e < t:
                t, wall = e, side
    for k in range(3):
        p.at[k] = eye[k] + t * p.ray[k]
        p.normal[k] = 0
    p.normal[wall // 2] = 1 if wall % 2 == 0 else -1
    x = p.at[2] if wall < 2 else p.at[0]
    y = p.at[2] if wall // 2 == 1 else -p.at[1]
    _texel(textures, int(b.papers[wall, 0]), x / b.papers[wall, 1] + b.papers[wall, 2], y / b.papers[wall, 1], p.colour)


@njit(error_model="numpy", fastmath=True, inline="always")
def _under_feet(p: Pixel, feet: np.ndarray) -> float:
    """Share of the light from all round that reaches the ground beside feet, less the nearer they are."""
    ao = 1.0
    for k in range(len(feet)):
        e = (p.at[0] - feet[k, 0]) ** 2 + (p.at[2] - feet[k, 2]) ** 2
        high = max(feet[k, 1], 0.0)
        r = feet[k, 3] * (1 + 3 * high)
        if e < 9 * r * r:
            ao *= 1 - 0.55 * math.exp(-e / (r * r)) / (1 + 6 * high)
    return ao


@njit(error_model="numpy", fastmath=True, inline="always")
def _shine(p: Pixel, towards: np.ndarray, size: float) -> float:
    """Blinn's highlight."""
    along, half = 0.0, 0.0
    for k in range(3):
        h = towards[k] - p.ray[k]
        along += h * p.normal[k] / size
        half += h * h
    return max(along / math.sqrt(half), 0.0) ** 24


@njit(error_model="numpy", fastmath=True, inline="always")
def _illuminate(p: Pixel, light: Lighting, solid: bool, gloss: float, ao: float, out: np.ndarray) -> None:
    """Add what a pixel sends to the camera; `solid`: it is of a thing or a body, not of the surroundings."""
    c, n = light.colours, p.normal
    size = math.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2) + 1e-9
    sun = max((n[0] * c[0, 0] + n[1] * c[0, 1] + n[2] * c[0, 2]) / size, 0.0)
    if sun > 0 and (solid or p.at[1] < 0.02):
        sun *= _lit(light, p.at[0], p.at[1], p.at[2], 0.02 + 0.03 * (1 - sun))
    up = 0.5 + 0.5 * n[1] / size
    shine = gloss * sun * _shine(p, c[0], size) if gloss * sun > 0 else 0.0
    for k in range(3):
        around = (c[2, k] * up + c[3, k] * (1 - up)) * ao
        out[k] += p.colour[k] * (c[1, k] * sun * (0.5 + 0.5 * ao) + around) + shine * c[1, k]


@njit(error_model="numpy", fastmath=True, inline="always")
def _darken(p: Pixel, light: Lighting, ao: float, out: np.ndarray) -> None:
    """Add a pixel of a photograph, with the shadows that fall on its ground."""
    c = light.colours
    dark = 1 - _lit(light, p.at[0], 0.0, p.at[2], 0.01) if p.at[1] < 0.02 else 0.0
    for k in range(3):
        sun = c[1, k] * max(c[0, 1], 0.1)
        out[k] += p.colour[k] * ao * (1 - dark * sun / (sun + c[2, k]))


@njit(cache=True, error_model="numpy", fastmath=True)
def shade(
    near: np.ndarray,
    face: np.ndarray,
    screen: np.ndarray,
    view: np.ndarray,
    lens: np.ndarray,
    geometry: Geometry,
    light: Lighting,
    background: Background,
    out: np.ndarray,
) -> None:
    """Add the light of each pixel to `out` (H, W, 3) float32; near, face, screen, view and lens as in `raster`."""
    p = Pixel(np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(4))
    eye = np.empty(3)
    for k in range(3):
        eye[k] = -(view[0, k] * view[0, 3] + view[1, k] * view[1, 3] + view[2, k] * view[2, 3])
    for y in range(near.shape[0]):
        for x in range(near.shape[1]):
            dx, dy = (x - lens[1]) / lens[0], (y - lens[2]) / lens[0]
            size = math.sqrt(dx * dx + dy * dy + 1)
            for k in range(3):
                p.ray[k] = (view[0, k] * dx + view[1, k] * dy + view[2, k]) / size
            f = face[y, x]
            if f >= 0:
                ao = _surface(p, geometry, screen, f, x, y, near[y, x])
                _illuminate(p, light, True, geometry.rough[f, 0], ao, out[y, x])
            elif len(background.plate) > 0:
                _photograph(p, background, eye)
                _darken(p, light, _under_feet(p, light.feet) if p.at[1] < 0.02 else 1.0, out[y, x])
            else:
                _wall(p, background, geometry.textures, eye)
                _illuminate(p, light, False, 0.0, _under_feet(p, light.feet) if p.at[1] < 0.02 else 1.0, out[y, x])
