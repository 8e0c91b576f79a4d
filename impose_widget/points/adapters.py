"""Point trackers that the user has installed: nothing of theirs is in this package, and nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impose_widget.points.base import PointTracks, checked, exact

SUPPORT = 6  # points on each side of a grid that is followed along: CoTracker is made to see more than one
LEAST = 4  # frames that a network is given; shorter clips have their last frame again
INSIDE = 2.0  # pixels from the border that CoTracker is asked at least: nearer points do not drift as they should


class CoTracker3:
    """CoTracker3, offline.

    Args:
        predictor: `cotracker.predictor.CoTrackerPredictor`: video (1, T, 3, H, W) float 0 to 255 and queries (1, N, 3)
            of frame, x, y give tracks (1, T, N, 2) and visibility (1, T, N); integers at pixel centres.
        device: where it is.
    """

    name = "cotracker3"
    license = "CC BY-NC 4.0, code and weights: not for commercial use"

    def __init__(self, predictor: Any, device: str = "cpu") -> None:
        self._predictor, self._device = predictor, device

    def track(self, frames: Sequence[np.ndarray], queries: np.ndarray) -> PointTracks:
        """See `PointTracker`."""
        import torch

        points = checked(frames, queries)
        if not len(points):
            return _nobody(len(frames))
        video = _video(frames)
        height, width = video.shape[1:3]
        inside = points.copy()
        for axis, side in ((1, width), (2, height)):
            low = min(INSIDE, (side - 1) / 2)
            inside[:, axis] = np.clip(points[:, axis], low, side - 1 - low)
        across, down = np.linspace(0, width - 1, SUPPORT), np.linspace(0, height - 1, SUPPORT)
        first = points[0, 0]
        asked = np.concatenate([inside, [(first, x, y) for x in across for y in down]])
        with torch.inference_mode():
            tracks, visible = self._predictor(
                torch.from_numpy(video).permute(0, 3, 1, 2)[None].float().to(self._device),
                queries=torch.from_numpy(asked.astype(np.float32))[None].to(self._device),
                backward_tracking=True,
            )
        t, n = len(frames), len(points)
        xy = tracks[0, :t, :n].cpu().numpy() + (points - inside)[:, 1:]
        seen = visible[0, :t, :n].cpu().numpy().astype(np.float32).reshape(t, n)
        return exact(PointTracks(xy, seen > 0.5, np.where(seen > 0.5, 0.95, 0.4)), points)


class Tapir:
    """TAPIR or BootsTAPIR, of the package tapnet, in torch.

    Args:
        model: `tapnet.torch.tapir_model.TAPIR`: video (1, T, S, S, 3) from -1 to 1 and queries (1, N, 3) of frame, y, x
            in pixels of it, counted from the image's corner, give "tracks" (1, N, T, 2) x, y and logits "occlusion" and
            "expected_dist" (1, N, T).
        side: S.
        device: where it is.
    """

    name = "tapir"
    license = "Apache-2.0, code and weights"

    def __init__(self, model: Any, side: int = 256, device: str = "cpu") -> None:
        self._model, self._side, self._device = model, side, device

    def track(self, frames: Sequence[np.ndarray], queries: np.ndarray) -> PointTracks:
        """See `PointTracker`."""
        import cv2
        import torch

        points = checked(frames, queries)
        if not len(points):
            return _nobody(len(frames))
        video = _video(frames)
        scale = self._side / np.array([video.shape[2], video.shape[1]])
        small = np.stack([cv2.resize(f, (self._side, self._side), interpolation=cv2.INTER_AREA) for f in video])
        at = (points[:, 1:] + 0.5) * scale
        asked = np.column_stack([points[:, 0], at[:, ::-1]]).astype(np.float32)
        with torch.inference_mode():
            said = self._model(
                (torch.from_numpy(small).float() / 127.5 - 1)[None].to(self._device),
                torch.from_numpy(asked)[None].to(self._device),
            )
        t = len(frames)
        xy = said["tracks"][0, :, :t].cpu().numpy().transpose(1, 0, 2) / scale - 0.5
        hidden, far = (said[k][0, :, :t].sigmoid().cpu().numpy().T for k in ("occlusion", "expected_dist"))
        sure = (1 - hidden) * (1 - far)
        return exact(PointTracks(xy, sure > 0.5, sure), points)


def cotracker3(checkpoint: str | Path, device: str = "cpu") -> CoTracker3:
    """CoTracker3 from a checkpoint of the user's (scaled_offline.pth) and their package `cotracker`.

    Raises:
        ImportError: the package is not installed.
        FileNotFoundError: there is no such checkpoint.
    """
    _file(checkpoint, "CoTracker3 (scaled_offline.pth)")
    try:
        from cotracker.predictor import CoTrackerPredictor
    except ImportError as error:
        raise _missing("cotracker", CoTracker3.license) from error
    return CoTracker3(
        CoTrackerPredictor(checkpoint=str(checkpoint), offline=True, window_len=60).to(device).eval(), device
    )


def tapir(checkpoint: str | Path, side: int = 256, device: str = "cpu") -> Tapir:
    """TAPIR from a checkpoint of the user's (bootstapir_checkpoint_v2.pt) and their package `tapnet`.

    Raises:
        ImportError: the package is not installed.
        FileNotFoundError: there is no such checkpoint.
    """
    path = _file(checkpoint, "TAPIR (bootstapir_checkpoint_v2.pt)")
    try:
        from tapnet.torch import tapir_model
    except ImportError as error:
        raise _missing("tapnet", Tapir.license) from error
    import torch

    state = torch.load(path, map_location=device, weights_only=True)
    model = tapir_model.TAPIR(pyramid_level=1, extra_convs=any(k.startswith("extra_convs") for k in state))
    model.load_state_dict(state)
    return Tapir(model.to(device).eval(), side, device)


def _file(path: str | Path, what: str) -> Path:
    if not Path(path).is_file():
        raise FileNotFoundError(f"Expected a checkpoint of {what}, got {path}, which does not exist.")
    return Path(path)


def _missing(package: str, licence: str) -> ImportError:
    return ImportError(
        f"Expected the package {package}, got none; install it from its authors' repository. Licence: {licence}.",
        name=package,
    )


def _video(frames: Sequence[np.ndarray]) -> np.ndarray:
    """(T, H, W, 3) uint8, of at least `LEAST` frames."""
    video = np.stack([np.asarray(f) for f in frames])
    return np.concatenate([video, np.repeat(video[-1:], max(LEAST - len(video), 0), 0)])


def _nobody(frames: int) -> PointTracks:
    return PointTracks(
        np.zeros((frames, 0, 2), np.float32), np.zeros((frames, 0), bool), np.zeros((frames, 0), np.float32)
    )
