"""A run of training: learns by heart, goes on exactly where it stopped, in one process and in two, as a command."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impose_widget.core.skeleton import COCO17
from impose_widget.detect import WEIGHTS
from impose_widget.model.config import ImposeConfig, r50, tiny
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import load_network
from impose_widget.model.weights import load_weights
from impose_widget.train import checkpoint
from impose_widget.train.augment import Augmentation
from impose_widget.train.data import read_videos
from impose_widget.train.loop import launched, train
from impose_widget.train.samples import Batch, Clips
from impose_widget.train.settings import Place, Settings
from impose_widget.train.task import PoseTask
from tests.packaging.imports import ROOT
from tests.train import made
from tests.train.test_losses import targets

SMALL = {"width": 32, "heads": 2, "points": 2, "feedforward": 32, "box_layers": 1, "keypoint_layers": 1}
AUGMENTED = Augmentation(64, 96, 0.7, crop=0.3, rotation=10, multiple=32)


def network(config: ImposeConfig, seed: int = 0) -> IMPose:
    torch.manual_seed(seed)
    net = IMPose(config)
    if config.backbone == "movenet":
        load_weights(net.backbone.movenet, WEIGHTS)
    return net


def run(folder: Path, data: Path, settings: Settings, **place: object) -> dict:
    """A run's state when it has stopped."""
    videos = read_videos(data, None, COCO17)
    train(network(settings.network), videos, COCO17, settings, Place(folder, "cpu", **place), show=False)
    return checkpoint.load(folder, settings)


def assert_same(a: dict, b: dict) -> None:
    assert a["step"] == b["step"]
    for part in ("network", "average"):
        x, y = (s[part] if part == "network" else s[part]["weights"] for s in (a, b))
        assert all(torch.equal(x[k], y[k]) for k in x), part
    for x, y in zip(a["optimizer"]["state"].values(), b["optimizer"]["state"].values(), strict=True):
        assert all(torch.equal(x[k], y[k]) for k in ("exp_avg", "exp_avg_sq"))


@pytest.mark.parametrize("variants", [0, 2])
def test_two_legs_are_one_run(tmp_path: Path, variants: int) -> None:
    data = made.coco(tmp_path / "data", images=5)
    settings = Settings(
        replace(tiny(), **SMALL), AUGMENTED, Clips(), batch=2, epochs=2, drops=(1,), rate=1e-3, variants=variants
    )
    whole = run(tmp_path / "whole", data, settings)
    assert whole["step"] == 6
    for leg in range(1, 7):  # a leg of no time ends after its first step
        state = run(tmp_path / "legs", data, settings, minutes=0)
        assert state["step"] == leg
    assert_same(whole, state)
    run(tmp_path / "legs", data, settings)  # nothing is left to do
    rows = list(csv.DictReader((tmp_path / "legs" / "log.csv").read_text().splitlines()))
    assert rows[-1]["step"] == "6" and rows[-1]["rate"] == "0.0001"
    net = load_network(tmp_path / "legs" / "weights.safetensors", WEIGHTS)
    assert net.config == settings.network
    assert list((tmp_path / "legs" / "tensorboard").iterdir())


def test_half_precision_trains(tmp_path: Path) -> None:
    config = replace(tiny(), **SMALL)
    settings = Settings(config, AUGMENTED, Clips(2), batch=2, epochs=1, rate=1e-3)
    state = run(tmp_path / "run", made.coco(tmp_path / "data", images=2), settings, precision="bf16-mixed")
    assert state["step"] == 1 and all(torch.isfinite(v).all() for v in state["network"].values())
    assert all(v.dtype != torch.bfloat16 for v in state["network"].values())


def test_another_runs_folder_is_refused(tmp_path: Path) -> None:
    data = made.coco(tmp_path / "data", images=2)
    settings = Settings(replace(tiny(), **SMALL), AUGMENTED, batch=2, epochs=1)
    run(tmp_path / "run", data, settings)
    with pytest.raises(ValueError, match="others \\(rate, seed\\)"):
        run(tmp_path / "run", data, replace(settings, rate=1.0, seed=4))
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(ValueError, match="cannot be read"):
        run(tmp_path / "run", data, settings)


def test_people_are_learned_by_heart() -> None:
    """From one picture, without any pretraining: loss falls tenfold, keypoints end within two pixels."""
    rng = np.random.default_rng(0)
    poses = [made.person(rng, 96, 96, 0.0)]
    image = torch.from_numpy(made.picture(poses, 96, 96)).permute(2, 0, 1)[None]
    torch.manual_seed(0)
    config = r50(
        width=64, heads=4, points=4, feedforward=128, encoder_layers=1, box_layers=1, keypoint_layers=2, queries=10,
        people=3, confidence=True,
    )  # fmt: skip
    net = IMPose(config).train()
    net.backbone.requires_grad_(False)
    with torch.no_grad():
        features = net.backbone(image.float(), torch.tensor([[96.0, 96.0]]))
    scale = [m.std() for m in features.maps]  # an untrained backbone's maps, made as large as a trained one's
    features = features._replace(maps=tuple(m / s for m, s in zip(features.maps, scale, strict=True)))
    t = targets(1, 1)
    pose = torch.from_numpy(poses[0][:, :2]).float()
    t.keypoints[0, 0] = (pose + 0.5) / 96
    low, high = t.keypoints[0, 0].amin(0), t.keypoints[0, 0].amax(0)
    t.boxes[0, 0] = torch.cat([(low + high) / 2, high - low])
    t = t._replace(labelled=torch.ones_like(t.labelled), sizes=torch.tensor([[96.0, 96.0]]))
    task, batch = PoseTask(net, COCO17), Batch(None, features, (96, 96), t)
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 2e-3)
    generator = torch.Generator().manual_seed(0)
    curve = []
    for step in range(120):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 if step < 80 else 4e-4
        losses = task(batch, torch.tensor(1.0), generator)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        curve.append(float(sum(v.detach() for k, v in losses.items() if k.startswith("detect"))))
    assert min(curve[-5:]) < curve[0] / 10
    net.eval()
    with torch.inference_mode():
        found = net.detect(net.encode_features(features, t.sizes, (96, 96))).final
    best = found.keypoints[0, found.logits[0, :, 1].argmax()] * 96 - 0.5
    assert (best - pose).norm(dim=-1).mean() < 2


def command(*arguments: object, environment: dict | None = None) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    return subprocess.run(
        [sys.executable, "-m", "impose_widget", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **(environment or {})},
    )


def test_the_command_line_trains_and_goes_on(tmp_path: Path) -> None:
    data = made.coco(tmp_path / "data", images=2)
    arguments = ("train", data, "--out", tmp_path / "run", "--epochs", 2, "--batch", 2, "--size", 64, "--device", "cpu")
    first = command(*arguments, "--minutes", 0)
    assert first.returncode == 0, first.stderr
    assert "1,46" in first.stdout and "weights.safetensors" in first.stdout
    second = command(*arguments)
    assert second.returncode == 0, second.stderr
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 2
    wrong = command(*arguments, "--rate", "0.5")
    assert wrong.returncode != 0 and "others (backbone_rate, rate)" in wrong.stderr and "Traceback" not in wrong.stderr


def test_bad_arguments_get_one_sentence(tmp_path: Path) -> None:
    from impose_widget.cli.train import train as run_command

    data = made.coco(tmp_path / "data", images=1)
    for arguments, said in (
        ({"annotations": [tmp_path / "none.json"]}, "does not exist"),
        ({"precision": "8"}, "Expected --precision"),
        ({"device": "tpu"}, "Expected --device"),
        ({"network": "huge"}, "Expected --network"),
        ({"network": "r50", "variants": 2}, "--variants 0"),
        ({"start": tmp_path / "none.safetensors"}, "does not exist"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=said):
            run_command(**({"annotations": [data], "out": tmp_path / "run"} | arguments))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_processes_are_one_with_both_their_clips(tmp_path: Path) -> None:
    """Gradients are averaged: two processes of one clip each learn what one process of both learns."""
    data = made.coco(tmp_path / "data", images=4)
    settings = Settings(
        replace(tiny(), **SMALL), replace(AUGMENTED, crop=0.0, colour=0.0), batch=2, epochs=1, rate=1e-3, seed=3
    )
    script = tmp_path / "run.py"
    script.write_text(
        "import sys; from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from tests.train.test_loop import *\n"
        "settings = Settings(replace(tiny(), **SMALL), replace(AUGMENTED, crop=0.0, colour=0.0), batch=1, epochs=1,"
        " rate=1e-3, seed=3)\n"
        "run(Path(sys.argv[1]) / 'two', Path(sys.argv[2]), settings, processes=2)\n"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(data)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    two = checkpoint.load(tmp_path / "two", replace(settings, batch=1))
    one = run(tmp_path / "one", data, settings)
    assert two["step"] == one["step"] == 2
    moved = torch.cat([v.flatten() for k, v in one["network"].items() if k.startswith("decoder")])
    other = torch.cat([v.flatten() for k, v in two["network"].items() if k.startswith("decoder")])
    start = torch.cat(
        [v.flatten() for k, v in network(settings.network).state_dict().items() if k.startswith("decoder")]
    )
    assert torch.isfinite(other).all()
    # Noise is drawn per process, so only the way is the same, not every step of it.
    assert torch.nn.functional.cosine_similarity(moved - start, other - start, dim=0) > 0.5


def test_processes_of_launchers_are_counted() -> None:
    assert launched({}) is None
    assert launched({"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4"}) == (4, 2)
    assert launched({"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_JOB_NAME": "train"}) == (4, 2)
    assert launched({"SLURM_NTASKS": "2", "SLURM_JOB_NAME": "interactive"}) is None


@pytest.mark.slow
def test_torchrun_starts_the_command_as_it_is(tmp_path: Path) -> None:
    """Two processes of torchrun are the two that the command starts itself."""
    data = made.coco(tmp_path / "data", images=4)
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    words = ["train", data, "--epochs", 1, "--batch", 1, "--size", 64, "--device", "cpu"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    done = subprocess.run(
        [*torchrun, "impose_widget", *map(str, words), "--out", str(tmp_path / "torchrun")],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    own = command(*words, "--processes", 2, "--out", tmp_path / "own")
    assert own.returncode == 0, own.stderr[-2000:]
    one, two = (torch.load(tmp_path / n / "checkpoint.pt", weights_only=True) for n in ("torchrun", "own"))
    assert one["step"] == two["step"] == 2
    assert all(torch.equal(one["network"][k], two["network"][k]) for k in one["network"])


@pytest.mark.slow
def test_what_render_writes_is_learned_from(tmp_path: Path) -> None:
    rendered = command("render", "crossing_twins", "--out", tmp_path / "data", "--size", "96x64", "--seconds", "0.12")
    assert rendered.returncode == 0, rendered.stderr
    arguments = ("--out", tmp_path / "run", "--epochs", 1, "--batch", 1, "--frames", 2, "--size", 64)
    done = command("train", tmp_path / "data", *arguments, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "from 1 videos" in done.stdout
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert state["step"] == 1
    with (tmp_path / "run" / "log.csv").open() as file:
        row = next(csv.DictReader(file))
    assert float(row["detect"]) > 0 and float(row["denoise"]) > 0
