"""One person over time as a curve: how sure the model is of a keypoint, or how far it moves from frame to frame."""

from __future__ import annotations

import numpy as np

from impose_widget import protocol
from impose_widget.protocol import Message
from impose_widget.session import Session

WORST = {"score": "low", "motion": "high"}
"""What a curve may show -> which of several values is the suspicious one."""


def curve(session: Session, request: protocol.WantCurve) -> Message:
    """The answer to a request for a curve."""
    first, stop = max(request.first, 0), min(request.stop, len(session.video))
    if first >= stop:
        raise ValueError(f"Expected first < stop in the video, got {request.first} and {request.stop}.")
    if request.what not in WORST:
        raise ValueError(f"Expected what as one of {', '.join(map(repr, WORST))}, got {request.what!r}.")
    names = session.skeleton.keypoints
    if request.keypoint is not None and request.keypoint not in names:
        raise KeyError(f"Expected a keypoint of {session.skeleton.name}, got {request.keypoint!r}.")
    k = slice(None) if request.keypoint is None else [names.index(request.keypoint)]
    with session.state.lock:
        revision = session.revision
        before = max(first - 1, 0)  # the motion of the first frame comes from there
        records = session.state.tracks.get(request.track_id, np.arange(before, stop))
    values = (_scores if request.what == "score" else _motion)(records, k)[first - before :]
    low, high, worst = binned(values, request.bins, request.what)
    who = request.rid, request.client, revision, request.track_id, request.keypoint, request.what
    return protocol.Curve(*who, first, stop, request.bins, low, high, np.where(worst < 0, -1, worst + first))


def _scores(records: np.ndarray, k: slice | list[int]) -> np.ndarray:
    """(T,) mean score of the keypoints that are there; NaN where none is, or none has a score."""
    score = np.where(records["visibility"] > 0, records["score"], np.nan)[:, k]
    return _mean(np.where(records["present"][:, None], score, np.nan))


def _motion(records: np.ndarray, k: slice | list[int]) -> np.ndarray:
    """(T,) mean way in pixels from the frame before, of the keypoints that are in both."""
    xy = np.where(records["present"][:, None, None], records["xy"], np.nan)[:, k]
    step = np.full(xy.shape[:2], np.nan, np.float32)
    step[1:] = np.linalg.norm(np.diff(xy, axis=0), axis=-1)
    return _mean(step)


def _mean(values: np.ndarray) -> np.ndarray:
    """(T,) mean over the second axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    n = known.sum(1)
    return np.where(n > 0, np.where(known, values, 0).sum(1) / np.maximum(n, 1), np.nan).astype(np.float32)


def binned(values: np.ndarray, bins: int, what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least, the greatest and the place of the most suspicious of the values (T,) in each of equal parts.

    Returns:
        (bins) and (bins) float32, NaN where there is none; (bins) int32 positions in `values`, -1 where there is none.
    """
    at = np.arange(len(values)) * bins // max(len(values), 1)
    low, high = np.full(bins, np.nan, np.float32), np.full(bins, np.nan, np.float32)
    worst = np.full(bins, -1, np.int32)
    np.fmin.at(low, at, values)
    np.fmax.at(high, at, values)
    goal = (low if WORST[what] == "low" else high)[at]
    hits = np.flatnonzero(values == goal)[::-1]  # the first one stays
    worst[at[hits]] = hits
    return low, high, worst
