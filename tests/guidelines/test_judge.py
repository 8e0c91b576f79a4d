"""Guidelines: who is annotated, and what becomes of the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from impose_widget.guidelines import Guidelines, apply, judge
from impose_widget.guidelines.sharpness import call_blurred_occluded
from impose_widget.video import open_video
from tests.io.posed import some_poses


@pytest.fixture
def poses() -> pd.DataFrame:
    """Three people a frame, all from the network, all keypoints visible but those that a test hides."""
    table = some_poses(2, 3)
    table["x"], table["y"] = table["x"].fillna(60), table["y"].fillna(90)
    return table.assign(visibility=np.int8(2), source="model", anchor=False)


def hide(poses: pd.DataFrame, frame: int, track_id: int, n: int) -> None:
    rows = poses.index[(poses["frame"] == frame) & (poses["track_id"] == track_id)][:n]
    poses.loc[rows, "visibility"] = np.int8(1)


@pytest.mark.parametrize(("hidden", "kept"), [(9, True), (10, False)])
def test_eight_keypoints_must_be_visible(poses: pd.DataFrame, hidden: int, kept: bool) -> None:
    hide(poses, 1, 2, hidden)
    row = judge(poses, Guidelines()).query("frame == 1 and track_id == 2").iloc[0]
    assert row["kept"] == kept and row["n_visible"] == 17 - hidden
    assert (row["reason"] == "") == kept
    assert judge(poses, Guidelines(count_occluded=True))["kept"].all()


def test_the_number_is_scaled_for_other_skeletons() -> None:
    assert Guidelines().needed(17) == 8
    assert Guidelines().needed(15) == 8  # 7.06 rounded up
    assert Guidelines().needed(13) == 7


def test_what_an_annotator_placed_is_never_left_out(poses: pd.DataFrame) -> None:
    hide(poses, 0, 0, 16)
    poses.loc[(poses["frame"] == 0) & (poses["track_id"] == 0), "source"] = "imported"
    row = judge(poses, Guidelines()).query("frame == 0 and track_id == 0").iloc[0]
    assert row["given"] and row["kept"]


def test_the_very_small_are_left_out(poses: pd.DataFrame) -> None:
    small = (poses["track_id"] == 1) & (poses["frame"] == 0)
    poses.loc[small, ["x", "y"]] = 300 + 0.05 * poses.loc[small, ["x", "y"]]
    verdict = judge(poses, Guidelines(min_size=24))
    assert verdict.loc[~verdict["kept"], ["frame", "track_id"]].to_numpy().tolist() == [[0, 1]]
    assert "pixels" in verdict.loc[~verdict["kept"], "reason"].iloc[0]


def test_whoever_is_left_out_is_named_in_an_ignore_region(poses: pd.DataFrame) -> None:
    hide(poses, 1, 2, 17)
    rules = Guidelines()
    kept = apply(poses, judge(poses, rules), rules)
    assert len(kept) == len(poses) - 17
    regions = kept.attrs["regions"]
    assert regions["frame"] == [1]
    polygon = np.array(regions["polygon"][0]).reshape(4, 2)
    gone = poses.query("frame == 1 and track_id == 2")
    assert (polygon.min(0) <= gone[["x", "y"]].min()).all() and (polygon.max(0) >= gone[["x", "y"]].max()).all()
    assert "regions" not in apply(poses, judge(poses, rules), Guidelines(policy="drop")).attrs
    assert len(apply(poses, judge(poses, rules), Guidelines(policy="keep"))) == len(poses)


def test_someone_at_the_border_is_marked(poses: pd.DataFrame) -> None:
    poses.loc[5, "x"] = 0.5
    verdict = judge(poses, Guidelines())
    assert verdict["truncated"].sum() == 1 and verdict["kept"].all()


def test_a_blurred_keypoint_of_a_machine_is_called_occluded(poses: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (2, 480, 640, 3), np.uint8)
    row = poses.index[(poses["frame"] == 1) & (poses["track_id"] == 1)][4]
    x, y = (round(float(v)) for v in poses.loc[row, ["x", "y"]])
    frames[1, max(y - 40, 0) : y + 41, max(x - 40, 0) : x + 41] = 128
    with open_video(frames) as video:
        out, n = call_blurred_occluded(poses, video, 0.1)
        assert out.loc[row, "visibility"] == 1 and n >= 1
        assert (out.loc[poses["frame"] == 0, "visibility"] == 2).all()
        same, none = call_blurred_occluded(poses.assign(source="imported"), video, 0.1)
    assert none == 0 and (same["visibility"] == 2).all()


@pytest.mark.parametrize("wrong", [{"policy": "burn"}, {"min_visible": -1}, {"min_sharpness": 1.5}])
def test_impossible_guidelines_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="Expected"):
        Guidelines(**wrong)
