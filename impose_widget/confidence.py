"""How far to believe a reading or a flow: from raw signals to a probability of being right and a deviation.

"Right" is a keypoint similarity over one half (COCO's OKS of one keypoint). The numbers are fitted by
`python -m tests.bench.confidence` and kept in assets/error_models.json; its card says on what, and how well they hold
elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "assets" / "error_models.json"
SOURCES = ("detector", "flow_forward", "flow_backward", "smoother")
MARGIN = 1e-3  # scores closer to 0 or 1 than this say no more


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """The errors of one source, as a logistic and a log-linear function of its signals.

    Attributes:
        signals: F names, in the order of the columns of `signals` below.
        right: (F + 1,) weights of the log-odds of being right; the last is the constant.
        spread: (F + 1,) weights of the logarithm of the deviation, a share of the person's size.
    """

    signals: tuple[str, ...]
    right: np.ndarray
    spread: np.ndarray

    def probability(self, signals: np.ndarray) -> np.ndarray:
        """(...) probability of being right, from signals (..., F)."""
        return 1 / (1 + np.exp(-np.clip(_with_constant(signals) @ self.right, -30, 30)))

    def deviation(self, signals: np.ndarray) -> np.ndarray:
        """(...) standard deviation of x and of y, as a share of the person's size (the square root of the area)."""
        return np.exp(np.clip(_with_constant(signals) @ self.spread, -8, 2))

    def covariance(self, signals: np.ndarray, size: np.ndarray) -> np.ndarray:
        """(..., 2, 2) in square pixels, for people of some sizes (...) in pixels."""
        return (self.deviation(signals) * size)[..., None, None] ** 2 * np.eye(2)


def _with_constant(signals: np.ndarray) -> np.ndarray:
    signals = np.asarray(signals, np.float64)
    return np.concatenate([signals, np.ones((*signals.shape[:-1], 1))], -1)


@lru_cache(maxsize=1)
def error_models() -> dict[str, ErrorModel]:
    """The fitted models by source.

    Raises:
        FileNotFoundError, ValueError: the file is missing, or of another version.
    """
    data = json.loads(FILE.read_text(encoding="utf-8"))
    if data.get("version") != 1:
        raise ValueError(f"Expected version 1 of {FILE.name}, got {data.get('version')!r}; install the package again.")
    return {
        name: ErrorModel(tuple(m["signals"]), np.array(m["right"]), np.array(m["spread"]))
        for name, m in data["models"].items()
    }


def log_odds(score: np.ndarray) -> np.ndarray:
    """The logarithm of score to one minus score."""
    score = np.clip(np.nan_to_num(np.asarray(score, np.float64)), MARGIN, 1 - MARGIN)
    return np.log(score / (1 - score))


DETECTOR_SIGNALS = "keypoint_log_odds person_log_odds log_size elbow wrist hip knee ankle shoulder ear eye".split()
PARTS = DETECTOR_SIGNALS[3:]


def detector_signals(
    score: np.ndarray, person_score: np.ndarray, size: np.ndarray, keypoints: tuple[str, ...]
) -> np.ndarray:
    """(N, K, 11) signals of readings.

    Args:
        score: (N, K) of the keypoints.
        person_score: (N,).
        size: (N,) of the person in pixels of the network's input, the square root of the area.
        keypoints: K names.
    """
    n, k = score.shape
    part = np.array([[float(name.endswith(p)) for p in PARTS] for name in keypoints])
    own = np.stack(np.broadcast_arrays(log_odds(score), log_odds(person_score)[:, None], np.log(size)[:, None]), -1)
    return np.concatenate([own, np.broadcast_to(part, (n, k, len(PARTS)))], -1)


FLOW_SIGNALS = (
    "log_trust log_age log_motion log_size log_sigma log_hidden trust_trust age_age motion_motion trust_age motion_age"
).split()


def flow_signals(
    trust: np.ndarray, age: np.ndarray, motion: np.ndarray, size: np.ndarray, sigma: np.ndarray, hidden: np.ndarray
) -> np.ndarray:
    """(..., 11) signals of followed points.

    Args:
        trust: (...) as `propagate.track` has it: forward-backward distance and likeness of the patch, step by step.
        age: (...) frames since the anchor, 1 or more.
        motion: (...) the way gone since, as a share of the person's size.
        size: (...) of the person in pixels.
        sigma: (...) of the keypoint (COCO's), which says how near is right.
        hidden: (...) frames since the image last showed the point.
    """
    t, a, m = np.log(np.maximum(trust, 0.01)), np.log(np.maximum(age, 1)), np.log(np.maximum(motion, 0.01))
    parts = t, a, m, np.log(size), np.log(sigma), np.log1p(hidden), t * t, a * a, m * m, t * a, m * a
    return np.stack(np.broadcast_arrays(*parts), -1)


CARRIED_SIGNALS = ("log_deviation", "silent")


def carried_signals(deviation: np.ndarray, sigma: float | np.ndarray, silent: np.ndarray) -> np.ndarray:
    """(..., 2) signals of positions that the smoother carried a correction to.

    Args:
        deviation: (...) of its posterior, a share of the person's size.
        sigma: (...) of the keypoint (COCO's), which says how near is right.
        silent: (...) whether the model, which reads this keypoint in other frames, does not in that one.
    """
    return np.stack(np.broadcast_arrays(np.log(np.maximum(deviation, 0.01) / sigma), silent), -1)
