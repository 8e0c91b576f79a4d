"""The keypoint-aware embedding (equation 1): what changes it and what does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.core.skeleton import COCO17
from impose_widget.model.pose_embedding import PoseEmbedding

SIZE = torch.tensor([640.0, 360.0])


def embedding(width: int = 64) -> PoseEmbedding:
    torch.manual_seed(0)
    return PoseEmbedding(17, COCO17.edges, width)


def pose(seed: int, n: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """xy (n, 17, 2), known, scale of some people in the middle of the image."""
    rng = np.random.default_rng(seed)
    xy = torch.from_numpy(rng.uniform([200, 100], [400, 260], (n, 17, 2)).astype(np.float32))
    known = torch.from_numpy(rng.random((n, 17)) < 0.8)
    return xy, known, torch.full((n,), 90.0)


def test_its_input_is_as_wide_as_the_formula_says() -> None:
    # 2K + 3E + 2K(1 + 2L), and the mask: model.md 3.2 says 533 for L = 6 without the mask
    assert embedding().project.in_features == 533 + 17


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), x=st.floats(-90, 90), y=st.floats(-90, 90))
def test_moving_a_person_changes_places_but_no_bone(seed: int, x: float, y: float) -> None:
    xy, known, scale = pose(seed)
    e = embedding()
    place, bones, waves = e.parts(xy, known, SIZE, scale)
    moved = e.parts(xy + torch.tensor([x, y]), known, SIZE, scale)
    assert torch.allclose(moved[1], bones, atol=1e-4)
    shift = torch.tensor([x, y]) / SIZE
    assert torch.allclose(
        moved[0].unflatten(-1, (17, 2)), place.unflatten(-1, (17, 2)) + shift * known[..., None], atol=1e-5
    )
    if known.any() and abs(x) > 1:
        assert not torch.allclose(moved[2], waves, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.3, 2))
def test_a_person_twice_as_large_has_the_same_bones(seed: int, factor: float) -> None:
    xy, known, scale = pose(seed)
    e = embedding()
    middle = xy.mean(-2, keepdim=True)
    larger = e.parts(middle + factor * (xy - middle), known, SIZE, factor * scale)
    assert torch.allclose(larger[1], e.parts(xy, known, SIZE, scale)[1], atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_keypoint_that_is_not_known_says_nothing(seed: int) -> None:
    xy, known, scale = pose(seed)
    rng = np.random.default_rng(seed)
    other = torch.where(known[..., None], xy, torch.from_numpy(rng.uniform(-1e6, 1e6, xy.shape).astype(np.float32)))
    other[~known & (torch.from_numpy(rng.random(known.shape)) < 0.3)] = torch.nan
    e = embedding()
    assert torch.equal(e(xy, known, SIZE, scale), e(other, known, SIZE, scale))
    place, bones, waves = e.parts(xy, torch.zeros_like(known), SIZE, scale)
    assert not place.any() and not bones.any() and not waves.any()  # no cosine of nothing, which is 1


def test_people_do_not_know_of_each_other() -> None:
    xy, known, scale = pose(3, n=6)
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    e = embedding()
    assert torch.allclose(e(xy[order], known[order], SIZE, scale[order]), e(xy, known, SIZE, scale)[order], atol=1e-6)


def test_an_absolute_formula_of_one_bone() -> None:
    xy, known = torch.zeros(1, 17, 2), torch.zeros(1, 17, dtype=torch.bool)
    a, b = COCO17.edges[0]
    xy[0, a], xy[0, b] = torch.tensor([100.0, 50.0]), torch.tensor([103.0, 54.0])
    known[0, [a, b]] = True
    place, bones, waves = embedding().parts(xy, known, SIZE, torch.tensor([10.0]))
    assert bones[0, :3].tolist() == pytest.approx([0.5, 0.6, 0.8], abs=1e-5) and not bones[0, 3:].any()
    assert place[0, 2 * a : 2 * a + 2].tolist() == pytest.approx([100.5 / 640, 50.5 / 360])
    waves = waves[0, 34:].unflatten(-1, (17, 2, 12))[a, 0]
    assert waves[5].item() == pytest.approx(np.sin(32 * np.pi * 100.5 / 640), abs=1e-4)
    assert waves[11].item() == pytest.approx(np.cos(32 * np.pi * 100.5 / 640), abs=1e-4)


def test_it_stays_exact_under_autocast() -> None:
    xy, known, scale = pose(5, n=3)
    e = embedding()
    with torch.autocast("cpu", torch.bfloat16):
        low = e(xy, known, SIZE, scale)
    assert low.dtype == torch.float32 and torch.equal(low, e(xy, known, SIZE, scale))
