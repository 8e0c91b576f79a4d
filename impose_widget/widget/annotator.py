"""Annotator: the editor in a notebook cell. A thin shell: `Session` knows the domain, `Host` the messages."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import anywidget
import traitlets
from tqdm.auto import tqdm

from impose_widget.session import Changed, Report, Session
from impose_widget.widget.bundle import front_end
from impose_widget.widget.host import Host
from impose_widget.widget.pictures import still
from impose_widget.worker import Job, Lane

STILL_AFTER = 3.0  # seconds of quiet after which the picture in the notebook is brought up to date
TABLES = "poses boxes tracks frames issues events reviews revision skeleton video guidelines_path".split()
CALLS = (
    "correct set_visibility set_anchor move flip copy_pose draw_box set_box assign swap merge split delete "
    "interpolate undo redo next_issue resolve_issue metrics on_change export load save iter_propagate before reject "
    "review review_report compare judge on_event"
).split()


class Annotator(anywidget.AnyWidget):
    """Annotate a video in the notebook: display it as the last line of a cell.

    The tables and calls of its session are on it too: `annotator.poses` is true at any moment, whatever is running.
    Everything is stored as it happens; `store=None` keeps it in memory only.

    Args:
        source: what `Session.open` takes, or an open session.
        auto_initialize: find everyone in the background as soon as it is displayed.
        auto_propagate: carry each correction to other frames at once; can be switched in the editor.
        height: of the editor in pixels.
        options: keywords of `Session.open`.

    Raises:
        As `Session.open`.
    """

    _static_id = traitlets.Unicode().tag(sync=True)
    _height = traitlets.Int(620).tag(sync=True)
    _seen = traitlets.Int(-1).tag(sync=True)  # newest revision that a page knows; in marimo it runs cells again
    _parts: tuple[Any, ...] = ()  # what to close; a widget that could not be made is closed as well

    def __init__(
        self,
        source: Any,
        *,
        auto_initialize: bool = True,
        auto_propagate: bool = True,
        height: int = 620,
        **options: Any,
    ) -> None:
        if isinstance(source, Session) and options:
            raise TypeError(f"Expected no {', '.join(options)} beside an open session; they belong to Session.open.")
        if isinstance(height, bool) or not isinstance(height, int) or not 200 <= height <= 4000:
            raise ValueError(f"Expected height in pixels between 200 and 4000, got {height!r}.")
        self.session = source if isinstance(source, Session) else Session.open(source, **options)
        self._esm, self._css = front_end()
        super().__init__(_static_id=uuid.uuid4().hex, _height=height)
        self._host = Host(self.session, self._send_message, auto_initialize, auto_propagate)
        self.on_msg(lambda _, content, buffers: self._host.receive(content, buffers))
        self._still = _Still(self)
        self._parts = (self._still, self._host, self.session)

    def _send_message(self, content: dict[str, Any], buffers: list[Any]) -> None:
        if self.comm is not None:
            self.send(content, buffers)

    # -- work ----------------------------------------------------------------------------------------------------

    def initialize(self, wait: bool = True, progress: bool | None = None) -> None:
        """Find and follow everyone; goes on where it stopped. Interrupting the cell stops it, what is done stays.

        Args:
            wait: False returns at once; the work goes on in the background.
            progress: False for no bar.
        """
        job = self._host.initialize()
        if job is not None and wait:
            _wait_for(job, progress, "finding people")

    def propagate(
        self,
        frame: int | None = None,
        direction: str = "forward",
        stop: int | None = None,
        tracks: str | int | Iterable[int] | None = None,
        keypoints: str | Iterable[str] | None = None,
        wait: bool = True,
        progress: bool | None = None,
    ) -> Report | None:
        """Carry corrections to other frames; see `Session.propagate`. Interrupting the cell stops it.

        Args:
            frame, direction, stop, tracks, keypoints: as in `Session.propagate`.
            wait: False returns None at once; the work goes on in the background.
            progress: False for no bar.
        """
        job = self._host.propagate(frame, direction, stop, tracks, keypoints)
        if not wait:
            return None
        return _wait_for(job, progress, "carrying corrections") or Report(stopped="nothing to carry")

    async def propagate_async(self, *args: Any, **kwargs: Any) -> Report:
        """The same for `await`: other cells and the editor work meanwhile. Cancelling the task stops it."""
        job = self._host.propagate(*args, **kwargs)
        try:
            report = await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            job.cancel()
            raise
        return report or Report(stopped="nothing to carry")

    def stop(self) -> None:
        """Stop what is running, finding people too; what is done stays."""
        for job in self._host.jobs.open():
            job.cancel()

    @property
    def busy(self) -> bool:
        """Whether something runs in the background."""
        return bool(self._host.jobs.open())

    def show(self, frame: int, track_id: int | None = None) -> None:
        """Go to a frame, and a person, in all views."""
        self._host.go(frame, track_id)

    def close(self) -> None:
        """Stop all work and close the session; everything is on disk already."""
        for part in self._parts:
            part.close()
        super().close()

    def __enter__(self) -> Annotator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self.session).replace("Session(", "Annotator(", 1)

    # -- in the notebook -----------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/plain"] = repr(self)
            self._still.display()
        return bundle


class _Still:
    """The picture that stands in the notebook when no kernel is there; a living view hides it."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._lane = Lane("still")
        self._handle: Any = None
        self._changed = 0.0
        self._frame: int | None = None
        self._stop = annotator.session.on_change(self._on_change)

    def display(self) -> None:
        """Put it below the cell."""
        with contextlib.suppress(ImportError):
            from IPython import get_ipython
            from IPython.display import HTML, DisplayHandle

            if get_ipython() is None:
                return
            self._handle = DisplayHandle()
            self._handle.display(HTML(self._html()))

    def _html(self) -> str:
        session = self._annotator.session
        frame = self._frame
        if frame is None:
            found = session.state.found
            frame = int(found.argmax()) if found.any() else 0
        return still(session, frame, self._annotator._static_id)

    def _on_change(self, changed: Changed) -> None:
        self._changed = time.monotonic()
        if changed.kind not in ("initialize", "propagate") and len(changed.frames):
            self._frame = int(changed.frames[0])
        if self._handle is not None and not len(self._lane):
            self._lane.submit(self._update)

    def _update(self) -> None:
        from IPython.display import HTML

        while (rest := self._changed + STILL_AFTER - time.monotonic()) > 0:
            time.sleep(rest)
        self._handle.update(HTML(self._html()))

    def close(self) -> None:
        """No more updates."""
        self._stop()
        self._lane.close(wait=0)


def _wait_for(job: Job, progress: bool | None, what: str) -> Any:
    """Wait so that the cell can be interrupted, with a bar."""
    bar = tqdm(total=None, desc=what, disable=progress is False, leave=False, delay=0.5)
    try:
        while not job.future.done():
            with contextlib.suppress(TimeoutError):
                job.future.exception(timeout=0.05)
            bar.total = job.total or None
            bar.update(job.done - bar.n)
    except KeyboardInterrupt:
        job.cancel()
        job.future.exception(timeout=30)
        raise
    finally:
        bar.close()
    return job.future.result()


def _table(name: str) -> property:
    return property(
        lambda self: getattr(self.session, name), doc=getattr(Session, name).__doc__ if hasattr(Session, name) else None
    )


def _call(name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(Session, name))
    def call(self: Annotator, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.session, name)(*args, **kwargs)

    return call


for _name in TABLES:
    setattr(Annotator, _name, _table(_name))
for _name in CALLS:
    setattr(Annotator, _name, _call(_name))
