"""Lanes do calls in order, jobs run one at a time, stop when told, and make room for each other."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest

from impose_widget.worker import LATER, NORMAL, URGENT, Job, Jobs, Lane


@pytest.fixture
def lane():
    lane = Lane("test")
    yield lane
    lane.close()


def drained(lane: Lane) -> None:
    done = threading.Event()
    lane.submit(done.set, LATER + 1)
    assert done.wait(5)


def test_a_lane_does_calls_in_order_and_urgent_ones_first(lane: Lane) -> None:
    gate, seen = threading.Event(), []
    lane.submit(gate.wait)
    for i in range(3):
        lane.submit(lambda i=i: seen.append(("later", i)), LATER)
        lane.submit(lambda i=i: seen.append(("normal", i)), NORMAL)
        lane.submit(lambda i=i: seen.append(("urgent", i)), URGENT)
    gate.set()
    drained(lane)
    assert seen == [(word, i) for word in ("urgent", "normal", "later") for i in range(3)]


def test_a_call_that_fails_does_not_end_the_lane(lane: Lane, caplog) -> None:
    seen = []
    lane.submit(lambda: 1 / 0)
    lane.submit(lambda: seen.append(1))
    drained(lane)
    assert seen == [1] and "test thread" in caplog.text


def test_a_call_runs_in_the_context_of_who_asked(lane: Lane) -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
    seen = []
    for name in ("first page", "second page"):
        context = contextvars.copy_context()
        context.run(who.set, name)
        context.run(lane.submit, lambda: seen.append(who.get()))
    drained(lane)
    assert seen == ["first page", "second page"]


def test_nothing_happens_after_close(lane: Lane) -> None:
    seen = []
    lane.submit(lambda: seen.append(1))
    drained(lane)
    lane.close()
    lane.close()
    lane.submit(lambda: seen.append(2))
    assert seen == [1] and not any(t.name == "impose-test" for t in threading.enumerate())


class Told(list):
    def __call__(self, what: str, job: Job) -> None:
        self.append((what, job.number, job.done))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def jobs(told: Told):
    jobs = Jobs(told)
    yield jobs
    jobs.close()


def counting(n: int, gate: threading.Event | None = None, seen: list | None = None, pause: float = 0):
    def steps(job: Job):
        try:
            for i in range(n):
                if gate is not None:
                    assert gate.wait(5)
                time.sleep(pause)
                job.report = i + 1
                yield i + 1, n, f"step {i}"
        finally:
            if seen is not None:
                seen.append(job.number)

    return steps


def test_a_job_tells_of_its_steps_and_its_end(jobs: Jobs, told: Told) -> None:
    job = jobs.start("count", counting(3))
    assert job.future.result(5) == 3 and (job.done, job.total, job.text) == (3, 3, "step 2")
    settle(jobs)
    assert told == [("progress", 1, 1), ("progress", 1, 2), ("progress", 1, 3), ("finished", 1, 3)]
    assert not jobs.open()


def settle(jobs: Jobs) -> None:
    deadline = time.monotonic() + 5
    while jobs.open() and time.monotonic() < deadline:
        time.sleep(0.005)
    drained(jobs._lane)


def test_a_job_stops_between_steps_and_keeps_its_report(jobs: Jobs, told: Told) -> None:
    gate, closed = threading.Event(), []
    job = jobs.start("count", counting(1000, gate, closed, pause=0.01))
    other = jobs.start("count", counting(2))
    gate.set()
    while job.done < 2:
        time.sleep(0.001)
    jobs.cancel(job.number)
    assert job.future.result(5) == job.report < 1000 and closed == [1]
    assert other.future.result(5) == 2, "the one behind it is not touched"


def test_a_job_cancelled_while_it_waits_does_not_begin(jobs: Jobs) -> None:
    gate, begun = threading.Event(), []
    jobs.start("first", counting(1, gate))
    second = jobs.start("second", counting(3, seen=begun))
    jobs.cancel(second.number)
    gate.set()
    assert second.future.result(5) is None and not begun, "a cancel that comes before the start is not lost"


def test_what_runs_in_the_background_makes_room_and_goes_on(jobs: Jobs, told: Told) -> None:
    gate, done = threading.Event(), set()

    def find(job: Job):
        for i in range(6):
            if i in done:
                continue
            assert gate.wait(5)
            done.add(i)
            yield len(done), 6, ""

    behind = jobs.start("find", find, background=True)
    front = jobs.start("carry", counting(3))
    gate.set()
    front.future.result(5)
    behind.future.result(5)
    assert len(done) == 6
    before = told[: told.index(("finished", front.number, 3))]
    assert sum(number == behind.number for _, number, _ in before) <= 1, "at most one step of the background passes"
    jobs.cancel()
    assert not behind.cancelled, "cancelling everything leaves the background alone"


def test_a_job_that_fails_says_so(jobs: Jobs, told: Told, caplog) -> None:
    def steps(job: Job):
        yield 1, 2, ""
        raise ValueError("no more")

    job = jobs.start("fail", steps)
    with pytest.raises(ValueError, match="no more"):
        job.future.result(5)
    settle(jobs)
    assert told[-1] == ("failed", 1, 1) and jobs.start("count", counting(1)).future.result(5) == 1
