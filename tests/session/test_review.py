"""A propagation before and after, and taking parts of it back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.session.sessions import assert_same, session_on, tables
from tests.walkers import TruthDetector


@pytest.fixture
def s(frames, walkers):
    """A session in which one correction of each person was carried."""
    with session_on(frames, TruthDetector(walkers)) as session:
        session.initialize(progress=False)
        for person, frame in ((0, 10), (1, 12)):
            session.correct(frame, person, "head", walkers.truth[frame, person, 0] + (4, -3))
        session.found = session.poses
        session.propagate(direction="both", progress=False)
        yield session


def key(poses: pd.DataFrame) -> pd.DataFrame:
    return poses.astype({"keypoint": str}).set_index(["frame", "track_id", "keypoint"])


def test_before_is_what_was_there(s) -> None:
    before = s.before()
    now = s.poses
    changed = key(now)[(key(now)["source"] == "propagated")]
    assert len(changed) and set(changed.index) <= set(key(before).index)
    was = key(s.found).loc[key(before).index]
    pd.testing.assert_frame_equal(key(before), was)
    assert s.before().equals(before), "looking changes nothing"


def test_rejecting_all_is_the_same_as_before(s) -> None:
    changed = places(s)
    assert s.reject() == len(changed) > 10
    assert not (s.poses["source"] == "propagated").any() and s.poses["anchor"].sum() == 2
    moved = key(s.poses)[["x", "y"]] - key(s.found)[["x", "y"]]
    assert (moved.abs().max() == 0).all()


def places(s) -> set:
    before = s.before(s.last_propagation())
    return set(zip(before["frame"], before["track_id"], strict=True))


def test_rejecting_a_part_leaves_the_rest_and_is_one_step(s) -> None:
    carried = tables(s)
    n = s.reject(frames=(11, 15), tracks=0)
    assert n == 5
    after = s.poses
    rejected = (after["track_id"] == 0) & after["frame"].between(11, 15)
    assert not (after[rejected]["source"] == "propagated").any()
    pd.testing.assert_frame_equal(after[~rejected], carried["poses"][~rejected])
    assert s.undo()
    assert_same(tables(s), carried)


def test_what_was_changed_since_stays(s) -> None:
    s.correct(11, 0, "head", (33, 44))
    s.reject(frames=(11, 12))
    row = s.poses.query("frame == 11 and track_id == 0 and keypoint == 'head'").iloc[0]
    assert (row["x"], row["y"], row["anchor"]) == (33, 44, True)
    assert 11 not in set(s.before(3 if s.last_propagation() is None else s.last_propagation())["frame"])


def test_nothing_to_look_back_at(s) -> None:
    number = s.last_propagation()
    s.undo()
    assert s.last_propagation() is None
    for bad in (None, number, 1, 99):
        with pytest.raises(ValueError, match="Expected the number of a propagation"):
            s.reject(bad)
    s.redo()
    with pytest.raises(ValueError, match="Expected"):
        s.reject(frames=(5, 2))
    with pytest.raises(KeyError, match="person"):
        s.reject(tracks=9)
    assert np.isfinite(s.before()["time"]).all()
