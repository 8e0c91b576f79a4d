"""The Human-to-Keypoint Decoder (paper section III-B): boxes of people, then people as boxes and keypoints.

Every layer moves its references a little, in logit space (or in shares of the person, see `ImposeConfig`); what a layer
reports is read off its normalised output with the same heads, from the references that it started with. Gradients flow
from a layer's report into the shift before it ("look forward twice", DINO, Zhang et al. 2023), not into what the layer
looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.attention import DeformableAttention, SelfAttention
from impose_widget.model.config import ImposeConfig
from impose_widget.model.heads import MLP, Heads, Prediction
from impose_widget.model.memory import Memory
from impose_widget.model.positions import encode_boxes, encode_within, logit, person_unit
from impose_widget.model.selection import Queries

STEP = 0.25
"""What an output of 1 moves, in sizes of the person, where shifts are relative."""


class DecoderLayer(nn.Module):
    """Queries look at one another, then at the image, then each thinks for itself."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c = config.width
        self.self_attention, self.norm_self = SelfAttention(c, config.heads), nn.LayerNorm(c)
        self.cross_attention = DeformableAttention(c, config.heads, config.levels, config.points)
        self.norm_cross = nn.LayerNorm(c)
        self.linear1, self.linear2 = nn.Linear(c, config.feedforward), nn.Linear(config.feedforward, c)
        self.norm = nn.LayerNorm(c)
        self.people_see_each_other = config.people_see_each_other

    def forward(
        self, content: Tensor, position: Tensor, references: Tensor, memory: Memory, seen: Tensor | None
    ) -> Tensor:
        """Contents (B, Q, C), or (B, N, 1+K, C) for people with their keypoints, after the layer."""
        if content.dim() == 4:
            looked = self.self_attention.within_people(content, position, self.people_see_each_other, seen)
        else:
            looked = self.self_attention(content, position, seen)
        x = self.norm_self(content + looked)
        flat, where = (x + position).flatten(1, -2), references.flatten(1, -2)
        x = self.norm_cross(x + self.cross_attention(flat, memory.at_levels(where), memory).view_as(x))
        return self.norm(x + self.linear2(F.relu(self.linear1(x))))


class People(NamedTuple):
    """People with their keypoints, between the two decoders.

    Attributes:
        content: (B, N, 1+K, C): the person, then the keypoints.
        references: (B, N, 1+K, 4): the person's box, then a small box around each keypoint.
        prior: (B, N) or None, see `Queries`.
        real: (B, N) or None.
        seen: (B or 1, N, N) bool, which person (row) may look at which; None for all at all.
    """

    content: Tensor
    references: Tensor
    prior: Tensor | None = None
    real: Tensor | None = None
    seen: Tensor | None = None


class Decoder(nn.Module):
    """Box Decoder, expansion, Keypoint Decoder."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        c, k = config.width, config.keypoints
        self.config = config
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(c)
        self.place = MLP(2 * c, c, c)
        self.heads = Heads(config)
        slots = config.people if config.keypoint_content == "slot" else 1
        self.keypoint_embed = nn.Parameter(torch.randn(slots * k, c))
        self.keypoint_size = nn.Parameter(torch.randn(k, 2))

    def boxes(self, queries: Queries, memory: Memory, seen: Tensor | None = None) -> tuple[Queries, list[Prediction]]:
        """The Box Decoder: queries with better contents and boxes, and what each layer said.

        Args:
            queries: where to start.
            memory: the images.
            seen: (Q, Q) or (B, 1, Q, Q) bool, which query (row) may look at which; None for all at all.
        """
        content, references, said = queries.content, queries.boxes, []
        if seen is None and queries.real is not None:
            seen = queries.real[:, None, None, :] | torch.eye(content.shape[1], dtype=torch.bool, device=content.device)
        for i in range(self.config.box_layers):
            start = references.detach()
            content = self.layers[i](content, self._position(start, memory), start, memory, seen)
            said.append(self._box_prediction(i, self.norm(content), references, queries.prior))
            references = self._moved_box(start, self.heads.box[i](content))
        return queries._replace(content=content, boxes=references), said

    def expand(self, queries: Queries, memory: Memory) -> People:
        """Human to keypoints: the G most likely people, each with K keypoints around (or at) its box."""
        last = self.config.box_layers - 1
        score = self.heads.score[last](queries.content).amax(-1)
        if queries.prior is not None:
            score = score + queries.prior
        if queries.real is not None:
            score = score.masked_fill(~queries.real, -torch.inf)
        chosen = score.topk(min(self.config.people, score.shape[1]), dim=1).indices

        def take(x: Tensor | None) -> Tensor | None:
            return None if x is None else x[torch.arange(len(x), device=x.device)[:, None], chosen]

        queries = Queries(*(take(t) for t in queries))
        n, k = chosen.shape[1], self.config.keypoints
        if self.config.keypoint_content == "slot":
            content = self.keypoint_embed.view(-1, k, self.config.width)[:n].expand(len(score), -1, -1, -1)
        else:
            content = queries.content[:, :, None] + self.keypoint_embed
        centre = queries.boxes[:, :, None, :2] if queries.keypoints is None else queries.keypoints
        unit = person_unit(queries.boxes, memory)[:, :, None]
        at = self._moved(centre.expand(-1, -1, k, -1), self.heads.keypoint[-1](content), unit)
        people = self.given(queries.content, queries.boxes, at, content)
        seen = None if queries.real is None else queries.real[:, None]
        return people._replace(prior=queries.prior, real=queries.real, seen=seen)

    def given(self, person: Tensor, boxes: Tensor, keypoints: Tensor, content: Tensor) -> People:
        """People whose boxes (B, N, 4) and keypoints (B, N, K, 2) are known, with contents (B, N, C), (B, N, K, C)."""
        size = boxes[:, :, None, 2:] * self.keypoint_size.sigmoid()
        references = torch.cat([boxes[:, :, None], torch.cat([keypoints, size], -1)], 2)
        return People(torch.cat([person[:, :, None], content], 2), references)

    def keypoints(
        self, people: People, memory: Memory, free: Tensor | None = None
    ) -> tuple[Tensor, list[Prediction], list[Tensor]]:
        """The Keypoint Decoder.

        Args:
            people: where to start.
            memory: the images.
            free: (B, N, K) bool; a keypoint that is not free does not move, but the others look at it. None: all are.

        Returns:
            The people's last normalised contents (B, N, 1+K, C), what each layer said, and the references before each
            layer and after the last.
        """
        content, references = people.content, people.references
        said, places = [], [references]
        for i in range(self.config.box_layers, self.config.layers):
            start = _settled(references)
            content = self.layers[i](content, self._position(start, memory), start, memory, people.seen)
            out = self.norm(content)
            unit = person_unit(references[:, :, 0], memory)[:, :, None]
            said.append(self._prediction(i, out, references, people.prior, free, unit))
            references = self._next(i, start, content, free, unit)
            places.append(references)
        return out, said, places

    def _position(self, references: Tensor, memory: Memory) -> Tensor:
        """(…, C) of references (…, 4)."""
        if self.config.padded_positions:
            ratio = torch.cat([memory.valid[:, 0]] * 2, -1)
            references = references * ratio.view(len(ratio), *[1] * (references.dim() - 2), 4)
        if self.config.relative:
            encoded = encode_within(references, memory, self.config.width)
        else:
            encoded = encode_boxes(references, self.config.width)
        return self.place(encoded.to(self.keypoint_embed.dtype))

    def _moved(self, at: Tensor, shift: Tensor, unit: Tensor) -> Tensor:
        """Points or sizes (…, 2) after a shift; `unit` (…, 2) is the size of their person in shares of the image."""
        if self.config.relative:
            return at + STEP * shift * unit
        return (logit(at, self.config.border) + shift).sigmoid()

    def _moved_box(self, box: Tensor, shift: Tensor) -> Tensor:
        """Boxes (…, 4) after a shift."""
        if not self.config.relative:
            return (logit(box, self.config.border) + shift).sigmoid()
        centre = box[..., :2] + STEP * shift[..., :2] * box[..., 2:]
        return torch.cat([centre, box[..., 2:] * (STEP * shift[..., 2:].clamp(-4, 4)).exp()], -1)

    def _next(self, i: int, start: Tensor, content: Tensor, free: Tensor | None, unit: Tensor) -> Tensor:
        """References (B, N, 1+K, 4) after layer i."""
        person, keypoints = content[:, :, :1], content[:, :, 1:]
        box = self._moved_box(start[:, :, :1], self.heads.box[i](person))
        xy = self._moved(start[:, :, 1:, :2], self._keypoint_shift(i, keypoints, free), unit)
        if self.config.relative:
            size = start[:, :, 1:, 2:] * (STEP * self.heads.size(keypoints).clamp(-4, 4)).exp()
        else:
            size = self._moved(start[:, :, 1:, 2:], self.heads.size(keypoints), unit)
        return torch.cat([box, torch.cat([xy, size], -1)], 2)

    def _keypoint_shift(self, i: int, content: Tensor, free: Tensor | None) -> Tensor:
        xy = self.heads.keypoint[i - self.config.box_layers](content)
        return xy if free is None else xy * free[..., None]

    def _box_prediction(self, i: int, out: Tensor, references: Tensor, prior: Tensor | None) -> Prediction:
        logits = self.heads.score[i](out)
        if prior is not None:
            logits = logits + prior[..., None]
        return Prediction(logits, self._moved_box(references, self.heads.box[i](out)))

    def _prediction(
        self, i: int, out: Tensor, references: Tensor, prior: Tensor | None, free: Tensor | None, unit: Tensor
    ) -> Prediction:
        person = self._box_prediction(i, out[:, :, 0], references[:, :, 0], prior)
        keypoints = out[:, :, 1:]
        xy = self._moved(references[:, :, 1:, :2], self._keypoint_shift(i, keypoints, free), unit)
        confidence = None if self.heads.confidence is None else self.heads.confidence(keypoints)[..., 0]
        return person._replace(keypoints=xy, confidence=confidence)


def _settled(references: Tensor) -> Tensor:
    """References (B, N, 1+K, 4) as a layer starts from: without a past, but for the sizes of keypoints.

    No loss is on those sizes, so where a layer looked is all that they can learn from.
    """
    still = references.detach()
    return torch.cat([still[:, :, :1], torch.cat([still[:, :, 1:, :2], references[:, :, 1:, 2:]], -1)], 2)
