"""Local correlation: how alike a vector and a map are, on a small grid around a point. One function, several variants.

Source: the correlation features of RAFT (Teed and Deng 2020) and of point trackers after it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impose_kernels.dispatch import choose, has_triton
from impose_kernels.local_correlation import gathered, reference

LIBRARY = torch.library.Library("impose_kernels", "FRAGMENT")
SCHEMA = "(Tensor features, Tensor vectors, Tensor points, int radius) -> Tensor"
for _name, _function in (("reference", reference.local_correlation), ("gathered", gathered.local_correlation)):
    LIBRARY.define(f"local_correlation_{_name}{SCHEMA}")
    LIBRARY.impl(f"local_correlation_{_name}", _function, "CompositeImplicitAutograd")


def local_correlation(features: Tensor, vectors: Tensor, points: Tensor, radius: int, variant: str = "auto") -> Tensor:
    """Dot products of vectors with the features around points, one cell apart, features mixed bilinearly in between.

    Args:
        features: (B, C, H, W).
        vectors: (B, N, C).
        points: (B, N, 2) x, y in cells, integers at cell centres.
        radius: r cells to each side.
        variant: "auto", or one of `available_variants("local_correlation")`.

    Returns:
        (B, N, 2r+1, 2r+1), rows along y; features off the map are 0. Not scaled: divide by √C if you want that.
    """
    name = choose("local_correlation", variant, lambda: _fastest(features))
    if name == "triton":
        from impose_kernels.local_correlation import fused

        return fused.local_correlation(features, vectors, points, radius)
    return getattr(torch.ops.impose_kernels, f"local_correlation_{name}")(features, vectors, points, radius)


def _fastest(features: Tensor) -> str:
    return "triton" if features.is_cuda and has_triton() else "gathered"
