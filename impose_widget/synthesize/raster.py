"""Triangles to pixels: skinning, projection, a depth buffer and shading, compiled with numba.

A software rasteriser needs no graphics driver, and one machine draws the same pixels every time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

NEAR = 0.1  # metres; triangles that come nearer to the camera are left out


@njit(cache=True, error_model="numpy", fastmath=True)
def skin(
    points: np.ndarray,
    normals: np.ndarray,
    bones: np.ndarray,
    weights: np.ndarray,
    moves: np.ndarray,
    out_points: np.ndarray,
    out_normals: np.ndarray,
) -> None:
    """Linear blend skinning: points and normals (V, 3) moved by `moves` (N, 3, 4) into the last two arrays."""
    m = np.empty((3, 4))
    for i in range(len(points)):
        m[:] = 0
        for b in range(4):
            w = weights[i, b]
            if w > 0:
                m += w * moves[bones[i, b]]
        x, y, z = points[i]
        nx, ny, nz = normals[i]
        for a in range(3):
            out_points[i, a] = m[a, 0] * x + m[a, 1] * y + m[a, 2] * z + m[a, 3]
            out_normals[i, a] = m[a, 0] * nx + m[a, 1] * ny + m[a, 2] * nz


@njit(cache=True, error_model="numpy", fastmath=True)
def project(points: np.ndarray, view: np.ndarray, lens: np.ndarray, flat: bool) -> np.ndarray:
    """(V, 3) pixel x, pixel y and nearness: 1 / depth, or minus depth with parallel light (`flat`); -1e9 is behind.

    `view` (3, 4) brings world points to right, down and forward; `lens` is (focal length, middle x, middle y) in pixels.
    """
    out = np.empty((len(points), 3), np.float32)
    for i in range(len(points)):
        x, y, z = points[i]
        a = view[0, 0] * x + view[0, 1] * y + view[0, 2] * z + view[0, 3]
        b = view[1, 0] * x + view[1, 1] * y + view[1, 2] * z + view[1, 3]
        c = view[2, 0] * x + view[2, 1] * y + view[2, 2] * z + view[2, 3]
        if flat:
            out[i, 0], out[i, 1], out[i, 2] = lens[0] * a + lens[1], lens[0] * b + lens[2], -c
        elif c < NEAR:
            out[i, 0], out[i, 1], out[i, 2] = 0, 0, -1e9
        else:
            out[i, 0], out[i, 1], out[i, 2] = lens[0] * a / c + lens[1], lens[0] * b / c + lens[2], 1 / c
    return out


@njit(cache=True, error_model="numpy", fastmath=True)
def rasterise(screen: np.ndarray, triangles: np.ndarray, near: np.ndarray, face: np.ndarray) -> None:
    """Draw triangles: `near` (H, W) keeps the greatest nearness, `face` (H, W) whose triangle it is."""
    height, width = near.shape
    for f in range(len(triangles)):
        a, b, c = screen[triangles[f, 0]], screen[triangles[f, 1]], screen[triangles[f, 2]]
        if a[2] < -1e8 or b[2] < -1e8 or c[2] < -1e8:
            continue
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area >= -1e-9:  # seen from behind: pixels count downwards, so outsides turn the other way
            continue
        x0, x1 = max(math.ceil(min(a[0], b[0], c[0])), 0), min(math.floor(max(a[0], b[0], c[0])), width - 1)
        y0, y1 = max(math.ceil(min(a[1], b[1], c[1])), 0), min(math.floor(max(a[1], b[1], c[1])), height - 1)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
                v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
                w = 1 - u - v
                if u >= -1e-6 and v >= -1e-6 and w >= -1e-6:
                    q = u * a[2] + v * b[2] + w * c[2]
                    if q > near[y, x]:
                        near[y, x], face[y, x] = q, f


@njit(cache=True, error_model="numpy", fastmath=True)
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


@njit(cache=True, error_model="numpy", fastmath=True)
def _lit(shadow: np.ndarray, view: np.ndarray, lens: np.ndarray, x: float, y: float, z: float, bias: float) -> float:
    """Share of the sun that reaches a point, by the light's depth map."""
    a = view[0, 0] * x + view[0, 1] * y + view[0, 2] * z + view[0, 3]
    b = view[1, 0] * x + view[1, 1] * y + view[1, 2] * z + view[1, 3]
    c = -(view[2, 0] * x + view[2, 1] * y + view[2, 2] * z + view[2, 3])
    px, py = lens[0] * a + lens[1], lens[0] * b + lens[2]
    x0, y0 = int(math.floor(px)), int(math.floor(py))
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


@njit(cache=True, error_model="numpy", fastmath=True)
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


@njit(cache=True, error_model="numpy", fastmath=True)
def shade(
    near: np.ndarray,
    face: np.ndarray,
    screen: np.ndarray,
    points: np.ndarray,
    normals: np.ndarray,
    uv: np.ndarray,
    solid: np.ndarray,
    openness: np.ndarray,
    triangles: np.ndarray,
    layers: np.ndarray,
    rough: np.ndarray,
    textures: np.ndarray,
    folds: np.ndarray,
    view: np.ndarray,
    lens: np.ndarray,
    shadow: np.ndarray,
    sun_view: np.ndarray,
    sun_lens: np.ndarray,
    light: np.ndarray,
    feet: np.ndarray,
    room: np.ndarray,
    room_layers: np.ndarray,
    plate: np.ndarray,
    plate_view: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add the light of each pixel to `out` (H, W, 3) float32.

    `light` (4, 3): direction to the sun, its colour, the sky's and the ground's. `solid` (V, 3)
    is where a point lies in the model, for noise that moves with the cloth. `rough` (F, 2): gloss and wrinkles of each
    triangle; `folds` (S, S, 4) how wrinkles turn the normal, and their height. `room` (6): the inside of a box, low and high x, y, z, that `room_layers` (6, 3: layer, metres a repeat,
    offset) paper; `plate` (h, w, 3) uint8 is a photograph around everything instead, if it is not empty, seen along
    `plate_view` (4, 3: right, down, forward; focal length in its pixels). `feet` (M, 4): points and radii that darken
    the ground beneath.
    """
    height, width = near.shape
    colour, ray, n, at, model = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    eye, slope = np.empty(3), np.empty(4)
    for k in range(3):
        eye[k] = -(view[0, k] * view[0, 3] + view[1, k] * view[1, 3] + view[2, k] * view[2, 3])
    for py in range(height):
        for px in range(width):
            dx, dy = (px - lens[1]) / lens[0], (py - lens[2]) / lens[0]
            size = math.sqrt(dx * dx + dy * dy + 1)
            for k in range(3):
                ray[k] = (view[0, k] * dx + view[1, k] * dy + view[2, k]) / size
            f = face[py, px]
            gloss, ao, flat = 0.0, 1.0, False
            if f >= 0:
                i, j, m = triangles[f]
                a, b, c = screen[i], screen[j], screen[m]
                area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
                u = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area
                v = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area
                q = near[py, px]
                u, v = u * a[2] / q, v * b[2] / q
                w = 1 - u - v
                for k in range(3):
                    at[k] = u * points[i, k] + v * points[j, k] + w * points[m, k]
                    n[k] = u * normals[i, k] + v * normals[j, k] + w * normals[m, k]
                    model[k] = u * solid[i, k] + v * solid[j, k] + w * solid[m, k]
                ao = u * openness[i] + v * openness[j] + w * openness[m]
                _texel(
                    textures,
                    layers[f],
                    u * uv[i, 0] + v * uv[j, 0] + w * uv[m, 0],
                    u * uv[i, 1] + v * uv[j, 1] + w * uv[m, 1],
                    colour,
                )
                gloss, crease = rough[f, 0], rough[f, 1]
                if crease > 0:
                    _fold(folds, 0.55 * (model[0] + 0.7 * model[2]), 0.45 * (model[1] + 0.3 * model[2]), slope)
                    for k in range(3):
                        n[k] += crease * slope[k]
                    ao *= 1 + 0.5 * crease * min(slope[3], 1.0)
            elif len(plate) > 0:
                flat = True
                a0 = plate_view[0, 0] * ray[0] + plate_view[0, 1] * ray[1] + plate_view[0, 2] * ray[2]
                b0 = plate_view[1, 0] * ray[0] + plate_view[1, 1] * ray[1] + plate_view[1, 2] * ray[2]
                c0 = max(plate_view[2, 0] * ray[0] + plate_view[2, 1] * ray[1] + plate_view[2, 2] * ray[2], 0.05)
                ph, pw = plate.shape[:2]
                x, y = plate_view[3, 0] * a0 / c0 + pw / 2, plate_view[3, 0] * b0 / c0 + ph / 2
                x, y = abs((x + 4 * pw) % (2 * pw) - pw), abs((y + 4 * ph) % (2 * ph) - ph)  # mirrored tiles
                x, y = min(max(x, 0.0), pw - 1.001), min(max(y, 0.0), ph - 1.001)
                i0, j0 = int(x), int(y)
                fx, fy = x - i0, y - j0
                for k in range(3):
                    top = plate[j0, i0, k] * (1 - fx) + plate[j0, i0 + 1, k] * fx
                    low = plate[j0 + 1, i0, k] * (1 - fx) + plate[j0 + 1, i0 + 1, k] * fx
                    e = (top * (1 - fy) + low * fy) / 255.0
                    colour[k] = e * e * (0.3 + 0.7 * e)
                n[0], n[1], n[2] = 0, 1, 0
                t = -eye[1] / ray[1] if ray[1] < -1e-3 else 1e3
                for k in range(3):
                    at[k] = eye[k] + t * ray[k]
            else:
                t, wall = 1e9, 0
                for k in range(3):
                    if abs(ray[k]) > 1e-9:
                        e = (room[2 * k + (1 if ray[k] > 0 else 0)] - eye[k]) / ray[k]
                        if e < t:
                            t, wall = e, 2 * k + (1 if ray[k] > 0 else 0)
                for k in range(3):
                    at[k] = eye[k] + t * ray[k]
                    n[k] = 0
                n[wall // 2] = 1 if wall % 2 == 0 else -1
                tile, shift = room_layers[wall, 1], room_layers[wall, 2]
                x = at[2] if wall < 2 else at[0]
                y = at[2] if wall // 2 == 1 else -at[1]
                _texel(textures, int(room_layers[wall, 0]), x / tile + shift, y / tile, colour)
            ground = f < 0 and at[1] < 0.02
            if ground:
                for k in range(len(feet)):
                    e = (at[0] - feet[k, 0]) ** 2 + (at[2] - feet[k, 2]) ** 2
                    r = feet[k, 3] * (1 + 3 * max(feet[k, 1], 0.0))
                    ao *= 1 - 0.55 * math.exp(-e / (r * r)) / (1 + 6 * max(feet[k, 1], 0.0))
            size = math.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2) + 1e-9
            facing = (n[0] * light[0, 0] + n[1] * light[0, 1] + n[2] * light[0, 2]) / size
            sun = 0.0
            if flat:
                if ground:
                    sun = 1 - _lit(shadow, sun_view, sun_lens, at[0], 0.0, at[2], 0.01)
                    for k in range(3):
                        share = light[1, k] * max(light[0, 1], 0.1) / (light[1, k] * max(light[0, 1], 0.1) + light[2, k])
                        out[py, px, k] += colour[k] * ao * (1 - share * sun)
                else:
                    for k in range(3):
                        out[py, px, k] += colour[k]
                continue
            if facing > 0 and (f >= 0 or ground):
                sun = facing * _lit(shadow, sun_view, sun_lens, at[0], at[1], at[2], 0.02 + 0.03 * (1 - facing))
            elif f < 0:
                sun = max(facing, 0.0)
            up = 0.5 + 0.5 * n[1] / size
            shine = 0.0
            if gloss > 0 and sun > 0:
                e = 0.0
                hsize = 0.0
                for k in range(3):
                    hk = light[0, k] - ray[k]
                    e += hk * n[k] / size
                    hsize += hk * hk
                e = max(e / math.sqrt(hsize), 0.0)
                shine = gloss * sun * e**24
            for k in range(3):
                amb = (light[2, k] * up + light[3, k] * (1 - up)) * ao
                out[py, px, k] += colour[k] * (light[1, k] * sun * (0.5 + 0.5 * ao) + amb) + shine * light[1, k]
