"""The ID decoder: which of the people before is each person now (paper section III-B, equation 2).

Identities are words of a learned dictionary, drawn anew for each video: the decoder learns to read who is who out of
what it is shown, never who somebody is. Source where the paper is silent: Gao et al., "Multiple Object Tracking as ID
Prediction" (MOTIP), CVPR 2025.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.pose_embedding import PoseEmbedding
from impose_widget.model.relations import ALIKE, COUNT, Observations, likeness, relations

BOX_BANDS = 6
COPIED = 2.0  # by how much a word that was read outweighs "somebody new" in an untrained decoder


class IdDecoder(nn.Module):
    """History in, words out. Rows of a video are decoded in one call, each from what was before its frame alone."""

    def __init__(self, config: IdentityConfig) -> None:
        super().__init__()
        self.config = config
        self.box = nn.Linear(4 * (1 + 2 * BOX_BANDS) + config.features, config.box_width)
        if config.features:  # of what it learned from: features are heard in units of how much people differ
            self.register_buffer("look_mean", torch.zeros(config.features))
            self.register_buffer("look_spread", torch.ones(config.features))
        self.box_norm = nn.LayerNorm(config.box_width)
        self.trajectory = nn.ModuleList(_Residual(config.box_width, 2) for _ in range(2))
        self.pose = (
            PoseEmbedding(config.keypoints, config.edges, config.pose_width, config.bands)
            if config.pose_width
            else None
        )
        self.dictionary = nn.Linear(config.words + 1, config.word_width, bias=False)
        self.read = nn.Linear(config.word_width, config.words + 1, bias=False)
        self.layers = nn.ModuleList(_Layer(config, first=i == 0) for i in range(config.layers))
        nn.init.orthogonal_(self.dictionary.weight)
        with torch.no_grad():  # an untrained decoder says the word that it has read
            self.dictionary.weight.mul_(math.sqrt(config.word_width / 2))
            self.read.weight.copy_(self.dictionary.weight.T / math.sqrt(config.word_width))

    @property
    def newborn(self) -> int:
        """The word for somebody new."""
        return self.config.words

    def forward(self, now: Observations, then: Observations, words: Tensor) -> Tensor:
        """What each person is called.

        Args:
            now: people to name (Q), of any frames.
            then: people with names (S), of any frames; those before a person's frame, up to the window, count.
            words: (B, S) int64, 0 to `words` - 1.

        Returns:
            Logits (B, Q, words + 1); the last word is "somebody new".
        """
        now, then = self._scaled(now), self._scaled(then)
        queries = self._tokens(now, torch.full_like(now.frame, self.newborn), False)
        keys = self._tokens(then, words, True)
        gap = now.frame[:, :, None] - then.frame[:, None]
        seen = (gap > 0) & (gap < self.config.window) & then.real[:, None]
        beside = (now.frame[:, :, None] == now.frame[:, None]) & now.real[:, None]
        related = relations(now, then) if self.config.relations else None
        if related is not None and self.config.features:
            related = torch.cat([related, likeness(now.features, then.features)], -1)
        for layer in self.layers:
            queries = layer(queries, keys, beside, seen, gap.clamp(0, self.config.window - 1), related)
        return self.read(queries[..., -self.config.word_width :])

    def _scaled(self, people: Observations) -> Observations:
        """With features about 0 and of size 1; zeros are not known, and stay."""
        if not self.config.features:
            return people
        if people.features is None:
            return people._replace(features=people.box.new_zeros(*people.frame.shape, self.config.features))
        scaled = (people.features.float() - self.look_mean) / self.look_spread
        return people._replace(features=torch.where(people.features == 0, torch.zeros_like(scaled), scaled))

    def _tokens(self, people: Observations, words: Tensor, history: bool) -> Tensor:
        """Equation 2: features of the person, the pose, the identity's word, side by side."""
        parts = [self._person(people)]
        if history:
            for block in self.trajectory:
                parts[0] = block(parts[0])
        if self.pose is not None:
            known = people.weight >= self.config.keypoint_score
            size = people.size[:, None].expand(*people.frame.shape, 2)
            parts.append(self.pose(people.xy, known, size, people.scale))
        parts.append(self.dictionary.weight.T[words])
        return torch.cat(parts, -1)

    def _person(self, people: Observations) -> Tensor:
        with torch.autocast(people.box.device.type, enabled=False):
            size = people.size[:, None]
            box = torch.cat([(people.centre + 0.5) / size, people.box[..., 2:] / size], -1).float()
            phase = box[..., None] * (math.pi * 2.0 ** torch.arange(BOX_BANDS, device=box.device))
            parts = [box, phase.sin().flatten(-2), phase.cos().flatten(-2)]
            if self.config.features:
                parts.append(people.features.float())
            return self.box_norm(self.box(torch.cat(parts, -1)))


class _Residual(nn.Module):
    """A feed-forward part with its residual and norm."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.inner(x))


class _Attention(nn.Module):
    """Multi-head attention with a bias, and a key of zeros: whoever has nobody to look at sees nothing."""

    def __init__(self, width: int, head_width: int) -> None:
        super().__init__()
        self.heads = width // head_width
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        for module in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """(B, Q, width) of x (B, Q, width), memory (B, S, width), bias (B, heads or 1, Q, S), -inf: not to be seen."""
        q = self._split(self.query(x))
        k, v = (F.pad(self._split(t), (0, 0, 0, 1)) for t in (self.key(memory), self.value(memory)))
        bias = F.pad(bias, (0, 1)).expand(-1, self.heads, -1, -1)
        out = F.scaled_dot_product_attention(q, k, v, bias.to(q.dtype))
        return self.out(out.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class _Layer(nn.Module):
    """People of a frame look at each other (but for the first layer), then at history, then think."""

    def __init__(self, config: IdentityConfig, first: bool) -> None:
        super().__init__()
        self.beside = None if first else _Attention(config.width, config.head_width)
        self.beside_norm = None if first else nn.LayerNorm(config.width)
        self.history = _Attention(config.width, config.head_width)
        self.history_norm = nn.LayerNorm(config.width)
        self.time = nn.Parameter(torch.zeros(config.window, config.heads))
        self.think = _Residual(config.width, 2)
        self.relate = _Relate(config.heads, COUNT + (ALIKE if config.features else 0)) if config.relations else None
        _copying(self.history, config)

    def forward(
        self, x: Tensor, keys: Tensor, beside: Tensor, seen: Tensor, gap: Tensor, related: Tensor | None
    ) -> Tensor:
        if self.beside is not None:
            x = self.beside_norm(x + self.beside(x, x, _hidden(~beside[:, None], x)))
        bias = _hidden(~seen[:, None], x) + self.time[gap].permute(0, 3, 1, 2)
        if self.relate is not None:
            bias = bias + self.relate(related).permute(0, 3, 1, 2)
        x = self.history_norm(x + self.history(x, keys, bias))
        return self.think(x)


class _Relate(nn.Module):
    """From relations to a bias of each head."""

    def __init__(self, heads: int, count: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(count, 32), nn.GELU(), nn.Linear(32, heads))
        nn.init.zeros_(self.inner[-1].weight)
        nn.init.zeros_(self.inner[-1].bias)
        self.straight = nn.Linear(count, heads, bias=False)
        nn.init.zeros_(self.straight.weight)
        with torch.no_grad():  # whoever is where somebody would be by now is that one, to begin with
            self.straight.weight[:, 1] = -4.0
            self.straight.weight[:, COUNT : COUNT + 1] = -1.0  # and whoever looks like somebody

    def forward(self, related: Tensor) -> Tensor:
        return self.inner(related) + self.straight(related)


def _hidden(mask: Tensor, like: Tensor) -> Tensor:
    """A bias (...) of -inf where the mask is True."""
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill_(mask, -torch.inf)


@torch.no_grad()
def _copying(attention: _Attention, config: IdentityConfig) -> None:
    """Begin as a matcher: likeness of person and pose decides, and what is read is the word. It learns in minutes then,
    not hours."""
    rest = config.width - config.word_width
    basis = nn.init.orthogonal_(torch.empty(config.width, config.width))
    for module in (attention.query, attention.key):
        module.weight.zero_()
        module.weight[:, :rest] = basis[:, :rest]
    carried = nn.init.orthogonal_(torch.empty(config.width, config.word_width))
    attention.value.weight.zero_()
    attention.value.weight[:, rest:] = carried
    attention.out.weight.zero_()
    attention.out.weight[rest:] = COPIED * carried.T
