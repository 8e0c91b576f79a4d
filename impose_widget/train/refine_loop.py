"""Training of the decoders that put people right and carry them; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone: which inputs are in the pool at a
step, too, so a run that goes on makes them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.config import ImposeConfig, refiner
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import save_network
from impose_widget.train import checkpoint
from impose_widget.train.crops import Crops, Person
from impose_widget.train.leg import Leg
from impose_widget.train.refining import Mixture, Pool, RefiningTask
from impose_widget.train.settings import Place

LEAST = 4  # labelled keypoints of an input that is asked about


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


class _Run(Leg):
    """One leg."""

    columns = ("step", "rate", "seconds", "loss", "settle", "carry")
    floor = 0.02

    def __init__(
        self,
        network: IMPose,
        people: Sequence[Person],
        skeleton: Skeleton,
        settings: RefineSettings,
        place: Place,
        state: dict[str, Any] | None,
    ) -> None:
        self.pool = Pool(people, network, settings.crops, skeleton, settings.pairs, settings.seed)
        self.task = RefiningTask(network, self.pool, settings.mixture)
        super().__init__(network, settings, place, state, (0.9, 0.98))

    def prepare(self, show: bool) -> None:
        """The pool as it is at this step."""
        for pair in tqdm(range(len(self.pool)), desc="backbone", unit="pairs", disable=not show):
            self.pool.fill(pair, self._generation(pair))

    def after(self) -> None:
        """One pair of the pool is made anew."""
        if self.step % self.settings.renew == 0:
            pair = (self.step // self.settings.renew - 1) % len(self.pool)
            self.pool.fill(pair, self._generation(pair))

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

    def learn(self) -> dict[str, float]:
        """One step."""
        settings = self.settings
        self.network.encoder.requires_grad_(self.step < settings.rest * settings.steps)
        rows = self._rows()
        if not len(rows):
            return {"loss": 0.0}
        losses = self.task(rows, np.random.default_rng((settings.seed, 3, self.step)))
        loss = sum(losses.values())
        self.descend(loss)
        parts = {p: sum(float(v.detach()) for k, v in losses.items() if k.startswith(p)) for p in ("settle", "carry")}
        return {"loss": float(loss.detach())} | parts

    def write(self, weights: dict[str, torch.Tensor], path: Path) -> None:
        """The network's file."""
        save_network(weights, self.network.config, path)
