"""Clips as what the ID decoder is trained on: names drawn anew, pieces of trajectories hidden or exchanged.

Source: MOTIP (Gao et al., CVPR 2025), its data/transforms.py: groups, trajectory occlusion and switch, newborns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.relations import Observations
from impose_widget.tracking.people import People, with_velocities
from impose_widget.train.crowd import DUPLICATE, Clip

IGNORED = -100  # target of what is not learned from


@dataclass(frozen=True, slots=True)
class Naming:
    """How people are named in training.

    Attributes:
        groups: namings of the same clip in a step.
        occlusion: chance that a part of somebody's trajectory is hidden.
        switch: chance that in a frame some people's places in history are exchanged, each of them with chance a half.
    """

    groups: int = 2
    occlusion: float = 0.5
    switch: float = 0.1


class IdBatch(NamedTuple):
    """B namings of clips: people to name, people with names, those names (B, S), and what is right (B, Q)."""

    now: Observations
    then: Observations
    words: Tensor
    targets: Tensor


class Named(NamedTuple):
    """One naming: rows (S,) of history, their words (S,), their people with velocities, and targets (M,)."""

    rows: np.ndarray
    words: np.ndarray
    people: People
    targets: np.ndarray


def name(clip: Clip, config: IdentityConfig, naming: Naming, rng: np.random.Generator) -> Named:
    """Draw words for the people of a clip, hide and exchange some of their history."""
    people, owner, frame = clip.people, clip.owner, clip.people.frame
    owners = np.unique(owner[owner != DUPLICATE])
    owners = rng.permutation(owners)[: config.words]  # more people than words: the others are left out
    word_of = np.full(int(owner.max(initial=0)) + 2, -1)
    word_of[owners] = rng.permutation(config.words)[: len(owners)]
    words = np.where(owner == DUPLICATE, -1, word_of[owner])
    hidden = np.zeros(len(people), bool)
    last = int(frame.max(initial=0))
    for one in owners:
        if rng.random() < naming.occlusion:
            start = int(rng.integers(0, last + 1))
            stop = start + int(np.ceil((last - start) * rng.random()))
            hidden |= (owner == one) & (frame >= start) & (frame < stop)
    rows = np.flatnonzero((words >= 0) & ~hidden)
    said = _switched(words[rows], frame[rows], naming.switch, rng)
    targets = _targets(words, frame, rows, said, config)
    targets[hidden | (words < 0) | (frame == frame.min(initial=0))] = IGNORED
    return Named(rows, said, with_velocities(people[rows], said), targets)


def _switched(words: np.ndarray, frame: np.ndarray, chance: float, rng: np.random.Generator) -> np.ndarray:
    """Words with those of some people of some frames exchanged."""
    out = words.copy()
    for t in np.unique(frame):
        if rng.random() < chance:
            at = np.flatnonzero((frame == t) & (rng.random(len(frame)) < 0.5))
            out[at] = out[rng.permutation(at)]
    return out


def _targets(
    words: np.ndarray, frame: np.ndarray, rows: np.ndarray, said: np.ndarray, config: IdentityConfig
) -> np.ndarray:
    """(M,) each one's word if it is in the window of history before, else the word for somebody new."""
    last = int(frame.max(initial=0))
    seen = np.full((last + 2, config.words), -config.window - 1)
    for t in range(last + 1):
        seen[t + 1] = seen[t]
        seen[t + 1, said[frame[rows] == t]] = t
    recent = frame - seen[frame, np.maximum(words, 0)] < config.window
    return np.where(recent, words, config.words)


def collate(clips: list[Clip], namings: list[list[Named]]) -> IdBatch:
    """Several clips with the namings of each, padded."""
    now = [(clip.people, clip.size) for clip, named in zip(clips, namings, strict=True) for _ in named]
    flat = [n for named in namings for n in named]
    then = [(n.people, size) for n, (_, size) in zip(flat, now, strict=True)]
    longest = max(len(p) for p, _ in now)
    targets = np.full((len(flat), longest), IGNORED)
    words = np.zeros((len(flat), max(max(len(n.words) for n in flat), 1)), np.int64)
    for i, n in enumerate(flat):
        targets[i, : len(n.targets)] = n.targets
        words[i, : len(n.words)] = n.words
    return IdBatch(
        observations(now), observations(then, words.shape[1]), torch.from_numpy(words), torch.from_numpy(targets)
    )


def observations(parts: list[tuple[People, tuple[float, float]]], length: int | None = None) -> Observations:
    """People of several videos, each with the image's (width, height), as padded tensors."""
    length = max(len(p) for p, _ in parts) if length is None else length

    def padded(name: str) -> Tensor:
        arrays = [getattr(p, name) for p, _ in parts]
        out = np.zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
        for i, a in enumerate(arrays):
            out[i, : len(a)] = a
        return torch.from_numpy(out)

    real = torch.arange(length)[None] < torch.tensor([len(p) for p, _ in parts])[:, None]
    size = torch.tensor([s for _, s in parts], dtype=torch.float32)
    fields = (padded(n) for n in ("frame", "xy", "weight", "box", "score", "velocity"))
    features = padded("features") if parts[0][0].features.shape[1] else None
    return Observations(*fields, real, size, features)
