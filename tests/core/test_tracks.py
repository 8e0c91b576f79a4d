from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.core import edits
from impose_widget.core.pose import HUMAN, PROPAGATED, empty_poses
from impose_widget.core.tracks import Change, Draft, Tracks, difference

K = 3


def poses(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    records = empty_poses(n, K)
    records["xy"], records["score"] = rng.uniform(0, 100, (n, K, 2)), rng.random((n, K))
    records["visibility"], records["present"], records["reading"] = 2, True, rng.integers(0, 50, n)
    edits.enclose(records)
    return records


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() == b.tobytes()


def test_what_is_put_is_got_and_the_rest_is_nobody() -> None:
    tracks, held = Tracks(K), poses(3, 0)
    tracks.apply(difference(7, np.array([5, 6, 9]), tracks.get(7, [5, 6, 9]), held))
    assert tracks.ids() == [7] and 7 in tracks and 0 not in tracks
    assert same(tracks.get(7, [9, 5, 6]), held[[2, 0, 1]])
    assert same(tracks.get(7, [0, 7, 1000]), empty_poses(3, K)) and same(tracks.get(1, [5]), empty_poses(1, K))
    assert tracks.frames_of(7).tolist() == [5, 6, 9] and tracks.at(6) == [7] and tracks.at(7) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(0, 60), min_size=1, max_size=9), st.integers(0, 99)),
        max_size=8,
    )
)
def test_changes_take_place_are_stored_and_are_taken_back(steps) -> None:
    tracks, stack = Tracks(K), []
    for track_id, frames, seed in steps:
        frames = np.unique(frames)
        before = {i: tracks.get(i, range(61)) for i in range(3)}
        draft = Draft(tracks)
        draft.put(track_id, frames, poses(len(frames), seed))
        changes = draft.changes()
        stored = [Change.from_bytes(c.track_id, c.to_bytes(), K) for c in changes]
        tracks.apply(stored)
        assert same(tracks.get(track_id, frames), poses(len(frames), seed))
        stack.append((before, stored))
    for before, changes in reversed(stack):
        tracks.apply(changes)
        assert all(same(tracks.get(i, range(61)), before[i]) for i in range(3))


def test_an_edit_that_changes_nothing_is_no_change() -> None:
    tracks, held = Tracks(K), poses(2, 1)
    tracks.apply(difference(0, np.array([0, 1]), tracks.get(0, [0, 1]), held))
    draft = Draft(tracks)
    draft.put(0, [0, 1], tracks.get(0, [0, 1]))
    assert draft.changes() == []


def test_changes_count_keypoints() -> None:
    before = poses(2, 1)
    after = before.copy()
    after["xy"][0, 1] += 1
    after["visibility"][1, 2] = 1
    after["score"][1] = 0.5
    (change,) = difference(0, np.array([3, 4]), before, after)
    assert change.n_keypoints_changed(K) == 2


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_a_machine_never_moves_an_anchor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, held = Tracks(K), poses(6, seed)
    held["anchor"] = rng.random((6, K)) < 0.4
    held["source"][held["anchor"]] = HUMAN
    held["present"] = rng.random(6) < 0.8
    tracks.apply(difference(0, np.arange(6), tracks.get(0, range(6)), held))
    draft, new = Draft(tracks), poses(6, seed + 1)
    new["source"] = PROPAGATED
    mask = rng.random((6, K)) < 0.7
    edits.write(draft, 0, np.arange(6), new, mask)
    got, anchor = draft.get(0, range(6)), held["anchor"]
    for name in ("xy", "score", "visibility", "source", "revision", "anchor"):
        assert same(got[name][anchor], held[name][anchor]), name
    written = mask & ~anchor
    assert same(got["xy"][written], new["xy"][written]) and same(
        got["xy"][~mask & ~anchor], held["xy"][~mask & ~anchor]
    )


def test_a_growing_track_is_not_copied_every_time() -> None:
    tracks, one = Tracks(K), poses(1, 0)
    arrays = set()
    for frame in range(2000):
        tracks.apply(difference(0, np.array([frame]), tracks.get(0, [frame]), one))
        arrays.add(id(tracks.lane(0)[1]))
    assert len(arrays) < 60 and len(tracks.frames_of(0)) == 2000
