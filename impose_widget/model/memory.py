"""Memory: what the encoder knows of some images. It depends on no correction, so it is computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impose_kernels.ms_deform_attn.aggregated import corners
from impose_widget.model.backbone import Guess


class Memory(NamedTuple):
    """Tokens of B images at L levels.

    Attributes:
        tokens: (B, S, C), levels from fine to coarse, each row by row.
        padding: (B, S) bool, True where a token is padding; None if none is.
        shapes: L pairs (H_l, W_l).
        valid: (B, L, 2) share of each map's width and height that is not padding.
        guess: people that the backbone's own heads saw, or None.
    """

    tokens: Tensor
    padding: Tensor | None
    shapes: tuple[tuple[int, int], ...]
    valid: Tensor
    guess: Guess | None

    def of(self, image: int) -> Memory:
        """The memory of one image of the batch."""
        guess = None if self.guess is None else Guess(*(t[image : image + 1] for t in self.guess))
        padding = None if self.padding is None else self.padding[image : image + 1]
        return Memory(self.tokens[image : image + 1], padding, self.shapes, self.valid[image : image + 1], guess)

    def at_levels(self, boxes: Tensor) -> Tensor:
        """Boxes or points (B, Q, 4 or 2) in shares of the image, as (B, Q, L, 4 or 2) in shares of each map."""
        ratio = self.valid if boxes.shape[-1] == 2 else torch.cat([self.valid, self.valid], -1)
        return boxes[:, :, None] * ratio[:, None]

    def pooled(self, points: Tensor) -> Tensor:
        """Tokens (B, Q, L C) of every level at points (B, Q, 2), in shares of the image; mixed bilinearly."""
        at = self.at_levels(points)[:, :, :, None]  # (B, Q, L, 1, 2)
        index, share = corners(at, at.new_ones(at.shape[:-1]), *map(list, zip(*self.shapes, strict=True)))
        image = torch.arange(len(index), device=index.device)[:, None, None]
        four = self.tokens[image, index].unflatten(2, (len(self.shapes), 4))  # (B, Q, L, 4, C)
        return (four * share.unflatten(2, (-1, 4))[..., None]).sum(3).flatten(2)


def together(memories: Sequence[Memory]) -> Memory:
    """Memories of images of one size as one batch, without what the backbone guessed."""
    first = memories[0]
    padding = None if first.padding is None else torch.cat([m.padding for m in memories])
    tokens, valid = torch.cat([m.tokens for m in memories]), torch.cat([m.valid for m in memories])
    return Memory(tokens, padding, first.shapes, valid, None)


def padding_of(sizes: Tensor, height: int, width: int) -> Tensor:
    """Which pixels (B, H, W) of a batch are padding, for images of (B, 2) sizes x, y at the top left."""
    x, y = torch.arange(width, device=sizes.device), torch.arange(height, device=sizes.device)
    return (x >= sizes[:, 0, None, None]) | (y[:, None] >= sizes[:, 1, None, None])


def shrink(padding: Tensor, shape: tuple[int, int]) -> Tensor:
    """The padding of a map of that shape."""
    return F.interpolate(padding[None].float(), size=shape)[0].bool()
