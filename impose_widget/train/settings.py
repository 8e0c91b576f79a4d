"""What a run of training is: everything that decides what comes out, as one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impose_widget.model.config import ImposeConfig
from impose_widget.train.augment import Augmentation
from impose_widget.train.samples import Clips


@dataclass(frozen=True, slots=True)
class Settings:
    """A run (paper section V-B: AdamW, 20 epochs, learning rate to a tenth after 10 and 15; the rest ED-Pose).

    Attributes:
        network: what learns.
        augmentation: of its inputs.
        clips: how they are cut out of videos.
        batch: clips per process and step.
        epochs: over all clips.
        drops: epochs after which the learning rate falls to a tenth.
        rate: learning rate of what is new.
        backbone_rate: of a ResNet; MoveNet is frozen.
        warmup: steps over which the rates rise.
        decay: of weights.
        clip: largest norm of the gradient.
        average: decay of the average of weights.
        seed: of everything random.
        variants: augmentations of each clip whose backbone maps are kept (frozen backbones); 0 for fresh ones.
    """

    network: ImposeConfig
    augmentation: Augmentation
    clips: Clips = field(default_factory=Clips)
    batch: int = 1
    epochs: int = 20
    drops: tuple[int, ...] = (10, 15)
    rate: float = 1e-4
    backbone_rate: float = 1e-5
    warmup: int = 0
    decay: float = 1e-4
    clip: float = 0.1
    average: float = 0.9997
    seed: int = 0
    variants: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain values, to compare with those of a run that goes on."""
        return asdict(self)

    def rate_at(self, step: int, steps_of_an_epoch: int) -> float:
        """Share of the learning rates at a step."""
        epoch = step // steps_of_an_epoch
        warm = min((step + 1) / self.warmup, 1.0) if self.warmup else 1.0
        return warm * 0.1 ** sum(epoch >= drop for drop in self.drops)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens; none of it changes what comes out, but for the number of processes.

    Attributes:
        out: folder of checkpoints, curves and weights.
        device: "auto", "cpu" or "cuda".
        processes: how many; under torchrun or SLURM they are there already.
        precision: as Lightning Fabric names it: "32-true", "bf16-mixed", "16-mixed".
        workers: processes that read images, per training process.
        minutes: a leg ends after so many, with a checkpoint; None for no limit.
        save_every: steps between checkpoints.
        log_every: steps between lines of the log.
    """

    out: Path
    device: str = "auto"
    processes: int = 1
    precision: str = "32-true"
    workers: int = 0
    minutes: float | None = None
    save_every: int = 500
    log_every: int = 20
