"""Sizes and choices of the ID decoder, as a frozen dataclass that a weights file carries."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from impose_widget.core.skeleton import COCO17


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """One ID decoder (paper section III-B; MOTIP, CVPR 2025, where the paper is silent).

    Attributes:
        name: of the preset.
        keypoints: of a person (K).
        edges: bones, pairs of keypoints.
        bands: Fourier frequencies of the keypoint-aware embedding.
        pose_width: of the keypoint-aware embedding; 0: the decoder goes without it.
        box_width: of what is known of the person as a whole: box, and features of the image where there are any.
        features: channels of those features; 0: none, so that annotation files alone are enough to learn from.
        word_width: of the identities' words.
        words: in the dictionary; one more says "somebody new".
        head_width: of each head of attention; the number of heads follows from the token's width.
        layers: of the decoder; the first has no self-attention.
        window: how many frames back (or ahead) a person is remembered.
        relations: whether attention is told how a person now and a person then lie to each other (see
            `model.relations`); False is the paper's decoder.
        keypoint_score: a keypoint that scores less is taken as not known.
    """

    name: str = "identity"
    keypoints: int = 17
    edges: tuple[tuple[int, int], ...] = COCO17.edges
    bands: int = 6
    pose_width: int = 64
    box_width: int = 32
    features: int = 0
    word_width: int = 64
    words: int = 50
    head_width: int = 32
    layers: int = 2
    window: int = 64
    relations: bool = True
    keypoint_score: float = 0.2

    def __post_init__(self) -> None:
        if self.width % self.head_width:
            raise ValueError(f"Expected a token's width as a multiple of {self.head_width}, got {self.width}.")

    @property
    def width(self) -> int:
        """Of a token: equation 2."""
        return self.box_width + self.pose_width + self.word_width

    @property
    def heads(self) -> int:
        """Of every attention."""
        return self.width // self.head_width

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the header of a weights file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> IdentityConfig:
        """From what `to_json` gave.

        Raises:
            ValueError: it is not that.
        """
        known = {f.name for f in fields(cls)}
        if not isinstance(data, dict) or not data.keys() <= known or "edges" not in data:
            raise ValueError(f"Expected the configuration of an ID decoder, got {str(data)[:80]!r}.")
        return cls(**data | {"edges": tuple((int(a), int(b)) for a, b in data["edges"])})
