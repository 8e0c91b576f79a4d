"""IMPose as a session's detector: pixels, boxes, memories that are kept, corrections that settle people, bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import impose_widget as iw
from impose_widget.core.prior import Anchor, Prior
from impose_widget.core.skeleton import COCO17
from impose_widget.cutting import cut_out
from impose_widget.model.config import r50, tiny
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import save_network
from impose_widget.network_detector import ImposeDetector
from impose_widget.propagate.smoother import Smoother
from tests.propagate import scene
from tests.shared import SHARED, needs_shared

NARROW = {"width": 64, "heads": 4, "points": 2, "feedforward": 32, "box_layers": 1, "keypoint_layers": 2}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrow network with random weights, on a ResNet, for frames of 64 pixels."""
    torch.manual_seed(0)
    config = r50(**NARROW, encoder_layers=1, queries=9, people=4, short_side=64, long_side=96)
    net = IMPose(config)
    with torch.no_grad():
        for heads in (net.decoder.heads.keypoint, net.decoder.heads.box):
            for head in heads:
                head.layers[-1].weight.normal_(std=0.2)
        net.decoder.heads.score[-1].bias.fill_(1.0)
    path = tmp_path_factory.mktemp("weights") / "narrow.safetensors"
    save_network(net.state_dict(), config, path)
    return path


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (6, 48, 72, 3), np.uint8)


def test_people_are_found_in_pixels_of_the_frame(weights: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(weights, "cpu")
    found = detector.detect(list(clip[:2]), [3, 8])
    assert set(found.frame) == {3, 8} and found.keypoints.shape[1:] == (17, 3) and len(found) >= 2
    assert (found.xy >= -0.5).all() and (found.xy <= [71.5, 47.5]).all()
    assert (found.keypoints[..., 2] >= 0).all() and (found.keypoints[..., 2] <= 1).all()
    again = detector.detect([clip[0]], [3])
    np.testing.assert_array_equal(again.keypoints, found[found.frame == 3].keypoints)
    assert len(detector.memories) == 2


def test_one_memory_is_kept_whatever_it_takes(weights: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(weights, "cpu", cache=1)
    first = detector.detect([clip[0]], [0])
    detector.detect([clip[1]], [1])
    assert len(detector.memories) == 1
    np.testing.assert_array_equal(detector.detect([clip[0]], [0]).keypoints, first.keypoints)


def test_the_rest_settles_and_what_was_placed_stays(weights: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(weights, "cpu")
    found = detector.detect([clip[0]], [0])
    xy, anchor = found.xy[0].copy(), np.zeros(17, bool)
    anchor[[3, 9]] = True
    xy[3], xy[9] = (-0.4, 20.123456), (71.3, 47.4)  # at the very border, where logits end
    new, score = detector.refine(clip[0], xy, anchor, found.box[0])
    np.testing.assert_array_equal(new[anchor], xy[anchor])
    assert np.abs(new - xy)[~anchor].max() > 0.5 and score.shape == (17,) and np.isfinite(new).all()
    xy[5] = np.nan
    assert np.isfinite(detector.refine(clip[0], xy, anchor, np.full(4, np.nan))[0]).all()


def test_a_correction_settles_one_person_in_one_frame(weights: Path, clip: np.ndarray) -> None:
    with iw.Session.open(clip, model=weights, store=None, device="cpu") as s:
        s.initialize(progress=False)
        person = s.draw_box(2, (10, 8, 30, 36))
        before = s.poses
        place = before[(before.frame == 2) & (before.track_id == person)]
        if place.empty or place["x"].isna().all():  # the random network saw nobody in the box: give it a pose
            for k in range(17):
                s.correct(2, person, k, (12 + k, 10 + k))
            s.set_anchor(2, person, on=False)
            before = s.poses
        rows = s.correct(2, person, "left_wrist", (33.25, 21.5))
        assert len(rows) > 1 and set(rows["track_id"]) == {person} and set(rows["frame"]) == {2}
        wrist = rows[rows["keypoint"] == "left_wrist"].iloc[0]
        assert (wrist["x"], wrist["y"], wrist["source"], wrist["anchor"]) == (33.25, 21.5, "human", True)
        others = rows[rows["keypoint"] != "left_wrist"]
        assert set(others["source"]) == {"model"} and not others["anchor"].any()
        s.correct(2, person, "nose", (20, 11))
        after = s.poses.set_index(["frame", "track_id", "keypoint"])
        assert tuple(after.loc[(2, person, "left_wrist"), ["x", "y"]]) == (33.25, 21.5)
        elsewhere = (before["frame"] != 2) | (before["track_id"] != person)
        same = after.reset_index()
        same = same[(same["frame"] != 2) | (same["track_id"] != person)].reset_index(drop=True)
        pd.testing.assert_frame_equal(same, before[elsewhere].reset_index(drop=True), check_like=True)
        s.undo()
        s.undo()
        pd.testing.assert_frame_equal(s.poses, before)


def test_files_that_are_no_weights_get_one_sentence(tmp_path: Path, clip: np.ndarray, weights: Path) -> None:
    def opening(model, **more):
        return iw.Session.open(clip, model=model, store=None, **more)

    with pytest.raises(FileNotFoundError, match="does not exist"):
        opening(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="impose-widget convert"):
        opening("edpose.pth")
    with pytest.raises(ValueError, match="skeleton coco17"):
        opening(weights, skeleton=["a", "b"])
    (tmp_path / "cut.safetensors").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cannot be read"):
        opening(tmp_path / "cut.safetensors")
    seven = replace(tiny(), **(NARROW | {"keypoints": 7}))
    save_network(IMPose(seven).state_dict(), seven, tmp_path / "seven.safetensors")
    with pytest.raises(ValueError, match="17 keypoints"):
        opening(tmp_path / "seven.safetensors")


@needs_shared
def test_untrained_tiny_says_what_its_backbone_says(tmp_path: Path) -> None:
    """Its decoders start at rest, so peaks and poses of MoveNet pass through them, in the same pixels."""
    import cv2

    from impose_widget.detect import MoveNetDetector

    image = cv2.imread(str(SHARED / "data" / "images" / "coco_kpt" / "images" / "000000000241.jpg"))[..., ::-1].copy()
    torch.manual_seed(0)
    net = IMPose(tiny())
    save_network(net.state_dict(), net.config, tmp_path / "tiny.safetensors")
    ours = ImposeDetector(tmp_path / "tiny.safetensors", "cpu", size=(256, 256)).detect([image], [0])
    theirs = MoveNetDetector(size=256, second_look=False).detect([image], [0])
    assert len(ours) >= 3
    for row in range(3):
        off = np.linalg.norm(ours.xy[:, None] - theirs.xy[row], axis=-1).mean(-1).min()
        assert off < 2.0


@pytest.fixture(scope="module")
def relative(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shape of network that was made for being carried: places within the person, hints, MoveNet's backbone."""
    torch.manual_seed(1)
    changes = {k: v for k, v in NARROW.items() if k != "box_layers"}
    config = tiny(**changes, relative=True, hints=True, people_see_each_other=False, short_side=64, long_side=96)
    net = IMPose(config)
    with torch.no_grad():
        for heads in (net.decoder.heads.keypoint, net.decoder.heads.box):
            for head in heads:
                head.layers[-1].weight.normal_(std=0.2)
        net.hints.out.layers[-1].weight.normal_(std=0.2)
    path = tmp_path_factory.mktemp("weights") / "relative.safetensors"
    save_network(net.state_dict(), config, path)
    return path


def told(n: int, people: int, seed: int = 0) -> Prior:
    rng = np.random.default_rng(seed)
    xy = np.array([36, 24]) + rng.uniform(-12, 12, (n, people, 17, 2))
    held = np.zeros((n, people, 17), bool)
    held[0, :, 4] = True
    deviation = np.where(rng.random((n, people, 17)) < 0.5, 2.0, np.nan)
    return Prior(xy, deviation, held, np.concatenate([xy + 1, np.full((n, people, 17, 1), 0.6)], -1))


def placed(frame: np.ndarray, seed: int = 0) -> Anchor:
    xy = np.array([36, 24]) + np.random.default_rng(seed).uniform(-12, 12, (17, 2))
    reading = np.concatenate([xy + 2, np.full((17, 1), 0.5)], -1)
    return Anchor(frame, np.where(np.arange(17)[:, None] % 2 == 0, xy, np.nan), reading)


@pytest.mark.parametrize("content", ["here", "anchor"])
@pytest.mark.parametrize("which", ["weights", "relative"])
def test_frames_of_a_batch_are_read_as_they_are_alone(
    which: str, content: str, clip: np.ndarray, request: pytest.FixtureRequest
) -> None:
    detector = ImposeDetector(request.getfixturevalue(which), "cpu")
    prior, anchors = told(3, 2), [placed(clip[4]), placed(clip[5], 1)]
    xy, deviation = detector.carry(list(clip[:3]), prior, anchors, content)
    assert xy.shape == (3, 2, 17, 2) and deviation.shape == (3, 2, 17)
    assert np.isfinite(xy).all() and (deviation > 0).all()
    np.testing.assert_array_equal(xy[prior.held], prior.xy[prior.held].astype(np.float32))
    for i in range(3):
        alone, _ = detector.carry([clip[i]], Prior(*(part[i : i + 1] for part in prior)), anchors, content)
        np.testing.assert_allclose(alone[0], xy[i], atol=2e-3)


def test_what_comes_later_changes_nothing_before(relative: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(relative, "cpu")
    prior, anchors = told(3, 2), [placed(clip[4]), placed(clip[5], 1)]
    xy, deviation = detector.carry(list(clip[:3]), prior, anchors)
    later, its = detector.carry([*clip[:2], clip[3]], prior, anchors)
    np.testing.assert_allclose(later[:2], xy[:2], atol=1e-4)
    np.testing.assert_allclose(its[:2], deviation[:2], rtol=1e-4)
    assert np.abs(later[2] - xy[2]).max() > 0.05


def test_keypoints_held_on_the_very_border_stay_there(relative: Path, clip: np.ndarray) -> None:
    prior = told(2, 1)
    prior.held[:, 0, :2] = True
    prior.xy[:, 0, 0], prior.xy[:, 0, 1] = (-0.5, 20.123456), (71.5, 47.5)
    xy, _ = ImposeDetector(relative, "cpu").carry(list(clip[:2]), prior, [placed(clip[4])])
    np.testing.assert_array_equal(xy[:, 0, :2], prior.xy[:, 0, :2].astype(np.float32))


def test_the_anchor_says_how_this_annotator_places_keypoints(relative: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(relative, "cpu")
    prior, anchor = told(2, 1), placed(clip[4])
    plain, _ = detector.carry(list(clip[:2]), prior, [anchor])
    other, _ = detector.carry(list(clip[:2]), prior, [anchor._replace(xy=anchor.xy + 3)])
    nothing, _ = detector.carry(list(clip[:2]), prior, [anchor._replace(xy=np.full((17, 2), np.nan))])
    assert np.abs(other - plain).max() > 0.1 and np.abs(nothing - plain).max() > 0.1


def test_people_are_cut_out_with_what_is_around_them() -> None:
    frame = np.zeros((90, 120, 3), np.uint8)
    y, x = np.mgrid[:90, :120]
    frame[:] = (np.exp(-((x - 100) ** 2 + (y - 20) ** 2) / 30)[..., None] * 255).astype(np.uint8)
    for box in ((80, 5, 30, 40), (90, -20, 60, 60), (60, 10, 55, 20)):
        cut, corner, scale = cut_out(frame, np.array(box, float), 256, 0.75)
        assert cut.shape == (256, 256, 3)
        weight = cut[..., 0].astype(float)
        yy, xx = np.mgrid[:256, :256]
        at = np.array([(xx * weight).sum(), (yy * weight).sum()]) / weight.sum()
        np.testing.assert_allclose((at + 0.5) / scale + corner - 0.5, (100, 20), atol=0.3)
    assert not cut_out(frame, np.array([500.0, 500, 10, 10]), 256, 0.75)[0].any()


def test_a_relative_network_settles_people_too(relative: Path, clip: np.ndarray) -> None:
    detector = ImposeDetector(relative, "cpu")
    xy, anchor = told(1, 1).xy[0, 0].astype(np.float32), np.zeros(17, bool)
    anchor[[2, 9]] = True
    new, score = detector.refine(clip[0], xy, anchor, np.full(4, np.nan))
    np.testing.assert_array_equal(new[anchor], xy[anchor])
    assert np.abs(new - xy)[~anchor].max() > 0.1 and ((score > 0) & (score < 1)).all()


def test_a_network_that_only_refines_leaves_finding_to_movenet(relative: Path, tmp_path: Path) -> None:
    from impose_widget.detect import WEIGHTS, MoveNetDetector
    from impose_widget.model.network_file import load_network

    net = load_network(relative, WEIGHTS)
    path = tmp_path / "refines.safetensors"
    save_network(net.state_dict(), replace(net.config, detects=False), path)
    frame = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    detector = ImposeDetector(path, "cpu")
    ours, theirs = detector.detect([frame], [2]), MoveNetDetector(device="cpu").detect([frame], [2])
    np.testing.assert_array_equal(ours.keypoints, theirs.keypoints)
    assert not len(detector.memories)


def test_weights_that_do_harm_in_the_frame_of_a_correction_are_not_asked_there(
    relative: Path, tmp_path: Path, clip: np.ndarray
) -> None:
    from impose_widget.detect import WEIGHTS
    from impose_widget.model.network_file import load_network

    net = load_network(relative, WEIGHTS)
    for settles in (True, False):
        path = tmp_path / f"{settles}.safetensors"
        save_network(net.state_dict(), replace(net.config, settles=settles), path)
        with iw.Session.open(clip, model=path, store=None, device="cpu") as s:
            assert (s._refiner is not None) == settles


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("which", ["weights", "relative"])
def test_a_session_carries_corrections_with_the_network(
    which: str, direction: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(which)
    moving, _ = scene.clip(np.column_stack([36 + np.arange(6), np.full(6, 32)]), size=(64, 96))
    with iw.Session.open(moving, model=path, store=None, device="cpu", propagator="network") as s:
        person = s.draw_box(3, (10, 8, 40, 36))
        s.correct(1, person, "nose", (20.25, 10.5))
        s.correct(3, person, "left_wrist", (30.5, 20.25))
        before = s.poses
        report = s.propagate(frame=3, direction=direction, tracks=[person], progress=False)
        after = s.poses.set_index(["frame", "track_id", "keypoint"])
        assert not report.stopped
        moved = set(report.touched)
        assert moved <= {"forward": {4, 5}, "backward": {0, 1, 2}, "both": {0, 1, 2, 4, 5}}[direction]
        for frame, name, xy in ((1, "nose", (20.25, 10.5)), (3, "left_wrist", (30.5, 20.25))):
            assert (
                tuple(after.loc[(frame, person, name), ["x", "y"]]) == xy and after.loc[(frame, person, name), "anchor"]
            )
        s.undo()
        pd.testing.assert_frame_equal(s.poses.drop(columns="revision"), before.drop(columns="revision"))


def test_random_corrections_stay_where_they_are_and_all_of_it_is_undone(relative: Path) -> None:
    moving, _ = scene.clip(np.column_stack([36 + np.arange(8), np.full(8, 32)]), size=(64, 96))
    rng = np.random.default_rng(3)
    with iw.Session.open(moving, model=relative, store=None, device="cpu", propagator="network") as s:
        person = s.draw_box(3, (10, 8, 40, 36))
        tables, given = [s.poses.drop(columns="revision")], {}
        for _ in range(8):
            frame, keypoint = int(rng.integers(8)), COCO17.keypoints[int(rng.integers(17))]
            xy = tuple(float(v) for v in rng.uniform((0, 0), (95, 63)).round(2))
            s.correct(frame, person, keypoint, xy)
            given[frame, person, keypoint] = xy
            tables.append(s.poses.drop(columns="revision"))
            direction = ("forward", "backward", "both")[int(rng.integers(3))]
            if s.propagate(frame=frame, direction=direction, progress=False).track_ids:
                tables.append(s.poses.drop(columns="revision"))
            now = s.poses.set_index(["frame", "track_id", "keypoint"])
            for place, at in given.items():
                np.testing.assert_allclose(now.loc[place, ["x", "y"]].astype(float), at, atol=1e-5)
                assert now.loc[place, "anchor"]
        for before in tables[-2::-1]:
            s.undo()
            pd.testing.assert_frame_equal(s.poses.drop(columns="revision"), before)


def test_the_prior_of_the_network_is_the_best_measured_propagator(relative: Path, clip: np.ndarray) -> None:
    with iw.Session.open(clip, model=relative, store=None, device="cpu", propagator="network") as s:
        assert type(s._propagator.prior) is Smoother


def test_the_network_propagator_wants_a_network(clip: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Expected a model that reads people in other frames"):
        iw.Session.open(clip, model=None, store=None, propagator="network")
