"""What every point tracker has to do. Those of others are tested with stand-ins that have their interface, no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from impose_widget.model.point_network import PointConfig, PointNetwork
from impose_widget.points import CoTracker3, LkPoints, MiniPoints, PointTracker, Tapir, cotracker3, mini, tapir
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.tracked import Tracked
from impose_widget.train.points_loop import backbone_of
from tests.propagate.scene import SKELETON, anchored, carry, clip
from tests.propagate.test_fusion import error, run, straight


class StandInForCoTracker:
    """Has `CoTrackerPredictor`'s interface; follows by optical flow. Nothing of CoTracker is in it."""

    def __call__(self, video, queries, backward_tracking):
        assert backward_tracking and video.dtype == torch.float32 and video.shape[:1] == (1,) and video.shape[1] >= 4
        frames = list(video[0].permute(0, 2, 3, 1).numpy().astype(np.uint8))
        found = LkPoints().track(frames, queries[0].numpy())
        return torch.from_numpy(found.xy)[None], torch.from_numpy(found.visible)[None]


class StandInForTapir:
    """Has `tapnet.torch`'s TAPIR's interface; follows by optical flow. Nothing of TAPIR is in it."""

    def __call__(self, video, queries):
        assert video.shape[2:4] == (256, 256) and video.min() >= -1 and video.max() <= 1
        frames = list(((video[0].numpy() + 1) * 127.5).round().astype(np.uint8))
        points = queries[0].numpy()[:, [0, 2, 1]] - [0, 0.5, 0.5]  # y, x from the corner
        found = LkPoints().track(frames, points)
        logit = torch.from_numpy(np.where(found.visible, -6.0, 6.0).T)[None]
        tracks = torch.from_numpy(found.xy.transpose(1, 0, 2) + 0.5)[None]
        return {"tracks": tracks, "occlusion": logit, "expected_dist": logit}


def untrained() -> MiniPoints:
    """`mini` before it has learned anything: all that stands around its network, and optical flow's places."""
    torch.manual_seed(0)
    network = PointNetwork(PointConfig(width=16, heads=2, layers=1))
    torch.nn.init.constant_(network.head.bias[2:], 4.0)  # of the opinion that all is well
    return MiniPoints(network, backbone_of())


MAKERS = {
    "lk": LkPoints,
    "mini": untrained,
    "cotracker3": lambda: CoTracker3(StandInForCoTracker()),
    "tapir": lambda: Tapir(StandInForTapir()),
}


@pytest.fixture(params=MAKERS, scope="module")
def tracker(request):
    return MAKERS[request.param]()


@pytest.fixture(scope="module")
def moving():
    return clip(straight(8, step=(1.7, 0.6)), size=(150, 230))  # no multiple of any stride


def queries(truth, frame=0):
    return np.column_stack([np.full(len(truth[frame]), frame), truth[frame]])


def test_it_says_what_it_is(tracker):
    assert isinstance(tracker, PointTracker) and tracker.name in MAKERS and tracker.license


@pytest.mark.parametrize("frame", [0, 4, 7])
def test_known_motion_is_followed_to_a_pixel_from_anywhere(tracker, moving, frame):
    frames, truth = moving
    before = [f.copy() for f in frames]
    found = tracker.track(list(frames), queries(truth, frame))
    assert found.xy.shape == truth.shape and found.xy.dtype == np.float32
    assert found.visible.shape == found.confidence.shape == truth.shape[:2]
    assert error(found.xy, truth).max() < 1 and found.visible.all()
    np.testing.assert_array_equal(found.xy[frame], truth[frame].astype(np.float32))
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))
    again = tracker.track(list(frames), queries(truth, frame))
    np.testing.assert_array_equal(again.xy, found.xy)


def test_time_reversed_gives_the_same(tracker, moving):
    frames, truth = moving
    there = tracker.track(list(frames), queries(truth, 0)).xy
    back = tracker.track(list(frames[::-1]), queries(truth[::-1], 7)).xy
    assert error(there, back[::-1]).max() < 0.3


def test_nothing_moves_where_nothing_moves(tracker, moving):
    frames, truth = moving
    found = tracker.track([frames[0]] * 6, queries(truth))
    assert error(found.xy, truth[:1]).max() < 0.5


def test_no_points_one_frame_two_frames(tracker, moving):
    frames, truth = moving
    assert tracker.track(list(frames), np.zeros((0, 3))).xy.shape == (8, 0, 2)
    np.testing.assert_array_equal(tracker.track([frames[0]], queries(truth)).xy[0], truth[0].astype(np.float32))
    assert error(tracker.track(list(frames[:2]), queries(truth)).xy, truth[:2]).max() < 1


def test_points_on_the_border_and_beyond_it_are_finite(tracker, moving):
    frames, _ = moving
    points = np.array([(0, -0.5, -0.5), (0, 229.5, 149.5), (0, -20, 60), (0, 500, 400), (3, 0, 149)])
    found = tracker.track(list(frames), points)
    assert np.isfinite(found.xy).all() and np.isfinite(found.confidence).all()
    np.testing.assert_array_equal(found.xy[0, :4], points[:4, 1:].astype(np.float32))


def test_a_dot_is_where_it_is():
    """Conventions of pixels: a shift of half a pixel somewhere would show."""
    frames = np.zeros((4, 128, 128, 3), np.uint8)
    for t in range(4):
        y, x = np.mgrid[:128, :128]
        frames[t] = np.exp(-((x - 60 - 2 * t) ** 2 + (y - 50) ** 2) / 50)[..., None] * 255
    for make in MAKERS.values():
        found = make().track(list(frames), np.array([(0, 60.0, 50.0)]))
        np.testing.assert_allclose(found.xy[:, 0], [(60 + 2 * t, 50) for t in range(4)], atol=0.2)


def test_bad_queries_get_one_sentence(tracker, moving):
    frames, _ = moving
    for points, said in (([(9, 1, 1)], r"in frames 0..7, got 9..9"), ([(0, np.nan, 1)], "NaN"), ([(1, 1)], "shape")):
        with pytest.raises(ValueError, match=said):
            tracker.track(list(frames), np.array(points, float))
    with pytest.raises(ValueError, match="at least one frame"):
        tracker.track([], np.zeros((0, 3)))


@pytest.mark.parametrize("origin", [0, 24])
def test_corrections_are_carried_with_it(tracker, origin):
    frames, truth = clip(straight(25, step=(1.7, 0.6)))
    flow = Tracked(tracker)
    xy, _, _ = run(frames, carry(*anchored(truth, (origin,)), (origin,)), FlowFusion(SKELETON, flow=flow))
    assert error(xy, truth).max() < 1.5


def test_what_is_not_there_is_said(tmp_path: Path):
    for make in (cotracker3, mini, tapir):
        with pytest.raises(FileNotFoundError, match="which does not exist"):
            make(tmp_path / "none.pth")
    (tmp_path / "there.pth").write_bytes(b"x")
    with pytest.raises(ValueError, match="cannot be read"):
        mini(tmp_path / "there.pth")
    with pytest.raises(ImportError, match=r"Expected the package cotracker.*CC BY-NC"):
        cotracker3(tmp_path / "there.pth")
    with pytest.raises(ImportError, match=r"Expected the package tapnet.*Apache"):
        tapir(tmp_path / "there.pth")
