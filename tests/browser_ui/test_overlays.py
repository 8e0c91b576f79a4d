"""Other frames drawn in this one, a picture that follows, focus, issues with what would mend them, guided placement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser_ui.conftest import Widget, near

pytestmark = pytest.mark.browser
GREEN = (141, 255, 176)
ISSUES = """
    kernel.scene.poses[20][1].xy[9][0] -= 60;
    const issue = (n, frame, rest) => ({issue: n, frame, frame_end: frame, track_id: 1, keypoint: null,
        severity: 0.9, reason: `reason ${n}`, ...rest});
    kernel.issues = [issue(1, 20, {kind: 'jump', keypoint: 'left_wrist', reason: 'left wrist jumped 60 px'}),
        issue(2, 30, {kind: 'crossing', track_id: 0, track_id_b: 1}), issue(3, 40, {kind: 'bone'})];
"""


def go(widget: Widget, frame: int) -> None:
    widget.press("j")
    widget.page.keyboard.type(str(frame))
    widget.page.keyboard.press("Enter")
    widget.shows(frame)


def near_colour(widget: Widget, rgb: tuple[int, int, int], tolerance: int = 40) -> int:
    """How many pixels of the overlay have about this colour."""
    widget.page.wait_for_timeout(80)
    return widget.page.evaluate(
        """([rgb, tolerance]) => {
            const canvas = document.querySelector('.impose-overlay');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let n = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 100 && rgb.every((v, c) => Math.abs(data[i + c] - v) < tolerance)) n++;
            return n;
        }""",
        [list(rgb), tolerance],
    )


def painted(widget: Widget) -> int:
    """How many pixels of the overlay have anything on them."""
    widget.page.wait_for_timeout(80)
    return widget.page.evaluate(
        """() => {
            const canvas = document.querySelector('.impose-overlay');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return data.filter((v, i) => i % 4 === 3 && v > 0).length;
        }"""
    )


def test_trails_and_onion_skin_come_and_go_with_their_keys(widget: Widget) -> None:
    go(widget, 20)
    widget.press("2")
    bare = painted(widget)
    widget.press("Shift+T", "Shift+T")
    trails = painted(widget)
    assert trails > bare + 300, "30 frames of walking"
    widget.press("Shift+T", "Shift+T")
    assert painted(widget) == bare
    widget.press("Shift+O", "Shift+O")
    assert painted(widget) > bare + 300
    pressed = widget.root.locator('.impose-toolbar [data-command="onion skin"]').get_attribute("aria-pressed")
    assert pressed == "true"
    widget.press("Shift+O")
    assert painted(widget) == bare and widget.edits() == []


def test_the_picture_follows_a_person(widget: Widget) -> None:
    """Where the person is on the screen is where the tag is drawn; a click there selects them in every frame."""
    widget.press("1", "Shift+P")
    for _ in range(3):
        widget.press("+")
    widget.page.wait_for_timeout(60)
    where = []
    for frame in (10, 30, 50):
        go(widget, frame)
        widget.page.wait_for_timeout(60)
        where.append(blue_middle(widget))
    assert max(abs(a - where[0]) for a in where) < 6, where


def blue_middle(widget: Widget) -> float:
    """The middle of what has the second person's colour on the overlay."""
    return widget.page.evaluate(
        """() => {
            const canvas = document.querySelector('.impose-overlay');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let [sum, n] = [0, 0];
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 200 && data[i] < 90 && data[i + 1] > 150 && data[i + 2] > 230) {
                    sum += (i / 4) % canvas.width;
                    n++;
                }
            return sum / n;
        }"""
    )


def test_others_cannot_be_taken_while_one_is_focused(widget: Widget) -> None:
    widget.press("1", "w")
    widget.drag(widget.keypoint(2, "left_wrist"), widget.at(500, 300))
    widget.page.keyboard.press("o")  # the drag moved the picture instead
    widget.click(2)
    assert widget.edits() == [] and widget.selected() == "1"
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(300, 250))
    assert widget.one_edit()[1]["track_id"] == 1
    widget.press("w")
    widget.click(2)
    assert widget.selected() == "2"


def test_an_issue_shows_what_would_mend_it_and_enter_does_it(open_widget: Any) -> None:
    widget = open_widget(before=ISSUES)
    widget.ready()
    widget.press("n")
    widget.shows(20)
    card = widget.root.locator(".impose-issue")
    assert "left wrist jumped 60 px" in card.inner_text() and "3 open" in card.inner_text()
    assert near_colour(widget, GREEN) > 30
    right = widget.page.evaluate("[19, 21].map((f) => kernel.scene.poses[f][1].xy[9])")
    widget.press("Enter")
    action, args = widget.one_edit()
    assert action == "correct" and (args["frame"], args["keypoint"]) == (20, "left_wrist")
    assert near(args["xy"], [(right[0][i] + right[1][i]) / 2 for i in (0, 1)], 0.02)


def test_a_crossing_is_shown_swapped_and_enter_swaps(open_widget: Any) -> None:
    widget = open_widget(before=ISSUES)
    widget.ready()
    widget.press("n", "n")
    widget.shows(30)
    question = widget.root.locator(".impose-question")
    question.wait_for()
    assert "0 becomes 1 and 1 becomes 0, in frames 30 to 65" in question.inner_text()
    assert widget.edits() == []
    before = widget.truth(0, "nose", 40)
    widget.press("Enter")
    widget.until("kernel.revision === 2")
    assert widget.one_edit() == ("swap", {"a": 0, "b": 1, "frame": 30, "scope": "onwards"})
    assert widget.truth(1, "nose", 40) == before


def test_what_is_right_is_accepted_and_the_next_one_comes(open_widget: Any) -> None:
    widget = open_widget(before=ISSUES)
    widget.ready()
    widget.press("n", "n")
    widget.shows(30)
    widget.press("a")
    widget.shows(40)
    assert widget.one_edit() == ("resolve_issue", {"issue": 2, "state": "accepted"})
    assert not widget.root.locator(".impose-question").is_visible()
    assert "reason 3" in widget.root.locator(".impose-issue").inner_text()


def test_keypoint_after_keypoint_is_placed(widget: Widget) -> None:
    widget.press("2", "Shift+Q")
    hint = widget.root.locator(".impose-hint")
    assert "Where is the nose? (1 of 17)" in hint.inner_text()
    widget.page.mouse.click(*widget.at(430, 60))
    assert "left eye" in hint.inner_text()
    widget.press("e")
    assert "right eye? (3 of 17)" in hint.inner_text()
    widget.page.mouse.click(*widget.at(435, 55), button="right")
    widget.press("Escape")
    assert not hint.is_visible()
    widget.until("model.sent.filter((m) => m.kind === 'edit').length === 2")
    placed = [(a["keypoint"], a["visibility"]) for _, a in widget.edits()]
    assert placed == [("nose", 2), ("right_eye", 1)]


def test_playing_is_slower_on_demand(widget: Widget) -> None:
    widget.press("Alt+,", "Alt+,")
    assert widget.root.locator(".impose-speed").inner_text() == "0.25×"
    go(widget, 0)
    widget.press("Space")
    widget.page.wait_for_timeout(1000)
    widget.press("Space")
    frame = int(widget.root.get_attribute("data-impose-frame"))
    assert 1 <= frame <= 12, "a quarter of 30 frames a second; a slow machine shows fewer"
    widget.root.locator(".impose-speed").click()
    assert widget.root.locator(".impose-speed").inner_text() == "0.5×"
