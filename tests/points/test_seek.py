"""What was lost behind something is found again; nothing is found where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from impose_widget.model.movenet import MoveNet
from impose_widget.model.point_network import PointConfig, PointNetwork, frozen_maps
from impose_widget.points import LkPoints, MiniPoints
from impose_widget.points.seek import TRUST_SOUGHT, Sought
from impose_widget.train.points_loop import backbone_of

POINTS = np.array([(90.0, 70.0), (100.0, 84.0), (84.0, 60.0)])
STEP = np.array([1.5, 0.5])


def hidden_for_a_while(gone: bool = False) -> list[np.ndarray]:
    """A texture that drifts, and a dark board that passes before the points in frames 2 to 6, or stays."""
    rng = np.random.default_rng(3)
    small = rng.integers(0, 255, (60, 75, 3)).astype(np.uint8)
    texture = cv2.resize(small, (300, 240), interpolation=cv2.INTER_CUBIC)
    frames = []
    for t in range(10):
        shift = STEP * t - 20
        frame = cv2.warpAffine(texture, np.float64([[1, 0, shift[0]], [0, 1, shift[1]]]), (200, 152))
        if 2 <= t <= 6 or (gone and t > 6):
            left = 0 if gone and t > 6 else 20 + 12 * t
            cv2.rectangle(frame, (left, 20), (left + 110 if left else 200, 130), (30, 30, 34), -1)
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def tracker() -> MiniPoints:
    torch.manual_seed(0)
    network, backbone = PointNetwork(PointConfig(width=16, heads=2, layers=1)), backbone_of()
    torch.nn.init.constant_(network.head.bias[2:], 4.0)
    images = torch.from_numpy(np.stack(hidden_for_a_while())).permute(0, 3, 1, 2)[:, :, :144, :192]
    with torch.inference_mode():
        network.whiten(frozen_maps(backbone, MoveNet.normalised(images)))
    return MiniPoints(network, backbone)


def test_points_that_were_hidden_are_found_again_where_flow_has_lost_them(tracker: MiniPoints) -> None:
    frames = hidden_for_a_while()
    queries = np.column_stack([np.zeros(3), POINTS])
    truth = POINTS + STEP * np.arange(10)[:, None, None]
    ours, flow = tracker.track(frames, queries), LkPoints().track(frames, queries)
    off = np.linalg.norm(ours.xy - truth, axis=-1)
    assert off[[1, 7, 8, 9]].max() < 1.0
    assert np.linalg.norm(flow.xy - truth, axis=-1)[9].max() > 5


@pytest.mark.parametrize("gone", [False, True])
def test_nothing_is_found_where_it_is_not(tracker: MiniPoints, gone: bool) -> None:
    frames = hidden_for_a_while(gone)
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
    levels = [tracker.features(f) for f in frames]
    _, trust, _ = Sought(grey[0], POINTS, levels[0], 1.0, 21).follow(grey, levels, POINTS)
    assert (trust[9] <= TRUST_SOUGHT).all() if gone else (trust[9] > TRUST_SOUGHT).all()
    assert (trust[4:6] <= TRUST_SOUGHT).all()
