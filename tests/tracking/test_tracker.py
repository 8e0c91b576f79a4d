"""The paper's tracker: causal, indifferent to order, obedient to humans, and not lost in a crowd."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from impose_widget.associate import associate
from impose_widget.core.detections import Detections
from impose_widget.core.skeleton import COCO17
from impose_widget.tracking.likeness import LearnedLikeness
from impose_widget.tracking.tracker import TrackerConfig, track
from tests.associate.identity_scores import score_identities
from tests.tracking.made import decoding, walkers


def tracked(found: Detections, folder: Path, known: np.ndarray | None = None, **config: object) -> np.ndarray:
    known = np.full(len(found), -1) if known is None else known
    return track(found, known, 40, COCO17, decoding(folder), TrackerConfig(**config))


@pytest.mark.parametrize("protocol", ["object-max", "hungarian"])
def test_people_keep_their_names(tmp_path: Path, protocol: str) -> None:
    found, owner = walkers(6, 15, drop=0.1)
    ids = tracked(found, tmp_path, protocol=protocol)
    assert ids.min() == 40
    score = score_identities(owner, ids)
    assert score.idf1 > 0.97 and score.switches <= 1


def test_what_comes_later_changes_no_name_before(tmp_path: Path) -> None:
    found, _ = walkers(5, 12, drop=0.2)
    ids = tracked(found, tmp_path)
    for t in (3, 8):
        later = found.frame > t
        moved = dataclasses.replace(
            found, keypoints=found.keypoints + 60 * later[:, None, None] * np.float32([1, 1, 0])
        )
        assert (tracked(moved, tmp_path)[~later] == ids[~later]).all()
        assert (tracked(found[~later], tmp_path) == ids[~later]).all()


def test_the_order_within_a_frame_does_not_matter(tmp_path: Path) -> None:
    found, _ = walkers(5, 10)
    order = np.lexsort((np.random.default_rng(3).random(len(found)), found.frame))
    ids, permuted = np.empty(len(found), int), tracked(found[order], tmp_path)
    ids[order] = permuted
    pairs = {*zip(tracked(found, tmp_path).tolist(), ids.tolist(), strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_what_a_human_said_stands_and_nobody_else_gets_that_name(tmp_path: Path) -> None:
    found, owner = walkers(4, 12)
    known = np.full(len(found), -1)
    pinned = (found.frame == 5) & (owner == 2)
    known[pinned] = 7
    known[(found.frame == 8) & (owner == 1)] = -2  # deleted: not to be used
    ids = tracked(found, tmp_path, known)
    assert (ids[pinned] == 7).all() and (ids[(found.frame == 8) & (owner == 1)] == -1).all()
    assert not ((ids == 7) & (owner != 2)).any()
    # the history is corrected from there on
    assert (ids[(found.frame > 5) & (owner == 2)] == 7).mean() > 0.5


def test_a_weak_detection_begins_nobody(tmp_path: Path) -> None:
    found, _ = walkers(2, 6)
    weak = dataclasses.replace(found, score=np.full(len(found), 0.2, np.float32))
    assert (tracked(weak, tmp_path) == -1).all()


def test_more_people_than_words_are_followed_with_a_warning(tmp_path: Path) -> None:
    found, owner = walkers(60, 6)
    with pytest.warns(UserWarning, match="More people than the dictionary has words"):
        ids = tracked(found, tmp_path)
    score = score_identities(owner, ids)
    assert score.idf1 > 0.9
    for t in range(6):
        here = ids[(found.frame == t) & (ids >= 0)]
        assert len(np.unique(here)) == len(here)


def test_heard_beside_geometry_it_names_as_association_does(tmp_path: Path) -> None:
    found, owner = walkers(6, 20, drop=0.2)
    nobody = np.full(len(found), -1)
    ids = associate(found, nobody, 40, COCO17, likeness=LearnedLikeness(found, decoding(tmp_path, namings=2)))
    assert score_identities(owner, ids).idf1 > 0.9
    assert ids[ids >= 0].min() == 40


def test_no_detections(tmp_path: Path) -> None:
    found, _ = walkers(2, 3)
    assert len(tracked(found[:0], tmp_path)) == 0
