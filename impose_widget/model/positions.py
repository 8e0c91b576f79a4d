"""Places as vectors: sine encodings of a map's cells and of boxes, and the logit space in which boxes are refined.

Where a cell lies is computed in float32 whatever the network computes in, as in the public networks, so that a float64
run of one agrees with a float64 run of the other to the last digit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from impose_widget.model.memory import Memory

MAP_TEMPERATURE = 20  # of cells (DAB-DETR, ED-Pose)
BOX_TEMPERATURE = 10_000
WITHIN_TEMPERATURE = 100  # of places in a person
FINEST_WAVE = 4.0  # of the same, per size of the person


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


def person_unit(boxes: Tensor, memory: Memory) -> Tensor:
    """The longer side of boxes (B, N, 4) in pixels, as shares (B, N, 2) of the image's width and height."""
    image = memory.valid[:, 0] * memory.valid.new_tensor(memory.shapes[0][::-1])  # (B, 2) in cells of the finest map
    side = (boxes[..., 2:] * image[:, None]).amax(-1, keepdim=True).clamp(min=1e-3)
    return side / image[:, None]


def encode_within(references: Tensor, memory: Memory, width: int) -> Tensor:
    """Encodings (..., 2 width) of a person's references (B, N, 1+K, 4) by where they are in the person, however large.

    People alone (B, N, 4) are told the shape of their box.
    """
    people = references[:, :, None] if references.dim() == 3 else references
    unit = person_unit(people[:, :, 0], memory)[:, :, None]
    xy = (people[..., :2] - people[:, :, :1, :2]) / unit
    parts = torch.cat([xy, people[..., 2:] / unit], -1) * (2 * math.pi * FINEST_WAVE)
    encoded = torch.cat([waves(parts[..., i], width // 2, WITHIN_TEMPERATURE) for i in (1, 0, 2, 3)], -1)
    return encoded.view(*references.shape[:-1], -1)
