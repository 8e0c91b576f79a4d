"""Made clips with exact labels, for tests of the annotator and the protocols: the real session on textured walkers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method, Start
from impose_widget.evaluate.truth import Truth, truth_of_arrays
from tests.walkers import SMALL, TruthDetector, Walkers


def walking(
    n_frames: int = 20, missing: Sequence = (), wrong: dict | None = None, late: int = 0
) -> tuple[Footage, Truth]:
    """Two people of four keypoints; the detector errs as told; the second is labelled only from frame `late` on."""
    walkers = Walkers(n_frames, 128, 72, starts=[(24, 34), (98, 36)], speeds=[(0.8, 0.1), (-0.7, 0.0)])
    xy = walkers.truth.copy()
    xy[:late, 1] = np.nan
    unseen = [*missing, *((t, 1) for t in range(late))]
    footage = Footage(walkers.render(), SMALL, name="walkers", detector=TruthDetector(walkers, unseen, wrong))
    return footage, truth_of_arrays("walkers", xy, SMALL)


class Perfect(Method):
    """Knows the labels; the bound that nothing can be better than."""

    name = "perfect"

    def __init__(self, footage: Footage | None, truth: Truth) -> None:
        super().__init__(footage)
        self.poses = np.concatenate([truth.xy, np.where(np.isfinite(truth.xy[..., :1]), 1.0, np.nan)], -1)

    def start(self, start: Start) -> list[int | None]:
        return list(range(self.poses.shape[1]))

    def tracks(self) -> dict[int, np.ndarray]:
        return {n: self.poses[:, n].copy() for n in range(self.poses.shape[1])}

    def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
        self.poses[frame, track_id, keypoint] = *xy, 1.0


class Nothing(Perfect):
    """Finds nobody and keeps clicks: every keypoint has to be placed; the bound of effort."""

    name = "nothing"

    def __init__(self, footage: Footage | None, truth: Truth) -> None:
        super().__init__(footage, truth)
        self.poses[:] = np.nan

    def start(self, start: Start) -> list[int | None]:
        if start.poses is not None:
            self.poses[start.frame, ..., :2] = start.poses
        return super().start(start)


class Wrong(Perfect):
    """Perfect but for planted errors: {(frame, person, keypoint): (dx, dy)}; a click mends one keypoint."""

    name = "wrong"

    def __init__(self, truth: Truth, errors: dict[tuple[int, int, int], tuple[float, float]]) -> None:
        super().__init__(None, truth)
        for place, offset in errors.items():
            self.poses[place][:2] += offset
