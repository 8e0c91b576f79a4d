"""Data sets that keep keypoints elsewhere than COCO does: all of them are read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import impose_widget as iw
from impose_widget.core.skeleton import COCO17
from impose_widget.core.skeletons import WHOLEBODY133
from tests.shared import SHARED, needs_shared

SAMPLES = SHARED / "data" / "importer_samples"


def whole_body(tmp_path: Path, **fields: object) -> Path:
    """A file of one person with a body at (1, 2), a left hand at (10, 20) and other fields."""
    person = {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [1, 2, 2] * 17, "lefthand_kpts": [10, 20, 1] * 21}
    data = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [person | fields],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.keypoints), "skeleton": []}],
    }
    (tmp_path / "a.json").write_text(json.dumps(data))
    return tmp_path / "a.json"


def test_hands_feet_and_face_of_a_whole_body_are_read(tmp_path: Path) -> None:
    poses = iw.read(whole_body(tmp_path, foot_kpts=[5, 6, 0] * 5 + [5, 6, 1], righthand_kpts=[7, 8, 0.25] * 21))
    assert tuple(poses["keypoint"].cat.categories) == WHOLEBODY133.keypoints
    by_name = poses.set_index(poses["keypoint"].astype("str"))
    assert by_name.loc["nose", ["x", "y", "visibility"]].tolist() == [1, 2, 2]
    assert by_name.loc["left_hand_20", ["x", "y", "visibility"]].tolist() == [10, 20, 2]  # 1 is all that this part says
    assert by_name.loc["right_heel", "visibility"] == 2 and by_name.loc["left_heel", "visibility"] == 0
    assert by_name.loc["right_hand_3", ["visibility", "score"]].tolist() == [1, 0.25]
    assert (by_name.loc[[f"face_{i}" for i in range(68)], "visibility"] == 0).all()


def test_a_part_of_a_wrong_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expected lefthand_kpts as 63 numbers, got 62"):
        iw.read(whole_body(tmp_path, lefthand_kpts=[1] * 62))


@needs_shared
def test_real_files_lose_no_keypoint() -> None:
    path = SAMPLES / "mmpose_coco" / "test_coco_wholebody.json"
    people = json.loads(path.read_text())["annotations"]
    fields = ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts")
    points = np.array([[v for field in fields for v in a[field]] for a in people], float).reshape(-1, 3)
    poses = iw.read(path)
    assert (poses["visibility"] > 0).sum() == (points[:, 2] > 0).sum()
    merged = iw.read(SAMPLES / "mmpose_coco" / "test_keypoint_partition_metric.json")
    assert np.array_equal(merged[["x", "y", "visibility"]], poses[["x", "y", "visibility"]], equal_nan=True)
    halpe = json.loads((SAMPLES / "mmpose_halpe" / "test_halpe.json").read_text())["annotations"]
    flags = np.concatenate([a["keypoints"][2::3] for a in halpe])
    poses = iw.read(SAMPLES / "mmpose_halpe" / "test_halpe.json")
    assert (poses["visibility"] > 0).sum() == (flags > 0).sum() and "left_hand_0" in poses["keypoint"].cat.categories
    assert "left_toe" in iw.read(SAMPLES / "mmpose_humanart" / "test_humanart.json")["keypoint"].cat.categories
