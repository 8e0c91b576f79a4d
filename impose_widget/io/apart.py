"""Files of HDF5, read in a process of its own, so that a damaged one takes nobody's notebook along.

libhdf5 runs in circles on some damaged files (a text whose heap leads back to itself) and crashes on others, and
nothing in the same process can stop it. So a helper process reads them, and hands the table over as Parquet. It lives
on for the next file, ends by itself when a file takes too long or none comes, and ends with its parent.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from impose_widget.io import parquet
from impose_widget.io.source import Source

PATIENCE, PACE = 20.0, 500_000  # seconds for any file, and bytes for which there is another one
IDLE = 60.0  # seconds without a file after which the helper ends
ERRORS = (ValueError, ImportError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError, OSError)
Read = Callable[[Path, str | None, str | None], pd.DataFrame]


def read_apart(path: Path, format: str | None, video: str | None, read: Read) -> pd.DataFrame:
    """What `read(path, format, video)` returns or raises, called in the helper; here if there can be none.

    Raises:
        ValueError: the file made the helper crash, or took too long.
    """
    with _HELPER.lock, tempfile.TemporaryDirectory() as folder:
        if not _HELPER.ready():
            return read(path, format, video)
        target = Path(folder) / "poses.parquet"
        seconds = PATIENCE + path.stat().st_size / PACE
        answer = _HELPER.ask(
            {"path": str(path), "format": format, "video": video, "to": str(target), "seconds": seconds}
        )
        if answer is None:
            raise ValueError(
                f"Expected a sound HDF5 file, got {path}, which made HDF5 crash or took longer than {seconds:.0f} s."
            )
        if "error" in answer:
            kinds = {kind.__name__: kind for kind in ERRORS}
            raise kinds.get(answer["error"], ValueError)(answer["message"])
        return parquet.read(Source(target))


class _Helper:
    """The one helper of this process, started when it is needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = self._used = 0.0

    def ready(self) -> bool:
        """Whether there is one, after starting it if need be."""
        stale = time.monotonic() - self._used > IDLE / 2 or self._owner != os.getpid()  # another's, after a fork
        if self._process is None or stale or self._process.poll() is not None:
            self.end()
            self._process, self._owner = _started(), os.getpid()
        return self._process is not None

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Its answer; None if it ended instead."""
        try:
            line = _say(self._process, request)
        except BaseException:  # an interrupt: nobody waits for the answer any more
            self.end()
            raise
        self._used = time.monotonic()
        if not line:
            self.end()
        return json.loads(line) if line else None

    def end(self) -> None:
        """End it, whatever it is doing, if it is this process's own."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()


_HELPER = _Helper()
atexit.register(_HELPER.end)


def _started() -> subprocess.Popen[str] | None:
    """A helper that is ready; None where no further Python can be started."""
    root = str(Path(__file__).parents[2])
    paths = {"PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", "from impose_widget.io import apart; apart.serve()"]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=os.environ | paths, encoding="utf-8"
        )
    except (OSError, ValueError):
        return None
    return process if _say(process, None) else None


def _say(process: subprocess.Popen[str], request: dict[str, Any] | None) -> str:
    """Send a request, if there is one, and wait for a line; empty if the process ended."""
    with contextlib.suppress(BrokenPipeError):
        if request is not None:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
    return process.stdout.readline()


def serve() -> None:
    """Be the helper: read the files that are named on the standard input, until it ends."""
    from impose_widget.io.registry import read_here

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    _answer(answers, {})
    while True:
        faulthandler.dump_traceback_later(IDLE, exit=True)
        line = sys.stdin.readline()
        if not line:
            return
        request = json.loads(line)
        faulthandler.dump_traceback_later(request["seconds"], exit=True)  # its watchdog runs even while C code does
        try:
            parquet.write(read_here(Path(request["path"]), request["format"], request["video"]), Path(request["to"]))
            _answer(answers, {})
        except Exception as error:
            kind = next((k for k in ERRORS if isinstance(error, k)), ValueError)
            _answer(answers, {"error": kind.__name__, "message": str(error)})


def _answer(answers: TextIO, value: dict[str, str]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()
