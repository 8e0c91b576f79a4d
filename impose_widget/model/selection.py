"""Query selection (paper section III-B): who to ask the decoders about, and where to start."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from impose_widget.model.config import ImposeConfig
from impose_widget.model.heads import MLP, Prediction, score_head
from impose_widget.model.memory import Memory
from impose_widget.model.positions import cell_centres, logit

FINEST_BOX = 0.05  # side of the box proposed by a token of the finest map; it doubles from map to map
INSIDE = (0.01, 0.99)  # proposals beyond these are not taken


class Queries(NamedTuple):
    """People to ask about.

    Attributes:
        content: (B, Q, C).
        boxes: (B, Q, 4) cx, cy, w, h.
        keypoints: (B, Q, K, 2) to start from, or None: then from the centre of the box.
        prior: (B, Q) logit that it is a person before it was looked at, added to what the heads say; or None.
        real: (B, Q) bool; None if all are.
    """

    content: Tensor
    boxes: Tensor
    keypoints: Tensor | None = None
    prior: Tensor | None = None
    real: Tensor | None = None


class EncoderSelection(nn.Module):
    """The Q tokens that look most like a person (two-stage Deformable DETR); each proposes a box around itself."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c = config.width
        self.queries = config.queries
        self.project, self.norm = nn.Linear(c, c), nn.LayerNorm(c)
        self.score, self.box = score_head(c), MLP(c, c, c, 4, still=True)

    def forward(self, memory: Memory) -> tuple[Queries, Prediction]:
        """Contents and boxes, both detached; and what the encoder says of them, to be trained."""
        boxes = _proposals(memory)
        real = ((boxes > INSIDE[0]) & (boxes < INSIDE[1])).all(-1)
        if memory.padding is not None:
            real &= ~memory.padding
        tokens = self.norm(self.project(memory.tokens.masked_fill(~real[..., None], 0.0)))
        scores = self.score(tokens)
        # The logarithm is rounded from float64: libraries differ in the last digit of float32's.
        start = (boxes / (1 - boxes)).double().log().float().masked_fill(~real[..., None], torch.inf)
        shifted = (start + self.box(tokens)).sigmoid()
        best = scores.amax(-1).topk(min(self.queries, scores.shape[1]), dim=1).indices

        def take(x: Tensor) -> Tensor:
            return x.gather(1, best[..., None].expand(-1, -1, x.shape[-1]))

        content, at = take(tokens), take(shifted)
        return Queries(content.detach(), at.detach()), Prediction(take(scores), at)


def _proposals(memory: Memory) -> Tensor:
    """A box (B, S, 4) around each token."""
    parts = []
    for level, shape in enumerate(memory.shapes):
        real = memory.valid[:, level] * memory.valid.new_tensor(shape[::-1])  # (B, 2) columns and rows
        centre = cell_centres(shape, real.device) / real.round()[:, None]
        parts.append(torch.cat([centre, torch.full_like(centre, FINEST_BOX * 2**level)], -1))
    return torch.cat(parts, 1)


class PooledContent(nn.Module):
    """What the memory says at a point, as the content of a person there."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        self.project = nn.Linear(config.levels * config.width, config.width)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, memory: Memory, boxes: Tensor) -> Tensor:
        """(B, Q, C) at the centres of boxes (B, Q, 4)."""
        return self.norm(self.project(memory.pooled(boxes[..., :2])))


class PeakSelection(nn.Module):
    """The people that the backbone's own heads saw: their boxes and keypoints are where the decoders start."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        self.content = PooledContent(config)
        self.border = config.border

    def forward(self, memory: Memory) -> tuple[Queries, None]:
        guess = memory.guess
        content = self.content(memory, guess.boxes)
        return Queries(content, guess.boxes, guess.keypoints, logit(guess.person, self.border), guess.real), None
