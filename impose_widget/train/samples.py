"""From videos to batches: which clips, augmented how, in an order that depends on the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.backbone import Features
from impose_widget.train.augment import Augmentation, Target, apply, draw
from impose_widget.train.data import Video, clip_frames


class Targets(NamedTuple):
    """Targets of B images, N the most people in one of them; see `augment.Target`.

    Attributes:
        boxes: (B, N, 4).
        keypoints: (B, N, K, 2).
        labelled: (B, N, K) bool.
        real: (B, N) bool.
        sizes: (B, 2).
        crowds: (B, M, 4), rows of 0 where there are fewer.
        complete: (B,) bool.
    """

    boxes: Tensor
    keypoints: Tensor
    labelled: Tensor
    real: Tensor
    sizes: Tensor
    crowds: Tensor
    complete: Tensor

    def to(self, device: torch.device) -> Targets:
        """The same elsewhere."""
        return Targets(*(t.to(device, non_blocking=True) for t in self))


class Batch(NamedTuple):
    """What a step learns from: images (B, 3, H, W) uint8, or the maps that a frozen backbone made of them."""

    images: Tensor | None
    features: Features | None
    shape: tuple[int, int]
    targets: Targets


@dataclass(frozen=True, slots=True)
class Clips:
    """How clips are taken from videos: so many frames, so far apart at most (paper section V-B: 1 to 4)."""

    frames: int = 1
    intervals: tuple[int, int] = (1, 4)


class ClipSet(Dataset):
    """Clips of videos. An item is asked for by (epoch, index), and is the same whenever it is asked for."""

    def __init__(
        self, videos: Sequence[Video], skeleton: Skeleton, augmentation: Augmentation, clips: Clips, seed: int
    ) -> None:
        self.videos, self.skeleton = videos, skeleton
        self.augmentation, self.clips, self.seed = augmentation, clips, seed

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, key: tuple[int, int]) -> list[tuple[np.ndarray, Target]]:
        """The frames of a clip, all augmented alike."""
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        video = self.videos[index]
        low, high = self.clips.intervals
        chosen = clip_frames(len(video), self.clips.frames, int(rng.integers(low, high + 1)), rng)
        first = video[int(chosen[0])].image()
        d = draw(self.augmentation, first.shape[1], first.shape[0], rng)
        images = [first, *(video[int(i)].image() for i in chosen[1:])]
        return [apply(d, x, video[int(i)].people, self.skeleton) for x, i in zip(images, chosen, strict=True)]

    def collate(self, clips: list[list[tuple[np.ndarray, Target]]]) -> Batch:
        """All frames of all clips as one batch: they are decoded in parallel."""
        frames = [frame for clip in clips for frame in clip]
        multiple = self.augmentation.multiple
        shape = tuple(-(-max(x.shape[i] for x, _ in frames) // multiple) * multiple for i in (0, 1))
        images = torch.zeros(len(frames), 3, *shape, dtype=torch.uint8)
        for out, (image, _) in zip(images, frames, strict=True):
            out[:, : image.shape[0], : image.shape[1]] = torch.from_numpy(image).permute(2, 0, 1)
        return Batch(images, None, shape, stack([t for _, t in frames]))


def stack(targets: Sequence[Target]) -> Targets:
    """Targets of one batch, filled up with nobody."""
    b, n = len(targets), max(len(t.boxes) for t in targets)
    m, k = max(len(t.crowds) for t in targets), targets[0].keypoints.shape[1]
    out = Targets(
        torch.zeros(b, n, 4),
        torch.zeros(b, n, k, 2),
        torch.zeros(b, n, k, dtype=torch.bool),
        torch.zeros(b, n, dtype=torch.bool),
        torch.from_numpy(np.stack([t.size for t in targets])),
        torch.zeros(b, m, 4),
        torch.tensor([t.complete for t in targets]),
    )
    for i, t in enumerate(targets):
        own = len(t.boxes)
        out.boxes[i, :own] = torch.from_numpy(t.boxes)
        out.keypoints[i, :own] = torch.from_numpy(t.keypoints)
        out.labelled[i, :own] = torch.from_numpy(t.labelled)
        out.real[i, :own] = True
        out.crowds[i, : len(t.crowds)] = torch.from_numpy(t.crowds)
    return out


class StepSampler:
    """Batches of (epoch, index) from one step of training on; process `rank` of `world` gets its share of each.

    The order of an epoch depends on the seed and its number, so a run that stops and goes on sees what it would have.
    """

    def __init__(
        self, length: int, batch: int, seed: int, first_step: int, last_step: int, rank: int = 0, world: int = 1
    ) -> None:
        if length < 1:
            raise ValueError("Expected clips to learn from, got none.")
        self.length, self.batch, self.seed = length, batch, seed
        self.first_step, self.last_step = first_step, last_step
        self.rank, self.world = rank, world

    @property
    def steps_of_an_epoch(self) -> int:
        """The last one is filled up from the start of the order."""
        return -(-self.length // (self.batch * self.world))

    def __len__(self) -> int:
        return self.last_step - self.first_step

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        whole = self.batch * self.world
        for step in range(self.first_step, self.last_step):
            epoch, within = divmod(step, self.steps_of_an_epoch)
            order = np.random.default_rng((self.seed, epoch)).permutation(self.length)
            rows = (within * whole + np.arange(whole)) % self.length
            yield [(epoch, int(i)) for i in order[rows][self.rank :: self.world]]
