"""All tests, with what they need: `python -m tests [pytest arguments]`.

Browser tests need Chromium. On Debian as root it is installed; elsewhere a sentence says what to do, and those tests
skip, except in CI (CI=true), where a missing browser is a failure.

HOTA is checked against TrackEval, which asks pip for another build of OpenCV than ours, and two builds overwrite each
other's files: so it is installed here without what it asks for, which it does not need.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser import browser

INSTALL = (
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
)


def main(arguments: list[str]) -> int:
    """Make sure of the browser, then run pytest in this process; returns its exit code."""
    ensure_browser()
    ensure_trackeval()
    if browser() is None and in_ci():
        sys.stderr.write("Chromium is missing and could not be installed; in CI that is a failure.\n")
        return 1
    import pytest

    os.chdir(Path(__file__).resolve().parents[1])
    return int(pytest.main(arguments))


def ensure_browser() -> None:
    """Install Chromium where that can be done without asking; else say how to."""
    if browser() is not None:
        return
    can = shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0
    if can:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = [subprocess.run(c, env=environment, stdout=subprocess.DEVNULL).returncode for c in INSTALL]
        can = done[-1] == 0
    if not can:
        sys.stderr.write(
            "No Chromium was found, so browser tests are skipped; install the package chromium (Debian) or Chrome.\n"
        )


def ensure_trackeval() -> None:
    """Install TrackEval by itself; where that cannot be done the tests that need it skip, or fail in CI."""
    if importlib.util.find_spec("trackeval") is not None:
        return
    constraints = Path(__file__).resolve().parents[1] / "constraints.txt"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "-c", str(constraints), "trackeval"]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.stderr.write("TrackEval could not be installed: pip install --no-deps trackeval\n")


def in_ci() -> bool:
    """Whether this runs where nobody can install what is missing."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
