"""What a format is: a name, endings, and a table of what it cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ASPECTS = (
    "keypoints",  # where they are; else only those without a place in the format's skeleton
    "occluded",  # that a keypoint is occluded, not visible
    "occluded_xy",  # where an occluded keypoint is
    "edge",  # keypoints left of or above the image's first pixels
    "track_id",  # who is who from frame to frame
    "score",
    "unknown_score",  # that a score is unknown
    "source",
    "anchor",
    "revision",
    "time",
    "nobody",  # people without any keypoint or box
    "skeleton",  # edges, pairs and sigmas
    "video",  # name, size, rate, length
    "boxes",
    "head_boxes",
    "regions",
    "people",  # names
    "numbers",  # track ids of people who have names of their own
    "identities",  # the same person in other videos
    "images",  # names of the frames' pictures
    "image_facts",  # their ids, and whether they are labelled
)
"""Everything that a table of poses and its `attrs` can say; the words in `Format.cannot`."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of annotation file. Its module has `FORMAT`, `sniff(source)`, `read(source)` and `write(poses, path)`.

    Attributes:
        name: what `format=` says.
        suffixes: endings of files that are taken to be of this format, lower case, with the dot; none for folders.
        description: one sentence for users.
        cannot: aspect → what becomes of it in a file; an aspect that is not here comes back as it was.
        tolerance: pixels by which a position may differ when it comes back.
        slots: names of keypoints that a file has, given those of the poses; None if it takes any.
        folder: a folder of files instead of one file.
        extra: what `pip install 'impose-widget[…]'` brings for it; empty if nothing is needed.
        packages: import names of what it needs.
        apart: read in a process of its own, because a damaged file can hang or crash its library.
    """

    name: str
    suffixes: tuple[str, ...]
    description: str
    cannot: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 0.0
    slots: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None
    folder: bool = False
    extra: str = ""
    packages: tuple[str, ...] = ()
    apart: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.cannot) - set(ASPECTS)
        assert not unknown, f"{self.name}: {unknown} are no aspects"


LEFT_OUT = "left out"
NO_FACTS = dict.fromkeys(("source", "anchor", "revision", "identities", "image_facts"), LEFT_OUT)
"""What hardly any format knows of."""
VISIBLE_ONLY = {"occluded": "come back as visible"}
NUMBERED_ANEW = {"numbers": "come back with other numbers, because files know people by names"}
SCORE_ONE = {"unknown_score": "written as 1"}
