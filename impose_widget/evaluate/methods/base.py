"""What the simulated annotator knows of a tool: `Method`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from impose_widget.evaluate.footage import Footage


@dataclass(frozen=True, slots=True)
class Start:
    """What every tool is told for nothing: who is who in one frame.

    Attributes:
        frame: in which.
        box: (N, 4) x, y, width, height of each person; NaN for those who are not there.
        poses: (N, K, 2) their poses, if the annotator begins with a whole pose (its clicks count); else None.
    """

    frame: int
    box: np.ndarray
    poses: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tool says that the annotator should look; the keypoint, where it names one."""

    frame: int
    track_id: int
    keypoint: int | None = None


class Method(ABC):
    """A tool: it finds people or not, takes clicks, and says where everybody is. It never sees the labels.

    `start` comes first. A method that cannot do something (draw a box, repair an identity, suggest a place) keeps the
    answer below that says so, and the annotator works without it.
    """

    name: str
    needs_network = False
    """Whether it needs a network that knows the skeleton."""

    def __init__(self, footage: Footage) -> None:
        self.footage = footage

    @abstractmethod
    def start(self, start: Start) -> list[int | None]:
        """Do all that can be done without a click; returns the track of each of the N people, None where unknown."""

    @abstractmethod
    def tracks(self) -> dict[int, np.ndarray]:
        """Everybody now: {track_id: (T, K, 3) x, y, score}, NaN where the tool says nothing."""

    @abstractmethod
    def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
        """Place one keypoint."""

    def carry(self, frame: int, direction: str = "both") -> None:  # noqa: B027  # many do it in `click`
        """Carry what was placed in a frame to others: "forward", "backward" or "both"."""

    def candidates(self, frame: int) -> dict[int, np.ndarray]:
        """{reference: (K, 3)}: poses in a frame that the annotator may give to somebody by one click."""
        return {}

    def assign(self, frame: int, track_id: int | None, reference: int) -> int:
        """Say that a candidate is this person from here on; returns their track id.

        Args:
            frame: of the candidate.
            track_id: the person's track; None if they have none yet.
            reference: the candidate.
        """
        raise NotImplementedError

    def draw(self, frame: int, box: np.ndarray) -> int | None:
        """Draw a box (x, y, width, height) around a missed person; returns their track id, None if that cannot be."""
        return None

    def swap(self, frame: int, a: int, b: int) -> bool:
        """Exchange two tracks from a frame on: no click, but an error that a protocol makes; False if it cannot be."""
        return False

    def suggest(self) -> Place | None:
        """Where to look next; None if the tool has nothing (more) to say."""
        return None

    def looked(self, right: bool) -> None:  # noqa: B027  # most have nothing to note
        """The annotator has seen the place suggested last: is it right now?"""

    def close(self) -> None:  # noqa: B027  # most hold nothing
        """Let go of files."""
