"""Places as vectors: sine encodings of a map's cells and of boxes, and the logit space in which boxes are refined.

Where a cell lies is computed in float32 whatever the network computes in, as in the public networks, so that a float64
run of one agrees with a float64 run of the other to the last digit.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MAP_TEMPERATURE = 20  # of cells (DAB-DETR, ED-Pose)
BOX_TEMPERATURE = 10_000


def waves(x: Tensor, channels: int, temperature: float) -> Tensor:
    """Sines and cosines, interleaved, (..., channels) of numbers (...), over wavelengths up to `temperature`."""
    n = torch.arange(channels, dtype=torch.float32, device=x.device)
    scale = temperature ** (2 * torch.div(n, 2, rounding_mode="floor") / channels)
    phase = x[..., None] / scale
    return torch.stack([phase[..., 0::2].sin(), phase[..., 1::2].cos()], -1).flatten(-2)


def cell_centres(shape: tuple[int, int], device: torch.device) -> Tensor:
    """x, y (1, HW, 2) of the centres of a map's cells, in cells; row by row."""
    h, w = shape
    y, x = torch.meshgrid(torch.arange(h, device=device), torch.arange(w, device=device), indexing="ij")
    return torch.stack([x, y], -1).reshape(1, h * w, 2).float() + 0.5


def encode_cells(padding: Tensor, width: int) -> Tensor:
    """Positions (B, HW, width) of the cells of a map, y before x, of which `padding` (B, H, W) are not real.

    The last real row and column are at 2π, whatever the size of the map.
    """
    real = ~padding
    y, x = real.cumsum(1, dtype=torch.float32), real.cumsum(2, dtype=torch.float32)
    y = y / (y[:, -1:] + 1e-6) * 2 * math.pi
    x = x / (x[:, :, -1:] + 1e-6) * 2 * math.pi
    encoded = torch.cat([waves(v, width // 2, MAP_TEMPERATURE) for v in (y, x)], -1)
    return encoded.flatten(1, 2)


def encode_boxes(boxes: Tensor, width: int) -> Tensor:
    """Encodings (..., 2 width) of boxes (..., 4) cx, cy, w, h, in the order y, x, w, h."""
    parts = [waves(boxes[..., i] * 2 * math.pi, width // 2, BOX_TEMPERATURE) for i in (1, 0, 2, 3)]
    return torch.cat(parts, -1)


def logit(x: Tensor, border: float) -> Tensor:
    """The inverse of sigmoid; numbers nearer than `border` to 0 or 1, or beyond, are taken as that near."""
    x = x.clamp(0, 1)
    return (x.clamp(min=border) / (1 - x).clamp(min=border)).log()
