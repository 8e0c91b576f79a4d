"""The annotator as Jupyter sees it, with a comm that records instead of a kernel."""

from __future__ import annotations

import _thread
import asyncio
import signal
import threading
import time

import comm
import numpy as np
import pandas as pd
import pytest
from comm.base_comm import BaseComm

import impose_widget as iw
from impose_widget.widget import annotator as module
from impose_widget.widget.bundle import NOT_BUILT, front_end
from tests.session.sessions import TruthDetector, session_on
from tests.widget.browsers import Browser
from tests.widget.test_host import Endless


class Wire(list):
    """What went over comms: (type, data, buffers)."""


@pytest.fixture
def wire(monkeypatch) -> Wire:
    sent = Wire()

    class Recording(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **_):
            sent.append((msg_type, data, buffers))
            if data and data.get("method") == "custom" and sent.page is not None:
                sent.page.hear(data["content"], buffers or [])

    sent.page = None
    monkeypatch.setattr(comm, "create_comm", lambda *args, **kwargs: Recording(*args, **kwargs))
    return sent


@pytest.fixture
def annotator(wire, frames, walkers):
    session = session_on(frames, TruthDetector(walkers))
    with iw.Annotator(session, auto_propagate=False) as annotator:
        page = Browser()
        page.receive = lambda content, buffers: annotator._handle_msg(
            {"content": {"data": {"method": "custom", "content": content}}, "buffers": list(buffers)}
        )
        wire.page = annotator.page = page
        yield annotator


def test_messages_travel_as_custom_messages_with_buffers(annotator, wire) -> None:
    answer, buffers = annotator.page.ask("hello", version=1)
    assert answer["kind"] == "welcome" and len(buffers[0]) == 8 * 30
    opened = [data["state"] for kind, data, _ in wire if kind == "comm_open"]
    state = next(s for s in opened if s["_model_name"] == "AnyModel")
    assert {"_static_id", "_height", "_esm"} <= set(state)
    assert not {"poses", "frames"} & set(state), "no bulk in what is saved into notebooks"


def test_tables_and_calls_of_the_session_are_on_it(annotator) -> None:
    annotator.initialize(progress=False)
    rows = annotator.correct(5, 0, "head", (40, 30))
    assert len(rows) == 1 and annotator.revision == 2
    for name in ("poses", "boxes", "tracks", "frames", "issues", "events"):
        pd.testing.assert_frame_equal(getattr(annotator, name), getattr(annotator.session, name))
    assert annotator.undo() and annotator.metrics()["clicks"] == 1
    assert "head" in annotator.poses["keypoint"].cat.categories
    for name in module.CALLS:
        assert getattr(module.Annotator, name).__doc__ == getattr(iw.Session, name).__doc__, name
    assert repr(annotator).startswith("Annotator(") and "30 frames, 2 people" in repr(annotator)


def test_what_a_browser_did_is_true_in_the_next_cell(annotator) -> None:
    annotator.initialize(progress=False)
    annotator.page.edit("correct", frame=5, track_id=0, keypoint="head", xy=[40, 30], visibility=2)
    row = annotator.poses.query("anchor").iloc[0]
    assert (row["frame"], row["x"], row["source"]) == (5, 40, "human")
    assert annotator.events["action"].tolist() == ["initialize", "correct"]


def test_propagate_waits_and_reports(annotator) -> None:
    annotator.initialize(progress=False)
    annotator.correct(10, 0, "head", (40, 30))
    report = annotator.propagate(direction="both", progress=False)
    assert report.stopped == "" and report.frames > 0 and not annotator.busy
    assert annotator.propagate(progress=False).stopped == "nothing to carry"
    with pytest.raises(ValueError, match="direction"):
        annotator.propagate(direction="up")


def test_interrupting_the_cell_stops_the_work_and_keeps_it(annotator) -> None:
    annotator.initialize(progress=False)
    annotator.session._propagator = Endless()
    annotator.correct(10, 0, "head", (40, 30))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    threading.Timer(0.4, _thread.interrupt_main).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            annotator.propagate(progress=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not annotator.busy and (annotator.poses["source"] == "propagated").any()


def test_without_waiting_it_goes_on_beside(annotator) -> None:
    annotator.initialize(progress=False)
    annotator.session._propagator = Endless()
    annotator.correct(10, 0, "head", (40, 30))
    assert annotator.propagate(wait=False) is None and annotator.busy
    assert len(annotator.poses) == 240, "tables answer meanwhile"
    annotator.stop()
    deadline = time.monotonic() + 5
    while annotator.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not annotator.busy


def test_propagation_can_be_awaited_and_cancelled(annotator) -> None:
    annotator.initialize(progress=False)
    annotator.correct(10, 0, "head", (40, 30))
    assert asyncio.run(annotator.propagate_async(direction="both")).frames > 0
    annotator.session._propagator = Endless()
    annotator.correct(12, 0, "head", (41, 30))

    async def two_things() -> int:
        task = asyncio.create_task(annotator.propagate_async(direction="both"))
        await asyncio.sleep(0.2)
        alive = threading.active_count()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return alive

    assert asyncio.run(two_things())
    deadline = time.monotonic() + 5
    while annotator.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not annotator.busy


def test_closing_ends_its_threads_and_lets_go_of_the_journal(wire, frames, walkers, tmp_path) -> None:
    before = threading.active_count()
    annotator = iw.Annotator(session_on(frames, TruthDetector(walkers), tmp_path / "a.impose"))
    annotator.initialize(progress=False)
    annotator.close()
    annotator.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
    with session_on(frames, TruthDetector(walkers), tmp_path / "a.impose") as again:
        assert not again.read_only and len(again.tracks) == 2


def test_bad_arguments(wire, frames) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        iw.Annotator("missing.mp4")
    with pytest.raises(ValueError, match="height"):
        iw.Annotator(frames, height=3)
    with session_on(frames) as session, pytest.raises(TypeError, match="store"):
        iw.Annotator(session, store=None)


def test_a_picture_stands_in_the_notebook_without_a_kernel(annotator) -> None:
    annotator.initialize(progress=False)
    html = annotator._still._html()
    assert f'data-impose-static="{annotator._static_id}"' in html and "data:image/jpeg;base64," in html
    assert "frame 0 of 30, 2 people" in html
    data = annotator._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert "application/vnd.jupyter.widget-view+json" in data and data["text/plain"] == repr(annotator)


def test_a_checkout_without_a_front_end_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("impose_widget.widget.bundle.files", lambda _: tmp_path)
    script, style = front_end()
    assert NOT_BUILT[:40] in script and style == ""


def test_an_array_is_annotated_without_a_network(wire) -> None:
    clip = np.zeros((3, 40, 60, 3), np.uint8)
    with iw.Annotator(clip, model=None, skeleton=["nose", "tail"], store=None) as annotator:
        annotator.draw_box(0, (5, 5, 20, 20))
        annotator.correct(0, 0, "tail", (9, 9))
        assert annotator.poses["anchor"].sum() == 1
