"""Importing is quick and asks for little: seen from a fresh interpreter."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import impose_widget
from tests.packaging.imports import ROOT

HEAVY = ("torch", "cv2", "av", "IPython", "ipykernel", "anywidget", "ipywidgets", "matplotlib")


def python(script: str) -> str:
    """What a script prints in a new interpreter."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize(
    "use",
    [
        "import impose_widget",
        "import impose_widget as iw; iw.Session; iw.Skeleton; iw.read; iw.write; iw.formats()",
        "from impose_widget.cli.app import app",
        "import impose_widget.render, impose_widget.video, impose_widget.detect",
    ],
)
def test_nothing_heavy_is_loaded(use: str) -> None:
    assert python(f"import sys; {use}; print([m for m in {HEAVY} if m in sys.modules])") == "[]"


def test_the_bare_import_loads_not_even_numpy() -> None:
    script = "import sys, impose_widget; print([m for m in ('numpy', 'pandas', 'typer') if m in sys.modules])"
    assert python(script) == "[]"


def test_the_public_names_are_there() -> None:
    script = (
        "import impose_widget as iw\n"
        "missing = [n for n in iw.__all__ if getattr(iw, n, None) is None]\n"
        "print(missing, sorted(iw.__all__) == sorted(dir(iw)))\n"
        "try:\n    iw.nothing\n"
        "except AttributeError as error:\n    print(error)"
    )
    assert python(script).splitlines() == ["[] True", "module 'impose_widget' has no attribute 'nothing'"]


def test_no_public_name_is_also_a_module() -> None:
    """Importing a module puts it into its package under its name, in the place of the function that is meant."""
    assert not {module.name for module in pkgutil.iter_modules(impose_widget.__path__)} & set(impose_widget.__all__)


def test_without_torch_a_session_without_a_network_works() -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np, impose_widget as iw\n"
        "frames = np.random.default_rng(0).integers(0, 255, (6, 64, 80, 3), np.uint8)\n"
        "s = iw.Session.open(frames, model=None, store=None)\n"
        "s.initialize(progress=False)\n"
        "s.draw_box(0, (10, 10, 30, 40))\n"
        "person = int(s.tracks.track_id.iloc[0]) if len(s.tracks) else 0\n"
        "rows = s.correct(0, person, 'nose', (20, 20))\n"
        "s.propagate(progress=False)\n"
        "poses = s.poses\n"
        "nose = poses[(poses.frame == 0) & (poses.keypoint == 'nose')]\n"
        "print(len(rows), nose.x.tolist(), nose.anchor.tolist())\n"
    )
    assert python(script) == "1 [20.0] [True]"


def test_without_torch_a_network_is_refused_in_one_sentence() -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np, impose_widget as iw\n"
        "frames = np.zeros((2, 64, 80, 3), np.uint8)\n"
        "try:\n"
        "    s = iw.Session.open(frames, store=None)\n"
        "    s.initialize(progress=False)\n"
        "except ImportError as error:\n    print(error)\n"
    )
    said = python(script)
    assert said.startswith("Expected torch") and "model=None" in said and "\n" not in said
