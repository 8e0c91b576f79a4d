"""Read motion capture: Acclaim's ASF/AMC as of CMU's database, and DeepMimic's JSON; plain or gzipped.

CMU Graphics Lab Motion Capture Database (mocap.cs.cmu.edu; free to copy and modify, credit asked: NSF EIA-0196217).
DeepMimic (MIT, but for its folder `sie`, which is CC BY-NC and is never read here).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.rig import LEFT_ARM, PARENT, RIGHT_ARM, SEGMENTS, Build, N, lowest, place

INCH = 0.0254 / 0.45  # metres of a CMU unit
CMU_FPS = 30.0  # every fourth of 120 frames was kept
CMU_BONES = {
    0: "root", 1: "lowerback", 2: "thorax", 3: "lowerneck", 4: "head",
    5: "lhumerus", 6: "lradius", 7: "lhand", 8: "rhumerus", 9: "rradius", 10: "rhand",
    11: "lfemur", 12: "ltibia", 13: "lfoot", 14: "rfemur", 15: "rtibia", 16: "rfoot",
}  # fmt: skip
REST = dict.fromkeys((5, 6, 7, 8, 9, 10, 11, 12, 14, 15), (0.0, -1.0, 0.0))  # directions of segments at rest


def read_motions(folder: str | Path) -> dict[str, Motion]:
    """All human motions in a folder and below it, by name.

    Raises:
        FileNotFoundError: there is no such folder, or no motion in it.
        ValueError: a file is not what its name says.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected a folder with motion capture, got {folder}, which does not exist.")
    out = {}
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix(".gz")
        if "sie" in path.relative_to(folder).parts or not path.is_file():
            continue
        if name.endswith(".amc"):
            skeleton = path.with_name(name.split("_")[0] + ".asf")
            if not skeleton.is_file():
                raise FileNotFoundError(f"Expected the skeleton {skeleton.name} beside {path}, found none.")
            out[name.removesuffix(".amc")] = _cmu(_text(path), _text(skeleton), path)
        elif name.startswith("humanoid3d_") and name.endswith(".txt"):
            out[name.removesuffix(".txt")] = _deepmimic(_text(path), path)
    if not out:
        raise FileNotFoundError(f"Expected .amc files with their .asf, or humanoid3d_*.txt, in {folder}, found none.")
    return out


def _text(path: Path) -> str:
    return gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text()


def _align(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns direction a into b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis, cosine = np.cross(a, b), float(a @ b)
    sine = np.linalg.norm(axis)
    return Rotation.from_rotvec(axis / max(sine, 1e-12) * np.arctan2(sine, cosine)).as_matrix()


def _cmu(text: str, skeleton: str, path: Path) -> Motion:
    bones, parents = _asf(skeleton, path)
    frames: list[dict[str, list[float]]] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 1 and words[0].isdigit():
            frames.append({})
        elif frames and len(words) > 1:
            frames[-1][words[0]] = [float(w) for w in words[1:]]
    if not frames or "root" not in frames[0]:
        raise ValueError(f"Expected frames of an Acclaim motion in {path}, found none.")
    world = {"root": Rotation.from_euler("xyz", [f["root"][3:] for f in frames], degrees=True).as_matrix()}
    for name, parent in parents.items():
        bone = bones[name]
        angles = np.zeros((len(frames), 3))
        for i, axis in enumerate(bone["dof"]):
            angles[:, "xyz".index(axis)] = [f[name][i] for f in frames]
        local = bone["axis"] @ Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ bone["axis"].T
        world[name] = world[parent] @ local
    turns = np.stack([world[CMU_BONES[j]] for j in range(N)], 1)
    for j, rest in REST.items():
        turns[:, j] = turns[:, j] @ _align(np.array(rest), bones[CMU_BONES[j]]["direction"])
    for j in (13, 16):  # their rest points down and forward: keep the turn about the vertical out of it
        direction = bones[CMU_BONES[j]]["direction"]
        turns[:, j] = turns[:, j] @ _align(np.array([0.0, -0.25, 1.0]), direction)
    leg = sum(bones[b]["length"] for b in ("lfemur", "ltibia")) * INCH + 0.085
    root = np.array([f["root"][:3] for f in frames]) * INCH / leg
    return _over_ground(_against_parents(turns), root, CMU_FPS)


def _asf(text: str, path: Path) -> tuple[dict, dict[str, str]]:
    bones, parents = {}, {}
    _, _, rest = text.partition(":bonedata")
    described, _, hierarchy = rest.partition(":hierarchy")
    for block in described.split("begin")[1:]:
        bone = _bone(block)
        bones[bone["name"]] = bone
    for line in hierarchy.splitlines():
        words = line.split()
        if len(words) > 1:
            parents |= dict.fromkeys(words[1:], words[0])
    if not set(CMU_BONES.values()) <= {"root", *bones}:
        raise ValueError(f"Expected the bones of CMU's skeletons beside {path}, found {len(bones)} bones.")
    return bones, parents


def _bone(block: str) -> dict:
    bone: dict = {"dof": ""}
    for line in block.splitlines():
        words = line.split()
        match words[0] if words else "":
            case "name":
                bone["name"] = words[1]
            case "length":
                bone["length"] = float(words[1])
            case "direction":
                bone["direction"] = np.array([float(w) for w in words[1:4]])
            case "axis":
                bone["axis"] = Rotation.from_euler("xyz", [float(w) for w in words[1:4]], degrees=True).as_matrix()
            case "dof":
                bone["dof"] = "".join(w[1] for w in words[1:] if w[0] == "r")
    return bone


def _against_parents(world: np.ndarray) -> np.ndarray:
    turns = world.copy()
    for j in range(1, N):
        turns[:, j] = np.swapaxes(world[:, PARENT[j]], -1, -2) @ world[:, j]
    return turns


DEEPMIMIC = (
    ("chest", 4), ("neck", 4), ("right_thigh", 4), ("right_shin", 1), ("right_foot", 4), ("right_upper_arm", 4),
    ("right_forearm", 1), ("left_thigh", 4), ("left_shin", 1), ("left_foot", 4), ("left_upper_arm", 4),
    ("left_forearm", 1),
)  # fmt: skip
DEEPMIMIC_LEG = 0.42 + 0.41 + 0.045  # metres from its hip to its sole


def _deepmimic(text: str, path: Path) -> Motion:
    rows = np.array(json.loads(text)["Frames"], float)
    if rows.ndim != 2 or rows.shape[1] != 44:
        raise ValueError(f"Expected frames of 44 numbers in {path}, got an array of shape {rows.shape}.")
    face = Rotation.from_euler("y", -90, degrees=True)  # DeepMimic's people face +x

    def turned(r):
        return (face * r * face.inv()).as_matrix()

    def quaternion(q):
        return Rotation.from_quat(q[:, [1, 2, 3, 0]])

    turns = np.tile(np.eye(3), (len(rows), N, 1, 1))
    turns[:, 0] = turned(quaternion(rows[:, 4:8]))
    at = 8
    for name, width in DEEPMIMIC:
        part = rows[:, at : at + width]
        turn = quaternion(part) if width == 4 else Rotation.from_euler("z", part)
        turns[:, SEGMENTS.index(name)] = turned(turn)
        at += width
    seconds = np.concatenate([[0], np.cumsum(rows[:-1, 0])])
    root = face.apply(rows[:, 1:4]) / DEEPMIMIC_LEG
    fps = 1 / float(np.median(np.diff(seconds))) if len(rows) > 1 else 30.0
    return _over_ground(turns, root, fps)


def _over_ground(turns: np.ndarray, root: np.ndarray, fps: float) -> Motion:
    """With the height of the lowest part over the ground, as motions here have it, instead of the pelvis's."""
    body = Build()
    leg = body.joints[11, 1]
    clearance = lowest(body, *place(body, turns, root * [0, leg, 0])) / leg
    clearance -= np.percentile(clearance, 5)
    root[:, 1] = np.where(clearance < 0.04, 0, clearance)  # what is as low as that stands; the rest is in the air
    return Motion(turns, root, fps)


assert (LEFT_ARM, RIGHT_ARM) == (5, 8)  # as CMU_BONES numbers them
