"""The point tracker: what it follows, what it remembers, and that loading it is cheap."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from impose_widget.propagate import lucas_kanade
from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.optical_flow import point_motion, window_of
from impose_widget.propagate.track import Track
from tests.propagate.scene import clip, texture


def nobody(index, a, b):
    return None


def test_the_package_part_loads_without_opencv():
    code = "import sys, impose_widget.propagate.fusion; sys.exit('cv2' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sub_pixel_motion_of_an_image():
    import cv2

    first = texture(120, 160, 3)
    second = cv2.warpAffine(first, np.array([[1, 0, 2.4], [0, 1, -1.3]]), (160, 120), borderMode=cv2.BORDER_REFLECT)
    points = np.random.default_rng(0).uniform(30, 90, (20, 2))
    motion, trust = point_motion(first, second, points, 15)
    assert np.abs(motion - (2.4, -1.3)).max() < 0.1
    assert (trust > 0.5).all()


def test_a_point_of_another_picture_is_lost():
    points = np.random.default_rng(0).uniform(30, 90, (30, 2))
    _, trust = point_motion(texture(120, 160, 3), texture(120, 160, 4), points, 15)
    assert (trust == 0).mean() > 0.5


def test_a_point_far_outside_is_lost_and_finite():
    image = texture(120, 160, 3)
    motion, trust = point_motion(image, image, np.array([[-500.0, 60.0], [80.0, 900.0]]), 15)
    assert np.isfinite(motion).all() and (trust == 0).all()


def test_windows_grow_with_the_person():
    assert [window_of(s) for s in (5, 60, 100, 1000)] == [11, 11, 21, 31]


def followed(tracker, frames, point, lengths=(20,), fallback=nobody):
    """Where a point of frame 0 went (T, 2)."""
    tracker.watch(frames)
    track = Track(0, 1, 15, [np.array(point, np.float64)])
    for length in lengths:
        tracker.extend([track], [length], fallback)
    return np.array(track.xy)


@pytest.fixture
def measured(monkeypatch):
    """How many points were looked for in an image, call by call."""
    counts = []

    def counted(first, second, points, window):
        counts.append(len(points))
        return point_motion(first, second, points, window)

    monkeypatch.setattr(lucas_kanade, "point_motion", counted)
    return counts


def test_longer_later_is_the_same_as_at_once():
    frames, truth = clip(np.array([60, 80]) + np.arange(20)[:, None] * (2, 0))
    at_once = followed(LucasKanade(), frames, truth[0, 0])
    assert np.array_equal(at_once, followed(LucasKanade(), frames, truth[0, 0], (4, 5, 20)))


def test_what_was_measured_is_not_measured_again(measured):
    frames, truth = clip(np.array([60, 80]) + np.arange(8)[:, None] * (2, 0))
    tracker = LucasKanade()
    first = followed(tracker, frames, truth[0, 0], (8,))
    assert sum(measured) == 7
    assert np.array_equal(first, followed(tracker, frames, truth[0, 0], (8,)))
    assert sum(measured) == 7
    tracker.watch(frames.copy())
    followed(tracker, frames.copy(), truth[0, 0], (8,))
    assert sum(measured) == 14


def test_memory_is_bounded_and_what_is_forgotten_is_measured_again(measured):
    frames, truth = clip(np.array([60, 80]) + np.arange(8)[:, None] * (2, 0))
    tracker = LucasKanade(memory=3)
    first = followed(tracker, frames, truth[0, 0], (8,))
    assert len(tracker._steps) == 3
    assert np.array_equal(first, followed(tracker, frames, truth[0, 0], (8,)))
    assert sum(measured) == 14


def test_what_was_followed_before_with_another_body_does_not_matter():
    frames = np.stack([np.repeat(texture(80, 100, s)[..., None], 3, -1) for s in range(6)])  # nothing can be followed
    right, left = (lambda i, a, b: np.array([1.0, 0.0])), (lambda i, a, b: np.array([-1.0, 0.0]))
    tracker = LucasKanade()
    before = followed(tracker, frames, (50, 40), (6,), right)
    for body in (left, nobody):
        fresh = followed(LucasKanade(), frames, (50, 40), (6,), body)
        assert np.array_equal(followed(tracker, frames, (50, 40), (6,), body), fresh)
    assert np.array_equal(followed(tracker, frames, (50, 40), (6,), right), before)


def test_points_next_to_each_other_are_remembered_apart():
    frames, truth = clip(np.array([60, 80]) + np.arange(8)[:, None] * (2, 0))
    tracker = LucasKanade()
    for shift in ((0, 0), (0.2, 0.1), (0, 3), (3, 0)):
        point = truth[0, 0] + shift
        assert np.array_equal(followed(tracker, frames, point, (8,)), followed(LucasKanade(), frames, point, (8,)))
