"""Augmentation: one affine map from a frame to the network's input, the same for image and keypoints; and colours.

Left and right stay straight: a mirrored person's left hand is the hand that looks left, so the columns are exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from impose_widget.core.skeleton import Skeleton
from impose_widget.train.data import People


class Target(NamedTuple):
    """Who is in an input, for the losses; 0 to 1 spans the image without its padding.

    Attributes:
        boxes: (N, 4) cx, cy, w, h.
        keypoints: (N, K, 2).
        labelled: (N, K) bool.
        visible: (N, K) bool, labelled and not occluded.
        size: (2,) pixels x, y of the image without its padding.
        crowds: (M, 4) cx, cy, w, h of people not labelled one by one.
        complete: whether everybody else is labelled.
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    labelled: np.ndarray
    visible: np.ndarray
    size: np.ndarray
    crowds: np.ndarray
    complete: bool


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much inputs vary.

    Attributes:
        short_side: pixels that the short side becomes at most.
        long_side: pixels that no side exceeds.
        smallest: share of `short_side` that the short side becomes at least.
        crop: how likely the input is a random part of the frame.
        flip: how likely it is mirrored.
        rotation: degrees, to both sides, that it is turned.
        colour: how much brightness, contrast and saturation vary.
        multiple: sides of the input become multiples of it (padding counts).
    """

    short_side: int = 800
    long_side: int = 1333
    smallest: float = 0.6
    crop: float = 0.5
    flip: float = 0.5
    rotation: float = 0.0
    colour: float = 0.2
    multiple: int = 1

    @classmethod
    def none(cls, short_side: int, long_side: int, multiple: int = 1) -> Augmentation:
        """Scaling alone, as in use."""
        return cls(short_side, long_side, 1.0, 0.0, 0.0, 0.0, 0.0, multiple)


class Draw(NamedTuple):
    """What one augmentation came to: frames of a clip share it."""

    matrix: np.ndarray  # (2, 3) from corner-based pixels of the frame to those of the input
    size: tuple[int, int]  # of the input, x, y
    mirrored: bool
    colour: tuple[float, float, float]


def draw(augmentation: Augmentation, width: int, height: int, rng: np.random.Generator) -> Draw:
    """Choose the part of a frame, its scale, and so on."""
    a = augmentation
    x0, y0, w, h = 0.0, 0.0, float(width), float(height)
    if rng.random() < a.crop:
        w, h = (side * rng.uniform(0.5, 1.0) for side in (w, h))
        x0, y0 = rng.uniform(0, width - w), rng.uniform(0, height - h)
    side = a.short_side * rng.uniform(a.smallest, 1.0)
    scale = min(side / min(w, h), a.long_side / max(w, h))
    size = (max(round(w * scale), 1), max(round(h * scale), 1))
    angle = np.deg2rad(rng.uniform(-a.rotation, a.rotation))
    mirrored = bool(rng.random() < a.flip)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn * (size[0] / w, size[1] / h)
    if mirrored:
        linear[0] *= -1
    middle = np.array([x0 + w / 2, y0 + h / 2])
    shift = np.array(size) / 2 - linear @ middle
    colour = tuple(rng.uniform(1 - a.colour, 1 + a.colour, 3))
    return Draw(np.column_stack([linear, shift]), size, mirrored, colour)


def apply(d: Draw, image: np.ndarray, people: People, skeleton: Skeleton) -> tuple[np.ndarray, Target]:
    """The input (H, W, 3) uint8 and its target."""
    return _warp(d, image), _target(d, people, skeleton)


def _warp(d: Draw, image: np.ndarray) -> np.ndarray:
    linear, shift = d.matrix[:, :2], d.matrix[:, 2]
    centred = np.column_stack([linear, shift + linear @ [0.5, 0.5] - 0.5])  # OpenCV counts from pixel centres
    shrinks = abs(np.linalg.det(linear)) < 0.5
    if shrinks:  # average first: a warp only looks at four pixels
        factor = float(np.sqrt(abs(np.linalg.det(linear))))
        small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        ratio = np.array([small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]])
        linear = linear / ratio
        image, centred = small, np.column_stack([linear, shift + linear @ [0.5, 0.5] - 0.5])
    out = cv2.warpAffine(image, centred, d.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return _coloured(out, d.colour)


def _coloured(image: np.ndarray, colour: tuple[float, float, float]) -> np.ndarray:
    brightness, contrast, saturation = colour
    if colour == (1.0, 1.0, 1.0):
        return image
    x = image.astype(np.float32) * brightness
    x = (x - x.mean()) * contrast + x.mean()
    grey = x.mean(2, keepdims=True)
    return np.clip((x - grey) * saturation + grey, 0, 255).astype(np.uint8)


def _target(d: Draw, people: People, skeleton: Skeleton) -> Target:
    size = np.array(d.size, np.float32)
    pose = people.keypoints
    if d.mirrored:
        pose = pose[:, mirror_order(skeleton)]
    xy = ((pose[..., :2] + 0.5) @ d.matrix[:, :2].T + d.matrix[:, 2]) / size
    labelled = (pose[..., 2] > 0) & ((xy >= 0) & (xy <= 1)).all(-1)
    boxes = _boxes(d, people.boxes, size)
    keep = labelled.any(1) & (boxes[:, 2:] > 0.005).all(1)
    crowds = _boxes(d, people.crowds, size)
    lost = boxes[~keep]  # somebody is there, at the border, without a keypoint: neither right nor wrong to find
    return Target(
        boxes[keep].astype(np.float32),
        np.where(labelled[..., None], xy, 0)[keep].astype(np.float32),
        labelled[keep],
        (labelled & (pose[..., 2] > 1))[keep],
        size,
        np.concatenate([crowds, lost]).astype(np.float32),
        people.complete,
    )


def mirror_order(skeleton: Skeleton) -> np.ndarray:
    """(K,) whose column each keypoint takes when a person is mirrored."""
    order = np.arange(len(skeleton))
    for a, b in skeleton.flip_pairs:
        order[[a, b]] = b, a
    return order


def _boxes(d: Draw, boxes: np.ndarray, size: np.ndarray) -> np.ndarray:
    """x, y, w, h in the frame to cx, cy, w, h in the input, cut to it."""
    x, y, w, h = boxes.T + np.float32([0.5, 0.5, 0, 0])[:, None]
    corners = np.stack([np.stack([x + i * w, y + j * h], -1) for i in (0, 1) for j in (0, 1)], 1)  # (N, 4, 2)
    moved = np.clip((corners @ d.matrix[:, :2].T + d.matrix[:, 2]) / size, 0, 1)
    low, high = moved.min(1), moved.max(1)
    return np.concatenate([(low + high) / 2, high - low], 1)
