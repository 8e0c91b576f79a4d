"""Fixtures with a story: a small made clip in which patches of texture walk, and a session on it."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from tests.walkers import Walkers

if (
    shutil.which("nvidia-smi") is None
):  # Triton's interpreter runs its kernels on a CPU, if told before Triton is imported
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(scope="session")
def walkers() -> Walkers:
    """Two people of four keypoints who walk towards each other for 30 frames of 96×64."""
    return Walkers(n_frames=30, width=96, height=64, starts=[(20, 30), (70, 34)], speeds=[(0.8, 0.1), (-0.7, 0.0)])


@pytest.fixture(scope="session")
def frames(walkers: Walkers) -> np.ndarray:
    """The clip as (T, H, W, 3) uint8 RGB."""
    return walkers.render()
