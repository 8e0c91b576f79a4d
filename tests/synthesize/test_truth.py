"""The truth is true: positions against the image itself, visibility against what stands in between."""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.core.pose import ABSENT, OCCLUDED, VISIBLE
from impose_widget.core.skeleton import COCO17
from impose_widget.synthesize.scene import ball, box
from impose_widget.synthesize.stage import Stage
from tests.synthesize.stages import scene

WHITE, BLACK = (np.full((512, 512, 3), v, np.uint8) for v in (255, 0))
FACE = [COCO17.index(k) for k in ("nose", "left_eye", "right_eye")]


def test_a_small_ball_is_where_it_is_projected() -> None:
    """A bright dot at a known place in the world: its middle in the image is the pinhole's, to a tenth of a pixel."""
    for at in ((0.6, 1.1, 0.3), (-0.7, 0.4, -0.5)):
        made = scene([(30.0, -30.0)], [ball(at, (0.03, 0.03, 0.03), WHITE)], width=320, height=240, samples=8)
        made.surroundings.papers = [BLACK] * 6
        made.light.sun[:], made.light.below = 0, made.light.above  # evenly lit
        image, _ = next(Stage(made).frames())
        shine = np.maximum(image[..., 1].astype(float) - 40, 0)
        y, x = np.mgrid[:240, :320]
        middle = np.array([(shine * x).sum(), (shine * y).sum()]) / shine.sum()
        view = made.camera.views(np.zeros(1))[0]
        right, down, ahead = view[:, :3] @ at + view[:, 3]
        expected = np.array([320 * right / ahead + 159.5, 320 * down / ahead + 119.5])
        assert np.abs(middle - expected).max() < 0.12


def test_from_the_front_the_face_is_seen_and_from_behind_it_is_not() -> None:
    front = next(Stage(scene(heading=0)).truths())
    back = next(Stage(scene(heading=180)).truths())
    assert (front.visibility[0, FACE] == VISIBLE).all()
    assert (back.visibility[0, FACE] == OCCLUDED).all()
    shoulders = [COCO17.index("left_shoulder"), COCO17.index("right_shoulder")]
    assert (front.visibility[0, shoulders] == VISIBLE).all() and (back.visibility[0, shoulders] == VISIBLE).all()
    assert front.keypoints[0, shoulders[0], 0] > front.keypoints[0, shoulders[1], 0]  # they face us
    assert back.keypoints[0, shoulders[0], 0] < back.keypoints[0, shoulders[1], 0]


def test_a_board_hides_what_is_behind_it_and_nothing_else() -> None:
    board = box((-1, 0, 0.8), (1, 0.75, 0.85), WHITE)
    truth = next(Stage(scene(props=[board])).truths())
    free = next(Stage(scene()).truths())
    low = [COCO17.index(k) for k in ("left_ankle", "right_ankle", "left_knee", "right_knee")]
    assert (free.visibility[0, low] == VISIBLE).all() and (truth.visibility[0, low] == OCCLUDED).all()
    assert (truth.visibility[0, FACE] == VISIBLE).all()
    assert np.allclose(truth.keypoints, free.keypoints) and np.allclose(truth.box, free.box)
    assert truth.area[0] < 0.8 * free.area[0] and np.allclose(truth.whole, free.whole)
    hidden = free.points_visible[0] & ~truth.points_visible[0]
    assert hidden.any() and (truth.points[0, hidden, 1] > truth.keypoints[0, :5, 1].max()).all()


def test_another_person_hides_too() -> None:
    truth = next(Stage(scene([(0.0, -1.5), (0.0, 0.5)])).truths())
    assert (truth.visibility[0] == OCCLUDED).sum() > 10 and (truth.visibility[1] == VISIBLE).sum() > 10
    assert truth.area[0] < 0.4 * truth.whole[0]


def test_outside_the_image_is_absent() -> None:
    truth = next(Stage(scene([(9.0, 0.0), (0.0, 20.0)])).truths())
    assert (truth.visibility == ABSENT).all() and np.isnan(truth.box).all() and (truth.area == 0).all()


def test_boxes_hold_the_body_that_is_drawn() -> None:
    stage = Stage(scene())
    truth = next(stage.truths())
    assert abs(truth.area[0] - truth.whole[0]) < 0.05 * truth.whole[0]
    x, y, w, h = truth.box[0]
    inside = truth.keypoints[0]
    assert (inside >= (x, y)).all() and (inside <= (x + w, y + h)).all()
    assert 0.2 < truth.area[0] / (w * h) < 0.8


def test_the_same_seed_draws_the_same_bytes() -> None:
    one, two = (next(Stage(scene()).frames())[0] for _ in range(2))
    other = next(Stage(scene(seed=3, film=type(scene().film)(noise=4.0))).frames())[0]
    assert (one == two).all() and (one != other).any()


@pytest.mark.parametrize("shutter", [0.0, 1.0])
def test_the_shutter_blurs_what_moves(shutter: float) -> None:
    made = scene(samples=6, width=320, height=240)
    made.camera.times = np.array([0, 0.12])
    made.camera.eyes = np.repeat(made.camera.eyes, 2, 0)
    made.camera.targets = np.array([[-1.0, 0.9, 0], [1.0, 0.9, 0]])
    made.film.shutter, made.film.soft, made.light.sun[:] = shutter, 0.0, 0.0
    frames = [image for image, _ in Stage(made).frames(1, 2)]
    sharp = np.abs(np.diff(frames[0].astype(float), axis=1)).max()
    assert sharp < 60 if shutter else sharp > 60
