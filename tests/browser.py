"""The browser that tests use: the system's, because none is downloaded."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser() -> str | None:
    """Path of Chromium or Chrome, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def needed_browser() -> str:
    """Path of the browser; without one the test skips, in CI it fails."""
    path = browser()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; `python -m tests` installs it on Debian.")
        pytest.skip("needs Chromium; `python -m tests` says how to get it")
    return path
