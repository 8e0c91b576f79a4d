"""All tests, with what they need: `python -m tests [pytest arguments]`.

Browser tests need Chromium. On Debian as root it is installed; elsewhere a sentence says what to do, and those tests
skip, except in CI (CI=true), where a missing browser is a failure.
"""

from __future__ import annotations

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


def in_ci() -> bool:
    """Whether this runs where nobody can install what is missing."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
