"""Networks that place keypoints within their person: what they say moves and grows with the person."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impose_widget.model.config import tiny
from impose_widget.model.hints import Hints
from impose_widget.model.impose import IMPose
from impose_widget.model.memory import Memory

K, SIZE = 17, {"width": 32, "heads": 4, "points": 2, "feedforward": 32, "box_layers": 1, "keypoint_layers": 2}


@pytest.fixture(scope="module")
def network() -> IMPose:
    torch.manual_seed(0)
    net = IMPose(tiny(**SIZE, relative=True, hints=True, people_see_each_other=False)).eval()
    with torch.no_grad():
        for head in (*net.decoder.heads.keypoint, *net.decoder.heads.box, net.hints.out):
            head.layers[-1].weight.normal_(std=0.3)
        for projection in (layer.cross_attention.value_proj for layer in net.decoder.layers):
            projection.bias.normal_()
    return net


def same_everywhere(height: int = 128, width: int = 256) -> Memory:
    """Of an image twice as wide as high, which looks alike everywhere."""
    shapes = tuple((height >> level, width >> level) for level in range(4))
    tokens = torch.ones(1, sum(h * w for h, w in shapes), SIZE["width"])
    return Memory(tokens, None, shapes, torch.ones(1, 4, 2), None)


def pose(centre: tuple[float, float], scale: float) -> tuple[Tensor, Tensor]:
    """Box (1, 1, 4) and keypoints (1, 1, K, 2); a pixel is half as large a share of the width as of the height."""
    shape = torch.rand(K, 2, generator=torch.Generator().manual_seed(1)) - 0.5
    unit = scale * torch.tensor([0.5, 1.0])
    xy = torch.tensor(centre) + shape * unit
    return torch.tensor([*centre, *(1.2 * unit)])[None, None], xy[None, None]


def answer(network: IMPose, centre: tuple[float, float], scale: float, hints: Hints | None = None) -> Tensor:
    """Keypoints (K, 2) relative to the person, in their sizes."""
    box, xy = pose(centre, scale)
    with torch.no_grad():
        found = network.carry(same_everywhere(), box, xy, torch.ones(1, 1, K, dtype=torch.bool), hints=hints)
    return (found.final.keypoints[0, 0] - torch.tensor(centre)) / (scale * torch.tensor([0.5, 1.0]))


def test_what_is_said_goes_with_the_person(network: IMPose) -> None:
    middle = answer(network, (0.5, 0.5), 0.3)
    torch.testing.assert_close(answer(network, (0.3, 0.6), 0.3), middle, atol=1e-4, rtol=0)
    torch.testing.assert_close(answer(network, (0.5, 0.5), 0.15), middle, atol=1e-4, rtol=0)
    _, xy = pose((0.5, 0.5), 0.3)
    assert (middle - (xy[0, 0] - 0.5) / torch.tensor([0.15, 0.3])).abs().max() > 0.05  # it does say something


def test_hints_are_told_in_sizes_of_the_person(network: IMPose) -> None:
    nothing = torch.full((1, 1, K), torch.nan)

    def hints(centre: tuple[float, float], scale: float, off: float) -> Hints:
        _, xy = pose(centre, scale)
        reading = torch.cat([xy + off * scale * torch.tensor([0.5, 1.0]), torch.full((1, 1, K, 1), 0.7)], -1)
        return Hints(reading, nothing, torch.full((1, 1, K, 2), torch.nan))

    near = answer(network, (0.5, 0.5), 0.3, hints((0.5, 0.5), 0.3, 0.1))
    torch.testing.assert_close(answer(network, (0.4, 0.5), 0.2, hints((0.4, 0.5), 0.2, 0.1)), near, atol=1e-4, rtol=0)
    assert (answer(network, (0.5, 0.5), 0.3, hints((0.5, 0.5), 0.3, 0.3)) - near).abs().max() > 1e-3


def test_nothing_known_is_told_as_nothing_and_keeps_gradients_finite(network: IMPose) -> None:
    nothing = Hints(
        *(torch.full((1, 1, K, n), torch.nan) for n in (3,)),
        torch.full((1, 1, K), torch.nan),
        torch.full((1, 1, K, 2), torch.nan),
        torch.full((1, 1, K, 4 * SIZE["width"]), torch.nan),
    )
    box, xy = pose((0.5, 0.5), 0.3)
    found = network.carry(same_everywhere(), box, xy, torch.ones(1, 1, K, dtype=torch.bool), hints=nothing)
    found.final.keypoints.sum().backward()
    assert found.final.keypoints.isfinite().all()
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            assert parameter.grad.isfinite().all(), name


def test_held_keypoints_stay_to_the_last_bit(network: IMPose) -> None:
    box, xy = pose((0.5, 0.5), 0.3)
    free = torch.ones(1, 1, K, dtype=torch.bool)
    free[..., ::3] = False
    with torch.no_grad():
        found = network.carry(same_everywhere(), box, xy, free)
    assert torch.equal(found.final.keypoints[~free], xy[~free])
    assert (found.final.keypoints - xy)[free].abs().max() > 1e-3
