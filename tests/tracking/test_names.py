"""Words, choices and history: the parts that need no network."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.tracking.assignment import NEW, best_together, object_max
from impose_widget.tracking.history import History, latest
from impose_widget.tracking.people import People, with_velocities
from impose_widget.tracking.words import Words


def test_words_stay_with_people_and_go_from_who_was_not_seen_for_longest() -> None:
    words = Words(3)
    first = words.lend([5, 6, 7])
    assert sorted(first.values()) == [0, 1, 2]
    assert words.lend([7, 6]) == {6: first[6], 7: first[7]}
    assert words.lend([6, 8]) == {6: first[6], 8: first[5]}  # 5 was lent to least recently
    assert words.lend([6, 9], forgotten=[6])[9] in (first[6], first[7])


def test_with_more_people_than_words_the_latest_have_them() -> None:
    words = Words(3)
    assert set(words.lend([1, 2, 3, 4, 5])) == {3, 4, 5}
    assert len(words) == 3


@given(st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=20))
def test_no_word_is_anybody_elses(calls: list[list[int]]) -> None:
    words, before = Words(4), {}
    for people in calls:
        lent = words.lend(people)
        assert len(set(lent.values())) == len(lent) == min(4, len(set(people)))
        assert all(lent[p] == w for p, w in before.items() if p in lent and p in people)
        before = lent


def test_of_two_who_want_a_word_the_better_detection_has_it() -> None:
    chance = np.array([[0.9, 0.05, 0.05], [0.95, 0.04, 0.01], [0.1, 0.15, 0.75], [0.3, 0.6, 0.1]])
    assert object_max(chance, np.array([0.8, 0.5, 0.9, 0.2]), 0.2).tolist() == [0, NEW, NEW, 1]
    assert object_max(chance, np.array([0.4, 0.5, 0.9, 0.2]), 0.2).tolist() == [NEW, 0, NEW, 1]
    assert object_max(chance, np.array([0.8, 0.5, 0.9, 0.2]), 0.7).tolist() == [0, NEW, NEW, NEW]
    assert object_max(np.zeros((0, 4)), np.zeros(0), 0.2).tolist() == []


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 5))
def test_no_choice_gives_a_word_twice(seed: int, n: int, words: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.ones(words + 1), n)
    for chosen in (object_max(chance, rng.random(n), 0.1), best_together(chance, 0.1)):
        taken = chosen[chosen != NEW]
        assert len(np.unique(taken)) == len(taken) and (chance[chosen != NEW, taken] >= 0.1).all()


def somebody(frame: int, x: float) -> People:
    keypoints = np.tile([x, 10.0, 1.0], (1, 17, 1))
    return People.of(np.array([frame]), keypoints, np.array([[x - 5, 0, 10, 20.0]]), np.ones(1))


def test_history_forgets_renames_and_knows_speeds() -> None:
    history = History(5)
    for t in range(4):
        history.add(t, np.array([7]), somebody(t, 3.0 * t))
    names, people = history.rows(4)
    assert names.tolist() == [7] * 4 and people.frame.tolist() == [0, 1, 2, 3]
    assert 2.5 < people.velocity[-1, 0] < 3.01 and people.velocity[0].tolist() == [0, 0]
    history.rename(7, 2)
    assert history.rows(6)[0].tolist() == [2, 2] and history.forget(6) == []
    assert history.forget(8) == [2] and len(history.rows(8)[0]) == 0


def test_of_each_person_the_latest_times_are_shown() -> None:
    assert latest(np.array([4, 7, 4, 4, 7, 9]), 2).tolist() == [1, 2, 3, 4, 5]
    assert latest(np.zeros(0, int), 2).tolist() == []
    history = History(50, depth=3)
    for t in range(9):
        history.add(t, np.array([7]), somebody(t, 3.0 * t))
    assert history.rows(9)[1].frame.tolist() == [6, 7, 8]


def test_speeds_of_a_past_are_those_that_were_known_frame_by_frame() -> None:
    rng = np.random.default_rng(0)
    history, rows, names = History(50), [], []
    for t in range(12):
        for n in np.flatnonzero(rng.random(3) < 0.7):
            rows.append(somebody(t, float(10 * n + t**1.5)))
            names.append(n)
        here = [i for i, r in enumerate(rows) if r.frame[0] == t]
        if here:
            history.add(t, np.array([names[i] for i in here]), People.joined([rows[i] for i in here]))
    order = rng.permutation(len(rows))
    shuffled = with_velocities(People.joined(rows)[order], np.array(names)[order])
    told, past = history.rows(12)
    assert told.tolist() == names
    back = np.argsort(order)
    assert np.allclose(shuffled.velocity[back], past.velocity, atol=1e-4)
    turned = with_velocities(People.joined(rows), np.array(names), backward=True)
    assert (turned.velocity[-1] == 0).all() and (turned.velocity[:3, 0] < 0).any()
