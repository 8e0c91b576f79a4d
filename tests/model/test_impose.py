"""IMPose in the small: shapes, padding, batches, permutations, locks, gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from impose_widget.model.backbone import Features, Guess
from impose_widget.model.config import ImposeConfig, clickpose, r50, tiny
from impose_widget.model.impose import Detection, IMPose

SMALL = {"width": 64, "heads": 4, "points": 2, "feedforward": 48}


def small(config: ImposeConfig) -> ImposeConfig:
    few = {"encoder_layers": 1, "box_layers": 1, "keypoint_layers": 2} | SMALL
    return replace(config, **few, queries=12, people=5)


CONFIGS = {
    "r50": small(r50(confidence=True)),
    "clickpose": small(clickpose()),
    "tiny": replace(tiny(encoder_layers=1, keypoint_layers=2, box_layers=1), **SMALL),
}


def made(name: str) -> IMPose:
    torch.manual_seed(1)
    net = IMPose(CONFIGS[name]).eval()
    for parameter in net.parameters():  # heads start at rest; let them move
        if parameter.requires_grad and parameter.dim() > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net


def features(net: IMPose, sizes: Tensor, shape: tuple[int, int], people: int = 3) -> Features:
    """Maps of noise, the same in an image whatever surrounds it, 0 in its padding."""
    channels = net.backbone.channels
    strides = (4, 8, 16, 32) if net.config.backbone == "movenet" else (8, 16, 32)
    maps = []
    for c, stride in zip(channels, strides, strict=True):
        x = torch.zeros(len(sizes), c, shape[0] // stride, shape[1] // stride)
        for i, (w, h) in enumerate(sizes.long().tolist()):
            own = torch.randn(c, 64, 64, generator=torch.Generator().manual_seed(100 * i + stride))
            x[i, :, : h // stride, : w // stride] = own[:, : h // stride, : w // stride]
        maps.append(x)
    if net.config.selection != "peaks":
        return Features(tuple(maps))
    g = torch.Generator().manual_seed(5)
    boxes = torch.cat(
        [0.3 + 0.4 * torch.rand(len(sizes), people, 2, generator=g), torch.full((len(sizes), people, 2), 0.3)], -1
    )
    keypoints = 0.2 + 0.6 * torch.rand(len(sizes), people, 17, 2, generator=g)
    scores = torch.rand(len(sizes), people, 17, generator=g)
    real = torch.ones(len(sizes), people, dtype=torch.bool)
    return Features(tuple(maps), Guess(boxes, keypoints, scores, scores.mean(-1), real))


def detect(net: IMPose, sizes: list[tuple[int, int]], shape: tuple[int, int]) -> Detection:
    sizes = torch.tensor(sizes, dtype=torch.float32)
    return net.detect(net.encode_features(features(net, sizes, shape), sizes, shape))


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_shapes_for_an_image_that_is_no_square(name: str) -> None:
    net = made(name)
    found = detect(net, [(96, 64), (64, 64)], (64, 96))
    n = 3 if name == "tiny" else 5
    assert found.final.logits.shape == (2, n, 2) and found.final.boxes.shape == (2, n, 4)
    assert found.final.keypoints.shape == (2, n, 17, 2) and found.content.shape == (2, n, 64)
    assert (found.final.confidence is None) == (name == "clickpose")
    assert len(found.layers) == 3 and found.layers[0].keypoints is None
    assert torch.isfinite(found.final.keypoints).all()


@torch.inference_mode()
def test_an_image_alone_says_what_it_says_in_a_padded_batch() -> None:
    """Of `tiny`; the public networks' group norms see how an image is padded."""
    net = made("tiny")
    sizes = torch.tensor([[96.0, 64.0], [64.0, 64.0]])
    maps = features(net, sizes, (64, 96))
    together = net.detect(net.encode_features(maps, sizes, (64, 96))).final
    guess = Guess(*(t[1:] for t in maps.guess))
    alone = Features(tuple(m[1:, ..., : m.shape[3] * 2 // 3] for m in maps.maps), guess)
    one = net.detect(net.encode_features(alone, sizes[1:], (64, 64))).final
    torch.testing.assert_close(one.keypoints, together.keypoints[1:], atol=2e-5, rtol=0)
    torch.testing.assert_close(one.boxes, together.boxes[1:], atol=2e-5, rtol=0)


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_people_in_another_order_are_the_same_people(name: str) -> None:
    net = made(name)
    sizes, shape = torch.tensor([[96.0, 64.0]]), (64, 96)
    memory = net.encode_features(features(net, sizes, shape), sizes, shape)
    g = torch.Generator().manual_seed(2)
    boxes = torch.cat([torch.rand(1, 4, 2, generator=g), torch.full((1, 4, 2), 0.4)], -1)
    keypoints, free = torch.rand(1, 4, 17, 2, generator=g), torch.rand(1, 4, 17, generator=g) < 0.7
    order = torch.tensor([2, 0, 3, 1])
    a = net.refine(memory, boxes, keypoints, free).final
    b = net.refine(memory, boxes[:, order], keypoints[:, order], free[:, order]).final
    for x, y in zip(a, b, strict=True):
        if x is not None:
            torch.testing.assert_close(x[:, order], y, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_what_is_held_stays_and_is_looked_at(name: str) -> None:
    net = made(name)
    sizes, shape = torch.tensor([[96.0, 64.0]]), (64, 96)
    memory = net.encode_features(features(net, sizes, shape), sizes, shape)
    boxes = torch.tensor([[[0.5, 0.5, 0.6, 0.8]]])
    keypoints = torch.full((1, 1, 17, 2), 0.5)
    free = torch.ones(1, 1, 17, dtype=torch.bool)
    free[..., 3] = False
    here = net.refine(memory, boxes, keypoints, free).final.keypoints
    keypoints[..., 3, :] = 0.7
    there = net.refine(memory, boxes, keypoints, free).final.keypoints
    assert (here[..., 3, :] - 0.5).abs().max() < 1e-6 and (there[..., 3, :] - 0.7).abs().max() < 1e-6
    assert (here - there).abs()[free].max() > 1e-5


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_nobody_is_no_trouble(name: str) -> None:
    net = made(name)
    sizes, shape = torch.tensor([[64.0, 64.0]]), (64, 64)
    memory = net.encode_features(features(net, sizes, shape, people=0), sizes, shape)
    none = net.refine(memory, torch.zeros(1, 0, 4), torch.zeros(1, 0, 17, 2), torch.zeros(1, 0, 17).bool())
    assert none.final.keypoints.shape == (1, 0, 17, 2)
    if name == "tiny":
        assert net.detect(memory).final.keypoints.shape == (1, 0, 17, 2)


@pytest.mark.parametrize("name", ["r50", "tiny"])
@torch.inference_mode()
def test_an_image_of_one_pixel_is_no_trouble(name: str) -> None:
    net = made(name)
    side = net.config.multiple
    images = torch.zeros(1, 3, side, side, dtype=torch.uint8)
    found = net(images, torch.tensor([[1.0, 1.0]]))
    assert torch.isfinite(found.final.keypoints).all()


def test_a_configuration_is_checked_and_goes_round() -> None:
    assert ImposeConfig.from_json(tiny().to_json()) == tiny()
    for bad in ({"width": 100}, {"backbone": "vgg"}, {"selection": "peaks"}):
        with pytest.raises(ValueError, match="Expected"):
            r50(**bad)
    for bad in (None, {}, {"name": "x", "colour": 3}):
        with pytest.raises(ValueError, match="Expected the configuration"):
            ImposeConfig.from_json(bad)
