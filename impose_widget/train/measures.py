"""How alike boxes are, and poses: differentiable, on shares of the image."""

from __future__ import annotations

import torch
from torch import Tensor

from impose_widget.core.geometry import TIGHT_BOX_TO_AREA
from impose_widget.train.samples import Targets


def giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU (...) of boxes (..., 4) cx, cy, w, h; -1 to 1 (Rezatofighi et al. 2019)."""
    a_low, a_high = a[..., :2] - a[..., 2:] / 2, a[..., :2] + a[..., 2:] / 2
    b_low, b_high = b[..., :2] - b[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2
    inner = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(-1)
    union = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - inner
    hull = (torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)).clamp(min=0).prod(-1)
    return inner / union.clamp(min=1e-9) - (hull - union) / hull.clamp(min=1e-9)


def similarity(keypoints: Tensor, targets: Targets, sigmas: Tensor) -> Tensor:
    """Keypoint similarity (..., K) of keypoints (..., K, 2) in shares of the image; pixels decide, as in COCO.

    The person's area is about half of the box's, for there is no mask (core.geometry).

    Args:
        keypoints: (..., K, 2).
        targets: of the same leading dimensions, or such that broadcast; `sizes` (..., 2) too.
        sigmas: (K,) of the skeleton.
    """
    pixels = targets.sizes
    off = ((keypoints - targets.keypoints) * pixels[..., None, :]).pow(2).sum(-1)
    area = TIGHT_BOX_TO_AREA * (targets.boxes[..., 2:] * pixels).prod(-1).clamp(min=1)
    return torch.exp(-off / (2 * area[..., None] * (2 * sigmas) ** 2))


def oks(keypoints: Tensor, targets: Targets, sigmas: Tensor) -> Tensor:
    """Object keypoint similarity (...): the mean over labelled keypoints."""
    labelled = targets.labelled
    total = (similarity(keypoints, targets, sigmas) * labelled).sum(-1)
    return total / labelled.sum(-1).clamp(min=1)
