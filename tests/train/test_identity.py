"""Training of the ID decoder: what it is shown, and a run that goes on exactly where it stopped, also as a command."""

from __future__ import annotations

import csv
import json
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import impose_widget as iw
from impose_widget.cli.app import app
from impose_widget.core.geometry import person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.id_file import load_identity
from impose_widget.synthesize.tracks import write_tracks
from impose_widget.tracking.people import People
from impose_widget.train import checkpoint
from impose_widget.train.crowd import DUPLICATE, Clip, Crowd, _read_as_measured, draw_clip
from impose_widget.train.id_batch import IGNORED, Naming, collate, name
from impose_widget.train.id_loop import train_identity
from impose_widget.train.id_settings import IdentitySettings
from impose_widget.train.looking import spread_of, with_looks
from impose_widget.train.settings import Place
from impose_widget.train.tracked import TrackedVideo, read_tracked
from tests.train.made import LAYOUT

SMALL = IdentityConfig(pose_width=16, box_width=16, word_width=32, head_width=16, layers=2, window=12)
SETTINGS = IdentitySettings(SMALL, Crowd(frames=12, people=4), Naming(), batch=1, steps=6, warmup=2)


def walkers(n: int = 3, frames: int = 30, seed: int = 0) -> TrackedVideo:
    """People who walk through an image of 640×360, some of them out of it."""
    rng = np.random.default_rng(seed)
    start, speed = rng.uniform((50, 40), (500, 200), (n, 2)), rng.normal(0, (6, 1), (n, 2))
    at = start + speed * np.arange(frames)[:, None, None]
    xy = at[:, :, None] + LAYOUT * rng.uniform(60, 120, (n, 1, 1)) * (0.5, 1)
    seen = (xy > 0).all(-1) & (xy < (640, 360)).all(-1)
    keypoints = np.concatenate([np.where(seen[..., None], xy, np.nan), 2.0 * seen[..., None]], -1)
    return TrackedVideo("walkers", keypoints.astype(np.float32), (640.0, 360.0))


def clip_of(frames: list[int], owner: list[int]) -> Clip:
    """A clip whose rows are told by their x."""
    n = len(frames)
    keypoints = np.tile(np.arange(n, dtype=float)[:, None, None], (1, 17, 3))
    keypoints[..., 2] = 1
    return Clip(People.of(np.array(frames), keypoints, np.ones((n, 4)), np.ones(n)), np.array(owner), (100.0, 100.0))


def run(folder: Path, **place: object) -> dict:
    train_identity([walkers()], COCO17, SETTINGS, Place(folder, "cpu", log_every=1, **place), show=False)
    return checkpoint.load(folder, SETTINGS)


def test_two_legs_are_one_run(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    assert whole["step"] == 6
    for leg in range(1, 7):  # a leg of no time ends after its first step
        state = run(tmp_path / "legs", minutes=0)
        assert state["step"] == leg
    for part in ("network", "average"):
        x, y = (s[part] if part == "network" else s[part]["weights"] for s in (whole, state))
        assert all(torch.equal(x[k], y[k]) for k in x), part
    for x, y in zip(whole["optimizer"]["state"].values(), state["optimizer"]["state"].values(), strict=True):
        assert all(torch.equal(x[k], y[k]) for k in ("exp_avg", "exp_avg_sq"))
    lines = list(csv.DictReader((tmp_path / "legs" / "log.csv").read_text().splitlines()))
    assert [row["step"] for row in lines] == list("123456")
    assert load_identity(tmp_path / "legs" / "weights.safetensors").config == SMALL
    other = IdentitySettings(SMALL, steps=7)
    with pytest.raises(ValueError, match="steps"):
        train_identity([walkers()], COCO17, other, Place(tmp_path / "legs", "cpu"), show=False)


def test_it_learns(tmp_path: Path) -> None:
    settings = IdentitySettings(SMALL, Crowd(frames=12, people=4), Naming(), batch=1, steps=40, warmup=5, rate=2e-3)
    train_identity([walkers(seed=s) for s in range(4)], COCO17, settings, Place(tmp_path, "cpu", log_every=1), False)
    loss = [float(r["loss"]) for r in csv.DictReader((tmp_path / "log.csv").read_text().splitlines())]
    assert np.mean(loss[-10:]) < 0.7 * np.mean(loss[:10])


def test_somebody_is_new_until_they_were_seen() -> None:
    clip = clip_of([0, 0, 1, 1, 2, 2, 3], [0, 1, 0, 1, 0, 2, 2])
    named = name(clip, SMALL, Naming(occlusion=0, switch=0), np.random.default_rng(0))
    word = dict(zip(clip.owner[named.rows], named.words, strict=True))
    assert len(set(word.values())) == 3 and max(word.values()) < SMALL.words
    new = SMALL.words
    assert named.targets.tolist() == [IGNORED, IGNORED, word[0], word[1], word[0], new, word[2]]


def test_who_was_away_for_longer_than_the_window_is_new() -> None:
    clip = clip_of([0, 0, 11, 12], [0, 1, 0, 1])
    named = name(clip, SMALL, Naming(occlusion=0, switch=0), np.random.default_rng(0))
    assert named.targets[2] == named.words[0] and named.targets[3] == SMALL.words


def test_what_is_hidden_is_neither_shown_nor_asked_for() -> None:
    frames, owner = [t for t in range(12) for _ in range(2)], [0, 1] * 12
    clip, hidden = clip_of(frames, owner), 0
    for seed in range(20):
        named = name(clip, SMALL, Naming(occlusion=1, switch=0), np.random.default_rng(seed))
        gone = np.setdiff1d(np.arange(24), named.rows)
        hidden += len(gone)
        assert (named.targets[gone] == IGNORED).all()
        for one in (0, 1):  # a piece in one, from somewhere on
            at = gone[clip.owner[gone] == one]
            assert (np.diff(clip.people.frame[at]) == 1).all()
        first = [clip.people.frame[named.rows[clip.owner[named.rows] == one]].min() for one in (0, 1)]
        new = np.flatnonzero(named.targets == SMALL.words)
        assert all(clip.people.frame[m] <= first[clip.owner[m]] for m in new)
    assert hidden > 60


def test_a_switch_exchanges_names_within_a_frame_and_asks_for_the_true_ones() -> None:
    clip, switched = clip_of([t for t in range(8) for _ in range(4)], [0, 1, 2, 3] * 8), 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        plain = name(clip, SMALL, Naming(occlusion=0, switch=0), np.random.default_rng(seed))
        named = name(clip, SMALL, Naming(occlusion=0, switch=1), rng)
        assert (named.targets == plain.targets).all() and (named.rows == plain.rows).all()
        differs = named.words != plain.words
        switched += differs.sum()
        for t in range(8):
            at = clip.people.frame[named.rows] == t
            assert sorted(named.words[at]) == sorted(plain.words[at])
    assert switched > 50


def test_more_people_than_words_are_left_out() -> None:
    clip = clip_of([t for t in range(3) for _ in range(60)], list(range(60)) * 3)
    named = name(clip, SMALL, Naming(occlusion=0, switch=0), np.random.default_rng(0))
    assert len(np.unique(named.words)) == SMALL.words == 50
    out = np.setdiff1d(np.arange(60), clip.owner[named.rows])
    assert len(out) == 10 and (named.targets[np.isin(clip.owner, out)] == IGNORED).all()


def test_a_second_detection_teaches_nothing() -> None:
    named = name(clip_of([0, 1, 1], [0, 0, DUPLICATE]), SMALL, Naming(occlusion=0), np.random.default_rng(0))
    assert 2 not in named.rows and named.targets[2] == IGNORED


def test_clips_are_what_a_detector_would_see() -> None:
    videos = [walkers(5, 60, s) for s in range(3)]
    crowd = Crowd(frames=20, people=6)
    clips = [draw_clip(videos, COCO17, crowd, np.random.default_rng(s)) for s in range(30)]
    for clip in clips:
        assert (np.diff(clip.people.frame) >= 0).all() and len(np.unique(clip.people.frame)) <= 20
        assert all(np.isfinite(getattr(clip.people, f)).all() for f in ("xy", "weight", "box", "score"))
        pairs = np.stack([clip.people.frame, clip.owner], 1)[clip.owner >= 0]
        assert len(np.unique(pairs, axis=0)) == len(pairs)  # nobody is twice in a frame
    again = draw_clip(videos, COCO17, crowd, np.random.default_rng(7))
    assert (again.people.xy == clips[7].people.xy).all() and (again.owner == clips[7].owner).all()
    clips = [c for c in clips if len(c.people)]
    batch = collate(clips[:3], [[name(c, SMALL, Naming(), np.random.default_rng(0))] for c in clips[:3]])
    assert batch.targets.shape == batch.now.frame.shape and batch.words.shape == batch.then.frame.shape
    assert (batch.now.real.sum(1) == torch.tensor([len(c.people) for c in clips[:3]])).all()


def test_tracks_come_from_any_file_with_identities(tmp_path: Path) -> None:
    video = walkers(3, 12)
    write_tracks(video.keypoints, tmp_path / "a" / "poses.parquet")
    (read,) = read_tracked(tmp_path, COCO17)
    seen = video.present
    assert read.size == (848, 480) and (read.present == seen).all()
    assert np.allclose(read.keypoints[seen], video.keypoints[seen], equal_nan=True, atol=1e-3)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_tracked(tmp_path / "none", COCO17)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="Expected videos"):
        read_tracked(tmp_path / "empty", COCO17)


def filmed(folder: Path, video: TrackedVideo) -> Path:
    """A video as PoseTrack's JSON with images, in which each person is a rectangle of another grey."""
    write_tracks(video.keypoints, folder / "poses.parquet")
    poses = iw.read(folder / "poses.parquet")
    poses.attrs["video"] = {"name": "clip.mp4", "width": 640, "height": 360}
    iw.write(poses, folder / "clip.json", format="posetrack18")
    (folder / "poses.parquet").unlink()
    data = json.loads((folder / "clip.json").read_text())
    del data["info"]  # as others write it
    (folder / "clip.json").write_text(json.dumps(data))
    for file in [e["file_name"] for e in data["images"]]:
        image = np.zeros((360, 640, 3), np.uint8)
        for n, pose in enumerate(video.keypoints[int(Path(file).stem)]):
            if (pose[:, 2] > 0).any():
                low, high = np.nanmin(pose[:, :2], 0).astype(int), np.nanmax(pose[:, :2], 0).astype(int)
                image[low[1] : high[1] + 1, low[0] : high[0] + 1] = 80 * (n + 1)
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / file), image)
    return folder / "clip.json"


class Grey:
    """Says how bright a keypoint is; counts the frames that it looked at."""

    seen = 0

    def describe(self, frame: np.ndarray, xy: np.ndarray) -> np.ndarray:
        self.seen += 1
        at = np.nan_to_num(xy).round().astype(int)
        return np.where(np.isfinite(xy[..., :1]), frame[at[..., 1], at[..., 0]], np.nan).astype(np.float16)


def test_looks_are_made_once_for_each_frame_and_go_with_their_people(tmp_path: Path) -> None:
    file = filmed(tmp_path, walkers(2, 12))
    blind, seen = TrackedVideo("blind", *astuple(walkers(3, 12, 1))[1:3]), Grey()
    for _ in range(2):
        videos = with_looks([*read_tracked(file, COCO17, pixels=True), blind], seen, tmp_path / "kept", show=False)
        assert seen.seen == 12
    looks = videos[0].looks
    for n in range(2):
        known = videos[0].keypoints[:, n, :, 2] > 0
        assert (np.abs(looks[:, n][known].astype(float) - 80 * (n + 1)) < 12).mean() > 0.8  # the others are overlapped
        assert np.isnan(looks[:, n][~known]).all()
    assert np.isnan(videos[1].looks).all() and videos[1].looks.shape[-1] == 3
    mean, spread = spread_of(videos)
    assert mean.shape == (12,) and 80 < mean[0] < 160 and spread[0] > 20
    crowd = Crowd(frames=10, guests=0, blind=0, look_noise=0.0)
    clips = [draw_clip(videos, COCO17, crowd, np.random.default_rng(s)) for s in range(20)]
    told = [c.people.features[c.owner == o] for c in clips if len(c.people) for o in (0, 1) if (c.owner == o).any()]
    told = [f[:, 3:6][(f[:, 3:6] != 0).all(1)] for f in told]
    steady = [f.std(0).max() < 25 for f in told if len(f) > 3]
    assert len(steady) > 5 and np.mean(steady) > 0.7  # somebody keeps their grey, through flips and other cameras
    with pytest.raises(ValueError, match="names its images"):
        with_looks([blind], seen, tmp_path / "kept", show=False)
    with pytest.raises(FileNotFoundError, match="folder of the images"):
        read_tracked(file, COCO17, pixels=True, images=tmp_path / "elsewhere")


def test_with_features_as_a_command(tmp_path: Path) -> None:
    file, call = filmed(tmp_path, walkers(2, 12)), ["--stage", "identity", "--steps", "2", "--batch", "1"]
    done = CliRunner().invoke(app, ["train", str(file), *call, "--features", "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    trained = tmp_path / "run" / "weights.safetensors"
    net = load_identity(trained)
    assert net.config.features == 4 * 48 and net.look_spread.min() > 0
    assert len(list((tmp_path / "run" / "features").glob("*.npy"))) == 1
    done = CliRunner().invoke(app, ["train", str(file), *call, "--out", str(tmp_path / "b"), "--start", str(trained)])
    assert done.exit_code != 0 and "like the one to be trained" in str(done.output)


def test_readings_err_as_measured() -> None:
    rng = np.random.default_rng(0)
    pose = np.concatenate([np.tile(100 * LAYOUT + 300, (400, 1, 1)), np.full((400, 17, 1), 2.0)], -1)
    pose[:, :6, 2] = 1
    size = np.sqrt(person_area(pose[..., :2]))[:, None]
    for weak, score in ((0.0, 0.63), (1.0, 0.5)):
        read = _read_as_measured(pose, COCO17, weak, rng)
        assert np.median(read[:, 6:, 2]) == pytest.approx(score, abs=0.02)
        off = np.linalg.norm(read[..., :2] - pose[..., :2], axis=-1) / (COCO17.sigma_array * size)
        sure = np.abs(read[..., 2] - 0.8) < 0.05
        unsure = np.abs(read[..., 2] - 0.3) < 0.05
        assert np.median(off[sure]) == pytest.approx(0.41, abs=0.08)
        assert np.median(off[unsure]) == pytest.approx(2.8, abs=0.5)
        assert np.percentile(off[unsure], 90) / np.median(off[unsure]) > 2.2


def test_as_a_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["render", "tracks", "--out", str(tmp_path / "data"), "--seconds", "2"])
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, ["render", "tracks", "--out", str(tmp_path / "data"), "--seconds", "2"])
    assert "there already" in again.output
    out = tmp_path / "run"
    call = ["train", str(tmp_path / "data"), "--stage", "identity", "--out", str(out), "--steps", "2", "--batch", "1"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert load_identity(out / "weights.safetensors").config.relations
    done = CliRunner().invoke(app, [*call, "--no-pose-embedding"])
    assert done.exit_code != 0 and "Expected the settings of the run" in done.output
