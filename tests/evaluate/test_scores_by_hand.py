"""Scores of three frames, worked out by hand; two keypoints, sigma .1, area 100, so that 2·area·(2σ)² = 8 px²."""

from __future__ import annotations

import math

import numpy as np
import pytest

from impose_widget.evaluate.coco_ap import coco_ap
from impose_widget.evaluate.hota import hota
from impose_widget.evaluate.identity import clear_mot, idf1
from impose_widget.evaluate.posetrack_ap import HEAD_SHARE, posetrack_ap, reference_length
from impose_widget.evaluate.predicted import box_similarities, oks_similarities, own_oks, own_similarity
from impose_widget.evaluate.scores import all_scores, own_scores
from impose_widget.evaluate.truth import truth_of_arrays
from tests.evaluate.made import PAIR, pair, said

NOBODY = [[math.nan, math.nan], [math.nan, math.nan]]
HERE = [[10.0, 10.0], [20.0, 30.0]]
THERE = [[110.0, 10.0], [120.0, 30.0]]
TWO_PX_OFF = [[12.0, 10.0], [20.0, 30.0]]


def test_keypoint_similarity_and_oks() -> None:
    truth = pair([[HERE], [HERE], [NOBODY]])
    poses = np.array([[TWO_PX_OFF], [NOBODY], [HERE]])
    similarity = own_similarity(truth, poses)
    np.testing.assert_allclose(similarity[0, 0], [math.exp(-4 / 8), 1])
    np.testing.assert_allclose(similarity[1, 0], [0, 0])  # nothing said is nothing right
    assert np.isnan(similarity[2]).all()  # nobody labelled: no score, however much is said
    score = own_oks(similarity)
    np.testing.assert_allclose(score[:, 0], [(math.exp(-0.5) + 1) / 2, 0, math.nan])
    got = own_scores(truth, poses)
    assert got["mean_oks"] == pytest.approx((math.exp(-0.5) + 1) / 4)
    assert (got["share75"], got["share85"]) == (0.5, 0.0)
    assert got["kp_right"] == 0.5  # exp(-.5) = .61 and 1 of four
    assert got["missing"] == 0.5
    assert (got["right_a"], got["right_b"]) == (0.5, 0.5)


def test_an_unlabelled_keypoint_does_not_count() -> None:
    half = [[10.0, 10.0], [math.nan, math.nan]]
    truth = pair([[half], [half], [half]])
    poses = np.array([[TWO_PX_OFF], [HERE], [[[10.0, 10.0], [500.0, 500.0]]]])
    np.testing.assert_allclose(own_oks(own_similarity(truth, poses))[:, 0], [math.exp(-0.5), 1, 1])


def test_coco_ap() -> None:
    # Frame 0: right. Frame 1: missed. Frame 2: right, and somebody who is not there, with a better score.
    truth = pair([[HERE], [HERE], [HERE]])
    predicted = said(
        [[HERE, NOBODY], [NOBODY, NOBODY], [HERE, THERE]], [[[0.9] * 2, [0] * 2]] * 2 + [[[0.5] * 2, [0.7] * 2]]
    )
    got = coco_ap(truth, predicted)
    # Ranked: .9 right, .7 wrong, .5 right. Precision 1 up to recall 1/3, 2/3 up to 2/3, then nothing.
    recalls = np.linspace(0, 1, 101)
    want = np.where(recalls <= 1 / 3, 1, np.where(recalls <= 2 / 3, 2 / 3, 0)).mean()
    assert got["AP"] == pytest.approx(want) == got["AP50"]
    assert got["AR"] == pytest.approx(2 / 3)
    assert np.isnan(got["AP_M"])  # an area of 100 is small


def test_posetrack_ap() -> None:
    truth = pair([[HERE], [HERE], [HERE]])
    # Half a reference length of 8 is 4 px: keypoint a is right in frames 0 and 1 (2 px), b in all.
    off = [[15.0, 10.0], [20.0, 30.0]]
    predicted = said([[HERE], [TWO_PX_OFF], [off]], [[[0.5, 0.5]], [[0.6, 0.6]], [[0.9, 0.9]]])
    got = posetrack_ap(truth, predicted, np.full((3, 1), 8.0))
    # Ranked .9 wrong, .6 right, .5 right: precision 1/2, then 2/3; the better one counts up to recall 2/3.
    assert got["a"] == pytest.approx(2 / 3 * 2 / 3)
    assert got["b"] == pytest.approx(1)
    assert got["mAP"] == pytest.approx((4 / 9 + 1) / 2)


def test_posetrack_ap_counts_people_who_are_not_there() -> None:
    truth = pair([[HERE], [NOBODY], [HERE]])
    predicted = said([[HERE], [HERE], [HERE]], [[[0.5] * 2], [[0.9] * 2], [[0.6] * 2]])
    # Ranked .9 wrong, .6, .5 right: precision 1/2, 2/3 at recalls 1/2, 1.
    assert posetrack_ap(truth, predicted, np.full((3, 1), 8.0))["a"] == pytest.approx(2 / 3)


def test_the_reference_length_is_the_head_or_a_share_of_the_person() -> None:
    truth = pair([[HERE], [HERE], [HERE]])
    assert reference_length(truth)[0, 0] == pytest.approx(HEAD_SHARE * math.sqrt(0.53 * 10 * 20))
    from impose_widget.core.skeleton import Skeleton

    headed = truth_of_arrays("head", truth.xy, Skeleton("head", ("head_top", "head_bottom")))
    assert reference_length(headed)[0, 0] == pytest.approx(math.hypot(10, 20))


def test_a_switch_half_way() -> None:
    # Two people; from frame 2 of three on the tool has them exchanged.
    truth = pair([[HERE, THERE]] * 3)
    predicted = said([[HERE, THERE], [HERE, THERE], [THERE, HERE]])
    pairs = oks_similarities(truth, predicted)
    mot = clear_mot(pairs)
    assert mot["switches"] == 2
    assert mot["MOTA"] == pytest.approx((6 - 2) / 6)
    assert (mot["misses"], mot["false_alarms"]) == (0, 0)
    # Each person's best track has two of three frames: IDTP 4, IDFP 2, IDFN 2.
    assert idf1(pairs)["IDF1"] == pytest.approx(4 / (4 + 1 + 1))
    got = hota(pairs).summary()
    # All found: DetA 1. Four matches of the pair (2 of 3 frames: 2/(3+3-2) = 1/2), two of the other (1/(3+3-1) = 1/5).
    assert got["DetA"] == pytest.approx(1)
    assert got["AssA"] == pytest.approx((4 * 1 / 2 + 2 * 1 / 5) / 6)
    assert got["HOTA"] == pytest.approx(math.sqrt(got["AssA"]))


def test_boxes_of_both_sides_are_made_by_one_rule() -> None:
    truth = pair([[HERE], [HERE], [HERE]])
    shifted = [[15.0, 10.0], [25.0, 30.0]]
    pairs = box_similarities(truth, said([[HERE], [shifted], [NOBODY]]))
    assert pairs.similarity[0][0, 0] == pytest.approx(1)
    assert pairs.similarity[1][0, 0] == pytest.approx(100 / 300)
    assert pairs.similarity[2].shape == (1, 0)


def test_everything_of_a_perfect_tool_is_one() -> None:
    truth = pair([[HERE, NOBODY], [HERE, THERE], [NOBODY, THERE]])
    got = all_scores(truth, said(np.nan_to_num(truth.xy, nan=math.nan)))
    for name in ("AP", "mAP", "HOTA_box", "HOTA_oks", "HOTA_keypoint", "AssA_oks", "IDF1", "MOTA", "ap_a", "ap_b"):
        assert got[name] == pytest.approx(1), name
    assert got["switches"] == 0


def test_everything_of_a_tool_that_finds_nobody_is_zero() -> None:
    truth = pair([[HERE], [HERE], [HERE]])
    got = all_scores(truth, said(np.full((3, 1, 2, 2), math.nan)))
    for name in ("AP", "mAP", "HOTA_box", "HOTA_oks", "HOTA_keypoint", "IDF1", "MOTA"):
        assert got[name] == 0, name
    assert PAIR.keypoints == ("a", "b")
