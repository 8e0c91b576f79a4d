"""The path of one point through a video, as far as it has been followed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

RENEWAL = 0.1
"""Share of the memory of a point's looks that each frame renews, because people turn and light changes."""


@dataclass(slots=True)
class Track:
    """One point followed in one direction in time, as far as anybody has asked.

    Attributes:
        frame: where it starts.
        direction: 1 or -1, the way it goes through the frames.
        window: side in pixels of what is compared.
        xy: position (2,) in frame `frame + i * direction`, in pixels.
        trust: 1 at the start, falling with every step by how doubtful it was.
        visible: whether the image showed the point, frame by frame.
        alone: whether it was followed by what the image showed alone, without asking the body; such a step may in turn
            tell how the body moves.
        looks: (n,) what the point looks like, of late; None before it is followed.
        usual: how much it looks like that from one frame to the next, at most 1.
    """

    frame: int
    direction: int
    window: int
    xy: list[np.ndarray]
    trust: list[float] = field(default_factory=lambda: [1.0])
    visible: list[bool] = field(default_factory=lambda: [True])
    alone: list[bool] = field(default_factory=lambda: [False])
    looks: np.ndarray | None = None
    usual: float = 1.0

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def head(self) -> int:
        """Last frame that is known."""
        return self.frame + self.direction * (len(self) - 1)

    def hidden(self) -> np.ndarray:
        """(n,) frames since the image last showed the point; 0 where it does."""
        steps = np.arange(len(self))
        return steps - np.maximum.accumulate(np.where(self.visible, steps, 0))

    def velocity(self, over: int = 5) -> np.ndarray:
        """Mean motion (2,) per frame of the last steps, 0 at the start."""
        n = min(over, len(self) - 1)
        return (self.xy[-1] - self.xy[-1 - n]) / n if n else np.zeros(2)

    def add(self, shift: np.ndarray, trust: float, visible: bool, alone: bool = False) -> None:
        """Go on by one frame."""
        self.trust.append(self.trust[-1] * trust)
        self.visible.append(visible)
        self.alone.append(alone)
        self.xy.append(self.xy[-1] + shift)

    def renew(self, look: np.ndarray, alike: float) -> None:
        """Remember how it looks now (n,), and how alike that was."""
        mixed = (1 - RENEWAL) * self.looks + RENEWAL * look
        length = np.linalg.norm(mixed)
        self.looks = mixed / length if length > 1e-6 else mixed
        self.usual = (1 - RENEWAL) * self.usual + RENEWAL * alike
