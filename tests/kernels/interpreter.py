"""Triton on a CPU: its kernels are run by its interpreter, which tests/conftest.py turns on where there is no GPU."""

from __future__ import annotations

import pytest

from impose_kernels.dispatch import has_triton

needs_triton = pytest.mark.skipif(not has_triton(), reason="needs Triton (pip install triton)")
