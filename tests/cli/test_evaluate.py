"""`impose-widget evaluate`: what it writes, and what it refuses before it works."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from impose_widget.cli.app import app
from impose_widget.cli.evaluate import CLIP, LABELS
from impose_widget.io import write
from impose_widget.session import Session
from impose_widget.video import write_video
from tests.evaluate.clips import walking
from tests.walkers import SMALL


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A video file, its labels, its skeleton."""
    folder = tmp_path_factory.mktemp("clip")
    footage, truth = walking(8)
    video = write_video(folder / "walkers.mp4", footage.video.frames(range(8)), 25.0)
    write(truth.poses(), folder / "labels.json")
    (folder / "small.json").write_text(json.dumps(SMALL.to_json()))
    return video, folder / "labels.json", folder / "small.json"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def test_it_writes_a_report(clip: tuple[Path, Path, Path], tmp_path: Path) -> None:
    video, labels, skeleton = clip
    with Session.open(video, model=None, skeleton=skeleton, store=tmp_path / "anna.impose") as session:
        track_id = session.draw_box(0, (10, 10, 30, 40))
        session.correct(0, track_id, "head", (20, 20))
    code, out, err = run(
        video, "-t", labels, "--skeleton", skeleton, "-m", "keyframes", "-m", "flow", "--policy", "worst",
        "--budget", 2, "--results", f"theirs={labels}", "--time", tmp_path / "anna.impose",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    assert "report.html" in out
    table = pd.read_csv(tmp_path / "out" / "curves.csv")
    assert set(table["method"]) == {"keyframes", "flow", "theirs"}
    assert table.set_index("method").loc["theirs", "clicks_made"] == 0  # their results are the labels
    text = (tmp_path / "out" / "report.md").read_text()
    assert "impose-widget" in text and "The time that people took" in text and "anna.impose" in text


def test_what_is_refused(clip: tuple[Path, Path, Path], tmp_path: Path) -> None:
    video, labels, skeleton = clip
    for arguments, words in (
        ((video,), "Expected one --truth for each video, got 1 videos and 0 files of labels"),
        ((tmp_path / "no.mp4", "-t", labels), "Expected a video, got"),
        ((video, "-t", tmp_path / "no.json"), "Expected an annotation file, got"),
        ((video, "-t", labels), "Expected keypoints of coco17"),
        ((video, "-t", labels, "-m", "magic"), "Expected --method as one of impose"),
        ((video, "-t", labels, "--policy", "luck"), "Expected --policy as one of worst"),
        ((video, "-t", labels, "-e", "speed"), "Expected an experiment as one of curve"),
        ((video, "-t", labels, "--results", "X=none.json"), "Expected a file for X, got none.json"),
        ((video, "-t", labels, "--skeleton", skeleton, "--time", "none.impose"), "Expected a journal, got none.impose"),
        (("-t", labels, video, "--area", "mask", "--skeleton", skeleton), "Expected area as one of"),
    ):
        code, _, err = run(*arguments, "--out", tmp_path / "out", "-m", "keyframes", "--budget", 1)
        assert (code, words in err) == (2, True), (arguments, err)


def test_labels_of_another_video_are_refused(clip: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, labels, skeleton = clip
    footage, _ = walking(5)
    short = write_video(tmp_path / "short.mp4", footage.video.frames(range(5)), 25.0)
    code, _, err = run(short, "-t", labels, "--skeleton", skeleton, "--out", tmp_path / "out")
    assert code == 2 and "is it the file of another video?" in err
    assert not (tmp_path / "out").exists()


def test_without_a_video_it_takes_the_clip_that_ships() -> None:
    from importlib.resources import files

    assets = files("impose_widget") / "assets"
    assert (assets / CLIP).is_file() and (assets / LABELS).is_file()
