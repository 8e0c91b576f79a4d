"""The trained ID decoder in a session: heard when people are found, and asked whether identities hold.

It needs torch, which is loaded at the first question and not before.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impose_widget.core.detections import Detections

if TYPE_CHECKING:
    from impose_widget.associate.associate import Likeness
    from impose_widget.tracking.bank import TrajectoryBank
    from impose_widget.tracking.verify import Swap

ASSOCIATIONS = ("auto", "geometry", "id")


class Identifier:
    """An ID decoder for one video.

    Args:
        weights: its file.
        size: width and height of the video.
    """

    def __init__(self, weights: Path, size: tuple[int, int]) -> None:
        self.weights, self._size = weights, size
        self._decoding: Any = None

    @property
    def _ready(self) -> Any:
        from impose_widget.tracking.decoding import Decoding

        if self._decoding is None:
            self._decoding = Decoding(self.weights, self._size)
        return self._decoding

    @property
    def looks(self) -> bool:
        """Whether it hears what people look like."""
        return self._ready.features > 0

    def likeness(self, detections: Detections, features: np.ndarray | None = None) -> Likeness:
        """What association hears about some detections, with features (M, F) of the image if there are any."""
        from impose_widget.tracking.likeness import LearnedLikeness

        return LearnedLikeness(detections, self._ready, features=features)

    def swaps(self, bank: TrajectoryBank, frames: np.ndarray) -> list[Swap]:
        """Where it would name people otherwise."""
        from impose_widget.tracking.verify import possible_swaps

        return possible_swaps(bank, self._ready, frames)


def identifier(
    association: str | Path, knows: bool, finds: bool, size: tuple[int, int]
) -> tuple[str, Identifier | None]:
    """What `association=` asks for: by what people are found, and the decoder, if there is one.

    "auto" finds people by geometry: on the labelled clips the decoder beside it changes nothing, and costs. It is there
    to ask whether identities hold. (assets/identity.md: on annotated tracks it has fewer switches.)

    Args:
        association: "auto", "geometry", "id", or the path of weights.
        knows: whether the skeleton is the decoder's.
        finds: whether a network finds people here; without one, nothing needs torch unless it is asked for.
        size: width and height of the video.

    Raises:
        ValueError, FileNotFoundError, ImportError: it asks for what is not there.
    """
    from impose_widget.tracking.decoding import WEIGHTS

    asked = str(association)
    if asked not in ASSOCIATIONS and Path(asked).suffix != ".safetensors":
        raise ValueError(
            f"Expected association as one of {', '.join(ASSOCIATIONS)}, or a .safetensors file of an ID decoder, got "
            f"{association!r}."
        )
    weights = WEIGHTS if asked in ASSOCIATIONS else Path(asked)
    there = weights.is_file() and find_spec("torch") is not None and knows
    if asked == "geometry" or (asked == "auto" and not (there and finds)):
        return "geometry", None
    if not weights.is_file():
        raise FileNotFoundError(f"Expected the weights of an ID decoder in {weights}, which does not exist.")
    if find_spec("torch") is None:
        raise ImportError("The ID decoder needs torch; install it, or give association='geometry'.")
    if not knows:
        raise ValueError("Expected skeleton coco17 with the ID decoder; give association='geometry' for another.")
    return "geometry" if asked == "auto" else "id", Identifier(weights, size)
