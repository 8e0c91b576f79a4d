"""IMPose, assembled: images to memory, memory to people, and people with what a human placed to better people.

Source: "IMPose: Interactive Multi-person Pose Estimation with Dynamic Correction Propagation", section III-B; the parts
it names are those of ED-Pose and Click-Pose.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from impose_widget.model.backbone import Features, build_backbone
from impose_widget.model.config import ImposeConfig
from impose_widget.model.decoder import Decoder
from impose_widget.model.encoder import Encoder
from impose_widget.model.heads import PERSON, Prediction
from impose_widget.model.hints import HintEncoder, Hints
from impose_widget.model.memory import Memory
from impose_widget.model.selection import EncoderSelection, PeakSelection, Queries

LABELS = 101  # ED-Pose's book of labels for denoising: 100 and one for "none"


class Detection(NamedTuple):
    """People in B images.

    Attributes:
        final: what the last layer says.
        layers: what every decoder layer says, the last one included; the first ones know no keypoints.
        encoder: what query selection says, or None if there is nothing to train in it.
        content: (B, N, C) each person as a vector: what identities are told by.
        real: (B, N) bool, False for rows that only fill up a batch; None if all are real.
        places: references (B, N, 1+K, 4) before each keypoint layer and after the last.
    """

    final: Prediction
    layers: list[Prediction]
    encoder: Prediction | None
    content: Tensor
    real: Tensor | None
    places: list[Tensor]


class IMPose(nn.Module):
    """The Human-to-Keypoint encoder and decoder."""

    def __init__(self, config: ImposeConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = build_backbone(config)
        self.encoder = Encoder(self.backbone.channels, config)
        self.selection = (EncoderSelection if config.selection == "encoder" else PeakSelection)(config)
        self.decoder = Decoder(config)
        k, c = config.keypoints, config.width
        pooled = config.selection == "peaks"
        self.label = None if pooled else nn.Parameter(torch.randn(LABELS, c))
        self.keypoint_label = nn.Parameter(torch.randn(k + 1, c)) if config.keypoint_labels else None
        self.hints = HintEncoder(config) if config.hints else None
        self.lock = nn.Parameter(torch.zeros(c)) if config.marks_locks else None

    def forward(self, images: Tensor, sizes: Tensor | None = None) -> Detection:
        """Everybody in images (B, 3, H, W) RGB 0 to 255, of (B, 2) sizes x, y without their padding."""
        return self.detect(self.encode(images, sizes))

    def encode(self, images: Tensor, sizes: Tensor | None = None) -> Memory:
        """The memory of images; it does not depend on any correction, so keep it."""
        height, width = images.shape[2:]
        if sizes is None:
            sizes = images.new_tensor([[width, height]]).expand(len(images), 2)
        dtype = self.decoder.keypoint_embed.dtype
        sizes = sizes.to(images.device, dtype)
        return self.encode_features(self.backbone(images.to(dtype), sizes), sizes, (height, width))

    def encode_features(self, features: Features, sizes: Tensor, image: tuple[int, int]) -> Memory:
        """The same from a backbone's maps, which may have been kept."""
        return self.encoder(features, sizes, image)

    def detect(self, memory: Memory) -> Detection:
        """Everybody: query selection, Box Decoder, expansion, Keypoint Decoder."""
        queries, encoder = self.selection(memory)
        queries, boxes = self.decoder.boxes(queries, memory)
        people = self.decoder.expand(queries, memory)
        out, said, places = self.decoder.keypoints(people, memory)
        return Detection(said[-1], boxes + said, encoder, out[:, :, 0], people.real, places)

    def refine(
        self,
        memory: Memory,
        boxes: Tensor,
        keypoints: Tensor,
        free: Tensor,
        content: Tensor | None = None,
        seen: Tensor | None = None,
        hints: Hints | None = None,
    ) -> Detection:
        """People of which somebody placed keypoints: the others are read again beside these (Click-Pose's loop).

        Args:
            memory: of the images.
            boxes: (B, N, 4) cx, cy, w, h in shares of the image.
            keypoints: (B, N, K, 2) as they are now, those placed included.
            free: (B, N, K) bool; those not free stay where they are.
            content: (B, N, C) of the people; None for what the network gives to somebody it is told of.
            seen: (B or 1, N, N) bool, who looks at whom; None for all at all.
            hints: what else is known of the keypoints; networks without a use for it ignore it.

        Returns:
            As `detect`; keypoints that are not free are where they were.
        """
        person = self.person_content(memory, boxes) if content is None else content
        keypoint_content = self.keypoint_content(person, free)
        if self.hints is not None and hints is not None:
            keypoint_content = keypoint_content + self.hints(hints, keypoints, boxes, memory)
        people = self.decoder.given(person, boxes, keypoints, keypoint_content)
        people = people._replace(seen=seen)
        out, said, places = self.decoder.keypoints(people, memory, free)
        return Detection(said[-1], said, None, out[:, :, 0], None, places)

    def carry(
        self,
        memory: Memory,
        boxes: Tensor,
        keypoints: Tensor,
        free: Tensor,
        content: Tensor | None = None,
        hints: Hints | None = None,
    ) -> Detection:
        """People whom a point tracker brought here (paper section III-C): Box Decoder, then Keypoint Decoder.

        Args: as of `refine`; `boxes` and `keypoints` are where the tracker says.
        """
        person = self.person_content(memory, boxes) if content is None else content
        queries, said = self.decoder.boxes(Queries(person, boxes), memory)
        found = self.refine(memory, queries.boxes, keypoints, free, queries.content, hints=hints)
        return found._replace(layers=said + found.layers)

    def read_boxes(self, memory: Memory, boxes: Tensor) -> Detection:
        """People that the network is told of by boxes (B, N, 4) alone, as a human draws them."""
        queries = Queries(self.person_content(memory, boxes), boxes)
        queries, said = self.decoder.boxes(queries, memory)
        people = self.decoder.expand(queries, memory)
        out, later, places = self.decoder.keypoints(people, memory)
        return Detection(later[-1], said + later, None, out[:, :, 0], None, places)

    def person_content(self, memory: Memory, boxes: Tensor) -> Tensor:
        """The content (B, N, C) of people that the network is told of by a box."""
        if self.label is None:
            return self.selection.content(memory, boxes)
        return self.label[PERSON].expand(*boxes.shape[:2], -1)

    def keypoint_content(self, person: Tensor, free: Tensor) -> Tensor:
        """The contents (B, N, K, C) of keypoints that it is told of."""
        if self.keypoint_label is not None:
            content = self.keypoint_label[1:].expand(*person.shape[:2], -1, -1)
        else:
            content = person[:, :, None] + self.decoder.keypoint_embed
        return content if self.lock is None else content + self.lock * (~free)[..., None]
