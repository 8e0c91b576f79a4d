"""Frames that are in memory already."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from impose_widget.video.base import CACHE_BYTES, Video

SAMPLED = 16  # frames that the fingerprint looks at


class ArrayVideo(Video):
    """An array (T, H, W, 3) uint8 RGB (a memory map as well) as a video.

    Raises:
        TypeError: it is no array of uint8.
        ValueError: it has another shape, or no frames.
    """

    def __init__(self, frames: np.ndarray, fps: float = 25.0, cache_bytes: int = CACHE_BYTES) -> None:
        super().__init__(cache_bytes)
        frames = np.asarray(frames) if not isinstance(frames, np.ndarray) else frames
        if frames.dtype != np.uint8:
            raise TypeError(
                f"Expected frames of dtype uint8 (0 to 255), got {frames.dtype}; convert them, for example with "
                "(frames * 255).astype('uint8') if they are 0 to 1."
            )
        if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise ValueError(
                f"Expected frames of shape (T, H, W, 3), RGB, with at least one frame, got {frames.shape}; "
                "transpose them if the colours come first."
            )
        self._frames = frames
        self.height, self.width = frames.shape[1:3]
        self.fps = fps
        self.times = np.arange(len(frames)) / fps
        self.name = "frames"

    def _read(self, frame: int) -> np.ndarray:
        return self._frames[frame].view()

    def fingerprint(self) -> dict[str, Any]:
        digest = hashlib.blake2b(str(self._frames.shape).encode(), digest_size=16)
        for i in np.unique(np.linspace(0, len(self) - 1, SAMPLED).round().astype(int)):
            digest.update(np.ascontiguousarray(self._frames[i]).data)
        return {
            "kind": "array",
            "frames": len(self),
            "width": self.width,
            "height": self.height,
            "hash": digest.hexdigest(),
        }
