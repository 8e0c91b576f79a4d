"""Every variant of local correlation is the reference, forward and backward; the reference is what it says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impose_kernels import local_correlation
from tests.kernels.interpreter import needs_triton

TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 3e-2}
VARIANTS = ["gathered", pytest.param("triton", marks=needs_triton)]
CASES = {"one": (1, 1, 1, 1, 1, 0), "odd": (2, 5, 7, 3, 4, 1), "nobody": (1, 4, 5, 5, 0, 1)}  # B C H W N radius


def made(case: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, int]:
    b, c, h, w, n, radius = CASES[case]
    g = torch.Generator().manual_seed(3)
    features = torch.randn(b, c, h, w, generator=g, dtype=torch.float64)
    vectors = torch.randn(b, n, c, generator=g, dtype=torch.float64)
    points = torch.rand(b, n, 2, generator=g, dtype=torch.float64) * (2 * torch.tensor([w, h])) - 3  # some outside
    return features.to(dtype), vectors.to(dtype), points.to(torch.float32 if dtype == torch.bfloat16 else dtype), radius


def close(a: Tensor, b: Tensor, dtype: torch.dtype) -> None:
    assert a.shape == b.shape
    if a.numel():
        assert (a.double() - b.double()).abs().max().item() <= TOLERANCE[dtype] * max(b.abs().max().item(), 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_the_reference(variant: str, case: str, dtype: torch.dtype) -> None:
    features, vectors, points, radius = made(case, dtype)
    expected = local_correlation(features.float(), vectors.float(), points, radius, "reference")
    close(local_correlation(features, vectors, points, radius, variant), expected, dtype)


@pytest.mark.parametrize("variant", VARIANTS)
def test_its_gradients_are_those_of_the_reference(variant: str) -> None:
    grads = {}
    for name in (variant, "reference"):
        *tensors, radius = made("odd", torch.float32)
        leaves = [t.requires_grad_() for t in tensors]
        out = local_correlation(*leaves, radius, name)
        (out * torch.linspace(0.5, 1.5, out.numel()).view_as(out)).sum().backward()
        grads[name] = [leaf.grad for leaf in leaves]
    for a, b in zip(grads[variant], grads["reference"], strict=True):
        close(a, b, torch.float32)


@pytest.mark.parametrize("variant", ["reference", "gathered"])
def test_gradients_are_derivatives_and_the_operation_is_registered_properly(variant: str) -> None:
    *tensors, radius = made("odd", torch.float64)
    leaves = [t.requires_grad_() for t in tensors]
    assert torch.autograd.gradcheck(lambda *t: local_correlation(*t, radius, variant), leaves, eps=1e-7, atol=1e-5)
    torch.library.opcheck(getattr(torch.ops.impose_kernels, f"local_correlation_{variant}").default, (*leaves, radius))


@needs_triton
def test_the_triton_operation_is_registered_properly() -> None:
    from impose_kernels.local_correlation import fused

    *tensors, radius = made("odd", torch.float32)
    torch.library.opcheck(fused.local_correlation, (*tensors, radius))


@pytest.mark.parametrize("variant", ["reference", "gathered"])
def test_a_dot_is_found_where_it_is(variant: str) -> None:
    """One cell of 1 in a map of 0: it is found there, shared between neighbours when the point lies between."""
    features = torch.zeros(1, 2, 9, 11)
    features[0, :, 4, 6] = 1
    vectors = torch.tensor([[[1.0, 0.5], [1.0, 0.5]]])
    at = torch.tensor([[[6.0, 4.0], [5.25, 4.0]]])
    out = local_correlation(features, vectors, at, 1, variant)
    torch.testing.assert_close(out[0, 0], torch.tensor([[0, 0, 0], [0, 1.5, 0], [0, 0, 0]]))
    torch.testing.assert_close(out[0, 1, 1], torch.tensor([0, 1.5 * 0.25, 1.5 * 0.75]))
