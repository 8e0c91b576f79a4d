"""Pictures, looked at pixel by pixel: things are where they should be, and tell what they should tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from impose_widget.core.skeleton import Skeleton
from impose_widget.io.columns import conform
from impose_widget.render import draw_poses, overlay_scale, palette
from impose_widget.render.poses import enlarged, on_enlarged
from impose_widget.render.strokes import dot, limb, ring
from impose_widget.render.text import text_width, wrap

DUO = Skeleton("duo", ("left_hand", "right_hand"), ((0, 1),), ((0, 1),))
GREY = np.full((120, 160, 3), 90, np.uint8)


def pose(track_id: int = 0, **columns: object) -> pd.DataFrame:
    """A person with hands at (40, 60) and (100, 60)."""
    table = pd.DataFrame(
        {
            "frame": 0,
            "track_id": track_id,
            "keypoint": ["left_hand", "right_hand"],
            "x": [40.0, 100.0],
            "y": [60.0, 60.0],
            "score": 0.9,
            "source": "model",
        }
    ).assign(**columns)
    return conform(table, "the test's table")


def test_the_image_given_is_not_changed() -> None:
    image = GREY.copy()
    drawn = draw_poses(image, pose(), DUO)
    assert (image == GREY).all()
    assert drawn.shape == GREY.shape
    assert (drawn != GREY).any()


def test_an_empty_frame_is_left_as_it_is() -> None:
    assert (draw_poses(GREY, pose().iloc[:0], DUO) == GREY).all()


def test_a_dot_covers_its_pixel_centre_and_is_symmetric() -> None:
    image = np.zeros((41, 41, 3), np.uint8)
    dot(image, np.array([20, 20]), 4, (255, 255, 255))
    red = image[..., 0].astype(float)
    y, x = np.mgrid[:41, :41]
    assert red[20, 20] == 255
    assert (red * x).sum() / red.sum() == pytest.approx(20, abs=0.05)
    assert (red * y).sum() / red.sum() == pytest.approx(20, abs=0.05)


@pytest.mark.parametrize("place", [(20.0, 20.0), (20.5, 19.25), (12.0, 31.75)])
def test_a_ring_has_its_line_at_its_radius_and_a_hole(place: tuple[float, float]) -> None:
    image = np.zeros((48, 48, 3), np.uint8)
    ring(image, np.array(place), 8, 2, (0, 255, 0))
    y, x = np.nonzero(image[..., 1] > 127)
    away = np.hypot(x - place[0], y - place[1])
    assert away.min() > 6.2 and away.max() < 9.8
    assert image[round(place[1]), round(place[0]), 1] == 0


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_pixel_is_drawn_over_itself_at_any_scale(scale: int) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[13, 27] = 255
    large = enlarged(image, scale)[..., 0].astype(float)
    y, x = np.mgrid[: 40 * scale, : 40 * scale]
    middle = np.array([(large * x).sum(), (large * y).sum()]) / large.sum()
    assert np.allclose(middle, on_enlarged(np.array([27, 13]), scale), atol=0.02)


def test_an_anchor_has_a_white_ring_and_others_have_not() -> None:
    plain = draw_poses(GREY, pose(), DUO, labels=False)
    anchored = draw_poses(GREY, pose(anchor=[True, False]), DUO, labels=False)
    changed = np.argwhere((plain != anchored).any(-1))
    assert len(changed)
    away = np.hypot(changed[:, 1] - 40, changed[:, 0] - 60)
    assert away.max() < 15  # only around the anchor
    white = np.argwhere((anchored > 240).all(-1))
    assert len(white) > 15
    assert np.allclose(white.mean(0), (60, 40), atol=0.5)


def test_left_is_lighter_than_right() -> None:
    drawn = draw_poses(GREY, pose(), DUO, labels=False).astype(int)
    assert drawn[60, 40].sum() > drawn[60, 100].sum()
    assert palette.sides(DUO) == ["left", "right"]
    assert palette.sides(Skeleton("turned", ("right_a", "left_a"), (), ((0, 1),))) == ["right", "left"]


def contrast(image: np.ndarray, x: int, y: int) -> float:
    return float(np.abs(image[y, x].astype(int) - 90).sum())


def test_what_is_uncertain_fades() -> None:
    sure = draw_poses(GREY, pose(), DUO, labels=False)
    unsure = draw_poses(GREY, pose(score=0.1), DUO, labels=False)
    assert contrast(unsure, 70, 60) < 0.6 * contrast(sure, 70, 60)
    assert contrast(unsure, 70, 60) > 0


def test_what_is_occluded_is_dashed() -> None:
    line = draw_poses(GREY, pose(visibility=1), DUO, labels=False)[60, 46:94].astype(int)
    gaps = (np.abs(line - 90).sum(-1) < 15).astype(int)
    assert (np.diff(gaps) == 1).sum() >= 3
    solid = draw_poses(GREY, pose(), DUO, labels=False)[60, 46:94].astype(int)
    assert (np.abs(solid - 90).sum(-1) > 50).all()


def test_what_was_carried_is_told_from_what_was_read() -> None:
    read = draw_poses(GREY, pose(), DUO, labels=False)
    carried = draw_poses(GREY, pose(source="propagated"), DUO, labels=False)
    assert carried[60, 100].sum() > read[60, 100].sum() + 100  # a light core
    assert (carried[60, 70] == read[60, 70]).all()


def test_an_absent_keypoint_is_not_drawn_nor_its_limb() -> None:
    drawn = draw_poses(GREY, pose(visibility=[2, 0]), DUO, labels=False)
    assert (drawn[:, 60:] == GREY[:, 60:]).all()


def test_people_keep_their_colour_and_differ() -> None:
    colours = [palette.person_colour(i) for i in range(8)]
    assert len(set(colours)) == 8
    apart = [np.abs(np.subtract(a, b)).sum() for a in colours for b in colours if a != b]
    assert min(apart) > 80
    alone = draw_poses(GREY, pose(3), DUO, labels=False)
    others = draw_poses(GREY, pd.concat([pose(3), pose(5, y=20.0)]), DUO, labels=False)
    assert (alone[50:70] == others[50:70]).all()


def test_a_label_is_on_the_image_even_at_its_border() -> None:
    for x, y in ((0.0, 0.0), (159.0, 119.0), (80.0, 2.0)):
        person = pose(12, x=[x, x], y=[y, min(y + 10, 119)])
        with_label = draw_poses(GREY, person, DUO)
        without = draw_poses(GREY, person, DUO, labels=False)
        rows, columns = np.nonzero((with_label != without).any(-1))
        assert len(rows) > 80
        assert np.ptp(columns) > text_width("12", 12)


def test_the_one_to_look_at_stands_out() -> None:
    both = pd.concat([pose(0), pose(1, y=20.0)])
    drawn = draw_poses(GREY, both, DUO, emphasise=0, labels=False)
    assert contrast(drawn, 70, 60) > 1.5 * contrast(drawn, 70, 20)


def test_a_limb_beyond_the_border_does_no_harm() -> None:
    image = GREY.copy()
    limb(image, np.array([-500.0, -300.0]), np.array([900.0, 700.0]), 3, (255, 0, 0), 1)
    limb(image, np.array([5.0, 5.0]), np.array([5.0, 5.0]), 3, (255, 0, 0), 1)
    dot(image, np.array([-50.0, 40.0]), 5, (255, 0, 0))
    assert image.shape == GREY.shape
    assert (image[..., 0] == 255).any()


def test_small_videos_are_enlarged_and_large_ones_not() -> None:
    assert [overlay_scale(w) for w in (100, 374, 480, 960, 1280, 3840)] == [4, 3, 2, 1, 1, 1]


def test_text_is_wrapped_and_cut() -> None:
    lines = wrap("one two three four five six seven eight nine ten eleven twelve", 120, 13)
    assert len(lines) == 2
    assert all(text_width(line, 13) <= 120 for line in lines)
    assert lines[-1].endswith("…")
    assert wrap("short", 120, 13) == ["short"]
