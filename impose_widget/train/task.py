"""One step of training: a batch in, losses out. A module, so that Fabric can run it in many processes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.impose import IMPose
from impose_widget.train.denoise import Noise, denoise, feedback
from impose_widget.train.losses import detection_losses, given_losses
from impose_widget.train.matcher import Weights
from impose_widget.train.samples import Batch


class PoseTask(nn.Module):
    """Find people and their keypoints; put right people who were said wrongly; read people beside what was corrected.

    Args:
        network: what learns.
        skeleton: whose sigmas OKS uses.
        weights: of the losses' terms.
        noise: of denoising.
        share: weight of denoising and of feedback against detection (Click-Pose: a half).
    """

    def __init__(
        self,
        network: IMPose,
        skeleton: Skeleton,
        weights: Weights | None = None,
        noise: Noise | None = None,
        share: float = 0.5,
    ) -> None:
        super().__init__()
        self.network = network
        self.weights, self.noise, self.share = weights or Weights(), noise or Noise(), share
        self.register_buffer("sigmas", torch.tensor(skeleton.sigma_array, dtype=torch.float32), persistent=False)

    def forward(self, batch: Batch, people: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Losses by name.

        Args:
            batch: what to learn from.
            people: mean number of people per process, which losses are divided by.
            generator: of the noise, on the CPU.
        """
        targets, network = batch.targets, self.network
        if batch.features is None:
            memory = network.encode(batch.images, targets.sizes)
        else:
            memory = network.encode_features(batch.features, targets.sizes, batch.shape)
        found = network.detect(memory)
        matched = detection_losses(found, targets, self.sigmas, self.weights, people)
        losses = {f"detect.{k}": v for k, v in matched.losses.items()}
        if not targets.real.any():
            return losses
        said, many, real = denoise(network, memory, targets, self.noise, generator)
        terms = given_losses(said, many, real, self.sigmas, self.weights, people * self.noise.groups)
        losses |= {f"denoise.{k}": self.share * v for k, v in terms.items()}
        if not (matched.person >= 0).any():  # it saw nobody
            return losses
        said, real = feedback(network, memory, found.final, matched.person, targets, generator)
        terms = given_losses(said, targets, real, self.sigmas, self.weights, people)
        return losses | {f"refine.{k}": self.share * v for k, v in terms.items()}
