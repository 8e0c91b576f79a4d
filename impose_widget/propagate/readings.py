"""Readings over time: what the model says of one person, with its gaps closed and its jitter calmed."""

from __future__ import annotations

import numpy as np

from impose_widget.core.geometry import pose_box

LED_SIGMA, LED_MISTAKE, LED_REST = 0.2, 0.05, 0.3
"""Of `led_by`: how far a difference reaches and from where on it counts less, in sizes of the person, and the weight of
staying. Of eight settings on two labelled clips (`python -m tests.bench.completion`) the best that worsens neither."""
GAP_SCORE = 0.05
"""Score of a reading that was made up between two others: there, but outweighed by anything that was seen."""


def fill_gaps(readings: np.ndarray, max_gap: int = 10, score: float = GAP_SCORE) -> np.ndarray:
    """Draw straight lines through the frames in which the model lost somebody for a moment.

    Args:
        readings: (T, K, 3) x, y in pixels, score; NaN where there is none. Keypoints are treated one by one.
        max_gap: longest run of missing frames that is filled; longer ones, and those at either end, stay NaN.
        score: score of filled places.

    Returns:
        (T, K, 3) float64.
    """
    out = np.array(readings, np.float64)
    known = np.isfinite(out[..., :2]).all(-1)
    before, after = _neighbours(known)
    fill = ~known & (before >= 0) & (after < len(out)) & (after - before - 1 <= max_gap)
    frame, keypoint = np.nonzero(fill)
    low, high = before[frame, keypoint], after[frame, keypoint]
    share = ((frame - low) / (high - low))[:, None]
    a, b = out[low, keypoint, :2], out[high, keypoint, :2]
    out[frame, keypoint, :2] = a + share * (b - a)
    out[frame, keypoint, 2] = score
    return out


def smooth_readings(readings: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Calm the jitter of readings without lagging behind motion.

    Each position becomes the value of a straight line fitted to it and its neighbours in time, weighted by a Gaussian
    window and the square of the scores, so that what the model is sure of pulls what it guesses.

    Args:
        readings: (T, K, 3) x, y in pixels, score; NaN where there is none.
        sigma: width of the window in frames.

    Returns:
        (T, K, 3) float64; NaN where `readings` is, scores as they were.
    """
    out = np.array(readings, np.float64)
    known = np.isfinite(out[..., :2]).all(-1)
    value = np.where(known[..., None], out[..., :2], 0.0)
    weight = np.where(known, np.maximum(np.nan_to_num(out[..., 2]), 0.02) ** 2, 0.0)
    half = int(np.ceil(4 * sigma))
    s0, s1, s2 = (np.zeros(known.shape) for _ in range(3))
    v0, v1 = np.zeros(value.shape), np.zeros(value.shape)
    for d in range(-half, half + 1):
        here, there = _shifted(len(out), d)
        w = np.exp(-0.5 * (d / sigma) ** 2) * weight[there]
        s0[here] += w
        s1[here] += w * d
        s2[here] += w * d * d
        # Relative to the place itself, or large coordinates would cost digits.
        moved = w[..., None] * (value[there] - value[here])
        v0[here] += moved
        v1[here] += moved * d
    spread = s0 * s2 - s1**2
    fit = (s2[..., None] * v0 - s1[..., None] * v1) / np.maximum(spread, 1e-12)[..., None]
    sound = known & (spread > 1e-9 * s0**2)
    out[..., :2] = np.where(sound[..., None], value + fit, out[..., :2])
    return out


def led_by(readings: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Readings of a person's other keypoints, moved as those nearby lie that somebody placed.

    Where an annotator put a shoulder beside its reading, the elbow is off by about as much in the same direction. Each
    reading moves by the mean of these differences, weighted by a Gaussian of the distance between the readings and
    less for differences that are too large to be anything but a mistake; far from any placed keypoint it stays.

    Args:
        readings: (n, K, 2) pixels; NaN where there is none.
        placed: (n, K, 2) of the same people; NaN where nobody placed one.

    Returns:
        (n, K, 2) float64.
    """
    read = np.asarray(readings, np.float64)
    known = np.isfinite(read).all(-1) & np.isfinite(placed).all(-1)
    off = np.where(known[..., None], placed - read, 0)
    size = np.sqrt(np.maximum(np.nan_to_num(pose_box(read)[:, 2:]), 1).prod(-1))[:, None, None]
    apart = np.linalg.norm(np.nan_to_num(read)[:, :, None] - np.nan_to_num(read)[:, None], axis=-1) / size
    trust = known / (1 + (np.linalg.norm(off, axis=-1) / (size[..., 0] * LED_MISTAKE)) ** 2)
    weight = np.exp(-0.5 * (apart / LED_SIGMA) ** 2) * trust[:, None]
    return read + np.einsum("nkj,njc->nkc", weight, off) / (weight.sum(-1) + LED_REST)[..., None]


def _shifted(n: int, d: int) -> tuple[slice, slice]:
    """Slices of the frames that have a frame `d` later, and of those later frames."""
    return slice(max(-d, 0), max(n - max(d, 0), 0)), slice(max(d, 0), max(n + min(d, 0), 0))


def _neighbours(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per frame and column of (T, K), the nearest known frames at or before (else -1) and at or after (else T)."""
    n = len(known)
    frames = np.arange(n)[:, None]
    before = np.maximum.accumulate(np.where(known, frames, -1), axis=0)
    after = np.minimum.accumulate(np.where(known, frames, n)[::-1], axis=0)[::-1]
    return before, after
