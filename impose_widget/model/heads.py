"""Prediction heads: what a query says of a person or a keypoint, as in DETR."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.config import ImposeConfig

CLASSES, PERSON = 2, 1
"""Columns of the class logits; people are column 1. (Public checkpoints have two, counting COCO's ids from 0.)"""
RARE = 0.01  # how likely a query is a person, before anything is learned (focal loss)


class MLP(nn.Module):
    """Linear layers with ReLU between them; `still` starts the last one at 0, so that refinement starts at rest."""

    def __init__(self, *widths: int, still: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        if still:
            nn.init.zeros_(self.layers[-1].weight)
            nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class Prediction(NamedTuple):
    """What one layer says of N people in each of B images; 0 to 1 spans the image without its padding.

    Attributes:
        logits: (B, N, 2); column 1 is "a person".
        boxes: (B, N, 4) cx, cy, w, h.
        keypoints: (B, N, K, 2) x, y; None before there are any.
        confidence: (B, N, K) logits of how near the keypoint is to where a human would put it (its expected keypoint
            similarity); None without such a head.
    """

    logits: Tensor
    boxes: Tensor
    keypoints: Tensor | None = None
    confidence: Tensor | None = None


class Heads(nn.Module):
    """The heads of all decoder layers.

    Attributes:
        score: for each layer, (C) -> 2 class logits.
        box: for each layer, (C) -> shift of cx, cy, w, h in logit space.
        keypoint: for each keypoint layer, (C) -> shift of x, y in logit space; and last, from the centre of the box
            to the keypoint when a person is expanded.
        size: (C) -> shift of a keypoint's w, h; one for all layers.
        confidence: (C) -> logit of the expected keypoint similarity, or None.
    """

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c = config.width
        guessed = config.selection == "peaks"
        self.score = nn.ModuleList(score_head(c, guessed) for _ in range(config.layers))
        self.box = nn.ModuleList(MLP(c, c, c, 4, still=True) for _ in range(config.layers))
        self.keypoint = nn.ModuleList(MLP(c, c, c, 2, still=True) for _ in range(config.keypoint_layers + 1))
        self.size = MLP(c, c, c, 2)
        self.confidence = MLP(c, c, 1) if config.confidence else None


def score_head(width: int, guessed: bool = False) -> nn.Linear:
    """(C) -> class logits that start at "rarely a person"; or, to be added to a guess, at 0."""
    head = nn.Linear(width, CLASSES)
    nn.init.constant_(head.bias, 0.0 if guessed else -math.log((1 - RARE) / RARE))
    if guessed:
        nn.init.zeros_(head.weight)
    return head
