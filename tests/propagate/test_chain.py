"""What must hold of the most probable way, whatever the evidence."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.propagate.belief import Belief
from impose_widget.propagate.chain import Evidence, estimate

BELIEF = Belief()


def evidence(n: int = 40, seed: int = 0, anchors: tuple[int, ...] = (0, 39)) -> tuple[Evidence, np.ndarray]:
    """Noisy, drifting flow and biased readings of a random walk, and the walk (n, 2)."""
    rng = np.random.default_rng(seed)
    truth = np.cumsum(rng.normal(0, 0.02, (n, 2)), 0)
    reading = truth + rng.normal(0, 0.04, (n, 2)) + rng.normal(0, 0.03, 2)
    drift = 0.008 * rng.normal(0, 1, 2)
    step = np.diff(truth, axis=0) + drift + rng.normal(0, 0.008, (n - 1, 2))
    anchor = np.full((n, 2), np.nan)
    anchor[list(anchors)] = truth[list(anchors)]
    return Evidence(step, np.full(n - 1, 0.008), reading, np.full(n, 0.06), anchor), truth


def everywhere(e: Evidence):
    return estimate(e, np.arange(len(e.usual)), BELIEF)


def test_anchors_are_exact_and_certain() -> None:
    e, truth = evidence(anchors=(0, 17, 39))
    found = everywhere(e)
    at = [0, 17, 39]
    assert np.abs(found.xy[at] - truth[at]).max() < 1e-4 and found.deviation[at].max() < 2e-4
    assert found.influence[at].min() > 0.999


def test_together_they_are_better_than_either_alone() -> None:
    def error(e: Evidence, truth: np.ndarray) -> float:
        return float(np.linalg.norm(everywhere(e).xy - truth, axis=1).mean())

    errors = np.zeros(3)
    for seed in range(8):
        e, truth = evidence(seed=seed, anchors=(0,))
        without_flow = replace(e, step=np.full_like(e.step, np.nan))
        without_readings = replace(e, reading=np.full_like(e.reading, np.nan))
        errors += [error(e, truth), error(without_flow, truth), error(without_readings, truth)]
    assert errors[0] < errors[1] and errors[0] < errors[2]


def test_one_source_without_any_doubt_is_the_result() -> None:
    e, truth = evidence(anchors=(5,))
    sure = replace(e, reading=truth, usual=np.zeros(len(truth)))
    assert np.abs(everywhere(sure).xy - truth).max() < 1e-3
    apart = truth - truth[5] + 3  # flow that is beyond doubt decides where the readings lie otherwise
    anchor = np.full_like(truth, np.nan)
    anchor[5] = apart[5]
    calm = Belief(flow_growth=1e-6)
    told = replace(e, step=np.diff(apart, axis=0), step_deviation=np.zeros(len(apart) - 1), anchor=anchor)
    assert np.abs(estimate(told, np.arange(len(apart)), calm).xy - apart).max() < 1e-3


def test_an_anchor_where_the_estimate_is_already_changes_nothing() -> None:
    e, _ = evidence(anchors=(0, 39))
    calm = replace(e, reading=e.reading * 0 + everywhere(e).xy)  # nothing is far off, so nothing counts for less
    before = everywhere(calm)
    anchor = calm.anchor.copy()
    anchor[20] = before.xy[20]
    after = everywhere(replace(calm, anchor=anchor))
    assert np.abs(after.xy - before.xy).max() < 2e-3 and (after.deviation <= before.deviation + 1e-9).all()


def test_time_has_no_direction() -> None:
    e, _ = evidence(anchors=(3, 31))
    back = Evidence(-e.step[::-1], e.step_deviation[::-1], e.reading[::-1], e.usual[::-1], e.anchor[::-1])
    one, two = everywhere(e), everywhere(back)
    assert np.allclose(one.xy, two.xy[::-1], atol=1e-7) and np.allclose(one.deviation, two.deviation[::-1], atol=1e-7)


def test_a_gross_reading_is_left_out() -> None:
    e, truth = evidence(anchors=(0, 39))
    wrong = e.reading.copy()
    wrong[18:22] += 0.6
    clean, dirty = everywhere(e), everywhere(replace(e, reading=wrong))
    assert np.linalg.norm(dirty.xy - clean.xy, axis=1).max() < 0.08
    assert np.linalg.norm(dirty.xy - truth, axis=1).max() < 0.1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_whatever_is_missing_the_result_is_finite(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    e, _ = evidence(max(n, 2), seed, anchors=(int(rng.integers(max(n, 2))),))
    step, reading = e.step.copy(), e.reading.copy()
    step[rng.random(len(step)) < rng.random()] = np.nan
    reading[rng.random(len(reading)) < rng.random()] = np.nan
    usual = np.where(rng.random(len(e.usual)) < 0.2, 0.0, e.usual)
    found = everywhere(replace(e, step=step, reading=reading, usual=usual))
    for values in (found.xy, found.deviation, found.influence):
        assert np.isfinite(values).all()


def test_the_cost_is_linear_in_the_frames() -> None:
    def seconds(n: int) -> float:
        e, _ = evidence(n, anchors=(0, n - 1))
        times = []
        for _ in range(5):
            began = time.process_time()
            estimate(e, np.arange(n // 2, n // 2 + 10), BELIEF)
            times.append(time.process_time() - began)
        return min(times)

    seconds(100)
    assert seconds(4000) < 40 * seconds(400)  # a square law would take a hundred times as long


def test_a_single_frame_is_fine() -> None:
    e, truth = evidence(1, anchors=(0,))
    assert np.allclose(everywhere(e).xy, truth, atol=1e-3)
