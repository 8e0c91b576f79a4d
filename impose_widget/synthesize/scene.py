"""A scene: who is in it, what stands around, the light, and the camera. Metres, y up, the ground at y = 0."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import PchipInterpolator

from impose_widget.synthesize.body import Shape, coco_points
from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.person import Person
from impose_widget.synthesize.rig import LEFT_LEG, lowest, place, rotation


@dataclass
class Actor:
    """Someone who performs a motion.

    Attributes:
        person: the dressed body.
        motion: what it does.
        at: (x, z) where the motion sets out.
        heading: degrees about the vertical that the motion is turned by; 0 faces +z.
        start: seconds of the scene at which the motion begins; before and after, its ends are held.
        seat: metres that the lowest part is above the ground.
    """

    person: Person
    motion: Motion
    at: tuple[float, float] = (0.0, 0.0)
    heading: float = 0.0
    start: float = 0.0
    seat: float = 0.0

    def pose(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Moves of the segments from the model's pose into the world (n, N, 3, 4), and COCO's keypoints (n, 17, 3)."""
        build = self.person.build
        shape = Shape(build)
        leg = build.joints[LEFT_LEG, 1]
        turns, root = self.motion.at(np.asarray(times) - self.start)
        about = rotation(y=self.heading)
        turns[:, 0] = about @ turns[:, 0]
        root = (root * leg) @ about.T + (self.at[0], 0, self.at[1])
        world, origin = place(build, turns, root * [1, 0, 1])
        origin[..., 1] += (root[:, 1] + self.seat - lowest(build, world, origin))[:, None]
        world = world @ shape.turns
        shift = origin - np.einsum("njab,jb->nja", world, shape.joints)
        moves = np.concatenate([world, shift[..., None]], -1)
        points, segments, _ = coco_points(shape)
        carried = moves[:, segments]
        return moves, np.einsum("nkab,kb->nka", carried[..., :3], points) + carried[..., 3]


@dataclass
class Prop:
    """A thing: points (V, 3), normals (V, 3), uv (V, 2), triangles (F, 3), a texture (512, 512, 3)."""

    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    texture: np.ndarray
    gloss: float = 0.05


def box(
    low: tuple, high: tuple, texture: np.ndarray, turn: float = 0.0, tile: float = 1.0, gloss: float = 0.05
) -> Prop:
    """A block between two corners, turned by degrees about its vertical middle, cut fine enough for the near plane."""
    low, high = np.array(low, float), np.array(high, float)
    points, normals, uv, triangles, count = [], [], [], [], 0
    n = 6
    grid = np.stack(np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n), indexing="ij"), -1).reshape(-1, 2)
    i = np.arange((n - 1) * (n - 1))
    a = i // (n - 1) * n + i % (n - 1)
    quad = np.concatenate([np.stack([a, a + n, a + n + 1], 1), np.stack([a, a + n + 1, a + 1], 1)])
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, 1):
            p = np.empty((n * n, 3))
            p[:, axis] = (low, high)[side][axis]
            p[:, u], p[:, v] = low[u] + grid[:, 0] * (high - low)[u], low[v] + grid[:, 1] * (high - low)[v]
            normal = np.zeros(3)
            normal[axis] = 2 * side - 1
            points.append(p)
            normals.append(np.tile(normal, (n * n, 1)))
            flat = [d for d in range(3) if d != axis] if axis != 0 else [2, 1]
            uv.append(p[:, flat] * (1, -1) / tile)
            triangles.append((quad if side else quad[:, ::-1]) + count)
            count += n * n
    middle, turned = (low + high) / 2 * [1, 0, 1], rotation(y=turn)
    where = (np.concatenate(points) - middle) @ turned.T + middle
    return Prop(
        where, np.concatenate(normals) @ turned.T, np.concatenate(uv), np.concatenate(triangles), texture, gloss
    )


def column(
    at: tuple[float, float], radius: float, height: float, texture: np.ndarray, base: float = 0.0, sharp: float = 1.0
) -> Prop:
    """A pole, tree or bin; `sharp` is the radius of its top against that of its foot."""
    n, m = 16, 8
    a = np.linspace(0, 2 * np.pi, n + 1)
    y = np.linspace(0, 1, m)
    angle, up = np.meshgrid(a, y, indexing="ij")
    r = radius * (1 + (sharp - 1) * up)
    points = np.stack([at[0] + r * np.sin(angle), base + up * height, at[1] + r * np.cos(angle)], -1).reshape(-1, 3)
    normals = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1).reshape(-1, 3)
    uv = np.stack([angle / (2 * np.pi) * max(round(2 * np.pi * radius), 1), -up * height], -1).reshape(-1, 2)
    i = np.arange(n * (m - 1))
    k = i // (m - 1) * m + i % (m - 1)
    triangles = np.concatenate([np.stack([k, k + m, k + m + 1], 1), np.stack([k, k + m + 1, k + 1], 1)])
    return Prop(points, normals, uv, triangles, texture)


def ball(middle: tuple[float, float, float], radii: tuple[float, float, float], texture: np.ndarray) -> Prop:
    """A bush or a crown of leaves."""
    n, m = 20, 12
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, n + 1), np.linspace(0.01, np.pi - 0.01, m), indexing="ij")
    unit = np.stack([np.sin(b) * np.sin(a), -np.cos(b), np.sin(b) * np.cos(a)], -1).reshape(-1, 3)
    i = np.arange(n * (m - 1))
    k = i // (m - 1) * m + i % (m - 1)
    triangles = np.concatenate([np.stack([k, k + m, k + m + 1], 1), np.stack([k, k + m + 1, k + 1], 1)])
    uv = np.stack([a / 2, b / 2], -1).reshape(-1, 2)
    normals = unit / np.array(radii)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Prop(unit * radii + np.array(middle), normals, uv, triangles, texture, 0.0)


@dataclass
class Camera:
    """A camera that moves through keys.

    Attributes:
        times: (K,) seconds of the keys, ascending.
        eyes: (K, 3) where it is.
        targets: (K, 3) what it looks at.
        focal: focal length against the width of the image.
        shake: degrees by which a hand moves it.
        seed: of the shaking.
    """

    times: np.ndarray
    eyes: np.ndarray
    targets: np.ndarray
    focal: float = 1.1
    shake: float = 0.0
    seed: int = 0

    def views(self, times: np.ndarray) -> np.ndarray:
        """(n, 3, 4) from the world to right, down and forward."""
        eye, target = (_through(self.times, keys, times) for keys in (self.eyes, self.targets))
        rng = np.random.default_rng(self.seed)
        rates, phases, parts = rng.uniform(0.3, 3.0, (6, 3)), rng.uniform(0, 6.3, (6, 3)), rng.normal(0, 1, (6, 3))
        wave = (parts / rates**0.7 * np.sin(2 * np.pi * rates * np.asarray(times)[:, None, None] + phases)).sum(1)
        distance = np.linalg.norm(target - eye, axis=1, keepdims=True)
        target = target + np.tan(np.deg2rad(self.shake)) * distance * 0.5 * wave
        forward = (target - eye) / distance
        forward /= np.linalg.norm(forward, axis=1, keepdims=True)
        right = np.cross(forward, (0, 1, 0))
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        turn = np.stack([right, np.cross(forward, right), forward], 1)
        return np.concatenate([turn, -turn @ eye[..., None]], -1)


def _through(keys: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    keys, values = np.asarray(keys, float), np.asarray(values, float)
    if len(keys) == 1:
        return np.repeat(values, len(times), 0)
    return PchipInterpolator(keys, values)(np.clip(times, keys[0], keys[-1]))


@dataclass
class Light:
    """Direction to the sun (3,), and colours (3,) of the sun, of light from above and of light from the ground."""

    towards: np.ndarray
    sun: np.ndarray
    above: np.ndarray
    below: np.ndarray


@dataclass
class Surroundings:
    """What is behind everything: a papered box, or a photograph.

    Attributes:
        low, high: (3,) corners of the box, from inside.
        papers: six textures: low x, high x, ground, ceiling or sky, low z, high z.
        tiles: metres that each of them covers before it repeats.
        plate: (h, w, 3) uint8 photograph instead, or None.
    """

    low: np.ndarray
    high: np.ndarray
    papers: list[np.ndarray]
    tiles: np.ndarray
    plate: np.ndarray | None = None


@dataclass
class Film:
    """What lens, sensor and codec do to the image.

    Attributes:
        shutter: share of the frame's time that it is open.
        exposure: factor on the light.
        warmth: factors (3,) on red, green, blue.
        focus: metres that are sharp; `aperture`, pixels of blur (at 480 rows) of what is infinitely far when focus is
            at one metre.
        noise: standard deviation of the sensor's noise at full white, of 255.
        vignette: share of light lost in the corners.
        jpeg: quality of compression, 0 to 100; None: none.
        soft: standard deviation in pixels of the lens's own blur.
    """

    shutter: float = 0.5
    exposure: float = 1.0
    warmth: np.ndarray = field(default_factory=lambda: np.ones(3))
    focus: float = 5.0
    aperture: float = 0.0
    noise: float = 2.0
    vignette: float = 0.0
    jpeg: int | None = None
    soft: float = 0.0


@dataclass
class Scene:
    """All of it. Frame t shows the scene around second t / fps.

    Attributes:
        name: of the scenario.
        actors: people; the position in the list is the track id.
        props: things.
        samples: instants that a frame is averaged over, for edges and motion blur.
        seed: of noise and of the surface points that are followed.
    """

    name: str
    actors: list[Actor]
    props: list[Prop]
    surroundings: Surroundings
    light: Light
    camera: Camera
    film: Film
    width: int = 848
    height: int = 480
    fps: float = 25.0
    n_frames: int = 75
    samples: int = 5
    seed: int = 0
