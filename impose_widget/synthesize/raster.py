"""Triangles to pixels: skinning, projection and a depth buffer, compiled with numba.

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

    `view` (3, 4) brings world points to right, down and forward; `lens` is focal length, middle x and y, in pixels.
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
