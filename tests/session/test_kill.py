"""Nothing that was acknowledged is ever lost: children edit and are killed at random moments."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impose_widget.session import Session
from tests.session.sessions import assert_same, session_on, tables
from tests.walkers import SMALL, TruthDetector, Walkers

WALKERS = Walkers(16, 96, 64, [(20, 30), (60, 34)], [(1.5, 0.2), (-1.0, 0.0)])
KILLS = 200

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
    # Python 3.12 warns of threads at a fork; the child uses none of its parent's.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def open_session(store: Path, frames: np.ndarray) -> Session:
    return session_on(frames, TruthDetector(WALKERS), store)


def digest(session: Session) -> str:
    rows = pd.util.hash_pandas_object(session.poses.drop(columns="keypoint"), index=False).to_numpy()
    return hashlib.blake2b(rows.tobytes(), digest_size=8).hexdigest()


def edit_for_ever(store: Path, frames: np.ndarray, pipe: int, seed: int) -> None:
    """What a child does: an edit, an acknowledgement with the state it saw, and again."""
    rng = random.Random(seed)
    session = open_session(store, frames)
    session.initialize(progress=False)
    while True:
        ids = session.tracks["track_id"].tolist()
        i, frame = rng.choice(ids), rng.randrange(16)
        what = rng.random()
        if what < 0.6:
            session.correct(frame, i, rng.choice(SMALL.keypoints), (rng.uniform(0, 95), rng.uniform(0, 63)))
        elif what < 0.75:
            session.propagate(direction="both", progress=False)
        elif what < 0.85:
            session.undo()
        elif what < 0.9 and len(ids) > 1:
            session.swap(*rng.sample(ids, 2), frame, "all")
        elif len(ids) < 6:
            session.draw_box(frame, (rng.uniform(0, 60), rng.uniform(0, 30), 20, 30))
        os.write(pipe, json.dumps([session.revision, digest(session)]).encode() + b"\n")


def kill_one(store: Path, frames: np.ndarray, seed: int, delay: float) -> list[list]:
    """Fork, wait a random moment, kill; returns what was acknowledged.

    Three times in four the moment begins with the first acknowledgement, else with the fork: while people are found.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
        try:
            edit_for_ever(store, frames, write_end, seed)
        finally:
            os._exit(1)  # only an error gets here: the parent then sees that the child was not killed
    os.close(write_end)
    held = os.read(read_end, 65536) if seed % 4 else b""
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while block := os.read(read_end, 65536):
        held += block
    os.close(read_end)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child failed by itself"
    return [json.loads(line) for line in held.decode().split("\n")[:-1]]


def test_every_acknowledged_edit_survives_two_hundred_kills(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    frames = WALKERS.render()
    rng = random.Random(0)
    acknowledged, exact = 0, 0
    for kill in range(KILLS):
        if kill % 10 == 0:  # a new journal from time to time: early kills hit initialize, later ones a long log
            store = tmp_path / f"clip{kill}.impose"
        acks = kill_one(store, frames, kill, rng.expovariate(1 / 0.03))
        acknowledged += len(acks)
        with open_session(store, frames) as session:
            known = set(session.events["seq"])
            assert all(seq in known for seq, _ in acks if seq > 0)
            if (
                acks and session.revision == acks[-1][0]
            ):  # nothing came after the last acknowledgement: the tables are those of then
                assert digest(session) == acks[-1][1]
                exact += 1
            before = tables(session)
        with open_session(store, frames) as again:
            assert_same(tables(again), before)
    capfd.readouterr()
    assert acknowledged > KILLS // 4 and exact > KILLS // 10, (acknowledged, exact)  # fewer on a slow machine


def test_what_a_killed_propagation_did_not_reach_is_marked_stale(tmp_path: Path) -> None:
    long = Walkers(64, 160, 64, [(20, 30)], [(1.8, 0.0)])
    detector = TruthDetector(long, wrong={(t, 0, 0): (0, -6) for t in range(64)})
    frames, store = long.render(), tmp_path / "clip.impose"
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        session = session_on(frames, detector, store)
        session.initialize(progress=False)
        session.correct(0, 0, "head", long.truth[0, 0, 0])
        updates = session.iter_propagate(0)
        next(updates)
        os.write(write_end, b"one chunk is on disk")
        time.sleep(60)
        os._exit(1)
    os.close(write_end)
    assert os.read(read_end, 100) == b"one chunk is on disk"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read_end)

    with session_on(frames, detector, store) as session:
        head = session.poses.query("keypoint == 'head'").set_index("frame")
        stale = session.frames.set_index("frame")["stale"]
        done = head.index[head["source"] == "propagated"]
        assert list(done) == list(range(1, done.max() + 1)) and not stale[done].any()
        assert stale[done.max() + 1 :].any() and session.tracks["n_pending"].item() == 1
        assert np.abs(head.loc[done, "y"].to_numpy() - long.truth[done, 0, 0, 1]).max() < 2
        session.propagate(progress=False)
        assert not session.frames["stale"].any() and session.tracks["n_pending"].item() == 0


def test_a_kill_in_the_middle_of_a_propagation_keeps_the_finished_chunks(tmp_path: Path) -> None:
    long = Walkers(64, 160, 64, [(20, 30)], [(1.8, 0.0)])
    frames, store = long.render(), tmp_path / "clip.impose"
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        session = session_on(frames, TruthDetector(long, missing=[(t, 0) for t in range(1, 64)]), store)
        session.initialize(progress=False)
        person = session.draw_box(0, (10, 15, 22, 30))
        for k, xy in zip(SMALL.keypoints, long.truth[0, 0], strict=True):
            session.correct(0, person, k, xy)
        updates = session.iter_propagate(0)
        next(updates)
        next(updates)
        os.write(write_end, b"two chunks are on disk")
        time.sleep(60)
        os._exit(1)
    os.close(write_end)
    assert os.read(read_end, 100) == b"two chunks are on disk"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read_end)

    with session_on(frames, TruthDetector(long), store) as session:
        carried = session.poses.query("source == 'propagated'")["frame"].unique()
        assert carried.max() >= 15, "the finished chunks are there"
        assert session.tracks["n_pending"].sum() == 1, "the correction still waits to be carried on"
        assert not session.events["finished"].iloc[-1]
        report = session.propagate(progress=False)
        assert not report.stopped and session.poses["frame"].max() > carried.max()
        assert session.tracks["n_pending"].sum() == 0 and not session.frames["stale"].any()
        assert session.undo() and session.undo(), "the interrupted propagation is one step as well"
        assert set(session.poses.query("source == 'propagated'")["frame"]) == set()
