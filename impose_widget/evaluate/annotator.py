"""The simulated annotator: knows the labels, sees what a tool says, and clicks like a human who knows what is right.

One click is one keypoint placed, one identity repaired, or one box drawn. Looking costs nothing, but is counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import oks
from impose_widget.evaluate.methods.base import Method, Start
from impose_widget.evaluate.predicted import Predicted, of_the_labelled, own_oks, own_similarity, predicted_of
from impose_widget.evaluate.scores import RIGHT
from impose_widget.evaluate.truth import Truth

LOST = 0.5
"""OKS below which a pose may be somebody else's: then the annotator looks for a better one before moving keypoints."""
BETTER = 0.25
"""OKS that another pose must have more than the person's own, to be worth repairing the identity."""
MOVED = 0.25  # pixels
KINDS = ("keypoint", "box", "identity")


@dataclass(frozen=True, slots=True)
class Click:
    """One click and what it bought.

    Attributes:
        frame, person, keypoint: where: the person's column in the truth; keypoint -1 for boxes and identities.
        kind: "keypoint", "box" or "identity".
        again: the same keypoint was clicked before.
        fixed, broken: labelled keypoints that became right and wrong by it (similarity `RIGHT`), the clicked included.
        moved: keypoints that moved.
        seconds: until the tool had carried it on.
    """

    frame: int
    person: int
    keypoint: int
    kind: str
    again: bool
    fixed: int
    broken: int
    moved: int
    seconds: float


class SimulatedAnnotator:
    """A human with perfect knowledge at a tool.

    Args:
        method: the tool, not started yet.
        truth: the labels.
        noise: standard deviation of a click in pixels, in x and in y.
        seed: of the noise and of random choices: the same seed clicks the same.

    Attributes:
        poses: (T, N, K, 3), each person's own track, as the annotator sees it now.
        similarity: (T, N, K) of those poses with the truth; oks (T, N).
        clicks: all clicks so far.
        given: (N,) clicks that the start cost each person: one per keypoint of a pose that was given.
    """

    def __init__(self, method: Method, truth: Truth, noise: float = 0.0, seed: int = 0) -> None:
        self.method, self.truth, self.noise = method, truth, noise
        self.rng = np.random.default_rng(seed)
        self.clicks: list[Click] = []
        self.given = np.zeros(truth.xy.shape[1], int)
        self.seconds = 0.0
        self._clicked: set[tuple[int, int, int]] = set()
        self._tried: set[tuple[str, int, int]] = set()
        self._by_hand: dict[tuple[int, int, int], tuple[float, float]] = {}

    def begin(self, frame: int | None = None, with_pose: bool = False) -> None:
        """Start the tool: say who is who in a frame (None: the first with anybody in it), or give whole poses there."""
        truth = self.truth
        frame = truth.first_frame if frame is None else frame
        poses = truth.xy[frame].copy() if with_pose else None
        if poses is not None:
            self.given = truth.labelled[frame].sum(-1)
            self._clicked = {(frame, int(n), int(k)) for n, k in zip(*np.nonzero(truth.labelled[frame]), strict=True)}
        began = time.perf_counter()
        self.owner = self.method.start(Start(frame, truth.box[frame].copy(), poses))
        self.seconds = time.perf_counter() - began
        self.look()

    def look(self) -> None:
        """See what the tool says now."""
        shape = (*self.truth.xy.shape[:3], 3)
        tracks = self.method.tracks()
        poses = np.full(shape, np.nan)
        for n, owner in enumerate(self.owner):
            if owner is not None and owner in tracks:
                if tracks[owner].shape != (shape[0], *shape[2:]):
                    raise ValueError(f"Expected poses {(shape[0], *shape[2:])} of {self.method.name}, got "
                                     f"{tracks[owner].shape}; it is of another video or skeleton.")  # fmt: skip
                poses[:, n] = tracks[owner]
        for place, xy in self._by_hand.items():
            poses[place] = *xy, 1.0
        self.poses = poses
        self.similarity = own_similarity(self.truth, poses)
        self.oks = own_oks(self.similarity)

    def everybody(self) -> Predicted:
        """All tracks of the tool, false alarms included; not people whom nobody labelled, see `Truth.everybody`."""
        tracks = predicted_of(self.method.tracks(), len(self.truth.xy), len(self.truth.skeleton))
        return of_the_labelled(self.truth, tracks)

    def spent(self) -> np.ndarray:
        """(N,) clicks on each person so far, what the start cost included."""
        return self.given + np.bincount([c.person for c in self.clicks], minlength=len(self.given))

    def count(self, kind: str) -> int:
        """How many clicks of a kind there were."""
        return sum(c.kind == kind for c in self.clicks)

    # -- clicking ------------------------------------------------------------------------------------------------

    def act(self, frame: int, n: int, k: int, direction: str = "both") -> Click:
        """Do what helps at a keypoint that is wrong: repair the identity, draw the missed person, or place it.

        An identity is repaired if the pose is hardly the person's and another one there is; a box is drawn if the tool
        has no track of the person at all. Each is tried once a person and frame: a tool that does not react must not
        trap the annotator.
        """
        before, old = self.poses, self.similarity
        began = time.perf_counter()
        again = False
        if self._repair(frame, n):
            kind = "identity"
        elif self._draw(frame, n, direction):
            kind = "box"
        else:
            kind, again = "keypoint", (frame, n, k) in self._clicked
            self._place(frame, n, k, direction)
        seconds = time.perf_counter() - began
        self.look()
        was, now = old[self.truth.labelled] >= RIGHT, self.similarity[self.truth.labelled] >= RIGHT
        apart = np.abs(np.nan_to_num(self.poses[..., :2], nan=-1e3) - np.nan_to_num(before[..., :2], nan=-1e3))
        click = Click(
            frame, n, k if kind == "keypoint" else -1, kind, again,
            int((~was & now).sum()), int((was & ~now).sum()), int((apart.max(-1) > MOVED).sum()), seconds,
        )  # fmt: skip
        self.clicks.append(click)
        return click

    def _repair(self, frame: int, n: int) -> bool:
        truth, own = self.truth, self.oks[frame, n]
        if own >= LOST or ("identity", frame, n) in self._tried:
            return False
        found = self.method.candidates(frame)
        if not found:
            return False
        references, poses = list(found), np.stack(list(found.values()))
        similar = oks(
            truth.xy[frame, n][None], poses[..., :2], truth.area[frame, n : n + 1], truth.skeleton.sigma_array
        )[0]
        best = int(similar.argmax())
        if similar[best] < max(LOST, own + BETTER):
            return False
        self._tried.add(("identity", frame, n))
        self.owner[n] = self.method.assign(frame, self.owner[n], references[best])
        return True

    def _draw(self, frame: int, n: int, direction: str) -> bool:
        if self.owner[n] is not None or ("box", frame, n) in self._tried:
            return False
        self._tried.add(("box", frame, n))
        self.owner[n] = self.method.draw(frame, self.truth.box[frame, n])
        if self.owner[n] is None:
            return False
        self.method.carry(frame, direction)
        return True

    def _place(self, frame: int, n: int, k: int, direction: str) -> None:
        self._clicked.add((frame, n, k))
        x, y = self.truth.xy[frame, n, k] + self.rng.normal(0, self.noise, 2)
        if self.owner[n] is None:
            self._by_hand[frame, n, k] = float(x), float(y)
            return
        self.method.click(frame, self.owner[n], k, (float(x), float(y)))
        self.method.carry(frame, direction)
