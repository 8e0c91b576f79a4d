"""Which variant of an operation runs: the argument, else the variable IMPOSE_KERNELS, else what is fastest."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

VARIANTS = {
    "ms_deform_attn": ("reference", "aggregated", "triton"),
    "local_correlation": ("reference", "gathered", "triton"),
}
ENVIRONMENT = "IMPOSE_KERNELS"


def has_triton() -> bool:
    """Whether Triton is installed (it comes with CUDA builds of torch)."""
    return find_spec("triton") is not None


def available_variants(operation: str) -> tuple[str, ...]:
    """Variants of an operation that can run here, the reference first.

    Raises:
        KeyError: there is no such operation.
    """
    return tuple(v for v in VARIANTS[operation] if v != "triton" or has_triton())


def choose(operation: str, variant: str, fastest: Callable[[], str]) -> str:
    """The variant to run.

    Args:
        operation: its name.
        variant: what the caller asks for; "auto" leaves it to IMPOSE_KERNELS, and without that to `fastest`.
        fastest: says which one is fastest for the tensors at hand.

    Raises:
        ValueError: there is no such variant, or it cannot run here.
    """
    asked = variant if variant != "auto" else os.environ.get(ENVIRONMENT, "auto")
    if asked == "auto":
        return fastest()
    allowed = available_variants(operation)
    if asked not in {v for variants in VARIANTS.values() for v in variants}:
        raise ValueError(f"Expected a variant of {operation} among {', '.join(allowed)} or auto, got {asked!r}.")
    if asked not in allowed:
        if variant == "auto":  # IMPOSE_KERNELS names a variant that another operation has
            return fastest()
        raise ValueError(f"Expected a variant of {operation} among {', '.join(allowed)}, got {asked!r}.")
    return asked
