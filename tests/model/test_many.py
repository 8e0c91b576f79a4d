"""As many people as the public checkpoints look for: nothing is specific to small numbers of queries."""

from __future__ import annotations

import pytest
import torch

from impose_widget.model.config import ImposeConfig, clickpose, edpose
from impose_widget.model.impose import IMPose

NARROW = {"width": 32, "heads": 4, "points": 2, "feedforward": 32, "encoder_layers": 1, "keypoint_layers": 2}


@pytest.mark.parametrize("config", [edpose(**NARROW), clickpose(**NARROW, people=100)], ids=["edpose", "clickpose"])
def test_nine_hundred_queries_and_a_hundred_people(config: ImposeConfig) -> None:
    torch.manual_seed(0)
    net = IMPose(config).eval()
    with torch.no_grad():
        for head in (*net.decoder.heads.keypoint, *net.decoder.heads.box):
            head.layers[-1].weight.normal_(std=0.2)
    image = torch.rand(1, 3, 224, 256) * 255
    padded = torch.rand(2, 3, 256, 320) * 255
    padded[1, :, :224, :256] = image[0]
    with torch.inference_mode():
        alone = net(image)
        batch = net(padded, torch.tensor([[320.0, 256.0], [256.0, 224.0]]))
    assert config.queries == 900 and alone.layers[0].boxes.shape[1] == 900
    assert alone.final.keypoints.shape == (1, 100, 17, 2) and batch.final.keypoints.shape == (2, 100, 17, 2)
    score = alone.final.logits[0, :, 1]
    assert score.isfinite().all() and alone.final.keypoints.isfinite().all()
    assert batch.final.logits.isfinite().all()
    with torch.inference_mode():  # people who do not look at each other are told apart from how many there are
        again = net.refine(
            net.encode(image),
            alone.final.boxes,
            alone.final.keypoints.clamp(0, 1),
            torch.zeros(1, 100, 17, dtype=torch.bool),
        )
        few = net.refine(
            net.encode(image),
            alone.final.boxes[:, :3],
            alone.final.keypoints[:, :3].clamp(0, 1),
            torch.zeros(1, 3, 17, dtype=torch.bool),
            seen=torch.eye(3, dtype=torch.bool)[None],
        )
        apart = net.refine(
            net.encode(image),
            alone.final.boxes,
            alone.final.keypoints.clamp(0, 1),
            torch.zeros(1, 100, 17, dtype=torch.bool),
            seen=torch.eye(100, dtype=torch.bool)[None],
        )
    torch.testing.assert_close(apart.final.logits[:, :3], few.final.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(again.final.keypoints, alone.final.keypoints.clamp(0, 1), atol=2e-3, rtol=0)
