"""A person: a body of some build, dressed, as one mesh with its textures, drawn at random from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impose_widget.synthesize import body, paint
from impose_widget.synthesize.rig import CHEST, HEAD, Build, N
from impose_widget.synthesize.surface import Mesh, Volumes, mesh_of

MAP = 1.9  # metres across the map of body and clothes; the middle of its lower side is the ground under the person
HEAD_MAP = 0.3
FINE, COARSE = 0.008, 0.014  # cells of the mesh, metres
CREASE = {"skin": 0.0, "hair": 0.10, "tight": 0.10, "loose": 0.22, "leather": 0.05}


@dataclass
class Person:
    """A dressed body in the model's pose.

    Attributes:
        build: proportions.
        mesh: all pieces as one.
        uv: (V, 2) float32 places in the textures.
        layers: (F,) int32 texture of each triangle, from 0 in `textures`.
        rough: (F, 2) float32 gloss and folds of each triangle.
        textures: (L, 512, 512, 3) uint8.
        part: (V,) int8 the segment that carries most of each point.
    """

    build: Build
    mesh: Mesh
    uv: np.ndarray
    layers: np.ndarray
    rough: np.ndarray
    textures: np.ndarray
    part: np.ndarray


def random_build(rng: np.random.Generator, child: bool = False, woman: bool | None = None) -> Build:
    """Proportions of an adult, or a child of five to ten years."""
    woman = bool(rng.random() < 0.5) if woman is None else woman
    if child:
        height = rng.uniform(1.05, 1.40)
        return Build(height, 0.92 + 0.1 * (height - 1.05), 0.955, 0.97, 0.95, 0.98, rng.uniform(0.85, 1.1))
    girth = float(np.clip(rng.normal(1.0, 0.14), 0.75, 1.5))
    heavy = max(girth - 1, 0)
    if woman:
        return Build(
            rng.normal(1.65, 0.065), 0.96, rng.normal(1.0, 0.02), rng.normal(0.985, 0.02), rng.normal(0.91, 0.03),
            rng.normal(1.06, 0.05), girth * 0.93, float(rng.uniform(0.03, 0.07)), 0.12 * heavy,
        )  # fmt: skip
    return Build(
        rng.normal(1.77, 0.07), rng.normal(1.0, 0.03), rng.normal(1.0, 0.02), rng.normal(1.0, 0.02),
        rng.normal(1.02, 0.04), rng.normal(0.98, 0.04), girth, 0.0, float(rng.uniform(0, 0.03)) + 0.2 * heavy,
    )  # fmt: skip


class _Wardrobe:
    """Collects the pieces of a person."""

    def __init__(self, shape: body.Shape) -> None:
        self.shape, self.textures, self.pieces = shape, [], []

    def add(
        self,
        volumes: Volumes,
        step: float,
        fabrics: tuple[int, int],
        crease: str,
        gloss: float = 0.0,
        close: bool = False,
    ) -> None:
        """A piece with the textures of its front and back; `close`: it is mapped as the head is."""
        mesh = mesh_of(volumes, step * self.shape.s**0.5, N)
        if close:
            base, size = self.shape.joints[HEAD], HEAD_MAP * self.shape.h
            uv = np.stack([0.5 + (mesh.points[:, 0] - base[0]) / size, 0.85 - (mesh.points[:, 1] - base[1]) / size], 1)
        else:
            uv = np.stack([0.5 + mesh.points[:, 0] / MAP, 1 - mesh.points[:, 1] / MAP], 1)
        ahead = mesh.normals[mesh.triangles][..., 2].sum(1) > (-1.2 if close else 0)
        layers = np.where(ahead, *fabrics).astype(np.int32)
        rough = np.tile(np.float32([gloss, CREASE[crease]]), (len(layers), 1))
        self.pieces.append((mesh, uv.astype(np.float32), layers, rough))

    def paint(self, *textures: np.ndarray) -> tuple[int, int]:
        """Keep a texture, or one for the front and one for the back."""
        first = len(self.textures)
        self.textures += textures
        return first, first + len(textures) - 1

    def person(self) -> Person:
        """All pieces as one."""
        meshes = [m for m, *_ in self.pieces]
        starts = np.cumsum([0] + [len(m.points) for m in meshes])
        joined = {
            k: np.concatenate([getattr(m, k) for m in meshes])
            for k in ("points", "normals", "openness", "bones", "weights")
        }
        triangles = np.concatenate([m.triangles + s for m, s in zip(meshes, starts, strict=False)]).astype(np.int32)
        mesh = Mesh(triangles=triangles, **joined)
        uv, layers, rough = (np.concatenate([p[i] for p in self.pieces]) for i in (1, 2, 3))
        return Person(
            self.shape.build, mesh, uv, layers, rough, np.stack(self.textures), mesh.bones[:, 0].astype(np.int8)
        )


def random_person(
    rng: np.random.Generator, build: Build | None = None, woman: bool | None = None, outfit: int | None = None
) -> Person:
    """Somebody. `outfit` is the seed of clothes and looks, so that twins can dress alike."""
    woman = bool(rng.random() < 0.5) if woman is None else woman
    build = random_build(rng, woman=woman) if build is None else build
    look = rng if outfit is None else np.random.default_rng(outfit)
    wardrobe = _Wardrobe(body.Shape(build))
    tone = np.array(paint.SKIN[look.integers(len(paint.SKIN))], float) * look.uniform(0.94, 1.04)
    _flesh(wardrobe, look, tone, woman, build.height < 1.45)
    _clothes(wardrobe, look, woman)
    return wardrobe.person()


def _flesh(w: _Wardrobe, rng: np.random.Generator, tone: np.ndarray, woman: bool, child: bool) -> None:
    hair = np.array(paint.HAIR[rng.integers(len(paint.HAIR))], float) * rng.uniform(0.85, 1.15)
    bare = w.paint(paint.skin(rng, tone))
    w.add(body.skin(w.shape), COARSE, bare, "skin", 0.05)
    for arm in body.ARMS:
        w.add(body.hand(w.shape, arm), FINE, bare, "skin", 0.05)
    beard = 0.0 if woman or child else float(rng.choice([0, 0, 0.35, 0.85]))
    glasses = str(rng.choice(["", "", "", "clear", "sun"])) if not child else ""
    front = paint.face(rng, tone, hair, beard, 0.5 if woman else 0.0, glasses)
    w.add(body.head(w.shape), FINE * 0.85, w.paint(front, paint.skin(rng, tone)), "skin", 0.06, close=True)
    styles = "long bob tail bun short cap" if woman else "short short short bald cap bob"
    style = str(rng.choice(styles.split()))
    if style != "bald":
        colour = paint.cloth_colour(rng) if style == "cap" else hair
        texture = paint.cloth(rng, "plain") if style == "cap" else paint.strands(rng, colour)
        thick = float(rng.uniform(0.006, 0.016)) * (1 if style != "cap" else 0.6)
        w.add(body.hair(w.shape, style, thick), FINE, w.paint(texture), "hair", 0.0 if style == "cap" else 0.12)
        if style == "cap":
            w.add(body.hair(w.shape, "short", 0.006), FINE, w.paint(paint.strands(rng, hair)), "hair", 0.1)


def _clothes(w: _Wardrobe, rng: np.random.Generator, woman: bool) -> None:
    shape, s = w.shape, w.shape.s
    chest = 0.5, 1 - (shape.joints[CHEST, 1] + 0.12 * s) / MAP
    kind = str(rng.choice(["shirt", "shirt", "pullover", "jacket", "coat", "vest"]))
    sleeve, hem, loose, collar, crease = {
        "shirt": (rng.uniform(0.45, 0.75), rng.uniform(-0.06, 0.02), rng.uniform(0.010, 0.018), 0.0, "tight"),
        "pullover": (2.0, rng.uniform(-0.06, 0.02), rng.uniform(0.010, 0.022), 0.01, "loose"),
        "jacket": (1.97, rng.uniform(-0.04, 0.02), rng.uniform(0.018, 0.030), 0.03, "loose"),
        "coat": (1.97, rng.uniform(0.2, 0.42) * s, rng.uniform(0.022, 0.032), 0.03, "loose"),
        "vest": (0.0, rng.uniform(-0.08, 0.0), 0.009, -0.02, "tight"),
    }[kind]
    below = rng.random()
    stocking = w.paint(paint.cloth(rng))
    if woman and below < 0.28 and kind != "coat":
        skirt = body.skirt(shape, rng.uniform(0.5, 1.35), 0.012, rng.uniform(0.02, 0.09) * s)
        w.add(skirt, COARSE, stocking, "loose")
    elif below < 0.5:
        w.add(body.lower_garment(shape, rng.uniform(0.45, 1.05), rng.uniform(0.010, 0.024)), COARSE, stocking, "loose")
    else:
        flare = rng.choice([0.0, 0.006, 0.02])
        w.add(body.lower_garment(shape, 1.93, rng.uniform(0.010, 0.020), flare), COARSE, stocking, "loose")
    fabric = paint.cloth(rng)
    worn = w.paint(paint.printed(fabric, rng, chest), fabric)
    for volumes in body.upper_garment(shape, sleeve, hem, loose, collar):
        w.add(volumes, COARSE, worn, crease)
    shaft, leather = float(rng.choice([0.0, 0.0, 0.0, 0.12, 0.35])), w.paint(paint.cloth(rng, "plain"))
    for volumes in body.shoes(shape, shaft):
        w.add(volumes, 0.010, leather, "leather", 0.25)
