"""Boxes apart from keypoints, and the curve of one person over time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget, near
from tests.browser_ui.test_timeline import UNSURE, Bar

pytestmark = pytest.mark.browser
BOX = (75, 60, 90, 230)  # of person 0 in frame 0


def corner(widget: Widget, i: int, j: int) -> tuple[float, float]:
    """A corner of it on the screen: 0 left or top, 1 right or bottom."""
    x, y, w, h = BOX
    return widget.at(x + i * w, y + j * h)


def box(widget: Widget) -> list[float]:
    return widget.page.evaluate("kernel.scene.poses[0][0].box")


def test_a_box_is_dragged_by_a_corner_while_boxes_are_shown(widget: Widget) -> None:
    widget.click(0)
    widget.drag(corner(widget, 0, 0), widget.at(60, 40))
    assert not widget.edits(), "it is in nobody's way before"
    widget.press("o", "Alt+b")
    toggle = widget.root.get_by_role("button", name="Boxes; drag a corner")
    assert toggle.get_attribute("aria-pressed") == "true"
    before = widget.page.evaluate("kernel.scene.poses[0][0].xy")
    widget.page.mouse.move(*corner(widget, 0, 0))
    assert widget.root.locator(".impose-overlay").evaluate("e => e.style.cursor") == "nwse-resize"
    widget.drag(corner(widget, 0, 0), widget.at(60, 40))
    action, args = widget.one_edit()
    assert (action, args["frame"], args["track_id"]) == ("set_box", 0, 0)
    x, y, w, h = args["box_xywh"]
    assert near((x, y), (60, 40)) and near((x + w, y + h), (165, 290))
    assert widget.page.evaluate("kernel.scene.poses[0][0].xy") == before
    widget.ready()
    widget.press("Alt+Shift+b")
    widget.until("model.sent.filter((m) => m.kind === 'edit').length === 2")
    widget.until("kernel.scene.poses[0][0].marks === 0")
    widget.press("Control+z", "Control+z")
    widget.until(f"kernel.scene.poses[0][0].box[0] === {BOX[0]}")
    assert box(widget) == list(BOX)


def test_a_box_is_drawn_anew_by_keys_alone(widget: Widget) -> None:
    widget.press("0", "Control+b")
    widget.press(
        *["Alt+Shift+ArrowUp"] * 3, "Enter", *["Alt+Shift+ArrowRight"] * 4, *["Alt+Shift+ArrowDown"] * 5, "Enter"
    )
    action, args = widget.one_edit()
    assert action == "set_box" and near(args["box_xywh"][2:], (40, 50))


def test_the_curve_dips_where_the_model_is_unsure_and_a_click_goes_there(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before=UNSURE + "kernel.scene.poses[31][1].score[9] = 20;")
    widget.ready()
    widget.press("1", "Shift+c")
    widget.until("model.sent.some((m) => m.kind === 'curve')")
    widget.page.wait_for_timeout(150)
    bar = Bar(widget)
    height = bar.box["height"]
    assert height == 160, "the curve has room of its own"

    def there(frame: float) -> tuple[float, float]:
        return bar.at(frame)[0], bar.box["y"] + height - 28

    bar.mouse.move(*there(10))
    assert bar.pointed() == "frame 10 · person 1 90 % sure"
    bar.mouse.click(*there(30.6))
    widget.shows(31)
    slider = widget.root.get_by_role("slider", name="Frame")
    assert slider.get_attribute("aria-valuetext") == "frame 31, person 1 23 % sure"
    widget.press("e")  # one keypoint: the nose
    widget.until("model.sent.filter((m) => m.kind === 'curve').at(-1).keypoint === 'nose'")
    widget.press("Shift+c")
    widget.until("model.sent.filter((m) => m.kind === 'curve').at(-1).what === 'motion'")
    widget.page.wait_for_timeout(150)
    bar.mouse.move(*there(20))
    assert bar.pointed() == "frame 20 · nose moved 1.0 px"
    widget.press("Shift+c")
    widget.until("document.querySelector('.impose-scrub').clientHeight === 104")
