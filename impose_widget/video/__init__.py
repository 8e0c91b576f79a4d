"""Frames, exact and in any order, from files, folders and arrays; and files from frames."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from impose_widget.video.base import CACHE_BYTES, Video
from impose_widget.video.write import write_video

__all__ = ["Video", "open_video", "write_video"]


def open_video(
    source: str | Path | Sequence[str | Path] | np.ndarray, fps: float = 25.0, cache_bytes: int = CACHE_BYTES
) -> Video:
    """A video from a file, a folder of images, a list of image files, or frames (T, H, W, 3) uint8 RGB.

    Args:
        source: what to open.
        fps: frames per second, where the source does not say it (images, arrays).
        cache_bytes: memory for decoded frames.

    Warns:
        UserWarning: a file ends early, as an incomplete copy does; what is there can be used.

    Raises:
        FileNotFoundError: it is not there.
        ValueError, TypeError: it is no video; the message says what it is.
    """
    if isinstance(source, Video):
        return source
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        if path.is_dir():
            from impose_widget.video.images import ImagesVideo, image_files

            return ImagesVideo(image_files(path), path.resolve(), fps, cache_bytes)
        from impose_widget.video.container import ContainerVideo

        video = ContainerVideo(path.resolve(), cache_bytes)
        if video.short:
            warnings.warn(video.short, stacklevel=2)
        return video
    if isinstance(source, (list, tuple)) and all(isinstance(s, (str, Path)) for s in source):
        from impose_widget.video.images import ImagesVideo

        return ImagesVideo(source, None, fps, cache_bytes)
    if hasattr(source, "shape") and hasattr(source, "dtype"):
        from impose_widget.video.memory import ArrayVideo

        return ArrayVideo(source, fps, cache_bytes)
    raise TypeError(
        "Expected a video file, a folder or list of images, or frames as an array (T, H, W, 3) uint8, "
        f"got {type(source).__name__}."
    )
