"""Sizes and choices of the network, as frozen dataclasses: `r50()` is the paper's, `tiny()` the one that can ship.

Where the paper (section V-B) says nothing, the numbers are those of the networks that it stands on: ED-Pose (Yang et
al., ICLR 2023) and Click-Pose (Yang et al., ICCV 2023).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

CHOICES = {
    "backbone": ("resnet50", "movenet"),
    "selection": ("encoder", "peaks"),
    "keypoint_content": ("add", "slot"),
}


@dataclass(frozen=True, slots=True)
class ImposeConfig:
    """One network.

    Attributes:
        backbone: "resnet50", or "movenet" (MobileNetV2 with a feature pyramid and CenterNet heads).
        width: channels of tokens and queries (C), a multiple of `heads`.
        heads: of every attention (M).
        points: samples per head and level of deformable attention (P).
        levels: maps that the decoders see (L).
        unencoded: how many of the finest maps the encoder leaves alone; the decoders see them all the same.
        encoder_layers: of the deformable encoder.
        box_layers: of the Box Decoder.
        keypoint_layers: of the Keypoint Decoder.
        feedforward: channels inside a layer's feed-forward part.
        queries: people looked for (Q).
        people: of these, kept for the Keypoint Decoder (G; the paper's "number of keypoint queries").
        keypoints: of a person (K).
        selection: "encoder" (the tokens that look most like people) or "peaks" (MoveNet's centres, with its poses).
        keypoint_content: how a person becomes keypoints: "add" a learned vector to the person's content (ED-Pose), or
            take a learned vector per "slot" of the ranking (Click-Pose).
        people_see_each_other: whether people attend to people in the Keypoint Decoder (ED-Pose) or to their own
            keypoints alone (Click-Pose).
        keypoint_labels: whether keypoints that are given have contents of their own (Click-Pose's label_enc_pose).
        marks_locks: whether a keypoint that is given is marked as such.
        relative: whether a person's queries are told where they are in the person, and move in shares of the person;
            else (the public networks) in the image, in logit space. It makes what was learned on people cut out of
            images hold wherever they are.
        hints: whether keypoints are told what else is known of them (`impose_widget.model.hints`).
        detects: whether the decoders learned to find people; if not, MoveNet's heads find them.
        settles: whether a session lets it read a corrected frame again; measured weights that did harm say no.
        confidence: whether there is a head for how good each keypoint is; no public checkpoint has one.
        padded_positions: whether a query's place is told in shares of the padded image (ED-Pose) or of the image alone,
            which no batch changes.
        border: how near to the image's border a coordinate can come, as a share of the image.
        pixel_centre: where the centre of the first pixel lies, in pixels: 0.5 where coordinates count from the image's
            corner; 0 in the public networks, which learned COCO's keypoints as they stand.
        short_side, long_side: pixels that an image is scaled to.
        multiple: sides of the input are padded to multiples of it.
    """

    name: str
    backbone: str = "resnet50"
    width: int = 256
    heads: int = 8
    points: int = 4
    levels: int = 4
    unencoded: int = 0
    encoder_layers: int = 6
    box_layers: int = 2
    keypoint_layers: int = 4
    feedforward: int = 2048
    queries: int = 900
    people: int = 50
    keypoints: int = 17
    selection: str = "encoder"
    keypoint_content: str = "add"
    people_see_each_other: bool = True
    keypoint_labels: bool = False
    marks_locks: bool = False
    relative: bool = False
    hints: bool = False
    detects: bool = True
    settles: bool = True
    confidence: bool = False
    padded_positions: bool = True
    border: float = 1e-3
    pixel_centre: float = 0.5
    short_side: int = 800
    long_side: int = 1333
    multiple: int = 1

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"Expected {name} as one of {', '.join(allowed)}, got {getattr(self, name)!r}.")
        if self.width % self.heads or self.width % 4:
            raise ValueError(f"Expected width as a multiple of 4 and of {self.heads} heads, got {self.width}.")
        if (self.selection == "peaks") != (self.backbone == "movenet"):
            raise ValueError(f"Expected selection peaks with movenet alone, got {self.selection} on {self.backbone}.")

    @property
    def layers(self) -> int:
        """Of both decoders."""
        return self.box_layers + self.keypoint_layers

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the header of a weights file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> ImposeConfig:
        """From what `to_json` gave.

        Raises:
            ValueError: it is not that.
        """
        known = {f.name for f in fields(cls)}
        if not isinstance(data, dict) or "name" not in data or not data.keys() <= known:
            raise ValueError(f"Expected the configuration of a network, got {str(data)[:80]!r}.")
        return cls(**data)


def r50(**changes: Any) -> ImposeConfig:
    """The paper's network: ResNet-50, 6 encoder layers, 2 + 4 decoder layers, 900 queries, 50 people."""
    return replace(ImposeConfig("r50"), **changes)


def edpose(**changes: Any) -> ImposeConfig:
    """What ED-Pose's public checkpoints were trained as: 100 people."""
    return replace(ImposeConfig("edpose_r50", people=100, pixel_centre=0.0), **changes)


def clickpose(**changes: Any) -> ImposeConfig:
    """What Click-Pose's public checkpoints were trained as: keypoints per slot, and labels for given keypoints."""
    config = ImposeConfig("clickpose_r50", keypoint_content="slot", people_see_each_other=False, keypoint_labels=True)
    return replace(config, **changes)


def tiny(**changes: Any) -> ImposeConfig:
    """The network that runs on a laptop: MoveNet's backbone, peaks and poses as queries, narrow decoders on them."""
    config = ImposeConfig(
        "tiny",
        backbone="movenet",
        width=128,
        heads=4,
        unencoded=1,
        encoder_layers=0,
        keypoint_layers=2,
        feedforward=512,
        queries=50,
        selection="peaks",
        marks_locks=True,
        confidence=True,
        padded_positions=False,
        border=1e-4,
        short_side=512,
        long_side=512,
        multiple=32,
    )
    return replace(config, **changes)


def refiner(**changes: Any) -> ImposeConfig:
    """`tiny` that leaves finding people to MoveNet, and puts them right and carries them (`train --stage refine`)."""
    config = tiny(
        name="refiner",
        keypoint_layers=3,
        people_see_each_other=False,
        relative=True,
        hints=True,
        detects=False,
        settles=False,
    )
    return replace(config, **changes)


PRESETS = {"r50": r50, "tiny": tiny, "edpose_r50": edpose, "clickpose_r50": clickpose}
