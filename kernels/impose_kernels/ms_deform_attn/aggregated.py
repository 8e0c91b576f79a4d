"""Aggregate first, project after: for few queries, only what they look at is read, and nothing else is projected.

The attention is linear in the values, so each head may sum its samples of the raw memory before its own slice of the
projection; the bias comes along with the sum of the weights that fell on the map and off the padding.
"""

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
    b, q, m = locations.shape[:3]
    c, d = memory.shape[-1], value_weight.shape[0] // m
    index, share = corners(locations, weights, heights, widths)  # (B, Q, M, 4LP)
    index = index + memory.shape[1] * torch.arange(b, device=memory.device)[:, None, None, None]
    if padding is not None:
        share = share.masked_fill(padding.flatten()[index], 0.0)
    table = memory.reshape(-1, c)
    bags = F.embedding_bag(
        index.flatten(0, 2), table, mode="sum", per_sample_weights=share.flatten(0, 2).to(table.dtype)
    )  # (BQM, C)
    heads = torch.einsum("bqmc,mdc->bqmd", bags.view(b, q, m, c), value_weight.view(m, d, c))
    biases = share.sum(-1, keepdim=True).to(heads.dtype) * value_bias.view(m, d)
    return (heads + biases).flatten(2).to(memory.dtype)


def corners(locations: Tensor, weights: Tensor, heights: list[int], widths: list[int]) -> tuple[Tensor, Tensor]:
    """The four tokens around each sample and their shares of its weight; a share off the map is 0.

    Args:
        locations: (..., L, P, 2).
        weights: (..., L, P).
        heights, widths: of the L maps.

    Returns:
        index (..., 4LP) int64 into the flattened maps, share (..., 4LP).
    """
    device = locations.device
    h, w = torch.tensor(heights, device=device)[:, None], torch.tensor(widths, device=device)[:, None]
    start = torch.tensor([0, *(a * b for a, b in zip(heights, widths, strict=True))], device=device)[:-1].cumsum(0)
    x = locations[..., 0] * w - 0.5
    y = locations[..., 1] * h - 0.5
    left, top = x.detach().floor(), y.detach().floor()
    right_share, low_share = x - left, y - top
    # Far outside, an index must still be an integer that exists: anything off the map has the share 0.
    column = left.clamp(-2, max(widths) + 1).long()[..., None] + torch.tensor([0, 1, 0, 1], device=device)
    row = top.clamp(-2, max(heights) + 1).long()[..., None] + torch.tensor([0, 0, 1, 1], device=device)
    share = torch.stack([1 - right_share, right_share, 1 - right_share, right_share], -1) * torch.stack(
        [1 - low_share, 1 - low_share, low_share, low_share], -1
    )
    h, w = h[..., None], w[..., None]
    inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
    share = torch.where(inside, share, 0.0) * weights[..., None]
    index = start[:, None, None] + row.clamp(min=0).minimum(h - 1) * w + column.clamp(min=0).minimum(w - 1)
    return index.flatten(-3), share.flatten(-3)
