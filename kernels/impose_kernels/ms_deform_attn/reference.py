"""The definition of multi-scale deformable attention: project all memory, sample each map, sum."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def ms_deform_attn(
    memory: Tensor,
    padding: Tensor | None,
    heights: list[int],
    widths: list[int],
    locations: Tensor,
    weights: Tensor,
    value_weight: Tensor,
    value_bias: Tensor,
) -> Tensor:
    """See `impose_kernels.ms_deform_attn`."""
    b, q, m, levels, points, _ = locations.shape
    value = F.linear(memory, value_weight, value_bias)
    if padding is not None:
        value = value.masked_fill(padding[..., None], 0.0)
    d = value.shape[-1] // m
    exact = torch.promote_types(value.dtype, locations.dtype)  # half-precision values are sampled in that of locations
    maps = value.to(exact).split([h * w for h, w in zip(heights, widths, strict=True)], dim=1)
    grid = (2 * locations - 1).transpose(1, 2)  # (B, M, Q, L, P, 2), -1 to 1 as grid_sample has it
    sampled = []
    for level in range(levels):
        # (B, HW, M d) -> (BM, d, H, W)
        image = maps[level].transpose(1, 2).reshape(b * m, d, heights[level], widths[level])
        at = grid[:, :, :, level].flatten(0, 1)  # (BM, Q, P, 2)
        sampled.append(F.grid_sample(image, at, mode="bilinear", padding_mode="zeros", align_corners=False))
    # (BM, d, Q, L P) × (BM, 1, Q, L P) summed over samples
    every = torch.stack(sampled, dim=-2).flatten(-2)
    attention = weights.transpose(1, 2).reshape(b * m, 1, q, levels * points)
    return (every * attention).sum(-1).reshape(b, m * d, q).transpose(1, 2).to(memory.dtype)
