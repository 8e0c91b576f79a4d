"""The log of a session, done again on the same video, gives the same tables."""

from __future__ import annotations

import pytest

from impose_widget.session.replay import AT_ONCE, CALLS, ReplayError, differences, replay
from tests.session.sessions import assert_same, session_on, tables
from tests.session.test_random_edits import RandomEdits
from tests.walkers import TruthDetector


def again(s, frames, detector):
    """A second session that did what the first one did."""
    other = session_on(frames, detector)
    replay(s.state.journal, other)
    return other


def test_everything_is_done_again(frames, walkers) -> None:
    detector = TruthDetector(walkers, wrong={(9, 0, 1): (-12, 9)})
    with session_on(frames, detector) as s:
        s.initialize(range(20), progress=False)
        s.correct(3, 0, "head", (20, 20), visibility=1)
        s.propagate(direction="both", progress=False)
        s.set_visibility(4, 1, "foot", 0)
        s.set_anchor(5, 1)
        s.move(6, 0, (2, -1), scale=1.1, rotation=5)
        s.flip(6, 0)
        s.copy_pose(0, 6, 12)
        s.initialize(progress=False)
        new = s.draw_box(8, (10, 15, 22, 30))
        s.draw_box(9, (10, 15, 22, 30), new)
        s.set_box(9, new, (12, 16, 20, 28))
        s.set_box(3, 0)
        s.assign(10, 0, 1, (10, 14))
        s.swap(0, 1, 18)
        second = s.split(0, 22)
        s.merge(0, second)
        s.delete(1, 25, "backwards")
        s.delete(0, 28, "onwards")
        s.interpolate(0, 3, 12)
        s.load(s.poses)
        s.complete(progress=False)
        s.resolve_issue(s.next_issue(), "ignored")
        s.undo()
        s.undo()
        s.redo()
        s.review(5, comment="fine")
        s.propagate(tracks="all", direction="backward", keypoints=["head"], progress=False)
        s.reject(frames=(0, 5))
        done = set(s.events["action"])
        assert done == set(CALLS) | {*AT_ONCE, "load"}
        with again(s, frames, detector) as other:
            assert differences(s, other) == []
            assert_same(tables(other), tables(s))
            kept = ["action", "frame", "track_id", "keypoint", "x1", "y1", "n_values_changed"]
            assert other.events[kept].equals(s.events[kept])


def test_work_that_was_stopped_or_interleaved_is_done_again_as_far_as_it_went(frames, walkers) -> None:
    detector = TruthDetector(walkers)
    with session_on(frames, detector) as s:
        found = s.iter_initialize(chunk=4)
        for _ in range(4):
            next(found)
        s.correct(2, 0, "head", (25, 20))
        next(found)
        carried = s.iter_propagate(direction="both")
        next(carried)
        s.correct(3, 1, "head", (60, 20))
        assert list(carried) == []
        for _ in found:
            pass
        stopped = s.iter_propagate(direction="both", tracks="all")
        next(stopped)
        stopped.close()
        s.undo()
        with again(s, frames, detector) as other:
            assert differences(s, other) == []


def test_it_says_what_differs(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s, session_on(frames, TruthDetector(walkers)) as other:
        s.initialize(progress=False)
        other.initialize(progress=False)
        assert differences(s, other) == []
        other.correct(3, 0, "head", (20, 20))
        assert differences(s, other) == ["poses", "tracks", "frames"]


def test_a_log_that_cannot_be_followed_is_refused(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        s.correct(3, 0, "head", (20, 20))
        with pytest.raises(ReplayError, match="nothing was done yet"):
            replay(s.state.journal, s)
        nobody = TruthDetector(walkers, [(t, n) for t in range(30) for n in (0, 1)])
        with session_on(frames, nobody) as other, pytest.raises((ReplayError, KeyError)):
            replay(s.state.journal, other)


def test_any_sequence_of_calls_can_be_done_again(frames, walkers, monkeypatch) -> None:
    """Sequences of the model-based test, replayed at their end; the same ones each time, to be quick for certain."""
    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import run_state_machine_as_test

    class Replayed(RandomEdits):
        def teardown(self):
            with session_on(self.s.video, self.s._detector) as other:
                replay(self.s.state.journal, other)
                assert differences(self.s, other) == []
            super().teardown()

    run_state_machine_as_test(
        Replayed,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
