"""A Jupyter server of its own, in a temporary folder, and a page of it: JupyterLab or Notebook 7, with Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tests.lab.server import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
APPS = ("lab", "notebook")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `folder` is what it serves."""

    app: str
    url: str
    token: str
    folder: Path
    log: Path


@contextlib.contextmanager
def serve(base: Path, app: str = "lab", subshells: bool = True, kernel_path: Path | None = None) -> Iterator[Server]:
    """Start a server that touches nothing of the user's.

    Args:
        base: an empty folder for everything.
        app: "lab" or "notebook".
        subshells: False has messages of widgets wait behind running cells, as older hosts do.
        kernel_path: a folder that stands first on the kernel's path, with another ipykernel in it.
    """
    folder, log = base / "work", base / "server.log"
    folder.mkdir(parents=True)
    _configure(base, app, subshells)
    port, token = free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
        "--expose-app-in-browser",
    ]  # fmt: skip
    if app == "notebook":
        command.pop()  # there it is a setting
    with log.open("w") as out:
        process = subprocess.Popen(command, env=_environment(base, kernel_path), stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", "Jupyter", process, log)
            yield Server(app, f"http://127.0.0.1:{port}", token, folder, log)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment(base: Path, kernel_path: Path | None) -> dict[str, str]:
    names = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    own = {f"JUPYTER_{key}_DIR": str(base / name) for key, name in names.items()}
    own |= {f"JUPYTERLAB_{key}_DIR": str(base / key.lower()) for key in ("SETTINGS", "WORKSPACES")}
    path = [str(p) for p in (kernel_path, ROOT) if p is not None]
    return (
        os.environ
        | own
        | {"IPYTHONDIR": str(base / "ipython"), "JUPYTER_PLATFORM_DIRS": "1", "PYTHONPATH": os.pathsep.join(path)}
        | {"XDG_DATA_HOME": str(base / "share"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    )


def _configure(base: Path, app: str, subshells: bool) -> None:
    lab = base / "config" / "labconfig"
    lab.mkdir(parents=True)
    # The question about news is not silenced by the command line.
    page = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (lab / "page_config.json").write_text(json.dumps(page))
    if app == "notebook":
        exposed = {"JupyterNotebookApp": {"expose_app_in_browser": True}}
        (base / "config" / "jupyter_notebook_config.json").write_text(json.dumps(exposed))
    if not subshells:
        settings = base / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "kernels-settings.jupyterlab-settings").write_text('{"commsOverSubshells": "disabled"}')


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of code cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in cells], metadata={"kernelspec": kernel}
    )
    nbformat.write(notebook, path)


class NotebookPage:
    """A notebook in the browser. Waits on states, never on time."""

    def __init__(self, page: Any, server: Server, name: str) -> None:
        self.page, self.server, self.name = page, server, name
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, cells: list[str]) -> NotebookPage:
        """Write the notebook, open it and run all cells."""
        write_notebook(self.server.folder / self.name, cells)
        self.visit()
        self.run_all()
        return self

    def visit(self) -> None:
        """Open the notebook's page and wait until its kernel is idle."""
        where = "lab/tree" if self.server.app == "lab" else "notebooks"
        self.page.goto(f"{self.server.url}/{where}/{self.name}?reset&token={self.server.token}")
        self.wait_loaded()

    def wait_loaded(self) -> None:
        """Wait until cells are there and the kernel is idle."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(
            f"() => {{ const k = {KERNEL}; return !!k && k.status === 'idle' && k.connectionStatus === 'connected' }}",
            timeout=120_000,
        )

    def run_all(self) -> None:
        """Run all cells."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def run_cell(self, number: int) -> None:
        """Run one cell, as Shift+Enter does."""
        self.page.evaluate(
            """(n) => { const nb = window.jupyterapp.shell.currentWidget.content; nb.activeCellIndex = n;
                        window.jupyterapp.commands.execute('notebook:run-cell') }""",
            number,
        )

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def python(self, code: str) -> str:
        """Run code in the notebook's kernel over the page's own connection; what it printed."""
        return self.page.evaluate(
            f"""async (code) => {{ const f = {KERNEL}.requestExecute({{code, silent: false, store_history: false}});
                let out = '';
                f.onIOPub = m => {{ const c = m.content;
                    if (m.header.msg_type === 'stream') out += c.text;
                    if (m.header.msg_type === 'error') out += c.ename + ': ' + c.evalue }};
                await f.done; return out.trim() }}""",
            code,
        )

    def until(self, condition: str, timeout: float = 120) -> None:
        """Wait until a condition holds in Python."""
        deadline = time.monotonic() + timeout
        while (shown := self.python(f"print(bool({condition}))")) != "True":
            assert time.monotonic() < deadline and shown == "False", f"{condition}: {shown}"
            time.sleep(0.1)

    def shut_down(self) -> None:
        """End the kernel, or the next tests run beside it."""
        with contextlib.suppress(Exception):
            self.page.evaluate(
                "async () => { await window.jupyterapp?.shell?.currentWidget?.sessionContext?.shutdown() }"
            )


KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
