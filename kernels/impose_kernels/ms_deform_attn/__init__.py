"""Multi-scale deformable attention: one function, several variants.

Source: Zhu et al., "Deformable DETR" (ICLR 2021), equation 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impose_kernels.dispatch import choose, has_triton
from impose_kernels.ms_deform_attn import aggregated, reference

LIBRARY = torch.library.Library("impose_kernels", "FRAGMENT")
SCHEMA = (
    "(Tensor memory, Tensor? padding, int[] heights, int[] widths, Tensor locations, Tensor weights, "
    "Tensor value_weight, Tensor value_bias) -> Tensor"
)
for _name, _function in (("reference", reference.ms_deform_attn), ("aggregated", aggregated.ms_deform_attn)):
    LIBRARY.define(f"ms_deform_attn_{_name}{SCHEMA}")
    LIBRARY.impl(f"ms_deform_attn_{_name}", _function, "CompositeImplicitAutograd")

FEW_QUERIES = 3
"""Tokens per query from which on gathering raw memory beats projecting all of it (kernels/README.md has the table)."""


def ms_deform_attn(
    memory: Tensor,
    padding: Tensor | None,
    shapes: Sequence[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
    value_weight: Tensor,
    value_bias: Tensor,
    variant: str = "auto",
) -> Tensor:
    """What queries gather from a pyramid of maps: weighted sums of values sampled bilinearly around each query.

    Values are `memory @ value_weight.T + value_bias`, 0 where there is padding; head m has channels [m D/M, (m+1) D/M).
    Samples outside a map are 0; in between, neighbours are mixed with align_corners=False.

    Args:
        memory: (B, S, C) maps of L levels, each flattened row by row, one after the other; S = Σ H_l W_l.
        padding: (B, S) bool, True where memory is padding; None for none.
        shapes: L pairs (H_l, W_l).
        locations: (B, Q, M, L, P, 2) x, y of samples; 0 to 1 spans the map, padding included. float32 even where the
            rest is in half precision, which cannot tell neighbouring cells of a large map.
        weights: (B, Q, M, L, P) attention.
        value_weight: (D, C) projection of values.
        value_bias: (D,).
        variant: "auto", or one of `available_variants("ms_deform_attn")`.

    Returns:
        (B, Q, D).

    Raises:
        ValueError: there is no such variant, or the shapes do not add up to S.
    """
    heights, widths = [int(h) for h, _ in shapes], [int(w) for _, w in shapes]
    tokens = sum(h * w for h, w in zip(heights, widths, strict=True))
    if tokens != memory.shape[1]:
        raise ValueError(f"Expected memory of {tokens} tokens for maps of {list(shapes)}, got {memory.shape[1]}.")
    name = choose("ms_deform_attn", variant, lambda: _fastest(memory, locations))
    if name == "triton":
        from impose_kernels.ms_deform_attn import fused

        return fused.ms_deform_attn(memory, padding, heights, widths, locations, weights, value_weight, value_bias)
    operation = getattr(torch.ops.impose_kernels, f"ms_deform_attn_{name}")
    return operation(memory, padding, heights, widths, locations, weights, value_weight, value_bias)


def _fastest(memory: Tensor, locations: Tensor) -> str:
    if locations.shape[1] * FEW_QUERIES <= memory.shape[1]:
        return "aggregated"
    return "triton" if memory.is_cuda and has_triton() else "reference"
