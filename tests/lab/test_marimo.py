"""What people do, in marimo with Chromium: the editor shows, a drag reaches the kernel, other cells follow."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.browser_ui.harness import bundle
from tests.lab.conftest import WALKERS
from tests.lab.editor import EditorOnPage
from tests.lab.marimo import run_app

pytestmark = pytest.mark.browser

SHOWN = f"""
def _():
    import marimo as mo
{textwrap.indent(WALKERS, "    ")}
    annotator = iw.Annotator(session_on(frames, detector), auto_propagate=False)
    widget = mo.ui.anywidget(annotator)
    widget
    return annotator, mo, walkers, widget
"""
FOLLOWS = """
def _(annotator, mo, widget):
    widget.value  # so that this cell runs again when the editor has changed something
    placed = annotator.poses.query("anchor")
    words = ", ".join(f"{k} {x:.1f} {y:.1f}" for k, x, y in zip(placed.keypoint, placed.x, placed.y))
    mo.md(f"in Python: {words or 'nothing'}")
    return
"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The front end as its sources are."""
    bundle()


def test_drag_a_keypoint_and_the_next_cell_follows(chromium, tmp_path: Path) -> None:
    pytest.importorskip("marimo")
    with run_app(tmp_path, [SHOWN.strip(), FOLLOWS.strip()]) as url:
        page = chromium.new_page(viewport={"width": 1200, "height": 1100})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        editor = EditorOnPage(page, 96, 64).ready()
        editor.wait_revision(1)
        page.get_by_text("in Python: nothing").wait_for()
        assert editor.root.evaluate("(e) => e.getRootNode() instanceof ShadowRoot")  # what is special here
        chip = editor.root.locator(".impose-chip", has_text="head")
        editor.press("0", "e")
        chip.wait_for()
        editor.press("Alt+Shift+ArrowRight", "Alt+Shift+ArrowDown")
        editor.wait_revision(2)
        page.get_by_text("in Python: head").wait_for()
        first = page.get_by_text("in Python:").inner_text()
        x, y = (float(v) for v in first.split()[-2:])
        editor.drag((x, y), (x + 7, y + 4))
        editor.wait_revision(3)
        page.wait_for_function("(was) => !document.body.innerText.includes(was)", arg=first)
        x2, y2 = (float(v) for v in page.get_by_text("in Python:").inner_text().split()[-2:])
        assert abs(x2 - x - 7) < 0.6 and abs(y2 - y - 4) < 0.6
        # The wheel and the frame's number need to know where the focus is, which a shadow tree hides.
        editor.press("j")
        page.keyboard.type("12")
        page.keyboard.press("Enter")
        editor.wait(shown=12)
        page.mouse.move(*editor.at((48, 32)))
        before = editor.root.locator(".impose-said").inner_text()
        page.mouse.wheel(0, -300)
        assert "to zoom" not in editor.root.locator(".impose-said").inner_text(), before
        page.close()
        assert errors == []
