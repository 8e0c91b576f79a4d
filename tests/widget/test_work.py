"""Finding people in the background follows whoever looks at the video."""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.widget import work
from impose_widget.widget.host import Host
from impose_widget.worker import Job
from tests.session.sessions import session_on
from tests.walkers import TruthDetector
from tests.widget.browsers import Browser


@pytest.fixture
def detector(walkers, monkeypatch) -> TruthDetector:
    monkeypatch.setattr(work, "CHUNK", 2)
    monkeypatch.setattr(work, "SOON", 2)
    return TruthDetector(walkers)


def test_it_goes_where_somebody_stops_and_does_the_rest_later(frames, detector) -> None:
    looked_at = [None]
    with session_on(frames, detector) as s:
        steps = work.finding(s, lambda: looked_at[0])(Job(1, "initialize", None))
        told = [next(steps) for _ in range(3)]
        assert detector.calls == [0, 1, 2, 3]
        looked_at[0] = 20
        told += [next(steps) for _ in range(4)]
        assert {18, 19, 20} & set(detector.calls) and max(detector.calls[:6]) < 8, "passing by is not stopping"
        told += list(steps)
        assert s.state.found.all() and sorted(detector.calls) == list(range(30))
        assert told[-1][:2] == (30, 30) and [t[0] for t in told] == sorted(t[0] for t in told)
        assert s.poses["track_id"].nunique() <= 4, "two parts that meet may leave a seam, not more"


def test_who_plays_on_is_not_run_after(frames, detector) -> None:
    at = iter(range(1000))
    with session_on(frames, detector) as s:
        steps = work.finding(s, lambda: next(at) % 30)(Job(1, "initialize", None))
        list(steps)
        assert s.state.found.all() and (s.events["action"] == "initialize").sum() == 1


def test_a_host_knows_where_a_page_is(frames, detector) -> None:
    with session_on(frames, detector) as s:
        page = Browser()
        host = Host(s, page.hear, auto_initialize=False)
        page.receive = host.receive
        page.ask("frames", want=[25], size="full")
        host.initialize()
        page.wait(lambda c: c["kind"] == "finished" and c["what"] == "initialize")
        assert detector.calls[0] == 24 and np.all(s.state.found)
        host.close()
