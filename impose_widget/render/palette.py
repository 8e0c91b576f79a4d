"""Colours: one a person, the same for good, told apart also by colour-blind eyes; lighter to the left, darker right."""

from __future__ import annotations

from impose_widget.core.skeleton import Skeleton

Colour = tuple[int, int, int]

# After Okabe and Ito's palette for all kinds of colour vision, a little brighter because they lie on photographs;
# ordered so that neighbours differ most.
COLOURS: tuple[Colour, ...] = (
    (255, 170, 20),  # orange
    (70, 175, 255),  # sky blue
    (20, 200, 140),  # green
    (240, 110, 190),  # pink
    (245, 230, 70),  # yellow
    (235, 90, 20),  # vermilion
    (120, 110, 255),  # violet blue
    (200, 200, 205),  # grey
)
WHITE: Colour = (255, 255, 255)
DARK: Colour = (18, 20, 26)
LEFT, MIDDLE, RIGHT = "left", "middle", "right"


def person_colour(track_id: int) -> Colour:
    """The (R, G, B) of a person, by their number alone: it does not change when others come or go."""
    return COLOURS[track_id % len(COLOURS)]


def side_colour(colour: Colour, side: str) -> Colour:
    """A person's colour for one side of the body: lighter on the left, darker on the right."""
    if side == LEFT:
        return mix(colour, WHITE, 0.5)
    if side == RIGHT:
        return mix(colour, DARK, 0.42)
    return colour


def ink_on(colour: Colour) -> Colour:
    """Dark or white, whichever is easier to read on a colour."""
    red, green, blue = colour
    return DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else WHITE


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two; `share` of the second."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def sides(skeleton: Skeleton) -> list[str]:
    """The side (K) of each keypoint: by its name where that says it, else by its place in a left/right pair."""
    out = [MIDDLE] * len(skeleton)
    for a, b in skeleton.flip_pairs:
        swapped = "right" in skeleton.keypoints[a].lower() or "left" in skeleton.keypoints[b].lower()
        out[a], out[b] = (RIGHT, LEFT) if swapped else (LEFT, RIGHT)
    return out


def edge_side(a: str, b: str) -> str:
    """The side of a limb between two keypoints; one that goes across, or along the middle, is on neither."""
    if a == b:
        return a
    return b if a == MIDDLE else a if b == MIDDLE else MIDDLE
