"""What an encoder made of images, kept within a bound of bytes: what was asked for longest ago is given up first."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from impose_widget.model.impose import IMPose
    from impose_widget.model.memory import Memory

BOUND = 1_000_000_000  # bytes


class Memories:
    """Encoder memories of images, computed once; found again by what the image shows.

    They are kept and used in half precision alike: the first reading of a frame is the reading of every later time.
    Threads may ask at the same time.

    Args:
        network: whose encoder.
        device: where it runs.
        bound: bytes that are kept; one memory is kept whatever it takes.
    """

    def __init__(self, network: IMPose, device: torch.device, bound: int = BOUND) -> None:
        self._network, self._device, self._bound = network, device, bound
        self._kept: OrderedDict[bytes, Memory] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, image: np.ndarray, limits: tuple[int, int]) -> Memory:
        """Of an image (H, W, 3) uint8, scaled to `limits` (short, long side in pixels); of a batch of one."""
        key = hashlib.blake2b(np.ascontiguousarray(image), digest_size=16).digest()
        key += str((image.shape, limits)).encode()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        if kept is None:
            kept = self._encoded(image, limits)
            with self._lock:
                self._keep(key, kept)
        return kept._replace(tokens=kept.tokens.float())

    def _encoded(self, image: np.ndarray, limits: tuple[int, int]) -> Memory:
        import torch

        fitted, size = fit(image, limits, self._network.config.multiple)
        batch = torch.from_numpy(fitted).to(self._device).permute(2, 0, 1)[None]
        with torch.inference_mode():
            memory = self._network.encode(batch, torch.tensor([size], dtype=torch.float32))
        return memory._replace(tokens=memory.tokens.half())

    def _keep(self, key: bytes, memory: Memory) -> None:
        """Keep one more, and give up the oldest beyond the bound."""
        if key in self._kept:
            return
        self._kept[key] = memory
        self.bytes += bytes_of(memory)
        while self.bytes > self._bound and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self.bytes -= bytes_of(old)


def bytes_of(memory: Memory) -> int:
    """What a memory takes."""
    tensors = [memory.tokens, memory.padding, memory.valid, *(memory.guess or ())]
    return sum(t.numel() * t.element_size() for t in tensors if t is not None)


def fit(image: np.ndarray, limits: tuple[int, int], multiple: int) -> tuple[np.ndarray, tuple[int, int]]:
    """An image whose short side is as given, unless the long one gets too long, padded; and its x, y before that."""
    import cv2

    height, width = image.shape[:2]
    factor = min(limits[0] / min(height, width), limits[1] / max(height, width))
    w, h = max(round(width * factor), 1), max(round(height * factor), 1)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    padded = np.zeros((-(-h // multiple) * multiple, -(-w // multiple) * multiple, 3), np.uint8)
    padded[:h, :w] = cv2.resize(image, (w, h), interpolation=how)
    return padded, (w, h)
