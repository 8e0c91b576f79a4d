"""Every format: what it says it holds comes back, and what it does not hold is said."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import impose_widget as iw
from impose_widget.io import loss, registry
from tests.io.posed import everything_stated, pose_tables, some_poses

NAMES = list(registry.modules())
QUICK = {"sleap": 8, "sleap-analysis": 8, "nwb": 6, "movement": 10, "dlc-h5": 10}  # examples; others 40


def file_of(name: str, folder: str | Path) -> Path:
    """A path that this format may write to."""
    suffixes = registry.modules()[name].FORMAT.suffixes
    return Path(folder) / ("poses" + (suffixes[0] if suffixes else ""))


def back_from(poses: pd.DataFrame, name: str) -> pd.DataFrame | None:
    """The table after a trip through a file; None if the format refuses it with a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = file_of(name, folder)
        try:
            iw.write(poses, path, name)
        except ValueError as error:
            assert str(error).startswith("Expected") and "\n" not in str(error).replace("\\n", "")
            assert not path.exists()
            return None
        return iw.read(path, name)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_format_holds_comes_back_from_random_tracks(name: str) -> None:
    kind = registry.modules()[name].FORMAT
    refused = total = 0

    @given(poses=pose_tables())
    @settings(max_examples=QUICK.get(name, 40), deadline=None)
    def trip(poses: pd.DataFrame) -> None:
        nonlocal refused, total
        back = back_from(poses, name)
        total, refused = total + 1, refused + (back is None)
        if back is not None:
            assert loss.differences(poses, back, kind) == []

    trip()
    assert refused < 0.8 * total  # names that XML or NWB cannot hold, skeletons that have nothing in common


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_can_be_stated_comes_back_or_is_named_as_lost(name: str, tmp_path: Path) -> None:
    poses = everything_stated()
    kind = registry.modules()[name].FORMAT
    lost = set(iw.losses(poses, name)["aspect"])
    assert lost - {"keypoints"} <= set(kind.cannot)
    back = back_from(poses, name)
    placed = back[back["visibility"] > 0]
    for part, needs in (("regions", ()), ("images", ("image_facts",)), ("people", ("identities", "numbers"))):
        if part not in lost and not lost & set(needs):
            assert back.attrs[part] == poses.attrs[part], part
    if "people" not in lost and "keypoints" not in kind.cannot:
        assert "Zoë <b>" in back.attrs["people"]["name"]
    if "images" not in lost:
        assert back.attrs["images"]["file"] == poses.attrs["images"]["file"]
    if "video" not in lost:
        assert back.attrs["video"] == poses.attrs["video"]
    for aspect, column in (("time", "time"), ("anchor", "anchor"), ("revision", "revision")):
        if aspect not in lost and "keypoints" not in kind.cannot:
            assert set(placed[column].dropna()) == set(loss.held(poses, kind)[column].dropna())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_told_by_its_content(name: str, tmp_path: Path) -> None:
    path = iw.write(some_poses(), file_of(name, tmp_path), name)
    pd.testing.assert_frame_equal(iw.read(path), iw.read(path, name))


@pytest.mark.parametrize("name", NAMES)
def test_a_one_pixel_dot_stays_on_its_pixel(name: str, tmp_path: Path) -> None:
    poses = some_poses(1, 1)
    poses["x"], poses["y"], poses["visibility"] = np.float32(7), np.float32(3), np.int8(2)
    back = back_from(poses, name)
    if "keypoints" in registry.modules()[name].FORMAT.cannot:
        assert back.attrs["boxes"]["x"] == [7] and back.attrs["boxes"]["y"] == [3]
        return
    back = back[back["visibility"] > 0]
    assert len(back) >= 13
    assert np.allclose(back["x"], 7, atol=1e-3) and np.allclose(back["y"], 3, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_can_be_written(name: str) -> None:
    nobody = some_poses().iloc[:0]
    back = back_from(nobody, name)
    assert back is None or len(back) == 0


def test_without_something_to_lose_nothing_is_lost() -> None:
    plain = pd.DataFrame({"frame": [0, 1], "track_id": 0, "keypoint": "nose", "x": [1.0, 2.0], "y": 5.0})
    assert iw.losses(plain, "dlc").empty
    assert iw.losses(plain, "poses.json").empty
    assert iw.losses(plain, "yolo")["aspect"].tolist() == ["track_id"]


def test_losses_are_counted_in_one_sentence() -> None:
    poses = some_poses()
    lost = iw.losses(poses, "openpose").set_index("aspect")
    assert lost.loc["occluded", "n"] == (poses["visibility"] == 1).sum()
    assert lost.loc["anchor", "n"] == poses["anchor"].sum()
    text = loss.sentence(iw.losses(poses, "openpose"), registry.format_of("openpose"))
    assert "occluded keypoints" in text and "\n" not in text


def test_a_file_that_lost_something_unsaid_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = registry.modules()["coco"]
    whole = module.read

    def forgetful(source: object) -> pd.DataFrame:
        poses = whole(source)
        poses.loc[poses["visibility"] == 1, "visibility"] = np.int8(2)
        return poses

    monkeypatch.setattr(module, "read", forgetful)
    iw.write(some_poses(), tmp_path / "poses.json")
    with pytest.raises(ValueError, match="visibility differs"):
        iw.write(some_poses(), tmp_path / "poses.json", check=True)


@pytest.mark.parametrize("name", NAMES)
def test_check_is_content_with_every_format(name: str, tmp_path: Path) -> None:
    iw.write(everything_stated(), file_of(name, tmp_path), name, check=True)


def test_the_table_of_formats_says_what_is_needed() -> None:
    table = iw.formats().set_index("format")
    assert table.loc["sleap", "extra"] == "sleap"
    assert table["available"].all()
    assert table.loc[["parquet", "coco", "json"], "exact"].all()
    assert not table["exact"].drop(["parquet", "coco", "json"]).any()


def test_a_missing_extra_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"impose-widget\[sleap\]"):
        iw.write(some_poses(), tmp_path / "poses.slp")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["regions", "people", "images", "boxes"])
def test_a_stated_fact_that_did_not_come_back_is_noticed(part: str) -> None:
    poses, kind = everything_stated(), registry.modules()["coco"].FORMAT
    back = poses.copy()
    assert loss.differences(poses, back, kind) == []
    back.attrs = {name: value for name, value in poses.attrs.items() if name != part}
    assert any("differ" in found for found in loss.differences(poses, back, kind))
