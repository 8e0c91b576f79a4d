"""Settings of the association, chosen by measurement (`python -m tests.bench.association`, the sets called "tune")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AssociationConfig:
    """When a detection is a person, the same person, or somebody new.

    Times are in frames, scores and similarities 0 to 1. A *firm* person has an identity; a *candidate* may get one.

    Attributes:
        strong_score: detections from here on are matched first, on equal terms.
        weak_score: weaker ones are not looked at. Those between the two only continue people (Zhang et al. 2022,
            ByteTrack, section 3), or are the first sight of a candidate.
        birth_score: a candidate needs `birth_hits` (at least 2) detections of this score within `birth_within` frames
            to become firm: a phantom rarely returns to its place. Infinity: nobody is born.
        birth_hits: see `birth_score`.
        birth_within: see `birth_score`; a candidate that is not seen for longer is dropped.
        patience: a firm person who was not seen for longer takes no single detection, only a whole candidate: after a
            long absence one detection is too little evidence.
        memory: a firm person who was not seen for longer is forgotten.
        min_similarity: a match needs at least this.
        weak_margin: added to it for a weak detection.
        bridge_similarity: what a new firm candidate needs to be taken for somebody lost; lower than for a single
            detection, because speed at both ends of the gap agrees.
        bridge_span: a lost person is assumed to have moved for this long at most, then to have waited.
        duplicate: a detection this similar to one that is already somebody's gives birth to nobody.
        oks_share: similarity is this share of OKS, the rest overlap of boxes.
        min_sigma: the OKS sigma of a keypoint is at least this; detectors err more on eyes than COCO's annotators.
        looseness: persons' areas are taken this much larger in OKS, because people move between frames.
        growth: tolerances grow by this share of a person's size for each frame that they were not seen.
        lost_penalty: lowers the similarity to people not seen for long: per logarithm of that growth.
        size_slack: difference in size (logarithm of the ratio) that is free.
        size_spread: standard deviation of what goes beyond it.
        gain: share of the newest speed in the running mean.
        first_gain: the same for the second detection of somebody, when no speed is known yet.
        damping: share of its speed that somebody unseen keeps in each frame.
        size_gain: share of the newest size in the running mean.
        min_weight: a keypoint counts by its score, but at least this.
        learned_share: where a likeness is heard, similarity is this share of it, the rest geometry; a pair that
            geometry alone would not match stays apart.
    """

    strong_score: float = 0.15
    weak_score: float = 0.08
    birth_score: float = 0.15
    birth_hits: int = 3
    birth_within: int = 6
    patience: int = 10
    memory: int = 45
    min_similarity: float = 0.25
    weak_margin: float = 0.1
    bridge_similarity: float = 0.1
    bridge_span: int = 20
    duplicate: float = 0.6
    oks_share: float = 0.6
    min_sigma: float = 0.06
    looseness: float = 4.0
    growth: float = 0.15
    lost_penalty: float = 0.1
    size_slack: float = 0.1
    size_spread: float = 0.4
    gain: float = 0.4
    first_gain: float = 0.7
    damping: float = 0.9
    size_gain: float = 0.3
    min_weight: float = 0.05
    learned_share: float = 0.5
