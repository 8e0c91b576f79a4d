"""Backbones behind one interface: an image in, maps from fine to coarse out, perhaps with a first guess of people."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from impose_widget.model.config import ImposeConfig
from impose_widget.model.decode import decode
from impose_widget.model.movenet import MoveNet
from impose_widget.model.resnet import ResNet50

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of RGB 0 to 255
LOWEST_PEAK = 0.1  # centres below it are nobody


class Guess(NamedTuple):
    """People as MoveNet's heads see them; rows beyond an image's people are not `real`.

    Attributes:
        boxes: (B, N, 4) cx, cy, w, h; 0 to 1 spans the image without its padding.
        keypoints: (B, N, K, 2) likewise.
        scores: (B, N, K) of keypoints.
        person: (B, N) that it is a person.
        real: (B, N) bool.
    """

    boxes: Tensor
    keypoints: Tensor
    scores: Tensor
    person: Tensor
    real: Tensor


class Features(NamedTuple):
    """What a backbone gives: maps (B, C_l, H_l, W_l) from fine to coarse, and a guess or None."""

    maps: tuple[Tensor, ...]
    guess: Guess | None = None


class Backbone(Protocol):
    """What the network asks of a backbone."""

    channels: tuple[int, ...]

    def __call__(self, images: Tensor, sizes: Tensor) -> Features:
        """Images (B, 3, H, W) RGB 0 to 255, of which (B, 2) sizes x, y from the top left are not padding."""
        ...


class ResNetBackbone(ResNet50):
    """ResNet-50 on RGB 0 to 255."""

    def forward(self, images: Tensor, sizes: Tensor) -> Features:
        """Padding is 0 after normalisation, as DETR and its heirs have it."""
        mean, std = (images.new_tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        x = (images - mean) / std
        y_real = torch.arange(x.shape[2], device=x.device)[None, :, None] < sizes[:, 1, None, None]
        x_real = torch.arange(x.shape[3], device=x.device)[None, None, :] < sizes[:, 0, None, None]
        return Features(super().forward(x * (y_real & x_real)[:, None]))


class MoveNetBackbone(nn.Module):
    """MoveNet MultiPose, frozen: its pyramid with the backbone's own maps beside it, and its heads' people.

    The finest map (stride 4) has the 17 heatmaps beside the features that they were made of: where each keypoint of
    anybody is, and how sure the heads are.
    """

    channels = (24 + 17, 24 + 48, 32 + 96, 64)

    def __init__(self, people: int) -> None:
        super().__init__()
        self.movenet = MoveNet().requires_grad_(False)
        self.people = people

    @torch.no_grad()
    def forward(self, images: Tensor, sizes: Tensor) -> Features:
        net = self.movenet
        fine = net.backbone(net.normalised(images))
        maps = net.maps_of(fine)
        stride4 = torch.cat([maps.features, maps.heatmap.sigmoid()], 1)
        stride8 = torch.cat([maps.pyramid[0], fine[1]], 1)
        stride16 = torch.cat([maps.pyramid[1], fine[2]], 1)
        guess = guess_of(decode(maps, LOWEST_PEAK, self.people), sizes)
        return Features((stride4, stride8, stride16, maps.pyramid[2]), guess)


def guess_of(people: list, sizes: Tensor) -> Guess:
    """What `decode` found, as arrays of one size, in shares of each image."""
    n = max((len(p.score) for p in people), default=0)
    b, k = len(people), people[0].keypoints.shape[1]
    new = sizes.new_zeros
    guess = Guess(new(b, n, 4), new(b, n, k, 2), new(b, n, k), new(b, n), torch.zeros_like(new(b, n), dtype=torch.bool))
    for i, found in enumerate(people):
        m = len(found.score)
        size = sizes[i]
        guess.boxes[i, :m] = torch.cat([(found.box[:, :2] + found.box[:, 2:] / 2) / size, found.box[:, 2:] / size], 1)
        guess.keypoints[i, :m] = found.keypoints[..., :2] / size
        guess.scores[i, :m], guess.person[i, :m] = found.keypoints[..., 2], found.score
        guess.real[i, :m] = True
    return guess


def build_backbone(config: ImposeConfig) -> Backbone:
    """The backbone of a configuration."""
    return ResNetBackbone() if config.backbone == "resnet50" else MoveNetBackbone(config.queries)
