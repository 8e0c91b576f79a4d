"""Frames around the playhead are prepared while nobody does anything."""

from __future__ import annotations

import threading
import time

import pytest

from impose_widget.widget.ahead import AROUND, Ahead, nearest
from impose_widget.widget.host import Host
from tests.session.sessions import TruthDetector, session_on
from tests.widget.browsers import Browser


class Preparing(TruthDetector):
    """A detector that keeps something of each frame."""

    def __init__(self, walkers, frames) -> None:
        super().__init__(walkers)
        self.frames, self.prepared, self.more = frames, [], threading.Event()

    def prepare(self, frame) -> None:
        self.prepared.append(next(i for i, f in enumerate(self.frames) if (f == frame).all()))
        self.more.set()


@pytest.fixture
def detector(walkers, frames) -> Preparing:
    return Preparing(walkers, frames)


@pytest.fixture
def session(frames, detector):
    with session_on(frames, detector) as session:
        yield session


def until(condition) -> bool:
    ends = time.monotonic() + 20
    while not condition() and time.monotonic() < ends:
        time.sleep(0.01)
    return condition()


def test_the_nearest_come_first() -> None:
    assert nearest(5, 100)[:5] == [5, 6, 4, 7, 3]
    assert sorted(nearest(5, 8)) == list(range(8))
    assert len(nearest(50, 1000)) == 2 * AROUND + 1


def test_it_waits_while_the_user_acts_and_follows_the_playhead(session, detector) -> None:
    at, busy = [2], [True]
    ahead = Ahead(session, lambda: at[0], lambda: busy[0])
    ahead.look()
    time.sleep(0.2)
    assert detector.prepared == []
    at[0] = 8
    ahead.look()
    busy[0] = False
    assert until(lambda: len(detector.prepared) >= 4)
    assert detector.prepared[0] == 8 and 2 not in detector.prepared[:3]
    ahead.close()
    n = len(detector.prepared)
    ahead.look()
    assert len(detector.prepared) == n


def test_looking_at_a_frame_prepares_it_and_work_goes_first(session, detector) -> None:
    page = Browser()
    host = Host(session, page.hear, auto_initialize=False)
    page.receive = host.receive
    page.ask("frames", want=[4], size="full")
    assert until(lambda: 4 in detector.prepared and 5 in detector.prepared)
    assert detector.prepared[0] == 4 and not [m for m in page.kinds() if m in ("progress", "finished")]
    host.close()


def test_after_an_edit_nothing_is_prepared_until_the_user_is_quiet(session, detector, monkeypatch) -> None:
    monkeypatch.setattr("impose_widget.widget.host.QUIET", 60.0)
    go_on = threading.Semaphore(2)
    prepare = detector.prepare
    monkeypatch.setattr(detector, "prepare", lambda frame: go_on.acquire() and prepare(frame))
    page = Browser()
    host = Host(session, page.hear, auto_initialize=False)
    page.receive = host.receive
    page.ask("frames", want=[4], size="full")
    assert until(lambda: len(detector.prepared) == 2)
    page.edit("correct", frame=5, track_id=9, keypoint="head", xy=[4, 4], visibility=2)  # of nobody, but somebody acts
    for _ in range(30):
        go_on.release()
    time.sleep(0.4)
    assert len(detector.prepared) <= 3  # the one in work is finished
    monkeypatch.setattr("impose_widget.widget.host.QUIET", 0.0)
    assert until(lambda: len(detector.prepared) > 3)
    host.close()


def test_a_detector_without_anything_to_prepare_is_left_alone(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as session:
        assert not session.prepares
        session.prepare(0)
        ahead = Ahead(session, lambda: 0, lambda: False)
        ahead.look()
        ahead.close()
