"""The definition of local correlation: sample the map at every place of the grid, then multiply."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def local_correlation(features: Tensor, vectors: Tensor, points: Tensor, radius: int) -> Tensor:
    """See `impose_kernels.local_correlation`."""
    b, _, h, w = features.shape
    n, side = vectors.shape[1], 2 * radius + 1
    step = torch.arange(-radius, radius + 1, device=points.device, dtype=points.dtype)
    offsets = torch.stack(torch.meshgrid(step, step, indexing="xy"), -1)  # (side, side, 2) x, y
    at = points[:, :, None, None] + offsets  # (B, N, side, side, 2)
    size = torch.tensor([w, h], device=points.device, dtype=points.dtype)
    grid = ((2 * at + 1) / size - 1).reshape(b, n, side * side, 2)
    samples = F.grid_sample(features, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return torch.einsum("bcnk,bnc->bnk", samples, vectors).reshape(b, n, side, side)
