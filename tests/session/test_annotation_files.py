"""Files of a session: what was taken in comes out again, also what a session has no place for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.session import Session
from tests.io.posed import everything_stated, some_poses


@pytest.fixture
def session() -> Session:
    """A session of COCO's skeleton on six grey frames."""
    return Session.open(np.full((6, 480, 640, 3), 90, np.uint8), model=None, store=None)


def placed(poses: pd.DataFrame) -> pd.DataFrame:
    """Keypoints that have a place, with the columns that any source has."""
    poses = poses[poses["visibility"] > 0].astype({"keypoint": "str"})
    columns = ["frame", "track_id", "keypoint", "x", "y", "visibility", "score"]
    return poses[columns].sort_values(columns[:3], ignore_index=True)


def test_everything_a_file_states_comes_out_again(session: Session, tmp_path: Path) -> None:
    poses = everything_stated()
    source = iw.write(poses, tmp_path / "in.json")
    session.load(source)
    back = iw.read(session.export(tmp_path / "out.json"))
    pd.testing.assert_frame_equal(placed(back), placed(poses))
    for part in ("regions", "people", "images"):
        assert back.attrs[part] == poses.attrs[part]
    boxes, stated = (pd.DataFrame(p.attrs["boxes"]).sort_values(["kind", "frame", "track_id"]) for p in (back, poses))
    pd.testing.assert_frame_equal(boxes.reset_index(drop=True), stated.reset_index(drop=True))
    assert back.loc[back["visibility"] > 0, "source"].isin(["imported", "human"]).all()


def test_undoing_the_load_takes_all_of_it_back(session: Session, tmp_path: Path) -> None:
    session.load(iw.write(everything_stated(), tmp_path / "in.json"))
    session.undo()
    back = iw.read(session.export(tmp_path / "out.parquet"))
    assert len(back) == 0
    assert set(back.attrs) == {"skeleton", "video"}


def test_it_survives_closing(tmp_path: Path) -> None:
    frames = np.full((6, 48, 64, 3), 90, np.uint8)
    with Session.open(frames, model=None, store=tmp_path / "j.impose") as s:
        s.load(iw.write(everything_stated(), tmp_path / "in.json"))
    with Session.open(frames, model=None, store=tmp_path / "j.impose") as s:
        back = iw.read(s.export(tmp_path / "out.parquet"))
    assert back.attrs["regions"] == everything_stated().attrs["regions"]


def test_keypoints_without_a_place_here_come_out_where_there_is_one(session: Session, tmp_path: Path) -> None:
    tracked = iw.to_skeleton(some_poses(), "posetrack17")
    tops = tracked["keypoint"] == "head_top"
    tracked.loc[tops, ["x", "y"]] = 50.0
    tracked.loc[tops, "visibility"] = np.int8(2)
    session.load(iw.write(tracked, tmp_path / "in.json", "posetrack21"))
    assert "head_top" not in set(session.poses["keypoint"].astype("str"))
    out = iw.read(session.export(tmp_path / "out.json", "posetrack21"))
    assert out.query("keypoint == 'head_top' and visibility > 0").shape[0] == tops.sum()
    session.delete(0, scope="all")
    out = iw.read(session.export(tmp_path / "out.json", "posetrack21"))
    assert out["track_id"].min() == 1
    plain = iw.read(session.export(tmp_path / "plain.json"))
    assert plain.attrs["skeleton"]["name"] == "coco17"


def test_a_skeleton_that_has_nothing_in_common_is_refused(session: Session) -> None:
    flies = pd.DataFrame({"frame": [0], "track_id": 0, "keypoint": "abdomen", "x": 1.0, "y": 2.0})
    with pytest.raises(ValueError, match=r"abdomen.*skeleton="):
        session.load(flies)
    assert session.revision == 0


def test_keypoints_are_found_by_name_in_other_spellings(session: Session) -> None:
    session.load(pd.DataFrame({"frame": [0], "track_id": 0, "keypoint": "Left Wrist", "x": 1.0, "y": 2.0}))
    row = session.poses.query("visibility > 0").iloc[0]
    assert (row["keypoint"], row["x"]) == ("left_wrist", 1)


def test_losses_are_said_before_the_file_is_written(
    session: Session, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    session.load(everything_stated())
    assert "regions" in set(session.losses("poses.csv")["aspect"])
    session.export(tmp_path / "poses.csv")
    said = capfd.readouterr().err
    assert "ignore regions (2)" in said and said.count("\n") == 1
    session.export(tmp_path / "poses.parquet")
    assert capfd.readouterr().err == ""


def test_boxes_alone_make_people_to_fill(session: Session, tmp_path: Path) -> None:
    session.load(iw.write(some_poses(), tmp_path / "boxes.txt"))
    assert session.tracks["track_id"].tolist() == [0, 1, 2]
    assert len(session.boxes) == 18 and (session.boxes["source"] == "imported").all()
    assert (session.poses["visibility"] == 0).all()


def test_one_of_several_videos_can_be_chosen(session: Session, tmp_path: Path) -> None:
    import json

    data = json.loads(iw.write(some_poses(2, 1), tmp_path / "a.json").read_text())
    data.pop("info")
    for image in data["images"]:
        image["video_id"] = 1 + image["frame_index"]
    data["videos"] = [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]
    (tmp_path / "two.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match="'one', 'two'"):
        session.load(tmp_path / "two.json")
    session.load(tmp_path / "two.json", video="two")
    assert set(session.poses["frame"]) == {1}


def test_the_poses_in_other_shapes(session: Session) -> None:
    session.load(some_poses())
    values = session.to_numpy()
    assert values.shape == (6, 3, 17, 3)
    row = session.poses.iloc[20]
    at = values[row["frame"], row["track_id"], row.name % 17]
    assert np.array_equal(at, [row["x"], row["y"], row["score"]], equal_nan=True)
    wide = session.poses_wide("flat")
    assert wide.shape == (6, 3 * 17 * 4)
    assert np.isclose(wide.loc[row["frame"], f"person{row['track_id']}.{row['keypoint']}.x"], row["x"], equal_nan=True)
    dataset = session.to_xarray()
    assert dataset["position"].dims == ("time", "space", "keypoints", "individuals")
