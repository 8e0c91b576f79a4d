"""Learning to put right and to carry: inputs, questions, and runs that go on as if they had not stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from impose_widget.cli.app import app
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import WEIGHTS
from impose_widget.model.config import refiner
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import load_network
from impose_widget.model.weights import load_weights
from impose_widget.train.crops import Crops, Person, View, crop, people_of
from impose_widget.train.data import read_videos
from impose_widget.train.perturb import Drift, drifted, moved, swapped
from impose_widget.train.refine_loop import RefineSettings, train_refining
from impose_widget.train.refining import Mixture, Pool, RefiningTask, ask, clicked, together
from impose_widget.train.settings import Place
from tests.train import made

CROPS = Crops(side=64, blur=0.5, cover=0.5)
NARROW = {"width": 32, "heads": 4, "points": 2, "feedforward": 32, "box_layers": 1, "keypoint_layers": 1}


def network() -> IMPose:
    torch.manual_seed(0)
    net = IMPose(refiner(**NARROW))
    load_weights(net.backbone.movenet, WEIGHTS)
    return net


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    file = made.coco(tmp_path_factory.mktemp("made"), images=3, width=128, height=128)
    return people_of(read_videos(file, None, COCO17))


def test_crops_show_their_keypoints_where_they_say(people: list[Person]) -> None:
    rng = np.random.default_rng(0)
    plain = Crops(side=128, blur=0, cover=0, colour=0, rotation=0, apart=0, shift=0)
    view = View(0.0, False, 0.9)
    image, pose = crop(people[0], plain, view, COCO17, rng)
    mirrored, turned = crop(people[0], plain, replace(view, mirrored=True), COCO17, rng)
    assert image.shape == (128, 128, 3) and pose[:, 2].all()
    colours = {}
    for k, (x, y) in enumerate(np.round(pose[:, :2] * 128 - 0.5).astype(int)):
        colours[k] = image[y, x].astype(int)
    for k in (0, 9, 15, 16):  # far from each other; each has a colour of its own
        x, y = np.round(turned[COCO17_SWAPPED[k], :2] * 128 - 0.5).astype(int)
        assert np.abs(mirrored[y, x].astype(int) - colours[k]).max() < 40
        assert np.abs(colours[k] - 120).max() > 60


COCO17_SWAPPED = {k: dict([*COCO17.flip_pairs, *[(b, a) for a, b in COCO17.flip_pairs]]).get(k, k) for k in range(17)}


def test_errors_of_tracks_grow_and_are_admitted() -> None:
    xy = np.zeros((4000, 2))
    for frames in (1, 20):
        rng = np.random.default_rng(0)
        drift = Drift(frames=frames, lost=0.0, shared=0.0)
        errors, said = zip(*(drifted(xy[:17], 2.0, drift, rng) for _ in range(300)), strict=True)
        size, said = np.linalg.norm(np.array(errors), axis=-1) / 2, np.array(said)
        assert 0.4 < np.median(size) / np.median(said) < 1.6
        assert np.median(said) < drift.start + drift.growth * frames
    sure, doubtful = np.quantile(said, [0.2, 0.8])
    assert np.median(size[said > doubtful]) > 2 * np.median(size[said < sure])


def test_poses_move_as_bodies_do() -> None:
    rng = np.random.default_rng(0)
    pose = made.LAYOUT * 100
    for _ in range(20):
        new = moved(pose, 100, rng)
        for a, b in ((5, 7), (7, 9), (12, 14), (14, 16)):
            assert np.isclose(np.linalg.norm(new[a] - new[b]), np.linalg.norm(pose[a] - pose[b]))
    seen = {tuple(np.flatnonzero((swapped(pose, COCO17, rng) != pose).any(1)).tolist()) for _ in range(300)}
    assert seen == {(), tuple(range(1, 17)), tuple(range(1, 11)), tuple(range(11, 17))}


def test_humans_place_the_worst_first_and_only_what_is_labelled() -> None:
    truth = np.zeros((17, 2))
    truth[3] = np.nan
    start = np.arange(17)[:, None] * np.ones(2)
    worst = [clicked(truth, start, 2, np.random.default_rng(s)) for s in range(40)]
    assert all(not w[3] and w.sum() == 2 for w in worst)
    assert sum(set(np.flatnonzero(w)) == {15, 16} for w in worst) > 20


def test_placed_keypoints_are_told_as_they_are_and_cost_nothing(people: list[Person]) -> None:
    pool = Pool(people, network(), CROPS, COCO17, 1, 0)
    for pair in range(len(pool)):
        pool.fill(pair)
    rng = np.random.default_rng(0)
    rows = np.arange(len(pool.pose))
    for settles in (True, False):
        asked = [ask(pool, int(r), settles, Mixture(), rng) for r in rows for _ in range(5)]
        q = together(pool, rows.repeat(5), asked)
        placed = ~q.free[:, 0].numpy()
        assert not q.targets.labelled[:, 0].numpy()[placed].any()
        start, truth = q.keypoints[:, 0].numpy(), q.targets.keypoints[:, 0].numpy()
        np.testing.assert_array_equal(start[placed], truth[placed])
        assert q.keypoints.isfinite().all() and q.boxes.isfinite().all()
        assert not settles or (placed.any(1)).all()


def test_legs_add_up_to_the_same_run(people: list[Person], tmp_path: Path) -> None:
    config = refiner(**NARROW)
    settings = RefineSettings(config, CROPS, batch=4, steps=5, warmup=1, renew=2)
    whole = train_refining(network(), people, COCO17, settings, Place(tmp_path / "whole"), show=False)
    for _ in range(3):
        place = Place(tmp_path / "legs", minutes=1e-6)
        legs = train_refining(network(), people, COCO17, settings, place, show=False)
    legs = train_refining(network(), people, COCO17, settings, Place(tmp_path / "legs"), show=False)
    a, b = load_network(whole, WEIGHTS).state_dict(), load_network(legs, WEIGHTS).state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    fresh = network().state_dict()
    assert any(not torch.allclose(a[k], fresh[k].half().float()) for k in a if k.startswith("decoder"))


def test_people_of_a_video_go_with_themselves_in_other_frames(tmp_path: Path) -> None:
    """Two of different heights walk: each is paired with themselves, some frames away."""
    found = people_of(read_videos(made.walking(tmp_path, 30), None, COCO17))
    assert len(found) == 2 * 3  # every twelfth of 30 frames
    for person in found:
        here, there = (np.ptp(p.keypoints[:, 1]) for p in (person, person.other))
        assert here == pytest.approx(there, rel=0.05) and not np.array_equal(person.image, person.other.image)
    assert len({round(float(np.ptp(p.keypoints[:, 1]))) for p in found}) == 2
    pool = Pool(found, network(), Crops(side=64, blur=0, cover=0, rotation=0, apart=0), COCO17, 1, 0)
    for pair in range(len(pool)):
        pool.fill(pair)
    rng, untracked = np.random.default_rng(0), Mixture(tracked=0.0, anchored=1.0, habits=0.0)
    for row in range(len(pool.pose)):
        q = ask(pool, row, False, untracked, rng)
        before = pool.pose[row ^ 1, :, :2] - pool.pose[row ^ 1, :, :2].mean(0)
        off = np.linalg.norm((q.start - q.start.mean(0)) - before, axis=1)
        assert np.isnan(q.deviation).all() and np.median(off[~q.placed]) < 0.05  # as in the other frame
        np.testing.assert_allclose(q.truth, pool.pose[row, :, :2])


def test_photographs_and_people_without_identity_stand_alone(people: list[Person]) -> None:
    assert all(p.other is None for p in people)


def test_readings_are_of_several_sizes(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    net, sides = network(), []
    pool = Pool(people, net, replace(CROPS, read_at=(1.0, 0.5, 1.5)), COCO17, 4, 0)
    monkeypatch.setattr(net.backbone, "forward", seen(net.backbone.forward, sides))
    for pair in range(len(pool)):
        pool.fill(pair)
    assert set(sides) == {32, 64, 96} and sides.count(64) == len(pool)


def seen(forward, sides: list[int]):
    """The same, noting how large what it is given is."""

    def noted(images, *more):
        sides.append(images.shape[-1])
        return forward(images, *more)

    return noted


def test_a_few_questions_are_learnt_by_heart(people: list[Person]) -> None:
    net = network()
    pool = Pool(people, net, CROPS, COCO17, 1, 0)
    for pair in range(len(pool)):
        pool.fill(pair)
    task, rows = RefiningTask(net, pool, Mixture()), np.arange(6)
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 3e-3)
    costs = []
    for _ in range(40):
        losses = task(rows, np.random.default_rng(7))
        costs.append(float(sum(v.detach() for k, v in losses.items() if k.endswith("keypoint"))))
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert np.mean(costs[-3:]) < 0.6 * costs[0]


def test_as_a_command(tmp_path: Path) -> None:
    file = made.coco(tmp_path / "data", images=1, width=64, height=64)
    call = ["train", str(file), "--stage", "refine", "--out", str(tmp_path / "run"), "--steps", "1", "--batch", "2"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert not load_network(tmp_path / "run" / "weights.safetensors", WEIGHTS).config.detects
