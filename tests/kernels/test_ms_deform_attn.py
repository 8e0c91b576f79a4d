"""Every variant of deformable attention is the reference, forward and backward; the reference is what it says."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from impose_kernels import available_variants, ms_deform_attn
from tests.kernels.interpreter import needs_triton

# largest error allowed, relative to the largest value; one place for all variants
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 3e-2}
VARIANTS = ["aggregated", pytest.param("triton", marks=needs_triton)]

# batch, shapes, queries, heads, points, channels in and out
CASES = {
    "one": (1, [(1, 1)], 1, 1, 1, 1, 1),
    "odd": (2, [(5, 3), (2, 7), (1, 2)], 3, 2, 2, 5, 6),
    "wide": (1, [(3, 11)], 2, 4, 1, 8, 12),
    "nobody": (2, [(3, 4), (2, 2)], 0, 2, 4, 8, 8),
}


def made(case: str, dtype: torch.dtype, padded: bool, spread: float = 0.8) -> dict:
    b, shapes, q, m, p, c, d = CASES[case]
    g = torch.Generator().manual_seed(len(case))
    s = sum(h * w for h, w in shapes)
    rand = partial(torch.rand, generator=g, dtype=torch.float64)
    padding = torch.rand(b, s, generator=g) < 0.3 if padded else None
    tensors = {
        "memory": rand(b, s, c) - 0.5,
        "locations": 0.5 + spread * 2 * (rand(b, q, m, len(shapes), p, 2) - 0.5),  # many outside the maps
        "weights": rand(b, q, m, len(shapes), p),
        "value_weight": rand(d, c) - 0.5,
        "value_bias": rand(d) - 0.5,
    }
    tensors = {k: v.to(dtype) for k, v in tensors.items()}
    return tensors | {"padding": padding, "shapes": shapes}


def close(a: Tensor, b: Tensor, dtype: torch.dtype) -> None:
    assert a.shape == b.shape and a.dtype == b.dtype
    if a.numel():
        scale = max(b.abs().max().item(), 1e-3)
        assert (a.double() - b.double()).abs().max().item() <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_the_reference(variant: str, case: str, dtype: torch.dtype, padded: bool) -> None:
    inputs = made(case, dtype, padded)
    # In half precision a location is rounded to a cell's border or across it; the definition is then that of float32.
    exact = {k: v.float() if isinstance(v, Tensor) and v.is_floating_point() else v for k, v in inputs.items()}
    expected = ms_deform_attn(**exact, variant="reference").to(dtype)
    inputs["locations"] = exact["locations"]
    close(ms_deform_attn(**inputs, variant=variant), expected, dtype)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", ["odd", "wide", "nobody"])
def test_its_gradients_are_those_of_the_reference(variant: str, case: str) -> None:
    dtype = torch.float32
    grads = {}
    for name in (variant, "reference"):
        inputs = made(case, dtype, padded=True)
        leaves = [v.requires_grad_() for v in inputs.values() if isinstance(v, Tensor) and v.is_floating_point()]
        out = ms_deform_attn(**inputs, variant=name)
        (out * torch.linspace(0.5, 1.5, max(out.numel(), 1))[: out.numel()].view_as(out)).sum().backward()
        grads[name] = [leaf.grad for leaf in leaves]
    for a, b in zip(grads[variant], grads["reference"], strict=True):
        close(a, b, dtype)


@pytest.mark.parametrize("variant", ["reference", "aggregated"])
def test_gradients_are_derivatives(variant: str) -> None:
    # Away from the borders between cells, where a bilinear map has a corner
    inputs = made("odd", torch.float64, padded=True)
    names = ["memory", "locations", "weights", "value_weight", "value_bias"]
    leaves = [inputs[n].requires_grad_() for n in names]

    def run(*tensors: Tensor) -> Tensor:
        return ms_deform_attn(**(inputs | dict(zip(names, tensors, strict=True))), variant=variant)

    assert torch.autograd.gradcheck(run, leaves, eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("variant", ["reference", "aggregated"])
def test_the_operation_is_registered_properly(variant: str) -> None:
    i = made("wide", torch.float32, padded=True)
    heights, widths = [h for h, _ in i["shapes"]], [w for _, w in i["shapes"]]
    leaves = [i[n].requires_grad_() for n in ("locations", "weights", "value_weight", "value_bias")]
    operation = getattr(torch.ops.impose_kernels, f"ms_deform_attn_{variant}").default
    torch.library.opcheck(operation, (i["memory"], i["padding"], heights, widths, *leaves))


@needs_triton
@pytest.mark.filterwarnings("ignore")
def test_the_triton_operation_is_registered_properly() -> None:
    from impose_kernels.ms_deform_attn import fused

    i = made("wide", torch.float32, padded=False)
    value = torch.rand(1, 33, 4, 3, requires_grad=True)
    torch.library.opcheck(fused.deform_sample, (value, [3], [11], i["locations"], i["weights"]))


def test_on_the_centres_of_cells_values_are_read_exactly() -> None:
    memory = torch.arange(12.0).view(1, 12, 1)
    x, y = torch.meshgrid(torch.arange(4), torch.arange(3), indexing="xy")
    at = torch.stack([(x + 0.5) / 4, (y + 0.5) / 3], -1).reshape(1, 12, 1, 1, 1, 2)
    one = torch.ones(1, 12, 1, 1, 1)
    for variant in ("reference", "aggregated"):
        read = ms_deform_attn(memory, None, [(3, 4)], at, one, torch.ones(1, 1), torch.zeros(1), variant)
        torch.testing.assert_close(read.flatten(), memory.flatten())


def test_a_vector_off_the_map_or_on_padding_counts_nothing() -> None:
    memory = torch.ones(1, 4, 2)
    padding = torch.tensor([[True, False, False, False]])
    at = torch.tensor([[-9.0, 0.5], [0.25, 0.25], [0.75, 0.75], [1e9, 0.5]]).view(1, 4, 1, 1, 1, 2)
    for variant in ("reference", "aggregated"):
        out = ms_deform_attn(
            memory, padding, [(2, 2)], at, torch.ones(1, 4, 1, 1, 1), torch.eye(2), torch.ones(2), variant
        )
        assert out.tolist() == [[[0, 0], [0, 0], [2, 2], [0, 0]]]


def test_what_runs_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_variants("ms_deform_attn")[:2] == ("reference", "aggregated")
    inputs = made("odd", torch.float32, padded=False)
    with pytest.raises(ValueError, match="Expected a variant of ms_deform_attn"):
        ms_deform_attn(**inputs, variant="fastest")
    monkeypatch.setenv("IMPOSE_KERNELS", "nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        ms_deform_attn(**inputs)
    monkeypatch.setenv("IMPOSE_KERNELS", "gathered")  # a variant of the other operation
    ms_deform_attn(**inputs)
    with pytest.raises(ValueError, match="tokens"):
        ms_deform_attn(**(inputs | {"shapes": [(4, 4)]}))
