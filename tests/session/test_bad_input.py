"""What bad input gets: one clear sentence, and nothing changed."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impose_widget.session import Session
from tests.session.sessions import assert_same, session_on, tables
from tests.walkers import TruthDetector, Walkers


@pytest.fixture
def session(frames, walkers):
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        s.correct(3, 0, "head", (20, 20))
        yield s


BAD_CALLS = {
    "frame beyond the end": lambda s: s.correct(30, 0, "head", (1, 1)),
    "negative frame": lambda s: s.correct(-1, 0, "head", (1, 1)),
    "frame as float": lambda s: s.correct(1.5, 0, "head", (1, 1)),
    "frame as bool": lambda s: s.correct(True, 0, "head", (1, 1)),
    "unknown track": lambda s: s.correct(0, 99, "head", (1, 1)),
    "track as string": lambda s: s.correct(0, "0", "head", (1, 1)),
    "unknown keypoint": lambda s: s.correct(0, 0, "tail", (1, 1)),
    "keypoint index beyond": lambda s: s.correct(0, 0, 4, (1, 1)),
    "NaN": lambda s: s.correct(0, 0, "head", (math.nan, 1)),
    "infinite": lambda s: s.correct(0, 0, "head", (1, math.inf)),
    "off the image": lambda s: s.correct(0, 0, "head", (96, 10)),
    "above the image": lambda s: s.correct(0, 0, "head", (10, -1)),
    "three coordinates": lambda s: s.correct(0, 0, "head", (1, 2, 3)),
    "coordinates as text": lambda s: s.correct(0, 0, "head", "10"),
    "coordinates of texts": lambda s: s.correct(0, 0, "head", ("1", "2")),
    "visibility 0 in correct": lambda s: s.correct(0, 0, "head", (1, 1), visibility=0),
    "visibility 3": lambda s: s.set_visibility(0, 0, "head", 3),
    "scale 0": lambda s: s.move(0, 0, scale=0),
    "moved off the image": lambda s: s.move(0, 0, dxy=(500, 0)),
    "no such part": lambda s: s.flip(0, 0, part="tail"),
    "box without area": lambda s: s.draw_box(0, (10, 10, 0, 5)),
    "box beside the image": lambda s: s.draw_box(0, (200, 10, 5, 5)),
    "box of an unknown person": lambda s: s.draw_box(0, (10, 10, 5, 5), track_id=77),
    "set box without area": lambda s: s.set_box(0, 0, (10, 10, 5, 0)),
    "set box of nobody": lambda s: s.set_box(0, 77, (10, 10, 5, 5)),
    "set box of three numbers": lambda s: s.set_box(0, 0, (10, 10, 5)),
    "assign to itself": lambda s: s.assign(0, 0, 0),
    "assign to nobody": lambda s: s.assign(0, 0, -3),
    "assign with a scope that is no word": lambda s: s.assign(0, 0, 1, scope="later"),
    "scope backwards in time": lambda s: s.assign(0, 0, 1, scope=(5, 2)),
    "swap with itself": lambda s: s.swap(1, 1, 0),
    "merge with itself": lambda s: s.merge(1, 1),
    "split at the first frame": lambda s: s.split(0, 0),
    "delete without a frame": lambda s: s.delete(0),
    "delete an unknown person": lambda s: s.delete(9, 0),
    "interpolate backwards": lambda s: s.interpolate(0, 5, 2),
    "interpolate no gap": lambda s: s.interpolate(0, 0, 5, max_gap=0),
    "direction that is no word": lambda s: s.propagate(direction="sideways"),
    "stop with both": lambda s: s.propagate(direction="both", stop=5),
    "propagate an unknown person": lambda s: s.propagate(tracks=[42]),
    "propagate an unknown keypoint": lambda s: s.propagate(keypoints=["tail"]),
    "propagate from an unknown frame": lambda s: s.propagate(frame=1000),
    "an unknown issue": lambda s: s.resolve_issue(12345, "accepted"),
    "an unknown decision": lambda s: (
        s.resolve_issue(s.next_issue(), "perhaps") if s.next_issue() is not None else s.undo(1)
    ),
    "frames that are no frames": lambda s: s.initialize(frames="all"),
    "frames beyond the end": lambda s: s.initialize(frames=[0, 99]),
    "progress that is no function": lambda s: s.initialize(progress=3),
    "a table without columns": lambda s: s.load(pd.DataFrame({"frame": [0]})),
    "a table with other keypoints": lambda s: s.load(s.poses.assign(keypoint="tail")),
    "a table with other frames": lambda s: s.load(s.poses.assign(frame=1000)),
    "a table with infinity": lambda s: s.load(s.poses.assign(x=math.inf)),
    "a file that is not there": lambda s: s.load("nothing.parquet"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_call_is_one_sentence_and_changes_nothing(session: Session, name: str) -> None:
    before, revision = tables(session), session.revision
    with pytest.raises((ValueError, TypeError, KeyError, OSError)) as error:
        BAD_CALLS[name](session)
    message = str(error.value)
    assert "Expected" in message or name == "an unknown decision", message
    assert "\n" not in message and len(message) < 400
    assert session.revision == revision
    assert_same(tables(session), before)


def test_unknown_words_in_open_are_named(frames: np.ndarray) -> None:
    for keywords in ({"model": "huge"}, {"tracker": "magic"}, {"device": "abacus"}, {"skeleton": "octopus"}):
        with pytest.raises(ValueError, match="Expected"):
            Session.open(frames, store=None, **{"model": None, **keywords})


# -- journals ----------------------------------------------------------------------------------------------------


def test_a_journal_of_another_video_is_refused_and_kept(tmp_path: Path, frames: np.ndarray) -> None:
    store = tmp_path / "a.impose"
    session_on(frames, store=store).close()
    held = store.read_bytes()
    with pytest.raises(ValueError, match="another"):
        session_on(frames[:20].copy(), store=store)
    assert store.read_bytes() == held


def test_a_journal_of_a_newer_version_is_refused_and_kept(tmp_path: Path, frames: np.ndarray) -> None:
    store = tmp_path / "a.impose"
    session_on(frames, store=store).close()
    with contextlib.closing(sqlite3.connect(store)) as db, db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    with pytest.raises(ValueError, match="version 99"):
        session_on(frames, store=store)
    with contextlib.closing(sqlite3.connect(store)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone() == ("99",)


def test_a_journal_of_a_trial_version_is_refused_and_can_be_set_aside(tmp_path: Path, frames: np.ndarray) -> None:
    store = tmp_path / "a.impose"
    session_on(frames, store=store).close()
    with contextlib.closing(sqlite3.connect(store)) as db, db:
        db.execute("UPDATE meta SET value = '1' WHERE key = 'version'")
    with pytest.raises(ValueError, match=r"version 1 .*resume=False"):
        session_on(frames, store=store)
    session_on(frames, store=store, resume=False).close()
    assert (tmp_path / "a.impose.1").exists()


@pytest.mark.parametrize("content", [b"these are my notes\n" * 100, b"\x00" * 5000])
def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path, frames: np.ndarray, content: bytes) -> None:
    store = tmp_path / "notes.impose"
    store.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=r"journal"):
        session_on(frames, store=store)
    assert store.read_bytes() == content


def test_damage_to_a_journal_is_one_sentence_and_it_can_be_set_aside(
    tmp_path: Path, frames: np.ndarray, walkers: Walkers
) -> None:
    store, rng = tmp_path / "a.impose", np.random.default_rng(0)
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        for frame in range(20):
            s.correct(frame, 0, "head", (20, 20))
    whole, refused = store.read_bytes(), 0
    for n in range(40):
        data, length = bytearray(whole), int(rng.choice([8, 200, 4096]))
        start = int(rng.integers(0, len(data) - length))
        data[start : start + length] = rng.bytes(length)
        hurt = tmp_path / f"{n}.impose"
        hurt.write_bytes(data)
        try:
            session_on(frames, TruthDetector(walkers), hurt).close()
        except (ValueError, OSError) as error:
            refused += 1
            said = str(error)
            assert "journal" in said and "\n" not in said and ("Expected" in said or "cannot" in said)
            session_on(frames, TruthDetector(walkers), hurt, resume=False).close()
            assert hurt.with_name(f"{n}.impose.1").exists(), "it may still be mended by other means"
    assert refused > 5


def test_another_kind_of_database_is_refused_and_kept(tmp_path: Path, frames: np.ndarray) -> None:
    store = tmp_path / "books.impose"
    with contextlib.closing(sqlite3.connect(store)) as db, db:
        db.execute("CREATE TABLE books (title TEXT)")
    with pytest.raises(ValueError, match="something else"):
        session_on(frames, store=store)
    with contextlib.closing(sqlite3.connect(store)) as db:
        assert [r[0] for r in db.execute("SELECT name FROM sqlite_master")] == ["books"]


def test_not_resuming_sets_the_journal_aside(tmp_path: Path, frames: np.ndarray, walkers: Walkers) -> None:
    store = tmp_path / "a.impose"
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        before = tables(s)
    with session_on(frames, TruthDetector(walkers), store, resume=False) as s:
        assert s.poses.empty
    with session_on(frames, TruthDetector(walkers), tmp_path / "a.impose.1") as s:
        assert_same(tables(s), before)


def test_places_where_no_journal_can_be(tmp_path: Path, frames: np.ndarray) -> None:
    with pytest.raises(FileNotFoundError, match="make"):
        session_on(frames, store=tmp_path / "no" / "such" / "folder.impose")
    with pytest.raises(IsADirectoryError, match="file name"):
        session_on(frames, store=tmp_path)


# -- two processes -----------------------------------------------------------------------------------------------

SECOND = """
import sys, warnings
import numpy as np
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
from tests.session.sessions import session_on
frames = np.load(sys.argv[2])
try:
    session_on(frames, store=__import__("pathlib").Path(sys.argv[3]))
except UserWarning as said:
    print("said:", said)
warnings.simplefilter("ignore")
s = session_on(frames, store=__import__("pathlib").Path(sys.argv[3]))
print("read-only:", s.read_only, "rows:", len(s.poses))
try:
    s.correct(0, 0, "head", (5, 5))
except PermissionError as error:
    print("refused:", error)
print("rows:", len(s.poses), "repr:", s)
"""


def test_the_second_process_is_read_only_and_says_so(tmp_path: Path, frames: np.ndarray, walkers: Walkers) -> None:
    store = tmp_path / "a.impose"
    np.save(tmp_path / "frames.npy", frames)
    root = Path(__file__).resolve().parents[2]
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        rows = len(s.poses)
        run = [sys.executable, "-c", SECOND, str(root), str(tmp_path / "frames.npy"), str(store)]
        out = subprocess.run(run, capture_output=True, text=True, cwd=root, check=True).stdout
        assert "said:" in out and "open in another process" in out
        assert f"read-only: True rows: {rows}" in out
        assert "refused: This session is read-only" in out and f"rows: {rows} repr:" in out
        s.correct(0, 0, "head", (5, 5))
    out = subprocess.run(run, capture_output=True, text=True, cwd=root, check=True).stdout
    assert "read-only: False" in out and "refused" not in out, "the lock is free when the first has closed"


def test_opening_again_in_one_process_takes_over(tmp_path: Path, frames: np.ndarray, walkers: Walkers) -> None:
    store = tmp_path / "a.impose"
    first = session_on(frames, TruthDetector(walkers), store)
    first.initialize(progress=False)
    with session_on(frames, TruthDetector(walkers), store) as second:
        assert not second.read_only
        second.correct(0, 0, "head", (5, 5))
        with pytest.raises(ValueError, match="closed"):
            first.correct(0, 0, "head", (6, 6))
    first.close()


# -- no space, no right to write ---------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(tmp_path: Path, frames: np.ndarray, walkers: Walkers) -> None:
    """A limit on the size of files stands in for the end of the disk: SQLite gets the same error from the system."""
    store = tmp_path / "a.impose"
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        with space_up_to(size_of(store) + 20_000), pytest.raises(OSError, match="could not be stored"):
            for n in range(100_000):
                made = s.revision
                s.correct(n % 30, 0, "head", (n % 90, 10))
        assert s.revision == made, "what could not be stored was not made"
        kept = tables(s)
        s.correct(3, 0, "foot", (11, 12))
        assert s.undo()
        assert_same(tables(s), kept)
    with session_on(frames, TruthDetector(walkers), store) as s:
        assert_same(tables(s), kept)


@contextlib.contextmanager
def space_up_to(limit: int):
    """No file may grow beyond so many bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


def size_of(store: Path) -> int:
    side = store.with_name(store.name + "-wal")
    return max(store.stat().st_size, side.stat().st_size if side.exists() else 0)


def test_the_disk_fills_while_people_are_found(tmp_path: Path, walkers: Walkers) -> None:
    long = Walkers(200, 96, 64, [(20, 30), (60, 34)], [(0.2, 0.02), (-0.1, 0.0)])
    frames, store = long.render(), tmp_path / "a.impose"
    with session_on(frames, TruthDetector(long), store) as s:
        with space_up_to(size_of(store) + 60_000), pytest.raises(OSError, match="could not be stored"):
            s.initialize(progress=False)
        found = s.frames["found"]
        assert found.any() and not found.all(), "chunks that were stored stay"
        kept = s.poses
    with session_on(frames, TruthDetector(long), store) as s:
        pd.testing.assert_frame_equal(s.poses, kept)
        s.initialize(progress=False)
        assert s.frames["found"].all() and len(s.tracks) == 2


def test_the_disk_fills_while_a_correction_is_carried(tmp_path: Path) -> None:
    long = Walkers(120, 160, 64, [(20, 30)], [(0.9, 0.0)])
    frames, store = long.render(), tmp_path / "a.impose"
    with session_on(frames, TruthDetector(long, wrong={(t, 0, 0): (7, 3) for t in range(120)}), store) as s:
        s.initialize(progress=False)
        s.correct(0, 0, "head", long.truth[0, 0, 0])
        with space_up_to(size_of(store) + 22_000), pytest.raises(OSError, match="could not be stored"):
            s.propagate(0, progress=False)
        kept = tables(s)
        assert s.frames["stale"].any() and s.tracks["n_pending"].item() == 1
    with session_on(frames, store=store) as s:
        assert_same(tables(s), kept)
        assert not s.propagate(progress=False).stopped and not s.frames["stale"].any()


def test_the_disk_fills_while_poses_are_exported(tmp_path: Path, frames: np.ndarray, walkers: Walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        for name in ("poses.parquet", "poses.json", "poses.csv"):
            path = s.export(tmp_path / name)
            held = path.read_bytes()
            s.correct(0, int(s.tracks["track_id"].iloc[0]), "head", (11, 12))
            with space_up_to(1000), pytest.raises(OSError, match="could not be written") as error:
                s.export(path)
            assert "\n" not in str(error.value) and path.read_bytes() == held
        assert len(list(tmp_path.iterdir())) == 3, "no halves are left behind"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run as another user")
def test_a_read_only_folder_as_a_plain_user(tmp_path: Path, frames: np.ndarray) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError, match="choose another"):
        session_on(frames, store=tmp_path / "a.impose")
    tmp_path.chmod(0o755)


def test_a_read_only_folder(tmp_path: Path, frames: np.ndarray, walkers: Walkers, monkeypatch) -> None:
    """As root nothing is forbidden, so the system call that makes a file is made to refuse."""
    store = tmp_path / "a.impose"
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        before = tables(s)
    real = Path.touch

    def refuse(self: Path, *args, **keywords):
        if self.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **keywords)

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(PermissionError, match="choose another"):
        session_on(frames, store=tmp_path / "b.impose")
    real_open = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda self, *a, **k: refuse(self) if self.name.endswith("-lock") else real_open(self, *a, **k),
    )
    with pytest.warns(UserWarning, match="read-only"):
        s = session_on(frames, store=store)
    with s:
        assert s.read_only
        assert_same(tables(s), before)
        with pytest.raises(PermissionError, match="read-only"):
            s.correct(0, 0, "head", (5, 5))
