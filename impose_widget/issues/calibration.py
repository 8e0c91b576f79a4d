"""Severity: how likely a human would correct a place, from what the detector measured there.

One logistic curve a kind, fitted on labelled clips (`python -m tests.bench.queue fit`, which writes calibration.json
and prints how reliable it is on clips that it was not fitted on). It grows with the value by construction.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np

from impose_widget.core.skeleton import DEFAULT_SIGMA
from impose_widget.issues.evidence import Evidence
from impose_widget.issues.person import Person

FEATURES = ("always", "value", "doubt", "carried", "fresh", "fine", "fast")
"""What a curve weighs: 1; log of value over threshold; 1 - score; written by a propagation; nearness to an anchor; how
exactly the keypoint can be placed (log of a usual sigma over its own); how fast it moves (1: `FASTEST`)."""
FRESH = 10.0
"""Frames over which the nearness to an anchor fades."""
FASTEST = 0.2
"""Sizes of the person a frame; what is faster is a jump."""


@cache
def weights() -> dict[str, np.ndarray]:
    """kind -> one weight a feature."""
    text = (files("impose_widget.issues") / "calibration.json").read_text(encoding="utf-8")
    return {kind: np.array([row[name] for name in FEATURES]) for kind, row in json.loads(text)["weights"].items()}


def context(person: Person, whole: bool) -> np.ndarray:
    """(T, C, 5) doubt, carried, fresh, fine, fast; of each keypoint, or (C = 1) on average over the pose."""
    fresh = np.exp(-person.since_anchor / FRESH)
    fine = np.broadcast_to(np.log(DEFAULT_SIGMA / person.skeleton.sigma_array), fresh.shape)
    fast = np.minimum(np.nan_to_num(person.step) / person.scale[:, None], FASTEST) / FASTEST
    parts = np.stack([person.doubt, person.carried, fresh, fine, fast], -1, dtype=np.float32)
    if not whole:
        return parts
    known = person.known[..., None]
    return (np.where(known, parts, 0).sum(1) / np.maximum(known.sum(1), 1))[:, None]


def chance(kind: str, ratio: np.ndarray, around: np.ndarray) -> np.ndarray:
    """(...) the chance of a correction, 0 to 1, where the value is `ratio` (...) thresholds; `around` (..., 5)."""
    w = weights()[kind]
    score = w[0] + w[1] * np.log(np.maximum(ratio, 0.05)) + around @ w[2:]
    return 1 / (1 + np.exp(-np.clip(score, -30, 30)))


def severity(evidence: Evidence, around: np.ndarray) -> np.ndarray:
    """(T, C) the chance where the evidence speaks, 0 elsewhere."""
    out = np.zeros(evidence.value.shape, np.float32)
    speaks = evidence.value > evidence.threshold
    out[speaks] = chance(evidence.kind, evidence.value[speaks] / evidence.threshold, around[speaks])
    return out
