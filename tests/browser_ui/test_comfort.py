"""What suits the eye and the hand: looks, keys of one's own, first steps, the magnifier; kept in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh(open_widget: Callable[..., Widget]) -> Widget:
    """A browser that has kept nothing yet."""
    widget = open_widget()
    widget.ready()
    return widget


def again(widget: Widget) -> None:
    """The page, loaded anew in the same browser."""
    widget.page.reload()
    widget.page.wait_for_function("window.mounted")
    widget.ready()


def turn(widget: Widget, wish: str, value: float) -> None:
    dial = widget.root.locator(f"[data-wish={wish}]")
    dial.fill(str(value))


def filter_of(widget: Widget) -> str:
    return widget.page.evaluate("getComputedStyle(document.querySelector('.impose-picture')).filter")


def colour_at(widget: Widget, x: float, y: float) -> list[int]:
    """[r, g, b, a] of what is drawn over the picture, at a point of the page."""
    box = widget.root.locator(".impose-overlay").bounding_box()
    return widget.page.evaluate(
        """([x, y]) => {
            const c = document.querySelector('.impose-overlay');
            const scale = c.width / c.clientWidth;
            return [...c.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data];
        }""",
        [x - box["x"], y - box["y"]],
    )


def test_brightness_and_contrast_by_keys_and_kept(fresh: Widget) -> None:
    fresh.press("Control+,", "Tab")
    dial = fresh.root.locator("[data-wish=brightness]")
    assert dial.evaluate("(e) => e === document.activeElement")
    for _ in range(4):
        fresh.page.keyboard.press("ArrowRight")
    assert filter_of(fresh) == "brightness(1.2) contrast(1)"
    assert fresh.root.get_attribute("data-impose-frame") == "0"  # the arrow was the dial's
    turn(fresh, "contrast", 1.5)
    again(fresh)
    assert filter_of(fresh) == "brightness(1.2) contrast(1.5)"
    fresh.press("Control+,")
    fresh.root.get_by_role("button", name="As at first", exact=True).click()
    assert filter_of(fresh) == "none"


def test_opacity_size_palette_and_sides_are_seen(fresh: Widget) -> None:
    where = fresh.keypoint(1, "left_hip")
    before = colour_at(fresh, *where)
    assert before[3] == 255
    fresh.press("Control+,")
    turn(fresh, "opacity", 0.4)
    fresh.until("true")
    fresh.page.wait_for_timeout(50)
    assert 80 < colour_at(fresh, *where)[3] < 140
    turn(fresh, "opacity", 1)
    fresh.root.locator("[data-wish=sides]").select_option("colour")
    fresh.page.wait_for_timeout(50)
    assert colour_at(fresh, *where) == [0x56, 0xB4, 0xE9, 255]
    fresh.root.locator("[data-wish=palette]").select_option("tol")
    fresh.page.wait_for_timeout(50)
    assert colour_at(fresh, *fresh.keypoint(1, "nose")) == [0xEE, 0x66, 0x77, 255]
    beside = (where[0] + 5, where[1])
    assert colour_at(fresh, *beside)[3] < 255
    turn(fresh, "size", 2)
    fresh.page.wait_for_timeout(50)
    assert colour_at(fresh, *beside) == [0x56, 0xB4, 0xE9, 255]


def test_two_editors_on_a_page_agree(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget("views=2")
    widget.ready()
    widget.press("Control+,")
    turn(widget, "brightness", 2)
    assert (
        widget.page.evaluate("[...document.querySelectorAll('.impose-picture')].map((e) => getComputedStyle(e).filter)")
        == ["brightness(2) contrast(1)"] * 2
    )


def test_a_key_is_changed_and_the_old_one_forgotten(fresh: Widget) -> None:
    fresh.press("?")
    fresh.root.get_by_role("button", name="F: next frame; change").click()
    assert "Press the new key for “next frame”" in fresh.root.locator(".impose-key-words").inner_text()
    fresh.page.keyboard.press("F9")
    fresh.page.keyboard.press("Escape")
    fresh.press("F9")
    fresh.shows(1)
    fresh.press("f")
    assert fresh.root.get_attribute("data-impose-frame") == "1"
    assert fresh.root.locator("[data-command='next frame']").get_attribute("title") == "Next frame (F9)"
    again(fresh)
    fresh.press("F9")
    fresh.shows(1)
    fresh.press("?")
    fresh.root.get_by_text("All keys as at first").click()
    fresh.page.keyboard.press("Escape")
    fresh.press("f")
    fresh.shows(2)


def test_a_key_with_another_meaning_is_refused(fresh: Widget) -> None:
    fresh.press("?")
    words = fresh.root.locator(".impose-key-words")
    for key, sentence in (
        ("g", "G already does something: propagate corrections forward. Change that one first."),
        ("5", "5 selects person 5; choose another key."),
        ("Control+r", "Ctrl+R belongs to the browser; choose another key."),
    ):
        fresh.root.get_by_role("button", name="L: exchange left and right; change").click()
        fresh.page.keyboard.press(key)
        assert words.inner_text() == sentence
    fresh.root.get_by_role("button", name="L: exchange left and right; change").click()
    fresh.page.keyboard.press("Escape")
    assert words.inner_text() == "Press a key's button to change it."
    assert fresh.root.locator(".impose-help").is_visible()
    fresh.page.keyboard.press("Escape")
    fresh.click(1)
    fresh.press("l")
    assert fresh.one_edit()[0] == "flip"


def test_a_sheet_takes_the_keys_and_gives_them_back(fresh: Widget) -> None:
    fresh.press("?")
    assert fresh.page.evaluate("document.activeElement.classList.contains('impose-help')")
    assert fresh.page.evaluate("document.querySelector('.impose-body').inert")
    fresh.page.keyboard.press("f")
    fresh.page.keyboard.press("Tab")
    assert fresh.page.evaluate("document.activeElement.closest('.impose-help') !== null")
    fresh.page.keyboard.press("Escape")
    assert fresh.page.evaluate("document.activeElement.classList.contains('impose')")
    assert fresh.root.get_attribute("data-impose-frame") == "0"


def test_first_steps_go_by_when_they_are_done_and_do_not_come_back(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget("first")
    widget.ready()
    steps = widget.root.locator(".impose-first")
    assert "1 of 3" in steps.inner_text() and "Drag a keypoint" in steps.inner_text()
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(320, 90))
    widget.until("document.querySelector('.impose-first').textContent.startsWith('2 of 3')")
    widget.press("f")
    widget.until("document.querySelector('.impose-first').textContent.startsWith('3 of 3')")
    steps.get_by_text("Done").click()
    assert not steps.is_visible()
    again(widget)
    assert not steps.is_visible()
    widget.press("Control+,")
    widget.root.get_by_text("First steps").click()
    assert "1 of 3" in steps.inner_text()
    steps.get_by_text("Skip").click()
    assert not steps.is_visible()


def test_what_is_where_is_said_aloud(fresh: Widget) -> None:
    def hears(words: str) -> None:
        fresh.until(f"document.querySelector('.impose-live').textContent === {words!r}")

    hears("Frame 0, 3 people. Nobody selected")
    fresh.press("2", "e", "e")
    hears("Person 2, left eye, visible, read, 90 %, at 464, 74")
    fresh.press("f", "f", "f")
    hears("Frame 3, 3 people. Person 2, left eye, visible, read, 90 %, at 467, 74")
    assert fresh.root.get_attribute("aria-label") == "Poses of made.mp4"


def test_little_motion_and_colours_of_the_system(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(reduced_motion="reduce", forced_colors="active")
    widget.ready()
    style = "getComputedStyle(document.querySelector('.impose-switch'))"
    assert widget.page.evaluate(f"{style}.transitionDuration") in ("0s", "")
    widget.click(1)
    outline = "getComputedStyle(document.querySelector('[data-selected=true] .impose-person')).outlineStyle"
    assert widget.page.evaluate(outline) == "solid"


def fingers(widget: Widget) -> Callable[..., None]:
    """Touches as the browser makes them: `touch("touchStart", (x, y), …)`."""
    session = widget.page.context.new_cdp_session(widget.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    return touch


def on_a_tablet(open_widget: Callable[..., Widget], **options: Any) -> Widget:
    widget = open_widget(has_touch=True, **options)
    widget.ready()
    return widget


def test_a_finger_that_drags_has_a_magnifier_beside_it(open_widget: Callable[..., Widget]) -> None:
    widget = on_a_tablet(open_widget)
    touch = fingers(widget)
    x, y = widget.keypoint(1, "left_wrist")
    goal = widget.at(330, 200)
    glass = widget.root.locator(".impose-lens")
    touch("touchStart", (x + 6, y + 6))
    for share in (0.3, 0.7, 1):
        touch("touchMove", (x + 6 + share * (goal[0] - x), y + 6 + share * (goal[1] - y)))
    widget.until("!document.querySelector('.impose-lens').hidden")
    box = glass.bounding_box()
    assert box["y"] + box["height"] < goal[1] - 20  # above the finger
    inside = widget.page.evaluate(
        """() => {
            const c = document.querySelector('.impose-lens-overlay');
            return [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data];
        }"""
    )
    assert inside[3] == 255 and inside[2] > 200  # person 1 is blue, and the wrist is in the middle
    touch("touchEnd")
    glass.wait_for(state="hidden")
    action, args = widget.one_edit()
    assert action == "correct" and args["keypoint"] == "left_wrist" and near(args["xy"], (330, 200), 1.5)


def test_a_mouse_has_no_magnifier_unless_it_is_wished_for(fresh: Widget) -> None:
    def shown_while_dragging() -> bool:
        fresh.page.mouse.move(*fresh.keypoint(1, "right_wrist"))
        fresh.page.mouse.down()
        fresh.page.mouse.move(*fresh.at(250, 200), steps=3)
        fresh.page.wait_for_timeout(50)
        shown = fresh.root.locator(".impose-lens").is_visible()
        fresh.press("Escape")
        fresh.page.mouse.up()
        return shown

    assert not shown_while_dragging()
    fresh.press("Control+,")
    fresh.root.locator("[data-wish=magnifier]").select_option("always")
    assert shown_while_dragging()


def test_a_palm_beside_a_pen_does_nothing(fresh: Widget) -> None:
    script = """([kind, type, id, x, y]) => document.querySelector('.impose-overlay').dispatchEvent(
        new PointerEvent(kind, {pointerId: id, pointerType: type, clientX: x, clientY: y, button: 0, bubbles: true}))"""
    fresh.page.evaluate("HTMLElement.prototype.setPointerCapture = () => {}")
    pen, palm = fresh.keypoint(1, "left_wrist"), fresh.keypoint(2, "right_knee")
    goal = fresh.at(330, 200)
    for event in (
        ["pointerdown", "pen", 5, *pen],
        ["pointermove", "pen", 5, pen[0] + 20, pen[1]],
        ["pointerdown", "touch", 6, *palm],
        ["pointermove", "pen", 5, *goal],
        ["pointerup", "pen", 5, *goal],
    ):
        fresh.page.evaluate(script, event)
    action, args = fresh.one_edit()
    assert action == "correct" and (args["track_id"], args["keypoint"]) == (1, "left_wrist")
    assert near(args["xy"], (330, 200), 1)
