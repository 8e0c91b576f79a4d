"""Writing a video that every browser and player shows: H.264, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np


def write_video(path: str | Path, frames: Iterable[np.ndarray], fps: float, crf: int = 20) -> Path:
    """Write frames (H, W, 3) uint8 RGB as H.264 in MP4.

    H.264 wants even sides: an odd last row or column is repeated. The file appears when it is complete.

    Args:
        path: ends in .mp4.
        frames: all of one size.
        fps: frames per second.
        crf: quality, 0 (lossless) to 51; 18 to 23 look good.

    Raises:
        ValueError: there are no frames, or one has another size or type.
        OSError: it cannot be written there.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}-{os.getpid()}.mp4")
    try:
        _encode(partial, frames, fps, crf)
        partial.replace(path)
    except OSError as error:
        raise OSError(
            f"{path} could not be written ({error.strerror or error}); check the folder and the free space."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _encode(path: Path, frames: Iterable[np.ndarray], fps: float, crf: int) -> None:
    import av

    path.touch()  # says at once, and in the system's words, that a folder is missing or read-only
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = None
        for image in frames:
            if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                raise ValueError(
                    "Expected frames (H, W, 3) uint8, got " + str(getattr(image, "shape", type(image))) + "."
                )
            if stream is None:
                shape = image.shape
                stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(60000))
                stream.width, stream.height = shape[1] + shape[1] % 2, shape[0] + shape[0] % 2
                stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "medium"}
            if image.shape != shape:
                raise ValueError(f"Expected frames of one size, {shape}, got {image.shape}.")
            even = np.pad(image, ((0, shape[0] % 2), (0, shape[1] % 2), (0, 0)), "edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")))
        if stream is None:
            raise ValueError("Expected at least one frame to write, got none.")
        container.mux(stream.encode())
