"""Motion capture comes through: limbs point where an independent reading of the same file says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from impose_widget.synthesize.mocap import read_motions
from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.rig import SEGMENTS, Build, N, place
from tests.shared import SHARED, needs_shared

FOLDER = SHARED / "data" / "mocap"


@pytest.fixture(scope="module")
def motions() -> dict[str, Motion]:
    return read_motions(FOLDER)


def directions(motion: Motion) -> dict[str, np.ndarray]:
    """Unit vectors (T, 3) along the limbs."""
    world, _ = place(Build(), motion.turns, np.zeros((len(motion), 3)))
    return {name: world[:, j] @ [0.0, -1.0, 0.0] for j, name in enumerate(SEGMENTS)}


def acclaim(asf: str, amc: str) -> dict[str, np.ndarray]:
    """Directions (T, 3) of bones by the format's definition (Schafer, ASF Skeleton Definition): a recursion by name."""
    bones: dict[str, dict] = {}
    for block in asf.split(":bonedata")[1].split(":hierarchy")[0].split("begin")[1:]:
        lines = {words[0]: words[1:] for words in map(str.split, block.splitlines()) if words}
        bones[lines["name"][0]] = lines
    parent = {c: w[0] for w in map(str.split, asf.split(":hierarchy")[1].splitlines()) for c in w[1:]}
    out: dict[str, list] = {name: [] for name in bones}
    for frame in amc.split(":DEGREES")[1].split("\n1\n", 1)[1].split("root ")[1:]:
        values = {w[0]: [float(v) for v in w[1:]] for w in map(str.split, ("root " + frame).splitlines()) if len(w) > 1}

        def turn(name: str, values: dict = values) -> np.ndarray:
            if name == "root":
                return Rotation.from_euler("xyz", values["root"][3:], degrees=True).as_matrix()
            axis = Rotation.from_euler("xyz", [float(v) for v in bones[name]["axis"][:3]], degrees=True).as_matrix()
            angles = dict.fromkeys("xyz", 0.0) | {
                d[1]: v for d, v in zip(bones[name].get("dof", []), values.get(name, []), strict=False)
            }
            local = Rotation.from_euler("xyz", list(angles.values()), degrees=True).as_matrix()
            return turn(parent[name]) @ axis @ local @ axis.T

        for name in ("lfemur", "rtibia", "lhumerus", "rradius"):
            out[name].append(turn(name) @ [float(v) for v in bones[name]["direction"]])
    return {k: np.array(v) for k, v in out.items() if v}


@needs_shared
def test_cmu_limbs_point_where_the_format_says(motions: dict[str, Motion]) -> None:
    motion = motions["02_01"]
    asf = (FOLDER / "cmu" / "02.asf").read_text()
    with gzip.open(FOLDER / "cmu" / "02_01.amc.gz", "rt") as file:
        expected = acclaim(asf, file.read())
    ours = directions(motion)
    names = {"lfemur": "left_thigh", "rtibia": "right_shin", "lhumerus": "left_upper_arm", "rradius": "right_forearm"}
    for theirs, name in names.items():
        wanted = expected[theirs] / np.linalg.norm(expected[theirs], axis=1, keepdims=True)
        assert len(wanted) == len(motion) and np.allclose(ours[name], wanted, atol=1e-4)


@needs_shared
def test_all_motions_are_upright_people(motions: dict[str, Motion]) -> None:
    assert not any("dog" in name for name in motions) and len(motions) >= 36
    for name, motion in motions.items():
        assert motion.turns.shape[1:] == (N, 3, 3) and np.isfinite(motion.root).all(), name
        assert np.allclose(np.linalg.det(motion.turns), 1, atol=1e-5), name
    walk = motions["humanoid3d_walk"]
    legs = directions(walk)
    assert (
        legs["left_thigh"][:, 1].max() < -0.7
        and np.corrcoef(legs["left_thigh"][:, 2], legs["right_thigh"][:, 2])[0, 1] < -0.5
    )
    gone = walk.root[-1] - walk.root[0]
    assert gone[2] > 0.5 and abs(gone[0]) < 0.5  # ahead is +z
    knees = np.cross(legs["left_thigh"], legs["left_shin"])[:, 0]
    assert (knees > -0.05).all()  # they bend backwards


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_motions(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="found none"):
        read_motions(tmp_path)
    (tmp_path / "01_01.amc").write_text("1\nroot 0 0 0 0 0 0\n")
    with pytest.raises(FileNotFoundError, match=r"01\.asf"):
        read_motions(tmp_path)
    (tmp_path / "01_01.amc").unlink()
    (tmp_path / "humanoid3d_x.txt").write_text(json.dumps({"Frames": [[0.0] * 10]}))
    with pytest.raises(ValueError, match="44 numbers"):
        read_motions(tmp_path)
