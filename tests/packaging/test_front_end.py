"""The front end's own checks and tests, run with the Node that comes as a Python package or is on the machine."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.browser_ui.harness import build_hook
from tests.packaging.imports import ROOT

pytestmark = pytest.mark.slow
JS = ROOT / "js"


def npm(*arguments: str) -> str:
    """Run npm in js/; what it printed."""
    node, command = build_hook().find_node()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    run = subprocess.run([*command, *arguments], cwd=JS, env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def tools() -> None:
    """All tools as the lock file names them; what is there already is left."""
    if not (JS / "node_modules" / "vitest").is_dir():
        npm("ci")


def test_types_and_style(tools: None) -> None:
    npm("run", "check")


def test_units(tools: None) -> None:
    printed = npm("test")
    assert " passed" in printed and "failed" not in printed
