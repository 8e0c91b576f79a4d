"""What is remembered of people: where they are expected, and how alike that is to what is seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impose_widget.associate import AssociationConfig
from impose_widget.associate.bank import Bank
from impose_widget.associate.bodies import Bodies
from impose_widget.core.geometry import box_iou, oks, pose_box
from impose_widget.core.skeleton import COCO17

CONFIG = AssociationConfig()
SIGMAS = COCO17.sigma_array


def bodies(n: int, seed: int, shift: float = 0.0) -> Bodies:
    rng = np.random.default_rng(seed)
    xy = rng.normal(0, (12, 35), (n, 17, 2)) + rng.uniform(0, 200, (n, 1, 2)) + shift
    return Bodies(xy, np.ones((n, 17)), pose_box(xy), rng.uniform(40, 80, n))


def walked(n_frames: int, speed: tuple[float, float]) -> tuple[Bank, Bodies]:
    """Somebody after `n_frames` frames of walking from frame 0 on, and how they looked in the first."""
    start = bodies(1, 0)
    bank = Bank.begin(np.zeros(1, int), np.ones(1, bool), 0, start[:], CONFIG.birth_hits)
    first = bodies(1, 0)
    for t in range(1, n_frames):
        bank.see(np.zeros(1, int), t, first.shifted(t * np.array([speed])), CONFIG)
    return bank, first


@given(st.integers(0, 2**16))
def test_with_equal_weights_similarity_is_oks_and_overlap(seed: int) -> None:
    a, b = bodies(4, seed), bodies(3, seed + 1)
    even = np.ones(4)
    assert np.allclose(a.similarity(b, SIGMAS, even, 1, 1), oks(a.xy, b.xy, a.size**2, SIGMAS))
    assert np.allclose(a.similarity(b, SIGMAS, even, 1, 0), box_iou(a.box, b.box))
    assert np.allclose(a.similarity(a, SIGMAS, even, 1, 0.6).diagonal(), 1)


@given(st.integers(0, 2**16), st.floats(1, 3))
def test_a_looser_comparison_never_lowers_oks(seed: int, growth: float) -> None:
    a, b = bodies(4, seed), bodies(3, seed, shift=9)
    tight, loose = (a.similarity(b, SIGMAS, np.full(4, g), 4, 1) for g in (1, growth))
    assert (loose >= tight - 1e-12).all()


def test_keypoints_with_low_scores_count_less() -> None:
    a, b = bodies(1, 0), bodies(1, 0)
    b.xy[0, :5] += 300
    even = a.similarity(b, SIGMAS, np.ones(1), 1, 1)[0, 0]
    b.weight[0, :5] = 0.05
    assert even == pytest.approx(12 / 17) and a.similarity(b, SIGMAS, np.ones(1), 1, 1)[0, 0] > 0.95


def test_somebody_is_expected_where_their_speed_leads() -> None:
    bank, first = walked(30, (3, -1))
    assert np.allclose(bank.speed, [(3, -1)], atol=1e-3)
    right, stayed = first.shifted(np.array([(90.0, -30.0)])), first.shifted(np.array([(87.0, -29.0)]))
    likeness = [bank.similarity(30, where, SIGMAS, CONFIG)[0, 0] for where in (right, stayed)]
    assert likeness[0] > 0.99 and likeness[0] > likeness[1]


def test_somebody_unseen_slows_down_and_is_taken_less_for_granted() -> None:
    bank, first = walked(30, (3, 0))
    gaps = np.array([1, 5, 15, 40])
    best = []
    for gap in gaps:
        offsets = np.arange(0, 200)
        seen = [first.shifted(np.array([(87.0 + d, 0.0)])) for d in offsets]
        likeness = [bank.similarity(29 + int(gap), s, SIGMAS, CONFIG)[0, 0] for s in seen]
        best.append((offsets[int(np.argmax(likeness))], max(likeness)))
    where, how = zip(*best, strict=True)
    assert (np.diff(where) > 0).all() and where[-1] < 3 * gaps[-1] / 2
    assert (np.diff(how) < 0).all()


def test_another_size_is_another_person() -> None:
    bank, first = walked(5, (0, 0))
    grown = Bodies(first.xy, first.weight, first.box, first.size * 1.05)
    other = Bodies(first.xy, first.weight, first.box, first.size * 2.5)
    near, far = (bank.similarity(5, s, SIGMAS, CONFIG)[0, 0] for s in (grown, other))
    assert near == pytest.approx(1) and far < 0.2


def test_only_who_begins_after_the_end_continues_somebody() -> None:
    bank, first = walked(10, (2, 0))
    during, after = (
        Bank.begin(np.ones(1, int), np.zeros(1, bool), t, first.shifted(np.array([(2.0 * t, 0.0)])), CONFIG.birth_hits)
        for t in (9, 20)
    )
    after.speed[:] = (2, 0)
    like = bank.continued_by(during.joined(after), SIGMAS, CONFIG)
    assert like[0, 0] == 0 and like[0, 1] > 0.5


def test_a_missing_keypoint_moves_along() -> None:
    bank, first = walked(10, (2, 1))
    seen = first.shifted(np.array([(20.0, 10.0)]))
    seen.xy[0, 3] = np.nan
    bank.see(np.zeros(1, int), 10, seen, CONFIG)
    assert np.allclose(bank.body.xy[0], first.xy[0] + (20, 10))
    nothing = first.shifted(np.array([(np.nan, np.nan)]))
    bank.see(np.zeros(1, int), 11, nothing, CONFIG)
    assert np.allclose(bank.body.xy[0], first.xy[0] + (20, 10)) and np.isfinite(bank.speed).all()
