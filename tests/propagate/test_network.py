"""Propagation with the network: what is asked of it, what is made of its answers, and what stays untouched.

The network itself is tested in tests/test_network_detector.py; here stands one whose answers are known.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from impose_widget.propagate.base import CHUNK, FrameUpdate
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.network import NetworkOptions, NetworkPropagator, Still, _size
from impose_widget.propagate.smoother import Smoother
from tests.propagate.scene import SKELETON, anchored, carry, clip
from tests.propagate.test_fusion import error, readings, run, straight

REPLACE = NetworkOptions(policy="replace")


class Known:
    """A stand-in for the network: says what it was told to, and remembers what it was asked."""

    def __init__(self, frames, answer, deviation=1.0):
        self.frames, self.answer, self.deviation, self.asked = frames, answer, deviation, []

    def carry(self, frames, prior, anchors, content):
        numbers = [next(i for i, f in enumerate(self.frames) if np.array_equal(f, frame)) for frame in frames]
        self.asked.append((numbers, prior, anchors, content))
        xy = self.answer(numbers, prior)
        return np.where(prior.held[..., None], prior.xy, xy), np.full(prior.deviation.shape, self.deviation)


def with_truth(frames, truth, **options):
    network = Known(frames, lambda numbers, prior: truth[numbers][:, None].repeat(prior.xy.shape[1], 1))
    return network, NetworkPropagator(network, FlowFusion(SKELETON), NetworkOptions(**options))


@pytest.fixture(scope="module")
def scene():
    return clip(straight(25, step=(1.7, 0.6)))


@pytest.mark.parametrize("origins", [(0,), (24,), (8, 17)])
def test_the_network_has_the_last_word_where_it_replaces(scene, origins):
    frames, truth = scene
    network, propagator = with_truth(frames, truth + 3, policy="replace", doubt=1.0)
    xy, score, written = run(frames, carry(*anchored(truth, origins), origins), propagator)
    assert error(xy[written], (truth + 3)[written]).max() < 1e-3
    np.testing.assert_array_equal(xy[list(origins)], truth[list(origins)].astype(np.float32))
    assert written.sum() == (25 - len(origins)) * len(SKELETON) and (score[written] > 0.5).all()
    assert all(len(numbers) <= CHUNK for numbers, *_ in network.asked)


def test_the_surer_one_is_kept_and_both_count_by_their_variances(scene):
    frames, truth = scene
    person = carry(*anchored(truth, (0,)), (0,))
    flow = run(frames, person)[0]
    for deviation, expected in ((1e-3, truth + 3), (1e3, flow)):
        network, propagator = with_truth(frames, truth + 3, policy="keep_better")
        network.deviation = deviation
        assert error(run(frames, person, propagator)[0], expected)[1:].max() < 0.01
    network, propagator = with_truth(frames, truth + 1, policy="fuse", doubt=1.0)
    fused = run(frames, person, propagator)[0][1:]
    assert (error(fused, flow[1:]) <= error(truth[1:] + 1, flow[1:]) + 1e-3).all()
    between = np.linalg.norm(fused - flow[1:], axis=-1) / error(truth[1:] + 1, flow[1:])
    assert (np.diff(between.mean(1)) > -0.02).all() and between[-1].mean() > between[0].mean()  # flow grows old


def test_people_of_one_chunk_are_read_together(scene):
    frames, truth = scene
    network, propagator = with_truth(frames, truth)
    four = [dataclasses.replace(carry(*anchored(truth, (0,)), (0,)), track_id=i) for i in range(4)]
    updates = list(propagator.propagate(frames, four))
    assert [len(n) for n, *_ in network.asked] == [10, 10, 4]
    assert {prior.xy.shape[1] for _, prior, *_ in network.asked} == {4}
    assert [u.track_id for u in updates] == [0, 1, 2, 3] * 3
    done = [u.done for u in updates]
    assert done == sorted(done) and done[-1] == 1


def test_the_network_is_told_of_tracks_readings_and_the_nearest_anchor(scene):
    frames, truth = scene
    xy, anchor = anchored(truth, (4, 20))
    anchor[20, 3:] = False
    network, propagator = with_truth(frames, truth, content="anchor")
    run(frames, carry(xy, anchor, (4, 20), readings(truth + 2)), propagator)
    for numbers, prior, anchors, content in network.asked:
        at = 4 if abs(numbers[0] - 4) < abs(numbers[0] - 20) else 20
        assert content == "anchor" and np.array_equal(anchors[0].frame, frames[at])
        np.testing.assert_array_equal(np.isfinite(anchors[0].xy).all(-1), anchor[at])
        np.testing.assert_allclose(anchors[0].reading[:, :2], truth[at] + 2, atol=1e-4)
        np.testing.assert_allclose(prior.reading[:, 0, :, :2], truth[numbers] + 2, atol=1e-4)
        tracked = np.isfinite(prior.deviation[:, 0])
        assert tracked.any() and error(prior.xy[:, 0][tracked], truth[numbers][tracked]).max() < 3


def test_all_keypoints_of_a_corrected_person_may_follow_where_the_network_is_surer(scene):
    frames, truth = scene
    xy, anchor = truth + 6, np.zeros(truth.shape[:2], bool)
    xy[0, 2], anchor[0, 2] = truth[0, 2], True
    person = dataclasses.replace(
        carry(xy, anchor, (0,), readings(truth + 6, 0.5)), score=np.full(anchor.shape, 0.5, np.float32)
    )
    _, corrected = with_truth(frames, truth)
    assert not np.delete(run(frames, person, corrected)[2], 2, 1).any()
    network, everything = with_truth(frames, truth, keypoints="all", doubt=1.0)
    new, _, written = run(frames, person, everything)
    assert np.delete(written[1:8], 2, 1).all() and error(new, truth)[1:8].max() < 1
    network.deviation = 100.0
    assert not np.delete(run(frames, person, everything)[2], 2, 1).any()


def test_a_chain_starts_from_the_frame_before_and_a_batch_does_not(scene):
    frames, truth = scene

    def one_further(numbers, prior):
        return prior.xy + 1

    person = carry(*anchored(truth, (0,)), (0,), stop=11)
    still = dataclasses.replace(person, reading=readings(np.repeat(truth[:1], 25, 0)))
    for chained, expected in ((False, 1), (True, 10)):
        options = NetworkOptions(chained=chained, policy="replace")
        xy, _, _ = run(frames, still, NetworkPropagator(Known(frames, one_further), Still(), options))
        np.testing.assert_allclose(xy[10], truth[0] + expected, atol=1e-3)


def test_each_chunk_can_start_from_what_the_network_read_last(scene):
    frames, truth = scene
    for origins in ((0,), (24,)):
        network, propagator = with_truth(frames, truth, restart=True, policy="replace")
        xy, _, written = run(frames, carry(*anchored(truth, origins), origins), propagator)
        assert error(xy, truth).max() < 1e-3 and written.sum() == 24 * 6
        starts = [anchors[0].frame for _, _, anchors, _ in network.asked]
        expected = [0, 10, 20] if origins == (0,) else [24, 14, 4]
        assert all(np.array_equal(a, frames[i]) for a, i in zip(starts, expected, strict=True))


def test_without_a_tracker_the_pose_goes_with_the_readings(scene):
    frames, truth = scene
    person = carry(*anchored(truth, (12,)), (12,), readings(truth + 5))
    xy, _, written = run(frames, person, Still())
    assert error(xy, truth).max() < 1e-3 and written.sum() == 24 * 6
    network = Known(frames, lambda numbers, prior: prior.xy)
    run(frames, person, NetworkPropagator(network, Still()))
    assert all(np.isnan(prior.deviation).all() for _, prior, *_ in network.asked)


def test_the_network_beside_a_tracker_is_better_than_either_alone():
    frames, truth = clip(straight(25, step=(1.7, 0.6)))
    rng = np.random.default_rng(0)
    off = rng.normal(0, 1.5, truth.shape)
    drift = np.arange(25)[:, None, None] * rng.normal(0, 0.12, (1, *truth.shape[1:]))

    class Drifting(Still):
        tracks = True

        def _update(self, carry, numbers, done):
            xy = (truth + drift)[numbers].astype(np.float32)
            score = np.exp(-8 * 0.12 * numbers / _size(carry)).astype(np.float32)[:, None].repeat(6, 1)
            return FrameUpdate(1, numbers.astype(np.int32), xy, score, ~carry.anchor[numbers], done)

    person = carry(*anchored(truth, (0,)), (0,))
    network = Known(frames, lambda numbers, prior: (truth + off)[numbers][:, None], 1.5)
    errors = [
        error(run(frames, person, p)[0], truth)[1:].mean()
        for p in (
            NetworkPropagator(network, Drifting(25), NetworkOptions(doubt=1.0)),
            Drifting(25),
            NetworkPropagator(network, Still(25), REPLACE),
        )
    ]
    assert errors[0] < 0.85 * min(errors[1:])


@pytest.mark.parametrize("policy", ["fuse", "replace"])
def test_between_two_anchors_there_are_no_jumps(scene, policy):
    frames, truth = scene
    _, propagator = with_truth(frames, truth + 1, policy=policy)
    xy, _, written = run(frames, carry(*anchored(truth, (0, 24)), (0, 24)), propagator)
    assert written[1:-1].all()
    assert error(np.diff(xy[1:-1], axis=0), np.diff(truth[1:-1], axis=0)).max() < 0.5


@pytest.mark.parametrize("origins", [(0,), (3,), (0, 24)])
@pytest.mark.parametrize("chained", [False, True])
def test_a_video_played_backwards_gives_the_same_backwards(scene, origins, chained):
    frames, truth = scene
    read, turned = readings(truth + 2, 0.5), tuple(24 - o for o in origins)
    options = NetworkOptions(chained=chained)
    results = []
    for video, places, starts, reading in (
        (frames, truth, origins, read),
        (frames[::-1], truth[::-1], turned, read[::-1]),
    ):
        network = Known(video, lambda numbers, prior: 0.5 * (prior.xy + prior.reading[..., :2]), 2.0)
        propagator = NetworkPropagator(network, Smoother(SKELETON), options)
        results.append(run(video, carry(*anchored(places, starts), starts, reading), propagator))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b[::-1], atol=1e-3)
    assert results[0][2].any()


def test_nothing_is_read_before_somebody_listens_and_nothing_after(scene):
    frames, truth = scene
    network, propagator = with_truth(frames, truth)
    updates = propagator.propagate(frames, [carry(*anchored(truth, (0,)), (0,))])
    assert not network.asked
    next(updates)
    updates.close()
    assert len(network.asked) == 1


def test_options_are_checked():
    with pytest.raises(ValueError, match="Expected policy as one of replace, fuse, keep_better, got 'mix'"):
        NetworkOptions(policy="mix")
