"""Where the real videos, annotations and reference weights are that some tests use; those tests skip without them."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the folder ../shared with real videos and weights")
