"""What is lost and what is wrong: the forward-backward algorithm against enumeration, and what must always hold."""

from __future__ import annotations

import itertools
import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.propagate.hypotheses import KEPT, RIGHT, Odds, _likelihood, _transitions, kept_and_right

ODDS = Odds()


def seen(n: int, seed: int, gaps: float = 0.0):
    """Arguments of `kept_and_right` at random."""
    rng = np.random.default_rng(seed)
    apart = np.where(rng.random(n) < gaps, np.nan, rng.gamma(1.0, 0.1, n))
    variance = rng.uniform(1e-4, 0.02, n)
    return apart, variance, rng.uniform(0, 0.5, n), rng.uniform(0.05, 0.97, n)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0.05, 0.95), st.floats(0.01, 100))
def test_it_is_the_sum_over_all_ways(n: int, seed: int, first: float, last: float) -> None:
    apart, variance, lost, right = seen(n, seed, 0.3)
    likely, change = _likelihood(apart, variance, ODDS), _transitions(lost, right, ODDS)
    total, kept, fine = 0.0, np.zeros(n), np.zeros(n)
    for way in itertools.product(range(4), repeat=n):
        chance = (first, 1 - first, 0, 0)[way[0]] * (last if KEPT[way[-1]] else 1.0)
        for t in range(1, n):
            chance *= change[t, way[t - 1], way[t]] * likely[t, way[t]]
        total += chance
        kept += chance * KEPT[list(way)]
        fine += chance * RIGHT[list(way)]
    found = kept_and_right(apart, variance, lost, right, first, last, ODDS)
    assert np.allclose(found[0], kept / total) and np.allclose(found[1], fine / total)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_chances_are_chances_whatever_is_missing(n: int, seed: int, gaps: float) -> None:
    for values in kept_and_right(*seen(n, seed, gaps), 0.5, 1.0, ODDS):
        assert values.shape == (n,) and (values >= 0).all() and (values <= 1 + 1e-9).all()


def test_what_goes_another_way_than_good_readings_was_lost_and_not_before() -> None:
    apart, variance, lost, right = np.full(40, 0.02), np.full(40, 0.002), np.full(40, 0.02), np.full(40, 0.9)
    apart[20:] = 0.5
    kept, fine = kept_and_right(apart, variance, lost, right, 0.9, 1.0, ODDS)
    assert kept[:18].min() > 0.9 and kept[20:].max() < 0.2 and fine.min() > 0.8


def test_readings_that_disagree_for_a_moment_were_wrong() -> None:
    apart, variance, lost, right = np.full(40, 0.02), np.full(40, 0.002), np.full(40, 0.02), np.full(40, 0.9)
    apart[20:24] = 0.5
    kept, fine = kept_and_right(apart, variance, lost, right, 0.9, 1.0, ODDS)
    assert kept[:30].min() > 0.9 and kept.min() > 0.7 and fine[20:24].max() < 0.2 and fine[28:].min() > 0.8


def test_meeting_the_other_anchor_proves_the_way() -> None:
    apart, variance, lost, right = np.full(30, 0.5), np.full(30, 0.002), np.full(30, 0.02), np.full(30, 0.3)
    missed, _ = kept_and_right(apart, variance, lost, right, 0.5, 0.01, ODDS)
    met, fine = kept_and_right(apart, variance, lost, right, 0.5, 100.0, ODDS)
    assert met.min() > 0.8 and fine[5:].max() < 0.1 and missed[-1] < 0.2


def test_the_cost_is_linear_in_the_frames() -> None:
    def seconds(n: int) -> float:
        args, times = seen(n, 0), []
        for _ in range(3):
            began = time.process_time()
            kept_and_right(*args, 0.5, 1.0, ODDS)
            times.append(time.process_time() - began)
        return min(times)

    seconds(100)
    assert seconds(4000) < 40 * seconds(400)  # a square law would take a hundred times as long
