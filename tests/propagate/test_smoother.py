"""What must hold of the smoother: on given flow and readings, so that the right answer is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.propagate.belief import Belief
from impose_widget.propagate.body import Body
from impose_widget.propagate.hypotheses import Odds
from impose_widget.propagate.smoother import SmoothStretch
from impose_widget.propagate.track import Track
from tests.propagate.scene import BODY, SKELETON, carry

N = 41


class Given:
    """Takes every point along given motions (T - 1, 2), exactly reversed backwards, with given trust (T - 1,)."""

    def __init__(self, steps: np.ndarray, trust: np.ndarray | None = None) -> None:
        self.steps = steps
        self.trust = np.full(len(steps), 0.99) if trust is None else trust

    def follow(self, track: Track) -> None:
        while 0 <= track.head + track.direction <= len(self.steps):
            at = track.head if track.direction > 0 else track.head - 1
            track.add(track.direction * self.steps[at], float(self.trust[at]), True, alone=True)


def walk(n: int = N, seed: int = 0) -> np.ndarray:
    """(n, 2) places of a keypoint, in pixels."""
    return 100 + np.cumsum(np.random.default_rng(seed).normal(0, 1.5, (n, 2)), 0)


def stretch(truth, read, score, left, right, flow=None, belief=None, kind=SmoothStretch) -> SmoothStretch:
    """The first keypoint between two anchors at the truth; the rest of the body moves with it."""
    n = len(truth)
    body = truth[:, None] + BODY - BODY[0]
    reading = np.concatenate([body, np.full((n, len(BODY), 1), 0.8)], -1)
    reading[:, 0] = np.concatenate([read, score[:, None]], 1)
    anchor = np.zeros((n, len(BODY)), bool)
    for row in (left, right):
        if row is not None:
            anchor[row, 0] = True
    ends = tuple(row for row in (left, right) if row is not None)
    person = Body(carry(body, anchor, ends, reading), SKELETON, 0)
    # What a person is carried with is calmed; here the readings are to be as given.
    person.readings[:, 0], person.has[:, 0] = read, np.isfinite(read).all(-1)
    person.read_score[:, 0] = np.where(person.has[:, 0], score, 0)
    some = kind(person, 0, left, right, belief or Belief())
    for track in some.tracks.values():
        (flow or Given(np.diff(truth, axis=0))).follow(track)
    return some


def noisy(seed: int = 0, n: int = N) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, readings with errors, and scores."""
    rng = np.random.default_rng(seed)
    truth = walk(n, seed)
    return truth, truth + rng.normal(0, 2, (n, 2)) + rng.normal(0, 1.5, 2), rng.uniform(0.3, 0.9, n)


def inside(some: SmoothStretch) -> np.ndarray:
    return some.covers(np.arange(len(some.body.carry.xy)))


def test_flow_without_any_doubt_is_the_result() -> None:
    truth, read, score = noisy()

    class Sure(SmoothStretch):
        odds = Odds(lost=0, lost_doubt=0, kept_start=0, kept_growth=0)

    some = stretch(truth, read, score, 0, None, kind=Sure)
    xy, deviation, _ = some.fused(inside(some))
    assert np.abs(xy - truth[1:]).max() < 0.02 and deviation.max() < 0.01


def test_readings_without_any_doubt_are_the_result() -> None:
    truth = walk()
    wrong = Given(np.diff(truth, axis=0) + 1.5)
    sure = Belief(reading_best=1e-4, reading_worst=0, reading_floor=0)
    some = stretch(truth, truth, np.full(N, 0.95), 5, None, wrong, sure)
    rows = inside(some)
    assert np.abs(some.fused(rows)[0] - truth[rows]).max() < 0.05


def test_together_they_are_better_than_either_alone() -> None:
    errors = np.zeros(3)
    for seed in range(8):
        truth, read, score = noisy(seed)
        rng = np.random.default_rng(seed + 100)
        flow = Given(np.diff(truth, axis=0) + rng.normal(0, 0.3, (N - 1, 2)) + rng.normal(0, 0.1, 2))
        some = stretch(truth, read, score, 0, None, flow)
        rows = inside(some)
        way = np.array(some.tracks[1].xy)[rows]
        for i, xy in enumerate((some.fused(rows)[0], way, read[rows])):
            errors[i] += np.linalg.norm(xy - truth[rows], axis=1).mean()
    assert errors[0] < errors[1] and errors[0] < errors[2]


def test_a_flow_that_stays_behind_is_left_where_it_was_lost() -> None:
    truth = np.stack([100 + 3.0 * np.arange(N), np.full(N, 90.0)], 1)
    steps, trust = np.diff(truth, axis=0), np.full(N - 1, 0.99)
    steps[15:], trust[15:18] = 0, 0.9  # taken over by the wall
    some = stretch(truth, truth + 0.5, np.full(N, 0.8), 0, None, Given(steps, trust))
    rows = inside(some)
    xy, _, _ = some.fused(rows)
    assert np.linalg.norm(xy - truth[rows], axis=1)[20:].max() < 2


def test_of_two_ways_the_one_that_was_kept_decides() -> None:
    """Something passes at frame 25: each anchor's way is right on its own side of it and stays behind on the other."""
    truth = np.stack([100 + 3.0 * np.arange(N), np.full(N, 90.0)], 1)
    steps, trust = np.diff(truth, axis=0), np.full(N - 1, 0.99)
    some = stretch(truth, truth + 1.5, np.full(N, 0.5), 0, N - 1, Given(steps, trust))
    ahead = some.tracks[1]
    for step in range(25, N):  # taken over: it stands still, and looked doubtful for a moment
        ahead.xy[step] = ahead.xy[24]
        ahead.trust[step] *= 0.6
    rows = inside(some)
    assert np.linalg.norm(some.fused(rows)[0] - truth[rows], axis=1).max() < 2


def test_readings_of_somebody_else_for_a_while_are_left_out() -> None:
    truth, _, _ = noisy()
    read = truth + 0.5
    read[18:26] += 40
    some = stretch(truth, read, np.full(N, 0.6), 0, N - 1)
    rows = inside(some)
    assert np.linalg.norm(some.fused(rows)[0] - truth[rows], axis=1).max() < 3


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_forwards_and_backwards_are_the_same(seed: int, closed: bool) -> None:
    truth, read, score = noisy(seed)
    one = stretch(truth, read, score, 0, N - 1 if closed else None)
    flow = Given(np.diff(truth[::-1], axis=0))
    two = stretch(truth[::-1], read[::-1], score[::-1], 0 if closed else None, N - 1, flow)
    a, b = one.fused(inside(one)), two.fused(inside(two))
    for x, y in zip(a, b, strict=True):
        assert np.allclose(x, y[::-1], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.floats(0, 1))
def test_whatever_is_missing_the_result_is_finite(seed: int, n: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    truth, read, score = noisy(seed % 1000, n)
    read[rng.random(n) < gaps] = np.nan
    score[rng.random(n) < 0.2] = 0.0
    trust = rng.uniform(0, 1, n - 1) * (rng.random(n - 1) < 0.9)
    left = int(rng.integers(0, n - 1))
    right = None if rng.random() < 0.5 else int(rng.integers(left + 1, n))
    some = stretch(truth, read, score, left, right, Given(np.diff(truth, axis=0) + rng.normal(0, 3, 2), trust))
    rows = inside(some)
    if len(rows):
        xy, deviation, says = some.fused(rows)
        assert np.isfinite(xy).all() and np.isfinite(deviation).all() and ((says >= 0) & (says <= 1)).all()


def test_what_is_said_does_not_depend_on_the_chunks() -> None:
    truth, read, score = noisy()
    some, other = (stretch(truth, read, score, 0, N - 1) for _ in range(2))
    rows = inside(some)
    whole = some.fused(rows)[0]
    parts = [other.fused(chunk)[0] for chunk in np.array_split(rows, 4)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_agreement_makes_sure_and_contradiction_does_not() -> None:
    truth, _, _ = noisy()
    sure = stretch(truth, truth, np.full(N, 0.6), 0, None)
    torn = stretch(truth, truth + 12, np.full(N, 0.6), 0, None)
    rows = inside(sure)[:20]
    assert 2 * sure.fused(rows)[1].mean() < torn.fused(rows)[1].mean()
