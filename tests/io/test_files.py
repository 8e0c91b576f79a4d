"""Files of no use are refused in one sentence, and a failed write leaves what was there."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from tests.io.formats_page import PAGE, page
from tests.io.posed import some_poses

NAMES = ["poses.parquet", "poses.csv", "poses.json"]


def test_the_formats_are_listed() -> None:
    table = iw.formats()
    assert table["format"].tolist()[:3] == ["parquet", "csv", "coco"]
    assert table.set_index("format")["exact"].to_dict() | {"parquet": True, "csv": False, "coco": True}


def test_the_format_may_be_given(tmp_path: Path) -> None:
    iw.write(some_poses(), tmp_path / "poses.txt", format="csv")
    assert len(iw.read(tmp_path / "poses.txt", format="csv")) == len(some_poses())


@pytest.mark.parametrize(("name", "format"), [("poses.xyz", None), ("poses.csv", "excel")])
def test_an_unknown_format_is_named_with_those_that_exist(name: str, format: str | None, tmp_path: Path) -> None:
    for call in (lambda: iw.read(tmp_path / name, format), lambda: iw.write(some_poses(), tmp_path / name, format)):
        with pytest.raises(ValueError, match=r"parquet.*csv.*coco"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_an_ending_may_be_a_folder_to_read_and_is_none_to_write(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        iw.read(tmp_path / "poses")
    with pytest.raises(ValueError, match=r"parquet.*csv.*coco"):
        iw.write(some_poses(), tmp_path / "poses")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_and_a_folder_are_told_apart(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        iw.read(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        iw.read(tmp_path / name)
    with pytest.raises(IsADirectoryError, match="folder"):
        iw.write(some_poses(), tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe" * 50, b"frame;x\n1;2"])
def test_a_file_of_something_else_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="Expected") as error:
        iw.read(tmp_path / name)
    assert name in str(error.value)


@pytest.mark.parametrize("column", ["frame", "track_id", "keypoint", "x", "y"])
def test_a_table_without_a_needed_column_is_refused(column: str, tmp_path: Path) -> None:
    poses = some_poses().drop(columns=column)
    poses.to_parquet(tmp_path / "poses.parquet")
    poses.to_csv(tmp_path / "poses.csv", index=False)
    for name in ("poses.parquet", "poses.csv"):
        with pytest.raises(ValueError, match=rf"without {column}"):
            iw.read(tmp_path / name)
    with pytest.raises(ValueError, match=rf"without {column}"):
        iw.write(poses, tmp_path / "new.json")
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("frame", -1, "frame as whole numbers"),
        ("frame", 0.5, "frame as whole numbers"),
        ("track_id", np.nan, "track_id as whole numbers"),
        ("x", np.inf, "infinity"),
        ("x", "left", "numbers in the column x"),
        ("visibility", 3, "visibility"),
        ("source", "somebody", "source as one of"),
        ("anchor", 2, "true or false"),
        ("frame", 0, "twice"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_table_with_impossible_values_is_not_written(
    column: str, value: object, says: str, name: str, tmp_path: Path
) -> None:
    poses = some_poses()
    poses[column] = poses[column].astype(object)
    poses.loc[len(poses) - 1 if says == "twice" else 0, column] = value
    with pytest.raises(ValueError, match=says):
        iw.write(poses, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_old_file_whole(name: str, tmp_path: Path) -> None:
    iw.write(some_poses(2, 1), tmp_path / name)
    before = (tmp_path / name).read_bytes()
    script = (
        "import resource, signal, sys, impose_widget as iw\n"
        "from tests.io.posed import some_poses\n"
        "poses = some_poses(300, 4)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try:\n    iw.write(poses, sys.argv[1])\n"
        "except OSError as error:\n    print(error)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", script, str(tmp_path / name)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True, timeout=60)
    assert "could not be written" in run.stdout
    assert "free space" in run.stdout
    assert (tmp_path / name).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="needs to act as another user")
@pytest.mark.parametrize("name", NAMES)
def test_a_read_only_folder_is_named(name: str, tmp_path: Path) -> None:
    poses = some_poses(1, 1)
    iw.write(poses, tmp_path / name)  # what is imported on first use must not be read as another user
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(PermissionError, match="could not be written"):
                iw.write(poses, Path(folder) / name)
        finally:
            os.seteuid(0)
        assert list(Path(folder).iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    iw.write(some_poses(1, 1), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(pd.read_csv(tmp_path / "real.csv")) == 17


def test_the_page_about_formats_says_what_they_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.io.formats_page"
