"""Clips of people as a detector would see them, made of tracks: other people put among them, other cameras, flaws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import person_area, pose_box
from impose_widget.core.pose import OCCLUDED, VISIBLE
from impose_widget.core.skeleton import Skeleton
from impose_widget.tracking.looks import pooled
from impose_widget.tracking.people import People
from impose_widget.train.tracked import TrackedVideo

SURE = 0.2
"""Score of a keypoint from which its look counts (that of `model.id_config`)."""

DUPLICATE = -1
"""Owner of a second detection of somebody: nothing is to be learned from it."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How clips are made.

    Attributes:
        frames: T of a clip.
        pause: chance that the clip leaves out a stretch of the video, of up to `longest` frames.
        interval: frames of the video between two of the clip, at most.
        people: at most, at the same time.
        guests: share of clips in which people of other videos walk through; a third of them are doubles.
        drop: share of detections that is missing, at most.
        gaps: share of people who are gone once for long; `longest`: for so many frames at most.
        noise: of a keypoint in COCO's sigmas of the person's size, at most; twice that where hidden.
        extras: second detections, and detections of nothing, a frame, each at most.
        measured: share of clips whose readings err as MoveNet's do, at two sizes; the others by rule, see `noise`.
        blind: share of clips without features of the image, so that the decoder does not live on them alone.
        look_noise: of a feature, in standard deviations of the clip's.
    """

    frames: int = 28
    pause: float = 0.4
    interval: int = 4
    people: int = 7
    guests: float = 0.6
    drop: float = 0.35
    gaps: float = 0.3
    longest: int = 56
    noise: float = 1.6
    extras: float = 0.15
    measured: float = 0.5
    blind: float = 0.25
    look_noise: float = 0.2


@dataclass(frozen=True, slots=True)
class Clip:
    """M detections of T frames, and whose each is.

    Attributes:
        people: the detections, frames from 0 on, in random order within a frame.
        owner: (M,) a number a person, `DUPLICATE`, or a number of its own for what is nobody.
        size: width and height of the image.
    """

    people: People
    owner: np.ndarray
    size: tuple[float, float]


def draw_clip(videos: Sequence[TrackedVideo], skeleton: Skeleton, crowd: Crowd, rng: np.random.Generator) -> Clip:
    """A clip of a video drawn at random, each time a new one."""
    video = videos[rng.integers(len(videos))]
    when = _when(crowd, rng)
    tracks = _stretch(video, when, crowd, rng)
    if rng.random() < crowd.guests:
        tracks = _with_guests(tracks, when, videos, crowd, rng)
    room = np.argsort(-(tracks[..., 2] > 0).sum((0, 2)) * rng.uniform(0.7, 1, tracks.shape[1]), kind="stable")
    tracks = tracks[:, room[: crowd.people]]
    if rng.random() < 0.5:
        tracks = tracks[:, :, skeleton.flipped()]
        tracks[..., 0] = video.size[0] - 1 - tracks[..., 0]
    if rng.random() < 0.5:
        tracks, when = tracks[::-1], when[-1] - when[::-1]
    tracks = _filmed(tracks, np.array(video.size), rng)
    return _detected(tracks, when, video.size, skeleton, crowd, rng)


def _when(crowd: Crowd, rng: np.random.Generator) -> np.ndarray:
    """(T,) frames of a clip, from 0: one after the other, perhaps with a pause."""
    when = np.arange(crowd.frames)
    if rng.random() < crowd.pause:
        when[int(rng.integers(crowd.frames // 3, crowd.frames)) :] += int(rng.integers(1, crowd.longest))
    return when


def _stretch(video: TrackedVideo, when: np.ndarray, crowd: Crowd, rng: np.random.Generator) -> np.ndarray:
    """(T, N, K, 3 + C): frames of a video with looks, at its speed or twice, three times, …; a short video goes to and
    fro."""
    n, span = len(video.keypoints), int(when[-1]) + 1
    step = int(min(rng.geometric(0.55), crowd.interval, max(n // span, 1)))
    first = int(rng.integers(0, max(n - step * span, 0) + 1))
    at = (first + step * when) % max(2 * n - 2, 1)
    at = np.where(at < n, at, 2 * n - 2 - at)
    tracks = video.keypoints[at]
    if video.looks is not None:
        tracks = np.concatenate([tracks, video.looks[at]], -1)
    return tracks[:, (tracks[..., 2] > 0).any((0, 2))].copy()


def _with_guests(
    tracks: np.ndarray, when: np.ndarray, videos: Sequence[TrackedVideo], crowd: Crowd, rng: np.random.Generator
) -> np.ndarray:
    """The same with people of another video, or doubles of those who are there, whose ways cross theirs."""
    if not tracks.shape[1]:
        return tracks
    for _ in range(int(rng.integers(1, 4))):
        host = tracks[:, rng.integers(tracks.shape[1])]
        if rng.random() < 0.33:
            guest = np.roll(host, int(rng.integers(-10, 11)), 0) if rng.random() < 0.5 else host.copy()
        else:
            others = _stretch(videos[rng.integers(len(videos))], when, crowd, rng)
            if not others.shape[1]:
                continue
            guest = others[:, rng.integers(others.shape[1])]
        both = np.flatnonzero((host[..., 2] > 0).any(1) & (guest[..., 2] > 0).any(1))
        if not len(both):
            continue
        meet = rng.choice(both)
        a, b = pose_box(host[meet, :, :2]), pose_box(guest[meet, :, :2])
        scale = np.clip(np.sqrt(a[2:].prod() / max(b[2:].prod(), 1)), 0.1, 10) * np.exp(rng.normal(0, 0.15))
        middle = a[:2] + a[2:] / 2 + rng.normal(0, 0.35, 2) * a[2:]
        guest = guest.copy()
        guest[..., :2] = (guest[..., :2] - (b[:2] + b[2:] / 2)) * scale + middle
        tracks = np.concatenate([tracks, guest[:, None]], 1)
    return tracks


def _filmed(tracks: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Seen by another camera: nearer or farther, elsewhere, panning, shaking; who leaves the image is gone."""
    t = len(tracks)
    zoom = np.exp(rng.normal(0, 0.2) + np.linspace(0, rng.normal(0, 0.15), t))
    way = np.zeros((t, 2))
    if rng.random() < 0.5:
        wander = np.cumsum(rng.normal(0, rng.uniform(0, 0.004), (t, 2)), 0)
        shake = rng.normal(0, rng.uniform(0, 0.004), (t, 2))
        way = (np.linspace(0, 1, t)[:, None] * rng.normal(0, 0.2, 2) + wander + shake) * size
    about = size * rng.uniform(0.3, 0.7, 2)
    shift = rng.normal(0, 0.06, 2) * size
    out = tracks.copy()
    out[..., :2] = (tracks[..., :2] - about) * zoom[:, None, None, None] + about + shift + way[:, None, None]
    inside = (out[..., :2] > -0.5).all(-1) & (out[..., :2] < size - 0.5).all(-1)
    out[~inside] = np.nan
    out[~inside, 2] = 0
    return out


def _detected(
    tracks: np.ndarray,
    when: np.ndarray,
    size: tuple[float, float],
    skeleton: Skeleton,
    crowd: Crowd,
    rng: np.random.Generator,
) -> Clip:
    """What a detector makes of it."""
    t, n = tracks.shape[:2]
    there = (tracks[..., 2] > 0).sum(-1) >= 4
    dropped = rng.random((t, n)) < rng.uniform(0, crowd.drop) * (rng.random() < 0.75)
    for person in range(n):
        if rng.random() < crowd.gaps:
            first = int(rng.integers(1, max(t - 4, 2)))
            dropped[first : first + int(rng.integers(4, max(t, 6))), person] = True
    frame, owner = np.nonzero(there & ~dropped)
    pose = tracks[frame, owner]
    hidden = (pose[..., 2] == OCCLUDED).mean(1)
    if rng.random() < crowd.measured:
        weak = rng.random()
        read, score = _read_as_measured(pose, skeleton, weak, rng), 0.73 - 0.5 * hidden - 0.17 * weak
    else:
        read, score = _read(pose, skeleton, rng.uniform(0.4, crowd.noise), rng), 0.65 - 0.6 * hidden
    score = np.clip(score + rng.normal(0, 0.1, len(pose)), 0.06, 0.95)
    again = rng.random(len(pose)) < rng.uniform(0, crowd.extras) / max(n, 1)
    twice = read[again].copy()
    width = np.sqrt(np.maximum(person_area(twice[..., :2]), 1))[:, None, None]
    twice[..., :2] += (
        rng.normal(0, 0.06, (len(twice), 1, 2)) * width + rng.normal(0, 0.03, twice[..., :2].shape) * width
    )
    nothing = read[rng.random(len(read)) < rng.uniform(0, crowd.extras) / max(n, 1)].copy()
    nothing[..., :2] += rng.normal(0, 0.25, (len(nothing), 1, 2)) * np.array(size)
    keypoints = np.concatenate([read, twice, nothing])
    looks = _seen(pose[..., 3:], read, crowd, rng)
    looks = np.concatenate([looks, looks[again], np.zeros((len(nothing), looks.shape[1]), np.float32)])
    frames = np.concatenate([frame, frame[again], rng.integers(0, t, len(nothing))])
    owners = np.concatenate([owner, np.full(len(twice), DUPLICATE), n + np.arange(len(nothing))])
    scores = np.concatenate(
        [score, score[again] * rng.uniform(0.3, 0.9, len(twice)), rng.uniform(0.06, 0.45, len(nothing))]
    )
    box = pose_box(keypoints[..., :2])
    margin = box[:, 2:] * rng.uniform(0.02, 0.12, (len(box), 2))
    box = np.concatenate([box[:, :2] - margin, box[:, 2:] + 2 * margin], 1)
    order = np.lexsort((rng.random(len(frames)), frames))
    return Clip(People.of(when[frames], keypoints, box, scores, looks)[order], owners[order], size)


def _seen(looks: np.ndarray, read: np.ndarray, crowd: Crowd, rng: np.random.Generator) -> np.ndarray:
    """(M, F) features of readings (M, K, 3), pooled over keypoints that they are sure enough of."""
    if not looks.shape[-1]:
        return np.zeros((len(looks), 0), np.float32)
    out = pooled(looks, read[..., 2] >= SURE)
    known = (out != 0) & (rng.random() >= crowd.blind)
    noise = crowd.look_noise * out.std(0) * rng.normal(size=out.shape)
    return np.where(known, out + noise, 0).astype(np.float32)


def _read(pose: np.ndarray, skeleton: Skeleton, noise: float, rng: np.random.Generator) -> np.ndarray:
    """(M, K, 3) x, y, score: labelled keypoints with noise, some far off; the others guessed, with a low score."""
    known, hidden = pose[..., 2] > 0, pose[..., 2] < VISIBLE
    score = np.where(known, np.where(hidden, 0.25, 0.65), 0.1) + rng.normal(0, 0.08, known.shape)
    spread = noise * np.where(hidden, 2, 1) * np.where(rng.random(known.shape) < 0.03, 5, 1)
    return _astray(pose, score, spread, skeleton, rng)


def _read_as_measured(pose: np.ndarray, skeleton: Skeleton, weak: float, rng: np.random.Generator) -> np.ndarray:
    """(M, K, 3) x, y, score, as MoveNet reads rendered people with its input at 512 (`weak` 0) or 256 pixels (1).

    Measured on six scenarios: scores of seen and hidden keypoints .63 and .50 (.50 and .46), .28 outside the image,
    spread .15; the median error falls with the score, as below, from 5 to .4 COCO sigmas, the tenth largest is three
    times that.
    """
    known, hidden = pose[..., 2] > 0, pose[..., 2] < VISIBLE
    mean = np.where(hidden, 0.5 - 0.04 * weak, 0.63 - 0.13 * weak)
    score = np.where(known, mean, 0.28) + rng.normal(0, 0.15, known.shape)
    spread = np.exp(2.15 - 3.8 * np.clip(score, 0.02, 0.98)) / 1.18 * np.exp(rng.normal(0, 0.6, known.shape))
    return _astray(pose, score, spread, skeleton, rng)


def _astray(
    pose: np.ndarray, score: np.ndarray, spread: np.ndarray, skeleton: Skeleton, rng: np.random.Generator
) -> np.ndarray:
    """(M, K, 3): keypoints off by `spread` (M, K) COCO sigmas; those without a label anywhere in the person's box."""
    known = pose[..., 2] > 0
    size = np.sqrt(np.maximum(person_area(np.where(known[..., None], pose[..., :2], np.nan)), 1))[:, None]
    box = pose_box(np.where(known[..., None], pose[..., :2], np.nan))
    guess = box[:, None, :2] + rng.random((*known.shape, 2)) * box[:, None, 2:]
    off = rng.normal(size=guess.shape) * (spread * skeleton.sigma_array * size)[..., None]
    xy = np.where(known[..., None], pose[..., :2], guess) + off
    return np.concatenate([xy, np.clip(score, 0.02, 0.98)[..., None]], -1)
