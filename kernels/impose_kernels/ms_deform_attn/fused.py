"""The sampling of deformable attention in Triton: no map of samples is ever in memory, forward or backward.

The projection of values stays torch's. Imported only when it is to run, for Triton need not be installed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _forward(value, maps, locations, weights, out, S, Q, M, L, P, D, BLOCK: tl.constexpr):
    # One program is one query and head of one image; `maps` has rows (first token, height, width).
    i = tl.program_id(0)
    m, b = i % M, i // (M * Q)
    channel = tl.arange(0, BLOCK)
    real = channel < D
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for n in range(L * P):
        start, h, w = tl.load(maps + n // P * 3), tl.load(maps + n // P * 3 + 1), tl.load(maps + n // P * 3 + 2)
        x = tl.load(locations + (i * L * P + n) * 2).to(tl.float32) * w - 0.5
        y = tl.load(locations + (i * L * P + n) * 2 + 1).to(tl.float32) * h - 0.5
        weight = tl.load(weights + i * L * P + n).to(tl.float32)
        left, top = tl.floor(x), tl.floor(y)
        for corner in range(4):
            dx, dy = corner % 2, corner // 2
            column, row = left + dx, top + dy
            share = (1 - tl.abs(x - column)) * (1 - tl.abs(y - row)) * weight
            inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
            token = tl.where(inside, start + row.to(tl.int32) * w + column.to(tl.int32), 0)
            at = ((b * S + token) * M + m).to(tl.int64) * D + channel
            total += tl.where(inside, share, 0.0) * tl.load(value + at, mask=real, other=0.0).to(tl.float32)
    tl.store(out + i.to(tl.int64) * D + channel, total, mask=real)


@triton.jit
def _backward(
    value, maps, locations, weights, d_out, d_value, d_locations, d_weights, S, Q, M, L, P, D, BLOCK: tl.constexpr
):
    i = tl.program_id(0)
    m, b = i % M, i // (M * Q)
    channel = tl.arange(0, BLOCK)
    real = channel < D
    d = tl.load(d_out + i.to(tl.int64) * D + channel, mask=real, other=0.0).to(tl.float32)
    for n in range(L * P):
        start, h, w = tl.load(maps + n // P * 3), tl.load(maps + n // P * 3 + 1), tl.load(maps + n // P * 3 + 2)
        x = tl.load(locations + (i * L * P + n) * 2).to(tl.float32) * w - 0.5
        y = tl.load(locations + (i * L * P + n) * 2 + 1).to(tl.float32) * h - 0.5
        weight = tl.load(weights + i * L * P + n).to(tl.float32)
        left, top = tl.floor(x), tl.floor(y)
        d_weight, d_x, d_y = 0.0, 0.0, 0.0
        for corner in range(4):
            dx, dy = corner % 2, corner // 2
            column, row = left + dx, top + dy
            share_x, share_y = 1 - tl.abs(x - column), 1 - tl.abs(y - row)
            inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
            token = tl.where(inside, start + row.to(tl.int32) * w + column.to(tl.int32), 0)
            at = ((b * S + token) * M + m).to(tl.int64) * D + channel
            v = tl.load(value + at, mask=real, other=0.0).to(tl.float32)
            along = tl.where(inside, tl.sum(v * d, axis=0), 0.0)
            d_weight += share_x * share_y * along
            d_x += (2 * dx - 1) * share_y * along * weight * w
            d_y += (2 * dy - 1) * share_x * along * weight * h
            tl.atomic_add(d_value + at, tl.where(inside, share_x * share_y * weight, 0.0) * d, mask=real)
        tl.store(d_weights + i * L * P + n, d_weight)
        tl.store(d_locations + (i * L * P + n) * 2, d_x)
        tl.store(d_locations + (i * L * P + n) * 2 + 1, d_y)


def _maps(heights: list[int], widths: list[int], device: torch.device) -> Tensor:
    starts, start = [], 0
    for h, w in zip(heights, widths, strict=True):
        starts.append((start, h, w))
        start += h * w
    return torch.tensor(starts, dtype=torch.int32, device=device)


@torch.library.custom_op("impose_kernels::deform_sample", mutates_args=())
def deform_sample(value: Tensor, heights: list[int], widths: list[int], locations: Tensor, weights: Tensor) -> Tensor:
    """Sums of samples (B, Q, M, D) float32 of values (B, S, M, D) at locations (B, Q, M, L, P, 2)."""
    value, locations, weights = value.contiguous(), locations.contiguous(), weights.contiguous()
    b, q, m, levels, points, _ = locations.shape
    d = value.shape[-1]
    out = torch.empty(b, q, m, d, dtype=torch.float32, device=value.device)
    if out.numel():
        _forward[(b * q * m,)](
            value, _maps(heights, widths, value.device), locations, weights, out,
            value.shape[1], q, m, levels, points, d, BLOCK=triton.next_power_of_2(d),
        )  # fmt: skip
    return out


@deform_sample.register_fake
def _(value: Tensor, heights: list[int], widths: list[int], locations: Tensor, weights: Tensor) -> Tensor:
    b, q, m = locations.shape[:3]
    return value.new_empty(b, q, m, value.shape[-1], dtype=torch.float32)


@torch.library.custom_op("impose_kernels::deform_sample_backward", mutates_args=())
def deform_sample_backward(
    d_out: Tensor, value: Tensor, heights: list[int], widths: list[int], locations: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (float32) of values, locations and weights."""
    value, locations, weights, d_out = (t.contiguous() for t in (value, locations, weights, d_out))
    b, q, m, levels, points, _ = locations.shape
    d = value.shape[-1]
    grads = tuple(torch.zeros_like(t, dtype=torch.float32) for t in (value, locations, weights))
    if d_out.numel():
        _backward[(b * q * m,)](
            value, _maps(heights, widths, value.device), locations, weights, d_out, *grads,
            value.shape[1], q, m, levels, points, d, BLOCK=triton.next_power_of_2(d),
        )  # fmt: skip
    return grads


@deform_sample_backward.register_fake
def _(
    d_out: Tensor, value: Tensor, heights: list[int], widths: list[int], locations: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(t, dtype=torch.float32) for t in (value, locations, weights))


def _keep(ctx, inputs, output) -> None:
    value, ctx.heights, ctx.widths, locations, weights = inputs
    ctx.save_for_backward(value, locations, weights)


def _gradient(ctx, d_out: Tensor) -> tuple:
    value, locations, weights = ctx.saved_tensors
    d_value, d_locations, d_weights = deform_sample_backward(d_out, value, ctx.heights, ctx.widths, locations, weights)
    return d_value.to(value.dtype), None, None, d_locations.to(locations.dtype), d_weights.to(weights.dtype)


deform_sample.register_autograd(_gradient, setup_context=_keep)


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
    m = locations.shape[2]
    value = F.linear(memory, value_weight, value_bias)
    if padding is not None:
        value = value.masked_fill(padding[..., None], 0.0)
    value = value.unflatten(-1, (m, -1))
    return deform_sample(value, heights, widths, locations, weights).flatten(2).to(memory.dtype)
