"""The rig: the segments of a body, how long they are, and where rotations put them.

World coordinates are metres, y up. A person at rest stands upright with hanging arms, faces +z, and has the left hand
at +x. A motion turns segments away from that pose. The mesh is modelled with the arms lifted away from the body
(`MODEL_ARM`), where skin does not touch itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SEGMENTS = (
    "pelvis spine chest neck head "
    "left_upper_arm left_forearm left_hand right_upper_arm right_forearm right_hand "
    "left_thigh left_shin left_foot right_thigh right_shin right_foot"
).split()
PARENT = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 0, 14, 15)
PELVIS, SPINE, CHEST, NECK, HEAD = range(5)
LEFT_ARM, RIGHT_ARM, LEFT_LEG, RIGHT_LEG = 5, 8, 11, 14  # each is three segments, from the trunk outwards
MIRRORED = (0, 1, 2, 3, 4, 8, 9, 10, 5, 6, 7, 14, 15, 16, 11, 12, 13)
MODEL_ARM = np.deg2rad(45.0)  # from hanging, in the pose the mesh is modelled in
LIFT = 0.045  # metres that a shoulder rises when the arm is straight up, for an adult

N = len(SEGMENTS)


@dataclass(frozen=True, slots=True)
class Build:
    """A person's proportions; the defaults are an average adult.

    Attributes:
        height: of the standing body, metres.
        head: size of the head against the average adult's (a child of 1.1 m has about 0.9).
        legs: share by which legs are longer or shorter than the average for that height.
        arms: the same for arms.
        shoulders: the same for the width of the shoulders.
        hips: the same for the width of the hips.
        girth: thickness of trunk and limbs; 1 is lean.
        bust: depth of the breast, metres.
        belly: depth of the belly, metres.
    """

    height: float = 1.74
    head: float = 1.0
    legs: float = 1.0
    arms: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    girth: float = 1.0
    bust: float = 0.0
    belly: float = 0.0
    joints: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "joints", _joints(self))

    @property
    def scale(self) -> float:
        """Lengths against the average adult's, but for the head."""
        return self.height / 1.74


def _joints(b: Build) -> np.ndarray:
    """(N, 3) where each segment begins, standing at rest with the soles at y = 0.

    Source of the shares of body height: Winter, Biomechanics and Motor Control of Human Movement, figure 4.1.
    """
    s = b.scale
    leg = 0.905 * s * b.legs
    trunk = (1.74 * s - 0.255 * b.head) - leg  # hips to the base of the skull, so that heights add up
    hip, up = leg, lambda share: leg + share * trunk
    joints = np.zeros((N, 3))
    joints[PELVIS] = 0, up(0.08), 0
    joints[SPINE] = 0, up(0.25), -0.01 * s
    joints[CHEST] = 0, up(0.47), -0.015 * s
    joints[NECK] = 0, up(0.86), -0.03 * s
    joints[HEAD] = 0, up(1.0), -0.012 * s
    for sign, arm, side in ((1, LEFT_ARM, LEFT_LEG), (-1, RIGHT_ARM, RIGHT_LEG)):
        wide, hips = 0.178 * s * b.shoulders, 0.092 * s * b.hips
        joints[arm] = sign * wide, up(0.845), -0.02 * s
        joints[arm + 1] = joints[arm] - (0, 0.288 * s * b.arms, 0)
        joints[arm + 2] = joints[arm + 1] - (0, 0.25 * s * b.arms, 0)
        joints[side] = sign * hips, hip, 0
        joints[side + 1] = sign * hips * 0.95, 0.545 * leg, 0.005 * s
        joints[side + 2] = sign * hips * 0.9, 0.085 * s, -0.01 * s
    return joints


def model_joints(build: Build) -> tuple[np.ndarray, np.ndarray]:
    """The pose of the mesh: joints (N, 3), and rotations (N, 3, 3) that bring its segments to rest."""
    joints, turns = build.joints.copy(), np.tile(np.eye(3), (N, 1, 1))
    for sign, arm in ((1, LEFT_ARM), (-1, RIGHT_ARM)):
        lift = rotation(z=sign * np.rad2deg(MODEL_ARM))
        joints[arm : arm + 3] = joints[arm] + (joints[arm : arm + 3] - joints[arm]) @ lift.T
        turns[arm : arm + 3] = lift.T
    return joints, turns


def rotation(x: float | np.ndarray = 0.0, y: float | np.ndarray = 0.0, z: float | np.ndarray = 0.0) -> np.ndarray:
    """Rotations (..., 3, 3) about z, then x, then y (degrees, right-handed, fixed axes): Ry · Rx · Rz."""
    x, y, z = np.broadcast_arrays(*(np.deg2rad(np.asarray(a, float)) for a in (x, y, z)))
    (cx, sx), (cy, sy), (cz, sz) = ((np.cos(a), np.sin(a)) for a in (x, y, z))
    rows = [
        [cy * cz + sy * sx * sz, sy * sx * cz - cy * sz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [cy * sx * sz - sy * cz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def place(build: Build, turns: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a motion puts a body.

    Args:
        build: proportions.
        turns: (..., N, 3, 3) rotation of each segment against its parent (the pelvis against the world).
        root: (..., 3) position of the pelvis.

    Returns:
        Rotations (..., N, 3, 3) and origins (..., N, 3) of the segments in the world.
    """
    joints = build.joints
    world, origin = np.empty_like(turns), np.empty((*turns.shape[:-3], N, 3))
    world[..., 0, :, :], origin[..., 0, :] = turns[..., 0, :, :], root
    for j in range(1, N):
        p = PARENT[j]
        world[..., j, :, :] = world[..., p, :, :] @ turns[..., j, :, :]
        offset = np.broadcast_to(joints[j] - joints[p], origin[..., j, :].shape)
        if j in (LEFT_ARM, RIGHT_ARM):
            offset = offset + _shrug(turns[..., j, :, :], np.sign(joints[j, 0])) * build.scale
        origin[..., j, :] = origin[..., p, :] + np.einsum("...ab,...b->...a", world[..., p, :, :], offset)
    return world, origin


def _shrug(turn: np.ndarray, side: float) -> np.ndarray:
    """How a lifted arm moves its shoulder (..., 3), in the frame of the chest."""
    up = np.clip(0.3 - turn[..., 1, 1], 0, 1.3) / 1.3  # -turn[1, 1] is the height of the elbow over the shoulder
    return np.stack([-0.5 * side * LIFT * up, LIFT * up, 0 * up], -1)


CONTACTS = (
    ("left_foot", (0, -0.085, -0.05)), ("left_foot", (0, -0.08, 0.16)), ("right_foot", (0, -0.085, -0.05)),
    ("right_foot", (0, -0.08, 0.16)), ("left_hand", (0, -0.15, 0)), ("right_hand", (0, -0.15, 0)),
    ("left_shin", (0, 0, 0.06)), ("right_shin", (0, 0, 0.06)), ("pelvis", (0, -0.12, -0.08)),
    ("chest", (0, 0.1, -0.12)), ("chest", (0, 0.1, 0.12)), ("head", (0, 0.2, 0)),
    ("left_forearm", (0, 0, -0.04)), ("right_forearm", (0, 0, -0.04)),
)  # fmt: skip
"""What may touch the ground: a segment, and a point of it for an adult, metres from where the segment begins."""


def lowest(build: Build, world: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(...) height of the lowest part of bodies placed by `place`."""
    low = np.full(origin.shape[:-2], np.inf)
    for name, offset in CONTACTS:
        j = SEGMENTS.index(name)
        y = origin[..., j, 1] + world[..., j, 1, :] @ (np.array(offset) * build.scale)
        low = np.minimum(low, y)
    return low
