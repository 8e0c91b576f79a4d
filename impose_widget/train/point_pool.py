"""Clips with all that the point tracker is told of them, made once and asked about several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from impose_widget.model.mobilenet import MobileNetV2
from impose_widget.model.movenet import MoveNet
from impose_widget.model.point_network import PointNetwork, Prior, frozen_maps
from impose_widget.points.seek import Sought
from impose_widget.train.point_clips import Look, PointClip, Rendered, collage, cut_out, spoilt

LEAST, MOST = 8, 96  # points of a clip
WINDOW = 21  # side in pixels of what optical flow compares
HARD = 8.0  # pixels by which optical flow is off where it has failed


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of clips.

    Attributes:
        collages: share of the clips that are made of photographs, where there are both.
        resumed: share of the windows that do not start where the point was given.
        gap: frames from there to the start of such a window, at most.
        off: pixels (deviation) by which their starts are off; four times as much where the point is hidden.
        hard: share of the points that are hidden at times, or that optical flow loses.
    """

    collages: float = 0.4
    resumed: float = 0.35
    gap: int = 10
    off: float = 1.0
    hard: float = 0.6


class Questions(NamedTuple):
    """B windows of T frames with N points each.

    Attributes:
        levels: of the frame of the templates and the window's, (B, T + 1, C, H, W), see `PointNetwork.levels`.
        given: (B, N, 2) the points in the templates' frame.
        prior: what is known.
        xy: (B, T, N, 2) the truth; NaN where unknown.
        visible: (B, T, N) bool.
    """

    levels: tuple[Tensor, ...]
    given: Tensor
    prior: Prior
    xy: Tensor
    visible: Tensor


class Pool:
    """Clips in slots; what a slot holds depends on the seed, the slot and its generation alone.

    Args:
        clips: rendered ones.
        images: photographs, for collages and for what passes before people.
        backbone: whose maps are kept.
        network: of which what it correlates is kept.
        look: how clips vary.
        asked: what is asked.
        size: slots.
        seed: of everything.

    Raises:
        ValueError: there is nothing to learn from.
    """

    def __init__(
        self,
        clips: Sequence[Rendered],
        images: Sequence[np.ndarray],
        backbone: MobileNetV2,
        network: PointNetwork,
        look: Look,
        asked: Asked,
        size: int,
        seed: int,
    ) -> None:
        window = network.config.window
        self.clips = [c for c in clips if len(c.paths) >= window + 1]
        self.images, self.backbone, self.network = images, backbone, network
        if not self.clips and not images:
            raise ValueError(
                f"Expected photographs, or rendered clips of at least {window + 1} frames with truth.npz, got none."
            )
        self.window, self.look, self.asked, self.seed = window, look, asked, seed
        self.slots: list[Questions | None] = [None] * size

    def fill(self, slot: int, generation: int) -> None:
        """Make a slot's clip; another generation makes another one."""
        rng = np.random.default_rng((self.seed, slot, generation))
        made = None
        while made is None:
            made = self._make(rng)
        self.slots[slot] = made

    def whiten(self, clips: int) -> None:
        """Choose what the network correlates by what so many clips look like."""
        rng = np.random.default_rng((self.seed, len(self.slots)))
        frames = [f for _ in range(clips) for f in self._draw(0, rng).frames[:: self.window - 1]]
        self.network.whiten(self._maps(frames))

    def _draw(self, gap: int, rng: np.random.Generator) -> PointClip:
        asked, length = self.asked, self.window + gap
        collages = not self.clips or (bool(len(self.images)) and rng.random() < asked.collages)
        if collages:
            clip = collage(self.images, length, self.look, rng)
        else:
            clip = cut_out(self.clips[rng.integers(len(self.clips))], length, self.look, rng)
        return spoilt(clip, self.images, self.look, rng)

    def _maps(self, frames: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        images = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
        with torch.inference_mode():
            return frozen_maps(self.backbone, MoveNet.normalised(images))

    def _make(self, rng: np.random.Generator) -> Questions | None:
        asked = self.asked
        gap = int(rng.integers(1, asked.gap + 1)) if rng.random() < asked.resumed else 0
        clip = self._draw(gap, rng)
        known = clip.visible[0] & np.isfinite(clip.xy[gap]).all(-1)
        if known.sum() < LEAST:
            return None
        chosen = rng.permutation(np.flatnonzero(known))[:MOST]
        return self._told(PointClip(clip.frames, clip.xy[:, chosen], clip.visible[:, chosen]), gap, rng)

    def _told(self, clip: PointClip, gap: int, rng: np.random.Generator) -> Questions:
        """The clip with its prior and maps, a batch of one."""
        n = clip.xy.shape[1]
        grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clip.frames]
        start = clip.xy[gap].copy()
        if gap:
            start += self.asked.off * np.where(clip.visible[gap], 1, 4)[:, None] * rng.normal(0, 1, (n, 2))
        levels = self.network.levels(self._maps([clip.frames[0], *clip.frames[gap:]]))
        each = [tuple(m[t : t + 1] for m in levels) for t in range(len(levels[0]))]
        sought = Sought(grey[0], clip.xy[0], each[0], 1.0, WINDOW)
        xy, trust, alike = sought.follow(grey[gap:], each[1:], start)
        prior = (xy, trust, alike, np.full(n, float(gap == 0)), np.full(n, float(gap)))
        return Questions(
            tuple(m.half().clone()[None] for m in levels),
            _tensor(clip.xy[0]),
            Prior(*(_tensor(p) for p in prior)),
            _tensor(clip.xy[gap:]),
            torch.from_numpy(clip.visible[gap:])[None],
        )

    def batch(self, slots: Sequence[int], points: int, rng: np.random.Generator) -> Questions:
        """Some slots together, so many points of each, the hard ones first."""
        held = [self.slots[s] for s in slots]
        picks = [self._pick(q, points, rng) for q in held]
        taken = [
            Questions(
                tuple(m.float() for m in q.levels),
                q.given[:, pick],
                Prior(*(p[:, :, pick] if p.ndim > 2 else p[:, pick] for p in q.prior)),
                q.xy[:, :, pick],
                q.visible[:, :, pick],
            )
            for q, pick in zip(held, picks, strict=True)
        ]
        return Questions(
            tuple(torch.cat(m) for m in zip(*(q.levels for q in taken), strict=True)),
            torch.cat([q.given for q in taken]),
            Prior(*(torch.cat(p) for p in zip(*(q.prior for q in taken), strict=True))),
            torch.cat([q.xy for q in taken]),
            torch.cat([q.visible for q in taken]),
        )

    def _pick(self, q: Questions, points: int, rng: np.random.Generator) -> Tensor:
        off = (q.prior.xy - q.xy).norm(dim=-1).nan_to_num(0)
        hard = ((off > HARD) | ~q.visible).any(1)[0].numpy()
        share = np.where(hard, self.asked.hard / max(hard.sum(), 1), (1 - self.asked.hard) / max((~hard).sum(), 1))
        return torch.from_numpy(rng.choice(len(hard), points, replace=len(hard) < points, p=_possible(share, points)))


def _possible(share: np.ndarray, points: int) -> np.ndarray:
    """Probabilities that let so many be drawn without putting any back."""
    share = share / share.sum()
    return share if (share > 0).sum() >= points or len(share) < points else np.full(len(share), 1 / len(share))


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
