"""Journal: everything that was found and done in one video, in one SQLite file, on disk before it is acknowledged.

The file is a log. `actions` says what was asked for, `changes` what it did to the poses (`core.tracks.Change`),
`detections` what the network saw. Undo and redo are actions with changes of their own, so that applying all changes
gives the present state, whatever happened in between. Rows are only added, never altered, but for the mark that an
action is finished.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.tracks import Change
from impose_widget.session.filesystem import is_network_drive

VERSION = 2  # 1 was never released: what it did cannot be done again

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE actions (
    seq INTEGER PRIMARY KEY, time REAL NOT NULL, opening INTEGER NOT NULL, kind TEXT NOT NULL,
    payload TEXT NOT NULL, finished INTEGER NOT NULL
);
CREATE TABLE changes (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES actions, track_id INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX changes_of ON changes (seq);
CREATE TABLE steps (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES actions, revision INTEGER NOT NULL, found TEXT NOT NULL
);
CREATE TABLE detections (id INTEGER PRIMARY KEY, frames TEXT NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL);
"""

_LOOKS = "CREATE TABLE IF NOT EXISTS looks (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL)"
"""Made when it is needed: few sessions have any."""

DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError, json.JSONDecodeError, zlib.error, KeyError, TypeError, IndexError)
"""What reading a journal may raise when a drive or another program has changed its bytes."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody did.

    Attributes:
        seq: its number, ascending in time; also the `revision` of what it changed.
        time: seconds since 1970, UTC.
        opening: how often the journal had been opened when it was done.
        kind: the name of the call: correct, propagate, undo, …
        payload: its arguments, enough to do it again.
        finished: False while it goes on, and for ever if it was interrupted.
    """

    seq: int
    time: float
    opening: int
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A part of an action that went on for a while.

    Attributes:
        seq: of the action.
        revision: of the session when the step was made; edits may have come in between.
        found: frames in which everyone was found with it.
    """

    seq: int
    revision: int
    found: tuple[int, ...] = ()


class Journal:
    """The log of one video on disk, or in memory if `path` is None.

    Raises:
        OSError: the file cannot be opened or made.
        ValueError: the file is no journal, or one of a newer version.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._db: sqlite3.Connection | None = None
        try:
            self._db = _connect(path, read_only)
            self._check_kind()
        except sqlite3.DatabaseError as error:
            self.close()
            if path is not None and "unable to open" not in str(error) and path.exists() and not _is_sqlite(path):
                raise ValueError(
                    f"Expected a journal of impose-widget, got {path}, which is another kind of file; "
                    "give store= another path."
                ) from error
            if _is_damage(error):
                raise damaged(path, error) from error
            raise OSError(
                f"The journal {path} cannot be opened ({error}); give store= a path in a writable folder."
            ) from error
        except BaseException:
            self.close()
            raise
        try:
            self.opening = int(self.meta().get("openings", 0)) + 1
        except DAMAGE as error:
            self.close()
            raise damaged(path, error) from error

    def _check_kind(self) -> None:
        """Look before touching: a file that is not ours stays as it is to the byte."""
        tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and not self.read_only:
            self._set_modes()
            with self._writing():
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
                self._set_meta({"version": VERSION})
            return
        if "meta" not in tables or "actions" not in tables:
            raise ValueError(
                f"Expected a journal of impose-widget, got {self.path}, a database of something else; "
                "give store= another path."
            )
        version = int(self.meta().get("version", 0))
        if version > VERSION:
            raise ValueError(
                f"Expected a journal of version {VERSION}, got the newer version {version} in {self.path}; "
                "update impose-widget to open it. Nothing was changed."
            )
        if version < VERSION:
            raise ValueError(
                f"Expected a journal of version {VERSION}, got version {version} in {self.path}, which a trial version "
                "made; open with resume=False to set it aside, or give store= another path."
            )
        if not self.read_only:
            self._set_modes()

    def _set_modes(self) -> None:
        # WAL is quicker, but needs shared memory, which a network drive does not have.
        mode = "DELETE" if self.path is not None and is_network_drive(self.path) else "WAL"
        self._db.execute(f"PRAGMA journal_mode = {mode}")
        self._db.execute("PRAGMA synchronous = FULL")

    # -- what is written -----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: on disk when the block ends, or not at all."""
        if self.read_only:
            raise PermissionError(
                "This session is read-only: another process has the journal open (close it there and open again), or "
                "it lies in a folder that cannot be written (give store= another path)."
            )
        if self._db is None:
            raise ValueError("Expected an open session, got one that was closed; open it again with Session.open().")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            if _is_damage(error):
                raise damaged(self.path, error) from error
            raise OSError(
                f"The edit could not be stored in {self.path} ({error}), so it was not made; "
                "free some space or check the drive, then repeat it. Everything before it is safe."
            ) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _set_meta(self, values: dict[str, Any]) -> None:
        rows = [(k, json.dumps(v)) for k, v in values.items()]
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def start(self, **facts: Any) -> None:
        """Note that a session begins, and facts about the journal itself: the video it belongs to, the skeleton."""
        with self._writing():
            self._set_meta({"openings": self.opening} | facts)

    def begin(
        self, seq: int, kind: str, payload: dict[str, Any], changes: Iterable[Change] = (), *, finished: bool = True
    ) -> Action:
        """Store a new action with its changes; returns when both are on disk."""
        action = Action(seq, time.time(), self.opening, kind, payload, finished)
        with self._writing():
            self._db.execute(
                "INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?)",
                (seq, action.time, action.opening, kind, json.dumps(payload), int(finished)),
            )
            self._insert(seq, changes)
        return action

    def add(self, step: Step, changes: Iterable[Change]) -> None:
        """Store a step of an action that goes on, with its changes."""
        with self._writing():
            self._insert(step.seq, changes)
            self._db.execute(
                "INSERT INTO steps (seq, revision, found) VALUES (?, ?, ?)",
                (step.seq, step.revision, pack_frames(step.found)),
            )

    def finish(self, seq: int, payload: dict[str, Any], changes: Iterable[Change] = ()) -> None:
        """Store the last changes of an action, and that it is finished."""
        with self._writing():
            self._insert(seq, changes)
            self._db.execute("UPDATE actions SET finished = 1, payload = ? WHERE seq = ?", (json.dumps(payload), seq))

    def _insert(self, seq: int, changes: Iterable[Change]) -> None:
        rows = [(seq, change.track_id, change.to_bytes()) for change in changes]
        self._db.executemany("INSERT INTO changes (seq, track_id, data) VALUES (?, ?, ?)", rows)

    def add_detections(self, frames: Iterable[int], detections: Detections) -> None:
        """Store what the network saw in some frames (frames without anybody count as seen)."""
        parts = (detections.frame, detections.keypoints, detections.box, detections.score)
        data = zlib.compress(b"".join(np.ascontiguousarray(p).tobytes() for p in parts), 1)
        with self._writing():
            self._db.execute(
                "INSERT INTO detections (frames, n, data) VALUES (?, ?, ?)",
                (pack_frames(frames), len(detections), data),
            )

    def add_looks(self, rows: np.ndarray, features: np.ndarray) -> None:
        """Store what readings look like, where an ID decoder hears that: rows (n,), features (n, F)."""
        parts = np.asarray(rows, "<i4"), np.asarray(features, "<f2")
        data = zlib.compress(b"".join(np.ascontiguousarray(p).tobytes() for p in parts), 1)
        with self._writing():
            self._db.execute(_LOOKS)
            self._db.execute("INSERT INTO looks (n, data) VALUES (?, ?)", (len(rows), data))

    # -- what is read --------------------------------------------------------------------------------------------

    def looks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(rows, features) as they were stored."""
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'looks'").fetchone() is None:
            return
        for n, data in self._db.execute("SELECT n, data FROM looks ORDER BY id"):
            raw = zlib.decompress(data)
            yield np.frombuffer(raw[: 4 * n], "<i4"), np.frombuffer(raw[4 * n :], "<f2").reshape(n, -1)

    def meta(self) -> dict[str, Any]:
        """All facts about the journal itself."""
        return {k: json.loads(v) for k, v in self._db.execute("SELECT key, value FROM meta")}

    def actions(self) -> Iterator[Action]:
        """All actions, oldest first."""
        for seq, at, opening, kind, payload, finished in self._db.execute("SELECT * FROM actions ORDER BY seq"):
            yield Action(seq, at, opening, kind, json.loads(payload), bool(finished))

    def changes(self, n_keypoints: int, seq: int | None = None) -> Iterator[Change]:
        """All changes in the order in which they were applied, or those of one action."""
        where = "" if seq is None else "WHERE seq = ?"
        query = self._db.execute(
            f"SELECT track_id, data FROM changes {where} ORDER BY id", () if seq is None else (seq,)
        )
        for track_id, data in query:
            yield Change.from_bytes(track_id, data, n_keypoints)

    def changes_since(self, n_keypoints: int, seq: int) -> Iterator[Change]:
        """All changes that were applied since an action began, its own first."""
        query = self._db.execute(
            "SELECT track_id, data FROM changes WHERE id >= (SELECT MIN(id) FROM changes WHERE seq = ?) ORDER BY id",
            (seq,),
        )
        for track_id, data in query:
            yield Change.from_bytes(track_id, data, n_keypoints)

    def changes_after(self, n_keypoints: int, seq: int) -> Iterator[tuple[int, Change]]:
        """(number of the action, change) of all actions with a higher number, in the order of changes."""
        query = self._db.execute("SELECT seq, track_id, data FROM changes WHERE seq > ? ORDER BY id", (seq,))
        for number, track_id, data in query:
            yield number, Change.from_bytes(track_id, data, n_keypoints)

    def has_changes(self, seq: int) -> bool:
        """Whether an action changed anything."""
        return self._db.execute("SELECT 1 FROM changes WHERE seq = ? LIMIT 1", (seq,)).fetchone() is not None

    def steps(self) -> Iterator[Step]:
        """All steps of actions that went on for a while, in the order in which they were made."""
        for seq, revision, found in self._db.execute("SELECT seq, revision, found FROM steps ORDER BY id"):
            yield Step(seq, revision, tuple(unpack_frames(found)))

    def detections(self, n_keypoints: int) -> Iterator[tuple[list[int], Detections]]:
        """(frames, detections) in the order in which they were stored."""
        for frames, n, data in self._db.execute("SELECT frames, n, data FROM detections ORDER BY id"):
            raw, k = zlib.decompress(data), n_keypoints
            ends = np.cumsum([0, 4 * n, 12 * n * k, 16 * n, 4 * n])
            parts = [np.frombuffer(raw[a:b], "<i4" if i == 0 else "<f4") for i, (a, b) in enumerate(pairwise(ends))]
            yield (
                unpack_frames(frames),
                Detections(parts[0], parts[1].reshape(n, k, 3), parts[2].reshape(n, 4), parts[3]),
            )

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        if self._db is not None:
            self._db.close()
            self._db = None


def pack_frames(frames: Iterable[int]) -> str:
    """Frames as text in which runs are short: `0-31,40,50-60`."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def unpack_frames(text: str) -> list[int]:
    """The reverse of `pack_frames`."""
    out: list[int] = []
    for run in filter(None, text.split(",")):
        a, _, b = run.partition("-")
        out += range(int(a), int(b or a) + 1)
    return out


def _connect(path: Path | None, read_only: bool) -> sqlite3.Connection:
    options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}  # the session holds the lock
    if path is None:
        return sqlite3.connect(":memory:", **options)
    if not read_only:
        return sqlite3.connect(path, timeout=5, **options)
    uri = path.resolve().as_uri()
    db = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=5, **options)
    try:
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:  # a folder that nobody may write to: SQLite cannot make its side files there
        db.close()
        db = sqlite3.connect(f"{uri}?immutable=1", uri=True, **options)
    return db


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def damaged(path: Path | None, error: Exception) -> ValueError:
    """What to raise when the bytes of a journal are not those that were written."""
    return ValueError(
        f"Expected a whole journal, got {path}, which is damaged ({' '.join(str(error).split())}); restore a copy, "
        "or open with resume=False to set it aside and begin anew."
    )


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return head in (b"SQLite format 3\0", b"")
