"""The Human-to-Keypoint Encoder (paper section III-B): maps to tokens, tokens that have looked around."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.attention import DeformableAttention
from impose_widget.model.backbone import Features
from impose_widget.model.config import ImposeConfig
from impose_widget.model.memory import Memory, padding_of, shrink
from impose_widget.model.positions import cell_centres, encode_cells


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each cell of a map (B, C, H, W): no cell depends on how the image is padded."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Projections(nn.ModuleList):
    """A backbone's maps at the network's width, and coarser ones made from the last until there are L."""

    def __init__(self, channels: tuple[int, ...], config: ImposeConfig) -> None:
        norm = ChannelNorm if config.backbone == "movenet" else lambda c: nn.GroupNorm(32, c)
        convs = [nn.Conv2d(c, config.width, 1) for c in channels[: config.levels]]
        for i in range(config.levels - len(channels)):
            convs.append(nn.Conv2d(channels[-1] if i == 0 else config.width, config.width, 3, 2, 1))
        for conv in convs:
            nn.init.xavier_uniform_(conv.weight)
            nn.init.zeros_(conv.bias)
        super().__init__(nn.Sequential(conv, norm(config.width)) for conv in convs)

    def forward(self, maps: tuple[Tensor, ...]) -> list[Tensor]:
        """L maps (B, C, H_l, W_l)."""
        out = [project(x) for project, x in zip(self, maps, strict=False)]
        x = maps[-1]
        for project in list(self)[len(maps) :]:
            x = project(x)
            out.append(x)
        return out


class EncoderLayer(nn.Module):
    """Deformable self-attention, then a feed-forward part, each added and normalised."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c, levels = config.width, config.levels - config.unencoded
        self.attention = DeformableAttention(c, config.heads, levels, config.points)
        self.norm1, self.norm2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.linear1, self.linear2 = nn.Linear(c, config.feedforward), nn.Linear(config.feedforward, c)

    def forward(self, memory: Memory, position: Tensor, references: Tensor) -> Memory:
        """The same memory with other tokens; positions (B, S, C), references (B, S, L, 2)."""
        x = memory.tokens
        x = self.norm1(x + self.attention(x + position, references, memory))
        x = self.norm2(x + self.linear2(F.relu(self.linear1(x))))
        return memory._replace(tokens=x)


class Encoder(nn.Module):
    """Projections, positions, and the deformable layers."""

    def __init__(self, channels: tuple[int, ...], config: ImposeConfig) -> None:
        super().__init__()
        self.unencoded = config.unencoded
        self.project = Projections(channels, config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        if self.layers:
            self.level_embed = nn.Parameter(torch.randn(config.levels - config.unencoded, config.width))

    def forward(self, features: Features, sizes: Tensor, image: tuple[int, int]) -> Memory:
        """Memory of B images.

        Args:
            features: their maps.
            sizes: (B, 2) x, y of what is not padding, in pixels.
            image: height and width of the padded batch, in pixels.
        """
        maps = self.project(features.maps)
        shapes = tuple((m.shape[2], m.shape[3]) for m in maps)
        pixels = padding_of(sizes, *image)
        masks = [shrink(pixels, shape) for shape in shapes]
        valid = torch.stack([_valid(m) for m in masks], 1)
        tokens = [m.flatten(2).transpose(1, 2) for m in maps]
        padding = torch.cat([m.flatten(1) for m in masks], 1) if (valid < 1).any() else None
        memory = Memory(torch.cat(tokens, 1), padding, shapes, valid, features.guess)
        return self._encode(memory, masks) if self.layers else memory

    def _encode(self, memory: Memory, masks: list[Tensor]) -> Memory:
        n = self.unencoded
        start = sum(h * w for h, w in memory.shapes[:n])
        coarse = Memory(
            memory.tokens[:, start:],
            None if memory.padding is None else memory.padding[:, start:],
            memory.shapes[n:],
            memory.valid[:, n:],
            None,
        )
        width = memory.tokens.shape[-1]
        position = torch.cat([encode_cells(m, width) + e for m, e in zip(masks[n:], self.level_embed, strict=True)], 1)
        references = coarse.at_levels(_cells(coarse))
        for layer in self.layers:
            coarse = layer(coarse, position.to(coarse.tokens.dtype), references)
        return memory._replace(tokens=torch.cat([memory.tokens[:, :start], coarse.tokens], 1))


def _valid(padding: Tensor) -> Tensor:
    """(B, 2) share of width and height of a map that is real."""
    real = ~padding
    counts = torch.stack([real[:, 0].sum(1), real[:, :, 0].sum(1)], -1).float()
    return counts / counts.new_tensor([padding.shape[2], padding.shape[1]])


def _cells(memory: Memory) -> Tensor:
    """The centre (B, S, 2) of every token, in shares of the image."""
    parts = []
    for level, shape in enumerate(memory.shapes):
        real = memory.valid[:, level] * memory.valid.new_tensor(shape[::-1])  # (B, 2) columns and rows
        parts.append(cell_centres(shape, real.device) / real[:, None])
    return torch.cat(parts, 1)
