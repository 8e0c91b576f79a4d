"""Training of the decoders that put people right and carry them; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone: which inputs are in the pool at a
step, too, so a run that goes on makes them again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.config import ImposeConfig, refiner
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import save_network
from impose_widget.train import checkpoint
from impose_widget.train.crops import Crops, Person
from impose_widget.train.ema import Average
from impose_widget.train.log import Log
from impose_widget.train.refining import Mixture, Pool, RefiningTask
from impose_widget.train.settings import Place

LEAST = 4  # labelled keypoints of an input that is asked about
COLUMNS = ("step", "rate", "seconds", "loss", "settle", "carry")


@dataclass(frozen=True, slots=True)
class RefineSettings:
    """A run.

    Attributes:
        network: what learns.
        crops: how its inputs vary.
        mixture: what is asked.
        batch: people of a step.
        steps: of the run.
        rate: learning rate at its highest; it rises over `warmup` steps and falls along a cosine to a fiftieth.
        warmup: see `rate`.
        decay: of weights.
        clip: largest norm of the gradient.
        average: decay of the average of weights.
        pairs: of inputs of each person that are kept.
        renew: steps after which one pair is made anew.
        rest: share of the run after which the projections of the backbone's maps rest, which halves a step's time.
        seed: of everything random.
    """

    network: ImposeConfig = field(default_factory=refiner)
    crops: Crops = field(default_factory=Crops)
    mixture: Mixture = field(default_factory=Mixture)
    batch: int = 24
    steps: int = 2000
    rate: float = 6e-4
    warmup: int = 100
    decay: float = 1e-3
    clip: float = 1.0
    average: float = 0.998
    pairs: int = 1
    renew: int = 2
    rest: float = 0.55
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain values, to compare with those of a run that goes on."""
        return asdict(self)

    def rate_at(self, step: int) -> float:
        """The learning rate at a step."""
        warm = min((step + 1) / max(self.warmup, 1), 1.0)
        done = min(step / max(self.steps, 1), 1.0)
        return self.rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)


def train_refining(
    network: IMPose,
    people: Sequence[Person],
    skeleton: Skeleton,
    settings: RefineSettings,
    place: Place,
    show: bool = True,
) -> Path:
    """Train the decoders, or go on where a run in the same folder stopped.

    Args:
        network: where to start from; a run that goes on starts from its own checkpoint.
        people: whom to learn from, see `crops.people_of`.
        skeleton: of the keypoints.
        settings: what decides the outcome.
        place: where it happens; one process on the CPU.
        show: whether to show a bar.

    Returns:
        The weights, averaged, as safetensors; written at every checkpoint.

    Raises:
        ValueError: the folder holds a run with other settings, or there is nobody to learn from.
    """
    place.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint.load(place.out, settings)
    return _Run(network, people, skeleton, settings, place, state).go(show)


class _Run:
    """One leg."""

    def __init__(
        self,
        network: IMPose,
        people: Sequence[Person],
        skeleton: Skeleton,
        settings: RefineSettings,
        place: Place,
        state: dict[str, Any] | None,
    ) -> None:
        self.settings, self.place, self.network = settings, place, network.train()
        self.pool = Pool(people, network, settings.crops, skeleton, settings.pairs, settings.seed)
        self.task = RefiningTask(network, self.pool, settings.mixture)
        learning = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, settings.rate, betas=(0.9, 0.98), weight_decay=settings.decay)
        self.average = Average(network, settings.average)
        self.step = 0
        if state is not None:
            network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.load_state_dict(state["average"])
            self.step = state["step"]

    def go(self, show: bool) -> Path:
        """Run to the end, or to the end of the leg."""
        place, settings = self.place, self.settings
        began = time.monotonic()
        ends = None if place.minutes is None else began + 60 * place.minutes
        for pair in tqdm(range(len(self.pool)), desc="backbone", unit="pairs", disable=not show):
            self.pool.fill(pair, self._generation(pair))
        log = Log(place.out, self.step, COLUMNS)
        bar = tqdm(total=settings.steps, initial=self.step, desc="training", unit="steps", disable=not show)
        try:
            while self.step < settings.steps:
                numbers = self._step()
                self.step += 1
                if self.step % settings.renew == 0:
                    pair = (self.step // settings.renew - 1) % len(self.pool)
                    self.pool.fill(pair, self._generation(pair))
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

    def _generation(self, pair: int) -> int:
        """How often a pair was made anew before this step."""
        return (self.step // self.settings.renew - pair - 1) // len(self.pool) + 1

    def _rows(self) -> np.ndarray:
        """Slots (n,) of this step: every pair once before any comes again, one of its two inputs."""
        n, batch = len(self.pool), self.settings.batch
        places = self.step * batch + np.arange(batch)
        orders = {e: np.random.default_rng((self.settings.seed, 1, int(e))).permutation(n) for e in set(places // n)}
        pairs = np.array([orders[p // n][p % n] for p in places])
        rows = 2 * pairs + np.random.default_rng((self.settings.seed, 2, self.step)).integers(2, size=batch)
        return rows[(self.pool.pose[rows, :, 2] > 0).sum(1) >= LEAST]

    def _step(self) -> dict[str, float]:
        settings = self.settings
        self.network.encoder.requires_grad_(self.step < settings.rest * settings.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.rate_at(self.step)
        rows = self._rows()
        if not len(rows):
            return {"loss": 0.0}
        losses = self.task(rows, np.random.default_rng((settings.seed, 3, self.step)))
        loss = sum(losses.values())
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self.optimizer.step()
        self.average.update(self.network)
        parts = {p: sum(float(v.detach()) for k, v in losses.items() if k.startswith(p)) for p in ("settle", "carry")}
        return {"loss": float(loss.detach())} | parts

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.place.out, state, self.settings)
        save_network(self.average.weights, self.network.config, self.place.out / "weights.safetensors")
