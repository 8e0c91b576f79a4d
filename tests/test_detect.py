"""The detector in pixels of the video: scale, padding, batches, boxes, bad input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from impose_widget.detect import LOW_SCORE, MoveNetDetector
from tests.shared import SHARED, needs_shared


@pytest.fixture(scope="module")
def detector() -> MoveNetDetector:
    return MoveNetDetector(size=256)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    path = SHARED / "data" / "images" / "coco_kpt" / "images" / "000000000241.jpg"
    return cv2.imread(str(path))[..., ::-1].copy()


@needs_shared
def test_rows_are_sorted_and_whole(detector: MoveNetDetector, image: np.ndarray) -> None:
    found = detector.detect([image, np.zeros_like(image), image], [4, 7, 9])
    assert set(found.frame) == {4, 9} and (np.diff(found.frame) >= 0).all()
    first, last = found[found.frame == 4], found[found.frame == 9]
    np.testing.assert_allclose(first.keypoints, last.keypoints, atol=1e-2)
    assert len(first) >= 3 and (np.diff(first.score) <= 0).all() and first.score.min() >= LOW_SCORE
    assert found.keypoints.dtype == np.float32 and found.keypoints.shape[1:] == (17, 3)
    h, w = image.shape[:2]
    assert (found.box[:, :2] >= -1).all() and (found.box[:, :2] + found.box[:, 2:] <= (w + 1, h + 1)).all()


@needs_shared
def test_keypoints_are_in_pixels_of_the_frame(detector: MoveNetDetector, image: np.ndarray) -> None:
    """Twice the image gives twice the coordinates; black beside it moves nobody."""
    found = detector.detect([image], [0])
    best = found[:2]
    twice = detector.detect([cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)], [0])
    sure = best.keypoints[..., 2] > 0.4
    assert np.median(nearest(twice.xy, 2 * best.xy)[sure]) < 2
    h, w = image.shape[:2]
    beside = np.zeros((h, h, 3), np.uint8)
    beside[:, :w] = image
    framed = detector.detect([beside], [0])
    assert np.median(nearest(framed.xy, best.xy)[sure]) < 1


def nearest(found: np.ndarray, people: np.ndarray) -> np.ndarray:
    """(N, 17, 2) how far in x and y the nearest of those found (M, 17, 2) is from each of some people (N, 17, 2)."""
    apart = np.abs(found[:, None] - people)
    return apart[apart.mean((2, 3)).argmin(0), np.arange(len(people))]


@needs_shared
def test_the_pose_in_a_drawn_box_is_that_person(detector: MoveNetDetector, image: np.ndarray) -> None:
    found = detector.detect([image], [0])
    for n in range(2):
        inside = detector.detect_in_box(image, found.box[n])
        assert len(inside) == 1
        sure = found.keypoints[n, :, 2] > 0.4
        size = np.sqrt(found.box[n, 2] * found.box[n, 3])
        assert np.median(np.linalg.norm(inside.xy[0] - found.xy[n], axis=1)[sure]) < 0.08 * size


def test_a_box_without_anybody_gives_nobody(detector: MoveNetDetector) -> None:
    assert not len(detector.detect_in_box(np.full((120, 160, 3), 90, np.uint8), np.array([20, 20, 3, 3])))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (500, 2, 3)])
def test_odd_shapes_are_no_trouble(detector: MoveNetDetector, shape: tuple) -> None:
    found = detector.detect([np.zeros(shape, np.uint8)], [0])
    assert np.isfinite(found.keypoints).all()
    detector.detect_in_box(np.zeros(shape, np.uint8), np.array([0, 0, 1, 1]))


def test_no_frames_give_no_people(detector: MoveNetDetector) -> None:
    assert len(detector.detect([], [])) == 0


def test_bad_input_gets_one_sentence(detector: MoveNetDetector, tmp_path) -> None:
    with pytest.raises(TypeError, match="uint8"):
        detector.detect([np.zeros((8, 8, 3))], [0])
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        detector.detect([np.zeros((8, 8), np.uint8)], [0])
    with pytest.raises(ValueError, match="as many numbers"):
        detector.detect([np.zeros((8, 8, 3), np.uint8)], [0, 1])
    with pytest.raises(ValueError, match="multiple of 32"):
        MoveNetDetector(size=100)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        MoveNetDetector(tmp_path / "none.safetensors").detect([np.zeros((8, 8, 3), np.uint8)], [0])


def test_what_people_look_like_is_read_at_their_keypoints() -> None:
    frame = np.zeros((200, 400, 3), np.uint8)
    frame[:, :200] = (200, 30, 30)
    frame[:, 200:] = (30, 30, 200)
    xy = np.array([[(60, 80), (90, 120), (np.nan, 5)], [(300, 80), (340, 120), (401, 50)]])
    looks = MoveNetDetector(size=256).describe(frame, xy)
    assert looks.shape == (2, 3, 48) and looks.dtype == np.float16
    assert np.isnan(looks[:, 2]).all() and np.isfinite(looks[:, :2]).all()
    within = np.abs(looks[:, 0] - looks[:, 1]).max(-1)
    assert (np.abs(looks[0, 0] - looks[1, 0]).max() > 5 * within).all()
    assert MoveNetDetector().describe(frame, xy[:0]).shape == (0, 3, 48)
