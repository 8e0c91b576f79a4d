"""What the smoother says of what it carries, beside what is right: samples for `tests.bench.confidence`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from impose_widget.core.pose import PROPAGATED
from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.policies import targets
from impose_widget.propagate.smoother import SmoothStretch
from tests.bench.queue import clip_of

POLICIES = ("random", "worst")
CLICKS, FRAMES = 8, 7  # a tracklet by each policy, and one in so many frames at most

Said = tuple[int, int, np.ndarray, np.ndarray]  # track id, keypoint, frames (n,), signals (n, F)


def carried(name: str, rendered: Path, cache: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals (n, F), similarities (n,) and errors (n,), a share of the size, of keypoints that clicks were carried to.

    Every keypoint that a propagation writes and somebody labelled is one sample, as often as it is written.
    """
    footage, truth = clip_of(name, rendered).open(cache)
    parts, clicks = [], min(CLICKS, len(footage) // FRAMES)
    for policy in POLICIES:
        annotator = SimulatedAnnotator(Product(footage), truth)
        annotator.begin()
        heard = _listen(annotator)
        chosen = targets(annotator, policy)
        for (frame, n, k), _ in zip(chosen, range(clicks * len(annotator.given)), strict=False):
            heard.clear()
            annotator.act(frame, n, k)
            parts += _judged(annotator, heard)
        annotator.method.close()
    footage.close()
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _listen(annotator: SimulatedAnnotator) -> list[Said]:
    """What the session's smoother says from now on."""
    heard: list[Said] = []

    class Heard(SmoothStretch):
        def score(self, rows: np.ndarray, deviation: np.ndarray) -> np.ndarray:
            carry, signals = self.body.carry, self.signals(rows, deviation)
            heard.append((carry.track_id, self.keypoint, carry.first + rows, signals))
            return super().score(rows, deviation)

    annotator.method.session._propagator.stretch = Heard
    return heard


def _judged(annotator: SimulatedAnnotator, heard: list[Said]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    truth, session = annotator.truth, annotator.method.session
    tracks, last = session._state.tracks, session.last_propagation()
    whose = {owner: n for n, owner in enumerate(annotator.owner) if owner is not None}
    for track_id, k, frames, signals in heard:
        if track_id not in whose:
            continue
        records, n = tracks.get(track_id, frames), whose[track_id]
        written = (records["source"][:, k] == PROPAGATED) & (records["revision"][:, k] == last)
        take = written & truth.labelled[frames, n, k]
        similarity = annotator.similarity[frames, n, k][take]
        # What is as far off as can be told is that far off at least.
        error = COCO17.sigmas[k] * np.sqrt(-8 * np.log(np.maximum(similarity, 1e-12)))
        yield signals[take], similarity, error
