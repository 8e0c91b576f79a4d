"""Training of the ID decoder: from tracks, with or without looks, on one device; legs of any length add up to one run.

What happens at a step depends on the seed, the step and the state before it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.id_file import begin_from, save_identity
from impose_widget.train import checkpoint
from impose_widget.train.crowd import draw_clip
from impose_widget.train.id_batch import IGNORED, IdBatch, collate, name
from impose_widget.train.id_settings import IdentitySettings
from impose_widget.train.leg import Leg
from impose_widget.train.looking import spread_of
from impose_widget.train.settings import Place
from impose_widget.train.tracked import TrackedVideo


def train_identity(
    videos: Sequence[TrackedVideo],
    skeleton: Skeleton,
    settings: IdentitySettings,
    place: Place,
    show: bool = True,
    start: Path | None = None,
) -> Path:
    """Train an ID decoder, or go on where a run in the same folder stopped.

    Args:
        videos: what to learn from; with looks, all of them, if the network has features.
        skeleton: of the keypoints.
        settings: what decides the outcome.
        place: where it happens.
        show: whether to show a bar.
        start: weights to begin a new run from, see `model.id_file.begin_from`.

    Returns:
        The weights, averaged, as safetensors; written at every checkpoint.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    place.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint.load(place.out, settings)
    return _Run(videos, skeleton, settings, place, state, start).go(show)


class _Run(Leg):
    """One leg."""

    columns = ("step", "rate", "seconds", "loss", "right", "right_newborn")
    floor = 0.05

    def __init__(
        self,
        videos: Sequence[TrackedVideo],
        skeleton: Skeleton,
        settings: IdentitySettings,
        place: Place,
        state: dict[str, Any] | None,
        start: Path | None,
    ) -> None:
        self.videos, self.skeleton = videos, skeleton
        self.device = torch.device(
            place.device if place.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        )
        torch.manual_seed(settings.seed)
        network = IdDecoder(settings.network)
        if start is not None and state is None:
            begin_from(network, start)
        if settings.network.features and state is None:
            mean, spread = spread_of(videos)
            network.look_mean.copy_(torch.from_numpy(mean))
            network.look_spread.copy_(torch.from_numpy(spread))
        super().__init__(network.to(self.device), settings, place, state)

    def _batch(self) -> IdBatch:
        settings = self.settings
        rng = np.random.default_rng([settings.seed, self.step])
        clips = []
        while len(clips) < settings.batch:
            clip = draw_clip(self.videos, self.skeleton, settings.crowd, rng)
            if len(clip.people):
                clips.append(clip)
        namings = [
            [name(c, settings.network, settings.naming, rng) for _ in range(settings.naming.groups)] for c in clips
        ]
        return collate(clips, namings)

    def learn(self) -> dict[str, float]:
        """One step."""
        batch = self._batch()
        now, then = (type(o)(*(None if t is None else t.to(self.device) for t in o)) for o in (batch.now, batch.then))
        targets = batch.targets.to(self.device)
        logits = self.network(now, then, batch.words.to(self.device))
        loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORED)
        if not torch.isfinite(loss):  # a batch without anything to learn from
            return {"loss": 0.0}
        self.descend(loss)
        said, counts = logits.argmax(-1), targets != IGNORED
        new = targets == self.settings.network.words
        return {
            "loss": loss.item(),
            "right": float((said == targets)[counts].float().mean()),
            "right_newborn": float((said == targets)[new].float().mean()) if new.any() else float("nan"),
        }

    def write(self, weights: dict[str, torch.Tensor], path: Path) -> None:
        """The decoder's file."""
        save_identity(weights, self.settings.network, path)
