"""One leg of a run on one device; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone. (The whole network's training, in
many processes, has a loop of its own: `loop`.)
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn
from tqdm import tqdm

from impose_widget.train import checkpoint
from impose_widget.train.ema import Average
from impose_widget.train.log import Log
from impose_widget.train.settings import Place

WEIGHTS = "weights.safetensors"


class LegSettings(checkpoint.Settings, Protocol):
    """What a leg asks of the settings of its run.

    Attributes:
        steps: of the run.
        rate: learning rate at its highest.
        warmup: steps over which it rises to that.
        decay: of weights.
        clip: largest norm of the gradient.
        average: decay of the average of weights.
    """

    steps: int
    rate: float
    warmup: int
    decay: float
    clip: float
    average: float


class Leg:
    """Subclasses say what a step is and what a file of weights is.

    Args:
        network: what learns, on its device.
        settings: what decides the outcome.
        place: where it happens.
        state: of the run so far, see `checkpoint.load`; None at its beginning.
        betas: of AdamW.
    """

    columns: ClassVar[tuple[str, ...]]
    """Of the log."""

    floor: ClassVar[float]
    """The learning rate at the end, as a share of the highest."""

    def __init__(
        self,
        network: nn.Module,
        settings: LegSettings,
        place: Place,
        state: dict[str, Any] | None,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        self.network, self.settings, self.place = network.train(), settings, place
        learning = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, settings.rate, betas=betas, weight_decay=settings.decay)
        self.average = Average(network, settings.average)
        self.step = 0
        if state is not None:
            network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.load_state_dict(state["average"])
            self.step = state["step"]

    def go(self, show: bool) -> Path:
        """Run to the end of the run or of the leg; returns the file of weights."""
        place, settings = self.place, self.settings
        began = time.monotonic()
        ends = None if place.minutes is None else began + 60 * place.minutes
        self.prepare(show)
        log = Log(place.out, self.step, self.columns)
        bar = tqdm(total=settings.steps, initial=self.step, desc="training", unit="steps", disable=not show)
        try:
            while self.step < settings.steps:
                rate = self.rate()
                for group in self.optimizer.param_groups:
                    group["lr"] = rate
                numbers = self.learn()
                self.step += 1
                self.after()
                bar.update()
                if self.step % place.log_every == 0 or self.step == settings.steps:
                    log.write({"step": self.step, "rate": rate, "seconds": time.monotonic() - began} | numbers)
                stops = ends is not None and time.monotonic() > ends
                if stops or self.step % place.save_every == 0 or self.step == settings.steps:
                    self._save()
                if stops:
                    break
        finally:
            bar.close()
            log.close()
        return place.out / WEIGHTS

    def rate(self) -> float:
        """The learning rate at this step: it rises over the warm-up and falls along a cosine to its floor."""
        s = self.settings
        warm = min((self.step + 1) / max(s.warmup, 1), 1.0)
        done = min(self.step / max(s.steps, 1), 1.0)
        return s.rate * warm * (self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2)

    def descend(self, loss: torch.Tensor) -> None:
        """Change the weights so that the loss falls."""
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimizer.step()
        self.average.update(self.network)

    def prepare(self, show: bool) -> None:
        """What is to be done before the first step of a leg."""

    def learn(self) -> dict[str, float]:
        """One step: computes a loss, descends, and returns what the log is told."""
        raise NotImplementedError  # there is no step that all kinds of training share

    def after(self) -> None:
        """What is to be done after each step."""

    def write(self, weights: dict[str, torch.Tensor], path: Path) -> None:
        """Write the averaged weights as safetensors."""
        raise NotImplementedError  # each network's file says what it is

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.place.out, state, self.settings)
        self.write(self.average.weights, self.place.out / WEIGHTS)
