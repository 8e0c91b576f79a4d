"""Scenarios: clips with a name that test one difficulty each, and clips at random to learn from.

The named ones use motions made by rule alone, so that they are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from impose_widget.synthesize import moves, paint, places
from impose_widget.synthesize.motion import LOWER, UPPER, Motion
from impose_widget.synthesize.person import random_build, random_person
from impose_widget.synthesize.rig import LEFT_LEG
from impose_widget.synthesize.scene import Actor, Camera, Scene, box, column

OUTDOORS = ("street", "park")


def _leg(actor_build: object) -> float:
    return float(actor_build.joints[LEFT_LEG, 1])  # type: ignore[attr-defined]


def _stage(
    name: str,
    rng: np.random.Generator,
    seed: int,
    place: str,
    seconds: float,
    photos: list[Path] | None,
    eye=(0, 1.5, 6.0),
) -> Scene:
    """A scene without people."""
    return Scene(
        name,
        [],
        [],
        places.surroundings(rng, place, photos),
        places.light(rng, place in OUTDOORS),
        Camera(np.array([0.0]), np.array([eye], float), np.array([[0, 0.95, 0.0]]), 1.1, shake=0.15, seed=seed),
        replace(places.film(rng, 0.5), aperture=0.0),
        n_frames=round(25 * seconds),
        seed=seed,
    )


def _walker(
    rng: np.random.Generator,
    path: list,
    seconds: float,
    how: str = "walk",
    start: float = 0.0,
    busy: float = 0.3,
    **looks,
) -> Actor:
    person = random_person(rng, **looks)
    motion = moves.along(np.array(path, float), seconds, how, rng, _leg(person.build))
    if rng.random() < busy:
        motion = moves.walk_and_gesture(motion, rng)
    return Actor(person, motion, start=start)


def _stander(rng: np.random.Generator, at: tuple, heading: float, seconds: float, kinds=("stand",), **looks) -> Actor:
    return Actor(random_person(rng, **looks), moves.gestures(seconds, rng, kinds), at, heading)


def crossing_twins(seed: int, photos: list[Path] | None = None) -> Scene:
    """Two people who look the same cross before the camera, twice."""
    rng = np.random.default_rng([seed, 1])
    scene = _stage("crossing_twins", rng, seed, "room", 4.0, photos)
    build = random_build(rng, woman=False)
    for sign, z in ((1, 0.35), (-1, -0.35)):
        path = [(-1.7 * sign, z), (1.3 * sign, z), (1.5 * sign, 0), (1.3 * sign, -z), (-1.7 * sign, -z)]
        scene.actors.append(_walker(rng, path, 4.2, busy=0, build=build, woman=False, outfit=seed + 11))
    return scene


def long_occlusion(seed: int, photos: list[Path] | None = None) -> Scene:
    """One walks behind a board and stays there for a second and a half; another passes before it."""
    rng = np.random.default_rng([seed, 2])
    scene = _stage("long_occlusion", rng, seed, "street", 5.0, photos)
    first = random_person(rng)
    leg = _leg(first.build)
    there = moves.along(np.array([(-2.3, -0.8), (0.0, -0.8)]), 1.6, "walk", rng, leg)
    rest = moves.gestures(1.6, rng)
    back = moves.along(np.array([(0.0, -0.8), (2.4, -0.8)]), 1.8, "walk", rng, leg)
    scene.actors.append(Actor(first, _joined([there, _at(rest, 0.0, -0.8, leg, 90), back])))
    scene.actors.append(_walker(rng, [(2.4, 0.9), (-2.4, 0.7)], 4.6, start=0.3))
    scene.props.append(box((-0.75, 0, -0.1), (0.75, 2.05, 0.05), paint.wall(rng, "panels")))
    return scene


def exit_and_return(seed: int, photos: list[Path] | None = None) -> Scene:
    """One leaves the image to the right and comes back after a second, while another stays."""
    rng = np.random.default_rng([seed, 3])
    scene = _stage("exit_and_return", rng, seed, "park", 6.0, photos)
    scene.actors.append(_walker(rng, [(-0.6, 0.4), (3.9, 0.4), (4.1, 0.0), (3.9, -0.3), (-0.4, -0.3)], 6.0, busy=0))
    scene.actors.append(_stander(rng, (-1.5, -0.4), 20, 6.0))
    return scene


def fast_blur(seed: int, photos: list[Path] | None = None) -> Scene:
    """Running and quick kicks, jumps and waving at a slow shutter."""
    rng = np.random.default_rng([seed, 4])
    scene = _stage("fast_blur", rng, seed, "park", 3.0, photos)
    scene.film.shutter, scene.samples = 0.95, 9
    scene.actors.append(_walker(rng, [(-2.6, -0.6), (2.6, -0.6)], 1.6, "run", start=0.2, busy=0))
    motion = moves.gestures(3.2, rng, ("stand", "kick", "jump", "lunge"), hold=0.34)
    scene.actors.append(Actor(random_person(rng), motion, (-0.7, 0.5), 15))
    motion = moves.gestures(3.2, rng, ("stand", "squat", "jump"), hold=0.4)
    scene.actors.append(Actor(random_person(rng), motion, (0.9, 0.2), -25))
    return scene


def crowd_of_12(seed: int, photos: list[Path] | None = None) -> Scene:
    """Twelve people: six who stand and talk, six who walk between them."""
    rng = np.random.default_rng([seed, 5])
    scene = _stage("crowd_of_12", rng, seed, "street", 3.0, photos, eye=(0, 2.1, 7.5))
    for k in range(6):
        at = (-2.6 + 1.05 * k + rng.normal(0, 0.12), -1.2 + 0.9 * (k % 2) + rng.normal(0, 0.15))
        scene.actors.append(_stander(rng, at, rng.uniform(-70, 70) + 180 * (rng.random() < 0.25), 3.2))
    for k in range(6):
        sign, z = (1 if k % 2 else -1), (-2.0, -0.7, 0.35, 1.1, -2.9, 1.7)[k]
        x = -sign * rng.uniform(1.2, 2.6)
        scene.actors.append(_walker(rng, [(x, z), (x + sign * 3.6, z + rng.normal(0, 0.2))], 3.2))
    return scene


def child_and_adult(seed: int, photos: list[Path] | None = None) -> Scene:
    """A child walks around an adult, close by."""
    rng = np.random.default_rng([seed, 6])
    scene = _stage("child_and_adult", rng, seed, "room", 4.0, photos, eye=(0, 1.4, 4.8))
    scene.actors.append(_stander(rng, (0, 0), 10, 4.2, ("stand", "squat")))
    turn = np.linspace(-0.4, 1.5, 14) * np.pi
    path = np.stack([0.75 * np.sin(turn), 0.65 * np.cos(turn)], 1)
    scene.actors.append(_walker(rng, list(path), 4.2, busy=0, build=random_build(rng, child=True)))
    return scene


def camera_pan(seed: int, photos: list[Path] | None = None) -> Scene:
    """The camera follows a runner past people who stand, by hand."""
    rng = np.random.default_rng([seed, 7])
    scene = _stage("camera_pan", rng, seed, "street", 3.6, photos)
    scene.actors.append(_walker(rng, [(-4.5, 0), (4.5, 0.2)], 3.6, "run", busy=0))
    for x, z in ((-2.6, -1.5), (0.2, -1.2), (2.4, -1.8)):
        scene.actors.append(_stander(rng, (x, z), rng.uniform(-40, 40), 3.8))
    scene.props.append(column((1.2, 1.2), 0.07, 3.0, paint.cloth(rng, "plain")))
    t = np.linspace(0, 3.6, 7)
    scene.camera = Camera(
        t, np.stack([0.25 * (2.5 * t - 4.5), 1.5 + 0 * t, 5.6 + 0 * t], 1),
        np.stack([2.5 * t - 4.3 + rng.normal(0, 0.12, 7), 0.95 + rng.normal(0, 0.04, 7), 0 * t], 1), 1.1, 0.5, seed,
    )  # fmt: skip
    return scene


SCENARIOS: dict[str, Callable[..., Scene]] = {
    f.__name__: f
    for f in (crossing_twins, long_occlusion, exit_and_return, fast_blur, crowd_of_12, child_and_adult, camera_pan)
}


def _at(motion: Motion, x: float, z: float, leg: float, heading: float) -> Motion:
    """A motion on another spot, turned by degrees."""
    from impose_widget.synthesize.rig import rotation

    turns = motion.turns.copy()
    turns[:, 0] = rotation(y=heading) @ turns[:, 0]
    return Motion(turns, motion.root + np.array([x, 0, z]) / leg, motion.fps)


def _joined(motions: list[Motion], blend: int = 8) -> Motion:
    """One motion after the other; over the first frames of each the pose comes from the one before."""
    out = motions[0]
    for then in motions[1:]:
        turns, root = then.turns.copy(), then.root.copy()
        for k in range(min(blend, len(then))):
            share = (k + 1) / (blend + 1)
            turns[k] = moves.mixed(out.turns[-1], then.turns[k], share)
            root[k] = out.root[-1] * (1 - share) + then.root[k] * share
        out = Motion(np.concatenate([out.turns, turns]), np.concatenate([out.root, root]), out.fps)
    return out


def random_scene(
    seed: int, mocap: dict[str, Motion] | None = None, photos: list[Path] | None = None, seconds: float = 3.0
) -> Scene:
    """A clip drawn at random: one to eight people alone, in pairs or in a queue, at any distance.

    Args:
        seed: of everything.
        mocap: captured motions to draw from; half of the people perform one, mixed, mirrored or warped.
        photos: photographs to stand before; half of the clips use one.
        seconds: length.
    """
    rng = np.random.default_rng([seed, 99])
    place = str(rng.choice("room shop street park studio".split()))
    scene = _stage("random", rng, seed, place, seconds, photos if photos and rng.random() < 0.5 else None)
    scene.film = places.film(rng, float(rng.uniform(0.2, 1)))
    for spot in _spots(rng):
        scene.actors.append(_somebody(rng, spot, seconds, mocap))
    scene.props += places.furniture(rng, int(rng.integers(0, 7)), 2.2, 5.0)
    scene.camera = _camera(rng, seed, seconds, np.mean([a.at for a in scene.actors], 0))
    return scene


def _spots(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """x, z and heading of people in a group."""
    n = int(rng.choice([1, 2, 3, 4, 5, 6, 8], p=[0.2, 0.24, 0.2, 0.14, 0.1, 0.07, 0.05]))
    how = str(rng.choice(["loose", "pair", "queue", "row"]))
    heading = rng.normal(0, 50) + 180 * (rng.random() < 0.2)
    if how == "queue":
        return [
            (0.75 * k - 0.37 * n + rng.normal(0, 0.1), rng.normal(0, 0.15), 90 + rng.normal(0, 20)) for k in range(n)
        ]
    if how == "row":
        return [(0.7 * k - 0.35 * n, rng.normal(0, 0.2), heading + rng.normal(0, 25)) for k in range(n)]
    spots = []
    for k in range(n):
        if how == "pair" and k % 2:
            x, z, h = spots[-1]
            gap = rng.uniform(0.28, 0.6)  # from a hug to a talk
            a = np.deg2rad(h)
            spots.append((x + gap * np.sin(a), z + gap * np.cos(a), h + 180 + rng.normal(0, 20)))
        else:
            spots.append((rng.normal(0, 0.5 + 0.25 * n), rng.normal(-0.3, 0.3 + 0.3 * n), heading + rng.normal(0, 70)))
    return spots


def _somebody(rng: np.random.Generator, spot: tuple[float, float, float], seconds: float, mocap: dict | None) -> Actor:
    x, z, heading = spot
    person = random_person(rng, random_build(rng, child=True) if rng.random() < 0.15 else None)
    pick = rng.random()
    if mocap and pick < 0.5:
        motion = captured(rng, mocap, seconds)
    elif pick < 0.72:
        a = np.deg2rad(rng.normal(0, 30))
        way = rng.uniform(0.8, 1.6) * seconds
        how = "run" if rng.random() < 0.2 else "walk"
        path = np.array([(0, 0), (way * np.sin(a) * 0.5, way * np.cos(a) * 0.5), (way * np.sin(a), way * np.cos(a))])
        motion = moves.along(path, seconds / (2 if how == "run" else 1), how, rng, _leg(person.build))
        motion = moves.walk_and_gesture(motion, rng) if rng.random() < 0.4 else motion
    else:
        kinds = ("stand",) * 5 + ("sit", "squat", "lunge", "kick", "jump")
        motion = moves.gestures(seconds, rng, tuple(rng.choice(kinds, 2)), hold=rng.uniform(0.5, 1.6))
    return Actor(person, motion, (x, z), heading, start=-rng.uniform(0, 0.3) * seconds)


def captured(rng: np.random.Generator, mocap: dict[str, Motion], seconds: float) -> Motion:
    """A piece of captured motion made new: mirrored, warped in time, its arms or legs taken from another."""
    names = sorted(mocap)
    weight = np.sqrt([len(mocap[n]) for n in names])

    def piece() -> Motion:
        motion = mocap[names[rng.choice(len(names), p=weight / weight.sum())]]
        n = min(len(motion), round(seconds * 1.4 * motion.fps) + 1)
        first = int(rng.integers(0, len(motion) - n + 1))
        return motion.cut(first, first + n)

    motion = piece()
    if rng.random() < 0.3:
        motion = motion.with_limbs_of(piece(), UPPER if rng.random() < 0.7 else LOWER)
    if rng.random() < 0.5:
        motion = motion.mirrored()
    knots = rng.uniform(0.75, 1.3, 4)
    return motion.warped(np.interp(np.arange(len(motion)), np.linspace(0, len(motion), 4), knots))


def _camera(rng: np.random.Generator, seed: int, seconds: float, middle: np.ndarray) -> Camera:
    """Near or far, at eye level or above, still, by hand, panning or moving along."""
    far = float(np.exp(rng.uniform(np.log(2.4), np.log(8.0))))
    turn = rng.normal(0, 0.3)
    eye = np.array([middle[0] + far * np.sin(turn), rng.choice([0.9, 1.5, 1.6, 2.3]), middle[1] + far * np.cos(turn)])
    target = np.array([middle[0] + rng.normal(0, 0.25), rng.normal(0.95, 0.15), middle[1]])
    times, how = np.array([0, seconds]), str(rng.choice(["still", "hand", "pan", "move"]))
    eyes, targets = np.repeat(eye[None], 2, 0), np.repeat(target[None], 2, 0)
    if how == "pan":
        targets[1] += (rng.normal(0, 0.2 * far), 0, 0)
    elif how == "move":
        eyes[1] += rng.normal(0, 0.5, 3) * (1, 0.2, 0.6)
    return Camera(
        times, eyes, targets, float(rng.uniform(0.75, 1.6)), {"still": 0.0}.get(how, rng.uniform(0.1, 0.8)), seed
    )
