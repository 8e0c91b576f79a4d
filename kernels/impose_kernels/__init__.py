"""Compute kernels: the few tensor operations that are worth more than one implementation. Depends on torch alone.

Each operation has a plain-torch reference, which is its definition, and variants that give the same results faster.
Callers see one function; `variant=`, the environment variable IMPOSE_KERNELS, or the shapes and the device decide which
runs.
"""

from impose_kernels.dispatch import available_variants
from impose_kernels.local_correlation import local_correlation
from impose_kernels.ms_deform_attn import ms_deform_attn

__all__ = ["available_variants", "local_correlation", "ms_deform_attn"]
