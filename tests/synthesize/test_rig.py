"""Bodies keep their lengths, whatever they do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.moves import along, gestures, walk_and_gesture
from impose_widget.synthesize.person import random_build
from impose_widget.synthesize.rig import HEAD, LEFT_LEG, MIRRORED, PARENT, Build, N, lowest, place, rotation


def turns(rng: np.random.Generator, n: int = 5) -> np.ndarray:
    return Rotation.random(n * N, rng).as_matrix().reshape(n, N, 3, 3)


def test_rotation_is_about_z_then_x_then_y() -> None:
    expected = Rotation.from_euler("zxy", [30, -20, 50], degrees=True).as_matrix()
    assert np.allclose(rotation(x=-20, y=50, z=30), expected)


def test_at_rest_the_body_is_as_tall_as_it_says_and_stands_on_its_soles() -> None:
    for child in (False, True):
        build = random_build(np.random.default_rng(3), child)
        rest = np.tile(np.eye(3), (1, N, 1, 1))
        world, origin = place(build, rest, build.joints[0][None])
        assert np.allclose(origin[0], build.joints)
        assert abs(lowest(build, world, origin)[0]) < 0.02
        assert abs(origin[0, HEAD, 1] + 0.2 * build.head - build.height) < 0.07 * build.height


def test_bones_keep_their_length() -> None:
    build = Build()
    _, origin = place(build, turns(np.random.default_rng(0)), np.zeros((5, 3)))
    for j in range(1, N):
        if PARENT[j] == 2 and j != 3:
            continue  # shoulders rise with the arms
        length = np.linalg.norm(build.joints[j] - build.joints[PARENT[j]])
        assert np.allclose(np.linalg.norm(origin[:, j] - origin[:, PARENT[j]], axis=1), length)


def test_a_mirrored_motion_puts_the_left_hand_where_the_right_hand_was() -> None:
    motion = Motion(turns(np.random.default_rng(1)), np.random.default_rng(2).normal(size=(5, 3)), 30.0)
    build = Build()
    _, origin = place(build, motion.turns, motion.root)
    _, other = place(build, motion.mirrored().turns, motion.mirrored().root)
    assert np.allclose(other[:, list(MIRRORED)] * [-1, 1, 1], origin)
    twice = motion.mirrored().mirrored()
    assert np.allclose(twice.turns, motion.turns) and np.allclose(twice.root, motion.root)


@pytest.mark.parametrize("how", ["walk", "run"])
def test_a_walk_follows_its_path_facing_ahead(how: str) -> None:
    motion = along(np.array([(0, 0), (3, 0), (3, 3)]), 3.0, how, np.random.default_rng(0), 0.9)
    way = motion.root[:, [0, 2]] * 0.9
    assert np.allclose(way[[0, -1]], [(0, 0), (3, 3)], atol=0.02)
    step = np.diff(way, axis=0)
    ahead = motion.turns[:-1, 0, :, 2][:, [0, 2]]
    cosine = (step * ahead).sum(1) / np.linalg.norm(step, axis=1) / np.linalg.norm(ahead, axis=1)
    assert cosine.min() > 0.9


def test_feet_hardly_slide_in_a_walk() -> None:
    """The lower foot moves much less over the ground than the body does."""
    build = Build()
    leg = build.joints[LEFT_LEG, 1]
    motion = along(np.array([(0, 0), (0, 6.0)]), 5.0, "walk", np.random.default_rng(4), leg)
    _, origin = place(build, motion.turns, motion.root * leg)
    feet = origin[:, [LEFT_LEG + 2, LEFT_LEG + 5]]
    lower = feet[..., 1].argmin(1)
    speed = np.abs(np.diff(feet[..., 2], axis=0))[np.arange(len(feet) - 1), lower[1:]]
    body = np.abs(np.diff(origin[:, 0, 2]))
    assert np.median(speed) < 0.45 * np.median(body)


def test_warping_mixing_and_cutting_keep_rotations_rotations() -> None:
    rng = np.random.default_rng(7)
    base = along(np.array([(0, 0), (0, 2.0)]), 2.0, "walk", rng)
    for motion in (base.warped(1.7), walk_and_gesture(base, rng), base.cut(10, 30), gestures(2.0, rng)):
        identity = motion.turns @ np.swapaxes(motion.turns, -1, -2)
        assert np.allclose(identity, np.eye(3), atol=1e-6)
        assert np.isfinite(motion.root).all()
    assert abs(base.warped(2.0).seconds - base.seconds / 2) < 0.1
    cut = base.cut(10, 30)
    assert np.allclose(cut.root[0, [0, 2]], 0) and cut.turns[0, 0, 2, 2] > 0.99
