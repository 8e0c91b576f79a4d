"""What people do, in real JupyterLab and Notebook 7 with Chromium: each test is one errand from start to end."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.lab.conftest import HOSTS, SCREENSHOTS, WALKERS
from tests.lab.editor import EditorOnPage
from tests.lab.film import Film, correct_and_propagate
from tests.lab.jupyter import ROOT, NotebookPage

pytestmark = pytest.mark.browser

ANNOTATE = WALKERS + "annotator = iw.Annotator(session_on(frames, detector), auto_propagate=False)\nannotator"
STORED = WALKERS + "annotator = iw.Annotator(session_on(frames, detector, Path('clip.impose')))\nannotator"
STORED = STORED.replace("import numpy", "from pathlib import Path\nimport numpy")
everywhere = pytest.mark.parametrize("host", list(HOSTS), indirect=True)


def placed(notebook: NotebookPage) -> list:
    """What humans placed: [frame, track_id, keypoint, x, y] of each, read in Python."""
    code = (
        "import json; p = annotator.poses.query('anchor');"
        "print(json.dumps([[int(f), int(i), str(k), float(x), float(y)]"
        " for f, i, k, x, y in zip(p.frame, p.track_id, p.keypoint, p.x, p.y)]))"
    )
    return json.loads(notebook.python(code))


def truth(notebook: NotebookPage, frame: int, person: int, keypoint: int) -> list[float]:
    return json.loads(notebook.python(f"print(walkers.truth[{frame}, {person}, {keypoint}].tolist())"))


@everywhere
def test_drag_a_keypoint_and_read_it_in_the_next_cell(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE, "annotator.poses.query('anchor')[['frame', 'x', 'y', 'source']].round(1)"])
    editor.ready()
    editor.wait_revision(1)
    editor.go(3)
    x, y = truth(notebook, 3, 0, 0)
    editor.click((x, y))
    revision = editor.revision
    editor.drag((x, y), (x + 8, y - 6))
    editor.wait_revision(revision + 1)
    [[frame, track_id, keypoint, px, py]] = placed(notebook)
    assert (frame, track_id, keypoint) == (3, 0, "head") and abs(px - x - 8) < 0.5 and abs(py - y + 6) < 0.5
    notebook.run_cell(1)
    notebook.page.wait_for_selector(".jp-OutputArea-output table >> text=human")
    assert "memory only" in editor.text().lower()


@everywhere
def test_a_correction_travels_and_escape_stops_it(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE, "annotator.session._propagator = Endless()"])
    editor.ready()
    editor.wait_revision(1)
    x, y = truth(notebook, 0, 0, 0)
    editor.click((x, y))
    editor.drag((x, y), (x + 4, y - 4))
    editor.press("g")
    editor.root.get_by_text("Propagating person 0").first.wait_for()
    assert notebook.python("print((annotator.poses.source == 'propagated').sum() >= 0, annotator.busy)") == "True True"
    editor.press("Escape")
    notebook.page.wait_for_function("(root) => root.dataset.imposeState === 'ready'", arg=editor.root.element_handle())
    notebook.until("not annotator.busy")
    assert notebook.python("print(annotator.busy, (annotator.poses.source == 'propagated').any())") == "False True"


def test_undo_and_redo_from_the_keyboard(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE])
    editor.ready()
    editor.wait_revision(1)
    x, y = truth(notebook, 0, 1, 1)
    editor.click((x, y))
    editor.drag((x, y), (x + 5, y + 5))
    editor.wait_revision(2)
    editor.press("Control+z")
    editor.wait_revision(3)
    assert placed(notebook) == []
    editor.press("Control+Shift+z")
    editor.wait_revision(4)
    assert len(placed(notebook)) == 1
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 1


def test_draw_a_box_around_a_missed_person(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE.replace("TruthDetector(walkers)", "TruthDetector(walkers, [(t, 1) for t in range(30)])")])
    editor.ready()
    editor.wait_revision(1)
    assert notebook.python("print(annotator.tracks.track_id.tolist())") == "[0]"
    editor.press("b")
    x, y = truth(notebook, 0, 1, 0)
    editor.drag((x - 12, y - 14), (x + 12, y + 26))
    editor.wait_revision(2)
    shown = notebook.python(
        "print(annotator.tracks.track_id.tolist(), annotator.boxes.query('track_id == 1').anchor.any())"
    )
    assert shown == "[0, 1] True"


def test_swap_two_people_from_here_on(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE])
    editor.ready()
    editor.wait_revision(1)
    editor.go(10)
    editor.click(truth(notebook, 10, 0, 0))
    editor.press("x")
    editor.page.keyboard.press("1")
    editor.page.keyboard.press("Enter")
    editor.wait_revision(2)
    code = "e = annotator.events.iloc[-1]; print(e.action, e.frame, e.track_id, e.track_id_b)"
    assert notebook.python(code) == "swap 10 0 1"


@everywhere
def test_keys_do_not_leak_into_the_notebook(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE, "1 + 1", "2 + 2"])
    editor.ready()
    editor.click((2, 2))
    before = notebook.page.evaluate("() => window.scrollY")
    for key in ("x", "Control+z", "Space", "Space", "ArrowDown", "ArrowUp", "ArrowRight", "d", "d", "a", "b", "Escape"):
        notebook.page.keyboard.press(key)
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 3
    assert notebook.page.evaluate("() => window.scrollY") == before
    assert editor.root.is_visible()


def test_reload_a_second_tab_and_a_second_view_show_one_state(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE, "annotator"])
    editor.ready()
    second = EditorOnPage(notebook.page, 96, 64, nth=1)
    second.ready()
    editor.root.scroll_into_view_if_needed()
    x, y = truth(notebook, 0, 0, 0)
    editor.click((x, y))
    editor.drag((x, y), (x + 5, y - 5))
    editor.wait_revision(2)
    second.wait_revision(2)
    notebook.save()
    notebook.python("annotator.correct(4, 1, 'head', (50, 30))")
    editor.wait_revision(3)
    notebook.page.reload()
    notebook.wait_loaded()
    editor.ready()
    editor.wait_revision(3)
    x2, y2 = truth(notebook, 0, 1, 0)
    editor.click((x2, y2))
    editor.drag((x2, y2), (x2 - 5, y2 - 5))
    editor.wait_revision(4)
    assert len(placed(notebook)) == 3, "the page works on after a reload"
    tab = NotebookPage(notebook.page.context.new_page(), notebook.server, notebook.name)
    tab.visit()
    other = EditorOnPage(tab.page, 96, 64).ready()
    other.wait_revision(4)
    notebook.python("annotator.undo()")
    other.wait_revision(5)
    editor.wait_revision(5)
    tab.page.close()


def test_a_killed_kernel_is_said_and_nothing_is_lost(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open(["import os; print(os.getpid())", STORED])
    editor.ready()
    editor.wait_revision(1)
    x, y = truth(notebook, 0, 0, 0)
    editor.click((x, y))
    editor.drag((x, y), (x + 5, y - 5))
    editor.wait_revision(2)
    before = placed(notebook)
    os.kill(int(notebook.python("import os; print(os.getpid())")), signal.SIGKILL)
    notebook.page.get_by_text("kernel", exact=False).first.wait_for()
    editor.page.wait_for_function(
        "(root) => root.dataset.imposeState === 'dead'", arg=editor.root.element_handle(), timeout=60_000
    )
    assert "kernel" in editor.text().lower() and "lost" in editor.text().lower()
    notebook.page.keyboard.press("Escape")
    dismiss = notebook.page.locator(".jp-Dialog button")
    while dismiss.count():
        dismiss.first.click()
    notebook.wait_idle()
    notebook.run_all()
    again = EditorOnPage(notebook.page, 96, 64)
    again.ready()
    again.wait_revision(2)
    assert placed(notebook) == before


def test_a_picture_stands_in_a_saved_notebook_without_a_kernel(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE])
    editor.ready()
    picture = notebook.page.locator(".impose-static")
    assert picture.count() == 1 and not picture.is_visible(), "a living view hides it"
    notebook.save()
    saved = Path(notebook.server.folder / notebook.name)
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    assert "data:image/jpeg;base64" in saved.read_text()
    notebook.shut_down()
    notebook.page.reload()
    notebook.page.wait_for_selector(".jp-Notebook .jp-Cell")
    picture.wait_for(state="visible")


def test_the_clip_that_ships_from_nothing_to_a_carried_correction(notebook: NotebookPage) -> None:
    clip = ROOT / "impose_widget" / "assets" / "store_aisle.mp4"
    notebook.open([f"import impose_widget as iw\nannotator = iw.Annotator({str(clip)!r}, store=None)\nannotator"])
    editor = EditorOnPage(notebook.page, 480, 270).ready()
    notebook.until("annotator.frames.found.iloc[:30].all()", timeout=300)
    film = Film(notebook.page, editor) if SCREENSHOTS else None
    person = correct_and_propagate(notebook, editor, film)
    if film is not None:
        assert film.save(Path(SCREENSHOTS) / "correct.webp") < 2_000_000
    moved = notebook.python(
        f"p = annotator.poses.query('frame == 24 and track_id == {person}');"
        "p = p[p.keypoint == 'left_wrist'].iloc[0];"
        "print(abs(p.x - 397) < 15 and abs(p.y - 60) < 15, p.source)"
    )
    assert moved == "True propagated"
