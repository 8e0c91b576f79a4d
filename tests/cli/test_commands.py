"""The command line: what it says, what it writes, and how it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import impose_widget as iw
from impose_widget.cli import doctor
from impose_widget.cli.app import app
from impose_widget.cli.demo import changed_rows, nearest
from impose_widget.video import open_video, write_video
from tests.io.posed import some_poses

CLIP = files("impose_widget") / "assets" / "store_aisle.mp4"
COMMAND = Path(sys.executable).with_name("impose-widget")


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """The first frames of the clip that ships, as a file that may have a journal beside it."""
    with open_video(str(CLIP)) as video:
        return write_video(tmp_path / "aisle.mp4", video.frames(range(6)), video.fps)


def test_help_names_the_commands() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for name in ("demo", "track", "info", "convert-annotations", "convert", "train", "doctor"):
        assert name in out


def test_info_says_what_the_video_is_and_leaves_nothing_behind(clip: Path) -> None:
    code, out, _ = run("info", clip)
    assert code == 0
    words = " ".join(out.split())
    assert "frames 6" in words and "480 × 270" in words and "nothing unusual" in words and "none yet" in words
    assert [p.name for p in clip.parent.iterdir()] == ["aisle.mp4"]


def test_info_finds_the_journal(clip: Path) -> None:
    with iw.Session.open(clip, model=None) as session:
        session.draw_box(0, (100, 50, 60, 120))
    _, out, _ = run("info", clip)
    assert "goes on from there" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("info", "nothing.mp4"), "does not exist"),
        (("convert-annotations", "nothing.csv", "out.json"), "does not exist"),
        (("convert-annotations", "nothing.xyz", "out.json"), "parquet"),
        (("track", "nothing.mp4"), "does not exist"),
        (("track", "nothing.mp4", "--format", "tape"), "parquet, csv, coco"),
        (("track", "nothing.mp4", "--model", "huge"), "tiny"),
        (("track", "a/x.mp4", "b/x.mp4"), "different names"),
    ],
)
def test_a_mistake_is_one_sentence_and_code_2(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert code == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err + out
    assert list(tmp_path.iterdir()) == []


def test_the_whole_error_is_shown_when_asked_for() -> None:
    result = CliRunner().invoke(app, ["--traceback", "info", "nothing.mp4"])
    assert isinstance(result.exception, FileNotFoundError)
    result = CliRunner().invoke(app, ["info", "nothing.mp4"], env={"IMPOSE_TRACEBACK": "1"})
    assert isinstance(result.exception, FileNotFoundError)
    assert run("info", "nothing.mp4")[0] == 2  # and not for ever after


def test_a_bug_is_told_from_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the wheels came off")

    monkeypatch.setattr("impose_widget.video.open_video", broken)
    code, _, err = run("info", "clip.mp4")
    assert code == 1
    assert "the wheels came off" in err and "bug" in err


def test_convert_goes_through_several_formats(tmp_path: Path) -> None:
    poses = some_poses()
    iw.write(poses, tmp_path / "a.parquet")
    for source, target in (("a.parquet", "b.json"), ("b.json", "c.csv"), ("c.csv", "d.parquet")):
        code, out, err = run("convert-annotations", tmp_path / source, tmp_path / target)
        assert code == 0, err
        assert f"{(poses['visibility'] > 0).sum()} keypoints of 3 people in 6 frames" in out
    pd.testing.assert_frame_equal(iw.read(tmp_path / "d.parquet"), poses, check_exact=True)


def test_convert_says_first_what_is_lost_and_maps_keypoints(tmp_path: Path) -> None:
    iw.write(some_poses(), tmp_path / "a.parquet")
    code, out, err = run("convert-annotations", tmp_path / "a.parquet", tmp_path / "b", "--to", "openpose")
    assert code == 0, err
    assert "occluded keypoints" in err and "as openpose" in out
    code, out, err = run(
        "convert-annotations", tmp_path / "a.parquet", tmp_path / "c.json", "--skeleton", "posetrack17"
    )
    assert code == 0, err
    assert iw.read(tmp_path / "c.json").attrs["skeleton"]["name"] == "posetrack17"
    code, _, err = run("convert-annotations", tmp_path / "a.parquet", tmp_path / "b", "--to", "openpose")
    assert code == 2 and "new name" in err  # nothing that is there is written over


def test_convert_takes_the_size_that_a_file_does_not_say(tmp_path: Path) -> None:
    iw.write(some_poses(), tmp_path / "a.csv")
    code, _, err = run("convert-annotations", tmp_path / "a.csv", tmp_path / "b", "--to", "yolo")
    assert code == 2 and "--size" in err
    code, _, err = run("convert-annotations", tmp_path / "a.csv", tmp_path / "b", "--to", "yolo", "--size", "640x480")
    assert code == 0, err
    code, _, err = run("convert-annotations", tmp_path / "a.csv", tmp_path / "c", "--to", "yolo", "--size", "big")
    assert code == 2 and "1280x720" in err


def test_convert_lists_the_formats() -> None:
    code, out, _ = run("convert-annotations", "--formats")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == list(iw.formats()["format"])


def test_convert_links_people_only_when_asked(tmp_path: Path) -> None:
    iw.write(some_poses(), tmp_path / "a", "yolo")
    code, out, err = run("convert-annotations", tmp_path / "a", tmp_path / "b.csv")
    assert code == 0 and "--link" in err and "of 3 people" not in out
    code, out, err = run("convert-annotations", tmp_path / "a", tmp_path / "c.csv", "--link")
    assert code == 0 and "--link" not in err and "of 3 people" in out


def test_track_writes_poses_and_goes_on_later(clip: Path, tmp_path: Path) -> None:
    out_folder = tmp_path / "out"
    code, out, err = run("track", clip, "--out", out_folder, "--overlay")
    assert code == 0, err
    assert "people in 6 frames" in out
    assert {p.name for p in (out_folder / "aisle").iterdir()} == {"poses.parquet", "poses.json", "overlay.mp4"}
    poses = iw.read(out_folder / "aisle" / "poses.parquet")
    assert poses["track_id"].nunique() >= 2
    assert len(open_video(out_folder / "aisle" / "overlay.mp4")) == 6
    with iw.Session.open(clip) as session:
        session.initialize(progress=False)
        pd.testing.assert_frame_equal(session.poses, poses)
        assert len(session.events) == 1  # nothing was looked for again


def test_track_does_the_others_when_one_fails(clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    code, out, err = run("track", bad, clip, "--out", tmp_path / "out", "--format", "csv")
    assert code == 2
    assert "bad.mp4" in err and "1 of 2 videos failed" in err
    assert "aisle.mp4: " in out
    assert [p.name for p in (tmp_path / "out" / "aisle").iterdir()] == ["poses.csv"]


@pytest.mark.slow
def test_the_demo_from_a_shell(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from impose_widget.cli import main; main()", "demo", "--out", "out"]
    package = Path(iw.__file__).parent
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    before = sorted(p.name for p in (package / "assets").iterdir())
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=250, env=environment)
    assert ran.returncode == 0, ran.stderr
    out = tmp_path / "out"
    corrections = json.loads((package / "assets" / "store_aisle.corrections.json").read_text())
    assert "keypoints moved per click" in ran.stdout
    assert sorted(p.name for p in (package / "assets").iterdir()) == before
    poses = iw.read(out / "poses.parquet")
    pd.testing.assert_frame_equal(iw.read(out / "poses.json"), poses, check_exact=True)
    anchors = poses[poses["anchor"]]
    assert len(anchors) == len(corrections)
    for c in corrections:  # what a human placed is where they placed it, at the end
        row = anchors[(anchors["frame"] == c["frame"]) & (anchors["keypoint"] == c["keypoint"])]
        assert np.abs(row[["x", "y"]].to_numpy() - c["xy"]).sum(1).min() < 1e-3
    assert (poses["source"] == "propagated").sum() > len(corrections)
    assert len(open_video(out / "overlay.mp4")) == 67
    assert (out / "contact_sheet.png").stat().st_size > 50_000


def test_a_correction_finds_its_person_by_place() -> None:
    poses = some_poses(2, 3)
    middles = poses[poses["frame"] == 1].groupby("track_id")[["x", "y"]].median()
    for track_id, (x, y) in zip(middles.index, middles.to_numpy(), strict=True):
        assert nearest(poses, 1, (x + 5, y - 5)) == track_id
    with pytest.raises(ValueError, match="nobody there"):
        nearest(poses, 1, (-500, 0))
    with pytest.raises(ValueError, match="nobody there"):
        nearest(poses, 5, (100, 100))


def test_changes_are_counted_from_one_pixel_on() -> None:
    before = some_poses(2, 1)
    after = before.copy()
    shown = after.index[after["visibility"] > 0]
    after.loc[shown[0], "x"] += 0.5
    after.loc[shown[1], "x"] += 2
    after.loc[shown[2], ["x", "y"]] = np.nan
    assert changed_rows(before, after).index.tolist() == [shown[1], shown[2]]
    assert changed_rows(before, before).empty


def test_doctor_finds_this_machine_well() -> None:
    code, out, _ = run("doctor")
    assert code == 0
    for name in ("torch", "OpenCV", "PyAV", "weights", "data folder"):
        assert name in out
    assert "broken" not in out


def test_doctor_says_what_to_do_about_two_builds_of_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"opencv-python": "5.0", "opencv-python-headless": "5.0"}
    monkeypatch.setattr(doctor, "installed", versions.get)
    (finding,) = doctor.check_opencv()
    assert finding.state == doctor.WARNING
    assert "pip uninstall -y opencv-python opencv-python-headless" in finding.advice


def test_doctor_knows_a_missing_libgl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(doctor, "installed", {"opencv-python": "5.0"}.get)
    (finding,) = doctor.check_opencv()
    assert finding.state == doctor.BROKEN
    assert "libgl1" in finding.advice and "opencv-python-headless" in finding.advice


def test_doctor_notices_a_data_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    (finding,) = doctor.check_data_folder()
    assert finding.state == doctor.WARNING
    assert "store=" in finding.advice


@pytest.mark.skipif(not COMMAND.exists(), reason="the package is not installed here")
def test_the_installed_command_runs() -> None:
    ran = subprocess.run([str(COMMAND), "--version"], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == f"impose-widget {iw.__version__}"


def notebook_cells(path: Path) -> list[dict]:
    import nbformat

    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    return notebook.cells


def test_annotate_opens_a_ready_notebook_in_jupyterlab(clip: Path, monkeypatch) -> None:
    called = []
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    code, out, err = run("annotate", clip, "--no-browser")
    assert code == 0, err
    notebook = clip.with_name("aisle.mp4.ipynb")
    assert called == [[sys.executable, "-m", "jupyterlab", str(notebook.resolve()), "--no-browser"]] and "Made" in out
    cells = notebook_cells(notebook)
    assert "iw.Annotator('aisle.mp4')" in cells[1].source and cells[2].source == "annotator.poses"
    notebook.write_text(notebook.read_text().replace("annotator.poses", "annotator.poses.head(7)"))
    assert "Opening" in run("annotate", clip)[1]
    assert "head(7)" in notebook.read_text(), "a notebook that somebody has worked in is left alone"
    elsewhere = clip.parent / "notebooks"
    elsewhere.mkdir()
    run("annotate", clip, "--notebook", elsewhere / "mine.ipynb")
    assert repr(str(clip.resolve())) in notebook_cells(elsewhere / "mine.ipynb")[1].source


def test_annotate_says_what_is_missing(clip: Path, monkeypatch) -> None:
    code, _, err = run("annotate", clip.with_name("missing.mp4"))
    assert code == 2 and "does not exist" in err
    monkeypatch.setattr("impose_widget.cli.lab.find_spec", lambda name: None)
    code, _, err = run("annotate", clip)
    assert code == 2 and "pip install 'impose-widget[lab]'" in err


def test_doctor_says_whether_the_editor_was_built(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "files", lambda _: tmp_path)
    [finding] = doctor.check_editor()
    assert finding.state == doctor.WARNING and "pip install -e ." in finding.advice
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "widget.js").write_text("export default {}" * 1000)
    [finding] = doctor.check_editor()
    assert finding.state == doctor.OK and "17 kB" in finding.found


def test_replay_does_everything_again(clip: Path, tmp_path: Path) -> None:
    with iw.Session.open(clip) as session:
        session.initialize(progress=False)
        person = int(session.tracks["track_id"].iloc[0])
        session.correct(2, person, "nose", (290, 60))
        session.propagate(direction="both", progress=False)
    code, out, err = run("replay", clip, "--out", tmp_path / "again.impose")
    assert code == 0 and "3 actions done again; all tables are the same." in out, err
    assert (tmp_path / "again.impose").is_file()
    assert run("replay", clip, "--out", tmp_path / "again.impose")[0] == 2, "nothing is overwritten"
    code, out, _ = run("replay", clip, "--model", "none")
    assert code in (1, 2), "without the network other people, or none, are found"
    code, _, err = run("replay", CLIP)
    assert code == 2 and "--journal" in err
