"""An ID decoder that nobody trained (it matches whoever stands where somebody would be), and people who walk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.id_file import save_identity
from impose_widget.tracking.decoding import Decoding

SIZE = 1900.0, 1000.0


def weights(folder: Path, **changes: object) -> Path:
    """A file of an untrained decoder."""
    torch.manual_seed(1)
    config = IdentityConfig(**changes)
    net = IdDecoder(config)
    path = folder / "untrained.safetensors"
    save_identity(net.state_dict(), config, path)
    return path


def decoding(folder: Path, namings: int = 1, **changes: object) -> Decoding:
    return Decoding(weights(folder, **changes), SIZE, namings)


def walkers(n: int, frames: int, seed: int = 0, drop: float = 0.0) -> tuple[Detections, np.ndarray]:
    """People in rows and columns who walk on the spot and drift; and whose each detection is."""
    rng = np.random.default_rng(seed)
    columns = int(np.ceil(np.sqrt(2 * n)))
    spot = np.stack([np.arange(n) % columns, np.arange(n) // columns], 1) * (1800 / columns, 170) + (60, 80)
    body = rng.normal(0, (10, 25), (n, 17, 2))
    at = spot + np.cumsum(rng.normal(0, 1.5, (frames, n, 2)), 0)
    frame, person = np.nonzero(rng.random((frames, n)) >= drop)
    order = np.lexsort((rng.random(len(frame)), frame))
    frame, person = frame[order], person[order]
    xy = at[frame, person, None] + body[person] + rng.normal(0, 0.8, (len(frame), 17, 2))
    keypoints = np.concatenate([xy, np.full((len(frame), 17, 1), 0.7)], -1).astype(np.float32)
    box = pose_box(xy).astype(np.float32)
    return Detections(frame.astype(np.int32), keypoints, box, np.full(len(frame), 0.6, np.float32)), person
