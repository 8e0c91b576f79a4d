"""Motions made by rule, for when there is no motion capture: walking, running, gestures, sitting, jumping.

Joint angles of gait after the usual curves of clinical gait analysis (Perry, Gait Analysis, 1992), as a few values
around the cycle; gestures are poses that a person goes to and leaves again.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from impose_widget.synthesize.motion import UPPER, Motion, mixed
from impose_widget.synthesize.rig import (
    CHEST,
    HEAD,
    LEFT_ARM,
    LEFT_LEG,
    NECK,
    PELVIS,
    RIGHT_ARM,
    RIGHT_LEG,
    SPINE,
    rotation,
)
from impose_widget.synthesize.rig import N as N_SEGMENTS

RATE = 30.0  # frames per second of the motions made here

# degrees at eighths of the cycle, from heel strike
WALK = {
    "thigh": (28, 22, 8, -6, -12, 2, 24, 31),
    "shin": (4, 15, 9, 5, 14, 48, 58, 18),
    "foot": (0, -6, 4, 9, -4, -16, -2, 2),
}
RUN = {
    "thigh": (38, 28, 4, -18, -20, 12, 44, 50),
    "shin": (18, 42, 30, 20, 48, 95, 98, 42),
    "foot": (4, 14, 12, -12, -24, -14, 0, 6),
}
STRIDE = {"walk": 1.55, "run": 2.6}  # lengths of the leg that one cycle of two steps covers

# gestures: segment -> degrees (flexion forwards, sideways from the body, twist inwards); an elbow has flexion alone
ARM_POSES: dict[str, tuple[tuple[float, float, float], float]] = {
    "down": ((2, 6, 0), 12),
    "hip": ((-22, 42, 35), 95),
    "folded": ((34, 8, 62), 112),
    "wave": ((25, 118, 20), 70),
    "up": ((165, 12, 0), 12),
    "point": ((88, 12, 0), 6),
    "phone": ((46, 32, 22), 138),
    "face": ((62, 6, 30), 132),
    "carry": ((18, 8, 12), 92),
    "out": ((6, 86, 0), 10),
    "pocket": ((-14, 14, 18), 42),
    "reach": ((112, 18, 6), 28),
    "back": ((-38, 16, 26), 58),
}


def _leg(flexion: np.ndarray, knee: np.ndarray, foot: np.ndarray, side: int, spread: float = 3.0) -> list[np.ndarray]:
    return [rotation(x=-np.asarray(flexion), z=side * spread), rotation(x=knee), rotation(x=-np.asarray(foot))]


def _arm(pose: tuple[tuple[float, float, float], float], side: int) -> list[np.ndarray]:
    (flexion, sideways, twist), elbow = pose
    upper = rotation(x=-flexion) @ rotation(z=side * sideways) @ rotation(y=-side * twist)
    return [upper, rotation(x=-elbow), rotation(z=side * 4.0)]


def standing() -> np.ndarray:
    """(N, 3, 3) standing with hanging arms."""
    turns = np.tile(np.eye(3), (N_SEGMENTS, 1, 1))
    for side, arm, leg in ((1, LEFT_ARM, LEFT_LEG), (-1, RIGHT_ARM, RIGHT_LEG)):
        turns[arm : arm + 3] = _arm(ARM_POSES["down"], side)
        turns[leg : leg + 3] = _leg(1, 2, 0, side)
    return turns


def _cycle(values: tuple[float, ...], phase: np.ndarray) -> np.ndarray:
    return CubicSpline(np.arange(9) / 8, [*values, values[0]], bc_type="periodic")(np.mod(phase, 1))


def gait(phase: np.ndarray, how: str, rng: np.random.Generator) -> np.ndarray:
    """(T, N, 3, 3) a walker or runner at phases (T,) of the cycle, with a gait of its own."""
    table, run = (RUN, True) if how == "run" else (WALK, False)
    phase = np.asarray(phase, float)
    size, swing = rng.normal(1, 0.08), rng.normal(1, 0.25)
    turns = np.repeat(standing()[None], len(phase), 0)
    for side, leg, arm, shift in ((1, LEFT_LEG, LEFT_ARM, 0.0), (-1, RIGHT_LEG, RIGHT_ARM, 0.5)):
        p = phase + shift
        thigh, shin, foot = (_cycle(table[k], p) for k in ("thigh", "shin", "foot"))
        for j, turn in enumerate(_leg(size * thigh, shin, foot, side, 2.0)):
            turns[:, leg + j] = turn
        back = -np.cos(2 * np.pi * (p - 0.02))
        reach = (34 if run else 20) * swing * back + (0 if run else 4)
        turns[:, arm] = rotation(x=-reach, z=side * (10 if run else 7))
        turns[:, arm + 1] = rotation(x=-((85 if run else 18) + 12 * back), y=-side * (18 if run else 5))
    roll = np.sin(2 * np.pi * phase)
    twist = np.cos(2 * np.pi * phase)
    lean = rng.normal(12 if run else 2, 3)
    turns[:, PELVIS] = rotation(x=lean * 0.4, y=-5 * twist, z=-2.5 * roll)
    turns[:, SPINE] = rotation(x=lean * 0.3, y=4 * twist, z=2 * roll)
    turns[:, CHEST] = rotation(x=lean * 0.3, y=6 * twist)
    turns[:, NECK] = rotation(x=-lean * 0.4 + rng.normal(3, 3), y=-3 * twist)
    turns[:, HEAD] = rotation(x=rng.normal(2, 4), y=-2 * twist)
    return turns


def along(path: np.ndarray, seconds: float, how: str, rng: np.random.Generator, leg: float = 0.9) -> Motion:
    """Walk or run along a path (P, 2) of x and z in metres, at an even pace, for someone with a leg of some metres."""
    t = np.arange(round(seconds * RATE) + 1) / RATE
    smooth = _rounded(np.asarray(path, float))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))])
    gone = length[-1] * t / max(seconds, 1e-6)
    way = np.stack([np.interp(gone, length, smooth[:, a]) for a in (0, 1)], 1)
    ahead = np.stack([np.interp(gone + 0.1, length, smooth[:, a]) for a in (0, 1)], 1)
    behind = np.stack([np.interp(gone - 0.1, length, smooth[:, a]) for a in (0, 1)], 1)
    step = ahead - behind
    heading = np.unwrap(np.arctan2(step[:, 0], step[:, 1]))
    phase = gone / (STRIDE[how] * leg) + rng.random()
    turns = gait(phase, how, rng)
    turns[:, PELVIS] = rotation(y=np.rad2deg(heading)) @ turns[:, PELVIS]
    bounce = (0.05 if how == "run" else 0.0) * np.abs(np.sin(2 * np.pi * phase))
    root = np.stack([way[:, 0] / leg, bounce, way[:, 1] / leg], 1)
    return Motion(turns, root, RATE)


def _rounded(path: np.ndarray) -> np.ndarray:
    """A finely sampled path with rounded corners, of the same ends."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    fine = np.linspace(0, length[-1], max(int(length[-1] / 0.05), 2) + 1)
    points = np.stack([np.interp(fine, length, path[:, a]) for a in (0, 1)], 1)
    for _ in range(60):
        points[1:-1] = 0.25 * points[:-2] + 0.5 * points[1:-1] + 0.25 * points[2:]
    return points


def stance(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Legs and pelvis of a pose (N, 3, 3), and how high it jumps, in lengths of the leg."""
    turns = standing()
    left, right, pelvis, hop = (1, 3, 0), (1, 3, 0), (0.0, 0.0, 0.0), 0.0
    if kind == "stand":
        ease = rng.uniform(0, 14)
        left, pelvis = (ease, 1.9 * ease, 0), (0, rng.normal(0, 6), rng.normal(0, 3))
    elif kind == "sit":
        left = right = (88 + rng.normal(0, 5), 86 + rng.normal(0, 12), 0)
        pelvis = (-4, 0, 0)
    elif kind == "squat":
        bend = rng.uniform(40, 105)
        left = right = (bend, 1.25 * bend, 0.25 * bend)
        pelvis = (0.25 * bend, 0, 0)
    elif kind == "lunge":
        left, right, pelvis = (62, 68, 4), (-22, 22, -8), (6, 0, 0)
    elif kind == "kick":
        left, right, pelvis = (78 + rng.normal(0, 15), 18, -20), (-4, 12, 0), (-8, 0, 0)
    elif kind == "jump":
        left = right = (18, 30, -28)
        hop = rng.uniform(0.15, 0.4)
    spread = abs(rng.normal(4, 4)) + (10 if kind in ("squat", "sit") else 0)
    turns[LEFT_LEG : LEFT_LEG + 3] = _leg(*left, 1, spread)
    turns[RIGHT_LEG : RIGHT_LEG + 3] = _leg(*right, -1, spread)
    turns[PELVIS] = rotation(*pelvis)
    return turns, hop


def gesture(turns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Arms, trunk and head of a pose, anew, over the legs of `turns` (N, 3, 3)."""
    turns = turns.copy()
    names = list(ARM_POSES)
    weight = np.array([4.0 if n == "down" else 1.0 for n in names])
    both = rng.random() < 0.35
    pick = rng.choice(len(names), 2, p=weight / weight.sum())
    for side, arm, k in ((1, LEFT_ARM, pick[0]), (-1, RIGHT_ARM, pick[0] if both else pick[1])):
        (flexion, sideways, twist), elbow = ARM_POSES[names[k]]
        wobble = rng.normal(0, 1, 4) * (10, 7, 8, 12)
        pose = (
            (flexion + wobble[0], max(sideways + wobble[1], 2), twist + wobble[2]),
            float(np.clip(elbow + wobble[3], 2, 145)),
        )
        turns[arm : arm + 3] = _arm(pose, side)
    bend, twist, tilt = rng.normal(4, 9), rng.normal(0, 10), rng.normal(0, 5)
    turns[SPINE] = rotation(bend * 0.5, twist * 0.5, tilt * 0.5)
    turns[CHEST] = rotation(bend * 0.5, twist * 0.5, tilt * 0.5)
    turns[NECK] = rotation(rng.normal(6, 8), rng.normal(0, 14), rng.normal(0, 4))
    turns[HEAD] = rotation(rng.normal(4, 8), rng.normal(0, 18), rng.normal(0, 5))
    return turns


def gestures(
    seconds: float, rng: np.random.Generator, kinds: tuple[str, ...] = ("stand",), hold: float = 1.0
) -> Motion:
    """Go from pose to pose, one about every `hold` seconds, on the spot."""
    poses, hops, times = [], [], [0.0]
    while len(poses) < 2 or times[-1] < seconds:
        legs, hop = stance(str(rng.choice(list(kinds))), rng)
        poses.append(gesture(legs, rng))
        hops.append(hop)
        times.append(times[-1] + hold * rng.uniform(0.6, 1.5))
    t = np.arange(round(seconds * RATE) + 1) / RATE
    turns, lift = np.empty((len(t), N_SEGMENTS, 3, 3)), np.empty(len(t))
    for i, now in enumerate(t):
        k = min(int(np.searchsorted(times, now, "right")) - 1, len(poses) - 2)
        share = np.clip((now - times[k]) / (times[k + 1] - times[k]), 0, 1)
        ease = np.clip(1.5 * share - 0.1, 0, 1)
        ease = ease * ease * (3 - 2 * ease)
        turns[i] = mixed(poses[k], poses[k + 1], ease)
        lift[i] = hops[k] * (1 - ease) + hops[k + 1] * ease
    sway = np.sin(2 * np.pi * (t[:, None] * rng.uniform(0.2, 0.5, 3) + rng.random(3)))
    turns[:, PELVIS] = turns[:, PELVIS] @ rotation(*(1.2 * sway.T))
    return Motion(turns, np.stack([0 * t, lift, 0 * t], 1), RATE)


def walk_and_gesture(base: Motion, rng: np.random.Generator, hold: float = 1.2) -> Motion:
    """The legs of a walk, the arms and head of gestures."""
    top = gestures(base.seconds, rng, hold=hold)
    return base.with_limbs_of(top, UPPER)
