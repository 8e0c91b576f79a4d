"""Local correlation in Triton: one program a point, products with whole cells, mixed afterwards.

The gradient is that of the gathered variant. Imported only when it is to run, for Triton need not be installed.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from impose_kernels.local_correlation import gathered


@triton.jit
def _forward(features, vectors, points, out, N, C, H, W, RADIUS: tl.constexpr, BLOCK: tl.constexpr):
    # features (B, H, W, C); out (B, N, 2r+2, 2r+2): products with whole cells
    i = tl.program_id(0)
    b = i // N
    channel = tl.arange(0, BLOCK)
    real = channel < C
    vector = tl.load(vectors + i * C + channel, mask=real, other=0.0).to(tl.float32)
    left = tl.floor(tl.load(points + i * 2).to(tl.float32)).to(tl.int32) - RADIUS
    top = tl.floor(tl.load(points + i * 2 + 1).to(tl.float32)).to(tl.int32) - RADIUS
    side = 2 * RADIUS + 2
    for n in range(side * side):
        row, column = top + n // side, left + n % side
        inside = (row >= 0) & (row < H) & (column >= 0) & (column < W)
        cell = tl.where(inside, (b * H + row) * W + column, 0).to(tl.int64)
        feature = tl.load(features + cell * C + channel, mask=real, other=0.0).to(tl.float32)
        tl.store(out + i * side * side + n, tl.where(inside, tl.sum(feature * vector, axis=0), 0.0))


@torch.library.custom_op("impose_kernels::local_correlation_triton", mutates_args=())
def local_correlation(features: Tensor, vectors: Tensor, points: Tensor, radius: int) -> Tensor:
    """See `impose_kernels.local_correlation`."""
    b, c, h, w = features.shape
    n, side = vectors.shape[1], 2 * radius + 2
    dots = torch.empty(b, n, side, side, dtype=torch.float32, device=features.device)
    if dots.numel():
        table = features.permute(0, 2, 3, 1).contiguous()
        _forward[(b * n,)](
            table, vectors.contiguous(), points.contiguous(), dots, n, c, h, w, RADIUS=radius,
            BLOCK=triton.next_power_of_2(c),
        )  # fmt: skip
    share = (points - points.floor()).to(torch.float32)[..., None, None]
    rows = torch.lerp(dots[..., :-1, :], dots[..., 1:, :], share[:, :, 1])
    return torch.lerp(rows[..., :-1], rows[..., 1:], share[:, :, 0]).to(features.dtype)


@local_correlation.register_fake
def _(features: Tensor, vectors: Tensor, points: Tensor, radius: int) -> Tensor:
    return features.new_empty(features.shape[0], vectors.shape[1], 2 * radius + 1, 2 * radius + 1)


def _keep(ctx, inputs, output) -> None:
    *tensors, ctx.radius = inputs
    ctx.save_for_backward(*tensors)


def _gradient(ctx, d_out: Tensor) -> tuple:
    leaves = [t.detach().requires_grad_() for t in ctx.saved_tensors]
    with torch.enable_grad():
        out = gathered.local_correlation(*leaves, ctx.radius)
    return *torch.autograd.grad(out, leaves, d_out), None


local_correlation.register_autograd(_gradient, setup_context=_keep)
