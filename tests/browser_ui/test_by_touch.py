"""A whole piece of work with fingers on a phone: no key and no mouse is needed, and targets are large enough."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(open_widget: Callable[..., Widget]) -> Widget:
    widget = open_widget("", "", (390, 844), has_touch=True, is_mobile=True, device_scale_factor=2)
    widget.ready()
    return widget


class Fingers:
    """Touches as the browser makes them."""

    def __init__(self, widget: Widget) -> None:
        self.widget = widget
        self.session = widget.page.context.new_cdp_session(widget.page)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 5) -> None:
        self.touch("touchStart", start)
        for i in range(1, steps + 1):
            self.touch("touchMove", tuple(a + (b - a) * i / steps for a, b in zip(start, end, strict=True)))
        self.touch("touchEnd")

    def pinch(self, middle: tuple[float, float], before: float, after: float, steps: int = 6) -> None:
        x, y = middle
        self.touch("touchStart", (x - before, y), (x + before, y))
        for i in range(1, steps + 1):
            r = before + (after - before) * i / steps
            self.touch("touchMove", (x - r, y), (x + r, y))
        self.touch("touchEnd")


def bits(widget: Widget) -> float:
    """How large the picture is drawn: the width of the black blocks at its lower left, in canvas pixels."""
    return widget.page.evaluate(
        """() => { const c = document.querySelector('.impose-picture'); const g = c.getContext('2d');
                   return g.getTransform().a; }"""
    )


def test_zoom_correct_and_propagate(phone: Widget) -> None:
    hand = Fingers(phone)
    wrist = phone.keypoint(1, "left_wrist")
    scale = bits(phone)
    hand.pinch(wrist, 30, 90)
    phone.page.wait_for_timeout(60)
    assert 2.5 < bits(phone) / scale < 3.5
    goal = (wrist[0] + 40, wrist[1] - 30)
    hand.drag(wrist, goal)
    action, args = phone.one_edit()
    x, y = 470 - 180, 190 - 8
    assert action == "correct" and args["keypoint"] == "left_wrist" and (x, y) != tuple(args["xy"])
    phone.ready()
    for _ in range(3):  # on a busy machine a short tap may come out as a long press, which is none
        phone.root.get_by_role("button", name="Propagate corrections forward").tap()
        phone.page.wait_for_timeout(300)
        if phone.sent("propagate"):
            break
    assert phone.sent("propagate")


def test_a_whole_person_moves_and_a_keypoint_is_hidden(phone: Widget) -> None:
    hand = Fingers(phone)
    phone.page.touchscreen.tap(*phone.keypoint(2, "right_knee"))
    assert phone.selected() == "2"
    phone.root.get_by_role("button", name="Visible, occluded, absent").tap()
    phone.until("kernel.revision === 2")
    assert phone.edits()[-1] == (
        "set_visibility",
        {"frame": 0, "track_id": 2, "keypoint": "right_knee", "visibility": 1},
    )
    phone.root.get_by_role("button", name="Drags move whole people").tap()
    start = phone.keypoint(2, "left_hip")
    end = (start[0] - 30, start[1] + 12)
    hand.drag(start, end)
    phone.until("kernel.revision === 3")
    action, args = phone.edits()[-1]
    scale = 640 / phone.root.locator(".impose-overlay").bounding_box()["width"]
    assert action == "move" and near(args["dxy"], (-30 * scale, 12 * scale), 2)


def test_a_box_is_drawn_and_an_identity_repaired(phone: Widget) -> None:
    hand = Fingers(phone)
    phone.root.get_by_role("button", name="Draw a box around a missed person").tap()
    hand.drag(phone.at(20, 60), phone.at(80, 300))
    phone.until("kernel.revision === 2")
    action, args = phone.edits()[-1]
    assert action == "draw_box" and near(args["box_xywh"], (20, 60, 60, 240), 4)
    phone.page.touchscreen.tap(*phone.keypoint(1, "left_hip"))
    phone.root.get_by_role("button", name="Swap with another person from here on").tap()
    phone.page.touchscreen.tap(*phone.keypoint(2, "left_hip"))
    phone.root.locator(".impose-question .impose-primary").tap()
    phone.until("kernel.revision === 3")
    assert phone.edits()[-1] == ("swap", {"a": 1, "b": 2, "frame": 0, "scope": "onwards"})


def test_targets_are_large_enough_and_nothing_sticks_out(phone: Widget) -> None:
    phone.page.touchscreen.tap(*phone.keypoint(1, "left_hip"))
    for tab in ("people", "view", "review", "guide"):
        phone.root.locator(f"[role=tab][data-tab={tab}]").tap()
        small = phone.page.evaluate(
            """() => [...document.querySelectorAll('.impose :is(button, select, input[type=range])')]
                .filter((e) => e.offsetParent !== null)
                .map((e) => [e.textContent || e.title || e.dataset.wish, e.getBoundingClientRect()])
                .filter(([, box]) => box.height < 24 || box.width < 24)
                .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
        )
        assert small == []
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
