"""Where the simulated annotator clicks next: `worst`, `issue`, `reading`, `random`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impose_widget.core.geometry import oks
from impose_widget.evaluate.annotator import LOST, SimulatedAnnotator
from impose_widget.evaluate.methods.base import Place

DONE = 0.9999
"""Keypoint similarity above which nothing is left to click."""
ACCEPTED = 0.85
"""Keypoint similarity from which a human leaves a keypoint as it is."""
STRICTER = (0.5, 0.75, 0.85, 0.95, DONE)
POLICIES = ("worst", "issue", "reading", "random")
Target = tuple[int, int, int]
"""Frame, person, keypoint."""


@dataclass(slots=True)
class Looks:
    """What guidance by the tool cost besides clicks: places where nothing had to be done, and choices without it."""

    right_already: int = 0
    nobody: int = 0
    unguided: int = 0


def targets(annotator: SimulatedAnnotator, policy: str, looks: Looks | None = None) -> Iterator[Target]:
    """Keypoints to click, one after the other; each is chosen when it is asked for, from what the tool says then.

    - worst: the keypoint that is furthest off in the whole video (an annotator who knows; not the best order there is).
    - issue: where the tool says to look next; there the keypoint that it names if that is wrong, else the one that is
      furthest off. A track that is nobody's yet is
      seen to be somebody's, and somebody in the frame who has no track at all is noticed. If all is right, or nobody is
      there, the annotator says so and asks on; when the tool has nothing more to say, random places.
    - reading: frame by frame, person by person, what is visibly wrong; then again with a stricter eye.
    - random: the worst keypoint of a random person in a random frame: what guidance has to beat.

    It ends when nothing is left to click, or, for `issue`, if the tool never says anything.
    """
    if policy not in POLICIES:
        raise ValueError(f"Expected policy as one of {', '.join(POLICIES)}, got {policy!r}.")
    if policy == "reading":
        yield from _reading(annotator)
    elif policy == "issue":
        yield from _issues(annotator, looks or Looks())
    else:
        choose = _worst if policy == "worst" else _random
        while (target := choose(annotator)) is not None:
            yield target


def _open(annotator: SimulatedAnnotator) -> np.ndarray:
    """(T, N, K): the similarity of what could be clicked, infinite elsewhere."""
    return np.where(annotator.truth.labelled, annotator.similarity, np.inf)


def _worst(annotator: SimulatedAnnotator) -> Target | None:
    similarity = _open(annotator)
    frame, n, k = np.unravel_index(np.argmin(similarity), similarity.shape)  # the first of several: the earliest frame
    return None if similarity[frame, n, k] > DONE else (int(frame), int(n), int(k))


def _random(annotator: SimulatedAnnotator) -> Target | None:
    frames, people = np.nonzero(annotator.truth.present)
    i = annotator.rng.integers(len(frames))
    frame, n = int(frames[i]), int(people[i])
    return frame, n, int(np.argmin(_open(annotator)[frame, n]))


def _reading(annotator: SimulatedAnnotator) -> Iterator[Target]:
    for level in STRICTER:
        for frame, n in zip(*np.nonzero(annotator.truth.present), strict=True):
            for _ in range(annotator.truth.xy.shape[2]):
                similarity = _open(annotator)[frame, n]
                if similarity.min() >= level:
                    break
                yield int(frame), int(n), int(np.argmin(similarity))


def _who(annotator: SimulatedAnnotator, place: Place) -> int | None:
    """Whom a place is about: whose track it is, or who stands where a track is that is nobody's yet.

    Somebody in the same frame whom the tool has not found at all is seen in passing, and comes first.
    """
    nobodys = [
        n for n, owner in enumerate(annotator.owner) if owner is None and annotator.truth.present[place.frame, n]
    ]
    if nobodys:
        return nobodys[0]
    if place.track_id in annotator.owner:
        return annotator.owner.index(place.track_id)
    pose = annotator.method.candidates(place.frame).get(place.track_id)
    truth, frame = annotator.truth, place.frame
    if pose is None:
        return None
    similar = oks(truth.xy[frame], pose[None, :, :2], truth.area[frame], truth.skeleton.sigma_array)[:, 0]
    similar = np.where(truth.present[frame], similar, 0)
    n = int(similar.argmax())
    return n if similar[n] >= LOST else None


def _issues(annotator: SimulatedAnnotator, looks: Looks) -> Iterator[Target]:
    method, said = annotator.method, False
    while True:
        place = method.suggest()
        if place is None and not said:
            return
        said = True
        if place is None:
            looks.unguided += 1
            target = _random(annotator)
            if target is None or _open(annotator).min() > DONE:
                return
            yield target
            continue
        n = _who(annotator, place)
        if n is None or not annotator.truth.present[place.frame, n]:
            looks.nobody += 1
            method.looked(True)
            continue
        similarity = _open(annotator)[place.frame, n]
        if similarity.min() >= ACCEPTED:
            looks.right_already += 1
            method.looked(True)
            if looks.right_already + looks.nobody > 50 * annotator.truth.present.sum():
                return  # a tool that keeps pointing at what was accepted
            continue
        named = place.keypoint
        wrong = named is not None and similarity[named] < ACCEPTED
        yield place.frame, n, int(named if wrong else np.argmin(similarity))
        method.looked(bool(_open(annotator)[place.frame, n].min() >= ACCEPTED))
