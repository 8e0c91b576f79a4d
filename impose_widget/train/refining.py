"""Learning to put right what a human has corrected in part, and to carry poses to other frames.

Detection is left to MoveNet; what is learned is the Box and the Keypoint Decoder, on people cut out of photographs of
which the backbone's maps are kept. Each person is there in pairs of inputs, each the other's anchor: two frames of a
video where there is one (rendered clips), else two views of one photograph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from impose_widget.core.geometry import oks, person_area
from impose_widget.core.skeleton import Skeleton
from impose_widget.model.backbone import Features, Guess
from impose_widget.model.hints import Hints
from impose_widget.model.impose import IMPose
from impose_widget.model.memory import Memory
from impose_widget.train.crops import Crops, Person, View, crop
from impose_widget.train.losses import given_losses
from impose_widget.train.matcher import Weights
from impose_widget.train.perturb import Drift, drifted, moved, swapped
from impose_widget.train.samples import Targets

BOX_MARGIN = 0.1  # around the keypoints, of the longer side
READ = 0.1  # OKS above which a reading is of this person
HABIT = 0.02  # deviation of the annotators' conventions, in sizes of the person
STRIDE = 32  # pixels that sides of inputs are multiples of
SHIFTED = 0.02  # how well the body's way to another frame is known, likewise


class Pool:
    """Backbone maps of people, a few inputs of each, in pairs. One slot is one input.

    Args:
        people: whom.
        network: whose backbone.
        crops: how inputs vary.
        skeleton: of the keypoints.
        pairs: of each person.
        seed: of all that is random.
    """

    def __init__(
        self, people: Sequence[Person], network: IMPose, crops: Crops, skeleton: Skeleton, pairs: int, seed: int
    ) -> None:
        if not people:
            raise ValueError("Expected people with at least five labelled keypoints to learn from, got none.")
        self.people, self.network, self.crops, self.skeleton = people, network, crops, skeleton
        self.pairs, self.seed = pairs, seed
        k, n = len(skeleton), len(people) * pairs * 2
        self.pose = np.zeros((n, k, 3), np.float32)
        self.reading = np.full((n, k, 3), np.nan, np.float32)
        self.maps: list[Tensor] = []

    def __len__(self) -> int:
        """Pairs."""
        return len(self.people) * self.pairs

    def fill(self, pair: int, generation: int = 0) -> None:
        """Make a pair's inputs; another generation makes others."""
        rng = np.random.default_rng((self.seed, pair, generation))
        view = View.draw(self.crops, rng)
        person = self.people[pair // self.pairs]
        made = [crop(p, self.crops, view, self.skeleton, rng) for p in (person, person.other or person)]
        images = torch.from_numpy(np.stack([m[0] for m in made])).permute(0, 3, 1, 2)
        side = torch.full((2, 2), float(self.crops.side))
        features = self.network.backbone(images.float(), side)
        guess = self._guess(images, float(rng.choice(self.crops.read_at)), features)
        if not self.maps:
            self.maps = [torch.zeros(len(self.pose), *m.shape[1:], dtype=torch.half) for m in features.maps]
        rows = slice(2 * pair, 2 * pair + 2)
        for kept, new in zip(self.maps, features.maps, strict=True):
            kept[rows] = new.half()
        for i, row in enumerate(range(2 * pair, 2 * pair + 2)):
            self.pose[row] = made[i][1]
            read = torch.cat([guess.keypoints[i], guess.scores[i, ..., None]], -1)[guess.real[i]].numpy()
            self.reading[row] = _own_reading(self.pose[row], read, self.skeleton)

    def _guess(self, images: Tensor, scale: float, features: Features) -> Guess:
        """What MoveNet's heads read in inputs of another size: a session's detector sees people at any size."""
        side = max(round(scale * self.crops.side / STRIDE), 1) * STRIDE
        if side == self.crops.side:
            return features.guess
        other = nn.functional.interpolate(images.float(), (side, side), mode="bilinear", antialias=True)
        return self.network.backbone(other, torch.full((len(images), 2), float(side))).guess

    def memory(self, rows: np.ndarray) -> Memory:
        """Of some slots."""
        maps = tuple(m[torch.from_numpy(rows)].float() for m in self.maps)
        side = self.crops.side
        return self.network.encode_features(Features(maps), torch.full((len(rows), 2), float(side)), (side, side))


def _own_reading(pose: np.ndarray, read: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    out = np.full((len(pose), 3), np.nan, np.float32)
    xy = np.where(pose[:, 2:] > 0, pose[:, :2], np.nan)
    if len(read) and np.isfinite(xy).any():
        alike = oks(xy[None], read[..., :2], person_area(xy)[None], skeleton.sigma_array)[0]
        if alike.max() > READ:
            out = read[int(alike.argmax())]
    return out


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is asked.

    Attributes:
        settle: share of people who stand in the frame of a correction; the others are carried there.
        anchored: share of the carried with an anchor.
        habits: share of these with a convention of their annotator's own.
        tracked: share of the carried whom a point tracker brought; the others are as they were some frames ago.
    """

    settle: float = 0.4
    anchored: float = 0.75
    habits: float = 0.5
    tracked: float = 0.7
    drift: Drift = field(default_factory=Drift)


class Questions(NamedTuple):
    """People to be put right, as tensors of batches of one person each, see `IMPose.refine`."""

    boxes: Tensor
    keypoints: Tensor
    free: Tensor
    hints: Hints
    targets: Targets


@dataclass(slots=True)
class Question:
    """One of them."""

    start: np.ndarray
    placed: np.ndarray
    truth: np.ndarray
    deviation: np.ndarray
    residual: np.ndarray


def ask(pool: Pool, row: int, settles: bool, mixture: Mixture, rng: np.random.Generator) -> Question:
    """Make up a question about the input of a slot; the other of its pair may be the anchor."""
    k = len(pool.skeleton)
    labelled = pool.pose[row, :, 2] > 0
    truth = np.where(labelled[:, None], pool.pose[row, :, :2], np.nan)
    reading = pool.reading[row]
    size = box_of(truth)[2:].max()
    nothing = np.full((k, 2), np.nan, np.float32)
    read = np.isfinite(reading).all()
    if settles and read:
        placed = clicked(truth, reading[:, :2], 1 + _count(rng, k - 1), rng)
        start = np.where(placed[:, None], truth, reading[:, :2])
        return Question(start, placed, truth, np.full(k, np.nan), nothing)
    residual = nothing
    other = row ^ 1
    if not settles and rng.random() < mixture.anchored:
        if rng.random() < mixture.habits:
            truth = truth + rng.normal(0, HABIT * size, truth.shape).astype(np.float32)
        habit = truth - np.where(labelled[:, None], pool.pose[row, :, :2], np.nan)
        there = pool.pose[other, :, 2] > 0
        human = np.where(there[:, None], pool.pose[other, :, :2] + habit, np.nan)
        residual = (human - pool.reading[other, :, :2]) / box_of(human)[2:].max() if there.any() else nothing
    whole = _completed(truth, reading)
    start, deviation = moved(whole, size, rng), np.full(k, np.nan)
    if rng.random() < mixture.tracked:
        start, deviation = drifted(whole, size, mixture.drift, rng)
    elif pool.people[row // 2 // pool.pairs].other is not None:
        start = _as_before(whole, pool.pose[other], rng, size)
    start = swapped(start, pool.skeleton, rng)
    count = _count(rng, k - 1) if settles or rng.random() < 0.3 else 0
    placed = clicked(truth, start, count + settles, rng)
    start = np.where(placed[:, None], truth, start)
    return Question(start, placed, truth, deviation, residual)


def _as_before(pose: np.ndarray, other: np.ndarray, rng: np.random.Generator, size: float) -> np.ndarray:
    """The pose (K, 2) as it was in the other frame (K, 3), gone along with the body as nearly as readings tell."""
    there = other[:, 2:] > 0
    shift = np.median((pose - other[:, :2])[there[:, 0]], 0) if there.any() else np.zeros(2)
    return np.where(there, other[:, :2] + shift + rng.normal(0, SHIFTED * size, 2), pose)


def _count(rng: np.random.Generator, most: int) -> int:
    """0 to most - 1, c with a likelihood of 1/(c+1)² (Click-Pose)."""
    chance = 1.0 / np.arange(1, most + 1) ** 2
    return int(rng.choice(most, p=chance / chance.sum()))


def clicked(truth: np.ndarray, start: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which keypoints (K,) a human places: mostly the worst first."""
    off = np.linalg.norm(start - truth, axis=-1)
    if rng.random() < 0.3:
        off = np.where(np.isfinite(off), rng.random(len(off)), np.nan)
    order = np.argsort(-np.where(np.isfinite(off), off, -1.0))[:count]
    out = np.zeros(len(truth), bool)
    out[order] = np.isfinite(off[order])
    return out


def _completed(truth: np.ndarray, reading: np.ndarray) -> np.ndarray:
    """Every keypoint somewhere: as labelled, as read, or in the middle."""
    xy = np.where(np.isfinite(truth), truth, reading[:, :2])
    return np.where(np.isfinite(xy), xy, np.nanmean(xy, 0))


def box_of(xy: np.ndarray) -> np.ndarray:
    """(4,) cx, cy, w, h around keypoints (K, 2) with a margin; NaN are not looked at."""
    low, high = np.nanmin(xy, 0), np.nanmax(xy, 0)
    side = (high - low) + 2 * BOX_MARGIN * (high - low).max()
    return np.concatenate([(low + high) / 2, np.maximum(side, 0.01)]).astype(np.float32)


def together(pool: Pool, rows: np.ndarray, asked: list[Question]) -> Questions:
    """Questions about slots as one batch."""

    def tensor(values: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(values).astype(np.float32))[:, None]

    truth = tensor([q.truth for q in asked])
    labelled = truth.isfinite().all(-1)
    placed = torch.from_numpy(np.stack([q.placed for q in asked]))[:, None]
    n, side = len(rows), float(pool.crops.side)
    targets = Targets(
        tensor([box_of(q.truth) for q in asked]),
        truth.nan_to_num(0.0),
        labelled & ~placed,
        torch.ones(n, 1, dtype=torch.bool),
        torch.full((n, 2), side),
        torch.zeros(n, 0, 4),
        torch.zeros(n, dtype=torch.bool),
    )
    reading = torch.from_numpy(pool.reading[rows])[:, None]
    hints = Hints(reading, tensor([q.deviation for q in asked]), tensor([q.residual for q in asked]))
    return Questions(
        tensor([box_of(q.start) for q in asked]), tensor([q.start for q in asked]), ~placed, hints, targets
    )


def with_looks(hints: Hints, pool: Pool, rows: np.ndarray) -> Hints:
    """Hints with what the anchors look like, the other inputs of each pair; nothing where there is no anchor."""
    there = hints.residual.isfinite().all(-1)
    anchored = there.any(-1)[:, 0].numpy()
    points = torch.from_numpy(pool.pose[rows ^ 1, :, :2])
    looks = None
    if anchored.any():
        with torch.no_grad():
            seen = pool.memory((rows ^ 1)[anchored]).pooled(points[torch.from_numpy(anchored)])
        looks = torch.full((*there.shape, seen.shape[-1]), torch.nan)
        looks[torch.from_numpy(anchored), 0] = seen
        looks[~there] = torch.nan
    return hints._replace(looks=looks)


class RefiningTask(nn.Module):
    """One step: people of a pool in, losses out."""

    def __init__(self, network: IMPose, pool: Pool, mixture: Mixture, weights: Weights | None = None) -> None:
        super().__init__()
        self.network, self.pool, self.mixture = network, pool, mixture
        self.weights = weights or Weights(box=1.0, giou=0.5, confidence=1.0)
        self.register_buffer("sigmas", torch.tensor(pool.skeleton.sigma_array, dtype=torch.float32), persistent=False)

    def forward(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, Tensor]:
        """Losses by name, of slots (n,)."""
        split = max(round(len(rows) * self.mixture.settle), 1)
        losses: dict[str, Tensor] = {}
        for name, part in (("settle", rows[:split]), ("carry", rows[split:])):
            if not len(part):
                continue
            asked = [ask(self.pool, int(r), name == "settle", self.mixture, rng) for r in part]
            q = together(self.pool, part, asked)
            hints = with_looks(q.hints, self.pool, part)
            memory = self.pool.memory(part)
            run = self.network.refine if name == "settle" else self.network.carry
            found = run(memory, q.boxes, q.keypoints, q.free, hints=hints)
            people = torch.tensor(float(len(rows)))
            terms = given_losses(found.layers, q.targets, q.targets.real, self.sigmas, self.weights, people)
            losses |= {f"{name}.{k}": v for k, v in terms.items()}
        return losses
