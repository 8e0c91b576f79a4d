"""Real files of other programs and data sets, in and out again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.io import loss, registry
from tests.io.test_every_format import file_of
from tests.shared import SHARED, needs_shared

DATA = SHARED / "data"
BONN = DATA / "annotations" / "bonn_posetrack_cvpr17" / "json"
SAMPLES = DATA / "importer_samples"
REAL = {
    "bonn": BONN / "000001.json",
    "posetrack18": SAMPLES / "mmpose_posetrack18" / "annotations" / "val" / "012834_mpii_test.json",
    "coco": SAMPLES / "mmpose_coco" / "test_coco.json",
    "crowdpose": SAMPLES / "mmpose_crowdpose" / "test_crowdpose.json",
    "mice": DATA / "points" / "lp_mirror_mouse" / "CollectedData.csv",
    "dancer": DATA / "points" / "sleap_dance_human.labels.slp",
}
SLOW = ("nwb",)  # tried with one file
pytestmark = needs_shared


def placed(poses: pd.DataFrame) -> pd.DataFrame:
    return poses[poses["visibility"] > 0]


@pytest.mark.parametrize("which", list(REAL))
def test_what_a_format_holds_of_real_annotations_comes_back(which: str, tmp_path: Path) -> None:
    poses = iw.read(REAL[which])
    poses = poses[poses["frame"].isin(poses["frame"].unique()[:30])].reset_index(drop=True)
    assert len(placed(poses))
    if "video" not in poses.attrs or "width" not in poses.attrs["video"]:
        poses.attrs["video"] = poses.attrs.get("video", {}) | {"width": 1280, "height": 720}
    tried = 0
    for name, module in registry.modules().items():
        if name in SLOW and which != "coco":
            continue
        try:
            (tmp_path / name).mkdir()
            path = iw.write(poses, file_of(name, tmp_path / name), name)
        except ValueError as error:
            assert which == "mice" and "none of them" in str(error)  # no people
            continue
        assert loss.differences(poses, iw.read(path, name), module.FORMAT) == [], name
        tried += 1
    assert tried >= (13 if which == "mice" else 16)


@pytest.mark.parametrize("name", ["posetrack18", "posetrack21", "coco"])
def test_posetrack_annotations_come_back_field_by_field(name: str, tmp_path: Path) -> None:
    source = REAL["posetrack18"]
    before = json.loads(source.read_text())
    after = json.loads(iw.write(iw.read(source), tmp_path / "a.json", name).read_text())
    images = {i["id"]: i for i in after["images"]}
    for image in before["images"]:
        for key in ("file_name", "width", "height", "ignore_regions_x", "ignore_regions_y", "is_labeled"):
            assert images[image["id"]][key] == image[key], key
    people = {(a["image_id"], a["track_id"]): a for a in after["annotations"]}
    assert len(people) == len(before["annotations"])
    for person in before["annotations"]:
        new = people[person["image_id"], person["track_id"]]
        assert np.allclose(new["bbox"], person["bbox"], atol=1e-3)
        assert new["bbox_head"] == person["bbox_head"]
        old_points, new_points = (np.array(p["keypoints"], float).reshape(17, 3) for p in (person, new))
        assert np.allclose(old_points[:, :2], new_points[:, :2], atol=1e-3)  # float32 in the table
        assert np.array_equal(old_points[:, 2] > 0, new_points[:, 2] > 0)
    if name != "coco":
        assert [a["id"] for a in after["annotations"]] == [a["id"] for a in before["annotations"]]


def test_bonn_keeps_occlusion_identities_and_global_ids(tmp_path: Path) -> None:
    before = json.loads(REAL["bonn"].read_text())
    poses = iw.read(REAL["bonn"])
    flags = np.concatenate([np.array(a["keypoints"])[2::3] for a in before["annotations"]])
    assert poses["visibility"].value_counts().to_dict() == {int(v): int((flags == v).sum()) for v in (0, 1, 2)}
    assert poses.attrs["people"]["person_id"]
    after = json.loads(iw.write(poses, tmp_path / "a.json", "posetrack21").read_text())
    want = {(a["track_id"], a["person_id"]) for a in before["annotations"]}
    assert {(a["track_id"], a["person_id"]) for a in after["annotations"]} == want


def test_several_sequences_in_one_file_are_told_apart() -> None:
    path = SAMPLES / "mmpose_posetrack18" / "annotations" / "test_posetrack18_val.json"
    with pytest.raises(ValueError, match=r"3 videos.*'012834_mpii_test'"):
        iw.read(path)
    one = iw.read(path, video="009473_mpii_test")
    alone = iw.read(path.parent / "val" / "009473_mpii_test.json")
    assert len(one) == len(alone)


def test_yolo_labels_with_pictures_beside_them_are_those_of_coco() -> None:
    folder = DATA / "images" / "coco_kpt"
    poses = iw.read(folder)
    assert len(poses.groupby(["frame", "track_id"])) == 166
    first = placed(poses)[placed(poses)["frame"] == poses["frame"].min()]
    line = (folder / "labels" / "000000000036.txt").read_text().split()
    import cv2

    height, width = cv2.imread(str(folder / "images" / "000000000036.jpg")).shape[:2]
    shares = np.array(line[5:], float).reshape(17, 3)
    seen = shares[shares[:, 2] > 0]
    assert np.allclose(first[["x", "y"]].to_numpy(), seen[:, :2] * (width, height), atol=1e-3)


def test_the_flies_of_sleap_keep_their_fragments() -> None:
    poses = iw.read(DATA / "points" / "sleap_centered_pair_predictions.slp")
    assert poses["track_id"].nunique() == 27 and poses["frame"].nunique() == 1100
    assert set(poses["source"]) <= {"model", "imported"} and not poses["anchor"].any()
