"""The attentions of the network: deformable ones to a pyramid of maps, plain ones among queries."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impose_kernels import ms_deform_attn
from impose_widget.model.memory import Memory


class DeformableAttention(nn.Module):
    """Each query looks at a few places around its reference, in every map (Zhu et al. 2021)."""

    def __init__(self, width: int, heads: int, levels: int, points: int) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        self.sampling_offsets = nn.Linear(width, heads * levels * points * 2)
        self.attention_weights = nn.Linear(width, heads * levels * points)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)
        self.reset()

    def reset(self) -> None:
        """Heads look in directions of their own, points ever further, all equally weighted."""
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        way = torch.stack([angle.cos(), angle.sin()], -1)
        way = (way / way.abs().amax(-1, keepdim=True))[:, None, None].repeat(1, self.levels, self.points, 1)
        far = torch.arange(1, self.points + 1)[:, None]
        nn.init.zeros_(self.sampling_offsets.weight)
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_((way * far).flatten())
        for linear in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, query: Tensor, references: Tensor, memory: Memory) -> Tensor:
        """(B, Q, C).

        Args:
            query: (B, Q, C), positions included.
            references: (B, Q, L, 2) points or (B, Q, L, 4) boxes in each map, 0 to 1 with the padding.
            memory: what is looked at.
        """
        b, q, _ = query.shape
        offsets = self.sampling_offsets(query).view(b, q, self.heads, self.levels, self.points, 2)
        weights = self.attention_weights(query).view(b, q, self.heads, self.levels * self.points).softmax(-1)
        weights = weights.view(b, q, self.heads, self.levels, self.points)
        centre = references[:, :, None, :, None, :2]
        if references.shape[-1] == 2:
            size = torch.tensor([(w, h) for h, w in memory.shapes], device=query.device, dtype=references.dtype)
            locations = centre + offsets / size[:, None]
        else:  # the outermost point is half a box away
            locations = centre + offsets / self.points * references[:, :, None, :, None, 2:] * 0.5
        gathered = ms_deform_attn(
            memory.tokens,
            memory.padding,
            memory.shapes,
            locations,
            weights,
            self.value_proj.weight,
            self.value_proj.bias,
        )
        return self.output_proj(gathered)


class SelfAttention(nn.Module):
    """Attention among queries; parameters are those of `nn.MultiheadAttention`."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, content: Tensor, position: Tensor, seen: Tensor | None = None) -> Tensor:
        """(B, Q, C) from contents and positions (B, Q, C); `seen` (…, Q, Q) bool: who (row) may look at whom."""
        q, k, v = self._project(content, position)
        return self._merge(self._attend(q, k, v, seen))

    def within_people(
        self, content: Tensor, position: Tensor, people_see_each_other: bool, seen: Tensor | None = None
    ) -> Tensor:
        """(B, N, 1+K, C): each person's queries look at one another, and person queries at people if so wished.

        The same as one attention over all N(1+K) queries with a mask, without the N² of it.

        Args:
            content: (B, N, 1+K, C), people first.
            position: (B, N, 1+K, C).
            people_see_each_other: whether person queries look at other people.
            seen: (B or 1, N, N) bool, which person (row) looks at which; None for all. Everybody sees themselves.
        """
        b, n, group, c = content.shape
        q, k, v = (t.flatten(0, 1) for t in self._project(content, position))  # (BN, 1+K, C)
        if not people_see_each_other:
            return self._merge(self._attend(q, k, v)).view(b, n, group, c)
        keypoints = self._attend(q[:, 1:], k, v)

        def looked_at(t: Tensor) -> Tensor:
            """By a person: own keypoints, then everybody: (BN, K + N, C)."""
            everybody = t[:, 0].view(b, 1, n, c).expand(b, n, n, c).reshape(b * n, n, c)
            return torch.cat([t[:, 1:], everybody], 1)

        mask = None
        if seen is not None:
            seen = (seen | torch.eye(n, dtype=torch.bool, device=seen.device)).expand(b, n, n).reshape(b * n, n)
            mask = torch.cat([seen.new_ones(b * n, group - 1), seen], 1)[:, None, None]  # (BN, 1, 1, K + N)
        people = self._attend(q[:, :1], looked_at(k), looked_at(v), mask)
        return self._merge(torch.cat([people, keypoints], 1)).view(b, n, group, c)

    def _project(self, content: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        w_q, w_k, w_v = self.in_proj_weight.chunk(3)
        b_q, b_k, b_v = self.in_proj_bias.chunk(3)
        placed = content + position
        return F.linear(placed, w_q, b_q), F.linear(placed, w_k, b_k), F.linear(content, w_v, b_v)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for t in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(-2, -3).flatten(-2)

    def _merge(self, attended: Tensor) -> Tensor:
        return self.out_proj(attended)
