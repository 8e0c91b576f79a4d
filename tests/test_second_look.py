"""The second look at people who are small: cut out, mirrored, and joined with the first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from impose_widget.core.geometry import person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from impose_widget.second_look import MARGIN, SIDE, SMALL, cut_out, joined, same
from tests.shared import SHARED, needs_shared

PHOTOGRAPH = SHARED / "data" / "images" / "coco_kpt" / "images" / "000000000241.jpg"


def somebody(at: tuple[float, float] = (0, 0), score: float = 0.5) -> np.ndarray:
    xy = np.random.default_rng(3).uniform(0, 100, (17, 2)) + at
    return np.column_stack([xy, np.full(17, score)])


@pytest.mark.parametrize("box", [(60, 40, 30, 80), (-20, 10, 50, 50), (100, 90, 60, 60), (70.4, 33.7, 400, 20)])
def test_a_point_of_the_cut_out_is_that_point_of_the_frame(box) -> None:
    """A bright square on black is found in the image where `in_frame` says, also at and beyond the border."""
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[70:78, 104:112] = 255
    part = cut_out(frame, np.array(box))
    assert part.image.shape == (SIDE, SIDE, 3)
    assert part.scale * SIDE == pytest.approx(max(box[2:]) * (1 + 2 * MARGIN), abs=1)
    rows, columns = np.nonzero(part.image[..., 0] > 127)
    if not len(rows):
        return
    keypoints = np.zeros((1, 17, 3))
    keypoints[0, :, :2] = columns.mean() + 0.5, rows.mean() + 0.5
    cut = not (columns.min() > 0 and columns.max() < SIDE - 1 and rows.min() > 0 and rows.max() < SIDE - 1)
    np.testing.assert_allclose(part.in_frame(keypoints)[0, 0, :2], (108, 74), atol=8 if cut else part.scale)


def test_left_is_left_again() -> None:
    part = cut_out(np.zeros((50, 50, 3), np.uint8), np.array([10, 10, 20, 20]))
    keypoints = np.zeros((1, 17, 3))
    keypoints[0, COCO17.index("left_wrist"), 2] = 0.9
    assert part.in_frame(keypoints)[0, :, 2].argmax() == COCO17.index("right_wrist")


def test_two_looks_are_weighed_by_their_scores() -> None:
    first, second = somebody(), somebody((4, 0))
    first[0, 2], second[0, 2] = 0.8, 0.0
    both = joined(first, second)
    np.testing.assert_allclose(both[0, :2], first[0, :2], atol=1e-3)
    between = both[1:, 0] - first[1:, 0]
    assert (between > 2).all() and (between < 4).all() and np.allclose(both[:, 1], first[:, 1])
    np.testing.assert_allclose(both[:, 2], (first[:, 2] + second[:, 2]) / 2)


def test_somebody_else_in_the_cut_out_is_not_this_person() -> None:
    first, near, far = somebody(), somebody((2, 1)), somebody((90, 90))
    assert same(first[None], 0, far[None]) is None and same(first[None], 0, np.zeros((0, 17, 3))) is None
    assert same(first[None], 0, np.stack([far, near])) == 1
    both = np.stack([first, somebody((3, 1))])  # whose place this rather is
    assert same(both, 0, near[None]) is None and same(both, 1, near[None]) == 0


@needs_shared
def test_small_people_are_read_nearer_to_what_a_large_picture_shows() -> None:
    image = cv2.imread(str(PHOTOGRAPH))[..., ::-1].copy()
    sure = MoveNetDetector(second_look=False).detect([image], [0])[:3]
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = np.zeros((image.shape[0], image.shape[1], 3), np.uint8)
    wide[: small.shape[0], : small.shape[1]] = small
    off = {}
    for again in (False, True):
        found = MoveNetDetector(second_look=again).detect([wide], [0])
        apart = np.linalg.norm(4 * found.xy[None] - sure.xy[:, None], axis=-1)
        nearest = apart.mean(-1).argmin(1)
        counted = sure.keypoints[..., 2] > 0.5
        off[again] = np.mean(
            apart[np.arange(len(sure)), nearest][counted] / np.repeat(np.sqrt(person_area(sure.xy)), counted.sum(1))
        )
    assert off[True] < 0.85 * off[False], off


@needs_shared
def test_a_person_scores_the_mean_of_both_looks_and_large_people_keep_their_keypoints() -> None:
    image = cv2.imread(str(PHOTOGRAPH))[..., ::-1].copy()
    once, again = (MoveNetDetector(second_look=look).detect([image], [0]) for look in (False, True))
    large = np.flatnonzero(once.box[:, 2:].max(1) * 512 / max(image.shape[:2]) >= SMALL)
    kept = [np.flatnonzero(np.abs(again.keypoints - once.keypoints[m]).max((1, 2)) < 1e-4) for m in large]
    assert sum(map(len, kept)) and all(len(rows) < 2 for rows in kept)
    assert any(
        abs(float(again.score[rows[0]] - once.score[m])) > 1e-3
        for m, rows in zip(large, kept, strict=True)
        if len(rows)
    )
    assert (np.diff(again.score) <= 0).all()
