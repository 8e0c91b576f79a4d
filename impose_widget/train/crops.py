"""People cut out of their images, one an input: what the Keypoint Decoder learns to put right and to carry.

A person fills from half of the input to all of it, turned, mirrored, recoloured, blurred and partly covered. Keypoints
that nobody labelled (faces in the Leeds Sports Poses) are those that MoveNet read surely in the upright, larger person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from impose_widget.core.geometry import oks, person_area, pose_box
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.detect import MoveNetDetector
from impose_widget.train.augment import Draw, apply
from impose_widget.train.data import Frame, People, Video

TEACHER = 320  # pixels of the longer side of what the teacher sees
SURE = 0.45  # score from which its keypoints count as labels, of somebody whose labelled keypoints it got right
RIGHT = 0.5  # OKS
EVERY, LATER = (
    12,
    20,
)  # frames of a video between two that are learned from, and to the one that goes with each, at most


@dataclass(frozen=True, slots=True)
class Crops:
    """How much the inputs vary.

    Attributes:
        side: pixels of the square input.
        sizes: share of it that the longer side of the person's box takes, from and to.
        apart: by how much the scales of a pair's inputs differ; their turns by up to 60 degrees times it.
        shift: share of the input by which the person is off its middle, at most.
        rotation: degrees, to both sides.
        colour: how much brightness, contrast and saturation vary.
        blur: how likely the input is blurred in some direction.
        cover: how likely a part of the person is covered.
        read_at: sizes of what the detector reads, in sizes of the input; one is drawn for each pair.
    """

    side: int = 192
    sizes: tuple[float, float] = (0.45, 0.95)
    apart: float = 0.12
    shift: float = 0.08
    rotation: float = 40.0
    colour: float = 0.3
    blur: float = 0.2
    cover: float = 0.2
    read_at: tuple[float, ...] = (1.0, 2 / 3, 4 / 3)


@dataclass(slots=True)
class Person:
    """Someone labelled: an image with some surroundings, keypoints (K, 3) in its pixels, and a box (4,).

    `other`: the same person in another frame of the video, if there is one.
    """

    image: np.ndarray
    keypoints: np.ndarray
    box: np.ndarray
    other: Person | None = None


def people_of(videos: Sequence[Video], least: int = 5) -> list[Person]:
    """Everybody with at least so many labelled keypoints, cut out with as much around them as augmentation may show.

    Of people with an identity in a video, every `EVERY`th frame with another up to `LATER` frames before or after; of
    the others every frame alone.
    """
    out = []
    for video in videos:
        tracked, alone = _sightings(video, least)
        for t, i in alone:
            out.append(_cut_of(video[t], i))
        for track_id, places in sorted(tracked.items()):
            rng = np.random.default_rng(track_id)
            for t, i in places[::EVERY]:
                near = [p for p in places if p[0] != t and abs(p[0] - t) <= LATER]
                other = _cut_of(video[(place := near[rng.integers(len(near))])[0]], place[1]) if near else None
                out.append(replace(_cut_of(video[t], i), other=other))
    return out


def _sightings(video: Video, least: int) -> tuple[dict[int, list[tuple[int, int]]], list[tuple[int, int]]]:
    """(frame, row) of people with enough labels: by identity, and of those without one."""
    tracked: dict[int, list[tuple[int, int]]] = {}
    alone = []
    for t, frame in enumerate(video):
        ids = frame.people.track_ids
        for i in np.flatnonzero((frame.people.keypoints[..., 2] > 0).sum(1) >= least):
            known = ids is not None and ids[i] >= 0 and len(video) > 1
            (tracked.setdefault(int(ids[i]), []) if known else alone).append((t, int(i)))
    return tracked, alone


def _cut_of(frame: Frame, i: int) -> Person:
    return _cut(frame.image(), frame.people.keypoints[i], frame.people.boxes[i])


def _cut(image: np.ndarray, keypoints: np.ndarray, box: np.ndarray) -> Person:
    height, width = image.shape[:2]
    middle, reach = box[:2] + box[2:] / 2, 1.3 * box[2:].max()
    x0, y0 = np.maximum(middle - reach, 0).astype(int)
    x1, y1 = np.minimum(middle + reach, (width, height)).astype(int)
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    scale = min(1.0, 3 * TEACHER / max(part.shape[:2]))
    if scale < 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    moved = keypoints.copy()
    moved[:, :2] = (keypoints[:, :2] + 0.5 - (x0, y0)) * scale - 0.5
    moved[keypoints[:, 2] <= 0] = 0
    return Person(part, moved, np.float32([*((box[:2] + 0.5 - (x0, y0)) * scale - 0.5), *(box[2:] * scale)]))


def taught(people: Sequence[Person], skeleton: Skeleton = COCO17) -> list[Person]:
    """The same people, unlabelled keypoints filled in by MoveNet where it is sure and otherwise right."""
    teacher = MoveNetDetector(size=TEACHER)
    return [_taught(person, teacher, skeleton) for person in people]


def _taught(person: Person, teacher: MoveNetDetector, skeleton: Skeleton) -> Person:
    other = None if person.other is None else _taught(person.other, teacher, skeleton)
    pose = np.where(person.keypoints[:, 2:] > 0, person.keypoints[:, :2], np.nan)
    labelled, keypoints = np.isfinite(pose).all(-1), person.keypoints.copy()
    if labelled.all():
        return replace(person, other=other)
    found = teacher.detect([person.image], [0])
    if len(found):
        alike = oks(pose[None], found.xy, person_area(pose)[None], skeleton.sigma_array)[0]
        best = int(alike.argmax())
        read = found.keypoints[best]
        if alike[best] > RIGHT:
            sure = ~labelled & (read[:, 2] > SURE)
            keypoints[sure] = np.column_stack([read[sure, :2], np.full(sure.sum(), 2)])
    return replace(person, keypoints=keypoints, other=other)


@dataclass(frozen=True, slots=True)
class View:
    """What the inputs of one pair share, as neighbouring frames do: turn in degrees, mirror image or not, scale."""

    angle: float
    mirrored: bool
    size: float

    @classmethod
    def draw(cls, crops: Crops, rng: np.random.Generator) -> View:
        """Any."""
        angle = rng.uniform(-crops.rotation, crops.rotation)
        return cls(angle, bool(rng.random() < 0.5), rng.uniform(*crops.sizes))


def crop(
    person: Person, crops: Crops, view: View, skeleton: Skeleton, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """An input (side, side, 3) uint8 and the keypoints (K, 3) in it: x, y in shares of it, and whether labelled."""
    pose = np.where(person.keypoints[:, 2:] > 0, person.keypoints[:, :2], np.nan)
    tight = pose_box(pose)
    low, high = (
        np.minimum(tight[:2], person.box[:2]),
        np.maximum(tight[:2] + tight[2:], person.box[:2] + person.box[2:]),
    )
    side = crops.side
    scale = side * view.size * rng.uniform(1 - crops.apart, 1 + crops.apart) / max((high - low).max(), 8)
    angle = np.deg2rad(view.angle + 60 * crops.apart * rng.uniform(-1, 1))
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if view.mirrored:
        linear[0] *= -1
    place = side * (0.5 + rng.uniform(-crops.shift, crops.shift, 2))
    shift = place - linear @ ((low + high) / 2 + 0.5)
    colour = tuple(rng.uniform(1 - crops.colour, 1 + crops.colour, 3))
    draw = Draw(np.column_stack([linear, shift]), (side, side), view.mirrored, colour)
    image, target = apply(draw, person.image, _alone(person), skeleton)
    out = np.zeros((len(skeleton), 3), np.float32)
    if len(target.keypoints):
        out[:, :2], out[:, 2] = target.keypoints[0], target.labelled[0]
    if rng.random() < crops.blur:
        image = _blurred(image, rng)
    if rng.random() < crops.cover:
        image = _covered(image, out, rng)
    return image, out


def _alone(person: Person) -> People:
    return People(person.keypoints[None], person.box[None], np.zeros((0, 4), np.float32), False)


def _blurred(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred along a line, as motion does."""
    n = int(rng.integers(2, 5)) * 2 + 1
    kernel = np.zeros((n, n), np.float32)
    kernel[n // 2] = 1
    turn = cv2.getRotationMatrix2D((n // 2, n // 2), float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (n, n))
    return cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6))


def _covered(image: np.ndarray, keypoints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A patch from elsewhere in the image over a place on the person."""
    side = len(image)
    seen = np.flatnonzero(keypoints[:, 2])
    if not len(seen):
        return image
    w, h = rng.integers(side // 12, side // 4, 2)
    x, y = np.clip(keypoints[rng.choice(seen), :2] * side - (w / 2, h / 2), 0, (side - w, side - h)).astype(int)
    u, v = rng.integers(0, side - w), rng.integers(0, side - h)
    out = image.copy()
    out[y : y + h, x : x + w] = image[v : v + h, u : u + w]
    return out
