"""Training of the ID decoder: from tracks alone, on one device; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.id_file import save_identity
from impose_widget.train import checkpoint
from impose_widget.train.crowd import draw_clip
from impose_widget.train.ema import Average
from impose_widget.train.id_batch import IGNORED, IdBatch, collate, name
from impose_widget.train.id_settings import IdentitySettings
from impose_widget.train.log import Log
from impose_widget.train.settings import Place
from impose_widget.train.tracked import TrackedVideo

COLUMNS = ("step", "rate", "seconds", "loss", "right", "right_newborn")


def train_identity(
    videos: Sequence[TrackedVideo], skeleton: Skeleton, settings: IdentitySettings, place: Place, show: bool = True
) -> Path:
    """Train an ID decoder, or go on where a run in the same folder stopped.

    Args:
        videos: what to learn from.
        skeleton: of the keypoints.
        settings: what decides the outcome.
        place: where it happens.
        show: whether to show a bar.

    Returns:
        The weights, averaged, as safetensors; written at every checkpoint.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    place.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint.load(place.out, settings)
    return _Run(videos, skeleton, settings, place, state).go(show)


class _Run:
    """One leg."""

    def __init__(
        self,
        videos: Sequence[TrackedVideo],
        skeleton: Skeleton,
        settings: IdentitySettings,
        place: Place,
        state: dict[str, Any] | None,
    ) -> None:
        self.videos, self.skeleton, self.settings, self.place = videos, skeleton, settings, place
        self.device = torch.device(
            place.device if place.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        )
        torch.manual_seed(settings.seed)
        self.network = IdDecoder(settings.network).to(self.device).train()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), settings.rate, weight_decay=settings.decay)
        self.average = Average(self.network, settings.average)
        self.step = 0
        if state is not None:
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.load_state_dict(state["average"])
            self.step = state["step"]

    def go(self, show: bool) -> Path:
        """Run to the end, or to the end of the leg."""
        place, settings = self.place, self.settings
        log = Log(place.out, self.step, COLUMNS)
        bar = tqdm(total=settings.steps, initial=self.step, desc="training", unit="steps", disable=not show)
        began = time.monotonic()
        ends = None if place.minutes is None else began + 60 * place.minutes
        try:
            while self.step < settings.steps:
                numbers = self._step(self._batch())
                self.step += 1
                bar.update()
                if self.step % place.log_every == 0 or self.step == settings.steps:
                    rate = settings.rate_at(self.step - 1)
                    log.write({"step": self.step, "rate": rate, "seconds": time.monotonic() - began} | numbers)
                stops = ends is not None and time.monotonic() > ends
                if stops or self.step % place.save_every == 0 or self.step == settings.steps:
                    self._save()
                if stops:
                    break
        finally:
            bar.close()
            log.close()
        return place.out / "weights.safetensors"

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

    def _step(self, batch: IdBatch) -> dict[str, float]:
        settings = self.settings
        now, then = (type(o)(*(None if t is None else t.to(self.device) for t in o)) for o in (batch.now, batch.then))
        targets = batch.targets.to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.rate_at(self.step)
        logits = self.network(now, then, batch.words.to(self.device))
        loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORED)
        if not torch.isfinite(loss):  # a batch without anything to learn from
            return {"loss": 0.0}
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self.optimizer.step()
        self.average.update(self.network)
        said, counts = logits.argmax(-1), targets != IGNORED
        new = targets == settings.network.words
        return {
            "loss": loss.item(),
            "right": float((said == targets)[counts].float().mean()),
            "right_newborn": float((said == targets)[new].float().mean()) if new.any() else float("nan"),
        }

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.place.out, state, self.settings)
        save_identity(self.average.weights, self.settings.network, self.place.out / "weights.safetensors")
