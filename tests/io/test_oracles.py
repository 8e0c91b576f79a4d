"""Other programs' own readers, and the rules that other programs have published, on what we write."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.core.skeletons import POSETRACK17
from tests.io.posed import everything_stated, some_poses

GONE = ["left_eye", "right_eye"]  # which PoseTrack has no place for


@pytest.fixture
def poses() -> pd.DataFrame:
    return everything_stated()


def placed(poses: pd.DataFrame) -> pd.DataFrame:
    return poses[poses["visibility"] > 0]


# -- PoseTrack ---------------------------------------------------------------------------------------------------------


def test_a_posetrack21_evaluation_finds_every_field_it_reads(poses: pd.DataFrame, tmp_path: Path) -> None:
    """The fields and types that PoseTrack21's evaluation takes from ground truth and from results."""
    poses["track_id"] = poses["track_id"].replace(2, 2_000_000_000).astype("int32")
    data = json.loads(iw.write(poses, tmp_path / "a.json", "posetrack21").read_text())
    ids = [i["id"] for i in data["images"]]
    assert len(set(ids)) == len(ids) and ids == sorted(ids)
    for image in data["images"]:
        assert isinstance(image["is_labeled"], bool) and isinstance(image["has_labeled_person"], bool)
        assert len(image["ignore_regions_x"]) == len(image["ignore_regions_y"])
        assert {"file_name", "frame_id", "vid_id", "nframes"} <= set(image)
    seen = 0
    for person in data["annotations"]:
        assert person["image_id"] in ids and 0 <= person["track_id"] < 1000
        *_, w, h = person["bbox_head"]
        assert w > 0 and h > 0
        assert len(person["bbox"]) == 4 and isinstance(person["person_id"], int)
        keypoints = np.array(person["keypoints"], float).reshape(17, 3)
        scores = np.array(person["scores"], float)
        assert scores.shape == (17,)
        detected = (keypoints[:, 0] > 0) & (keypoints[:, 1] > 0) & (scores > 0)
        assert (detected <= (keypoints[:, 2] > 0)).all()
        seen += int((keypoints[:, 2] > 0).sum())
    want = placed(poses)
    assert seen == len(want[~want["keypoint"].isin(GONE)])
    assert data["categories"][0]["keypoints"] == list(POSETRACK17.keypoints)
    assert len({a["id"] for a in data["annotations"]}) == len(data["annotations"])


def test_a_keypoint_at_the_edge_is_still_seen_by_the_evaluation(tmp_path: Path) -> None:
    poses = some_poses(1, 1)
    poses[["x", "y"]], poses["visibility"] = np.float32(-0.5), np.int8(2)
    person = json.loads(iw.write(poses, tmp_path / "a.json", "posetrack18").read_text())["annotations"][0]
    keypoints = np.array(person["keypoints"]).reshape(17, 3)
    assert (keypoints[keypoints[:, 2] > 0, :2] > 0).all()
    assert iw.losses(poses, "posetrack18").set_index("aspect").loc["edge", "n"] == 17


def test_pycocotools_loads_posetrack_files(poses: pd.DataFrame, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    coco = COCO(str(iw.write(poses, tmp_path / "a.json", "posetrack21")))
    assert len(coco.getImgIds()) == 6 and len(coco.getAnnIds()) == 19


# -- CVAT --------------------------------------------------------------------------------------------------------------


def test_cvat_finds_what_its_reader_takes_and_its_labels_are_those_of_the_task(
    poses: pd.DataFrame, tmp_path: Path
) -> None:
    path = iw.write(
        poses[~((poses["track_id"] == 1) & poses["frame"].isin([2, 5]))].pipe(keep, poses), tmp_path / "a.xml"
    )
    root = ElementTree.parse(path).getroot()
    labels = json.loads((tmp_path / "a.labels.json").read_text())
    person = next(label for label in labels if label["type"] == "skeleton")
    points = [s["name"] for s in person["sublabels"]]
    assert root.tag == "annotations" and root.findtext("version") == "1.1"
    assert root.findtext("meta/task/mode") == "interpolation" and root.findtext("meta/task/size") == "6"
    listed = {label.findtext("name"): label for label in root.iter("label")}
    assert {p for p in points if listed[p].findtext("parent") == person["name"]} == set(points)
    svg = ElementTree.fromstring(f"<svg>{person['svg']}</svg>")
    assert [c.get("data-label-name") for c in svg.iter("circle")] == points
    nodes = {c.get("data-node-id") for c in svg.iter("circle")}
    assert {line.get(f"data-node-{end}") for line in svg.iter("line") for end in ("from", "to")} <= nodes
    attributes = {a["name"]: a for s in person["sublabels"] for a in s["attributes"]}
    for track in root.iter("track"):
        assert {"id", "label", "source"} <= set(track.attrib) and track.get("label") in {x["name"] for x in labels}
        frames = [int(s.get("frame")) for s in track]
        assert frames == sorted(set(frames)) and len(frames)
        for shape in track:
            assert shape.get("keyframe") == "1" and shape.get("z_order") == "0"
            if shape.tag != "skeleton":
                assert {"xtl", "ytl", "xbr", "ybr", "outside", "occluded"} <= set(shape.attrib)
                continue
            assert [p.get("label") for p in shape.iter("points")] == points
            for point in shape.iter("points"):
                assert {"keyframe", "outside", "occluded", "points"} <= set(point.attrib)
                assert len([float(v) for v in point.get("points").split(",")]) == 2
                for attribute in point:
                    values = attributes[attribute.get("name")]["values"]
                    assert attributes[attribute.get("name")]["input_type"] != "select" or attribute.text in values
    # A person who leaves is outside in the next frame; CVAT would draw them on and on otherwise.
    track = next(t for t in root.iter("track") if t.get("label") == "person" and has_track_id(t, "1"))
    outside = {int(s.get("frame")): all(p.get("outside") == "1" for p in s.iter("points")) for s in track}
    assert outside == {0: False, 1: False, 2: True, 3: False, 4: False, 5: True}


def keep(part: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    part.attrs = whole.attrs
    return part


def has_track_id(track: ElementTree.Element, number: str) -> bool:
    return any(a.get("name") == "track_id" and a.text == number for a in track.iter("attribute"))


def test_a_pixel_is_half_a_pixel_further_in_cvat_and_label_studio(tmp_path: Path) -> None:
    poses = some_poses(1, 1)
    poses["x"], poses["y"], poses["visibility"] = np.float32(7), np.float32(3), np.int8(2)
    text = iw.write(poses, tmp_path / "a.xml").read_text()
    assert 'points="7.500,3.500"' in text
    region = json.loads(iw.write(poses, tmp_path / "a.json", "labelstudio").read_text())[0]["annotations"][0]["result"]
    value = next(r for r in region if r["type"] == "keypointlabels")["value"]
    assert value["x"] == pytest.approx(100 * 7.5 / 640) and value["y"] == pytest.approx(100 * 3.5 / 480)


def test_sparse_keyframes_of_cvat_are_filled_as_cvat_does(tmp_path: Path) -> None:
    def shape(frame: int, x: float, outside: int = 0) -> str:
        point = f'<points label="a" keyframe="1" outside="{outside}" occluded="0" points="{x},4.5"/>'
        return f'<skeleton frame="{frame}" keyframe="1" z_order="0">{point}</skeleton>'

    labels = "<label><name>a</name><type>points</type><parent>fly</parent></label>"
    track = f'<track id="0" label="fly">{shape(1, 10.5)}{shape(5, 18.5)}{shape(6, 18.5, 1)}</track>'
    meta = f"<meta><task><labels>{labels}</labels></task></meta>"
    (tmp_path / "a.xml").write_text(f"<annotations><version>1.1</version>{meta}{track}</annotations>")
    poses = placed(iw.read(tmp_path / "a.xml"))
    assert poses["frame"].tolist() == [1, 2, 3, 4, 5] and poses["x"].tolist() == [10, 12, 14, 16, 18]
    assert poses["source"].tolist() == ["imported", *["interpolated"] * 3, "imported"]


# -- Label Studio, YOLO, MOT -------------------------------------------------------------------------------------------


def test_label_studio_tasks_use_the_controls_of_their_config(poses: pd.DataFrame, tmp_path: Path) -> None:
    tasks = json.loads(iw.write(poses, tmp_path / "a.json", "labelstudio").read_text())
    config = ElementTree.parse(tmp_path / "a.config.xml").getroot()
    controls = {c.get("name"): c for c in config if c.get("toName") == "image"}
    kinds = {
        "RectangleLabels": "rectanglelabels",
        "KeyPointLabels": "keypointlabels",
        "Choices": "choices",
        "Number": "number",
    }
    for task in tasks:
        regions = task["annotations"][0]["result"]
        ids = {r["id"] for r in regions}
        for region in regions:
            control = controls[region["from_name"]]
            assert kinds[control.tag] == region["type"] and region.get("parentID", region["id"]) in ids
            names = {x.get("value") for x in control}
            for kind in ("rectanglelabels", "keypointlabels", "choices"):
                assert set(region["value"].get(kind, ())) <= names


def test_label_studio_video_tracks_are_read_with_frames_from_one(tmp_path: Path) -> None:
    sequence = [
        {"frame": 1, "enabled": True, "rotation": 0, "x": 10, "y": 20, "width": 30, "height": 40, "time": 0.04},
        {"frame": 5, "enabled": False, "rotation": 0, "x": 30, "y": 20, "width": 30, "height": 40, "time": 0.2},
    ]
    vector = [
        {"frame": f, "enabled": f == 2, "vertices": [{"id": "nose", "x": x, "y": 50}]} for f, x in ((2, 10), (4, 30))
    ]
    common = {"original_width": 200, "original_height": 100, "to_name": "video"}
    result = [
        {
            "id": "a",
            "type": "videorectangle",
            "value": {"framesCount": 9, "sequence": sequence, "labels": ["p"]},
            **common,
        },
        {"id": "b", "type": "videovector", "value": {"framesCount": 9, "sequence": vector}, **common},
    ]
    task = {"id": 1, "data": {"video": "clip.mp4"}, "annotations": [{"result": result}]}
    (tmp_path / "a.json").write_text(json.dumps([task]))
    poses = iw.read(tmp_path / "a.json")
    boxes = poses.attrs["boxes"]
    assert boxes["frame"] == [0, 1, 2, 3, 4] and boxes["x"] == pytest.approx([19.5, 29.5, 39.5, 49.5, 59.5])
    nose = placed(poses)
    assert nose["frame"].tolist() == [1, 2, 3] and nose["x"].tolist() == pytest.approx([19.5, 39.5, 59.5])
    assert set(nose["track_id"]) == {1}


def test_yolo_labels_are_shares_of_the_picture(poses: pd.DataFrame, tmp_path: Path) -> None:
    import yaml

    folder = iw.write(poses, tmp_path / "set", "yolo")
    facts = yaml.safe_load((folder / "data.yaml").read_text())
    assert facts["kpt_shape"] == [17, 3] and facts["names"] == {0: "person"}
    assert [facts["flip_idx"][i] for i in facts["flip_idx"]] == list(range(17))
    for file in (folder / "labels").iterdir():
        for line in file.read_text().splitlines():
            row = [float(v) for v in line.split()]
            assert len(row) == 5 + 51 and row[0] == 0 and set(row[7::3]) <= {0, 1, 2}
    row = np.array((folder / "labels" / "00000.txt").read_text().splitlines()[0].split(), float)
    first = poses.iloc[:17]
    assert np.allclose(row[5::3] * 640, first["x"].fillna(0), atol=1e-3)
    assert np.allclose(row[6::3] * 480, first["y"].fillna(0), atol=1e-3)


def test_mot_lines_count_from_one(poses: pd.DataFrame, tmp_path: Path) -> None:
    rows = np.loadtxt(iw.write(poses, tmp_path / "gt.txt"), delimiter=",")
    assert rows.shape == (19, 10) and rows[:, 0].min() == rows[:, 1].min() == 1
    assert rows[0, 2:6].tolist() == [20.5, 30.25, 101, 333.5]


# -- SLEAP, DeepLabCut, NWB, movement ----------------------------------------------------------------------------------


def test_sleap_io_reads_users_and_predicted_instances(poses: pd.DataFrame, tmp_path: Path) -> None:
    sleap_io = pytest.importorskip("sleap_io")
    labels = sleap_io.load_file(str(iw.write(poses, tmp_path / "a.slp")))
    people = placed(poses).groupby(["frame", "track_id"])
    assert sum(len(f.instances) for f in labels) == people.ngroups
    assert len(labels.user_labeled_frames) == people["anchor"].any().groupby("frame").any().sum()
    assert [n.name for n in labels.skeleton.nodes] == list(poses["keypoint"].cat.categories)
    assert {t.name for t in labels.tracks} == {"person0", "Zoë <b>", "person2"}
    first = next(i for f in labels if f.frame_idx == 0 for i in f.instances if i.track.name == "person0")
    want = poses.iloc[:17]
    assert np.array_equal(first.numpy(invisible_as_nan=False), want[["x", "y"]].to_numpy(), equal_nan=True)
    assert first.points["visible"].tolist() == (want["visibility"] == 2).tolist()


def test_sleap_io_reads_the_analysis_file(poses: pd.DataFrame, tmp_path: Path) -> None:
    sleap_io = pytest.importorskip("sleap_io")
    labels = sleap_io.load_file(str(iw.write(poses, tmp_path / "a.analysis.h5")))
    assert len(labels) == 6 and len(labels.tracks) == 3
    assert np.nansum(labels.numpy()) == pytest.approx(float(placed(poses)[["x", "y"]].to_numpy().sum()), rel=1e-5)


def test_pandas_reads_deeplabcut_files(poses: pd.DataFrame, tmp_path: Path) -> None:
    wide = iw.poses_wide(poses)
    text = pd.read_csv(iw.write(poses, tmp_path / "a.dlc.csv"), header=[0, 1, 2, 3], index_col=0)
    assert np.allclose(text.to_numpy(), wide.to_numpy(), equal_nan=True)
    assert text.columns.names == ["scorer", "individuals", "bodyparts", "coords"]
    pytest.importorskip("tables")
    pd.testing.assert_frame_equal(pd.read_hdf(iw.write(poses, tmp_path / "a.h5"), "df_with_missing"), wide)


@pytest.mark.parametrize("format", ["table", "fixed"])
def test_both_layouts_of_deeplabcut_hdf5_are_read(format: str, tmp_path: Path) -> None:
    pytest.importorskip("tables")
    columns = pd.MultiIndex.from_product(
        [["me"], ["nose", "tail"], ["x", "y"]], names=["scorer", "bodyparts", "coords"]
    )
    index = [f"labeled-data/v/img{i:04d}.png" for i in (3, 8)]
    table = pd.DataFrame(np.arange(8.0).reshape(2, 4), columns=columns, index=index)
    table.to_hdf(tmp_path / "CollectedData_me.h5", key="df_with_missing", format=format)
    poses = iw.read(tmp_path / "CollectedData_me.h5")
    assert sorted(set(poses["frame"])) == [3, 8]
    assert poses["x"].tolist() == [0, 2, 4, 6] and poses["y"].tolist() == [1, 3, 5, 7]
    assert poses.attrs["images"]["file"] == index


def test_ndx_pose_reads_what_nwb_says(poses: pd.DataFrame, tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    import ndx_pose  # noqa: F401  # registers the types

    path = iw.write(poses, tmp_path / "a.nwb")
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        module = io.read().processing["behavior"]
        assert {"person0", "person2", "Zoë <b>"} <= set(module.data_interfaces)
        series = module["person0"].pose_estimation_series["left_wrist"]
        want = poses.query("track_id == 0 and keypoint == 'left_wrist'")
        assert np.array_equal(series.data[:], want[["x", "y"]].to_numpy(), equal_nan=True)
        assert series.rate == 25
        assert list(module["person0"].skeleton.nodes[:]) == list(poses["keypoint"].cat.categories)


def test_the_dataset_is_what_movement_calls_poses(poses: pd.DataFrame) -> None:
    pytest.importorskip("xarray")
    dataset = iw.to_xarray(poses)
    assert dataset["position"].dims == ("time", "space", "keypoints", "individuals")
    assert dataset["confidence"].dims == ("time", "keypoints", "individuals")
    assert dataset["space"].to_numpy().tolist() == ["x", "y"]
    assert dataset.attrs["ds_type"] == "poses" and isinstance(dataset.attrs["source_software"], str)
    assert dataset.attrs["time_unit"] == "seconds" and dataset.attrs["fps"] == 25
    assert np.allclose(np.diff(dataset["time"]), 1 / 25)
    assert dataset["position"].dtype.kind == "f"
    nose = dataset["position"].sel(keypoints="nose", individuals="person0")
    want = poses.query("track_id == 0 and keypoint == 'nose'")[["x", "y"]]
    assert np.array_equal(nose.to_numpy(), want.to_numpy(), equal_nan=True)


def test_movement_itself_reads_it(poses: pd.DataFrame, tmp_path: Path) -> None:
    load = pytest.importorskip("movement.io").load_dataset
    dataset = load(iw.write(poses, tmp_path / "a.nc"), source_software="netCDF")
    assert dict(dataset.sizes) == {"time": 6, "space": 2, "keypoints": 17, "individuals": 3}
