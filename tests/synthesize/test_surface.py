"""Meshes are closed, face outwards, and lie on the surface they stand for."""

from __future__ import annotations

import numpy as np

from impose_widget.synthesize.rig import N
from impose_widget.synthesize.surface import Volumes, mesh_of


def volume(points: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (points[triangles[:, i]].astype(float) for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_a_ball_is_a_ball() -> None:
    ball = Volumes()
    ball.ellipsoid(4, np.array([0.1, 1.0, -0.2]), (0.2, 0.2, 0.2))
    mesh = mesh_of(ball, 0.014, N)
    out = mesh.points - np.float32([0.1, 1.0, -0.2])
    assert np.allclose(np.linalg.norm(out, axis=1), 0.2, atol=1e-3)
    assert np.allclose(mesh.normals, out / 0.2, atol=0.02)
    assert abs(volume(mesh.points, mesh.triangles) / (4 / 3 * np.pi * 0.2**3) - 1) < 0.01
    assert (mesh.bones[:, 0] == 4).all() and np.allclose(mesh.weights.sum(1), 1)


def test_a_body_part_is_closed() -> None:
    limb = Volumes()
    limb.cone(5, np.array([0.0, 1.0, 0]), np.array([0.3, 0.8, 0]), 0.06, 0.04)
    limb.cone(6, np.array([0.3, 0.8, 0]), np.array([0.5, 0.6, 0.1]), 0.04, 0.03)
    mesh = mesh_of(limb, 0.014, N)
    edges = np.concatenate([mesh.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    there, back = ({tuple(e) for e in order} for order in (edges, edges[:, ::-1]))
    assert there == back  # each edge is walked once in either direction
    assert volume(mesh.points, mesh.triangles) > 0


def test_parts_bend_into_each_other() -> None:
    limb = Volumes()
    limb.cone(5, np.array([0.0, 1.0, 0]), np.array([0.3, 1.0, 0]), 0.05, 0.05)
    limb.cone(6, np.array([0.3, 1.0, 0]), np.array([0.6, 1.0, 0]), 0.05, 0.05)
    mesh = mesh_of(limb, 0.014, N)
    share = (mesh.weights * (mesh.bones == 6)).sum(1)
    x = mesh.points[:, 0]
    assert share[x < 0.2].max() < 0.05 and share[x > 0.4].min() > 0.95
    near = share[np.abs(x - 0.3) < 0.01]
    assert 0.3 < near.mean() < 0.7
