from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.core.geometry import box_iou, oks, person_area, pose_box, rotate_scale_shift
from impose_widget.core.skeleton import COCO17


def test_oks_is_that_of_pycocotools() -> None:
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(0)
    truth, found = rng.uniform(0, 200, (4, 17, 2)), None
    found = truth[:3] + rng.normal(0, 6, (3, 17, 2))
    area = rng.uniform(900, 9000, 4)
    seen = rng.random((4, 17)) > 0.2

    evaluation = COCOeval(iouType="keypoints")
    evaluation.params.kpt_oks_sigmas = COCO17.sigma_array
    evaluation.params.imgIds, evaluation.params.catIds = [1], [1]
    for n in range(4):
        keypoints = np.concatenate([truth[n], 2.0 * seen[n][:, None]], 1).reshape(-1).tolist()
        annotation = {"keypoints": keypoints, "area": area[n], "bbox": [0, 0, 200, 200], "ignore": 0, "iscrowd": 0}
        evaluation._gts[1, 1].append(annotation)
    for m in range(3):
        keypoints = np.concatenate([found[m], np.ones((17, 1))], 1).reshape(-1).tolist()
        evaluation._dts[1, 1].append({"keypoints": keypoints, "score": 1 - 0.1 * m})
    theirs = evaluation.computeOks(1, 1)  # (found, truth)

    ours = oks(np.where(seen[..., None], truth, np.nan), found, area, COCO17.sigma_array)
    np.testing.assert_allclose(ours.T, theirs, atol=1e-9)


def test_oks_by_hand() -> None:
    pose = np.zeros((1, 2, 2))
    other = np.array([[[0.0, 3.0], [np.nan, np.nan]]])
    got = oks(pose, other, np.array([100.0]), np.array([0.1, 0.1]))
    assert got[0, 0] == pytest.approx(np.exp(-9 / (2 * 100 * 0.04)) / 2), "a keypoint that is missing counts 0"


def test_boxes() -> None:
    pose = np.array([[1.0, 2.0], [5.0, 10.0], [np.nan, 0.0]])
    np.testing.assert_array_equal(pose_box(pose), [1, 2, 4, 8])
    assert np.isnan(pose_box(np.full((3, 2), np.nan))).all()
    assert person_area(pose) == pytest.approx(0.53 * 32)
    boxes = np.array([[0, 0, 10, 10], [5, 5, 10, 10], [20, 20, 1, 1], [np.nan] * 4])
    np.testing.assert_allclose(box_iou(boxes, boxes)[0], [1, 25 / 175, 0, 0])


def test_turning_is_clockwise_on_the_screen() -> None:
    turned = rotate_scale_shift(np.array([[11.0, 10.0]]), rotation=90, about=np.array([10.0, 10.0]))
    np.testing.assert_allclose(turned, [[10, 11]], atol=1e-12)


@settings(deadline=None)
@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 10), st.floats(-360, 360), st.integers(0, 999))
def test_a_motion_can_be_taken_back(dx: float, dy: float, scale: float, turn: float, seed: int) -> None:
    points, about = np.random.default_rng(seed).uniform(-50, 50, (5, 2)), np.array([3.0, 4.0])
    there = rotate_scale_shift(points, (dx, dy), scale, turn, about)
    back = rotate_scale_shift(there - (dx, dy), (0, 0), 1 / scale, -turn, about)
    np.testing.assert_allclose(back, points, atol=1e-6)
