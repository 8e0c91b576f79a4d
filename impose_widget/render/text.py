"""Text on images, in a proper typeface where OpenCV brings one (from version 5)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from impose_widget.render.palette import Colour

REGULAR, BOLD = 400, 600


def text_width(text: str, size: float, weight: int = REGULAR) -> int:
    """Width in pixels of a line of text of a size in pixels."""
    import cv2

    face = _face()
    if face is not None:
        return int(cv2.getTextSize((10**5, 10**3), text, (0, 0), face, round(size), weight)[2])
    return int(cv2.getTextSize(_plain(text), cv2.FONT_HERSHEY_SIMPLEX, _hershey(size), 1)[0][0])


def put_text(
    image: np.ndarray, text: str, xy: tuple[float, float], size: float, colour: Colour, weight: int = REGULAR
) -> None:
    """Write a line of text into an image, its baseline beginning at `xy`. In place."""
    import cv2

    origin, face = (round(xy[0]), round(xy[1])), _face()
    if face is not None:
        cv2.putText(image, text, origin, colour, face, round(size), weight)
    else:
        thick = 2 if weight >= BOLD and size >= 14 else 1
        cv2.putText(image, _plain(text), origin, cv2.FONT_HERSHEY_SIMPLEX, _hershey(size), colour, thick, cv2.LINE_AA)


def wrap(text: str, width: int, size: float, lines: int = 2) -> list[str]:
    """A text as lines that fit a width; what is too much ends in an ellipsis."""
    out, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and text_width(longer, size) > width:
            out.append(line)
            line = word
        else:
            line = longer
    out.append(line)
    if len(out) > lines:
        out = [*out[: lines - 1], " ".join(out[lines - 1 :])]
    while text_width(out[-1], size) > width and len(out[-1]) > 2:
        out[-1] = out[-1][:-2].rstrip() + "…"
    return out


@cache
def _face() -> Any:
    import cv2

    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


def _hershey(size: float) -> float:
    return size / 30


def _plain(text: str) -> str:
    return text.replace("·", "-").replace("…", "...").encode("ascii", "replace").decode()
