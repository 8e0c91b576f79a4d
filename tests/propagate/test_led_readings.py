"""Readings beside keypoints that somebody placed move along with them, and nothing else does."""

from __future__ import annotations

import numpy as np

from impose_widget.propagate.readings import led_by

READ = np.array([[[10.0, 10], [16, 10], [30, 20], [60, 110]]])
NOBODY = np.full(READ.shape, np.nan)


def test_readings_near_a_placed_keypoint_move_as_it_does_and_far_ones_less() -> None:
    placed = NOBODY.copy()
    placed[0, 0] = READ[0, 0] + (2, -1)
    moved = led_by(READ, placed) - READ
    assert 1 < moved[0, 1, 0] < 2 and -1 < moved[0, 1, 1] < -0.5
    assert 0 <= moved[0, 3, 0] < moved[0, 2, 0] < moved[0, 1, 0]


def test_without_a_placed_keypoint_and_far_from_any_they_stay() -> None:
    assert np.array_equal(led_by(READ, NOBODY), READ)
    unread = READ.copy()
    unread[0, 1] = np.nan
    placed = NOBODY.copy()
    placed[0, 1] = 25, 12  # nobody knows by how much it differs
    assert np.array_equal(led_by(unread, placed), unread, equal_nan=True)


def test_a_difference_as_large_as_the_person_leads_nobody_far() -> None:
    placed = NOBODY.copy()
    placed[0, 0] = READ[0, 0] + (100, 0)
    assert np.abs(led_by(READ, placed) - READ).max() < 5


def test_a_whole_person_beside_its_readings_is_met() -> None:
    placed = READ + (3, 2)
    moved = led_by(READ, placed)
    assert np.all((moved > READ) & (moved < placed))
