"""CoTracker3 as a baseline, where the user has it: points followed from what was placed, by somebody else's network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.baselines import FlowAlone

LICENCE = "CC BY-NC 4.0 (code and weights of CoTracker3: not for commercial use)"
SUPPORT = 6
"""Points on each side of a grid that is followed along: CoTracker is made to see more than one point at a time."""


class CoTracker3:
    """A `PointTracker` on a CoTracker3 predictor (offline): `predictor(video, queries=…, backward_tracking=True)`.

    Args:
        footage: the video.
        predictor: `cotracker.predictor.CoTrackerPredictor`, or anything with its interface: video (1, T, 3, H, W)
            float 0 to 255, queries (1, N, 3) of frame, x, y in pixels with integers at pixel centres; gives tracks
            (1, T, N, 2) and visibility (1, T, N).
        device: where the predictor is.
    """

    def __init__(self, footage: Footage, predictor: Any, device: str = "cpu") -> None:
        self._footage, self._predictor, self._device = footage, predictor, device
        self._video: Any = None
        self._memory: dict[tuple, tuple[np.ndarray, np.ndarray]] = {}

    def follow(self, frame: int, xy: tuple[float, float], direction: int) -> tuple[np.ndarray, np.ndarray]:
        """See `PointTracker`; both directions come from one call."""
        key = frame, round(float(xy[0]), 2), round(float(xy[1]), 2)
        if key not in self._memory:
            self._memory[key] = self._follow(frame, xy)
        places, trusts = (a.copy() for a in self._memory[key])
        other = slice(None, frame) if direction > 0 else slice(frame + 1, None)
        places[other], trusts[other] = np.nan, 0
        return places, trusts

    def _follow(self, frame: int, xy: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        import torch

        video = self._footage.video
        if self._video is None:
            frames = np.stack(list(video.frames(range(len(video)))))
            self._video = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float().to(self._device)
        across = np.linspace(0, video.width - 1, SUPPORT)
        down = np.linspace(0, video.height - 1, SUPPORT)
        grid = [(frame, x, y) for x in across for y in down]
        queries = torch.tensor([[(frame, *xy), *grid]], dtype=torch.float32, device=self._device)
        with torch.inference_mode():
            tracks, visible = self._predictor(self._video, queries=queries, backward_tracking=True)
        places = tracks[0, :, 0].cpu().numpy().astype(float)
        trusts = np.where(visible[0, :, 0].cpu().numpy().reshape(len(places)) > 0.5, 0.9, 0.4)
        places[frame], trusts[frame] = xy, 1.0
        return places, trusts


def cotracker3(footage: Footage, checkpoint: str | Path, device: str = "cpu") -> FlowAlone:
    """The baseline `cotracker3` from a checkpoint of the user's, with the package `cotracker` that they installed.

    Raises:
        ImportError: the package is not installed.
        FileNotFoundError: there is no such checkpoint.
    """
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(
            f"Expected a checkpoint of CoTracker3 (scaled_offline.pth), got {checkpoint}, which does not exist."
        )
    try:
        from cotracker.predictor import CoTrackerPredictor
    except ImportError as error:
        raise ImportError(
            f"Expected the package cotracker, got none; install it from its authors' repository. Licence: {LICENCE}."
        ) from error
    predictor = CoTrackerPredictor(checkpoint=str(checkpoint), offline=True, window_len=60).to(device).eval()
    method = FlowAlone(footage, CoTracker3(footage, predictor, device))
    method.name = "cotracker3"
    return method
