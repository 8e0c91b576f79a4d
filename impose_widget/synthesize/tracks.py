"""Tracks of people without their pixels, thousands of frames a minute: what identities are learned from.

The same motions, builds and cameras as in rendered clips; a keypoint is hidden where the limbs of somebody nearer to
the camera cover it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, OCCLUDED, VISIBLE
from impose_widget.core.skeleton import COCO17
from impose_widget.synthesize import moves
from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.person import random_build
from impose_widget.synthesize.rig import LEFT_LEG, Build
from impose_widget.synthesize.scenarios import captured
from impose_widget.synthesize.scene import Actor, Camera, Scene

SIZE = 848, 480
LIMB = 0.06  # metres from a bone that a limb covers; a trunk is thicker
TRUNK = 0.16
NEAR = 0.3  # metres from the camera within which nothing is seen


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody of whom nothing but the proportions is known."""

    build: Build


def random_tracks(seed: int, mocap: dict[str, Motion] | None, seconds: float, fps: float = 25.0) -> np.ndarray:
    """(T, N, 17, 3) x, y in pixels of an image of 848×480 and COCO's visibility, of two to twelve people.

    Args:
        seed: of everything.
        mocap: captured motions; a third of the people perform one. None: all motions are made by rule.
        seconds: length.
        fps: frames per second.
    """
    rng = np.random.default_rng([seed, 41])
    times = np.arange(round(seconds * fps)) / fps
    actors = [_somebody(rng, mocap, seconds) for _ in range(int(rng.integers(2, 13)))]
    points = np.stack([a.pose(times)[1] for a in actors], 1)
    camera = _camera(rng, seed, seconds, points)
    return _projected(points, camera.views(times), float(rng.uniform(0.8, 1.6)) * SIZE[0])


def filmed(scene: Scene) -> np.ndarray:
    """The tracks of a scene's people, as `random_tracks` gives them; things hide nobody here."""
    times = np.arange(scene.n_frames) / scene.fps
    points = np.stack([a.pose(times)[1] for a in scene.actors], 1)
    return _projected(points, scene.camera.views(times), scene.camera.focal * SIZE[0])


def _projected(points: np.ndarray, views: np.ndarray, focal: float) -> np.ndarray:
    """(T, N, K, 3) x, y, visibility of points (T, N, K, 3) in the world."""
    place = np.einsum("tab,tnkb->tnka", views[..., :3], points) + views[:, None, None, :, 3]
    depth = np.maximum(place[..., 2], NEAR)
    xy = focal * place[..., :2] / depth[..., None] + (np.array(SIZE) - 1) / 2
    inside = (place[..., 2] > NEAR) & (xy > -0.5).all(-1) & (xy < np.array(SIZE) - 0.5).all(-1)
    seen = np.where(_covered(xy, depth, focal), OCCLUDED, VISIBLE)
    visibility = np.where(inside, seen, ABSENT)
    return np.concatenate([np.where(inside[..., None], xy, np.nan), visibility[..., None]], -1).astype(np.float32)


def _somebody(rng: np.random.Generator, mocap: dict[str, Motion] | None, seconds: float) -> Actor:
    """Somebody who walks to and fro, stands about, or does what was captured."""
    build = random_build(rng, child=rng.random() < 0.12)
    leg, pick = float(build.joints[LEFT_LEG, 1]), rng.random()
    at = rng.normal(0, (1.6, 1.1))
    if mocap and pick < 0.34:
        motion = captured(rng, mocap, seconds)
    elif pick < 0.75:
        how = "run" if rng.random() < 0.2 else "walk"
        speed = rng.uniform(2, 3.5) if how == "run" else rng.uniform(0.5, 1.6)
        way = np.cumsum(rng.dirichlet(np.ones(int(rng.integers(1, 5)))))
        turns = np.cumsum(rng.normal(0, 1.1, len(way))) + rng.uniform(-np.pi, np.pi)
        legs = np.diff(np.r_[0, way])[:, None] * speed * seconds * np.stack([np.sin(turns), np.cos(turns)], 1)
        motion = moves.along(np.concatenate([[(0, 0)], np.cumsum(legs, 0)]), seconds, how, rng, leg)
        at = at - legs.sum(0) / 2
    else:
        motion = moves.gestures(seconds, rng, tuple(rng.choice(("stand", "sit", "squat", "lunge", "kick"), 2)))
    return Actor(Figure(build), motion, tuple(at), float(rng.uniform(-180, 180)), -rng.uniform(0, 0.3) * seconds)


def _camera(rng: np.random.Generator, seed: int, seconds: float, points: np.ndarray) -> Camera:
    """Still, by hand, panning, moving, or after somebody."""
    far, turn = float(np.exp(rng.uniform(np.log(3.5), np.log(11.0)))), rng.uniform(-np.pi, np.pi)
    eye = np.array([far * np.sin(turn), rng.uniform(0.8, 3.0), far * np.cos(turn)])
    times = np.linspace(0, seconds, 5)
    eyes, targets = np.repeat(eye[None], 5, 0), np.repeat([[0.0, 0.95, 0.0]], 5, 0)
    how = str(rng.choice(["still", "hand", "pan", "move", "after"]))
    if how == "pan":
        targets = targets + np.cumsum(rng.normal(0, (0.35, 0.05, 0.35), (5, 3)), 0)
    elif how == "move":
        eyes = eyes + np.cumsum(rng.normal(0, (0.4, 0.05, 0.4), (5, 3)), 0)
    elif how == "after":
        whom = points[:, rng.integers(points.shape[1])].mean(1)
        targets = whom[np.linspace(0, len(whom) - 1, 5).astype(int)]
    shake = 0.0 if how == "still" else float(rng.uniform(0.1, 1.2))
    return Camera(times, eyes, targets, shake=shake, seed=seed)


def _covered(xy: np.ndarray, depth: np.ndarray, focal: float) -> np.ndarray:
    """(T, N, K) bool: a limb or trunk of somebody nearer lies before the keypoint."""
    out = np.zeros(xy.shape[:3], bool)
    middle = depth.mean(-1)
    trunk = ((5, 12), (6, 11), (5, 11), (6, 12))
    bones = [(a, b, TRUNK if a in (5, 6) and b in (11, 12) else LIMB) for a, b in (*COCO17.edges, *trunk)]
    for n in range(xy.shape[1]):
        for a, b, thick in bones:
            start, along = xy[:, n, None, None, a], (xy[:, n, b] - xy[:, n, a])[:, None, None]
            length = np.maximum((along**2).sum(-1), 1e-6)
            share = np.clip(((xy - start) * along).sum(-1) / length, 0, 1)
            off = np.linalg.norm(xy - start - share[..., None] * along, axis=-1)
            out |= (off < thick * focal / middle[:, n, None, None]) & (
                middle[:, n, None, None] < middle[..., None] - 0.1
            )
    return out


def write_tracks(keypoints: np.ndarray, path: Path, fps: float = 25.0) -> Path:
    """Write tracks (T, N, 17, 3) as a table of poses that `iw.read` reads; whoever shows less than four keypoints in a
    frame is left out of it."""
    from impose_widget.io import write

    shown = (keypoints[..., 2] > 0).sum(-1) >= 4
    frame, person = np.nonzero(shown)
    rows = keypoints[frame, person].reshape(-1, 3)
    n = len(COCO17)
    table = pd.DataFrame(
        {
            "frame": np.repeat(frame, n),
            "time": np.repeat(frame / fps, n),
            "track_id": np.repeat(person, n),
            "keypoint": np.tile(list(COCO17.keypoints), len(frame)),
            "x": rows[:, 0],
            "y": rows[:, 1],
            "visibility": rows[:, 2].astype(np.int8),
        }
    )
    table.attrs = {
        "skeleton": COCO17.to_json(),
        "video": {
            "name": path.parent.name,
            "n_frames": len(keypoints),
            "width": SIZE[0],
            "height": SIZE[1],
            "fps": fps,
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(table, path)
