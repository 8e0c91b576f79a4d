"""Host: one session served to any number of browsers, whatever carries the messages. Nothing of Jupyter is known here.

Messages may arrive in any thread and are only put in line there. An io lane answers them and makes edits; jobs (finding
people, carrying corrections) run in a lane of their own; a third one computes what takes long to look up.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from impose_widget import protocol
from impose_widget.protocol import ACTIONS, Message, Refused, Request
from impose_widget.session import Changed, Session
from impose_widget.widget import desk, exports
from impose_widget.widget.ahead import Ahead
from impose_widget.widget.curves import curve
from impose_widget.widget.facts import explain, issue_facts, job_facts
from impose_widget.widget.lanes import lanes
from impose_widget.widget.pictures import Pictures
from impose_widget.widget.rows import pose_rows, rows_of_records
from impose_widget.widget.summary import ranges, summary
from impose_widget.widget.work import carrying, finding
from impose_widget.worker import LATER, NORMAL, URGENT, Job, Jobs, Lane, log

MOST_ROWS = 400  # poses that a message about a change brings along; of more the browser asks for those it shows
MOST_ISSUES = 500
MOST_BYTES = 6 * 2**20  # of pictures in a message, and one more: hosts that relay messages as text refuse large ones
QUIET = 0.5  # seconds after an edit in which nothing is prepared
MOST_WAITING = 200  # requests of one page that may be in line
DESK = {
    protocol.WantGuide: desk.guide,
    protocol.WantJudged: desk.judged,
    protocol.WantReview: desk.reviewed,
    protocol.WantMeters: desk.meters,
    protocol.WantLosses: exports.losses,
    protocol.WantExport: exports.export,
}
"""Requests that need nothing but the session."""
SLOW = (protocol.WantIssue, protocol.WantIssues, protocol.WantBefore, *DESK)  # asked for by people, not by each frame
NOTHING_TO_CARRY = ("undo", "redo", "reject", "resolve_issue", "review", "delete", "interpolate", "set_box")
LEAVES_THINGS_TO_CARRY = frozenset(ACTIONS) - set(NOTHING_TO_CARRY)


class Host:
    """Answers requests and tells of changes.

    Args:
        session: what is served.
        send: called with content and buffers of each message to all browsers, from several threads.
        auto_initialize: whether people are found as soon as somebody looks.
        auto_propagate: whether each correction is carried to other frames at once.
    """

    def __init__(
        self,
        session: Session,
        send: Callable[[dict[str, Any], list[Any]], None],
        auto_initialize: bool = True,
        auto_propagate: bool = True,
    ) -> None:
        self.session = session
        self.jobs = Jobs(self._tell_of_job)
        self.auto_propagate = auto_propagate
        self._auto_initialize = auto_initialize
        self._send_raw = send
        self._pictures = Pictures(session.video.twin())
        self._io, self._slow = Lane("io"), Lane("tables")
        self._lock = threading.Lock()
        self._changes: list[Changed] = []
        self._playhead: int | None = None  # a frame that somebody looks at, as far as requests tell
        self._acted = 0.0  # when somebody last edited or propagated
        self._ahead = Ahead(session, lambda: self._playhead, self._is_busy)
        self._waiting: Counter[str] = Counter()
        self._stop_listening = session.on_change(self._on_change)

    # -- messages in ---------------------------------------------------------------------------------------------

    def receive(self, content: Any, buffers: list[Any] | tuple = ()) -> None:
        """Take a message from a browser; returns at once, the answer is sent from a lane."""
        try:
            request = protocol.decode(content, buffers)
            self._admit(request)
        except Refused as refused:
            answer = protocol.Error(*protocol.address(content), refused.code, str(refused))
            self._io.submit(lambda: self._send(answer), URGENT)
            return
        if isinstance(request, protocol.Cancel):
            self.jobs.cancel(request.job)  # before anything that waits in line
        if isinstance(request, (protocol.Edit, protocol.Propagate)):
            self._acted = time.monotonic()
        slow = isinstance(request, SLOW)
        pictures = isinstance(request, protocol.WantFrames)
        urgency = LATER if pictures else URGENT if isinstance(request, protocol.Edit) else NORMAL
        (self._slow if slow else self._io).submit(lambda: self._answer(request), urgency)

    def _admit(self, request: Request) -> None:
        with self._lock:
            if self._waiting[request.client] >= MOST_WAITING:
                raise Refused("busy", f"More than {MOST_WAITING} requests are waiting; ask again in a moment.")
            self._waiting[request.client] += 1

    def _answer(self, request: Request) -> None:
        follow = True
        try:
            known = DESK.get(type(request))
            answer = known(self.session, request) if known else self._handlers[type(request)](self, request)
        except Exception as error:
            follow = False
            code, sentence = explain(error)
            if code == "failed":
                log.exception("A request of kind %s failed", request.kind)
            answer = protocol.Error(request.rid, request.client, code, sentence)
        finally:
            with self._lock:
                self._waiting[request.client] -= 1
                if not self._waiting[request.client]:
                    del self._waiting[request.client]
        self._tell_changes()  # a page hears what an edit did before it hears that it is done
        self._send(answer)
        if follow:
            self._after(request)

    def _after(self, request: Request) -> None:
        if isinstance(request, protocol.WantFrames):
            self._ahead.look()
        elif isinstance(request, protocol.Hello) and self._auto_initialize:
            self.initialize()
        elif isinstance(request, protocol.Option):
            self._send(protocol.Options(self.auto_propagate))
        elif isinstance(request, protocol.Edit) and request.action in LEAVES_THINGS_TO_CARRY and self.auto_propagate:
            self._propagate_soon()

    # -- one handler a request -----------------------------------------------------------------------------------

    def _hello(self, request: protocol.Hello) -> Message:
        if request.version != protocol.PROTOCOL_VERSION:
            raise Refused(
                "version",
                f"Expected a page that speaks version {protocol.PROTOCOL_VERSION}, got version {request.version}: "
                "the package was updated; restart the kernel and reload the page.",
            )
        session = self.session
        video = session.video
        facts = {"name": video.name, "width": video.width, "height": video.height, "fps": float(video.fps)}
        return protocol.Welcome(
            request.rid,
            request.client,
            protocol.PROTOCOL_VERSION,
            facts | {"n_frames": len(video), "notes": video.report()},
            session.skeleton.to_json(),
            summary(session),
            [job_facts(job) for job in self.jobs.open()],
            {"auto_propagate": self.auto_propagate},
            video.times,
        )

    def _frames(self, request: protocol.WantFrames) -> Message:
        self._in_video(*request.want)
        self._playhead = request.want[0] if request.want else self._playhead
        jpegs: list[bytes] = []
        for frame in request.want:
            jpegs.append(self._pictures.jpeg(frame, request.size))
            if sum(map(len, jpegs)) > MOST_BYTES:
                break  # the page asks again for what is not in the answer
        return protocol.Frames(request.rid, request.client, request.want[: len(jpegs)], request.size, jpegs)

    def _poses(self, request: protocol.WantPoses) -> Message:
        first, stop = max(request.first, 0), min(request.stop, len(self.session.video))
        if first >= stop:
            raise ValueError(f"Expected first < stop in the video, got {request.first} and {request.stop}.")
        state = self.session.state
        with state.lock:
            rows = pose_rows(state.tracks, np.arange(first, stop))
            return protocol.Poses(request.rid, request.client, first, stop, state.revision, len(rows), rows)

    def _edit(self, request: protocol.Edit) -> Message:
        session = self.session
        if request.base > session.revision:
            raise Refused(
                "stale",
                f"This page knows of edit {request.base}, the session only of {session.revision}: another session "
                "answers here now. The page is brought up to date; please repeat the edit.",
            )
        call = getattr(session, request.action)
        args = {name: tuple(v) if isinstance(v, list) else v for name, v in request.args.items()}
        try:
            inspect.signature(call).bind(**args)
        except TypeError as error:
            raise Refused("value", f"Expected other arguments for {request.action}: {error}.") from None
        if request.action in ("undo", "redo"):
            self.jobs.cancel()
            before = summary(session, ())
            text = (before.undo if request.action == "undo" else before.redo) if call() else None
            return protocol.Done(request.rid, request.client, session.revision, text)
        result = call(**args)
        result = int(result) if isinstance(result, (int, np.integer)) else None
        return protocol.Done(request.rid, request.client, session.revision, result)

    def _propagate(self, request: protocol.Propagate) -> Message:
        job = self.propagate(request.frame, request.direction, request.stop, request.tracks, request.keypoints)
        return protocol.Started(request.rid, request.client, job.number, job.what)

    def _initialize(self, request: protocol.Initialize) -> Message:
        job = self.initialize()
        if job is None:
            raise ValueError("Expected frames in which nobody was looked for yet, got none; everything is found.")
        return protocol.Started(request.rid, request.client, job.number, job.what)

    def _cancel(self, request: Request) -> Message:
        return protocol.Ok(request.rid, request.client)

    def _issue(self, request: protocol.WantIssue) -> Message:
        issue = self.session.next_issue(request.after)
        n_open = int((self.session.issues["state"] == "open").sum())
        if issue is None:
            return protocol.Issue(request.rid, request.client, None, n_open)
        return protocol.Issue(request.rid, request.client, issue_facts(issue), n_open)

    def _issues(self, request: protocol.WantIssues) -> Message:
        issues = self.session.issues
        issues = issues[issues["state"] == "open"]
        worst = issues.head(min(max(request.limit, 0), MOST_ISSUES))
        facts = [issue_facts(row) for _, row in worst.iterrows()]
        return protocol.Issues(request.rid, request.client, facts, len(issues))

    def _lanes(self, request: protocol.WantLanes) -> Message:
        first, stop = max(request.first, 0), min(request.stop, len(self.session.video))
        if first >= stop:
            raise ValueError(f"Expected first < stop in the video, got {request.first} and {request.stop}.")
        state = self.session.state
        with state.lock:
            ids, sure, marks = lanes(state.tracks, first, stop, request.bins)
            revision = state.revision
        sent = request.rid, request.client, revision, first, stop, request.bins, ids, sure.tobytes(), marks.tobytes()
        return protocol.Lanes(*sent)

    def _curve(self, request: protocol.WantCurve) -> Message:
        return curve(self.session, request)

    def _before(self, request: protocol.WantBefore) -> Message:
        session = self.session
        action = session.last_propagation() if request.action is None else request.action
        who = request.rid, request.client
        if action is None:
            return protocol.Before(*who, None, [], [], request.first, request.stop, 0)
        with session.state.lock:
            held = session.records_before(action)
        frames = np.unique(np.concatenate([f for _, f, _ in held])) if held else np.zeros(0, np.int64)
        rows = rows_of_records(held, request.first, request.stop)
        ids = sorted(i for i, _, _ in held)
        return protocol.Before(*who, action, ranges(frames), ids, request.first, request.stop, len(rows), rows)

    def _option(self, request: protocol.Option) -> Message:
        if request.name != "auto_propagate":
            raise ValueError(f"Expected the option auto_propagate, got {request.name!r}.")
        self.auto_propagate = request.value
        return protocol.Ok(request.rid, request.client)

    _handlers: dict[type, Callable[[Host, Any], Message]] = {  # noqa: RUF012  # a table, never changed
        protocol.Hello: _hello,
        protocol.WantFrames: _frames,
        protocol.WantPoses: _poses,
        protocol.Edit: _edit,
        protocol.Propagate: _propagate,
        protocol.Initialize: _initialize,
        protocol.Cancel: _cancel,
        protocol.Ping: _cancel,
        protocol.WantIssue: _issue,
        protocol.WantIssues: _issues,
        protocol.WantLanes: _lanes,
        protocol.WantCurve: _curve,
        protocol.WantBefore: _before,
        protocol.Option: _option,
    }

    def _in_video(self, *frames: int) -> None:
        n = len(self.session.video)
        for frame in frames:
            if not 0 <= frame < n:
                raise ValueError(f"Expected frames in 0..{n - 1}, got {frame}.")

    # -- work ----------------------------------------------------------------------------------------------------

    def initialize(self) -> Job | None:
        """Find everyone in the background; None if there is nothing to do."""
        if not self.session.has_model or self.session.read_only or self.session.state.found.all():
            return None
        for job in self.jobs.open():
            if job.what == "initialize":
                return job
        return self.jobs.start("initialize", finding(self.session, lambda: self._playhead), background=True)

    def propagate(
        self, frame: Any = None, direction: Any = "forward", stop: Any = None, tracks: Any = None, keypoints: Any = None
    ) -> Job:
        """Start to carry corrections; see `Session.propagate`. Bad arguments are refused at once."""
        steps = carrying(self.session, frame, direction, stop, tracks, keypoints)
        return self.jobs.start("propagate", steps)

    def _is_busy(self) -> bool:
        """Whether the user has just acted, or work of theirs runs or waits."""
        return bool(self.jobs.open()) or time.monotonic() - self._acted < QUIET

    def _propagate_soon(self) -> None:
        """Carry what was corrected; corrections that come in meanwhile are carried by the run after it."""
        waiting = [job for job in self.jobs.open() if job.what == "propagate"]
        for job in waiting:
            job.cancel()
        self.propagate(direction="both")

    # -- messages out --------------------------------------------------------------------------------------------

    def go(self, frame: int, track_id: int | None = None) -> None:
        """Ask all views to show a place."""
        self._in_video(frame)
        self._io.submit(lambda: self._send(protocol.Go(int(frame), track_id)))

    def _on_change(self, changed: Changed) -> None:
        with self._lock:
            self._changes.append(changed)
            first = len(self._changes) == 1
        if first:
            self._io.submit(self._tell_changes, URGENT)

    def _tell_changes(self) -> None:
        """One message about all changes since the last one."""
        with self._lock:
            changes, self._changes = self._changes, []
        if not changes:
            return
        track_ids = sorted({i for c in changes for i in c.track_ids})
        frames = np.unique(np.concatenate([c.frames for c in changes])).astype(np.int64)
        state = self.session.state
        with state.lock:
            few = len(frames) <= MOST_ROWS
            rows = pose_rows(state.tracks, frames, track_ids) if few else None
            if rows is not None and len(rows) > MOST_ROWS:
                rows = None
            message = protocol.Changed(
                state.revision,
                changes[-1].kind,
                ranges(frames),
                track_ids,
                summary(self.session, track_ids),
                None if rows is None else len(rows),
                rows,
            )
        self._send(message)

    def _tell_of_job(self, what: str, job: Job) -> None:
        """Called in the jobs' thread: what a step changed is told before the step, and all in the io lane."""
        facts, error = job_facts(job), job.future.exception() if what == "failed" else None
        report, stopped = job.report, "cancelled" if job.cancelled else ""
        if what == "progress":
            message: Message = protocol.Progress(**facts)
        elif what == "failed":
            message = protocol.Failed(job.number, job.what, explain(error)[1])
        elif report is None:
            message = protocol.Finished(job.number, job.what, stopped, 0, 0, 0.0, [])
        else:
            message = protocol.Finished(
                job.number,
                job.what,
                report.stopped,
                report.frames,
                report.keypoints,
                round(report.seconds, 3),
                list(report.track_ids),
            )
        self._io.submit(lambda: (self._tell_changes(), self._send(message)), URGENT)

    def _send(self, message: Message) -> None:
        self._send_raw(*message.encode())

    def close(self) -> None:
        """Stop all work; the session stays open."""
        self._stop_listening()
        self._ahead.close()
        self.jobs.close()
        self._slow.close()
        self._io.close()
        self._pictures.close()
