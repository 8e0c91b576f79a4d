"""What a run of training of the ID decoder is: everything that decides what comes out, as one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from impose_widget.model.id_config import IdentityConfig
from impose_widget.train.crowd import Crowd
from impose_widget.train.id_batch import Naming


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """A run (AdamW as in the paper; MOTIP's clip length, groups and augmentations; the rest ours).

    Attributes:
        network: what learns.
        crowd: how clips are made.
        naming: how people are named in them.
        batch: clips of a step.
        steps: of the run.
        rate: learning rate at its highest; it rises over `warmup` steps and falls along a cosine to a twentieth.
        warmup: see `rate`.
        decay: of weights.
        clip: largest norm of the gradient.
        average: decay of the average of weights.
        seed: of everything random.
    """

    network: IdentityConfig = field(default_factory=IdentityConfig)
    crowd: Crowd = field(default_factory=Crowd)
    naming: Naming = field(default_factory=Naming)
    batch: int = 2
    steps: int = 3000
    rate: float = 5e-4
    warmup: int = 100
    decay: float = 5e-4
    clip: float = 0.5
    average: float = 0.998
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain values, to compare with those of a run that goes on."""
        return asdict(self)
