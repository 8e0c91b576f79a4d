"""The point tracker: what it follows, what it remembers, and that loading it is cheap."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.optical_flow import point_motion, window_of
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


def test_longer_later_is_the_same_as_at_once():
    frames, truth = clip(np.array([60, 80]) + np.arange(20)[:, None] * (2, 0))
    once, twice = LucasKanade(), LucasKanade()
    tracks = []
    for tracker, steps in ((once, (20,)), (twice, (4, 5, 20))):
        tracker.watch(frames)
        track = tracker.track(0, truth[0, 0], 1, 15)
        for length in steps:
            tracker.extend([track], [length], nobody)
        tracks.append(np.array(track.xy))
    assert np.array_equal(*tracks)
    assert once.track(0, truth[0, 0], 1, 15) is once.track(0, truth[0, 0], 1, 15)


def test_another_video_forgets_and_memory_is_bounded():
    frames, truth = clip(np.array([60, 80]) + np.arange(5)[:, None] * (2, 0))
    tracker = LucasKanade(memory=3)
    tracker.watch(frames)
    first = tracker.track(0, truth[0, 0], 1, 15)
    for k in range(1, 4):
        tracker.track(0, truth[0, k], 1, 15)
    assert tracker.track(0, truth[0, 0], 1, 15) is not first
    kept = tracker.track(0, truth[0, 3], 1, 15)
    tracker.watch(frames.copy())
    assert tracker.track(0, truth[0, 3], 1, 15) is not kept


def test_a_remembered_track_is_forgotten_when_its_body_says_otherwise():
    frames = np.stack([np.repeat(texture(80, 100, s)[..., None], 3, -1) for s in range(6)])  # nothing can be followed
    tracker = LucasKanade()
    tracker.watch(frames)
    track = tracker.track(0, np.array([50.0, 40.0]), 1, 15)
    tracker.extend([track], [6], lambda i, a, b: np.array([1.0, 0.0]))
    assert track.told and len(track) == 6
    tracker.verify(track, lambda a, b: np.array([1.0, 0.0]))
    assert len(track) == 6
    tracker.verify(track, lambda a, b: np.array([2.0, 0.0]))
    assert len(track) == 1 and not track.told
