"""Frames as JPEG: for the editor, and the picture that stays in a saved notebook."""

from __future__ import annotations

import base64
import threading
from html import escape

import numpy as np

from impose_widget.render import draw_poses
from impose_widget.session import Session
from impose_widget.video import Video
from impose_widget.video.cache import ByteCache

QUALITY, PREVIEW_QUALITY = 80, 70
PREVIEW = 640  # pixels of the longer side of a preview
STILL = 960  # and of the picture in a saved notebook
CACHE_BYTES = 192 * 2**20


class Pictures:
    """JPEG files of a video's frames, kept for a while."""

    def __init__(self, video: Video) -> None:
        self._video = video
        self._cache = ByteCache(CACHE_BYTES)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the file."""
        self._video.close()

    def jpeg(self, frame: int, size: str = "full") -> bytes:
        """One frame; `size` "full", or "preview" for a small one that is quick to send."""
        with self._lock:
            held = self._cache.get((frame, size))
        if held is None:
            image = self._video[frame]
            if size == "preview":
                image = _fit(image, PREVIEW)
            held = encode_jpeg(image, QUALITY if size == "full" else PREVIEW_QUALITY)
            with self._lock:
                self._cache.put((frame, size), held, len(held))
        return held


def encode_jpeg(image: np.ndarray, quality: int = QUALITY) -> bytes:
    """An image (H, W, 3) uint8 RGB as JPEG."""
    import simplejpeg

    return simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality, colorspace="RGB", colorsubsampling="420")


def still(session: Session, frame: int, mark: str) -> str:
    """HTML of a picture of a frame with its poses, for a notebook that is read without a kernel.

    Args:
        session: what to show.
        frame: which frame.
        mark: the name by which a living view finds the picture and hides it.
    """
    poses = session.poses
    image = session.video[frame]
    scale = min(1.0, STILL / max(image.shape[:2])) if max(image.shape[:2]) > STILL else 1.0
    drawn = draw_poses(image, poses[poses["frame"] == frame], session.skeleton, scale)
    data = base64.b64encode(encode_jpeg(drawn)).decode("ascii")
    people = len(session.tracks)
    says = (
        f"{session.video.name}, frame {frame} of {len(session.video)}, {people} {'person' if people == 1 else 'people'}"
    )
    return (
        f'<div class="impose-static" data-impose-static="{escape(mark)}"><img alt="{escape(says)}" '
        f'style="max-width: 100%" src="data:image/jpeg;base64,{data}"><div>{escape(says)}. '
        "Run the cell to edit.</div></div>"
    )


def _fit(image: np.ndarray, side: int) -> np.ndarray:
    import cv2

    longest = max(image.shape[:2])
    if longest <= side:
        return image
    height, width = (max(1, round(n * side / longest)) for n in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
