"""How a person in one frame lies to a person in another: numbers that do not depend on where in the image both are."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

DAMPING = 0.9  # share of its speed that somebody keeps in each frame in which nobody sees them
SPREADS = (0.1, 0.3)  # of keypoints, in lengths of the person
COUNT = 11  # numbers of a pair


class Observations(NamedTuple):
    """People in frames, flat: B videos of N rows each, padded.

    Attributes:
        frame: (B, N) int64; direction of time decides what is before.
        xy: (B, N, K, 2) pixels.
        weight: (B, N, K) 0 to 1, how sure each keypoint is; 0: not known, whatever `xy` says.
        box: (B, N, 4) x, y, width, height.
        score: (B, N) 0 to 1.
        velocity: (B, N, 2) pixels a frame as far as it was known then; 0 of somebody seen for the first time.
        real: (B, N) bool: not padding.
        size: (B, 2) width and height of the image.
        features: (B, N, F) what the network saw there, or None.
    """

    frame: Tensor
    xy: Tensor
    weight: Tensor
    box: Tensor
    score: Tensor
    velocity: Tensor
    real: Tensor
    size: Tensor
    features: Tensor | None = None

    @property
    def scale(self) -> Tensor:
        """(B, N) length of a person in pixels: the square root of the box's area."""
        return self.box[..., 2:].clamp(min=1).prod(-1).sqrt()

    @property
    def centre(self) -> Tensor:
        """(B, N, 2) middle of the box."""
        return self.box[..., :2] + self.box[..., 2:] / 2


@torch.no_grad()
def relations(now: Observations, then: Observations) -> Tensor:
    """(B, Q, S, COUNT) for people now (Q) and then (S): distances from where the one then would be by now, likeness of
    poses and sizes, overlap of boxes, time between."""
    gap = (now.frame[:, :, None] - then.frame[:, None]).abs().clamp(min=1).float()
    size = (now.scale[:, :, None] * then.scale[:, None]).sqrt()
    reach = (1 - DAMPING**gap) / (1 - DAMPING) * DAMPING
    step = now.centre[:, :, None] - then.centre[:, None]
    speed = then.velocity[:, None]
    carried = speed * reach[..., None]

    def far(d: Tensor) -> Tensor:
        return (d.norm(dim=-1) / size).log1p()

    weight = now.weight[:, :, None] * then.weight[:, None]
    total = weight.sum(-1).clamp(min=1e-3)
    apart = now.xy[:, :, None] - then.xy[:, None]
    ahead = (apart - carried[..., None, :]).norm(dim=-1) / size[..., None]
    middle = (weight[..., None] * apart).sum(-2) / total[..., None]
    shape = (apart - middle[..., None, :]).norm(dim=-1) / size[..., None]
    near = [(weight * torch.exp(-0.5 * (ahead / s) ** 2)).sum(-1) / total for s in SPREADS]
    numbers = [
        far(step),
        far(step - carried),
        far(step - speed * gap[..., None]),
        (now.scale[:, :, None] / then.scale[:, None]).log().abs(),
        ((weight * shape).sum(-1) / total).log1p(),
        *near,
        _overlap(now.box[:, :, None], then.box[:, None], carried),
        gap.log() / 4,
        then.score[:, None].expand_as(gap),
        (speed.norm(dim=-1) / then.scale[:, None]).log1p().expand_as(gap),
    ]
    return torch.stack(numbers, -1).float().nan_to_num(0.0)


ALIKE = 2  # numbers of a pair about looks


@torch.no_grad()
def likeness(now: Tensor, then: Tensor) -> Tensor:
    """(B, Q, S, ALIKE) for features (B, Q, F) and (B, S, F), zeros where not known: how far apart they are, root mean
    square over those that both have, and the share of those."""
    a, b = (now != 0).to(now.dtype), (then != 0).to(then.dtype)
    both = a @ b.mT
    apart = (now**2 * a) @ b.mT + a @ (then**2 * b).mT - 2 * (now * a) @ (then * b).mT
    far = (apart.clamp(min=0) / both.clamp(min=1)).sqrt()
    return torch.stack([far, both / max(now.shape[-1], 1)], -1)


def _overlap(now: Tensor, then: Tensor, shift: Tensor) -> Tensor:
    """Intersection over union of boxes, those then shifted to where they would be."""
    low = torch.maximum(now[..., :2], then[..., :2] + shift)
    high = torch.minimum(now[..., :2] + now[..., 2:], then[..., :2] + then[..., 2:] + shift)
    inter = (high - low).clamp(min=0).prod(-1)
    union = now[..., 2:].clamp(min=1).prod(-1) + then[..., 2:].clamp(min=1).prod(-1) - inter
    return inter / union.clamp(min=1)
