"""A folder of videos with partial annotations in, completed annotations out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.dataset import extend
from impose_widget.dataset.extend import find_videos
from impose_widget.video import open_video, write_video
from tests.cli.test_commands import run
from tests.walkers import Walkers

NAMES = ["nose", "left_wrist", "right_wrist", "left_ankle"]
ASSETS = Path(iw.__file__).parent / "assets"


def annotations(walkers: Walkers, hole: range) -> pd.DataFrame:
    """The truth in COCO's words; in the frames `hole` nobody placed the left wrist."""
    rows = [
        (f, n, name, *walkers.truth[f, n, k])
        for f in range(walkers.n_frames)
        for n in range(2)
        for k, name in enumerate(NAMES)
        if not (name == "left_wrist" and f in hole)
    ]
    poses = pd.DataFrame(rows, columns=["frame", "track_id", "keypoint", "x", "y"])
    return iw.to_skeleton(poses, "coco17")


@pytest.fixture
def folder(tmp_path: Path, walkers: Walkers, frames: np.ndarray) -> Path:
    """Two videos and their annotations."""
    for name in ("one", "two"):
        (tmp_path / "videos").mkdir(exist_ok=True)
        write_video(tmp_path / "videos" / f"{name}.mp4", frames, 25)
    (tmp_path / "labels").mkdir()
    iw.write(annotations(walkers, range(10, 14)), tmp_path / "labels" / "one.json")
    iw.write(annotations(walkers, range(5, 7)), tmp_path / "labels" / "two.v2.json")
    return tmp_path


def test_gaps_are_filled_and_counted(folder: Path) -> None:
    result = extend(folder / "videos", folder / "labels", folder / "out", "posetrack21", model=None)
    assert result.failed == {}
    videos = result.videos.set_index("name")
    assert videos.loc["one", "keypoints_before"] == 30 * 8 - 8
    assert videos.loc["one", "keypoints_completed"] == videos.loc["one", "from_propagated"] == 8
    assert result.total["keypoints_added"] == 8 + 4
    poses = iw.read(folder / "out" / "one" / "poses.parquet")
    added = poses[poses["source"] == "propagated"]
    assert set(added["keypoint"]) == {"left_wrist"} and set(added["frame"]) == {10, 11, 12, 13}
    tracked = iw.read(folder / "out" / "one" / "one.posetrack21.json")
    assert (tracked["visibility"] > 0).sum() == (poses["visibility"] > 0).sum()
    assert json.loads((folder / "out" / "one" / "statistics.json").read_text())["keypoints_added"] == 8
    assert len(pd.read_csv(folder / "out" / "statistics.csv")) == 2


def test_corrections_made_since_are_kept_and_cost_clicks(folder: Path) -> None:
    arguments = folder / "videos", folder / "labels", folder / "out"
    extend(*arguments, model=None)
    with iw.Session.open(folder / "videos" / "one.mp4", model=None, store=folder / "out/one/journal.impose") as s:
        s.correct(11, 0, "left_wrist", (33.0, 40.0))
    result = extend(*arguments, model=None)
    assert result.videos.set_index("name").loc["one", "clicks"] == 1
    assert result.total["keypoints_per_click"] == 12
    row = iw.read(folder / "out/one/poses.parquet").query("frame == 11 and track_id == 0 and keypoint == 'left_wrist'")
    assert (row["x"].iloc[0], row["source"].iloc[0], row["anchor"].iloc[0]) == (33, "human", True)


def test_one_bad_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "labels" / "one.json").write_text("{")
    result = extend(folder / "videos", folder / "labels", folder / "out", model=None)
    assert result.videos["name"].tolist() == ["two"]
    assert "one.json" in result.failed["one"]


def test_one_file_may_hold_all_videos(folder: Path) -> None:
    parts = [json.loads(p.read_text()) for p in sorted((folder / "labels").iterdir())]
    whole = {"images": [], "annotations": [], "categories": parts[0]["categories"], "videos": []}
    for n, part in enumerate(parts):
        whole["videos"].append({"id": n, "name": ("one", "two")[n]})
        whole["images"] += [i | {"id": i["id"] + 1000 * n, "video_id": n} for i in part["images"]]
        for person in part["annotations"]:
            person.pop("impose")
            whole["annotations"].append(person | {"image_id": person["image_id"] + 1000 * n})
    (folder / "all.json").write_text(json.dumps(whole))
    result = extend(folder / "videos", folder / "all.json", folder / "out", model=None)
    assert result.failed == {}
    assert result.total["keypoints_added"] == 12


def test_the_command_prints_what_was_added(folder: Path) -> None:
    code, out, err = run(
        "extend", folder / "videos", "-a", folder / "labels", "--out", folder / "out", "--model", "none"
    )
    assert code == 0, err
    assert "468 + 12" in out and "one" in out
    code, _, err = run("extend", folder / "nothing", "--out", folder / "out")
    assert code == 2 and "Expected" in err


def test_missing_and_ambiguous_input_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="folder of videos"):
        extend(folder / "nothing", None, folder / "out")
    with pytest.raises(ValueError, match="format as one of"):
        extend(folder / "videos", None, folder / "out", "tape")
    iw.write(
        annotations(Walkers(2, 96, 64, [(20, 30), (70, 34)], [(0, 0), (0, 0)]), range(0)), folder / "labels/one.csv"
    )
    with pytest.raises(ValueError, match=r"one\.csv, one\.json"):
        extend(folder / "videos", folder / "labels", folder / "out")


def test_folders_of_images_are_videos(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").touch()
    assert list(find_videos(tmp_path)) == ["a", "b"]
    assert list(find_videos([tmp_path / "a"])) == ["a"]


def test_the_network_completes_fifteen_keypoints_to_seventeen_and_finds_others(tmp_path: Path) -> None:
    with open_video(ASSETS / "store_aisle.mp4") as video:
        (tmp_path / "videos").mkdir()
        write_video(tmp_path / "videos" / "aisle.mp4", video.frames(range(12)), video.fps)
    with iw.Session.open(tmp_path / "videos" / "aisle.mp4", store=None) as s:
        s.initialize(progress=False)
        found = s.poses
    someone = int(found.query("visibility == 2")["track_id"].value_counts().index[0])
    known = found[(found["track_id"] == someone) & found["frame"].isin([4, 8])].reset_index(drop=True)
    known.attrs = found.attrs
    (tmp_path / "labels").mkdir()
    given = iw.to_skeleton(known, "posetrack15")
    iw.write(given, tmp_path / "labels" / "aisle.json")
    result = extend(tmp_path / "videos", tmp_path / "labels", tmp_path / "out", "posetrack21")
    assert result.failed == {}
    poses = iw.read(tmp_path / "out" / "aisle" / "poses.parquet")
    theirs = poses[poses["track_id"] == someone]
    placed = given[given["visibility"] > 0].merge(
        theirs.astype({"keypoint": "str"}), on=["frame", "track_id", "keypoint"]
    )
    assert (placed["x_x"] == placed["x_y"]).all() and (placed["source_y"] == "imported").all()
    completed = theirs.query("frame in (4, 8) and visibility > 0 and source == 'model'")
    assert len(completed) and set(completed["keypoint"].astype("str")) <= {
        "left_eye", "right_eye", "left_ear", "right_ear"
    }  # fmt: skip
    assert theirs["frame"].nunique() >= 10  # followed into frames that nobody annotated
    assert poses["track_id"].nunique() == found["track_id"].nunique()  # others were found, and nobody twice


@pytest.mark.slow
def test_processes_and_dask_come_to_the_same(folder: Path) -> None:
    from distributed import LocalCluster

    alone = extend(folder / "videos", folder / "labels", folder / "out1", model=None)
    several = extend(folder / "videos", folder / "labels", folder / "out2", model=None, workers=2)
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None, protocol="tcp://") as cluster:
        cluster_too = extend(
            folder / "videos", folder / "labels", folder / "out3", model=None, dask=cluster.scheduler_address
        )
    for other in (several, cluster_too):
        assert other.failed == {}
        pd.testing.assert_frame_equal(alone.videos.drop(columns="hours"), other.videos.drop(columns="hours"))
