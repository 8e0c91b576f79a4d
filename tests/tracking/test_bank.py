"""The trajectory bank: windows in both directions, history that edits rewrite, memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.core.identities import exchange
from impose_widget.core.pose import HUMAN, MODEL, empty_poses
from impose_widget.core.tracks import Draft, Tracks
from impose_widget.tracking.bank import TrajectoryBank

K = 3


def tracks(people: dict[int, range], step: float = 2.0) -> Tracks:
    """People who walk to the right, each at a height of their own, in the frames given."""
    out = Tracks(K)
    draft = Draft(out)
    for track_id, frames in people.items():
        records = empty_poses(len(frames), K)
        records["present"], records["visibility"], records["score"] = True, 2, 0.6
        at = np.stack([step * np.array(frames), np.full(len(frames), 50.0 * track_id)], -1)
        records["xy"] = at[:, None] + np.array([(0, 0), (4, 10), (8, 20)])
        records["box"] = np.concatenate([at, np.tile([8, 20], (len(frames), 1))], 1)
        records["box_score"], records["source"], records["revision"] = 0.7, MODEL, 1
        draft.put(track_id, list(frames), records)
    out.apply(draft.changes())
    return out


def place(held: Tracks, track_id: int, frame: int, keypoint: int, xy: tuple[float, float]) -> None:
    """A human places a keypoint."""
    draft = Draft(held)
    record = draft.get(track_id, [frame])
    record["xy"][0, keypoint], record["anchor"][0, keypoint] = xy, True
    record["source"][0, keypoint], record["revision"][0, keypoint] = HUMAN, 2
    draft.put(track_id, [frame], record)
    held.apply(draft.changes())


def test_windows_look_back_and_ahead_as_far_as_anybody_is_remembered() -> None:
    bank = TrajectoryBank(tracks({0: range(0, 30), 1: range(5, 12)}), 30, window=8)
    past, future = bank.window(10), bank.window(10, backward=True)
    assert np.unique(past.people.frame).tolist() == list(range(3, 10))
    assert np.unique(future.people.frame).tolist() == list(range(11, 18))
    assert (past.track_id == 1).sum() == 5 and (future.track_id == 1).sum() == 1
    assert (np.diff(past.people.frame) >= 0).all()
    assert np.allclose(past.at(9).people.velocity[:, 0], 2, atol=0.35)
    assert np.allclose(future.at(12).people.velocity[0, 0], -2, atol=0.35)
    assert len(bank.window(0)) == 0 and len(bank.window(29, backward=True)) == 0


def test_it_says_where_keypoints_come_from_and_what_is_held() -> None:
    held = tracks({0: range(10)})
    place(held, 0, 4, 1, (33.0, 44.0))
    bank = TrajectoryBank(held, 10)
    at = bank.between(0, 10).at(4)
    assert at.source.tolist() == [[MODEL, HUMAN, MODEL]] and at.locked.tolist() == [[False, True, False]]
    assert at.revision.tolist() == [2] and at.people.xy[0, 1].tolist() == [33, 44]
    assert at.people.weight[0].tolist() == pytest.approx([0.6, 1.0, 0.6])  # no low score makes a human fade
    assert at.people.score.tolist() == [1.0]


def test_an_edit_rewrites_history_at_once() -> None:
    held = tracks({0: range(20), 1: range(20)})
    bank = TrajectoryBank(held, 20)
    before = bank.window(15)
    assert bank.window(15) is before  # kept while nothing changes
    draft = Draft(held)
    exchange(draft, 0, 1, np.arange(8, 20))
    held.apply(draft.changes())
    after = bank.window(15)
    rows = after.people.frame == 10
    assert after.people.xy[rows, 0, 1].tolist() == [50, 0] and after.track_id[rows].tolist() == [0, 1]
    assert (before.people.xy[before.people.frame == 10, 0, 1] == [0, 50]).all()
    assert np.abs(after.at(8).people.velocity[:, 1]).min() > 10  # the jump is in the speeds


def test_what_looked_back_at_an_edit_is_stale_up_to_the_next_anchor() -> None:
    held = tracks({0: range(60), 1: range(60)})
    bank = TrajectoryBank(held, 60, window=16)
    bank.changed((0,), np.array([10, 11]))
    assert bank.stale() == [(f, 0) for f in range(10, 27)]
    for keypoint in range(K):
        place(held, 1, 30, keypoint, (5.0, 5.0))
    bank.changed((1,), np.array([25]))
    assert [f for f, i in bank.stale() if i == 1] == list(range(25, 30))
    bank.settled(np.arange(0, 20))
    assert [f for f, i in bank.stale() if i == 0] == list(range(20, 27))
    bank.changed((0,), np.array([55]))
    assert bank.stale()[-1] == (59, 0)


def test_memory_does_not_grow_with_what_was_looked_at() -> None:
    bank = TrajectoryBank(tracks({i: range(600) for i in range(10)}), 600)
    for frame in range(0, 280, 8):
        bank.window(frame)
    early = bank.nbytes
    for frame in range(280, 600, 8):
        bank.window(frame)
        bank.window(frame, backward=True)
    assert bank.nbytes <= 1.1 * early < 12_000_000
    bank.changed(tuple(range(10)), np.arange(600))
    assert bank.nbytes <= 1.1 * early + 10 * 600


def test_nobody_at_all() -> None:
    bank = TrajectoryBank(Tracks(K), 5)
    assert len(bank.window(3)) == 0 and bank.stale() == [] and bank.nbytes == 0
