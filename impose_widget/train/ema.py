"""The average of a network's weights over its last steps: what is kept, and judged."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average of all that a network has learned.

    It follows quickly at first: with n steps behind it the decay is at most (1 + n) / (10 + n).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.weights = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the weights as they are now."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for key, value in network.state_dict().items():
            mean = self.weights[key]
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)

    def state_dict(self) -> dict[str, Tensor | int | dict]:
        """For a checkpoint."""
        return {"weights": self.weights, "steps": self.steps}

    def load_state_dict(self, state: dict) -> None:
        """From a checkpoint."""
        self.steps = state["steps"]
        for key, value in state["weights"].items():
            self.weights[key].copy_(value)
