"""Keys: what they do, that the notebook never hears of them, and where they are written down."""

from __future__ import annotations

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser


def test_keys_never_reach_the_page_around(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            window.leaked = [];
            document.addEventListener('keydown', (e) => leaked.push(e.key));
            document.body.style.height = '4000px';
        }"""
    )
    widget.click(1)
    keys = "x a b d m z c v y s l Space ArrowDown ArrowRight Enter Escape Control+z Control+s Control+y Shift+Tab ? F2"
    for key in keys.split():
        widget.root.focus()
        widget.page.keyboard.press(key)
    assert widget.page.evaluate("leaked") == []
    assert widget.root.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_keys_outside_are_none_of_ours(widget: Widget) -> None:
    widget.page.evaluate("document.body.append(document.createElement('textarea'))")
    widget.page.locator("body > textarea").fill("x d Delete")
    widget.page.keyboard.press("d")
    assert widget.root.get_attribute("data-impose-frame") == "0"
    assert widget.page.locator("body > textarea").input_value() == "x d Deleted"


def test_used_keys_do_nothing_else_in_the_browser(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            window.prevented = {};
            const root = document.querySelector('.impose');
            root.addEventListener('keydown', (e) => { prevented[e.key] = e.defaultPrevented; });
        }"""
    )
    widget.press("Control+s", "Control+z", "Space", "ArrowRight", "End", "q", "Control+c", "Tab")
    prevented = widget.page.evaluate("prevented")
    assert all(prevented[key] for key in ("s", "z", " ", "ArrowRight", "End", "q"))
    assert not prevented["c"] and not prevented["Tab"]


def test_tab_goes_through_the_controls_and_out(widget: Widget) -> None:
    widget.root.focus()
    seen = []
    for _ in range(120):
        widget.page.keyboard.press("Tab")
        name = widget.page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName"
        )
        seen.append(name)
        if name == "BODY":
            break
    assert seen[-1] == "BODY" and {"Next frame", "Frame"} <= set(seen)
    unnamed = widget.page.evaluate(
        """() => [...document.querySelectorAll('.impose button, .impose input, .impose canvas')]
            .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label') ||
                             e.getAttribute('aria-hidden')))
            .map((e) => e.outerHTML)"""
    )
    assert unnamed == []


def test_escape_steps_back_one_thing_at_a_time_and_then_leaves(widget: Widget) -> None:
    widget.click(1)
    widget.press("x", "Escape")
    assert widget.selected() == "1"
    widget.press("Escape")
    assert widget.selected() is None
    widget.page.keyboard.press("Escape")
    assert widget.page.evaluate("document.activeElement === document.body")


def test_the_frame_keys(widget: Widget) -> None:
    for keys, frame in (("f", 1), ("ArrowRight", 2), ("v", 12), ("Shift+ArrowRight", 22), ("d", 21), ("c", 11)):
        widget.press(keys)
        widget.shows(frame)
    for key, frame in (("End", 65), ("f", 65), ("Home", 0), ("ArrowLeft", 0)):
        widget.press(key)
        widget.shows(frame)


def test_go_to_a_frame_by_number(widget: Widget) -> None:
    widget.press("j")
    widget.page.keyboard.type("42")
    widget.page.keyboard.press("Enter")
    widget.shows(42)
    assert widget.page.evaluate("document.activeElement.classList.contains('impose')")
    widget.press("j")
    widget.page.keyboard.type("zzz")
    widget.page.keyboard.press("Escape")
    widget.press("f")
    widget.shows(43)


def test_visibility_of_the_keypoint_at_the_pointer(widget: Widget) -> None:
    widget.root.focus()
    widget.page.mouse.move(*widget.keypoint(2, "left_ankle"))
    for visibility in (1, 0):
        widget.page.keyboard.press("q")
        widget.until(f"kernel.revision === {3 - visibility}")
        assert widget.edits()[-1] == (
            "set_visibility",
            {"frame": 0, "track_id": 2, "keypoint": "left_ankle", "visibility": visibility},
        )
    goal = widget.truth(2, "right_ankle")
    widget.page.mouse.move(*widget.at(goal[0] + 30, goal[1] + 10))
    widget.page.keyboard.press("q")
    widget.until("kernel.revision === 4")
    action, args = widget.edits()[-1]
    assert action == "correct" and args["keypoint"] == "left_ankle"
    assert near(args["xy"], (goal[0] + 30, goal[1] + 10))


def test_nudges_are_one_edit(widget: Widget) -> None:
    x, y = widget.truth(1, "left_wrist")
    widget.click(1, "left_wrist")
    widget.press("Alt+ArrowRight", "Alt+ArrowRight", "Alt+Shift+ArrowDown")
    action, args = widget.one_edit()
    assert action == "correct" and args["xy"] == [x + 2, y + 10]


def test_edits_of_a_person_by_key(widget: Widget) -> None:
    widget.press("v")
    widget.shows(10)
    widget.click(1, frame=10)
    expected = [
        ("k", "set_anchor", {"frame": 10, "track_id": 1, "on": True}),
        ("l", "flip", {"frame": 10, "track_id": 1, "part": "all"}),
        ("r", "copy_pose", {"track_id": 1, "from_frame": 9, "to_frame": 10}),
        ("Delete", "delete", {"track_id": 1, "frame": 10, "scope": "frame"}),
        ("Control+z", "undo", {}),
        ("Control+Shift+z", "redo", {}),
    ]
    for i, (key, action, args) in enumerate(expected):
        widget.press(key)
        widget.until(f"kernel.revision === {i + 2} && !document.querySelector('[data-state=saving]')")
        assert widget.edits()[-1] == (action, args)


def test_keypoints_and_people_are_chosen_by_key(widget: Widget) -> None:
    chip = widget.root.locator('.impose-chip[aria-pressed="true"]')
    widget.press("]", "]")
    assert widget.selected() == "1"
    widget.press("[")
    assert widget.selected() == "0"
    widget.press("2")
    assert widget.selected() == "2"
    widget.press("e", "e")
    assert chip.inner_text() == "L eye"
    widget.press("Shift+e")
    assert chip.inner_text() == "nose"


def test_the_sheet_of_keys_has_every_key(widget: Widget) -> None:
    widget.press("?")
    sheet = widget.root.locator(".impose-help")
    text = sheet.inner_text()
    for words in ("next frame", "visible, occluded, absent", "swap with another person", "Shift+G", "Ctrl+Z", "Drag"):
        assert words in text
    widget.press("Escape")
    assert not sheet.is_visible()


def test_space_plays_and_a_held_one_does_not(widget: Widget) -> None:
    widget.press("Space")
    widget.until("Number(document.querySelector('.impose').dataset.imposeShown) > 3")
    widget.press("Space")
    stopped = widget.root.get_attribute("data-impose-frame")
    widget.page.wait_for_timeout(200)
    assert widget.root.get_attribute("data-impose-frame") == stopped
    widget.page.keyboard.down("Space")
    widget.page.wait_for_timeout(400)
    widget.page.keyboard.up("Space")
    widget.page.wait_for_timeout(100)
    assert widget.root.get_attribute("data-impose-frame") == stopped


def test_hiding_lasts_while_the_key_is_held(widget: Widget) -> None:
    blank = """() => {
        const c = document.querySelector('.impose-overlay');
        return !new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer).some(Boolean);
    }"""
    widget.root.focus()
    widget.page.keyboard.down("h")
    widget.page.wait_for_function(blank)
    widget.page.keyboard.up("h")
    widget.page.wait_for_function(f"() => !({blank})()")
