"""Jupyter servers by kind, one browser for all, and one notebook a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import ARGUMENTS, needed_browser
from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import NotebookPage, Server, serve

HOSTS: dict[str, dict[str, Any]] = {
    "lab": {},
    "lab without subshells": {"subshells": False},
    "lab with ipykernel 6": {"ipykernel6": True},
    "notebook 7": {"app": "notebook"},
}
SCREENSHOTS = os.environ.get("IMPOSE_SCREENSHOTS")

WALKERS = """
import numpy as np, time
import impose_widget as iw
from tests.walkers import Walkers, TruthDetector
from tests.session.sessions import session_on
from tests.widget.test_host import Endless
walkers = Walkers(n_frames=30, width=96, height=64, starts=[(20, 30), (70, 34)], speeds=[(0.8, 0.1), (-0.7, 0.0)])
frames, detector = walkers.render(), TruthDetector(walkers)
"""
"""A cell that makes the clip of the tests; the session comes next."""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed_browser(), headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory) -> Iterator[Callable[[str], Server]]:
    """Starts a server of a kind when it is first asked for."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def start(host: str) -> Server:
            if host not in running:
                options = dict(HOSTS[host])
                if options.pop("ipykernel6", False):
                    options["kernel_path"] = older_ipykernel(tmp_path_factory.mktemp("ipykernel6"))
                base = tmp_path_factory.mktemp(re.sub(r"\W", "_", host))
                running[host] = stack.enter_context(serve(base, **options))
            return running[host]

        yield start


def older_ipykernel(folder: Path) -> Path:
    """ipykernel 6, as Colab and older set-ups have it, in a folder of its own."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), "ipykernel==6.31.0"]
    if subprocess.call(command) != 0:
        if os.environ.get("CI"):
            pytest.fail("ipykernel 6 could not be installed for the test")
        pytest.skip("ipykernel 6 could not be installed")
    return folder


@pytest.fixture(params=["lab"])
def host(request) -> str:
    """Which kind of Jupyter; parametrise it indirectly for others."""
    return request.param


@pytest.fixture
def notebook(servers, chromium, host, request) -> Iterator[NotebookPage]:
    """An empty page; open it with cells. Ends with a screenshot if the test failed."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(90_000)
    name = re.sub(r"\W+", "_", request.node.name)
    notebook = NotebookPage(context.new_page(), servers(host), f"{name}.ipynb")
    yield notebook
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        notebook.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
    notebook.shut_down()
    context.close()
    errors = [e for e in notebook.errors if "reading 'schema'" not in e]  # Notebook 7's own
    assert not errors


@pytest.fixture
def editor(notebook: NotebookPage) -> EditorOnPage:
    """The editor in the notebook, on the clip of the tests."""
    return EditorOnPage(notebook.page, 96, 64)
