"""Triton on a CPU: its kernels are run by its interpreter, which must be on when they are first imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest
import torch

from impose_kernels.dispatch import has_triton

needs_triton = pytest.mark.skipif(not has_triton(), reason="needs Triton (pip install triton)")


@contextmanager
def interpreted() -> Iterator[None]:
    """Import the Triton variants so that they run here: by the interpreter, unless there is a GPU."""
    if not has_triton() or torch.cuda.is_available():
        yield
        return
    before = os.environ.get("TRITON_INTERPRET")
    os.environ["TRITON_INTERPRET"] = "1"
    try:
        for operation in ("ms_deform_attn", "local_correlation"):
            import_module(f"impose_kernels.{operation}.fused")
        yield
    finally:
        if before is None:
            del os.environ["TRITON_INTERPRET"]
        else:
            os.environ["TRITON_INTERPRET"] = before
