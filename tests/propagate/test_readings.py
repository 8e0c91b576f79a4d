"""Readings over time: gaps that are closed, gaps that are not, and smoothing that does not bend the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impose_widget.propagate.interpolate import interpolate
from impose_widget.propagate.readings import GAP_SCORE, fill_gaps, smooth_readings


def line(n, keypoints=3):
    t = np.arange(n)[:, None]
    return (
        np.stack([5 + 2.5 * t + 0 * np.arange(keypoints), 80 - t + 7 * np.arange(keypoints), 0.8 + 0 * t], -1)
        if (keypoints == 1)
        else np.stack(
            [5 + 2.5 * t + np.arange(keypoints), 80 - t + 7 * np.arange(keypoints), np.full((n, keypoints), 0.8)], -1
        )
    )


@given(st.integers(0, 6), st.integers(1, 6))
def test_gaps_are_filled_up_to_their_limit_and_no_further(gap, limit):
    truth = line(20)
    missing = truth.copy()
    missing[7 : 7 + gap] = np.nan
    filled = fill_gaps(missing, max_gap=limit)
    if gap <= limit:
        assert np.allclose(filled[..., :2], truth[..., :2])
        assert (filled[7 : 7 + gap, :, 2] == GAP_SCORE).all()
    else:
        assert np.array_equal(filled, missing, equal_nan=True)


def test_the_ends_are_not_invented():
    missing = line(12)
    missing[:3], missing[9:] = np.nan, np.nan
    assert np.array_equal(fill_gaps(missing), missing, equal_nan=True)


def test_nothing_known_stays_unknown():
    assert np.isnan(smooth_readings(fill_gaps(np.full((9, 2, 3), np.nan)))).all()


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_a_straight_line_is_not_bent(n, seed):
    readings = line(n)
    rng = np.random.default_rng(seed)
    readings[..., 2] = rng.uniform(0, 1, readings.shape[:2])
    readings[rng.random(n) < 0.2] = np.nan
    smooth = smooth_readings(readings)
    assert np.allclose(smooth, readings, atol=1e-6, equal_nan=True)


def test_jitter_becomes_less():
    rng = np.random.default_rng(0)
    truth = line(200)
    noisy = truth.copy()
    noisy[..., :2] += rng.normal(0, 2, noisy[..., :2].shape)
    assert np.abs(smooth_readings(noisy) - truth).mean() < 0.75 * np.abs(noisy - truth).mean()


def test_a_weak_reading_pulls_less():
    readings = line(11)
    readings[5, :, 0] += 30
    strong = smooth_readings(readings)[5, 0, 0]
    readings[5, :, 2] = 0.05
    weak = smooth_readings(readings)[5, 0, 0]
    truth = line(11)[5, 0, 0]
    assert abs(weak - truth) < 1 < 8 < abs(strong - truth)


def test_interpolation_is_straight_and_within_its_limits():
    truth = line(20)[..., :2]
    known = np.zeros((20, 3), bool)
    known[[2, 8, 10]] = True
    known[19, 0] = True
    xy, write = interpolate(np.where(known[..., None], truth, -999), known, 4, 15, max_gap=5)
    assert write[[4, 5, 6, 7, 9]].all()
    assert not write[[0, 1, 2, 3, 8, 10]].any() and not write[11:].any()
    assert np.allclose(xy[write], truth[write])


@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_interpolation_writes_only_finite_and_only_between(seed, max_gap):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    xy, known = rng.normal(100, 50, (n, 4, 2)), rng.random((n, 4)) < 0.3
    xy[rng.random((n, 4)) < 0.1] = np.nan
    out, write = interpolate(xy, known, 0, n - 1, max_gap)
    assert np.isfinite(out[write]).all()
    sound = known & np.isfinite(xy).all(-1)
    assert not (write & sound).any()
    for frame, keypoint in np.argwhere(write):
        at = np.flatnonzero(sound[:, keypoint])
        before, after = at[at < frame].max(), at[at > frame].min()
        assert after - before - 1 <= max_gap


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="Expected positions"):
        interpolate(np.zeros((5, 3, 2)), np.zeros((4, 3), bool), 0, 4)
