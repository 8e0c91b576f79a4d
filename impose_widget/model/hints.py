"""What is known of a keypoint besides the image: where the point tracker and MoveNet say it is, and its anchor.

Conditioning on the anchor: the query carries what the network saw where the human placed the keypoint, and how far from
there it would itself have placed it, so that the annotator's convention and this person's looks carry over.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from impose_widget.model.config import ImposeConfig
from impose_widget.model.heads import MLP
from impose_widget.model.memory import Memory
from impose_widget.model.positions import person_unit

FACTS = 11
USUAL = 0.05  # deviation, in sizes of the person, that counts as 0


class Hints(NamedTuple):
    """Of N people in B images; NaN where nothing is known.

    Attributes:
        reading: (B, N, K, 3) where the detector reads the keypoint, in shares of the image, and its score.
        deviation: (B, N, K) how far off the place given may be by the tracker's account, in sizes of the person.
        residual: (B, N, K, 2) at the anchor: from the detector's reading to the human's point, in sizes of the person.
        looks: (B, N, K, L C) the anchor's memory at the human's point (`Memory.pooled`).
    """

    reading: Tensor
    deviation: Tensor
    residual: Tensor
    looks: Tensor | None = None


class HintEncoder(nn.Module):
    """Hints as vectors to add to the contents of keypoints; 0 before anything is learned."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c = config.width
        self.looks = nn.Linear(config.levels * c, c)
        self.here = nn.Linear(config.levels * c, c)
        self.facts = nn.Linear(FACTS, c)
        self.out = MLP(c, c, c, still=True)

    def forward(self, hints: Hints, keypoints: Tensor, boxes: Tensor, memory: Memory) -> Tensor:
        """(B, N, K, C) for keypoints (B, N, K, 2) of people with boxes (B, N, 4)."""
        unit = person_unit(boxes.detach(), memory)[:, :, None]
        read = (hints.reading[..., :2] - keypoints) / unit
        there = hints.reading.isfinite().all(-1, keepdim=True)
        far = read.norm(dim=-1, keepdim=True)
        near = read / (1 + far)  # far readings are told by their direction
        doubt = (hints.deviation[..., None] / USUAL).clamp(min=1e-2).log() / 2
        told, known = hints.deviation.isfinite()[..., None], hints.residual.isfinite().all(-1, keepdim=True)
        parts = [near * 4, far.clamp(max=2), hints.reading[..., 2:], doubt, hints.residual * 4]
        flags = torch.cat([there, told, known], -1).float()
        facts = torch.cat([*parts, flags, (known & there).float()], -1).nan_to_num(0.0, 0.0, 0.0)
        x = self.facts(facts.to(self.facts.weight.dtype))
        if hints.looks is not None:
            seen = hints.looks.isfinite().all(-1, keepdim=True)
            b, n, k = keypoints.shape[:3]
            here = memory.pooled(keypoints.reshape(b, n * k, 2)).view(b, n, k, -1)
            x = x + seen * (self.looks(hints.looks.nan_to_num(0.0)) + self.here(here))
        return self.out(torch.relu(x))
