"""Surfaces of bodies from simple volumes: distances to limbs and trunks, blended, and the mesh around them.

Source: distance functions and smooth minimum after Quilez, "Distance functions" and "Smooth minimum" (2013); the mesh
after Gibson, "Constrained elastic surface nets" (1998), without the relaxation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numba import njit

CONE, ELLIPSOID, LOFT = 0, 1, 2
WIDTH = 20  # numbers that describe a volume


@dataclass
class Volumes:
    """Volumes that melt into each other; `segment` says which part of the rig carries each.

    Attributes:
        rows: (P, 20): kind, blend in metres, then the numbers of that kind.
        segments: (P,) index into the rig.
        cuts: half-spaces (point 3, outward normal 3) that end what lies beyond them.
    """

    rows: list[list[float]] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    cuts: list[list[float]] = field(default_factory=list)

    def cone(self, segment: int, a: np.ndarray, b: np.ndarray, ra: float, rb: float, blend: float = 0.02) -> None:
        """A limb from `a` to `b` with round ends of radii `ra` and `rb`."""
        self._add(segment, [CONE, blend, *a, *b, ra, rb])

    def ellipsoid(
        self,
        segment: int,
        middle: np.ndarray,
        radii: tuple[float, float, float],
        blend: float = 0.02,
        tilt: float = 0.0,
    ) -> None:
        """An ellipsoid along the axes, turned by `tilt` degrees about x."""
        self._add(
            segment, [ELLIPSOID, blend, *middle, *radii, math.cos(math.radians(tilt)), math.sin(math.radians(tilt))]
        )

    def trunk(self, rings: list[tuple[int, tuple]], blend: float = 0.001) -> None:
        """An upright trunk through ellipses, each (segment, (y, half width, half depth, middle x, middle z)), upwards.

        The segment of a ring carries the storey above it; the outline is a Catmull-Rom curve.
        """
        shapes = [r for _, r in rings]
        ends = [_beyond(shapes[0], shapes[1]), *shapes, _beyond(shapes[-1], shapes[-2])]
        for i, (segment, ring) in enumerate(rings[:-1]):
            numbers = [v for r in ends[i : i + 4] for v in r[1:]]
            self._add(segment, [LOFT, blend, ring[0], shapes[i + 1][0], *numbers])

    def _add(self, segment: int, row: list[float]) -> None:
        self.rows.append([float(v) for v in row] + [0.0] * (WIDTH - len(row)))
        self.segments.append(segment)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Volumes (P, 20) and cuts (C, 6)."""
        return np.array(self.rows), np.array(self.cuts, float).reshape(-1, 6)


def _beyond(ring: tuple, inner: tuple) -> tuple:
    return tuple(2 * a - b for a, b in zip(ring, inner, strict=True))


@njit(cache=True, error_model="numpy")
def _curve(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


@njit(cache=True, error_model="numpy")
def _one(p: np.ndarray, x: float, y: float, z: float) -> float:
    """Distance from a point to one volume, negative inside."""
    if p[0] == 0:  # tapered limb
        bx, by, bz = p[5] - p[2], p[6] - p[3], p[7] - p[4]
        ax, ay, az = x - p[2], y - p[3], z - p[4]
        t = min(max((ax * bx + ay * by + az * bz) / (bx * bx + by * by + bz * bz + 1e-12), 0.0), 1.0)
        dx, dy, dz = ax - t * bx, ay - t * by, az - t * bz
        return math.sqrt(dx * dx + dy * dy + dz * dz) - (p[8] + t * (p[9] - p[8]))
    if p[0] == 1:  # ellipsoid
        x, y0, z0 = x - p[2], y - p[3], z - p[4]
        y, z = p[8] * y0 + p[9] * z0, p[8] * z0 - p[9] * y0
        k0 = math.sqrt((x / p[5]) ** 2 + (y / p[6]) ** 2 + (z / p[7]) ** 2)
        k1 = math.sqrt((x / p[5] ** 2) ** 2 + (y / p[6] ** 2) ** 2 + (z / p[7] ** 2) ** 2)
        return k0 * (k0 - 1.0) / (k1 + 1e-9) if k0 > 1e-6 else -min(p[5], p[6], p[7])
    t = min(max((y - p[2]) / (p[3] - p[2]), 0.0), 1.0)
    a, b = max(_curve(p[4], p[8], p[12], p[16], t), 0.01), max(_curve(p[5], p[9], p[13], p[17], t), 0.01)
    x, z = x - _curve(p[6], p[10], p[14], p[18], t), z - _curve(p[7], p[11], p[15], p[19], t)
    k0 = math.sqrt((x / a) ** 2 + (z / b) ** 2)
    k1 = math.sqrt((x / a**2) ** 2 + (z / b**2) ** 2)
    side = k0 * (k0 - 1.0) / (k1 + 1e-9) if k0 > 1e-6 else -min(a, b)
    beyond = max(p[2] - y, y - p[3]) - 0.015  # storeys reach into each other
    if side > 0 and beyond > 0:
        return math.sqrt(side * side + beyond * beyond)
    return max(side, beyond)


@njit(cache=True, error_model="numpy")
def distance(volumes: np.ndarray, cuts: np.ndarray, x: float, y: float, z: float) -> float:
    """Distance from a point to the blended surface."""
    d = 1e3
    for i in range(len(volumes)):
        e, k = _one(volumes[i], x, y, z), volumes[i, 1]
        h = max(k - abs(d - e), 0.0) / k
        d = min(d, e) - h * h * k * 0.25
    for i in range(len(cuts)):
        c = cuts[i]
        d = max(d, (x - c[0]) * c[3] + (y - c[1]) * c[4] + (z - c[2]) * c[5])
    return d


@njit(cache=True, error_model="numpy")
def _field(volumes: np.ndarray, cuts: np.ndarray, low: np.ndarray, step: float, shape: tuple) -> np.ndarray:
    """Distances at the corners of a grid; blocks that the surface does not reach hold the distance at their middle."""
    out = np.empty(shape, np.float32)
    n, half = 6, 3 * step
    reach = 1.9 * half + 0.03
    for i0 in range(0, shape[0], n):
        for j0 in range(0, shape[1], n):
            for k0 in range(0, shape[2], n):
                middle = distance(
                    volumes, cuts, low[0] + i0 * step + half, low[1] + j0 * step + half, low[2] + k0 * step + half
                )
                for i in range(i0, min(i0 + n, shape[0])):
                    for j in range(j0, min(j0 + n, shape[1])):
                        for k in range(k0, min(k0 + n, shape[2])):
                            if abs(middle) > reach:
                                out[i, j, k] = middle
                            else:
                                out[i, j, k] = distance(
                                    volumes, cuts, low[0] + i * step, low[1] + j * step, low[2] + k * step
                                )
    return out


@njit(cache=True, error_model="numpy")
def _finish(volumes: np.ndarray, cuts: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pull points onto the surface; normals (V, 3), and how open the surface is there (V,), 0 to 1."""
    normals, open_ = np.empty_like(points), np.empty(len(points), np.float32)
    h = 0.004
    for i in range(len(points)):
        x, y, z = points[i]
        d = distance(volumes, cuts, x, y, z)
        gx = distance(volumes, cuts, x + h, y, z) - distance(volumes, cuts, x - h, y, z)
        gy = distance(volumes, cuts, x, y + h, z) - distance(volumes, cuts, x, y - h, z)
        gz = distance(volumes, cuts, x, y, z + h) - distance(volumes, cuts, x, y, z - h)
        size = math.sqrt(gx * gx + gy * gy + gz * gz) + 1e-12
        gx, gy, gz = gx / size, gy / size, gz / size
        points[i, 0], points[i, 1], points[i, 2] = x - d * gx, y - d * gy, z - d * gz
        normals[i, 0], normals[i, 1], normals[i, 2] = gx, gy, gz
        x, y, z = points[i]
        shut = 0.0
        for s in (0.02, 0.05, 0.09):
            shut += max(s - distance(volumes, cuts, x + s * gx, y + s * gy, z + s * gz), 0.0) / s
        open_[i] = max(1.0 - 0.33 * shut, 0.25)
    return normals, open_


@njit(cache=True, error_model="numpy")
def _nearness(volumes: np.ndarray, points: np.ndarray, soft: float) -> np.ndarray:
    """(V, P) how much each point belongs to each volume."""
    out = np.empty((len(points), len(volumes)), np.float64)
    for i in range(len(points)):
        x, y, z = points[i]
        for p in range(len(volumes)):
            out[i, p] = _one(volumes[p], x, y, z) / (3.0 if volumes[p, 0] == 2 else 1.0)
        out[i] = np.exp((out[i].min() - out[i]) / soft)
    return out


@dataclass
class Mesh:
    """A surface in the model's pose.

    Attributes:
        points: (V, 3) float32.
        normals: (V, 3) float32, outwards.
        openness: (V,) float32, 0 in a fold to 1 in the open.
        triangles: (F, 3) int32, counter-clockwise seen from outside.
        bones: (V, 4) int32 segments that carry each point.
        weights: (V, 4) float32, sum 1.
    """

    points: np.ndarray
    normals: np.ndarray
    openness: np.ndarray
    triangles: np.ndarray
    bones: np.ndarray
    weights: np.ndarray


def mesh_of(volumes: Volumes, step: float, n_segments: int, soft: float = 0.012) -> Mesh:
    """The mesh around volumes with cells of `step` metres; `soft` metres over which parts bend into each other."""
    rows, cuts = volumes.arrays()
    low, high = _extent(rows)
    shape = tuple(int(n) for n in np.ceil((high - low) / step).astype(int) + 1)
    points, quads = _net(_field(rows, cuts, low, step, shape))
    points = np.ascontiguousarray(low + points * step)
    normals, openness = _finish(rows, cuts, points)
    triangles = np.ascontiguousarray(np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))
    near = _nearness(rows, points, soft)
    owned = np.zeros((len(points), n_segments))
    for p, segment in enumerate(volumes.segments):
        owned[:, segment] = np.maximum(owned[:, segment], near[:, p])
    bones = np.argsort(-owned, 1)[:, :4].astype(np.int32)
    weights = np.take_along_axis(owned, bones, 1)
    weights /= weights.sum(1, keepdims=True)
    return Mesh(
        points.astype(np.float32), normals.astype(np.float32), openness, triangles, bones, weights.astype(np.float32)
    )


def _extent(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lows, highs = [], []
    for r in rows:
        if r[0] == CONE:
            a, b, size = r[2:5], r[5:8], r[8:10].max()
        elif r[0] == ELLIPSOID:
            a = b = r[2:5]
            size = r[5:8].max()
        else:
            a, b = (
                np.array([min(r[10], r[14]), r[2], min(r[11], r[15])]),
                np.array([max(r[10], r[14]), r[3], max(r[11], r[15])]),
            )
            size = max(r[8], r[9], r[12], r[13]) * 1.1
        lows.append(np.minimum(a, b) - size)
        highs.append(np.maximum(a, b) + size)
    return np.min(lows, 0) - 0.03, np.max(highs, 0) + 0.03


def _net(field_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (V, 3), one in each cell that the surface crosses, and the quads (Q, 4) between, facing outwards."""
    inside = field_ < 0
    total, count = np.zeros((*(n - 1 for n in field_.shape), 3)), np.zeros(tuple(n - 1 for n in field_.shape))
    crossings = []
    for axis in range(3):
        a = np.moveaxis(field_, axis, 0)
        cross = np.argwhere(np.moveaxis(inside, axis, 0)[:-1] != np.moveaxis(inside, axis, 0)[1:])
        first, second = a[tuple(cross.T)], a[tuple((cross + [1, 0, 0]).T)]
        along = cross + (first / (first - second))[:, None] * [1, 0, 0]
        u, v = [d for d in range(3) if d != axis]
        order = np.argsort([axis, u, v])
        at, corner = along[:, order], cross[:, order]
        leaves = (first < 0) == (axis != 1)  # the ring below runs around the axis, but for y the other way
        crossings.append((corner, axis, leaves))
        for du in (0, 1):
            for dv in (0, 1):
                cell = corner.copy()
                cell[:, u] -= du
                cell[:, v] -= dv
                np.add.at(total, tuple(cell.T), at)
                np.add.at(count, tuple(cell.T), 1)
    used = count > 0
    number = np.full(used.shape, -1)
    number[used] = np.arange(used.sum())
    quads = []
    for corner, axis, leaves in crossings:
        u, v = [d for d in range(3) if d != axis]
        ring = []
        for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
            cell = corner.copy()
            cell[:, u] -= du
            cell[:, v] -= dv
            ring.append(number[tuple(cell.T)])
        quad = np.stack(ring, 1)
        quads.append(np.where(leaves[:, None], quad, quad[:, ::-1]))
    return total[used] / count[used][:, None], np.concatenate(quads).astype(np.int32)
