"""Video: the frames of something, by number, whatever it is."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from impose_widget.video.cache import ByteCache

CACHE_BYTES = 256 * 2**20
"""Memory that one video may use for frames it has decoded, unless said otherwise."""


class Video(ABC):
    """Frames by number: `len(video)`, `video[i]` as (H, W, 3) uint8 RGB that must not be written to.

    Frame n is the n-th frame that the file decodes to. All methods may be called from several threads.

    Attributes:
        width, height: of every frame, in pixels.
        times: (T,) float64 seconds, ascending, as the file says; for images the number over `fps`.
        fps: frames per second, on average.
        name: for people.
        path: of the file or folder; None for frames in memory.
        broken: frames that cannot be decoded; in their place stands the last good frame before them.
    """

    width: int
    height: int
    times: np.ndarray
    fps: float
    name: str
    path: Path | None = None

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self.broken: set[int] = set()
        self._lock = threading.RLock()
        self._gray = ByteCache(cache_bytes // 8)
        self._notes: list[str] = []

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, frame: int) -> np.ndarray:
        if not isinstance(frame, Integral):
            raise TypeError(f"Expected a frame number as an integer, got {frame!r}.")
        if not 0 <= frame < len(self):
            raise IndexError(f"Expected a frame in 0..{len(self) - 1}, got {frame}.")
        with self._lock:
            image = self._read(int(frame))
        image.flags.writeable = False
        return image

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Several frames one after the other; quickest in ascending order, because a decoder goes forward."""
        return (self[i] for i in indices)

    def gray(self, frame: int) -> np.ndarray:
        """A frame as (H, W) uint8 luminance, kept for a while: point trackers ask for the same ones again."""
        with self._lock:
            held = self._gray.get(frame)
        if held is None:
            import cv2

            held = cv2.cvtColor(self[frame], cv2.COLOR_RGB2GRAY)
            with self._lock:
                self._gray.put(frame, held, held.nbytes)
        return held

    def twin(self) -> Video:
        """A reader of the same frames for another thread that goes elsewhere in them; this one, if that is as good."""
        return self

    def report(self) -> list[str]:
        """What is unusual about this video, in sentences; empty if nothing is."""
        notes = list(self._notes)
        if self.broken:
            some = ", ".join(map(str, sorted(self.broken)[:10])) + (", …" if len(self.broken) > 10 else "")
            notes.append(
                f"{len(self.broken)} frame(s) cannot be decoded ({some}); the last good frame stands in their place."
            )
        return notes

    @abstractmethod
    def _read(self, frame: int) -> np.ndarray:
        """One frame that exists, as (H, W, 3) uint8 RGB; called under the lock."""

    @abstractmethod
    def fingerprint(self) -> dict[str, Any]:
        """Facts that tell this video from others and survive moving and renaming it; plain JSON."""

    def close(self) -> None:  # noqa: B027  # most kinds hold nothing open
        """Let go of the file; closing twice is fine."""
