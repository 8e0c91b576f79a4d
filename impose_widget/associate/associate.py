"""Linking detections to people: Hungarian matching on OKS and box overlap, with motion, births, deaths and gaps.

The strong before the weak as in ByteTrack (Zhang et al. 2022). What is ours: nobody is born of a single detection, and
somebody lost for long is continued by a candidate as a whole, that is by several detections whose movement fits.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget.associate.bank import Bank
from impose_widget.associate.bodies import Bodies
from impose_widget.associate.config import AssociationConfig
from impose_widget.core.detections import Detections
from impose_widget.core.skeleton import Skeleton

NOBODY = -1
TINY = 1e-6
_DEFAULT = AssociationConfig()


class Likeness(Protocol):
    """Something that has learned who is who, and is heard beside geometry; people are called by labels."""

    def rate(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Chances (N, M) that detections `rows` (M,) of a frame are people (N,); NaN where it cannot say."""

    def see(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> None:
        """Detections of a frame turned out to be people, candidates among them."""

    def rename(self, old: int, new: int) -> None:
        """A candidate turned out to be somebody known."""


def associate(
    detections: Detections,
    known: np.ndarray,
    next_track_id: int,
    skeleton: Skeleton,
    config: AssociationConfig = _DEFAULT,
    joins: bool = False,
    likeness: Likeness | None = None,
) -> np.ndarray:
    """Say whose each detection is.

    Args:
        detections: M people found, sorted by frame; frames without any may be missing.
        known: (M,) identities that stand: a track id of 0 or more, -1 for not known, below that for a detection that
            must not be used (what is similar to it gives birth to nobody either).
        next_track_id: the first identity that may be given to somebody new; they are given in order of appearance.
        skeleton: K keypoints, with their sigmas.
        config: settings.
        joins: somebody new who becomes somebody known has been that one before; else what came before a known
            identity is somebody else, because a human may have said so.
        likeness: what is heard beside geometry, if anything.

    Returns:
        (M,) int32 track ids, -1 for nobody's. No two detections of a frame that were not known share one.
    """
    linker = _Linker(detections, known, skeleton, config, likeness)
    frames, starts = np.unique(detections.frame, return_index=True)
    for frame, rows in zip(frames, np.split(np.arange(len(detections)), starts[1:]), strict=False):
        linker.step(int(frame), rows, joins)
    return linker.track_ids(next_track_id)


class _Linker:
    """Goes through the frames; everybody has a label, and at the end labels become identities."""

    def __init__(
        self,
        detections: Detections,
        known: np.ndarray,
        skeleton: Skeleton,
        config: AssociationConfig,
        likeness: Likeness | None,
    ):
        self.config, self.known, self.score = config, known, detections.score
        self.sigmas = np.maximum(skeleton.sigma_array, config.min_sigma)
        self.bodies = Bodies.of(detections, config.min_weight)
        self.label = np.full(len(detections), NOBODY)
        # Per label: the identity it had from the start, the label it turned out to be, and whether it is a person.
        self.identity: list[int] = []
        self.same_as: list[int] = []
        self.is_firm: list[bool] = []
        self.learned = None if likeness is None else _Learned(likeness, config.learned_share)
        nobody = np.zeros(0, int)
        self.bank = Bank.begin(nobody, nobody > 0, 0, self.bodies[nobody], config.birth_hits)

    def step(self, frame: int, rows: np.ndarray, joins: bool = False) -> None:
        """Link the detections `rows` of the next frame."""
        unseen = frame - self.bank.last
        limit = np.where(self.bank.firm, self.config.memory, self.config.birth_within)
        self.bank = self.bank[unseen <= limit]
        if self.learned is not None:
            self.learned.look(frame, self.bank.label, self.bank.firm, rows)
        held, returned = self._recognise(rows[self.known[rows] >= 0])
        returned = self._join(frame, held, returned) if joins else returned
        candidates = self._match(frame, rows, held)
        self._update(frame, held)
        self._confirm(frame, held)
        self._begin(frame, np.concatenate([candidates, returned]))
        if self.learned is not None:
            told = rows[self.label[rows] != NOBODY]
            self.learned.likeness.see(frame, self.label[told], told)

    def _recognise(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give known detections to their people: (N,) which detection each has, or `NOBODY`; and those left over."""
        held = np.full(len(self.bank), NOBODY)
        place = {self.identity[label]: n for n, label in enumerate(self.bank.label) if self.identity[label] >= 0}
        returned = []
        for row in rows:
            n = place.get(int(self.known[row]))
            if n is None:
                returned.append(row)
            else:
                held[n] = row
        return held, np.array(returned, int)

    def _join(self, frame: int, held: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Somebody known who appears where somebody new was going is that one; returns the detections left over.

        So it is when people were looked for in later frames first.
        """
        new = np.array([self.identity[label] < 0 for label in self.bank.label], bool)
        first_time = np.array([self.known[r] not in self.identity for r in rows], bool)
        self._solve(frame, held, new, rows[first_time] if len(rows) else rows, self.config.min_similarity)
        for n in np.flatnonzero(np.isin(held, rows)):
            label = self.bank.label[n]
            self.identity[label] = int(self.known[held[n]])
            self.is_firm[label] = self.bank.firm[n] = True
        return np.setdiff1d(rows, held)

    def _match(self, frame: int, rows: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Fill `held` with detections that are not known; returns those that may be somebody new."""
        config = self.config
        usable = rows[(self.known[rows] == NOBODY) & (self.score[rows] >= config.weak_score)]
        near = self.bank.firm & (frame - self.bank.last <= config.patience)
        strong = self.score[usable] >= config.strong_score
        self._solve(frame, held, near, usable[strong], config.min_similarity)
        self._solve(frame, held, near, usable[~strong], config.min_similarity + config.weak_margin)
        left = np.setdiff1d(usable, held)
        taken = np.union1d(held[held >= 0], rows[self.known[rows] != NOBODY])
        left = left[~self._duplicates(left, taken)]
        self._solve(frame, held, ~self.bank.firm, left, config.min_similarity)
        return self._distinct(np.setdiff1d(left, held), np.intersect1d(left, held))

    def _solve(self, frame: int, held: np.ndarray, who: np.ndarray, rows: np.ndarray, least: float) -> None:
        """Match those of `who` (N,) bool that hold nothing with detections, one to one."""
        free = np.flatnonzero(who & (held == NOBODY))
        if len(free) and len(rows):
            same = self.bank[free].similarity(frame, self.bodies[rows], self.sigmas, self.config)
            if self.learned is not None:
                same = np.where(same >= least, self.learned.beside(same, self.bank.label[free], rows), same)
            a, b = _best_pairs(same, least)
            held[free[a]] = rows[b]

    def _duplicates(self, rows: np.ndarray, taken: np.ndarray) -> np.ndarray:
        """(rows,) bool: the detection shows somebody whom another one, taken already, shows as well."""
        if not (len(rows) and len(taken)):
            return np.zeros(len(rows), bool)
        ones, others = self.bodies[taken], self.bodies[rows]
        # All keypoints alike: a second peak on one person differs just in those that score low.
        ones, others = (dataclasses.replace(b, weight=np.ones_like(b.weight)) for b in (ones, others))
        share = self.config.oks_share
        same = ones.similarity(others, self.sigmas, np.ones(len(ones.size)), self.config.looseness / 2, share)
        return (same >= self.config.duplicate).any(0)

    def _distinct(self, rows: np.ndarray, taken: np.ndarray) -> np.ndarray:
        """Those of `rows` that repeat neither a detection of `taken` nor a better one of their own."""
        rows = rows[~self._duplicates(rows, taken)]
        rows = rows[np.argsort(-self.score[rows], kind="stable")]
        for row in rows:
            better = rows[: np.flatnonzero(rows == row)[0]]
            if self._duplicates(np.array([row]), better)[0]:
                rows = rows[rows != row]
        return np.sort(rows)

    def _update(self, frame: int, held: np.ndarray) -> None:
        who = np.flatnonzero(held != NOBODY)
        rows = held[who]
        self.bank.see(who, frame, self.bodies[rows], self.config)
        self.bank.count_strong(who[self.score[rows] >= self.config.birth_score], frame)
        self.label[rows] = self.bank.label[who]
        if self.learned is not None:
            self.learned.note(self.bank.label[who][~self.bank.firm[who]], rows[~self.bank.firm[who]])

    def _confirm(self, frame: int, held: np.ndarray) -> None:
        """Candidates seen often enough become people: somebody lost whom they continue, or somebody new."""
        bank, config = self.bank, self.config
        ripe = bank.strong[:, 0] >= frame - config.birth_within
        fresh = np.flatnonzero(~bank.firm & (held != NOBODY) & ripe)
        if not len(fresh):
            return
        lost = np.flatnonzero(bank.firm & (held == NOBODY))
        same = bank[lost].continued_by(bank[fresh], self.sigmas, config)
        if self.learned is not None:
            same = self.learned.beside_all(same, bank.label[lost], bank.label[fresh])
        a, b = _best_pairs(same, config.bridge_similarity)
        for before, after in zip(lost[a], fresh[b], strict=True):
            self.same_as[bank.label[after]] = int(bank.label[before])
            if self.learned is not None:
                self.learned.likeness.rename(int(bank.label[after]), int(bank.label[before]))
            bank.label[after] = bank.label[before]
        bank.firm[fresh] = True
        for label in bank.label[fresh]:
            self.is_firm[label] = True
        self.bank = bank[np.setdiff1d(np.arange(len(bank)), lost[a])]

    def _begin(self, frame: int, rows: np.ndarray) -> None:
        """Start a candidate, or a person where the identity is known, of each of some detections."""
        if not len(rows):
            return
        label = len(self.identity) + np.arange(len(rows))
        firm = self.known[rows] >= 0
        self.identity += [int(i) for i in self.known[rows]]
        self.same_as += label.tolist()
        self.is_firm += firm.tolist()
        new = Bank.begin(label, firm, frame, self.bodies[rows], self.config.birth_hits)
        new.count_strong(np.flatnonzero(self.score[rows] >= self.config.birth_score), frame)
        self.bank = self.bank.joined(new)
        self.label[rows] = label
        if self.learned is not None:
            self.learned.note(label[~firm], rows[~firm])

    def track_ids(self, next_track_id: int) -> np.ndarray:
        """(M,) int32: the identities of all detections."""
        out = np.where(self.known >= 0, self.known, NOBODY).astype(np.int32)
        names: dict[int, int] = {}
        for row in np.flatnonzero((self.known == NOBODY) & (self.label != NOBODY)):
            label = self.same_as[self.label[row]]
            if not self.is_firm[label]:
                continue
            if self.identity[label] >= 0:
                out[row] = self.identity[label]
            else:
                out[row] = names.setdefault(label, next_track_id + len(names))
        return out


class _Learned:
    """What a likeness says of the detections of a frame, and has said of candidates so far."""

    def __init__(self, likeness: Likeness, share: float) -> None:
        self.likeness, self.share = likeness, share
        self._labels, self._rows, self._said = np.zeros(0, int), np.zeros(0, int), np.zeros((0, 0))
        self._firm = np.zeros(0, bool)
        self._of: dict[int, list[dict[int, float]]] = {}

    def look(self, frame: int, labels: np.ndarray, firm: np.ndarray, rows: np.ndarray) -> None:
        """Ask about the next frame: who of everybody, candidates among them, each detection is.

        Were candidates left out, their detections would be taken for whoever stands beside them.
        """
        self._labels, self._firm, self._rows = labels, firm, rows
        self._said = self.likeness.rate(frame, labels, rows)

    def beside(self, same: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Similarities (N, M) of geometry mixed with what is said of the same people and detections."""
        said = np.full(same.shape, np.nan)
        known = np.isin(labels, self._labels)
        order = np.argsort(self._labels)
        place = order[np.searchsorted(self._labels[order], labels[known])] if known.any() else np.zeros(0, int)
        column = np.searchsorted(self._rows, rows)
        said[known] = self._said[np.ix_(place, column)]
        return np.where(np.isfinite(said), (1 - self.share) * same + self.share * np.nan_to_num(said), same)

    def note(self, candidates: np.ndarray, rows: np.ndarray) -> None:
        """Remember what is said of the detections of candidates, given that they are none of the candidates."""
        column = np.searchsorted(self._rows, rows)
        people = self._labels[self._firm].tolist()
        rest = np.maximum(1 - np.nansum(self._said[~self._firm], 0), TINY)
        for label, m in zip(candidates.tolist(), column, strict=True):
            said = np.minimum(self._said[self._firm, m] / rest[m], 1)
            self._of.setdefault(label, []).append(dict(zip(people, said, strict=True)))

    def beside_all(self, same: np.ndarray, lost: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        """As `beside`, of candidates (M,) as wholes: the mean of all that was said of each."""
        said = np.full(same.shape, np.nan)
        for m, label in enumerate(fresh.tolist()):
            heard = self._of.pop(label, [])
            for n, person in enumerate(lost.tolist()):
                values = [h[person] for h in heard if np.isfinite(h.get(person, np.nan))]
                said[n, m] = np.mean(values) if values else np.nan
        mixed = (1 - self.share) * same + self.share * np.nan_to_num(said)
        return np.where(np.isfinite(said) & (same > 0), mixed, same)


def _best_pairs(similarity: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the one-to-one assignment (Hungarian) of largest sum over entries of at least `least`."""
    worth = np.where(similarity >= least, similarity, 0)
    a, b = linear_sum_assignment(worth, maximize=True)
    good = similarity[a, b] >= least
    return a[good], b[good]
