"""Finding people about the frame that somebody looks at, and what it comes to in the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impose_widget.core.detections import Detections
from impose_widget.session.finding import around, parts
from impose_widget.session.readings import Readings
from impose_widget.session.replay import differences, replay
from tests.session.sessions import session_on
from tests.walkers import TruthDetector


@given(st.sets(st.integers(0, 300)), st.integers(0, 300), st.integers(1, 40))
def test_the_order_holds_every_frame_once_and_begins_where_it_should(frames, frame, chunk) -> None:
    todo = sorted(frames)
    order = around(todo, frame, chunk)
    assert sorted(order) == todo
    assert [f for part in parts(order, chunk) for f in part] == order
    assert all(part == sorted(part) and len(part) <= chunk for part in parts(order, chunk))
    later = [f for f in todo if f >= frame - chunk // 2]
    assert order[:1] == (later[:1] or todo[-chunk:][:1])


@pytest.mark.parametrize("frame", [0, 9, 17, 29])
def test_people_are_the_same_wherever_it_begins(frames, walkers, frame) -> None:
    def found(around):
        with session_on(frames, TruthDetector(walkers)) as s:
            list(s.iter_initialize(chunk=4, around=around))
            assert s.state.found.all()
            return s.poses

    usual, other = found(None), found(frame)
    assert other["track_id"].nunique() == 2, "nobody is two people where two parts meet"
    key = ["frame", "x", "y", "keypoint"]
    apart = (
        usual.sort_values(key, ignore_index=True)[["x", "y"]] - other.sort_values(key, ignore_index=True)[["x", "y"]]
    )
    assert np.abs(apart.to_numpy()).max() < 0.5, "but for the smoothing at the ends of parts"


def test_it_can_be_stopped_moved_and_done_again(frames, walkers) -> None:
    detector = TruthDetector(walkers)
    with session_on(frames, detector) as s:
        work = s.iter_initialize(chunk=4, around=20)
        for _ in range(4):
            next(work)
        work.close()
        assert s.state.found[20] and not s.state.found[0]
        list(s.iter_initialize(chunk=4, around=3))
        assert s.state.found.all() and sorted(detector.calls) == list(range(30)), "no frame is looked at twice"
        with session_on(frames, detector) as again:
            replay(s.state.journal, again)
            assert differences(s, again) == []


def test_a_bad_frame_is_refused(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s, pytest.raises(ValueError, match="around"):
        s.iter_initialize(around=30)


def test_rows_of_readings_stay_while_there_come_more() -> None:
    rng, readings, parts_ = np.random.default_rng(0), Readings(3, 5000), []
    for t in range(300):
        n = int(rng.integers(0, 9))
        part = Detections(np.full(n, t, np.int32), rng.random((n, 3, 3), np.float32), *np.split(
            rng.random((n, 5), np.float32), [4], axis=1))  # fmt: skip
        part = Detections(part.frame, part.keypoints, part.box, part.score[:, 0])
        parts_.append(part)
        rows = readings.add([t], part)
        assert np.array_equal(readings.table.keypoints[rows], part.keypoints)
    whole = Detections.concatenate(parts_)
    assert len(readings) == len(whole)
    for name in Detections.__slots__:
        assert np.array_equal(getattr(readings.table, name), getattr(whole, name))
