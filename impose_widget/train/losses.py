"""Losses: what a prediction costs against the people it should have found; every layer pays (deep supervision)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impose_widget.model.heads import PERSON, Prediction
from impose_widget.model.impose import Detection
from impose_widget.train import measures
from impose_widget.train.matcher import Weights, match
from impose_widget.train.samples import Targets


class Matched(NamedTuple):
    """Losses by name, and which prediction of the last layer is which person: (B, N), -1 for none."""

    losses: dict[str, Tensor]
    person: Tensor


def detection_losses(
    found: Detection, targets: Targets, sigmas: Tensor, weights: Weights, people: Tensor, priced: bool = True
) -> Matched:
    """Losses of a detection: every decoder layer and the encoder, each matched for itself.

    Args:
        found: what the network said.
        targets: who is there.
        sigmas: (K,) of the skeleton.
        weights: of the terms.
        people: number of people that losses are divided by.
        priced: whether scores are trained; if not, only places are.
    """
    losses: dict[str, Tensor] = {}
    layers = [*found.layers] + ([found.encoder] if found.encoder is not None else [])
    for i, said in enumerate(layers):
        real = found.real if found.real is not None and said.logits.shape[1] == found.real.shape[1] else None
        person = match(said, targets, sigmas, weights, real)
        name = "encoder" if said is found.encoder else f"layer{i}"
        if priced:
            losses[f"{name}.score"] = weights.score * score_loss(said, targets, person, real) / people
        losses |= {f"{name}.{k}": v for k, v in place_losses(said, targets, person, sigmas, weights, people).items()}
        if said is found.final:
            last = person
    return Matched(losses, last)


def given_losses(
    layers: list[Prediction], targets: Targets, real: Tensor, sigmas: Tensor, weights: Weights, people: Tensor
) -> dict[str, Tensor]:
    """Losses of layers whose person n is the labelled person n (denoising, refinement), where `real` (B, N) is set."""
    order = torch.arange(real.shape[1], device=real.device).expand_as(real)
    person = torch.where(real, order, -1)
    losses: dict[str, Tensor] = {}
    for i, said in enumerate(layers):
        losses |= {f"layer{i}.{k}": v for k, v in place_losses(said, targets, person, sigmas, weights, people).items()}
    return losses


def score_loss(said: Prediction, targets: Targets, person: Tensor, real: Tensor | None) -> Tensor:
    """Sigmoid focal loss, summed, of queries but those that nobody can judge: in crowds, or in incomplete images."""
    wanted = torch.zeros_like(said.logits)
    image, n = (person >= 0).nonzero(as_tuple=True)
    wanted[image, person[image, n], PERSON] = 1
    judged = targets.complete[:, None] & ~_in_crowd(said.boxes, targets.crowds)
    if real is not None:
        judged = judged & real
    judged = judged | (wanted[..., PERSON] > 0)
    return (focal(said.logits, wanted) * judged[..., None]).sum()


def focal(logits: Tensor, wanted: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss per element (Lin et al. 2017)."""
    p = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    missed = p * (1 - wanted) + (1 - p) * wanted
    return (alpha * wanted + (1 - alpha) * (1 - wanted)) * entropy * missed**gamma


def _in_crowd(boxes: Tensor, crowds: Tensor) -> Tensor:
    """(B, Q) whether a box's centre lies in a region of people who are not labelled one by one."""
    off = (boxes[:, :, None, :2] - crowds[:, None, :, :2]).abs()
    return (off < crowds[:, None, :, 2:] / 2).all(-1).any(-1)


def place_losses(
    said: Prediction, targets: Targets, person: Tensor, sigmas: Tensor, weights: Weights, people: Tensor
) -> dict[str, Tensor]:
    """Losses of boxes, keypoints and confidence of the predictions that are somebody; `person` (B, N), -1 for none."""
    image, n = (person >= 0).nonzero(as_tuple=True)
    row = person[image, n]
    those = targets._replace(
        boxes=targets.boxes[image, n],
        keypoints=targets.keypoints[image, n],
        labelled=targets.labelled[image, n],
        sizes=targets.sizes[image],
    )
    box = said.boxes[image, row]
    losses = {
        "box": weights.box * (box - those.boxes).abs().sum() / people,
        "giou": weights.giou * (1 - measures.giou(box, those.boxes)).sum() / people,
    }
    if said.keypoints is None:
        return losses
    xy = said.keypoints[image, row]
    similar = measures.similarity(xy, those, sigmas)
    labelled = those.labelled
    off = (xy - those.keypoints).abs().sum(-1) * labelled
    oks = (similar * labelled).sum(-1) / labelled.sum(-1).clamp(min=1)
    losses["keypoint"] = weights.keypoint * off.sum() / people
    losses["oks"] = weights.oks * (1 - oks).sum() / people
    if said.confidence is not None:
        entropy = F.binary_cross_entropy_with_logits(said.confidence[image, row], similar.detach(), reduction="none")
        share = (entropy * labelled).sum(-1) / labelled.sum(-1).clamp(min=1)
        losses["confidence"] = weights.confidence * share.sum() / people
    return losses
