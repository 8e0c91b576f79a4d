"""Who is who between predictions and labels: the Hungarian matching of DETR, with keypoints (ED-Pose)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from impose_widget.model.heads import PERSON, Prediction
from impose_widget.train import measures
from impose_widget.train.samples import Targets


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the terms, the same in costs and losses (ED-Pose and Click-Pose)."""

    score: float = 2.0
    box: float = 5.0
    giou: float = 2.0
    keypoint: float = 10.0
    oks: float = 4.0
    confidence: float = 1.0


@torch.no_grad()
def match(said: Prediction, targets: Targets, sigmas: Tensor, weights: Weights, real: Tensor | None) -> Tensor:
    """Which prediction is which labelled person.

    Layers without keypoints are matched by score and box, layers with keypoints by score and keypoints.

    Args:
        said: (B, Q) predictions.
        targets: (B, N) people.
        sigmas: (K,) of the skeleton.
        weights: of the terms.
        real: (B, Q) bool, which predictions take part; None for all.

    Returns:
        (B, N) int64 index of the prediction, -1 for people who are not real or for whom none was left.
    """
    cost = weights.score * _score_cost(said.logits[..., PERSON])[:, :, None]
    if said.keypoints is None:
        cost = cost + weights.box * (said.boxes[:, :, None] - targets.boxes[:, None]).abs().sum(-1)
        cost = cost - weights.giou * measures.giou(said.boxes[:, :, None], targets.boxes[:, None])
    else:
        off = (said.keypoints[:, :, None] - targets.keypoints[:, None]).abs().sum(-1)
        cost = cost + weights.keypoint * (off * targets.labelled[:, None]).sum(-1)
        similar = measures.oks(said.keypoints[:, :, None], _broadcast(targets), sigmas)
        cost = cost + weights.oks * (1 - similar)
    if real is not None:
        cost = cost.masked_fill(~real[:, :, None], 1e6)
    cost = cost.nan_to_num(1e6, 1e6, 1e6).double().cpu()
    out = torch.full(targets.real.shape, -1, dtype=torch.long)
    for i, people in enumerate(targets.real.cpu()):
        columns = people.nonzero()[:, 0]
        rows, order = linear_sum_assignment(cost[i][:, columns].numpy())
        chosen = torch.from_numpy(rows)
        found = cost[i][chosen, columns[order]] < 1e6
        out[i, columns[order][found]] = chosen[found]
    return out.to(targets.real.device)


def _score_cost(logits: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal cost: what calling it a person costs, less what calling it nobody does."""
    p = logits.sigmoid()
    person = alpha * (1 - p) ** gamma * -(p + 1e-8).log()
    nobody = (1 - alpha) * p**gamma * -(1 - p + 1e-8).log()
    return person - nobody


def _broadcast(targets: Targets) -> Targets:
    """Targets (B, 1, N, …) to compare with predictions (B, Q, 1, …)."""
    return targets._replace(
        boxes=targets.boxes[:, None],
        keypoints=targets.keypoints[:, None],
        labelled=targets.labelled[:, None],
        sizes=targets.sizes[:, None, None],
    )
