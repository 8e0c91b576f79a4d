"""COCO keypoints: other programs can read what is written, and what they write can be read."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import impose_widget as iw
from tests.io.posed import some_poses
from tests.shared import SHARED, needs_shared


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file of three people in six frames."""
    return iw.write(some_poses(), tmp_path / "poses.json")


def average_precision(truth: Path, results: list[dict[str, Any]]) -> float:
    """AP at OKS .50 to .95, by pycocotools."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def test_pycocotools_gives_the_file_full_marks_against_itself(written: Path) -> None:
    people = json.loads(written.read_text())["annotations"]
    assert average_precision(written, copy.deepcopy(people)) == 1.0


def test_pycocotools_sees_an_error_in_it(written: Path) -> None:
    people = json.loads(written.read_text())["annotations"]
    for person in people[::2]:
        person["keypoints"] = [v + 60 if i % 3 == 0 else v for i, v in enumerate(person["keypoints"])]
    assert average_precision(written, people) < 0.9


def test_the_fields_are_those_that_others_look_for(written: Path) -> None:
    data, poses = json.loads(written.read_text()), some_poses()
    person = data["annotations"][0]
    triples = [person["keypoints"][i : i + 3] for i in range(0, 51, 3)]
    rows = poses[(poses["frame"] == 0) & (poses["track_id"] == 0)]
    assert person["track_id"] == person["attributes"]["track_id"] == 0
    assert [t[2] for t in triples] == rows["visibility"].tolist()
    assert all(t == [0, 0, 0] for t in triples if t[2] == 0)
    assert person["num_keypoints"] == (rows["visibility"] > 0).sum()
    assert len(person["keypoint_scores"]) == 17
    x, y, w, h = person["bbox"]
    assert x <= rows["x"].min() and x + w >= rows["x"].max() and y <= rows["y"].min() and y + h >= rows["y"].max()
    assert 0 < person["area"] < w * h
    assert "area" in data["info"]
    edges = data["categories"][0]["skeleton"]
    assert min(map(min, edges)) == 1 and max(map(max, edges)) == 17  # 1-based
    assert [i["frame_index"] for i in data["images"]] == list(range(6))
    assert data["images"][3]["time"] == pytest.approx(3 / 25)
    assert data["videos"][0]["name"] == "side by side.mp4"


def person_of(image: int, number: int, **more: Any) -> dict[str, Any]:
    """An annotation as other programs write it, of a skeleton of two keypoints."""
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "keypoints": [10 * number, 20, 2, 0, 0, 0],
        "num_keypoints": 1,
    } | more


def file_of(folder: Path, people: list[dict], **more: Any) -> Path:
    """A COCO file with two images."""
    category = {"id": 1, "name": "fly", "keypoints": ["head", "tail"], "skeleton": [[1, 2]]}
    images = [{"id": 5, "file_name": "b.jpg", "width": 64, "height": 48}, {"id": 9, "file_name": "a.jpg"}]
    path = folder / "theirs.json"
    path.write_text(json.dumps({"images": images, "annotations": people, "categories": [category]} | more))
    return path


@pytest.mark.parametrize(
    "spelling", [{"track_id": 0}, {"attributes": {"track_id": 0}}, {"attributes": {"object_id": 0}}, {"instance_id": 0}]
)
def test_a_track_id_of_zero_is_found_in_every_spelling(spelling: dict, tmp_path: Path) -> None:
    path = file_of(tmp_path, [person_of(5, 1, **spelling), person_of(9, 2, **spelling)])
    poses = iw.read(path)
    assert set(poses["track_id"]) == {0}
    assert poses["frame"].tolist() == [0, 0, 1, 1]
    assert poses["x"].dropna().tolist() == [10, 20]
    assert poses.attrs["skeleton"]["edges"] == [[0, 1]]


def test_without_track_ids_nobody_is_taken_for_somebody_else(tmp_path: Path) -> None:
    poses = iw.read(file_of(tmp_path, [person_of(5, 1), person_of(5, 2, track_id=3), person_of(9, 3)]))
    assert sorted(poses["track_id"].unique()) == [3, 4, 5]


def test_an_absent_keypoint_has_no_place(tmp_path: Path) -> None:
    hint = person_of(5, 1, keypoints=[4, 4, 2, 30, 30, 0])
    poses = iw.read(file_of(tmp_path, [hint]))
    assert poses["x"].isna().tolist() == [False, True]


def wrong(**changes: Any) -> dict[str, Any]:
    return person_of(5, 1, **changes)


@pytest.mark.parametrize(
    ("people", "more", "says"),
    [
        ([wrong(keypoints=[1, 2, 2])], {}, "6 numbers for 2 keypoints, got 3"),
        ([wrong(keypoints=[1, 2, 0.87, 3, 4, 0.5])], {}, "visibility"),
        ([wrong(image_id=6)], {}, "image of every annotation"),
        ([wrong(keypoints="odd"), wrong()], {}, "COCO|numbers"),
        ([wrong(track_id=1), person_of(5, 2, track_id=1)], {}, "twice"),
        ([wrong()], {"categories": []}, "one category"),
        ([wrong()], {"images": [{"file_name": "a.jpg"}]}, "missing or odd"),
        ([wrong()], {"images": [{"id": 5, "video_id": 1}, {"id": 6, "video_id": 2}]}, "2 videos"),
        ([wrong()], {"images": None}, "without images"),
        ([7], {}, "missing or odd"),
    ],
)
def test_a_faulty_file_is_refused_in_one_sentence(
    people: list, more: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=says) as error:
        iw.read(file_of(tmp_path, people, **more))
    assert "theirs.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_cut_short_is_refused(written: Path) -> None:
    whole = written.read_text()
    for length in (0, 1, len(whole) // 3, len(whole) - 1):
        written.write_text(whole[:length])
        with pytest.raises(ValueError, match="cut short"):
            iw.read(written)


@pytest.mark.parametrize("text", ["[]", "{}", "3", '[{"image_id": 1, "bbox": [1, 2, 1, 3], "score": 0.5}]'])
def test_json_that_is_not_coco_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="COCO keypoints file with images"):
        iw.read(path)


@needs_shared
def test_real_files_of_others_are_read() -> None:
    folder = SHARED / "data" / "importer_samples"
    crowd = iw.read(folder / "mmpose_coco" / "test_coco.json")
    truth = json.loads((folder / "mmpose_coco" / "test_coco.json").read_text())
    visible = sum(a["num_keypoints"] for a in truth["annotations"])
    assert (crowd["visibility"] > 0).sum() == visible > 0
    assert crowd.attrs["skeleton"]["name"] == "coco17"
