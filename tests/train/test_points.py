"""Learning to follow points: clips whose points are where they say, and runs that go on as if they had not stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from impose_widget.cli.app import app
from impose_widget.model.point_file import load_points
from impose_widget.model.point_network import Estimate, PointConfig, PointNetwork
from impose_widget.propagate.optical_flow import point_motion
from impose_widget.train.point_clips import Look, collage, cut_out, photographs, rendered_clips, spoilt
from impose_widget.train.point_pool import Asked, Pool
from impose_widget.train.points_loop import PointSettings, answered, backbone_of, point_losses, train_points, within
from impose_widget.train.settings import Place

PLAIN = Look(side=96, scales=(1, 1), shift=0, skip=1, colour=0, flicker=0, noise=0, blur=0, covers=0)
SMALL = PointConfig(hidden=16, told=8, width=16, heads=2, layers=1, window=5)


def noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    small = rng.integers(0, 255, (height // 4, width // 4, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered clip as `impose-widget render` lays it out (a texture that moves), and photographs beside it."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    (root / "clip").mkdir()
    (root / "photographs").mkdir()
    texture = noise(rng, 200, 260)
    points = rng.uniform((30, 30), (120, 90), (1, 10, 2))
    xy = np.stack([points + (2 * t, t) for t in range(9)])
    for t in range(9):
        moved = cv2.warpAffine(texture, np.float64([[1, 0, 2 * t], [0, 1, t]]), (160, 120))
        cv2.imwrite(str(root / "clip" / f"{t:06d}.png"), moved)
    seen = np.ones(xy.shape[:3], bool)
    seen[4:, :, 7:] = False
    np.savez(
        root / "clip" / "truth.npz",
        keypoints=xy[:, :, :6],
        visibility=np.where(seen[:, :, :6], 2, 1),
        points=xy[:, :, 6:],
        points_visible=seen[:, :, 6:],
    )
    for i in range(3):
        cv2.imwrite(str(root / "photographs" / f"{i}.png"), noise(rng, 240, 240))
    return root


def grey(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]


@pytest.mark.parametrize("seed", range(4))
def test_points_of_rendered_clips_are_where_they_say(data: Path, seed: int) -> None:
    (clip,) = rendered_clips(data)
    assert clip.xy.shape == (9, 1, 10, 2) and not clip.visible[5, 0, 8] and clip.visible[3].all()
    cut = cut_out(clip, 5, PLAIN, np.random.default_rng(seed))
    inside = (np.abs(cut.xy - 47.5) < 25).all(-1).all(0)
    assert inside.any()
    images = grey(cut.frames)
    for t in range(4):
        shift, _ = point_motion(images[t], images[t + 1], cut.xy[t, inside], 21)
        off = cut.xy[t, inside] + shift - cut.xy[t + 1, inside]
        assert np.linalg.norm(off, axis=-1).max() < 0.5  # also mirrored, or backwards


@pytest.mark.parametrize("seed", range(4))
def test_points_of_collages_are_where_they_say_and_hidden_when_covered(data: Path, seed: int) -> None:
    images = photographs(data)
    assert len(images) == 3  # and none of the clip's frames
    clip = collage(images, 5, PLAIN, np.random.default_rng(seed))
    assert 0.2 < clip.visible.mean() < 1
    alike, other = [], []
    first = clip.visible[0]
    for t in range(1, 5):
        for n in np.flatnonzero(first & (np.abs(clip.xy[t] - 47.5) < 40).all(-1)):
            (x0, y0), (x, y) = np.round(clip.xy[0, n]).astype(int), np.round(clip.xy[t, n]).astype(int)
            off = np.abs(clip.frames[0][y0, x0].astype(int) - clip.frames[t][y, x]).mean()
            (alike if clip.visible[t, n] else other).append(off)
    assert np.median(alike) < 15
    assert not other or np.median(other) > 2 * np.median(alike)


def test_what_passes_before_points_hides_them(data: Path) -> None:
    rng = np.random.default_rng(0)
    (clip,) = rendered_clips(data)
    cut = cut_out(clip, 5, PLAIN, rng)
    covered = spoilt(cut, photographs(data), replace(PLAIN, covers=1.0), rng)
    changed = np.stack([(a != b).any(-1) for a, b in zip(cut.frames, covered.frames, strict=True)])
    assert changed.any() and not (covered.visible & ~cut.visible).any()
    at = np.round(cut.xy).astype(int)
    inside = ((at >= 2) & (at < 94)).all(-1)
    for t, n in zip(*np.nonzero(cut.visible & inside), strict=True):
        x, y = at[t, n]
        there = changed[t, y - 1 : y + 2, x - 1 : x + 2]
        assert covered.visible[t, n] == (not changed[t, y, x]) or there.any() != there.all()


def test_an_untrained_network_says_what_optical_flow_says(data: Path) -> None:
    torch.manual_seed(0)
    network = PointNetwork(SMALL)
    pool = Pool(rendered_clips(data), photographs(data), backbone_of(), network, PLAIN, Asked(), 2, 0)
    pool.whiten(2)
    for slot in range(2):
        pool.fill(slot, 0)
    questions = pool.batch([0, 1], 6, np.random.default_rng(0))
    said = answered(network, questions)
    assert len(said) == SMALL.iterations and torch.equal(said[-1].xy, questions.prior.xy)
    fine = questions.levels[0]
    assert torch.allclose(fine.norm(dim=2), torch.ones(()), atol=1e-2)


def test_losses_are_least_for_the_truth(data: Path) -> None:
    network = PointNetwork(SMALL)
    pool = Pool([], photographs(data), backbone_of(), network, PLAIN, Asked(), 1, 0)
    pool.fill(0, 0)
    q = pool.batch([0], 8, np.random.default_rng(0))
    sure = 8 * (2.0 * q.visible - 1)
    right = Estimate(q.xy, sure, torch.full_like(sure, 8.0))
    off = Estimate(q.xy + 3, -sure, torch.full_like(sure, 8.0))
    best, worse = point_losses([right], q), point_losses([off], q)
    assert best["place"] < 1e-4 and best["visible"] < 1e-3 and best["right"] < 1e-3
    assert worse["place"] > 0.2 and worse["visible"] > 5 and worse["right"] > 2
    assert within(q.xy, q) == 1 and within(q.xy + 100, q) == 0


def test_a_run_that_stops_goes_on_as_if_it_had_not(data: Path, tmp_path: Path) -> None:
    clips, images = rendered_clips(data), photographs(data)
    settings = PointSettings(SMALL, Look(side=64), batch=1, points=6, steps=3, pool=2, renew=1, warmup=2)
    straight = train_points(clips, images, settings, Place(tmp_path / "a", "cpu", log_every=1), show=False)
    broken = Place(tmp_path / "b", "cpu", log_every=1, minutes=0.0)
    for _ in range(3):
        again = train_points(clips, images, settings, broken, show=False)
    one, two = load_points(straight), load_points(again)
    for key, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[key]), key
    assert (tmp_path / "b" / "log.csv").read_text().count("\n") == 4
    with pytest.raises(ValueError, match="got others"):
        train_points(clips, images, replace(settings, seed=1), broken, show=False)


def test_it_learns_what_optical_flow_loses(data: Path, tmp_path: Path) -> None:
    """Fifty steps on a few clips: the loss falls well below that of the start."""
    settings = PointSettings(SMALL, Look(side=64), batch=2, points=8, steps=50, pool=2, renew=1000, warmup=5, rate=5e-3)
    train_points([], photographs(data), settings, Place(tmp_path, "cpu", log_every=5), show=False)
    rows = np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True)
    assert rows["loss"][-3:].mean() < 0.8 * rows["loss"][:2].mean()


def test_the_command_trains(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    told = CliRunner().invoke(
        app,
        ["train", str(data), "--stage", "points", "--steps", "1", "--batch", "1", "--out", str(out), "--minutes", "0"],
    )
    assert told.exit_code == 0, told.output
    assert "1 rendered clips and 3 photographs" in told.output
    assert load_points(out / "weights.safetensors").config == PointConfig()


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got none"):
        train_points([], [], PointSettings(SMALL, pool=1), Place(tmp_path, "cpu"), show=False)
    with pytest.raises(FileNotFoundError, match="which is not there"):
        rendered_clips(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        load_points(tmp_path / "none.safetensors")
