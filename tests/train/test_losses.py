"""Matcher, losses and noise against hand-worked cases, COCO's own OKS, and what must hold for any input."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from impose_widget.core.skeleton import COCO17
from impose_widget.model.config import clickpose, r50, tiny
from impose_widget.model.heads import Prediction
from impose_widget.model.impose import IMPose
from impose_widget.train import measures
from impose_widget.train.denoise import Noise, clean_counts, enclosing, noisy
from impose_widget.train.ema import Average
from impose_widget.train.losses import focal, place_losses, score_loss
from impose_widget.train.matcher import Weights, match
from impose_widget.train.samples import Batch, Targets
from impose_widget.train.task import PoseTask

SIGMAS = torch.tensor(COCO17.sigma_array, dtype=torch.float32)


def targets(b: int, n: int, seed: int = 0, complete: bool = True) -> Targets:
    g = torch.Generator().manual_seed(seed)
    boxes = torch.cat([0.3 + 0.4 * torch.rand(b, n, 2, generator=g), 0.2 + 0.2 * torch.rand(b, n, 2, generator=g)], -1)
    keypoints = boxes[:, :, None, :2] + (torch.rand(b, n, 17, 2, generator=g) - 0.5) * boxes[:, :, None, 2:]
    return Targets(
        boxes,
        keypoints,
        torch.rand(b, n, 17, generator=g) < 0.8,
        torch.ones(b, n, dtype=torch.bool),
        torch.tensor([[96.0, 64.0]]).repeat(b, 1),
        torch.zeros(b, 0, 4),
        torch.full((b,), complete),
    )


def prediction(t: Targets, order: list[int], extra: int = 2) -> Prediction:
    """The targets themselves in another order, and some strangers."""
    b = len(t.boxes)
    strangers = torch.tensor([0.9, 0.9, 0.05, 0.05]).repeat(b, extra, 1)
    boxes = torch.cat([t.boxes[:, order], strangers], 1)
    keypoints = torch.cat([t.keypoints[:, order], torch.full((b, extra, 17, 2), 0.9)], 1)
    return Prediction(torch.zeros(b, len(order) + extra, 2), boxes, keypoints)


@pytest.mark.parametrize("with_keypoints", [False, True])
def test_everybody_is_matched_to_themselves(with_keypoints: bool) -> None:
    t = targets(2, 4)
    for order in itertools.permutations(range(4)):
        said = prediction(t, list(order))
        if not with_keypoints:
            said = said._replace(keypoints=None)
        person = match(said, t, SIGMAS, Weights(), None)
        assert person[0].tolist() == [order.index(n) for n in range(4)]


def test_more_people_than_predictions_and_nobody() -> None:
    t = targets(1, 3)
    person = match(prediction(t, [1], extra=0), t, SIGMAS, Weights(), None)
    assert person.tolist() == [[-1, 0, -1]]
    real = torch.tensor([[False]])
    assert match(prediction(t, [1], extra=0), t, SIGMAS, Weights(), real).tolist() == [[-1, -1, -1]]
    nobody = Targets(*(x[:, :0] if i < 4 else x for i, x in enumerate(t)))
    assert match(prediction(t, [1]), nobody, SIGMAS, Weights(), None).shape == (1, 0)


def test_right_is_free_and_wrong_is_not() -> None:
    t = targets(2, 3)
    one = torch.tensor(1.0)
    said = prediction(t, [2, 0, 1])
    person = match(said, t, SIGMAS, Weights(), None)
    free = place_losses(said, t, person, SIGMAS, Weights(), one)
    assert all(abs(float(v)) < 1e-5 for v in free.values())
    moved = said._replace(keypoints=said.keypoints + 0.1, boxes=said.boxes * 1.1)
    assert all(float(v) > 0.01 for v in place_losses(moved, t, person, SIGMAS, Weights(), one).values())


def test_unlabelled_keypoints_and_made_up_people_cost_nothing() -> None:
    t = targets(1, 2)
    said = prediction(t, [0, 1])
    person = torch.tensor([[0, -1]])
    t.labelled[0, 0, 5] = False
    t.labelled[0, 0, 6] = True
    keypoints = said.keypoints.clone()
    keypoints[0, 0, 5] += 0.3
    keypoints[0, 1] += 0.3
    losses = place_losses(said._replace(keypoints=keypoints), t, person, SIGMAS, Weights(), torch.tensor(1.0))
    assert float(losses["keypoint"]) == 0 and abs(float(losses["oks"])) < 1e-6


def test_giou_by_hand() -> None:
    a = torch.tensor([0.25, 0.25, 0.5, 0.5])
    assert float(measures.giou(a, a)) == pytest.approx(1)
    apart = torch.tensor([0.75, 0.75, 0.5, 0.5])
    assert float(measures.giou(a, apart)) == pytest.approx(-0.5)  # union 1/2 of a hull of 1
    half = torch.tensor([0.25, 0.125, 0.5, 0.25])
    assert float(measures.giou(a, half)) == pytest.approx(0.5)


def test_focal_by_hand() -> None:
    assert float(focal(torch.tensor(0.0), torch.tensor(1.0))) == pytest.approx(0.25 * 0.25 * np.log(2))
    assert float(focal(torch.tensor(0.0), torch.tensor(0.0))) == pytest.approx(0.75 * 0.25 * np.log(2))


def test_oks_is_that_of_pycocotools() -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    t = targets(1, 3, seed=4)
    size = t.sizes[0]
    said = (t.keypoints + torch.randn(t.keypoints.shape, generator=torch.Generator().manual_seed(1)) * 0.02)[0]
    areas = 0.53 * (t.boxes[0, :, 2:] * size).prod(-1)
    truth, found = COCO(), COCO()
    visible = t.labelled[0].float()[..., None] * 2
    boxes = torch.cat([(t.boxes[0, :, :2] - t.boxes[0, :, 2:] / 2) * size, t.boxes[0, :, 2:] * size], 1)

    def entries(xy: Tensor, v: Tensor) -> list[dict]:
        flat = torch.cat([xy * size, v], -1).flatten(1)
        return [
            {"id": n + 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "ignore": 0, "score": 1.0 - n / 10}
            | {"keypoints": flat[n].tolist(), "bbox": boxes[n].tolist(), "area": float(areas[n])}
            | {"num_keypoints": int(t.labelled[0, n].sum())}
            for n in range(3)
        ]

    for side, xy, v in ((truth, t.keypoints[0], visible), (found, said, torch.ones_like(visible))):
        side.dataset = {"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": entries(xy, v)}
        side.createIndex()
    judge = COCOeval(truth, found, "keypoints")
    judge.params.imgIds, judge.params.catIds = [1], [1]
    judge._prepare()
    theirs = judge.computeOks(1, 1)  # (predictions by score, truths)
    for n in range(3):
        one = Targets(*(x[0, n] if i < 4 else x[0] for i, x in enumerate(t)))
        assert float(measures.oks(said[n], one, SIGMAS)) == pytest.approx(theirs[n, n], abs=1e-5)


def test_scores_are_judged_where_somebody_can() -> None:
    said = prediction(targets(1, 1), [0], extra=1)
    nobody = torch.tensor([[-1]])
    whole = score_loss(said, targets(1, 1), nobody, None)
    assert float(whole) > 0
    assert float(score_loss(said, targets(1, 1, complete=False), nobody, None)) == 0
    crowd = targets(1, 1)._replace(crowds=torch.tensor([[[0.5, 0.5, 1.0, 1.0]]]))
    assert float(score_loss(said, crowd, nobody, None)) == 0
    assert 0 < float(score_loss(said, crowd, torch.tensor([[0]]), None)) < float(whole)


def test_noise_keeps_what_it_calls_clean() -> None:
    t = targets(3, 4)
    generator = torch.Generator().manual_seed(0)
    boxes, keypoints, free = noisy(t, Noise(), generator)
    assert (keypoints[~free] == t.keypoints[~free]).all() and (free | t.labelled).all()
    off = (keypoints - t.keypoints).abs() / t.boxes[:, :, None, 2:]
    assert off[t.labelled].max() <= 0.2 + 1e-5 and off[free & t.labelled].mean() > 0.05
    assert ((boxes[..., 2:] / t.boxes[..., 2:]) < 1.4 + 1e-5).all()
    counts = clean_counts((4000,), 17, generator)
    share = torch.bincount(counts, minlength=17)[:3] / 4000
    chance = 1 / np.arange(1, 18) ** 2
    np.testing.assert_allclose(share, (chance / chance.sum())[:3], atol=0.03)


def test_a_box_grows_to_what_was_placed() -> None:
    box = torch.tensor([[[0.5, 0.5, 0.2, 0.2]]])
    keypoints = torch.full((1, 1, 17, 2), 0.5)
    keypoints[..., 3, :] = torch.tensor([0.9, 0.5])
    placed = torch.zeros(1, 1, 17, dtype=torch.bool)
    torch.testing.assert_close(enclosing(box, keypoints, placed), box)
    placed[..., 3] = True
    torch.testing.assert_close(enclosing(box, keypoints, placed), torch.tensor([[[0.65, 0.5, 0.5, 0.2]]]))


def test_the_average_follows() -> None:
    net = torch.nn.Linear(1, 1)
    average = Average(net, 0.9)
    with torch.no_grad():
        net.weight.fill_(5.0)
    for _ in range(200):
        average.update(net)
    assert float(average.weights["weight"]) == pytest.approx(5.0, abs=1e-3)


SMALL = {"width": 64, "heads": 4, "points": 2, "feedforward": 32, "box_layers": 2, "keypoint_layers": 2}
NETWORKS = {
    "r50": r50(**SMALL, encoder_layers=1, queries=8, people=4, confidence=True),
    "clickpose": clickpose(**SMALL, encoder_layers=1, queries=8, people=4),
    "tiny": replace(tiny(), **SMALL),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_everything_that_learns_gets_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    net = IMPose(NETWORKS[name]).train()
    for p in net.parameters():  # heads start at rest, which holds back what is before them
        if p.requires_grad and p.dim() > 1 and not p.any():
            torch.nn.init.normal_(p, std=0.05)
    if name == "tiny":  # a network that sees nobody learns nothing: let it see somebody
        torch.nn.init.constant_(net.backbone.movenet.heads["centre"][1].bias, 2.0)
        torch.nn.init.constant_(net.backbone.movenet.heads["box_scale"][1].bias, 8.0)
    images = torch.randint(0, 255, (2, 3, 64, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    losses = PoseTask(net, COCO17)(
        Batch(images, None, (64, 96), targets(2, 3)), torch.tensor(6.0), torch.Generator().manual_seed(2)
    )
    assert all(torch.isfinite(v) for v in losses.values())
    assert {k.split(".")[0] for k in losses} == {"detect", "denoise", "refine"}
    sum(losses.values()).backward()
    still = {n for n, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())}
    # Click-Pose's keypoints of slots that nobody took say nothing; everything else learns at every step.
    assert not still - ({"decoder.keypoint_embed"} if name == "clickpose" else set())


def test_an_image_without_people_teaches_scores_alone() -> None:
    torch.manual_seed(0)
    net = IMPose(NETWORKS["r50"]).train()
    none = targets(2, 0)
    images = torch.zeros(2, 3, 64, 96, dtype=torch.uint8)
    losses = PoseTask(net, COCO17)(
        Batch(images, None, (64, 96), none), torch.tensor(1.0), torch.Generator().manual_seed(2)
    )
    assert float(sum(losses.values()).detach()) > 0
    assert all(float(v.detach()) == 0 for k, v in losses.items() if not k.endswith("score"))
    sum(losses.values()).backward()
