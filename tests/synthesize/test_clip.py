"""What a rendered clip leaves on disk, and that others can read it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import impose_widget as iw
from impose_widget.cli.app import app
from impose_widget.synthesize.clip import write_clip
from impose_widget.video import open_video
from tests.synthesize.stages import scene


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["render", *(str(a) for a in arguments)])
    return result.exit_code, result.stdout + result.stderr


def test_frames_and_truth_lie_side_by_side(tmp_path: Path) -> None:
    made = scene([(-0.6, 0.0), (0.7, -0.5)])
    write_clip(made, tmp_path, video=True)
    data = json.loads((tmp_path / "annotations_posetrack18.json").read_text())
    assert len(data["images"]) == 3 and len(data["annotations"]) == 6
    arrays = np.load(tmp_path / "truth.npz")
    for a in data["annotations"]:
        triples = np.array(a["keypoints"]).reshape(17, 3)
        known = triples[:, 2] > 0
        assert np.allclose(triples[known, :2], arrays["keypoints"][a["image_id"] - 1, a["track_id"]][known], atol=2e-3)
        assert (triples[:, 2] == arrays["visibility"][a["image_id"] - 1, a["track_id"]]).all()
    for image in data["images"]:
        assert (tmp_path.parent / image["file_name"]).is_file()  # as training looks for it
    with open_video(tmp_path / "clip.mp4") as video:
        assert len(video) == 3 and video[0].shape == (120, 160, 3)
    poses = iw.read(tmp_path / "poses.parquet")
    assert len(poses) == 6 * 17 and sorted(poses.track_id.unique()) == [0, 1] and poses.attrs["video"]["fps"] == 25


def test_the_command_renders_goes_on_and_refuses(tmp_path: Path) -> None:
    few = ("child_and_adult", "--out", tmp_path, "--size", "96x64", "--seconds", "0.08")
    code, text = run(*few)
    assert code == 0 and "2 people, 2 frames" in text
    code, text = run(*few)
    assert code == 0 and "there already" in text
    for wrong, says in (
        (("no_such",), "crossing_twins"),
        (("random", "--size", "big"), "WIDTHxHEIGHT"),
        (("random", "--frames", "gif"), "jpg, png"),
        (("random", "--mocap", tmp_path / "none"), "does not exist"),
        (("random", "--backgrounds", tmp_path / "none"), "photographs"),
    ):
        code, text = run(*wrong, "--out", tmp_path / "x")
        assert code == 2 and says in text and "Traceback" not in text, (wrong, text)


def test_a_wrong_kind_of_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="jpg, png"):
        write_clip(scene(), tmp_path, frames="gif")
