"""Pixels are covered as OpenCV covers them, and the nearer surface wins."""

from __future__ import annotations

import cv2
import numpy as np

from impose_widget.synthesize.raster import project, rasterise, skin


def drawn(screen: np.ndarray, triangles: np.ndarray, size: tuple[int, int] = (60, 80)) -> tuple[np.ndarray, np.ndarray]:
    near, face = np.zeros(size, np.float32), np.full(size, -1, np.int32)
    rasterise(np.asarray(screen, np.float32), np.asarray(triangles, np.int32), near, face)
    return near, face


def test_triangles_cover_what_they_should() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        xy = rng.uniform(-10, 85, (3, 2)).astype(np.float32)
        first, second, third = xy
        if np.cross(np.append(second - first, 0), np.append(third - first, 0))[2] > 0:
            xy = xy[::-1]
        _, face = drawn(np.concatenate([xy, np.ones((3, 1))], 1), [[0, 1, 2]])
        y, x = np.mgrid[:60, :80]
        pixels = zip(x.ravel().astype(float), y.ravel().astype(float), strict=True)
        inside = np.array([cv2.pointPolygonTest(xy, p, True) for p in pixels]).reshape(60, 80)
        sure = np.abs(inside) > 1e-3
        assert ((face >= 0) == (inside > 0))[sure].all()


def test_a_triangle_seen_from_behind_is_not_drawn() -> None:
    corners = np.array([[10, 10, 1], [10, 50, 1], [60, 10, 1]], float)
    assert (drawn(corners, [[0, 1, 2]])[1] >= 0).any()
    assert (drawn(corners, [[0, 2, 1]])[1] < 0).all()


def test_the_nearer_one_hides_the_other_in_either_order() -> None:
    far = np.array([[5, 5, 0.2], [5, 55, 0.2], [75, 5, 0.2]])
    close = np.array([[5, 5, 0.5], [5, 30, 0.5], [40, 5, 0.5]])
    for order in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        near, face = drawn(np.concatenate([far, close]), order)
        assert (near[face >= 0] > 0).all() and abs(near[10, 10] - 0.5) < 1e-6 and abs(near[30, 30] - 0.2) < 1e-6


def test_projection_is_a_pinhole() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 1, (50, 3)).astype(np.float32) + np.float32([0, 0, 5])
    view = np.concatenate([np.eye(3), np.zeros((3, 1))], 1)
    out = project(points, view, np.array([100.0, 39.5, 29.5]), False)
    camera = np.array([[100, 0, 39.5], [0, 100, 29.5], [0, 0, 1]])
    expected, _ = cv2.projectPoints(points.astype(float), np.zeros(3), np.zeros(3), camera, None)
    assert np.allclose(out[:, :2], expected[:, 0], atol=1e-3) and np.allclose(out[:, 2], 1 / points[:, 2])
    assert (project(-points, view, np.array([100.0, 39.5, 29.5]), False)[:, 2] < -1e8).all()


def test_skin_follows_one_bone_rigidly_and_two_by_their_shares() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(4, 3)).astype(np.float32)
    moves = rng.normal(size=(3, 3, 4))
    bones = np.array([[0, 1, 2, 0]] * 4, np.int32)
    weights = np.float32([[1, 0, 0, 0], [0, 1, 0, 0], [0.25, 0.75, 0, 0], [0, 0, 1, 0]])
    out, normals = np.empty_like(points), np.empty_like(points)
    skin(points, points, bones, weights, moves, out, normals)
    each = np.einsum("nab,vb->vna", moves[..., :3], points) + moves[..., 3]
    assert np.allclose(out, np.einsum("vn,vna->va", weights[:, :3], each), atol=1e-5)
