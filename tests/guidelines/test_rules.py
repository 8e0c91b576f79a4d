"""Guidelines as a file of a project, and blur."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.guidelines import Guidelines, find_guidelines
from impose_widget.guidelines.sharpness import blurred_keypoints
from impose_widget.video import open_video
from tests.io.posed import some_poses

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(texts, texts, st.integers(0, 17), st.floats(0, 500), st.booleans(), st.sampled_from(["toml", "json"]))
@settings(deadline=None, max_examples=60)
def test_a_file_holds_everything(tmp_path_factory, name, text, visible, size, occluded, suffix) -> None:
    rules = Guidelines(visible, occluded, size, name=name, text=text)
    path = rules.write(tmp_path_factory.mktemp("g") / f"guidelines.{suffix}")
    assert Guidelines.read(path) == rules and Guidelines.read(path).digest == rules.digest


def test_people_can_edit_the_file(tmp_path) -> None:
    path = Guidelines().write(tmp_path / "guidelines.toml")
    assert "1. **Eight visible keypoints.**" in path.read_text("utf-8"), "the text is in lines as it is read"
    path.write_text("min_visible = 5\n", "utf-8")
    assert Guidelines.read(path) == Guidelines(min_visible=5)
    assert find_guidelines(tmp_path) == path and find_guidelines(tmp_path / "none") is None
    assert Guidelines(min_visible=5).digest != Guidelines().digest


@pytest.mark.parametrize(
    ("text", "says"),
    [("min_visible = '8'", "integer"), ("least = 3", "least"), ("policy = 'burn'", "policy"), ("a = ", "neither"),
     ("min_size = true", "a number")],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path, text, says) -> None:
    path = tmp_path / "guidelines.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=says):
        Guidelines.read(path)


def test_blurred_keypoints_are_named() -> None:
    poses = some_poses(2, 3)
    poses["x"], poses["y"] = poses["x"].fillna(60), poses["y"].fillna(90)
    poses = poses.assign(visibility=np.int8(2), source="human")
    frames = np.random.default_rng(0).integers(0, 255, (2, 480, 640, 3), np.uint8)
    row = poses.query("frame == 1 and track_id == 1").index[4]
    x, y = (round(float(v)) for v in poses.loc[row, ["x", "y"]])
    frames[1, max(y - 40, 0) : y + 41, max(x - 40, 0) : x + 41] = 128
    with open_video(frames) as video:
        names = blurred_keypoints(poses[poses["frame"] == 1], poses, video)
        sharp = blurred_keypoints(poses[poses["frame"] == 0], poses, video)
    assert poses.loc[row, "keypoint"] in names[1]
    assert sharp == [[], [], []]
