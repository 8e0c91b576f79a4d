"""JupyterLab with a notebook that is ready to run."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

INSTALL = "pip install 'impose-widget[lab]'"

HOW = """# Annotate {name}

Run the two cells (Shift+Enter). Drag a keypoint where it is wrong: the correction travels to the other frames.
Press `?` in the editor for all keys. Everything is saved as it happens."""


def write_notebook(path: Path, video: str, name: str, options: dict[str, Any] | None = None) -> bool:
    """A notebook with the annotator on a video; one that is there already is left alone.

    Args:
        path: of the notebook.
        video: of the video, as the notebook's code is to say it.
        name: for the title.
        options: further keywords of `Annotator`.

    Returns:
        Whether it was written.
    """
    if path.exists():
        return False
    arguments = "".join(f", {key}={value!r}" for key, value in (options or {}).items())
    code = [
        f"import impose_widget as iw\n\nannotator = iw.Annotator({video!r}{arguments})\nannotator",
        "annotator.poses",
    ]
    cells = [_cell("markdown", HOW.format(name=name)), *(_cell("code", text) for text in code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
    return True


def _cell(kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{zlib.crc32(text.encode()):08x}",
        "metadata": {},
        "source": text,
    }
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def check_lab() -> None:
    """Raise an ImportError that says what to install, if JupyterLab is missing."""
    if find_spec("jupyterlab") is None:
        raise ImportError(f"Expected JupyterLab to open the notebook in, got none; install it with: {INSTALL}")


def open_lab(notebook: Path, browser: bool = True) -> int:
    """Run JupyterLab on a notebook until it is stopped; returns its exit code."""
    check_lab()
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    return subprocess.call(command if browser else [*command, "--no-browser"])
