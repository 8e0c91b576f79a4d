"""The annotator in a real kernel: a browser made of Python speaks to it over ZMQ while cells run."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

SETUP = """
import numpy as np, time
import impose_widget as iw
from tests.walkers import Walkers, TruthDetector
from tests.session.sessions import session_on
walkers = Walkers(n_frames=30, width=96, height=64, starts=[(20, 30), (70, 34)], speeds=[(0.8, 0.1), (-0.7, 0.0)])
annotator = iw.Annotator(session_on(walkers.render(), TruthDetector(walkers)))
annotator
"""


class KernelPage:
    """A page whose messages go through a kernel's channels."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm_id = ""
        self.heard: list[tuple[dict[str, Any], list[bytes]]] = []
        self.output: list[dict[str, Any]] = []
        self._rids = itertools.count(1)

    def run(self, code: str, wait: bool = True) -> str:
        """Run a cell; what it printed, if waited for."""
        message = self.client.execute(code, store_history=False)
        return self.printed(message) if wait else message

    def printed(self, message: str, timeout: float = 30) -> str:
        """What a cell printed, when it has ended."""
        self._pump(lambda: any(o["end"] for o in self.output if o["of"] == message), timeout)
        mine = [o for o in self.output if o["of"] == message]
        errors = [o["error"] for o in mine if o["error"]]
        assert not errors, "\n".join(errors[0])
        return "".join(o["text"] for o in mine)

    def send(self, kind: str, **fields: Any) -> int:
        """Send a request; returns its rid."""
        rid = next(self._rids)
        content = {"kind": kind, "rid": rid, "client": "zmq"} | fields
        data = {"comm_id": self.comm_id, "data": {"method": "custom", "content": content}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", data))
        return rid

    def ask(self, kind: str, timeout: float = 20, **fields: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request and wait for its answer."""
        rid = self.send(kind, **fields)
        return self.wait(lambda c: c.get("rid") == rid, timeout)

    def wait(self, match: Any, timeout: float = 20) -> tuple[dict[str, Any], list[bytes]]:
        """The first message, heard or to come, for which `match(content)` holds."""
        found: list[Any] = []

        def look() -> bool:
            found[:] = [m for m in self.heard if match(m[0])]
            return bool(found)

        self._pump(look, timeout)
        return found[0]

    def _pump(self, until: Any, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"heard {[c['kind'] for c, _ in self.heard]}")
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        of = message["parent_header"].get("msg_id")
        if kind == "comm_open" and content["data"].get("state", {}).get("_model_name") == "AnyModel":
            self.comm_id = content["comm_id"]
        elif kind == "comm_msg" and content["data"].get("method") == "custom":
            self.heard.append((content["data"]["content"], [bytes(b) for b in message["buffers"]]))
        elif kind in ("stream", "error", "status"):
            end = kind == "status" and content["execution_state"] == "idle"
            text = content.get("text", "") if kind == "stream" else ""
            self.output.append({"of": of, "text": text, "error": content.get("traceback"), "end": end})


@pytest.fixture(scope="module")
def page():
    manager, client = start_new_kernel(startup_timeout=60, cwd=str(Path(__file__).resolve().parents[2]))
    page = KernelPage(client)
    try:
        page.run(SETUP)
        page.ask("hello", version=1)
        page.wait(lambda c: c["kind"] == "finished" and c["what"] == "initialize")
        yield page
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_an_edit_from_the_page_is_true_in_the_next_cell(page) -> None:
    args = {"frame": 5, "track_id": 0, "keypoint": "head", "xy": [33.5, 20], "visibility": 2}
    answer, _ = page.ask("edit", action="correct", args=args, base=1)
    assert answer["kind"] == "done"
    shown = page.run("r = annotator.poses.query('frame == 5 and anchor').iloc[0]; print(r['x'], r['source'])")
    assert shown.split() == ["33.5", "human"]
    page.wait(lambda c: c["kind"] == "finished" and c["what"] == "propagate")


def test_a_cell_and_the_page_edit_the_same_state(page) -> None:
    page.run("annotator.correct(8, 1, 'head', (60, 25)); None")
    content, _ = page.wait(lambda c: c["kind"] == "changed" and c["action"] == "correct" and c["frames"] == [[8, 8]])
    assert content["track_ids"] == [1]
    answer, _ = page.ask("edit", action="undo", args={}, base=0)
    assert "frame 8" in answer["result"]


def test_frames_and_answers_come_while_a_cell_runs_or_right_after_it(page) -> None:
    """With subshells the page is served beside a running cell, without them when it ends; never not at all."""
    cell = page.run("time.sleep(1.0); print('slept')", wait=False)
    rids = [page.send("ping") for _ in range(5)] + [page.send("frames", want=[0, 1], size="full")]
    assert page.printed(cell).strip() == "slept"
    for rid in rids:
        page.wait(lambda c, rid=rid: c.get("rid") == rid)


def test_work_started_by_a_cell_streams_while_the_cell_waits(page) -> None:
    page.run("annotator.correct(20, 1, 'head', (55, 25)); None")
    shown = page.run("print(annotator.propagate(direction='both', progress=False).stopped == '')")
    assert shown.strip() == "True"
    assert page.wait(lambda c: c["kind"] == "changed" and c["action"] == "propagate" and (c["n"] or 0) > 0)


def test_awaiting_a_propagation_leaves_the_loop_free(page) -> None:
    page.run("annotator.correct(24, 0, 'head', (40, 25)); None")
    code = """
import asyncio
task = asyncio.ensure_future(annotator.propagate_async(direction="both"))
ticks = 0
while not task.done():
    ticks += 1
    await asyncio.sleep(0.001)
print(task.result().stopped == "", ticks > 0)
"""
    assert page.run(code).split() == ["True", "True"]


def test_interrupting_a_cell_stops_its_propagation(page) -> None:
    """As a user does with the stop button: the kernel is interrupted while the cell waits."""
    code = """
import _thread, threading
from tests.widget.test_host import Endless
kept, annotator.session._propagator = annotator.session._propagator, Endless()
annotator.correct(12, 0, "head", (40, 25))
threading.Timer(0.5, _thread.interrupt_main).start()
try:
    annotator.propagate(progress=False)
except KeyboardInterrupt:
    print("interrupted", annotator.busy)
annotator.session._propagator = kept
"""
    assert page.run(code).split() == ["interrupted", "False"]
    assert page.wait(lambda c: c["kind"] == "finished" and c["stopped"] == "cancelled")


def test_the_page_cancels_what_it_started(page) -> None:
    page.run("annotator.session._propagator = Endless(); annotator.correct(14, 0, 'head', (41, 25)); None")
    job = page.ask("propagate", frame=None, direction="both", stop=None, tracks=None, keypoints=None)[0]["job"]
    page.wait(lambda c: c["kind"] == "progress" and c["job"] == job)
    assert page.ask("cancel", job=job)[0]["kind"] == "ok"
    page.wait(lambda c: c["kind"] == "finished" and c["job"] == job)
    page.run("annotator.session._propagator = kept; None")


def test_messages_that_are_none_are_answered(page) -> None:
    page.heard.clear()
    page.send("explode")
    assert page.wait(lambda c: c["kind"] == "error")[0]["code"] == "unknown"
    page.client.shell_channel.send(
        page.client.session.msg("comm_msg", {"comm_id": page.comm_id, "data": {"method": "custom", "content": [1]}})
    )
    assert page.wait(lambda c: c["kind"] == "error" and c["rid"] is None)[0]["code"] == "value"
    assert page.ask("ping")[0]["kind"] == "ok"
