"""The point tracker `mini`: puts right where optical flow says that points went, and says how far to trust it.

Source: CoTracker3 (Karaev et al. 2024), section 3: correlation features of a point's surroundings, and a transformer
over time and points that updates places, visibility and confidence a few times. Ours differs where it saves work: the
first estimate is optical flow's track instead of "stays where it was", and maps are those of MoveNet's frozen first
stages, whitened, at strides 4, 8 and 16, so that what correlates need not be learned and can be kept. Coordinates are
pixels of the network's image, integers at pixel centres.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.mobilenet import MobileNetV2

STRIDES = (4, 8, 16)
MAPS = (40, 48)  # channels of the frozen maps at strides 4 and 8
LAST = (2, 5)  # the blocks of the backbone that give them
BANDS = 3  # Fourier frequencies of displacements
FAR = 32.0  # pixels; displacements are told in these
LEAST = 0.02  # of the mean variance, beside each
SIGNALS = 7  # of a token, beside displacements and what it is like there


@dataclass(frozen=True, slots=True)
class PointConfig:
    """One network.

    Attributes:
        channels: of the maps that are correlated.
        support: cells on each side of a point that are its template.
        radius: cells on each side of an estimate that are searched.
        hidden: width of what is made of one level's correlations.
        told: channels that a level tells a token.
        width: of a token.
        heads: of every attention.
        layers: each over time, then over points.
        window: frames that are looked at together, the one of the start included.
        iterations: updates of the estimate.
        long_side: pixels of the longer side of the network's image at most; larger frames are made smaller.
    """

    channels: int = 32
    support: int = 1
    radius: int = 3
    hidden: int = 96
    told: int = 48
    width: int = 128
    heads: int = 4
    layers: int = 3
    window: int = 11
    iterations: int = 2
    long_side: int = 512

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the header of a weights file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> PointConfig:
        """From what `to_json` gave.

        Raises:
            ValueError: it is not that.
        """
        known = {f.name for f in fields(cls)}
        if not isinstance(data, dict) or data.keys() != known:
            raise ValueError(f"Expected the configuration of a point tracker, got {str(data)[:80]!r}.")
        return cls(**data)


class Prior(NamedTuple):
    """What is known of N points in B windows of T frames before the network looks.

    Attributes:
        xy: (B, T, N, 2) where optical flow says they went, from their start in frame 0.
        trust: (B, T, N) of its step to each frame, 0 lost.
        alike: (B, T, N) how much the image there correlates with the template's, -1 to 1.
        exact: (B, N) whether the start is where the point was given (1) or an estimate of an earlier window (0).
        age: (B, N) frames from the template to the start.
    """

    xy: Tensor
    trust: Tensor
    alike: Tensor
    exact: Tensor
    age: Tensor


class Estimate(NamedTuple):
    """Places (B, T, N, 2), logits (B, T, N) of being visible and of being right."""

    xy: Tensor
    visible: Tensor
    right: Tensor


def frozen_maps(backbone: MobileNetV2, images: Tensor) -> tuple[Tensor, Tensor]:
    """The backbone's maps (B, C, H/s, W/s) at strides 4 and 8 of images (B, 3, H, W) in -1..1, sides multiples of 8."""
    x = F.relu6(backbone.stem(images), inplace=True)
    maps = []
    for i in range(LAST[-1] + 1):
        x = backbone.blocks[i](x)
        if i in LAST:
            maps.append(x)
    return maps[0], maps[1]


class PointNetwork(nn.Module):
    """All that learns."""

    def __init__(self, config: PointConfig) -> None:
        super().__init__()
        self.config = c = config
        for level, n in enumerate(MAPS):
            self.register_buffer(f"middle{level}", torch.zeros(n))
            self.register_buffer(f"basis{level}", torch.eye(n)[: c.channels].clone())
        cells = (2 * c.support + 1) ** 2 * (2 * c.radius + 1) ** 2
        self.correlation = nn.Sequential(nn.Linear(cells, c.hidden), nn.GELU(), nn.Linear(c.hidden, c.told))
        moves = 4 * 2 * (1 + 2 * BANDS)
        self.token = nn.Linear(len(STRIDES) * c.told + moves + SIGNALS, c.width)
        self.time = nn.Parameter(torch.randn(c.window, c.width) * 0.02)
        self.layers = nn.ModuleList(Layer(c.width, c.heads) for _ in range(c.layers))
        self.norm = nn.LayerNorm(c.width)
        self.head = nn.Linear(c.width, 4)
        nn.init.zeros_(self.head.weight)  # untrained, it says what optical flow says
        nn.init.zeros_(self.head.bias)

    @torch.no_grad()
    def whiten(self, maps: tuple[Tensor, Tensor]) -> None:
        """Choose what is correlated so that it varies alike in all directions over frozen maps of some images."""
        for level, m in enumerate(maps):
            flat = m.float().permute(0, 2, 3, 1).flatten(0, 2)
            middle = flat.mean(0)
            variance, axes = torch.linalg.eigh(torch.cov((flat - middle).T))
            variance, axes = variance.flip(0)[: self.config.channels], axes.flip(1)[:, : self.config.channels]
            basis = axes / (variance + LEAST * variance.mean()).sqrt()
            getattr(self, f"middle{level}").copy_(middle)
            getattr(self, f"basis{level}").copy_(basis.T)

    @torch.no_grad()
    def levels(self, maps: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Maps to correlate, of vectors of length 1, at strides 4, 8 and 16, from the frozen ones."""
        fine, coarse = (
            F.conv2d(m - getattr(self, f"middle{i}")[:, None, None], getattr(self, f"basis{i}")[:, :, None, None])
            for i, m in enumerate(maps)
        )
        return tuple(F.normalize(m, dim=1) for m in (fine, coarse, F.avg_pool2d(coarse, 2, ceil_mode=True)))

    def templates(self, levels: tuple[Tensor, ...], points: Tensor) -> tuple[Tensor, ...]:
        """What points (B, N, 2) look like in their image: (B, N, S, C) of each level."""
        return tuple(around(m, points, s, self.config.support) for m, s in zip(levels, STRIDES, strict=True))

    def forward(self, levels: tuple[Tensor, ...], templates: tuple[Tensor, ...], prior: Prior) -> list[Estimate]:
        """Estimates after each update.

        Args:
            levels: of the window's frames, (B * T, C, H, W) each.
            templates: see there.
            prior: what is known.
        """
        xy = prior.xy
        visible, right = torch.zeros_like(prior.trust), torch.zeros_like(prior.trust)
        out = []
        for _ in range(self.config.iterations):
            xy = xy.detach()
            x = self.token(torch.cat([self._alike(levels, templates, xy), self._known(prior, xy, visible, right)], -1))
            x = x + self.time[: x.shape[1], None]
            for layer in self.layers:
                x = layer(x)
            step = self.head(self.norm(x))
            moves = torch.ones_like(visible)
            moves[:, 0] = 0  # the start is given
            xy = xy + step[..., :2] * STRIDES[0] * moves[..., None]
            visible, right = visible + step[..., 2], right + step[..., 3]
            out.append(Estimate(xy, visible, right))
        return out

    @torch.no_grad()
    def _cells(self, m: Tensor, template: Tensor, xy: Tensor, stride: int) -> Tensor:
        """Correlations of one level around the estimates, (B, T, N, cells)."""
        b, t, n, _ = xy.shape
        there = around(m, xy.reshape(b * t, n, 2), stride, self.config.radius).reshape(b, t, n, -1, m.shape[1])
        return (there @ template[:, None].transpose(-1, -2)).flatten(-2)

    def _alike(self, levels: tuple[Tensor, ...], templates: tuple[Tensor, ...], xy: Tensor) -> Tensor:
        """What the correlations around the estimates tell, (B, T, N, levels * told)."""
        cells = (self._cells(*part, xy, stride) for *part, stride in zip(levels, templates, STRIDES, strict=True))
        return torch.cat([self.correlation(c) for c in cells], -1)

    def _known(self, prior: Prior, xy: Tensor, visible: Tensor, right: Tensor) -> Tensor:
        """(B, T, N, …): displacements, and what optical flow and the updates before say."""
        ahead = F.pad(xy[:, 1:] - xy[:, :-1], (0, 0, 0, 0, 0, 1))
        behind = F.pad(xy[:, :-1] - xy[:, 1:], (0, 0, 0, 0, 1, 0))
        moves = torch.cat([ahead, behind, xy - prior.xy, xy - xy[:, :1]], -1) / FAR
        waves = [f(moves * 2**band * math.pi / 2) for band in range(BANDS) for f in (torch.sin, torch.cos)]
        kept = prior.trust.cumprod(1)
        per_point = torch.stack([prior.exact, torch.log1p(prior.age) / 4], -1)[:, None].expand(*xy.shape[:3], 2)
        signals = torch.stack([prior.trust, kept, prior.alike, visible, right], -1)
        return torch.cat([moves, *waves, signals, per_point], -1)


class Layer(nn.Module):
    """Attention of each point over time, of each frame over points, and a feedforward network."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.over_time, self.over_points = Attention(width, heads), Attention(width, heads)
        self.feed = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B, T, N, C)."""
        x = x + self.over_time(x.transpose(1, 2)).transpose(1, 2)
        x = x + self.over_points(x)
        return x + self.feed(x)


class Attention(nn.Module):
    """Self-attention along the last axis but one."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.ask, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, t, n, c = x.shape
        q, k, v = self.ask(self.norm(x)).reshape(b * t, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v)
        return self.out(seen.transpose(1, 2).reshape(b, t, n, c))


def around(maps: Tensor, points: Tensor, stride: int, radius: int) -> Tensor:
    """What maps (B, C, H, W) hold at points (B, N, 2) and the cells around them: (B, N, (2 radius + 1)², C).

    Beyond the border there is nothing (zeros).
    """
    cells = torch.arange(-radius, radius + 1, device=maps.device, dtype=maps.dtype)
    offsets = torch.stack(torch.meshgrid(cells, cells, indexing="xy"), -1).reshape(-1, 2)
    at = (points[:, :, None] + 0.5) / stride + offsets  # continuous, 0 to W
    size = torch.tensor([maps.shape[3], maps.shape[2]], device=maps.device, dtype=maps.dtype)
    held = F.grid_sample(maps, at / size * 2 - 1, mode="bilinear", align_corners=False)
    return held.permute(0, 2, 3, 1)
