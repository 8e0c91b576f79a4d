"""Threads that work beside the notebook: a lane that does one call after the other, and jobs that can be stopped.

Nothing heavy runs where messages arrive: in Jupyter that thread may be the one that runs the user's cells, or another,
and which it is changes from message to message. So handlers only enqueue. Every call runs in a copy of the context of
the message that caused it, because the kernel looks there for where answers go.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import logging
import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger("impose_widget")

URGENT, NORMAL, LATER = range(3)


class Lane:
    """A thread that does calls one after the other, the most urgent first, and of equal ones the oldest.

    The thread starts with the first call and ends with `close` or the process.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: queue.PriorityQueue[tuple[int, int, Any, Any]] = queue.PriorityQueue()
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def __len__(self) -> int:
        """Calls that wait."""
        return self._queue.qsize()

    def submit(self, call: Callable[[], Any], urgency: int = NORMAL) -> None:
        """Do a call soon; what it raises is logged. Nothing happens after `close`."""
        with self._lock:
            if self._closed:
                return
            self._queue.put((urgency, next(self._count), call, contextvars.copy_context()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=f"impose-{self.name}", daemon=True)
                self._thread.start()

    def is_current(self) -> bool:
        """Whether the caller runs in this lane."""
        return threading.current_thread() is self._thread

    def _loop(self) -> None:
        while True:
            *_, call, context = self._queue.get()
            if call is None:
                return
            try:
                context.run(call)
            except Exception:  # one call that fails must not end the lane
                log.exception("A call failed in the %s thread", self.name)

    def close(self, wait: float = 5.0) -> None:
        """Do no more calls; waits for the one that is running."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put((-1, -1, None, None))
        if self._thread is not None and not self.is_current():
            self._thread.join(wait)


Steps = Callable[["Job"], Generator[tuple[int, int, str], None, None]]
"""Work in steps: called with its job it makes a generator that yields (done, total, text) after each step. Closing the
generator must leave a valid state, and calling again must go on where it stopped."""


@dataclass(slots=True, eq=False)
class Job:
    """Work that goes on for a while, in steps.

    Attributes:
        number: of this job, ascending.
        what: "propagate" or "initialize".
        steps: makes the generator of the work.
        background: it makes room for other jobs between two steps, and goes on after them.
        report: what the work says of itself, set by the work.
        future: done with the report, or with what the work raised.
    """

    number: int
    what: str
    steps: Steps
    background: bool = False
    report: Any = None
    future: Future = field(default_factory=Future)
    done: int = 0
    total: int = 0
    text: str = ""
    _cancel: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Stop between two steps; what is done stays. A job that waits does not begin."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancel.is_set()


class Jobs:
    """Jobs, one at a time, in a lane of their own.

    Args:
        tell: called with a job after each step ("progress") and at its end ("finished", "failed").
    """

    def __init__(self, tell: Callable[[str, Job], None]) -> None:
        self._tell = tell
        self._lane = Lane("compute")
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._open: list[Job] = []

    def start(self, what: str, steps: Steps, background: bool = False) -> Job:
        """Start a job as soon as the ones before it are done; see `Job` for the arguments."""
        with self._lock:
            job = Job(next(self._numbers), what, steps, background)
            self._open.append(job)
        self._lane.submit(lambda: self._run(job), LATER if background else NORMAL)
        return job

    def open(self) -> list[Job]:
        """Jobs that run or wait, oldest first."""
        with self._lock:
            return list(self._open)

    def cancel(self, number: int | None = None) -> None:
        """Stop one job, or all that are not in the background."""
        for job in self.open():
            if job.number == number or (number is None and not job.background):
                job.cancel()

    def _run(self, job: Job) -> None:
        try:
            with contextlib.closing(job.steps(job)) as steps:
                while not job.cancelled:
                    if job.background and any(not other.background for other in self.open()):
                        self._lane.submit(lambda: self._run(job), LATER)
                        return
                    step = next(steps, None)
                    if step is None:
                        break
                    job.done, job.total, job.text = step
                    self._tell("progress", job)
        except Exception as error:
            log.exception("The job %s failed", job.what)
            self._end(job, error)
        else:
            self._end(job)

    def _end(self, job: Job, error: Exception | None = None) -> None:
        with self._lock:
            self._open.remove(job)
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(job.report)
        self._tell("finished" if error is None else "failed", job)

    def close(self) -> None:
        """Stop everything and end the thread."""
        for job in self.open():
            job.cancel()
        self._lane.close()
