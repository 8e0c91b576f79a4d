from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impose_widget.core.skeleton import COCO17, Skeleton


def test_coco17_is_coco() -> None:
    assert len(COCO17) == 17 and COCO17.keypoints[0] == "nose" and COCO17.keypoints[16] == "right_ankle"
    assert len(COCO17.edges) == 19 and len(set(COCO17.edges)) == 19
    names = COCO17.keypoints
    assert (
        all(names[a].replace("left", "right") == names[b] for a, b in COCO17.flip_pairs) and len(COCO17.flip_pairs) == 8
    )
    assert COCO17.sigmas[names.index("left_hip")] == 0.107


def test_flipping_twice_is_nothing() -> None:
    order = COCO17.flipped()
    assert (order[order] == np.arange(17)).all() and (order != np.arange(17)).sum() == 16


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_skeleton_can_be_written_down(tmp_path: Path, suffix: str) -> None:
    text = '{"name": "fly", "keypoints": ["head", "wing_l", "wing_r"], "edges": [["head", "wing_l"], [0, 2]],'
    text += ' "flip_pairs": [[1, 2]]}'
    path = tmp_path / f"fly{suffix}"
    path.write_text(text)
    fly = Skeleton.of(path)
    assert fly == Skeleton("fly", ("head", "wing_l", "wing_r"), ((0, 1), (0, 2)), ((1, 2),))
    assert Skeleton.from_json(fly.to_json()) == fly == Skeleton.of(str(path)) and fly.neighbours(0) == [1, 2]


def test_a_list_of_names_is_a_skeleton() -> None:
    assert Skeleton.of(["a", "b"]).keypoints == ("a", "b") and Skeleton.of("coco17") is COCO17


def test_keypoints_go_by_name_or_number() -> None:
    assert COCO17.index("nose") == 0 and COCO17.index(np.int64(3)) == 3
    for bad in ("tail", 17, -1, True, 1.0):
        with pytest.raises(KeyError, match="Expected a keypoint of coco17"):
            COCO17.index(bad)


BAD = {
    "no such name": lambda p: Skeleton.of("octopus"),
    "no such file": lambda p: Skeleton.of(p / "none.yaml"),
    "not parsable": lambda p: ((p / "a.yaml").write_text("{:"), Skeleton.of(p / "a.yaml")),
    "not a mapping": lambda p: ((p / "a.json").write_text("[1]"), Skeleton.of(p / "a.json")),
    "no keypoints": lambda p: Skeleton.of([]),
    "twice the same": lambda p: Skeleton.of(["a", "a"]),
    "not names": lambda p: Skeleton.of([1, 2]),
    "an edge to nowhere": lambda p: Skeleton("x", ("a", "b"), ((0, 2),)),
    "an edge of a stranger": lambda p: Skeleton.from_json({"keypoints": ["a"], "edges": [["a", "z"]]}),
    "too few sigmas": lambda p: Skeleton("x", ("a", "b"), sigmas=(0.1,)),
    "a number": lambda p: Skeleton.of(5),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_skeletons_get_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match="Expected"):
        BAD[name](tmp_path)
