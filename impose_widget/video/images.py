"""Images in a folder, or in a list, as a video."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impose_widget.video.base import CACHE_BYTES, Video
from impose_widget.video.cache import ByteCache

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def image_files(folder: Path) -> list[Path]:
    """The images of a folder in the order in which people count: frame_2 before frame_10."""

    def natural(path: Path) -> list[Any]:
        return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", path.name)]

    return sorted((p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES), key=natural)


class ImagesVideo(Video):
    """Image files of one size, in the order given.

    Raises:
        ValueError: there is none, the first cannot be read, or one has another size.
        FileNotFoundError: one is not there.
    """

    def __init__(
        self, files: Sequence[str | Path], path: Path | None = None, fps: float = 25.0, cache_bytes: int = CACHE_BYTES
    ) -> None:
        super().__init__(cache_bytes)
        self._files = [Path(f) for f in files]
        where = path or "the list"
        if not self._files:
            raise ValueError(f"Expected images ({', '.join(SUFFIXES)}) in {where}, got none.")
        for file in self._files:
            if not file.is_file():
                raise FileNotFoundError(f"Expected an image file, got {file}, which does not exist.")
        self._cache = ByteCache(cache_bytes)
        self.path, self.fps = path, fps
        self.name = path.name if path is not None else f"{self._files[0].name} … {self._files[-1].name}"
        self.times = np.arange(len(self._files)) / fps
        first = self._decode(0)
        if first is None:
            raise ValueError(f"Expected an image, got {self._files[0]}, which cannot be read as one.")
        self.height, self.width = first.shape[:2]

    def _decode(self, frame: int) -> np.ndarray | None:
        import cv2

        # imread cannot open every path on every system; bytes can be read everywhere.
        data = np.frombuffer(self._files[frame].read_bytes(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def _read(self, frame: int) -> np.ndarray:
        image = self._cache.get(frame)
        if image is None:
            image = self._decode(frame)
            if image is None:
                self.broken.add(frame)
                image = self._read(frame - 1).copy() if frame else np.zeros((self.height, self.width, 3), np.uint8)
            elif image.shape[:2] != (self.height, self.width):
                raise ValueError(
                    f"Expected images of one size, {self.width}×{self.height}, got {image.shape[1]}×{image.shape[0]} "
                    f"in {self._files[frame]}; bring them to one size first."
                )
            self._cache.put(frame, image, image.nbytes)
        return image

    def fingerprint(self) -> dict[str, Any]:
        digest = hashlib.blake2b(digest_size=16)
        for file in self._files:
            digest.update(f"{file.name}/{file.stat().st_size}\n".encode())
        return {
            "kind": "images",
            "frames": len(self),
            "width": self.width,
            "height": self.height,
            "hash": digest.hexdigest(),
        }
