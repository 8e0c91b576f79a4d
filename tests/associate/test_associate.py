"""Who is who: what holds for any detections, and what must come out of plain scenes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.associate import AssociationConfig, associate
from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import COCO17
from tests.associate.identity_scores import IdentityScore, score_identities
from tests.associate.truth import Flaws, Truth, detect, walking
from tests.bench.association import TRACKERS

CONFIG = AssociationConfig()
BODY = np.random.default_rng(7).normal(0, (12, 35), (17, 2))  # somebody about 120 pixels tall
FIRST_NEW = 40  # the first free identity in these tests


def at(places: dict[int, list], score: float | dict = 0.6, body: np.ndarray = BODY) -> Detections:
    """Detections of `body` about the (x, y) given per frame; `score` may be given per frame."""
    frame = np.array([t for t, spots in places.items() for _ in spots], np.int32)
    middle = np.array([spot for spots in places.values() for spot in spots], float).reshape(-1, 2)
    keypoints = np.concatenate([middle[:, None] + body, np.full((len(frame), 17, 1), 0.7)], -1).astype(np.float32)
    scores = [score[t] if isinstance(score, dict) else score for t in frame]
    return Detections(frame, keypoints, pose_box(keypoints[..., :2]).astype(np.float32), np.array(scores, np.float32))


def link(found: Detections, known: np.ndarray | None = None, config: AssociationConfig = CONFIG) -> np.ndarray:
    known = np.full(len(found), -1, np.int32) if known is None else known
    return associate(found, known, FIRST_NEW, COCO17, config)


def noisy(seed: int, n_frames: int = 40, n_people: int = 5, drop: float = 0.15) -> tuple[Detections, np.ndarray]:
    flaws = Flaws(drop=drop, gap=8, duplicates=0.5, phantoms=1.0)
    return detect(walking(n_frames, n_people, seed), flaws, seed)


seeds = st.integers(0, 2**16)
few = settings(deadline=None, max_examples=15)


@few
@given(seeds)
def test_the_order_of_detections_within_a_frame_does_not_matter(seed: int) -> None:
    found, _ = noisy(seed)
    order = np.lexsort((np.random.default_rng(seed).random(len(found)), found.frame))
    ids, permuted = np.empty(len(found), int), link(found[order])
    ids[order] = permuted
    pairs = {*zip(link(found).tolist(), ids.tolist(), strict=True)}  # the same people, whatever their numbers
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    assert all((a < 0) == (b < 0) for a, b in pairs)


@few
@given(seeds, st.sampled_from([0.25, 1, 4]), st.integers(-500, 500))
def test_the_scale_and_the_place_of_the_picture_do_not_matter(seed: int, scale: float, shift: int) -> None:
    found, _ = noisy(seed)
    keypoints, box = found.keypoints.copy(), found.box.copy()
    keypoints[..., :2] = keypoints[..., :2] * scale + shift
    box = np.concatenate([box[:, :2] * scale + shift, box[:, 2:] * scale], 1)
    assert np.array_equal(link(found), link(dataclasses.replace(found, keypoints=keypoints, box=box)))


@few
@given(seeds)
def test_known_identities_stand_and_new_ones_are_new(seed: int) -> None:
    found, owner = noisy(seed)
    rng = np.random.default_rng(seed)
    start, length = rng.integers(0, 30), rng.integers(1, 30)
    inside = (found.frame >= start) & (found.frame < start + length) & (owner >= 0) & (owner < 3)
    known = np.where(inside, 10 + owner, -1).astype(np.int32)
    known[(rng.random(len(found)) < 0.1) & (known < 0)] = -2
    ids = link(found, known)
    assert np.array_equal(ids[known >= 0], known[known >= 0])
    assert (ids[known == -2] == -1).all()
    given_ids = np.unique(ids[(known == -1) & (ids >= 0)])
    new = given_ids[given_ids >= FIRST_NEW]
    assert new.tolist() == list(range(FIRST_NEW, FIRST_NEW + len(new)))  # numbered without gaps
    assert set(given_ids[given_ids < FIRST_NEW]) <= set(known)
    _, first = np.unique(ids, return_index=True)
    assert (np.diff(first[ids[first] >= FIRST_NEW]) > 0).all()  # in order of appearance


@few
@given(seeds)
def test_nobody_is_in_two_places_at_once(seed: int) -> None:
    found, owner = noisy(seed)
    known = np.where((owner == 0) & (found.frame % 3 == 0), 0, -1).astype(np.int32)
    ids = link(found, known)
    places = np.stack([found.frame, ids], 1)[ids >= 0]
    assert len(np.unique(places, axis=0)) == len(places)


@few
@given(seeds)
def test_whoever_is_born_was_seen_clearly_and_often(seed: int) -> None:
    found, _ = detect(walking(40, 3, seed), Flaws(drop=0.4, duplicates=1.0, phantoms=6.0), seed)
    ids = link(found)
    for track_id in np.unique(ids[ids >= 0]):
        clear = found.frame[(ids == track_id) & (found.score >= CONFIG.birth_score)]
        hits = CONFIG.birth_hits
        assert len(clear) >= hits and (clear[hits - 1 :] - clear[: 1 - hits]).min() <= CONFIG.birth_within


@pytest.mark.parametrize(
    "frames, score, born",
    [
        ((3, 4), 0.6, False),
        ((3, 4, 5), 0.6, True),
        ((0, 3, 6), 0.6, True),
        ((0, 3, 7), 0.6, False),
        (range(30), 0.14, False),
        (range(30), 0.05, False),
        ((0, 1, 2, 3, 4), {0: 0.6, 1: 0.1, 2: 0.6, 3: 0.1, 4: 0.6}, True),
        ((0, 7, 14, 21, 28), 0.9, False),
    ],
)
def test_a_birth_takes_three_clear_detections_within_six_frames(frames, score, born: bool) -> None:
    ids = link(at({t: [(300, 300)] for t in frames}, score))
    assert set(ids) == ({FIRST_NEW} if born else {-1})


def test_no_births_where_none_are_wanted() -> None:
    config = dataclasses.replace(CONFIG, birth_score=np.inf)
    found = at({t: [(100, 300), (700, 300)] for t in range(20)})
    known = np.where((np.arange(len(found)) % 2 == 0) & (found.frame < 3), 4, -1)
    assert link(found, known, config).tolist() == [4, -1] * 20


@pytest.mark.parametrize("gap", [1, 5, 10, 20, 40])
@pytest.mark.parametrize("speed", [0, 2, 6])
def test_a_gap_in_a_straight_walk_is_bridged(gap: int, speed: float) -> None:
    frames = [t for t in range(80) if not 20 <= t < 20 + gap]
    # Somebody unseen is expected to slow down, so a long gap at full speed leads too far: nobody walks that blindly.
    wait = max(gap - CONFIG.bridge_span, 0)
    ids = link(at({t: [(100 + speed * (t if t < 20 else t - wait), 300)] for t in frames}))
    assert set(ids) == {FIRST_NEW}


def test_who_comes_back_after_too_long_is_somebody_new() -> None:
    away = CONFIG.memory + 3
    ids = link(at({t: [(300, 300)] for t in [*range(10), *range(10 + away, 30 + away)]}))
    assert ids.tolist() == [FIRST_NEW] * 10 + [FIRST_NEW + 1] * 20


def test_who_enters_elsewhere_is_somebody_new() -> None:
    ids = link(at({t: [(300, 300)] if t < 10 else [(900, 300)] for t in range(20)}))
    assert ids.tolist() == [FIRST_NEW] * 10 + [FIRST_NEW + 1] * 10


def test_weak_detections_continue_people_but_do_not_begin_them() -> None:
    scores = {t: 0.6 if t < 5 else 0.12 for t in range(12)}
    assert set(link(at({t: [(300, 300)] for t in range(12)}, scores))) == {FIRST_NEW}


@pytest.mark.parametrize("score", [0.3, 0.9])
def test_a_second_detection_of_a_person_is_no_second_person(score: float) -> None:
    found = at({t: [(300 + t, 300), (304 + t, 302)] for t in range(20)})
    found.score[1::2] = score
    ids = link(found, np.where(np.arange(len(found)) % 2 == 0, 4, -1))
    assert ids[1::2].tolist() == [-1] * 20
    ids = link(found)
    assert len(np.unique(ids[ids >= 0])) == 1 and (np.bincount(found.frame[ids >= 0]) == 1).all()


def test_what_a_human_deleted_does_not_come_back_as_its_duplicate() -> None:
    found = at({t: [(300, 300), (303, 302)] for t in range(10)})
    known = np.where(np.arange(len(found)) % 2 == 0, -2, -1)
    assert (link(found, known) == -1).all()


def test_known_people_are_continued_on_both_sides_of_a_repair() -> None:
    found = at({t: [(100 + 4 * t, 300)] for t in range(30)})
    ids = link(found, np.where((found.frame >= 10) & (found.frame < 15), 3, -1))
    assert ids.tolist() == [FIRST_NEW] * 10 + [3] * 20  # what came before is not renamed behind the user's back


def test_no_detections_at_all_and_frames_without_any() -> None:
    ids = link(Detections.empty(17))
    assert ids.shape == (0,) and ids.dtype == np.int32
    assert set(link(at({t: [(300, 300)] if t % 3 == 0 else [] for t in range(30)}))) == {FIRST_NEW}


def test_unknown_keypoints_are_no_obstacle() -> None:
    found = at({t: [(100 + 3 * t, 300), (500 - 3 * t, 700)] for t in range(30)})
    gone = np.random.default_rng(0).random(found.keypoints.shape[:2]) < 0.4
    gone[9] = True  # and one detection that is nothing but a box
    found.keypoints[gone] = np.nan
    assert link(found).tolist() == [FIRST_NEW, FIRST_NEW + 1] * 30


@pytest.mark.parametrize("apart", [0, 10, 40])
def test_people_who_cross_keep_their_identities(apart: float) -> None:
    rng = np.random.default_rng(1)
    bodies = rng.normal(0, (12, 35), (2, 17, 2))
    t = np.arange(60)[:, None]
    middles = np.stack(
        [np.concatenate([100 + 5 * t, 300 + 0 * t], 1), np.concatenate([400 - 5 * t, 300 + apart + 0 * t], 1)], 1
    )
    truth = Truth("crossing", middles[:, :, None] + bodies, np.zeros((60, 2, 17), bool), (500, 600))
    found, owner = detect(truth, Flaws(drop=0.1, duplicates=0, phantoms=0), seed=3)
    score = score_identities(owner, link(found))
    assert score.switches == 0 and score.idf1 > 0.97


def test_better_than_the_textbook_on_people_who_walk_about() -> None:
    total = dict.fromkeys(TRACKERS, IdentityScore())
    for seed in range(4):
        truth = walking(120, 6, seed)
        found, owner = detect(truth, Flaws(drop=0.2, gap=12), seed)
        for name, run in TRACKERS.items():
            total[name] += score_identities(owner, run(found, truth.size, len(truth.xy)))
    ours = total.pop("ours")
    assert ours.idf1 > 0.95
    for other in total.values():
        assert ours.idf1 > other.idf1 and ours.switches < other.switches


class Nearest:
    """A likeness that takes each detection for whoever of those it is asked about was seen nearest."""

    def __init__(self, found: Detections) -> None:
        self.middle, self.last = found.xy.mean(1), {}

    def rate(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        far = [np.linalg.norm(self.last[n] - self.middle[rows], axis=1) for n in labels.tolist()]
        near = np.exp(-np.array(far).reshape(len(labels), len(rows)) / 5)
        return near / np.maximum(near.sum(0), 1e-12)

    def see(self, frame: int, labels: np.ndarray, rows: np.ndarray) -> None:
        self.last |= dict(zip(labels.tolist(), self.middle[rows], strict=True))

    def rename(self, old: int, new: int) -> None:
        self.last[new] = self.last.pop(old)


def heard(found: Detections) -> np.ndarray:
    return associate(found, np.full(len(found), -1, np.int32), FIRST_NEW, COCO17, likeness=Nearest(found))


def test_a_likeness_does_not_take_somebody_who_appears_for_whoever_stands_beside_them() -> None:
    found = at({t: [(400, 300)] if t < 5 else [(400, 300), (480, 300)] for t in range(25)})
    weak = (found.frame >= 5) & (found.xy.mean(1)[:, 0] < 440) & (found.frame % 2 == 1)
    found = dataclasses.replace(found, score=np.where(weak, 0.2, 0.3).astype(np.float32))
    ids, left = heard(found), found.xy.mean(1)[:, 0] < 440
    assert (ids[left] == FIRST_NEW).all()
    assert (ids[~left] == FIRST_NEW + 1).all()


def test_a_likeness_is_asked_whom_of_the_lost_somebody_continues_as_if_they_were_not_known_yet() -> None:
    places = {t: [(300, 300), (400, 300)] for t in range(10)} | {t: [(395, 300)] for t in range(30, 45)}
    ids, frame = heard(at(places)), at(places).frame
    assert set(ids[frame >= 30]) == {FIRST_NEW + 1}
