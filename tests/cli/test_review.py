"""`impose-widget review`: someone's labels of the clip that ships against those that ship with it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.video import open_video, write_video
from tests.cli.test_commands import run

ASSETS = files("impose_widget") / "assets"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    with open_video(str(ASSETS / "store_aisle.mp4")) as video:
        return write_video(tmp_path / "aisle.mp4", video.frames(range(12)), video.fps)


def test_a_review_from_a_shell(clip: Path, tmp_path: Path) -> None:
    truth = iw.read(str(ASSETS / "store_aisle.labels.json")).query("frame < 12")
    theirs = truth.copy()
    spoilt = (theirs["frame"].between(3, 5)) & (theirs["track_id"] == 0) & (theirs["keypoint"] == "right_elbow")
    theirs.loc[spoilt, "x"] += 40
    for name, poses in (("truth", truth), ("theirs", theirs)):
        poses.attrs = {}
        iw.write(poses, tmp_path / f"{name}.csv")
    out = tmp_path / "out"
    code, said, errors = run(
        "review", clip, tmp_path / "theirs.csv", "--against", tmp_path / "truth.csv", "--out", out
    )  # fmt: skip
    assert code == 0, errors
    assert "right elbow is 40 px from where truth.csv has it" in " ".join(said.split())
    wrong = pd.read_csv(out / "disagreements.csv")
    assert wrong[["frame", "keypoint"]].to_numpy().tolist() == [[f, "right_elbow"] for f in (3, 4, 5)]
    assert {p.name for p in out.iterdir()} >= {"review.html", "review.md", "issues.csv", "guidelines.csv"}
    with iw.Session.open(clip, model=None) as session:
        xy = truth.set_index(["frame", "track_id", "keypoint"]).loc[(4, 0, "right_elbow"), ["x", "y"]]
        session.correct(4, 0, "right_elbow", xy.to_numpy(float))
        session.review(3, 0, comment="look again")
    assert run("review", clip, tmp_path / "theirs.csv", "--out", out)[0] == 0, "loaded once only"
    report = (out / "review.md").read_text("utf-8")
    (row,) = [line.split(" | ") for line in report.splitlines() if line.startswith("| right_elbow |")]
    assert row[2] == "1" and row[4] == "40" and "look again" in report


def test_nothing_to_review_is_a_mistake(clip: Path, tmp_path: Path) -> None:
    code, _, errors = run("review", clip, "--out", tmp_path / "out")
    assert code == 2 and "got none in the journal" in errors and not (tmp_path / "out").exists()
