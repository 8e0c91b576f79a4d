"""Draws a scene: frames, and beside each the exact truth of the same instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impose_widget.core.pose import ABSENT, OCCLUDED, VISIBLE
from impose_widget.synthesize import raster
from impose_widget.synthesize.body import Shape, coco_points
from impose_widget.synthesize.film import developed
from impose_widget.synthesize.paint import folds
from impose_widget.synthesize.rig import PARENT
from impose_widget.synthesize.scene import Scene
from impose_widget.synthesize.shade import Background, Geometry, Lighting, shade

SHADOW = 1024  # pixels of the light's depth map
SHADOW_REACH = 9.0  # metres around the middle of the people that it covers
POINTS = 24  # points followed on each person
THING = -2  # owner of what is no person
FEET = (13, 16)
ROBERTS = np.array([0.754877666, 0.569840291])  # steps of a low-discrepancy sequence in the plane (Roberts, 2018)
FOLDS = folds(np.random.default_rng(20), 256)


@dataclass
class Truth:
    """What is exactly so in one frame; N people, in the order of the scene.

    Attributes:
        keypoints: (N, 17, 2) pixels, wherever they are.
        visibility: (N, 17) int8: 0 outside the image or behind the camera, 1 hidden, 2 seen.
        box: (N, 4) x, y, width, height of the whole body, hidden parts too, cut at the image's border; NaN outside.
        area: (N,) pixels of the person that are seen.
        whole: (N,) pixels that would be seen if nothing stood before the person, or the border cut.
        points: (N, P, 2) pixels of points on the surface.
        points_visible: (N, P) bool.
    """

    keypoints: np.ndarray
    visibility: np.ndarray
    box: np.ndarray
    area: np.ndarray
    whole: np.ndarray
    points: np.ndarray
    points_visible: np.ndarray


class Stage:
    """A scene made ready for drawing: everything in flat arrays."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.people = [a.person for a in scene.actors]
        meshes = [p.mesh for p in self.people]
        self.starts = np.cumsum([0] + [len(m.points) for m in meshes])
        starts = np.cumsum([0] + [len(m.points) for m in meshes] + [len(p.points) for p in scene.props])
        n = int(starts[-1])
        self.points, self.normals = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        self.solid, self.uv, self.open = (
            np.zeros((n, 3), np.float32),
            np.zeros((n, 2), np.float32),
            np.ones(n, np.float32),
        )
        self.textures, triangles, layers, rough, owners, parts = [], [], [], [], [], []
        for i, person in enumerate(self.people):
            part = slice(starts[i], starts[i + 1])
            self.solid[part], self.uv[part], self.open[part] = (
                person.mesh.points + 7.3 * i,
                person.uv,
                person.mesh.openness,
            )
            triangles.append(person.mesh.triangles + starts[i])
            layers.append(person.layers + self._keep(person.textures))
            rough.append(person.rough)
            owners.append(np.full(len(person.layers), i))
            parts.append(person.part[person.mesh.triangles[:, 0]])
        for i, prop in enumerate(scene.props, len(self.people)):
            part = slice(starts[i], starts[i + 1])
            self.points[part], self.normals[part], self.uv[part] = prop.points, prop.normals, prop.uv
            triangles.append(prop.triangles + starts[i])
            layers.append(np.full(len(prop.triangles), self._keep(prop.texture[None])))
            rough.append(np.tile([prop.gloss, 0.0], (len(prop.triangles), 1)))
            owners.append(np.full(len(prop.triangles), THING))
            parts.append(np.full(len(prop.triangles), -1))
        self.triangles = np.concatenate(triangles).astype(np.int32)
        self.layers, self.rough = np.concatenate(layers).astype(np.int32), np.concatenate(rough).astype(np.float32)
        self.owners, self.parts = np.append(np.concatenate(owners), -1), np.append(np.concatenate(parts), -1)
        self._surround()
        self._follow()
        self.geometry = Geometry(
            self.points, self.normals, self.uv, self.solid, self.open, self.triangles, self.layers, self.rough,
            np.concatenate(self.textures), FOLDS,
        )  # fmt: skip

    def _keep(self, textures: np.ndarray) -> int:
        first = sum(len(t) for t in self.textures)
        self.textures.append(textures)
        return first

    def _surround(self) -> None:
        around, scene = self.scene.surroundings, self.scene
        layer = np.array([self._keep(t[None]) for t in around.papers], float)
        room = np.stack([around.low, around.high], 1).reshape(-1).astype(float)
        papers = np.stack([layer, np.broadcast_to(around.tiles, 6), [0, 0.37, 0, 0, 0.61, 0.13]], 1)
        plate = np.zeros((0, 0, 3), np.uint8) if around.plate is None else around.plate
        plate_view = np.zeros((4, 3))
        if around.plate is not None:
            plate_view[:3] = scene.camera.views(np.array([0.5 * scene.n_frames / scene.fps]))[0, :, :3]
            cover = min(around.plate.shape[1] / scene.width, around.plate.shape[0] / scene.height)  # fills the image
            plate_view[3] = scene.camera.focal * scene.width * cover
        self.background = Background(room, papers, np.ascontiguousarray(plate), plate_view)
        light = scene.light
        towards = light.towards / np.linalg.norm(light.towards)
        self.light = np.stack([towards, light.sun, light.above, light.below]).astype(float)

    def _follow(self) -> None:
        """Choose the surface points that are followed."""
        rng = np.random.default_rng([self.scene.seed, 7])
        self.followed = np.array([rng.choice(len(p.mesh.points), POINTS, replace=False) for p in self.people]).reshape(
            len(self.people), POINTS
        )

    def _pose(self, moves: list[np.ndarray], k: int) -> None:
        for i, person in enumerate(self.people):
            part = slice(self.starts[i], self.starts[i + 1])
            mesh = person.mesh
            raster.skin(
                mesh.points, mesh.normals, mesh.bones, mesh.weights, moves[i][k], self.points[part], self.normals[part]
            )

    def _draw(self, view: np.ndarray, lens: np.ndarray, size: tuple[int, int], flat: bool = False) -> tuple:
        screen = raster.project(self.points, view, lens, flat)
        near = np.full(size, -1e8 if flat else 0.0, np.float32)
        face = np.full(size, -1, np.int32)
        raster.rasterise(screen, self.triangles, near, face)
        return screen, near, face

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[tuple[np.ndarray, Truth]]:
        """Images (H, W, 3) uint8 RGB with their truth, one frame after the other."""
        scene = self.scene
        steps = np.arange(first, scene.n_frames if last is None else last)
        offsets = ((np.arange(scene.samples) + 0.5) / scene.samples - 0.5) * scene.film.shutter
        times = (steps[:, None] + offsets) / scene.fps
        moves = [a.pose(times.reshape(-1))[0] for a in scene.actors]
        views = scene.camera.views(times.reshape(-1))
        for i, (t, truth) in enumerate(zip(steps, self.truths(steps), strict=True)):
            yield self._frame(int(t), i * scene.samples, moves, views), truth

    def truths(self, steps: np.ndarray | None = None) -> Iterator[Truth]:
        """The truth of some frames (all), at the middle of the time that the shutter is open, without their images."""
        scene = self.scene
        times = (np.arange(scene.n_frames) if steps is None else np.asarray(steps)) / scene.fps
        posed = [a.pose(times) for a in scene.actors]
        moves, keypoints = [p[0] for p in posed], np.array([p[1] for p in posed])
        views = scene.camera.views(times)
        for k in range(len(times)):
            yield self._truth(moves, keypoints, views, k)

    def _frame(self, t: int, at: int, moves: list[np.ndarray], views: np.ndarray) -> np.ndarray:
        scene = self.scene
        size = scene.height, scene.width
        light = np.zeros((*size, 3), np.float32)
        depth = None
        for s in range(scene.samples):
            self._pose(moves, at + s)
            if s in (0, scene.samples // 2):
                lighting = Lighting(self.light, *self._shadow(), self._feet(moves, at + s))
            lens = self._lens(s)
            screen, near, face = self._draw(views[at + s], lens, size)
            shade(near, face, screen, views[at + s], lens, self.geometry, lighting, self.background, light)
            if s == scene.samples // 2:
                depth = 1 / np.maximum(near, 1 / 30.0)
        return developed(light / scene.samples, depth, scene.film, np.random.default_rng([scene.seed, 3, t]))

    def _lens(self, sample: int | None) -> np.ndarray:
        """Focal length and middle; each sample looks through another part of the pixels, so that edges are smooth."""
        scene = self.scene
        middle = np.array([scene.width - 1, scene.height - 1]) / 2
        if sample is not None:
            each = ROBERTS * np.arange(1, scene.samples + 1)[:, None] % 1
            middle += each[sample] - each.mean(0)  # on average the image stays where the truth says
        return np.array([scene.camera.focal * scene.width, *middle])

    def _shadow(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        body = self.points[: self.starts[-1]]
        middle = (body.min(0) + body.max(0)) / 2 if len(body) else np.zeros(3)
        forward = -self.light[0]
        right = np.cross(forward, (0, 1, 0) if abs(forward[1]) < 0.99 else (1, 0, 0))
        right /= np.linalg.norm(right)
        turn = np.stack([right, np.cross(forward, right), forward])
        view = np.concatenate([turn, -(turn @ middle)[:, None]], 1)
        lens = np.array([SHADOW / 2 / SHADOW_REACH, SHADOW / 2, SHADOW / 2])
        _, near, _ = self._draw(view, lens, (SHADOW, SHADOW), flat=True)
        return near, view, lens

    def _feet(self, moves: list[np.ndarray], k: int) -> np.ndarray:
        out = np.zeros((2 * len(moves), 4))
        for i, person in enumerate(self.people):
            s = person.build.scale
            for e, j in enumerate(FEET):
                move = moves[i][k, j]
                out[2 * i + e, :3] = move[:, :3] @ (self._ankle(i, j) + (0, 0, 0.06 * s)) + move[:, 3]
                out[2 * i + e, 1] -= 0.08 * s
                out[2 * i + e, 3] = 0.17 * s
        return out

    def _ankle(self, i: int, j: int) -> np.ndarray:
        return self.people[i].build.joints[j]

    def _truth(self, moves: list[np.ndarray], keypoints: np.ndarray, views: np.ndarray, k: int) -> Truth:
        """The truth at instant k."""
        scene, lens = self.scene, self._lens(None)
        size = scene.height, scene.width
        self._pose(moves, k)
        screen, near, face = self._draw(views[k], lens, size)
        owner, part = self.owners[face], self.parts[face]
        n = len(self.people)
        visibility = np.zeros((n, 17), np.int8)
        xy, boxes = np.full((n, 17, 2), np.nan), np.full((n, 4), np.nan)
        points, seen = np.full((n, POINTS, 2), np.nan), np.zeros((n, POINTS), bool)
        whole = np.zeros(n)
        for i, person in enumerate(self.people):
            own = slice(self.starts[i], self.starts[i + 1])
            place = raster.project(keypoints[i, k].astype(np.float32), views[k], lens, False)
            _, segments, deep = coco_points(Shape(person.build))
            front = place[:, 2] > 0
            xy[i, front] = place[front, :2]
            visibility[i] = _visibility(place, segments, deep, i, near, owner, part)
            body = screen[own][screen[own][:, 2] > 0]
            boxes[i] = _cut_box(body, size)
            whole[i] = self._whole(screen[own], person.mesh.triangles)
            marks = screen[self.starts[i] + self.followed[i]]
            points[i, marks[:, 2] > 0] = marks[marks[:, 2] > 0, :2]
            seen[i] = _seen(marks, near, np.full(POINTS, 0.02))
        area = np.bincount(owner[owner >= 0], minlength=n)[:n].astype(float)
        return Truth(xy, visibility, boxes, area, whole, points, seen)

    def _whole(self, screen: np.ndarray, triangles: np.ndarray) -> float:
        """Pixels of a body if nothing hid it and the image had no border; NaN close to the camera."""
        if (screen[:, 2] <= 0).any():
            return float("nan")
        low, high = screen[:, :2].min(0), screen[:, :2].max(0)
        factor = min(1.0, 256 / float((high - low).max()))
        moved = screen.copy()
        moved[:, :2] = (moved[:, :2] - np.floor(low) + 1) * factor
        near = np.zeros(np.ceil((high - low)[::-1] * factor).astype(int) + 4, np.float32)
        face = np.full(near.shape, -1, np.int32)
        raster.rasterise(moved, triangles, near, face)
        return float((face >= 0).sum() / factor**2)


def _cut_box(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The box around points (V, 2+), cut at the border; NaN if nothing is left."""
    if not len(points):
        return np.full(4, np.nan)
    low = np.maximum(points[:, :2].min(0), -0.5)
    high = np.minimum(points[:, :2].max(0), np.array(size[::-1]) - 0.5)
    return np.concatenate([low, high - low]) if (high > low + 1).all() else np.full(4, np.nan)


def _inside(place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    x, y = place[:, 0], place[:, 1]
    return (place[:, 2] > 0) & (x >= -0.5) & (y >= -0.5) & (x < size[1] - 0.5) & (y < size[0] - 0.5)


def _seen(place: np.ndarray, near: np.ndarray, deep: np.ndarray) -> np.ndarray:
    """Whether points (M, 3: x, y, nearness) are at most `deep` metres (M,) behind what is drawn there."""
    out = _inside(place, near.shape)
    x, y = np.rint(place[out, :2]).astype(int).T
    out[out] = 1 / np.maximum(near[y, x], 1e-6) > 1 / place[out, 2] - deep[out]
    return out


def _visibility(
    place: np.ndarray,
    segments: np.ndarray,
    deep: np.ndarray,
    me: int,
    near: np.ndarray,
    owner: np.ndarray,
    part: np.ndarray,
) -> np.ndarray:
    """(17,) COCO's visibility: hidden is what another body, a thing, or another part of the own body covers."""
    out = np.zeros(len(place), np.int8)
    for k in np.flatnonzero(_inside(place, near.shape)):
        x, y = np.rint(place[k, :2]).astype(int)
        depth = 1 / place[k, 2]
        surface = 1 / max(near[y, x], 1e-6)
        if owner[y, x] == me:  # its own surface lies before a joint as deep as the limb is thick, or deeper askew
            same = part[y, x] == segments[k] or PARENT[segments[k]] == part[y, x] or (k >= 5 and segments[k] < 3)
            margin = deep[k] * (1.5 if same and k >= 5 else 1.0)
        else:
            margin = 0.0
        out[k] = VISIBLE if surface > depth - margin else OCCLUDED
    return out


assert ABSENT == 0
