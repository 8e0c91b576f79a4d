"""The keypoint-aware embedding: a pose as a vector that tells people apart (paper section III-B, equation 1)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

EPS = 1e-6


class PoseEmbedding(nn.Module):
    """Linear projection of positions, of distances and directions along bones, and of Fourier features.

    Positions and Fourier features are of places in the image, as shares of its width and height: there motion is
    continuous. Distances along bones are in lengths of the person (square root of the box's area) and directions are
    taken in pixels, so that neither changes with the distance to the camera or with the shape of the image. A keypoint
    that is not known is a zero in every part (and in the mask that is told as well), and so is a bone without both its
    ends. All of it is float32 whatever the network computes in: sin(32 π x) of a bfloat16 is noise.

    Args:
        keypoints: of a person (K).
        edges: E pairs of indices that are joined by a bone.
        width: of the embedding.
        bands: frequencies of the Fourier features (L): π, 2π, 4π, …; a sixth has a period of a sixteenth of the image.
    """

    def __init__(self, keypoints: int, edges: tuple[tuple[int, int], ...], width: int, bands: int = 6) -> None:
        super().__init__()
        pairs = torch.tensor(edges, dtype=torch.long).reshape(-1, 2)
        self.register_buffer("ends", pairs, persistent=False)
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(bands), persistent=False)
        self.project = nn.Linear(2 * keypoints * (2 + 2 * bands) + 3 * len(edges) + keypoints, width)
        self.norm = nn.LayerNorm(width)

    def parts(self, xy: Tensor, known: Tensor, size: Tensor, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is projected, before that.

        Args:
            xy: (..., K, 2) pixels, integers at pixel centres; anything where not known.
            known: (..., K) bool.
            size: (..., 2) width and height of the image.
            scale: (...) length of the person in pixels.

        Returns:
            Positions (..., 2K), bones (..., 3E: distance, direction x and y), Fourier features (..., 2K(1 + 2L)).
        """
        real = known[..., None]
        pixels = torch.where(real, xy, torch.zeros_like(xy)).float()
        place = torch.where(real, (pixels + 0.5) / size[..., None, :], torch.zeros_like(pixels))
        a, b = self.ends.unbind(1)
        bone = (pixels[..., b, :] - pixels[..., a, :]) / scale.float().clamp(min=EPS)[..., None, None]
        length = bone.norm(dim=-1, keepdim=True)
        whole = (known[..., a] & known[..., b])[..., None]
        bones = torch.where(whole, torch.cat([length, bone / (length + EPS)], -1), torch.zeros_like(bone[..., :1]))
        phase = place[..., None] * self.frequencies
        waves = torch.cat([phase.sin(), phase.cos()], -1) * real[..., None]
        return place.flatten(-2), bones.flatten(-2), torch.cat([place.flatten(-2), waves.flatten(-3)], -1)

    def forward(self, xy: Tensor, known: Tensor, size: Tensor, scale: Tensor) -> Tensor:
        """Embeddings (..., width); arguments as in `parts`."""
        with torch.autocast(xy.device.type, enabled=False):
            features = torch.cat([*self.parts(xy, known, size, scale), known.float()], -1)
            return self.norm(self.project(features))
