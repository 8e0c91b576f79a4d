"""A whole piece of work without a pointer: what can be done at all can be done by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser
ISSUE = """kernel.issues = [{issue: 1, frame: 10, frame_end: 10, track_id: 1, keypoint: 'left_wrist', kind: 'jump',
                             severity: 0.9, reason: 'The left wrist jumps by 60 px.'}]"""


def settled(widget: Widget, revision: int) -> None:
    widget.until(f"kernel.revision === {revision} && document.querySelector('.impose').dataset.imposeState === 'ready'")


def test_correct_what_an_issue_shows_and_propagate(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget("", ISSUE)
    widget.ready()
    keys = widget.page.keyboard
    keys.press("Tab")  # into the widget, as anybody gets there
    assert widget.page.evaluate("document.activeElement.classList.contains('impose')")
    keys.press("n")
    widget.shows(10)
    x, y = widget.truth(1, "left_wrist", 10)
    for key in ("Alt+Shift+ArrowUp", "Alt+ArrowLeft", "Alt+ArrowLeft"):
        keys.press(key)
    settled(widget, 2)
    assert widget.edits()[-1][1]["xy"] == [x - 2, y - 10]
    keys.press("q")
    settled(widget, 3)
    assert widget.edits()[-1][1]["visibility"] == 1
    keys.press("Control+g")
    for _ in range(3):
        keys.press("Tab")
    keys.press("Enter")
    widget.until("model.sent.some((m) => m.kind === 'propagate')")
    keys.press("a")
    settled(widget, 4)
    assert widget.edits()[-1] == ("resolve_issue", {"issue": 1, "state": "accepted"})


def test_place_an_absent_keypoint_with_the_cross(widget: Widget) -> None:
    widget.press("1", "e", "q", "q")
    settled(widget, 3)
    widget.press("q")
    assert widget.root.locator(".impose-hint").inner_text().startswith("Click where the nose is (or Alt+arrows, Enter)")
    x, y, w, h = widget.page.evaluate(
        """() => { const p = kernel.scene.poses[0][1].xy.filter(Boolean); const xs = p.map((a) => a[0]);
                   const ys = p.map((a) => a[1]); const [x, y] = [Math.min(...xs), Math.min(...ys)];
                   return [x, y, Math.max(...xs) - x, Math.max(...ys) - y]; }"""
    )
    for key in ("Alt+Shift+ArrowUp", "Alt+Shift+ArrowUp", "Alt+ArrowRight", "Enter"):
        widget.page.keyboard.press(key)
    settled(widget, 4)
    action, args = widget.edits()[-1]
    assert action == "correct" and args["keypoint"] == "nose"
    assert near(args["xy"], (x + w / 2 + 1, y + h / 2 - 20), 4)


def test_draw_a_box_with_two_corners(widget: Widget) -> None:
    widget.root.focus()
    widget.press("b", *["Alt+Shift+ArrowLeft"] * 5, "Enter", *["Alt+Shift+ArrowRight"] * 8)
    widget.press(*["Alt+Shift+ArrowDown"] * 6, "Enter")
    action, args = widget.one_edit()
    assert action == "draw_box" and near(args["box_xywh"], [270, 180, 80, 60], 1)
    widget.until("document.querySelector('[data-selected=true]')?.dataset.track === '3'")


def test_move_turn_and_scale_a_person(widget: Widget) -> None:
    widget.press("2", *["Alt+ArrowRight"] * 3, "Alt+Shift+ArrowDown", "Alt+s", "Alt+Shift+r")
    widget.until("model.sent.some((m) => m.kind === 'edit')")
    assert widget.one_edit() == (
        "move",
        {"frame": 0, "track_id": 2, "dxy": [3, 10], "scale": 1.02, "rotation": -1},
    )


def test_swap_by_numbers_and_look_around(widget: Widget) -> None:
    widget.press("1", "x", "2", "Enter")
    assert widget.one_edit() == ("swap", {"a": 1, "b": 2, "frame": 0, "scope": "onwards"})
    picture = "document.querySelector('.impose-picture').toDataURL()"
    seen = {widget.page.evaluate(picture)}
    for key in ("p", "Control+ArrowLeft", "Control+ArrowUp", "-", "o"):
        widget.press(key)
        widget.page.wait_for_timeout(60)
        seen.add(widget.page.evaluate(picture))
    assert len(seen) == 5  # the last is the first again


def test_tabs_go_by_arrows(widget: Widget) -> None:
    widget.press("Control+,")
    names = []
    for _ in range(4):
        widget.page.keyboard.press("ArrowRight")
        names.append(widget.page.evaluate("document.activeElement.textContent"))
    assert names == ["People", "Review", "Guide", "Settings"]
    widget.press("Control+,")
    assert widget.root.locator(".impose-list").is_visible()
    assert widget.page.evaluate("document.activeElement.classList.contains('impose')")
