"""Files made to do harm are refused in one sentence: nothing is run, nothing is read from elsewhere, memory holds."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import impose_widget as iw
from tests.bench.fuzz_formats import fuzz
from tests.io.posed import some_poses
from tests.io.test_every_format import NAMES, file_of

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<annotations><version>&c;</version></annotations>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<annotations><meta><task><name>&x;</name></task></meta></annotations>"""
OTHER_DTD = """<?xml version="1.0"?>
<!DOCTYPE annotations SYSTEM "http://127.0.0.1:9/evil.dtd"><annotations></annotations>"""


def refusal(path: Path, format: str | None = None) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(ValueError, match=r"^Expected") as error:
        iw.read(path, format)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, OTHER_DTD])
def test_xml_with_entities_or_outside_files_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text)
    assert "entities" in refusal(tmp_path / "a.xml")


def test_deep_xml_and_deep_json_are_refused(tmp_path: Path) -> None:
    (tmp_path / "deep.xml").write_text("<annotations>" + "<a>" * 10_000 + "</a>" * 10_000 + "</annotations>")
    assert "levels" in refusal(tmp_path / "deep.xml")
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        (tmp_path / "deep.json").write_text(opening * 10_000 + "1" + closing * 10_000)
        for name in ("coco", "posetrack21", "labelstudio", "alphapose", "json", None):
            refusal(tmp_path / "deep.json", name)


def test_an_archive_that_swells_is_refused_and_never_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impose_widget.io.source.LARGEST_MEMBER", 1_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", b"<annotations>" + b" " * 10_000_000)
        archive.writestr("../../climbed.txt", "out")
    assert "got more" in refusal(tmp_path / "bomb.zip")
    assert not (tmp_path.parent / "climbed.txt").exists() and len(list(tmp_path.iterdir())) == 1


def coco(**changes: object) -> dict:
    """A plain COCO file of one person, with changes to the person."""
    person = {"id": 1, "image_id": 1, "category_id": 1, "track_id": 0, "keypoints": [1, 2, 2, 3, 4, 1]} | changes
    category = {"id": 1, "name": "fly", "keypoints": ["head", "tail"]}
    return {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [person], "categories": [category]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"keypoints": ["1", "2", 2, 3, 4, 1]}, "'1'"),
        ({"keypoints": [1e400, 2, 2, 3, 4, 1]}, "infinity|finite"),
        ({"keypoints": [[1], 2, 2, 3, 4, 1]}, r"\[1\]"),
        ({"keypoints": [True, 2, 2, 3, 4, 1]}, ""),
        ({"track_id": -4}, "-4"),
        ({"track_id": 2**40}, "1099511627776"),
        ({"bbox": ["0", 0, 1, 1]}, "bbox"),
        ({"keypoint_scores": ["high", 1]}, "scores"),
        ({"image_id": {"a": 1}}, "missing or odd"),
    ],
)
def test_odd_values_in_json(changes: dict, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco(**changes)))
    if not says:  # true is 1 in JSON as in C; nothing is lost by reading it so
        assert iw.read(path)["x"].iloc[0] == 1
        return
    import re

    assert re.search(says, refusal(path))


def test_nan_is_an_absent_keypoint_and_infinity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco()).replace("[1, 2, 2,", "[NaN, NaN, 2,"))
    assert iw.read(path)["visibility"].tolist() == [0, 1]
    path.write_text(json.dumps(coco()).replace("[1, 2, 2,", "[Infinity, 2, 2,"))
    refusal(path)
    path.write_text(json.dumps(coco()).replace("[1, 2, 2,", "[" + "9" * 5000 + ", 2, 2,"))
    refusal(path)


@pytest.mark.parametrize("name", NAMES)
def test_files_cut_short_are_refused_or_read_as_far_as_they_are_whole(name: str, tmp_path: Path) -> None:
    path = iw.write(some_poses(), file_of(name, tmp_path), name)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    for share in (0.0, 0.3, 0.9):
        for file in files:
            data = file.read_bytes()
            file.write_bytes(data[: int(share * len(data))])
            try:
                iw.read(path, name)  # text of lines may end anywhere
                assert name in ("csv", "mot", "yolo", "openpose", "dlc")
            except ValueError as error:
                assert str(error).startswith("Expected") and "\n" not in str(error)
            file.write_bytes(data)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_marked_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    data = coco()
    data["categories"][0]["keypoints"] = ["頭", "尾"]
    (tmp_path / "a.json").write_text(json.dumps(data, ensure_ascii=False), encoding)
    assert iw.read(tmp_path / "a.json")["keypoint"].tolist() == ["頭", "尾"]


def test_other_encodings_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"näme": 1}, ensure_ascii=False), "latin-1")
    assert "UTF-8" in refusal(tmp_path / "a.json")


class _Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


def test_no_pickle_in_hdf5_is_run(tmp_path: Path) -> None:
    import h5py

    path = iw.write(some_poses(), tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        table = file["df_with_missing/table"]
        for node in (file["df_with_missing"], table):
            for name in [n for n in node.attrs if "kind" in n or "axes" in n or "info" in n]:
                node.attrs[name] = np.bytes_(pickle.dumps(_Harm(tmp_path / "harmed"), 0))
    assert "not to be trusted" in refusal(path)
    assert not (tmp_path / "harmed").exists()


def test_no_yaml_tag_is_obeyed(tmp_path: Path) -> None:
    folder = iw.write(some_poses(), tmp_path / "labels", "yolo")
    (folder / "data.yaml").write_text(f"path: !!python/object/apply:os.system ['touch {tmp_path}/harmed']\n")
    refusal(folder, "yolo")
    assert not (tmp_path / "harmed").exists()


def test_no_path_in_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a_000001.txt").write_text("0 0.5 0.5 0.1 0.1" + " 0.5 0.5 2" * 17 + "\n")
    folder = iw.write(some_poses(), tmp_path / "labels", "yolo")
    n = len(iw.read(folder))
    facts = (folder / "data.yaml").read_text().replace("path: .", "path: ../secret")
    (folder / "data.yaml").write_text(facts)
    (folder / "labels" / "link_000077.txt").symlink_to(tmp_path / "secret" / "a_000001.txt")
    assert len(iw.read(folder)) == n


@pytest.mark.parametrize("evil", ["../../climbed", "/nowhere/climbed", "a/b\\c", "..", "con\n", "x" * 300, "<b>&"])
@pytest.mark.parametrize("name", ["openpose", "yolo", "cvat", "labelstudio", "posetrack21", "sleap"])
def test_no_name_in_a_table_leads_out_of_the_folder(name: str, evil: str, tmp_path: Path) -> None:
    poses = some_poses(2, 1)
    poses.attrs["video"] = poses.attrs["video"] | {"name": evil}
    poses.attrs["images"] = {"frame": [0, 1], "file": [f"{evil}/0.jpg", f"../{evil}1.jpg"]}
    inside = tmp_path / "inside"
    inside.mkdir()
    path = iw.write(poses, file_of(name, inside), name)
    assert {p.name for p in tmp_path.iterdir()} == {"inside"}
    back = iw.read(path, name)
    assert (back["visibility"] > 0).sum() == (
        iw.read(iw.write(poses, inside / "x.parquet"))["visibility"] > 0
    ).sum() - (
        (poses["keypoint"].isin(["left_eye", "right_eye"]) & (poses["visibility"] > 0)).sum()
        if name == "posetrack21"
        else 0
    )


def test_names_with_html_stay_text(tmp_path: Path) -> None:
    name = '<img src=x onerror="alert(1)">&amp;'
    poses = some_poses(2, 1)
    poses["keypoint"] = poses["keypoint"].cat.rename_categories({"nose": name})
    poses.attrs = {"video": poses.attrs["video"]}
    for format in ("coco", "cvat", "labelstudio", "csv", "dlc", "movement"):
        back = iw.read(iw.write(poses, file_of(format, tmp_path), format), format)
        assert name in set(back["keypoint"].astype("str"))
    for file in tmp_path.iterdir():
        if file.suffix == ".xml":
            assert "<img" not in file.read_text()


def test_a_large_claim_needs_no_memory(tmp_path: Path) -> None:
    """A few bytes that ask for a track of two billion frames, or a table of as many cells."""
    labels = "<label><name>p</name><type>skeleton</type></label><label><name>a</name><parent>p</parent></label>"
    labels = f"<labels>{labels}</labels>"
    point = '<points label="a" keyframe="1" outside="0" occluded="0" points="1,1"></points>'
    shapes = "".join(f'<skeleton frame="{f}" keyframe="1" z_order="0">{point}</skeleton>' for f in (0, 2_000_000_000))
    xml = f'<annotations><meta><task>{labels}</task></meta><track id="0" label="p">{shapes}</track></annotations>'
    (tmp_path / "a.xml").write_text(xml)
    (tmp_path / "a.json").write_text(json.dumps(coco() | {"images": [{"id": 1, "frame_index": 2_000_000_000}]}))
    script = (
        "import resource, sys, impose_widget as iw\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000,) * 2)\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        print(len(iw.read(name)))\n        iw.write(iw.read(name), name + '.json')\n"
        "        iw.write(iw.read(name), name + '.dlc.csv')\n"
        "    except ValueError as error:\n        print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.xml"), str(tmp_path / "a.json")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    said = run.stdout.splitlines()
    assert "fits into memory" in said[0]
    assert said[1] == "2" and "fits into memory" in said[2]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_read_or_refused(name: str) -> None:
    counts, wrong = fuzz(name, 0.4, seed=1)
    assert wrong == []
    assert counts["refused"] > 0
