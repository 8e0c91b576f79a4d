"""Training of the point tracker `mini` on one device; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone: which clips are in the pool at a
step, too, so a run that goes on makes them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from impose_widget.detect import WEIGHTS
from impose_widget.model.mobilenet import MobileNetV2
from impose_widget.model.movenet import MoveNet
from impose_widget.model.point_file import save_points
from impose_widget.model.point_network import Estimate, PointConfig, PointNetwork
from impose_widget.model.weights import load_weights
from impose_widget.train import checkpoint
from impose_widget.train.leg import Leg
from impose_widget.train.point_clips import Look, Rendered
from impose_widget.train.point_pool import Asked, Pool, Questions
from impose_widget.train.settings import Place

HUBER = 3.0  # pixels up to which the loss is quadratic
HIDDEN = 0.3  # how much a hidden place counts
EARLIER = 0.8  # how much an update counts beside the one after it
RIGHT = 4.0  # pixels within which a place is right
WHITENED = 12  # clips
MEASURED = (1, 2, 4, 8, 16)  # pixels; the mean share of visible points within them


@dataclass(frozen=True, slots=True)
class PointSettings:
    """A run.

    Attributes:
        network: what learns.
        look: how clips vary.
        asked: what is asked of them.
        batch: clips of a step.
        points: of each clip.
        steps: of the run.
        rate: learning rate at its highest; it rises over `warmup` steps and falls along a cosine to a fiftieth.
        warmup: see `rate`.
        decay: of weights.
        clip: largest norm of the gradient.
        average: decay of the average of weights.
        pool: clips that are kept.
        renew: steps after which one of them is made anew.
        seed: of everything random.
    """

    network: PointConfig = field(default_factory=PointConfig)
    look: Look = field(default_factory=Look)
    asked: Asked = field(default_factory=Asked)
    batch: int = 4
    points: int = 24
    steps: int = 2400
    rate: float = 8e-4
    warmup: int = 80
    decay: float = 1e-3
    clip: float = 1.0
    average: float = 0.995
    pool: int = 100
    renew: int = 5
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain values, to compare with those of a run that goes on."""
        return asdict(self)


def backbone_of(weights: Path = WEIGHTS) -> MobileNetV2:
    """MoveNet's backbone, frozen."""
    movenet = MoveNet()
    load_weights(movenet, weights)
    return movenet.backbone.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def train_points(
    clips: Sequence[Rendered], images: Sequence[np.ndarray], settings: PointSettings, place: Place, show: bool = True
) -> Path:
    """Train a point tracker, or go on where a run in the same folder stopped.

    Args:
        clips: rendered ones, see `point_clips.rendered_clips`.
        images: photographs (H, W, 3) uint8 RGB.
        settings: what decides the outcome.
        place: where it happens; one process on the CPU.
        show: whether to show a bar.

    Returns:
        The weights, averaged, as safetensors; written at every checkpoint.

    Raises:
        ValueError: the folder holds a run with other settings, or there is nothing to learn from.
    """
    place.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint.load(place.out, settings)
    return _Run(clips, images, settings, place, state).go(show)


def point_losses(estimates: Sequence[Estimate], questions: Questions) -> dict[str, Tensor]:
    """Losses of all updates: of places, of being visible, and of being right.

    Source: CoTracker3, section 3.3; the start of a window is given and counts for nothing.
    """
    known = questions.xy.isfinite().all(-1)
    known[:, 0] = False
    truth, seen = questions.xy.nan_to_num(0), questions.visible.float()
    weight = known * (HIDDEN + (1 - HIDDEN) * seen)
    out = dict.fromkeys(("place", "visible", "right"), torch.zeros(()))
    for i, said in enumerate(reversed(estimates)):
        share = EARLIER**i / len(estimates)
        error = (said.xy - truth).norm(dim=-1).clamp_min(1e-6)
        bent = torch.where(error < HUBER, error**2 / (2 * HUBER), error - HUBER / 2)
        near = (error.detach() < RIGHT).float()
        out["place"] = out["place"] + share * (weight * bent).sum() / weight.sum().clamp_min(1) / 4
        for name, logit, target, counts in (
            ("visible", said.visible, seen, known),
            ("right", said.right, near, known),
        ):
            off = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
            out[name] = out[name] + share * (counts * off).sum() / counts.sum().clamp_min(1)
    return out


def within(xy: Tensor, questions: Questions) -> float:
    """The mean share of visible points within `MEASURED` pixels, the start not counted."""
    counts = questions.visible & questions.xy.isfinite().all(-1)
    error = (xy - questions.xy).norm(dim=-1)[:, 1:][counts[:, 1:]]
    return float(np.mean([(error < d).float().mean().item() for d in MEASURED])) if len(error) else float("nan")


class _Run(Leg):
    """One leg."""

    columns = ("step", "rate", "seconds", "loss", "place", "visible", "right", "within", "within_flow")
    floor = 0.02

    def __init__(
        self,
        clips: Sequence[Rendered],
        images: Sequence[np.ndarray],
        settings: PointSettings,
        place: Place,
        state: dict[str, Any] | None,
    ) -> None:
        torch.manual_seed(settings.seed)
        network = PointNetwork(settings.network)
        self.pool = Pool(
            clips,
            images,
            backbone_of(),
            network,
            settings.look,
            settings.asked,
            settings.pool,
            settings.seed,
        )
        if state is None:
            self.pool.whiten(WHITENED)
        super().__init__(network, settings, place, state)

    def prepare(self, show: bool) -> None:
        """The pool as it is at this step."""
        for slot in tqdm(range(len(self.pool.slots)), desc="clips", disable=not show):
            self.pool.fill(slot, self._generation(slot))

    def after(self) -> None:
        """One clip of the pool is made anew."""
        if self.step % self.settings.renew == 0:
            slot = (self.step // self.settings.renew - 1) % len(self.pool.slots)
            self.pool.fill(slot, self._generation(slot))

    def _generation(self, slot: int) -> int:
        """How often a slot was made anew before this step."""
        return (self.step // self.settings.renew - slot - 1) // len(self.pool.slots) + 1

    def learn(self) -> dict[str, float]:
        """One step."""
        settings = self.settings
        rng = np.random.default_rng((settings.seed, 1, self.step))
        slots = rng.choice(len(self.pool.slots), settings.batch, replace=len(self.pool.slots) < settings.batch)
        questions = self.pool.batch(slots, settings.points, rng)
        estimates = answered(self.network, questions)
        losses = point_losses(estimates, questions)
        loss = sum(losses.values())
        self.descend(loss)
        numbers = {k: float(v.detach()) for k, v in losses.items()}
        best = {
            "within": within(estimates[-1].xy.detach(), questions),
            "within_flow": within(questions.prior.xy, questions),
        }
        return {"loss": float(loss.detach())} | numbers | best

    def write(self, weights: dict[str, Tensor], path: Path) -> None:
        """The tracker's file."""
        save_points(weights, self.settings.network, path)


def answered(network: PointNetwork, questions: Questions) -> list[Estimate]:
    """What the network says."""
    levels = questions.levels
    templates = network.templates(tuple(m[:, 0] for m in levels), questions.given)
    return network(tuple(m[:, 1:].flatten(0, 1) for m in levels), templates, questions.prior)
