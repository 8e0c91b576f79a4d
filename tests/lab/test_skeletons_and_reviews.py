"""Animals and hands, and reviews, in JupyterLab: a skeleton of one's own from a file; verdicts, guidelines, a file."""

from __future__ import annotations

import json

import pytest

from tests.lab.conftest import WALKERS
from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import NotebookPage
from tests.lab.test_journeys import ANNOTATE

pytestmark = pytest.mark.browser
BEAST = """name: beast
keypoints: [snout, left_paw, right_paw, tail]
edges: [[snout, left_paw], [snout, right_paw], [snout, tail]]
flip_pairs: [[left_paw, right_paw]]
"""
OWN = (
    WALKERS
    + f"""
from pathlib import Path
Path("beast.yaml").write_text({BEAST!r})
Path("guidelines.toml").unlink(missing_ok=True)
annotator = iw.Annotator(frames, model=None, skeleton="beast.yaml", store=None, auto_propagate=False)
annotator"""
)


def read(notebook: NotebookPage, expression: str) -> list:
    return json.loads(notebook.python(f"import json; print(json.dumps({expression}))"))


def test_a_skeleton_of_ones_own_is_placed_flipped_and_carried_by_flow(
    notebook: NotebookPage, editor: EditorOnPage
) -> None:
    notebook.open([OWN])
    editor.ready()
    truth = read(notebook, "walkers.truth[0, 0].tolist()")
    # A box for somebody whom no network knows: an empty pose, to be filled.
    xs, ys = [p[0] for p in truth], [p[1] for p in truth]
    editor.press("b")
    editor.drag((min(xs) - 4, min(ys) - 4), (max(xs) + 4, max(ys) + 4))
    editor.root.locator(".impose-list [data-track]").wait_for()
    names = editor.root.locator(".impose-chip")
    assert names.all_inner_texts() == ["snout", "L paw", "R paw", "tail"]
    for name, xy in zip(("snout", "L paw", "R paw", "tail"), truth, strict=True):
        editor.press("Escape", "Escape")
        editor.press("0")
        revision = editor.revision
        names.get_by_text(name, exact=True).click()
        editor.root.locator(".impose-hint").wait_for()
        editor.click(xy)
        editor.wait_revision(revision + 1)
    rows = read(notebook, "annotator.poses.query('frame == 0')[['keypoint', 'x', 'y']].astype(str).values.tolist()")
    assert [r[0] for r in rows] == ["snout", "left_paw", "right_paw", "tail"]
    for row, xy in zip(rows, truth, strict=True):
        assert abs(float(row[1]) - xy[0]) < 0.6 and abs(float(row[2]) - xy[1]) < 0.6
    editor.wait(state="ready")
    # Left and right are those of the file.
    revision = editor.revision
    editor.press("0", "l")
    editor.wait_revision(revision + 1)
    flipped = read(notebook, "annotator.poses.query('frame == 0')[['x', 'y']].values.tolist()")
    for k, j in enumerate((0, 2, 1, 3)):
        assert abs(flipped[k][0] - float(rows[j][1])) < 0.01
    editor.press("Control+z")
    editor.wait_revision(revision + 2)
    # Optical flow carries it.
    editor.press("0", "g")
    notebook.until("(annotator.poses.source == 'propagated').sum() >= 8")
    notebook.until("not annotator.busy")
    carried = read(notebook, "[r.tolist() for r in annotator.poses.query('frame == 2')[['x', 'y']].values]")
    there = read(notebook, "walkers.truth[2, 0].tolist()")
    assert max(abs(a[i] - b[i]) for a, b in zip(carried, there, strict=True) for i in (0, 1)) < 3


def test_a_review_with_words_and_the_file_at_its_end(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([ANNOTATE])
    editor.ready()
    editor.wait_revision(1)
    editor.press("Alt+2", "0")
    editor.root.locator(".impose-verdict", has_text="Person 0: not looked at").wait_for()
    editor.press("Alt+a")
    editor.root.locator(".impose-verdict", has_text="Person 1: not looked at").wait_for()
    editor.press("Alt+c")
    notebook.page.keyboard.type("this is the other one")
    notebook.page.keyboard.press("Control+Enter")
    editor.root.locator(".impose-remark", has_text="this is the other one").wait_for()
    editor.press("Alt+Shift+A")
    editor.root.locator(".impose-progress", has_text="2 of 60 poses looked at · 1 wrong").wait_for()
    said = read(notebook, "annotator.reviews[['frame', 'track_id', 'verdict']].astype(str).values.tolist()")
    assert said == [["0", "0", "accepted"], ["0", "1", "rejected"]]
    clicks = editor.root.locator(".impose-meters dd").first.inner_text()
    assert int(clicks) == read(notebook, "annotator.metrics()['clicks']")
    editor.press("Alt+3")
    editor.root.locator(".impose-judged", has_text="pixels").wait_for()
    editor.root.locator(".impose-markdown", has_text="Who is annotated").wait_for()
    editor.press("Control+e")
    sheet = editor.root.locator(".impose-export")
    sheet.locator("option").first.wait_for(state="attached")
    sheet.locator("[data-export=format]").select_option("mot")
    sheet.locator(".impose-losses li").first.wait_for()
    sheet.locator("[data-export=path]").fill("people.txt")
    sheet.locator("[data-export=path]").press("Tab")
    sheet.get_by_role("button", name="Export", exact=True).click()
    sheet.locator(".impose-result", has_text="read back and compared").wait_for()
    assert len((notebook.server.folder / "people.txt").read_text().splitlines()) == 60
