"""Finding what is wrong and mending it, in real JupyterLab on the real session: each test is one errand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.lab.conftest import WALKERS
from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import NotebookPage

pytestmark = pytest.mark.browser

LAST = 29
DETECTOR = "detector = TruthDetector(walkers, wrong={WRONG})\n"
SHOW = "annotator = iw.Annotator(session_on(frames, detector), auto_propagate=False)\nannotator"


def open_with(notebook: NotebookPage, editor: EditorOnPage, wrong: str = "{}", people: int = 2) -> None:
    """Open the clip of the tests with a detector that errs as told, and wait until the page knows everybody."""
    notebook.open([WALKERS + DETECTOR.replace("{WRONG}", wrong) + SHOW])
    editor.ready()
    for track_id in range(people):
        editor.knows(track_id, 0, LAST)
    editor.idle()


def told(notebook: NotebookPage, expression: str) -> Any:
    """A value of the session, through JSON."""
    return json.loads(notebook.python(f"import json; print(json.dumps({expression}, default=lambda v: v.item()))"))


def head(frame: int, person: int = 0) -> str:
    """Where a head is, for `told`."""
    return (
        f"annotator.poses.query('frame == {frame} and track_id == {person} and keypoint == \"head\"')"
        "[['x', 'y']].iloc[0].astype(float).tolist()"
    )


SOURCES = (
    "annotator.poses.query('track_id == 0 and keypoint == \"head\"').set_index('frame').source.astype(str).to_dict()"
)


def test_find_the_next_issue_and_fix_it(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor, wrong="{(12, 0, 0): (26, -3)}")
    worst = told(notebook, "annotator.next_issue()[['kind', 'frame', 'track_id', 'keypoint', 'reason']].tolist()")
    assert worst[:4] == ["jump", 12, 0, "head"], worst
    editor.press("n")
    editor.wait(frame=12, shown=12)
    card = editor.root.locator(".impose-issue")
    card.get_by_text(worst[4]).wait_for()
    mend = card.locator(".impose-primary", has_text="Put it in between")
    mend.wait_for()
    truth = told(notebook, "walkers.truth[12, 0, 0].tolist()")
    wrong, revision = math.dist(told(notebook, head(12)), truth), editor.revision
    editor.press("Enter")
    editor.wait_revision(revision + 1)
    # Finding smooths over time, so the frames beside were drawn along a little.
    assert math.dist(told(notebook, head(12)), truth) < 6 < 10 < wrong
    assert (
        told(notebook, "[k for k in annotator.issues.query('frame == 12 and track_id == 0').kind if k == 'jump']") == []
    )
    editor.press("n")
    editor.idle()
    assert told(notebook, "annotator.events.iloc[-1].action") == "correct", "looking at issues changes nothing"


def test_an_issue_is_accepted_as_it_is_and_does_not_come_again(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor, wrong="{(12, 0, 0): (26, -3), (20, 1, 3): (0, 24)}")
    first = told(notebook, "int(annotator.next_issue().issue)")
    editor.press("n")
    editor.root.locator(".impose-issue").wait_for()
    revision = editor.revision
    editor.press("a")
    editor.wait_revision(revision + 1)
    notebook.until(f"annotator.issues.set_index('issue').state[{first}] == 'accepted'")
    assert told(notebook, "int(annotator.next_issue().issue)") != first
    editor.root.locator(".impose-issue").wait_for()


def test_a_swap_is_previewed_and_confirmed(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor)
    editor.go(10)
    editor.click(told(notebook, "walkers.truth[10, 0, 0].tolist()"))
    editor.root.locator('.impose-list [data-track="0"][data-selected="true"]').wait_for()
    revision = editor.revision
    before = told(notebook, f"[{head(9)}, {head(20)}, {head(20, 1)}]")
    editor.press("x", "1")
    question = editor.root.locator(".impose-question")
    question.get_by_text("0 becomes 1 and 1 becomes 0, in frames 10 to 29").wait_for()
    assert editor.revision == revision, "a preview changes nothing"
    editor.press("Enter")
    editor.wait_revision(revision + 1)
    after = told(notebook, f"[{head(9)}, {head(20, 1)}, {head(20)}]")
    assert after == before
    editor.press("Control+z")
    editor.wait_revision(revision + 2)
    assert told(notebook, f"[{head(9)}, {head(20)}, {head(20, 1)}]") == before


def test_a_range_is_deleted_and_undone_in_one_step(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor)
    everything = told(notebook, "int(annotator.poses.shape[0])")
    editor.click(told(notebook, "walkers.truth[0, 1, 0].tolist()"))
    editor.root.locator('.impose-list [data-track="1"][data-selected="true"]').wait_for()
    editor.go(8)
    editor.press("(")
    editor.go(14)
    editor.press(")")
    editor.root.locator(".impose-range-bar", has_text="Frames 8–14").wait_for()
    revision = editor.revision
    editor.press("Control+Delete")
    editor.root.locator(".impose-question", has_text="frames 8 to 14").wait_for()
    assert editor.revision == revision, "a question changes nothing"
    editor.press("Enter")
    editor.wait_revision(revision + 1)
    frames = "sorted(set(annotator.poses.query('track_id == 1').frame.tolist()))"
    assert told(notebook, frames) == [*range(8), *range(15, 30)]
    editor.press("Control+z")
    editor.wait_revision(revision + 2)
    assert told(notebook, frames) == list(range(30))
    assert told(notebook, "int(annotator.poses.shape[0])") == everything


def test_half_of_a_propagation_is_rejected_after_a_look_back(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor, wrong="{(t, 0, 0): (0, -6) for t in range(30)}")
    editor.go(15)
    x, y = told(notebook, head(15))
    editor.click((x, y))
    editor.root.locator('.impose-list [data-track="0"][data-selected="true"]').wait_for()
    revision = editor.revision
    editor.drag((x, y), (x, y + 6))
    editor.wait_revision(revision + 1)
    editor.press("Alt+g")
    notebook.until("(annotator.poses.source == 'propagated').any() and not annotator.busy")
    editor.idle()
    carried = {int(f) for f, source in told(notebook, SOURCES).items() if source == "propagated"}
    assert len({f for f in carried if f > 15}) > 4 and len({f for f in carried if f < 15}) > 4
    editor.press("z")
    panel = editor.root.locator(".impose-lookback")
    panel.wait_for()
    assert f"{len(carried)} frames of person 0 changed" in panel.inner_text()
    editor.go(16)
    panel.get_by_text("Here 1 keypoint changed").wait_for()
    editor.press("(")
    editor.go(29)
    editor.press(")")
    panel.get_by_role("button", name="frames 16–29").wait_for()
    revision = editor.revision
    editor.press("Shift+Z")
    editor.wait_revision(revision + 1)
    rest = {int(f) for f, source in told(notebook, SOURCES).items() if source == "propagated"}
    assert rest == {f for f in carried if f < 16}
    assert told(notebook, "annotator.poses.query('anchor').frame.tolist()") == [15]
    panel.get_by_text(f"{len(rest)} frames of person 0 changed").wait_for()
    editor.press("Control+z")
    editor.wait_revision(revision + 2)
    again = {int(f) for f, source in told(notebook, SOURCES).items() if source == "propagated"}
    assert again == carried


def test_a_person_is_read_anew_in_a_drawn_box(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor, wrong="{(t, 0, k): (0, -5) for k in (0, 1) for t in (0, 1, 2)}")
    x, y = told(notebook, head(0))
    editor.click((x, y))
    editor.root.locator('.impose-list [data-track="0"][data-selected="true"]').wait_for()
    tx, ty = told(notebook, "walkers.truth[0, 0].mean(0).tolist()")
    revision = editor.revision
    editor.press("Shift+B")
    editor.root.locator(".impose-hint", has_text="Drag a box").wait_for()
    editor.drag((tx - 10, ty - 14), (tx + 10, ty + 14))
    editor.wait_revision(revision + 1)
    assert told(notebook, "annotator.tracks.track_id.tolist()") == [0, 1], "nobody is new"
    truth = told(notebook, "walkers.truth[0, 0, 0].tolist()")
    assert math.dist(told(notebook, head(0)), truth) < 1 < 3 < math.dist((x, y), truth)


def test_without_a_network_keypoint_after_keypoint_is_asked_for(notebook: NotebookPage, editor: EditorOnPage) -> None:
    notebook.open([WALKERS + "annotator = iw.Annotator(session_on(frames, None))\nannotator"])
    editor.ready()
    editor.press("b")
    editor.drag((8, 14), (32, 46))
    hint = editor.root.locator(".impose-hint")
    hint.get_by_text("Where is the head? (1 of 4)").wait_for()
    editor.click((20, 18))
    hint.get_by_text("Where is the left hand? (2 of 4)").wait_for()
    editor.press("e")
    hint.get_by_text("Where is the right hand? (3 of 4)").wait_for()
    editor.click((27, 29), button="right")
    hint.get_by_text("Where is the foot? (4 of 4)").wait_for()
    editor.click((20, 42))
    notebook.until("(annotator.poses.query('frame == 0').visibility > 0).sum() == 3")
    rows = told(
        notebook, "annotator.poses.query('frame == 0')[['visibility', 'x']].round(0).fillna(-1).values.tolist()"
    )
    assert rows == [[2, 20], [0, -1], [1, 27], [2, 20]]


def test_a_box_is_moved_apart_from_the_keypoints_and_fitted_again(notebook: NotebookPage, editor: EditorOnPage) -> None:
    open_with(notebook, editor)
    editor.press("0", "Alt+b")
    boxes, poses = "annotator.boxes.query('frame == 0 and track_id == 0')", "annotator.poses.to_json()"
    x, y, w, h = told(notebook, f"{boxes}[['x', 'y', 'w', 'h']].iloc[0].astype(float).tolist()")
    before, revision = told(notebook, poses), editor.revision
    editor.drag((x, y), (x - 4, y - 6))
    editor.wait_revision(revision + 1)
    now = told(notebook, f"{boxes}[['x', 'y', 'w', 'h']].iloc[0].astype(float).tolist()")
    assert math.dist(now, (x - 4, y - 6, w + 4, h + 6)) < 1, (now, (x, y, w, h))
    assert told(notebook, f"{boxes}[['source', 'anchor']].iloc[0].tolist()") == ["human", True]
    assert told(notebook, poses) == before
    editor.press("Alt+Shift+b")
    editor.wait_revision(revision + 2)
    assert told(notebook, f"bool({boxes}.anchor.iloc[0])") is False
    editor.press("Control+z")
    editor.wait_revision(revision + 3)
    assert told(notebook, f"{boxes}[['x', 'y', 'w', 'h']].iloc[0].astype(float).tolist()") == now
