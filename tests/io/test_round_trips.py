"""What is written comes back: every column, to the bit, whatever the names and whoever is absent."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import impose_widget as iw
from tests.io.posed import pose_tables, some_poses


def through(poses: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table after a trip through a file."""
    with tempfile.TemporaryDirectory() as folder:
        iw.write(poses, Path(folder) / name)
        assert [p.name for p in Path(folder).iterdir()] == [name]  # nothing is left beside it
        return iw.read(Path(folder) / name)


@pytest.mark.parametrize("name", ["poses.parquet", "poses.json"])
@given(poses=pose_tables())
@settings(max_examples=40, deadline=None)
def test_every_column_and_fact_comes_back(name: str, poses: pd.DataFrame) -> None:
    back = through(poses, name)
    pd.testing.assert_frame_equal(back, poses, check_exact=True)
    assert back.attrs == poses.attrs


@given(poses=pose_tables())
@settings(max_examples=40, deadline=None)
def test_csv_keeps_every_column(poses: pd.DataFrame) -> None:
    back = through(poses, "poses.csv")
    if len(poses) == 0:  # no row, no name of a keypoint
        assert len(back) == 0
        assert list(back) == list(poses)
        return
    pd.testing.assert_frame_equal(back, poses, check_exact=True)


@pytest.mark.parametrize("name", ["poses.parquet", "poses.csv", "poses.json"])
def test_types_are_those_of_the_contract(name: str) -> None:
    back = through(some_poses(), name)
    types = {c: str(t) for c, t in back.dtypes.items()}
    assert types == {
        "frame": "int32",
        "time": "float64",
        "track_id": "int32",
        "keypoint": "category",
        "x": "float32",
        "y": "float32",
        "visibility": "int8",
        "score": "float32",
        "source": "category",
        "anchor": "bool",
        "revision": "int32",
    }
    assert back["keypoint"].cat.ordered
    assert list(back["source"].cat.categories) == ["model", "propagated", "interpolated", "imported", "human"]
    assert (back["x"].isna() == (back["visibility"] == 0)).all()


@pytest.mark.parametrize("name", ["poses.parquet", "poses.csv", "poses.json"])
def test_a_one_pixel_dot_stays_on_its_pixel(name: str) -> None:
    poses = some_poses(1, 1)
    poses["x"], poses["y"], poses["visibility"] = np.float32(7), np.float32(3), np.int8(2)
    back = through(poses, name)
    assert (back["x"] == 7).all()
    assert (back["y"] == 3).all()


def test_pandas_alone_reads_the_parquet_file(tmp_path: Path) -> None:
    poses = some_poses()
    iw.write(poses, tmp_path / "poses.parquet")
    alone = pd.read_parquet(tmp_path / "poses.parquet")
    assert list(alone) == list(poses)
    assert np.array_equal(alone["x"], poses["x"], equal_nan=True)
    assert list(alone["keypoint"]) == list(poses["keypoint"])


def test_a_table_from_elsewhere_is_completed(tmp_path: Path) -> None:
    plain = pd.DataFrame(
        {"frame": [1, 0], "track_id": [0, 0], "joint": ["tail", "tail"], "x": [2.5, np.nan], "y": [1.0, np.nan]}
    )
    plain.to_csv(tmp_path / "plain.csv", index=False)
    poses = iw.read(tmp_path / "plain.csv")
    assert poses["frame"].tolist() == [0, 1]
    assert poses["visibility"].tolist() == [0, 2]
    assert set(poses["source"]) == {"imported"}
    assert not poses["anchor"].any()


def test_rows_left_out_stay_out(tmp_path: Path) -> None:
    wrists = some_poses()
    wrists = wrists[wrists["keypoint"].astype("str").str.endswith("wrist")].reset_index(drop=True)
    for name in ("w.parquet", "w.json"):
        iw.write(wrists, tmp_path / name)
        pd.testing.assert_frame_equal(iw.read(tmp_path / name), wrists, check_exact=True)


@pytest.mark.parametrize("keypoint", ["\r", 'a,"b"', "NA", "nan", " left ", "zwei\nZeilen", "肘", "true", "0"])
@pytest.mark.parametrize("name", ["poses.parquet", "poses.csv", "poses.json"])
def test_odd_names_of_keypoints_come_back(keypoint: str, name: str) -> None:
    plain = pd.DataFrame({"frame": [0, 3], "track_id": 0, "keypoint": keypoint, "x": [1.5, 0.1], "y": 2.0})
    assert list(through(plain, name)["keypoint"]) == [keypoint] * 2
