"""Multiply first, mix after: the products with whole cells are mixed, not the features, for all steps of the grid are
one cell and share one fraction of it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def local_correlation(features: Tensor, vectors: Tensor, points: Tensor, radius: int) -> Tensor:
    """See `impose_kernels.local_correlation`."""
    b, c, h, w = features.shape
    n, side = vectors.shape[1], 2 * radius + 2
    whole = points.detach().floor()
    x_share, y_share = ((points - whole)[..., i, None, None] for i in (0, 1))
    step = torch.arange(-radius, radius + 2, device=points.device)
    column = whole[..., 0].clamp(-side, w + side).long()[..., None] + step  # (B, N, side)
    row = whole[..., 1].clamp(-side, h + side).long()[..., None] + step
    inside = ((row >= 0) & (row < h))[..., :, None] & ((column >= 0) & (column < w))[..., None, :]
    index = row.clamp(0, h - 1)[..., :, None] * w + column.clamp(0, w - 1)[..., None, :]
    index = index + h * w * torch.arange(b, device=points.device)[:, None, None, None]
    table = features.permute(0, 2, 3, 1).reshape(-1, c)
    cells = table[index.reshape(b * n, side * side)]  # (BN, side², C)
    dots = (cells @ vectors.reshape(b * n, c, 1)).reshape(b, n, side, side)
    dots = torch.where(inside, dots, 0.0)
    rows = torch.lerp(dots[..., :-1, :], dots[..., 1:, :], y_share.to(dots.dtype))
    return torch.lerp(rows[..., :-1], rows[..., 1:], x_share.to(dots.dtype)).to(features.dtype)
