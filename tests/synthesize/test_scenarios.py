"""Each named scenario holds the difficulty that it is named after. Judged by the truth alone, without images."""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.core.pose import VISIBLE
from impose_widget.synthesize import SCENARIOS, Truth
from impose_widget.synthesize.clip import shown
from tests.synthesize.regression import truths


def runs(flags: list[bool]) -> list[tuple[bool, int]]:
    out: list[tuple[bool, int]] = []
    for flag in flags:
        out = [*out[:-1], (flag, out[-1][1] + 1)] if out and out[-1][0] == flag else [*out, (flag, 1)]
    return out


def middle(truth: Truth) -> np.ndarray:
    return truth.keypoints[:, 11:13].mean(1)


def test_twins_look_alike_and_cross_twice() -> None:
    scene = SCENARIOS["crossing_twins"](0)
    one, two = (a.person for a in scene.actors)
    assert (one.textures == two.textures).all() and one.build == two.build
    every, _ = truths("crossing_twins")
    order = [middle(t)[0, 0] < middle(t)[1, 0] for t in every]
    assert len(runs(order)) == 3


def test_one_is_hidden_for_long_and_appears_again() -> None:
    every, dt = truths("long_occlusion")
    pattern = runs([bool(shown(t)[0]) for t in every])
    assert [flag for flag, _ in pattern] == [True, False, True] and pattern[1][1] * dt > 1


def test_one_leaves_the_image_and_returns() -> None:
    every, dt = truths("exit_and_return")
    pattern = runs([bool((t.visibility[0] > 0).any()) for t in every])
    assert [flag for flag, _ in pattern] == [True, False, True] and pattern[1][1] * dt >= 0.8
    assert all(shown(t)[1] for t in every)


def test_limbs_are_fast() -> None:
    every, dt = truths("fast_blur")
    xy = np.array([t.keypoints for t in every])
    height = np.nanmedian([t.box[:, 3] for t in every], 0)
    speed = np.linalg.norm(np.diff(xy, axis=0), axis=-1) / dt / height[None, :, None]
    assert (np.nanpercentile(speed, 90, (0, 2)) > 0.6).all() and np.nanmax(speed) > 3  # own heights a second


def test_the_crowd_is_twelve_and_crowded() -> None:
    every, _ = truths("crowd_of_12")
    assert all(len(t.area) == 12 for t in every)
    assert max(shown(t).sum() for t in every) >= 11
    assert min((t.area / t.whole).min() for t in every) < 0.6


def test_a_child_is_close_to_an_adult() -> None:
    every, _ = truths("child_and_adult")
    scene = SCENARIOS["child_and_adult"](0)
    adult, child = (a.person.build for a in scene.actors)
    assert child.height < 0.85 * adult.height
    apart = [abs(middle(t)[0, 0] - middle(t)[1, 0]) / t.box[0, 2] for t in every]
    assert min(apart) < 0.4


def test_the_camera_pans_past_those_who_stand() -> None:
    every, _ = truths("camera_pan")
    x = np.array([middle(t)[:, 0] for t in every])
    assert np.ptp(x[:, 1:], axis=0).min() > 160  # half the width of the image
    runner = [bool((t.visibility[0] == VISIBLE).any()) for t in every]
    assert np.mean(runner) > 0.8 and np.ptp(x[:, 0]) < np.ptp(x[:, 1:], axis=0).min()


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_command_knows_them_all(name: str) -> None:
    from impose_widget.cli.render import NAMES

    assert name in NAMES and len(NAMES) == len(SCENARIOS)
