"""Completing people who are there: only empty keypoints are filled, and nobody is found twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from impose_widget.session import Session
from tests.session.sessions import session_on
from tests.walkers import SMALL, TruthDetector, Walkers


def partial(walkers: Walkers, keypoints: tuple[str, ...], frames: range) -> pd.DataFrame:
    """What annotators of another skeleton placed: some keypoints of everyone, half a pixel off the truth."""
    rows = []
    for frame in frames:
        for track_id, xy in enumerate(walkers.truth[frame]):
            for k, name in enumerate(SMALL.keypoints):
                x, y = (float(v) + 0.5 for v in xy[k]) if name in keypoints else (np.nan, np.nan)
                rows.append((frame, track_id, name, x, y))
    return pd.DataFrame(rows, columns=["frame", "track_id", "keypoint", "x", "y"])


@pytest.fixture
def session(frames: np.ndarray, walkers: Walkers) -> Session:
    """A session in which everyone has two of four keypoints."""
    s = session_on(frames, TruthDetector(walkers))
    s.load(partial(walkers, SMALL.keypoints[:2], range(0, 30)))
    return s


def test_only_empty_keypoints_are_filled_and_each_says_where_it_comes_from(session: Session) -> None:
    before = session.poses
    report = session.complete(progress=False)
    after = session.poses
    had = before["visibility"] > 0
    pd.testing.assert_frame_equal(after[had], before[had], check_exact=True)
    new = after[~had & (after["visibility"] > 0)]
    assert len(new) == report.keypoints == 30 * 2 * 2
    assert set(new["source"]) == {"model"}
    assert not new["anchor"].any()
    assert report.stopped == ""


def test_it_is_one_step_of_undo(session: Session) -> None:
    before = session.poses
    session.complete(progress=False)
    assert session.undo()
    pd.testing.assert_frame_equal(session.poses, before, check_exact=True)
    assert session.redo()
    assert (session.poses["visibility"] > 0).all()


def test_what_a_human_called_absent_stays_absent(session: Session) -> None:
    name = SMALL.keypoints[3]
    session.set_visibility(4, 0, name, 0)
    session.complete(progress=False)
    row = session.poses.query("frame == 4 and track_id == 0 and keypoint == @name").iloc[0]
    assert row["visibility"] == 0 and row["anchor"]


def test_only_those_that_were_asked_for(session: Session) -> None:
    session.complete(tracks=[1], keypoints=SMALL.keypoints[2], frames=range(5, 9), progress=False)
    new = session.poses.query("visibility > 0 and source == 'model'")
    assert set(new["track_id"]) == {1} and set(new["keypoint"]) == {SMALL.keypoints[2]}
    assert sorted(set(new["frame"])) == [5, 6, 7, 8]


def test_after_loading_nobody_is_found_twice(session: Session) -> None:
    session.initialize(progress=False)
    assert session.tracks["track_id"].tolist() == [0, 1]


def test_people_of_some_frames_are_followed_into_the_others(frames: np.ndarray, walkers: Walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.load(partial(walkers, SMALL.keypoints[:3], range(10, 13)))
        s.complete(follow=True, progress=False)
        s.initialize(progress=False)
        tracks = s.tracks
        assert tracks["track_id"].tolist() == [0, 1]
        assert (tracks["n_frames"] == 30).all()
        poses = s.poses
        around = poses[~poses["frame"].between(10, 12)]
        assert set(around["source"]) <= {"model", "interpolated", "propagated"}
        carried = around[around["source"] == "propagated"]
        where = zip(carried["frame"], carried["track_id"], carried["keypoint"].cat.codes, strict=True)
        truth = np.array([walkers.truth[f, i, k] for f, i, k in where])
        error = np.abs(carried[["x", "y"]].to_numpy() - truth - 0.5)  # as the file has it, not as the network
        assert len(carried) > 2 * 3 * 10 and np.median(error) < 0.25 and error.max() < 1.5
        assert (poses.query("10 <= frame <= 12 and source == 'imported'")["x"] % 1 != 0).any()


def test_short_gaps_are_carried_by_flow_without_a_network(frames: np.ndarray, walkers: Walkers) -> None:
    gappy = partial(walkers, SMALL.keypoints, range(0, 30))
    hole = gappy["frame"].between(8, 12) & (gappy["keypoint"] == SMALL.keypoints[1])
    long = gappy["frame"].between(3, 25) & (gappy["keypoint"] == SMALL.keypoints[2])
    gappy.loc[hole | long, ["x", "y"]] = np.nan
    with session_on(frames) as s:
        s.load(gappy)
        before = s.poses
        s.complete(progress=False)
        after = s.poses
        filled = after[(before["visibility"] == 0) & (after["visibility"] > 0)]
        assert set(filled["keypoint"]) == {SMALL.keypoints[1]}  # the other gap is too long to carry over
        assert set(filled["source"]) == {"propagated"}
        assert len(filled) >= 8
        truth = np.array([walkers.truth[f, i, 1] for f, i in zip(filled["frame"], filled["track_id"], strict=True)])
        assert np.abs(filled[["x", "y"]].to_numpy() - truth - 0.5).max() < 2


def test_propagation_can_be_told_to_touch_only_empty_keypoints(session: Session) -> None:
    names = SMALL.keypoints
    xy = session.poses.query("frame == 10 and track_id == 0 and keypoint == @names[0]")[["x", "y"]].iloc[0]
    session.correct(10, 0, names[0], (float(xy.iloc[0]) + 3, float(xy.iloc[1])))
    session.correct(10, 0, names[2], (float(xy.iloc[0]), float(xy.iloc[1]) + 4))
    before = session.poses
    session.propagate(10, "both", empty_only=True, progress=False)
    after = session.poses
    had = before["visibility"] > 0
    pd.testing.assert_frame_equal(after[had], before[had], check_exact=True)
    new = after[~had & (after["visibility"] > 0)]
    assert set(new["keypoint"]) == {names[2]} and set(new["source"]) == {"propagated"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"tracks": [9]}, KeyError),
        ({"keypoints": "tail fin"}, KeyError),
        ({"max_gap": -1}, ValueError),
        ({"max_gap": True}, ValueError),
        ({"frames": [99]}, ValueError),
    ],
)
def test_bad_arguments_change_nothing(session: Session, arguments: dict, error: type) -> None:
    revision = session.revision
    with pytest.raises(error):
        session.complete(progress=False, **arguments)
    assert session.revision == revision
