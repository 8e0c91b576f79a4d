"""A marimo server of its own, in a temporary folder, that runs one notebook as an app."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lab.jupyter import ROOT
from tests.lab.server import free_port, wait_for


@contextlib.contextmanager
def run_app(folder: Path, cells: list[str]) -> Iterator[str]:
    """Runs a notebook of cells (each with the names that it hands on in its last line, as marimo wants them).

    Yields:
        the app's address.
    """
    body = "\n\n".join(f"@app.cell\n{cell}" for cell in cells)
    notebook = folder / "notebook.py"
    notebook.write_text(f"import marimo\n\napp = marimo.App()\n\n\n{body}\n", encoding="utf-8")
    port = free_port()
    own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "marimo", "-q", "run", str(notebook), "--headless", "--no-token", f"--port={port}"]
    log = folder / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=os.environ | own, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/health", "marimo", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
