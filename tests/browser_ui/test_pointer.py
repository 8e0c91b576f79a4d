"""What the pointer does: select, drag, pan, zoom, draw a box, move a person; and what it must not do."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser


def test_a_drag_is_drawn_at_once_and_sent_once(widget: Widget) -> None:
    start = widget.keypoint(1, "left_wrist")
    goal = (widget.truth(1, "left_wrist")[0] + 30, widget.truth(1, "left_wrist")[1] - 20)
    widget.page.mouse.move(*start)
    widget.page.mouse.down()
    widget.page.mouse.move(*widget.at(*goal), steps=10)
    assert widget.sent("edit") == []
    widget.page.mouse.up()
    action, args = widget.one_edit()
    assert action == "correct"
    assert (args["frame"], args["track_id"], args["keypoint"], args["visibility"]) == (0, 1, "left_wrist", 2)
    assert near(args["xy"], goal)
    widget.until("document.querySelector('.impose').dataset.imposeRevision === '2'")
    assert near(widget.truth(1, "left_wrist"), goal)
    assert widget.selected() == "1"


def test_escape_during_a_drag_puts_the_keypoint_back(widget: Widget) -> None:
    before = widget.page.evaluate("document.querySelector('.impose-overlay').toDataURL()")
    widget.page.mouse.move(*widget.keypoint(1, "left_wrist"))
    widget.page.mouse.down()
    widget.page.mouse.move(*widget.at(300, 100), steps=4)
    widget.page.keyboard.press("Escape")
    widget.page.mouse.up()
    widget.press("Escape")
    widget.page.mouse.move(5, 5)
    widget.until("!document.querySelector('.impose').matches('[data-selected]')")
    widget.page.wait_for_timeout(60)
    assert widget.page.evaluate("document.querySelector('.impose-overlay').toDataURL()") == before
    assert widget.sent("edit") == []


def test_a_press_that_hardly_moves_is_a_click(widget: Widget) -> None:
    x, y = widget.keypoint(2, "right_knee")
    widget.drag((x, y), (x + 1.5, y + 1), steps=2)
    assert widget.selected() == "2"
    assert widget.root.locator('.impose-chip[aria-pressed="true"]').inner_text() == "R knee"
    assert widget.sent("edit") == []


def test_the_selected_person_wins_where_two_are_close(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            const here = kernel.scene.poses[0];
            here[0].xy[9] = [here[1].xy[9][0] + 3, here[1].xy[9][1]];
            kernel.revision++;
            kernel.changed('correct');
        }"""
    )
    widget.until("document.querySelector('.impose').dataset.imposeRevision === '2'")
    widget.click(0, "left_hip")
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(300, 60))
    assert widget.one_edit()[1]["track_id"] == 0


def test_a_drag_off_the_image_ends_at_its_edge(widget: Widget) -> None:
    start = widget.keypoint(0, "right_wrist")
    widget.drag(start, (start[0] - 2000, start[1]))
    x, y = widget.one_edit()[1]["xy"]
    assert x == 0 and abs(y - widget.truth(0, "right_wrist")[1]) < 1


def test_a_drag_on_nothing_moves_the_picture_and_a_click_clears_the_selection(widget: Widget) -> None:
    widget.click(1)
    assert widget.selected() == "1"
    before = widget.page.evaluate("document.querySelector('.impose-picture').toDataURL()")
    widget.drag(widget.at(30, 20), widget.at(80, 50))
    widget.until("document.querySelector('.impose-picture').toDataURL() !== undefined")
    widget.page.wait_for_timeout(60)
    assert widget.page.evaluate("document.querySelector('.impose-picture').toDataURL()") != before
    assert widget.selected() == "1"
    widget.press("o")
    widget.page.mouse.click(*widget.at(30, 20))
    assert widget.selected() is None


def test_the_wheel_zooms_at_the_pointer(widget: Widget) -> None:
    widget.click(1, "left_wrist")
    x, y = widget.keypoint(1, "left_wrist")
    widget.page.mouse.move(x, y)
    for _ in range(4):
        widget.page.mouse.wheel(0, -300)
    widget.page.wait_for_timeout(60)
    # What was under the pointer is still there, and a drag moves it less far on the image by as much as was zoomed.
    before = widget.truth(1, "left_wrist")
    widget.drag((x, y), (x + 70, y))
    args = widget.one_edit()[1]
    (x0, _), (x1, _) = widget.at(0, 0), widget.at(1, 0)
    assert args["keypoint"] == "left_wrist"
    assert args["xy"][0] - before[0] == pytest.approx(70 / (x1 - x0) / math.exp(4 * 300 * 0.0016), abs=0.1)


def test_the_wheel_scrolls_the_page_until_the_widget_has_the_keys(widget: Widget) -> None:
    widget.page.evaluate("document.body.style.height = '3000px'")
    widget.page.mouse.move(*widget.at(320, 180))
    widget.page.mouse.wheel(0, 200)
    widget.until("scrollY > 100")
    widget.page.evaluate("scrollTo(0, 0)")
    widget.page.mouse.click(*widget.at(30, 20))
    widget.page.mouse.wheel(0, 200)
    widget.page.wait_for_timeout(100)
    assert widget.page.evaluate("scrollY") == 0


def test_a_box_adds_a_person_who_is_then_selected(widget: Widget) -> None:
    widget.press("b")
    assert "Drag a box" in widget.root.locator(".impose-hint").inner_text()
    widget.drag(widget.at(560, 40), widget.at(620, 300))
    action, args = widget.one_edit()
    assert action == "draw_box" and args["track_id"] is None and args["frame"] == 0
    assert near(args["box_xywh"][:2], (560, 40)) and near(args["box_xywh"][2:], (60, 260), 1.5)
    widget.until("document.querySelector('.impose-list [data-selected=\"true\"]')?.dataset.track === '3'")


def test_a_slip_while_drawing_a_box_is_not_a_box(widget: Widget) -> None:
    widget.press("b")
    widget.page.mouse.click(*widget.at(560, 40))
    assert widget.sent("edit") == []
    assert widget.root.locator(".impose-hint").is_visible()
    widget.press("Escape")
    assert not widget.root.locator(".impose-hint").is_visible()


def test_a_whole_person_moves_only_with_alt(widget: Widget) -> None:
    middle = widget.truth(1, "left_hip")
    limb = widget.at(middle[0], middle[1] + 24)  # between hip and knee
    widget.drag(limb, (limb[0] + 40, limb[1]))
    assert widget.sent("edit") == []
    widget.press("o")
    widget.page.keyboard.down("Alt")
    widget.drag(limb, (limb[0] + 40, limb[1]))
    widget.page.keyboard.up("Alt")
    action, args = widget.one_edit()
    assert action == "move" and args["track_id"] == 1 and args["scale"] == 1 and args["rotation"] == 0
    assert args["dxy"][0] > 15 and args["dxy"][1] == 0


def test_alt_and_the_wheel_scale_a_person_as_one_edit(widget: Widget) -> None:
    widget.click(1)
    widget.page.keyboard.down("Alt")
    for _ in range(3):
        widget.page.mouse.wheel(0, -120)
    widget.page.keyboard.up("Alt")
    action, args = widget.one_edit()
    assert action == "move" and args["scale"] > 1.05 and args["dxy"] == [0, 0]


def test_touch_takes_a_keypoint_from_farther_away_than_the_mouse(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(has_touch=True)
    widget.ready()
    x, y = widget.keypoint(2, "left_wrist")
    away = 18
    widget.page.mouse.click(x + away, y)
    assert widget.root.locator('.impose-chip[aria-pressed="true"]').count() == 0
    widget.page.touchscreen.tap(x + away, y)
    assert widget.root.locator('.impose-chip[aria-pressed="true"]').inner_text() == "L wrist"


def test_the_middle_button_and_space_move_the_picture(widget: Widget) -> None:
    page = widget.page
    picture = "document.querySelector('.impose-picture').toDataURL()"
    for hold in ("middle", "space"):
        widget.press("o")
        page.wait_for_timeout(50)
        before = page.evaluate(picture)
        x, y = widget.keypoint(1, "left_wrist")
        page.mouse.move(x, y)
        if hold == "space":
            page.keyboard.down("Space")
        page.mouse.down(button="middle" if hold == "middle" else "left")
        page.mouse.move(x + 60, y + 30, steps=3)
        page.mouse.up(button="middle" if hold == "middle" else "left")
        if hold == "space":
            page.keyboard.up("Space")
        page.wait_for_timeout(50)
        assert page.evaluate(picture) != before
    assert widget.sent("edit") == []
    assert widget.root.get_attribute("data-impose-frame") == "0"


def test_nothing_is_dragged_where_nothing_may_be_changed(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before="kernel.readOnly = true")
    widget.ready()
    assert widget.root.locator(".impose-saved").inner_text() == "Read-only"
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(300, 60))
    widget.press("Delete", "l", "q")
    assert widget.sent("edit") == []
    assert "read-only" in widget.root.locator(".impose-said").inner_text().lower()
