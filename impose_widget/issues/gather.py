"""From evidence to issues: which places, how severe, and how much a correction there is expected to mend."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from impose_widget.issues.calibration import FEATURES, chance, context, severity
from impose_widget.issues.evidence import KINDS, Evidence
from impose_widget.issues.person import Person
from impose_widget.issues.uncertain import DOUBT

REACHES = (6, 25, 45)
"""Frames to each side over which a correction is counted to mend the same keypoint; each is as likely."""
LOST = 2.0
"""How much less a correction of what moves fast is carried; see `calibration.FASTEST`."""
MOMENT = 6
"""Frames to each side in which it counts how fast that is."""

HAPPENED = tuple(KINDS.index(kind) for kind in ("jump", "flip", "seam", "disagree"))
"""Kinds that say what happened, which is why a limb is too long, or a score low, in the same frame."""

ROW = np.dtype(
    [
        ("issue", "i8"),
        ("frame", "i4"),
        ("frame_end", "i4"),
        ("track_id", "i4"),
        ("track_id_b", "i4"),  # -1: nobody
        ("keypoint", "i4"),  # -1: the whole person
        ("kind", "i4"),
        ("severity", "f4"),
        ("gain", "f4"),
        ("value", "f4"),
        ("threshold", "f4"),
    ]
)


@dataclass(frozen=True)
class Found:
    """Issues of one person or pair: rows (n,) of `ROW`, and n reasons."""

    rows: np.ndarray
    reasons: list[str]


class Doubt:
    """How likely each keypoint of a person is wrong, all evidence together, and what that comes to around a frame."""

    def __init__(self, person: Person, all_evidence: Iterable[Evidence]) -> None:
        self.person = person
        self.each, self.whole = context(person, False), context(person, True)
        wrong = chance("uncertain", person.doubt / DOUBT, self.each)
        for evidence in all_evidence:
            if evidence.value.shape[1] > 1:
                # The kinds know of each other's errors already, so the largest counts, not their sum.
                wrong = np.maximum(wrong, severity(evidence, self.each))
        self.wrong: np.ndarray | None = np.where(person.free, wrong, 0)
        self.around: np.ndarray | None = self._carried() * sum(_window(self.wrong, r) for r in REACHES) / len(REACHES)
        self.around_all = self.around.sum(1, keepdims=True)

    def _carried(self) -> np.ndarray:
        """(T, K) how much of what is wrong around a place a correction there mends, 0 to 1.

        Chosen among 25 forms by what 238 clicks on wrong keypoints mended in rendered clips.
        """
        fast = _window(self.each[..., FEATURES.index("fast") - 2], MOMENT) / (2 * MOMENT + 1)
        return np.exp(-LOST * fast)

    def of_pairs(self) -> Doubt:
        """The same with no more than evidence of two people needs: it is kept until the person changes."""
        out = copy.copy(self)
        out.person = self.person.of_pairs()
        out.each = out.wrong = out.around = None
        return out

    def severity(self, evidence: Evidence) -> np.ndarray:
        """(T, C) the calibrated chance; 0 where the evidence does not speak."""
        return severity(evidence, self.each if evidence.value.shape[1] > 1 else self.whole)

    def gain(self, evidence: Evidence) -> np.ndarray:
        """(T, C) keypoints, over frames, that a correction is expected to mend if it is one."""
        if evidence.mends is not None:
            return (evidence.mends * len(self.person.skeleton))[:, None]
        return self.around if evidence.value.shape[1] > 1 else self.around_all


def gather(doubt: Doubt, all_evidence: Iterable[Evidence]) -> Found:
    """The issues of one person: for each kind, keypoint and cell of frames, the place where most is to be mended."""
    rows, reasons = [], []
    for evidence in all_evidence:
        chances = doubt.severity(evidence)
        t, k = np.nonzero(chances)
        if not len(t):
            continue
        gain = chances[t, k] * np.broadcast_to(doubt.gain(evidence), chances.shape)[t, k]
        best, last = _best_of_cells(t, k, gain, evidence.span, doubt.person.first)
        rows.append(_rows(doubt.person, evidence, t[best], k[best], t[last], chances[t, k][best], gain[best]))
        reasons += [evidence.words(a, b) for a, b in zip(t[best].tolist(), k[best].tolist(), strict=True)]
    return _once(Found(np.concatenate(rows) if rows else np.zeros(0, ROW), reasons))


def _once(found: Found) -> Found:
    """Of several things that are wrong with a keypoint in the same frame, what happened, or what weighs most."""
    rows = found.rows
    happened = np.isin(rows["kind"], HAPPENED)
    order = np.lexsort((-rows["gain"], ~happened, rows["keypoint"], rows["frame"]))
    same = (np.diff(rows["frame"][order]) == 0) & (np.diff(rows["keypoint"][order]) == 0)
    keep = np.sort(order[np.r_[True, ~same][: len(rows)] | (rows["keypoint"][order] < 0)])
    return Found(rows[keep], [found.reasons[i] for i in keep.tolist()])


def _best_of_cells(
    t: np.ndarray, k: np.ndarray, gain: np.ndarray, span: int, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of places (rows t, columns k), the index of the best and of the last one of each column and cell of frames."""
    cell = (t + first) // span
    order = np.lexsort((t, gain, cell, k))
    ends = np.flatnonzero(np.r_[(np.diff(cell[order]) != 0) | (np.diff(k[order]) != 0), True])
    by_time = np.lexsort((t, cell, k))
    return order[ends], by_time[ends]


def _rows(
    person: Person, evidence: Evidence, t: np.ndarray, k: np.ndarray, last: np.ndarray, chances, gain
) -> np.ndarray:
    rows = np.zeros(len(t), ROW)
    # An event of a moment is its frame; a state that lasts is its cell, wherever in it the worst frame is by now.
    place = (t + person.first) // evidence.span
    rows["frame"] = np.maximum(t + person.first + evidence.shift, 0)
    end = last if evidence.end is None else evidence.end[t]
    rows["frame_end"] = np.maximum(end + person.first, rows["frame"])
    rows["track_id"] = person.track_id
    rows["track_id_b"] = -1 if evidence.partner is None else evidence.partner[t]
    rows["keypoint"] = k if evidence.value.shape[1] > 1 else -1
    rows["kind"] = KINDS.index(evidence.kind)
    rows["severity"], rows["gain"] = chances, gain
    rows["value"], rows["threshold"] = evidence.value[t, k], evidence.threshold
    which = f"{evidence.kind}/{evidence.span}/{evidence.shift}/{person.track_id}/"
    rows["issue"] = [
        zlib.crc32(f"{which}{b}/{column}/{at}".encode()) & 0x7FFFFFFF
        for b, column, at in zip(rows["track_id_b"], rows["keypoint"], place, strict=True)
    ]
    return rows


def _window(values: np.ndarray, reach: int) -> np.ndarray:
    """Sums (T, K) over the rows up to `reach` away."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    rows = np.arange(len(values))
    return total[np.minimum(rows + reach + 1, len(values))] - total[np.maximum(rows - reach, 0)]
