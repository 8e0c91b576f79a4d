"""The definition of the click measure beside this package's: its modules, and one of its sequences for both."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np

from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.truth import Truth, truth_of_arrays
from tests.shared import SHARED

MEASURE, DATA = SHARED / "click_measure", SHARED / "data"


def modules() -> tuple[ModuleType, ModuleType, ModuleType]:
    """The measure's harness, baselines and project; it is not a package, so its folder must be on the path."""
    before = sys.dont_write_bytecode
    sys.path.insert(0, str(MEASURE))
    sys.dont_write_bytecode = True
    try:
        import baselines
        import harness
        import project
    finally:
        sys.path.remove(str(MEASURE))
        sys.dont_write_bytecode = before
    return harness, baselines, project


def both(harness: ModuleType, name: str, first: int, stop: int) -> tuple[object, Footage, Truth]:
    """A part of a sequence as the measure has it, and as this package does."""
    video = DATA / "videos" / f"{name}.mp4"
    sequence = harness.load_mupots(video, DATA / "videos" / f"{name}_est_tracks.npz").window(first, stop, "")
    corners = sequence.boxes
    truth = truth_of_arrays(
        name,
        sequence.gt,
        box=np.concatenate([corners[..., :2], corners[..., 2:] - corners[..., :2]], -1),
        area=sequence.area,
    )
    frames = np.stack([f[..., ::-1] for f in sequence.frames])
    return sequence, Footage(np.ascontiguousarray(frames)), truth
