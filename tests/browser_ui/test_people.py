"""Identities and review: every question is asked inside the widget, and says what will happen before it does."""

from __future__ import annotations

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser


def question(widget: Widget) -> str:
    return widget.root.locator(".impose-question").inner_text()


def test_a_swap_is_asked_previewed_and_confirmed(widget: Widget) -> None:
    widget.press("v")
    widget.shows(10)
    widget.click(0, frame=10)
    before = widget.page.evaluate("document.querySelector('.impose-overlay').toDataURL()")
    widget.press("x")
    assert "Swap person 0 with" in question(widget)
    assert widget.root.locator(".impose-question .impose-primary").is_disabled()
    widget.click(2, frame=10)
    assert "0 becomes 2 and 2 becomes 0, in frames 10 to 65" in question(widget)
    widget.page.wait_for_timeout(60)
    assert widget.page.evaluate("document.querySelector('.impose-overlay').toDataURL()") != before
    assert widget.sent("edit") == []
    widget.page.keyboard.press("Enter")
    assert widget.one_edit() == ("swap", {"a": 0, "b": 2, "frame": 10, "scope": "onwards"})
    assert not widget.root.locator(".impose-question").is_visible()


def test_a_question_is_left_without_a_trace(widget: Widget) -> None:
    widget.click(0)
    widget.press("m")
    widget.click(1)
    widget.press("Escape")
    assert widget.sent("edit") == [] and widget.selected() == "0"
    widget.click(1)
    assert widget.selected() == "1"


def test_reassigning_by_number_to_somebody_new_and_in_one_frame(widget: Widget) -> None:
    widget.click(0)
    widget.press("i", "1")
    assert "0 becomes 1" in question(widget)
    widget.root.locator(".impose-question .impose-scope", has_text="this frame").click()
    widget.root.locator(".impose-choice", has_text="new person").click()
    assert "new person takes over, in frame 0" in question(widget)
    widget.page.keyboard.press("Enter")
    assert widget.one_edit()[1] == {"frame": 0, "track_id": 0, "new_track_id": 3, "scope": "frame"}
    widget.until("document.querySelector('.impose-list [data-selected=\"true\"]')?.dataset.track === '3'")


def test_merge_by_the_list_and_split_by_its_button(widget: Widget) -> None:
    widget.press("v")
    widget.shows(10)
    widget.click(0, frame=10)
    widget.root.locator('[data-command="split"]').click()
    widget.root.locator(".impose-question .impose-primary").click()
    assert widget.one_edit() == ("split", {"track_id": 0, "frame": 10})
    widget.until("document.querySelector('.impose-list [data-selected=\"true\"]')?.dataset.track === '3'")
    widget.press("m")
    widget.root.locator('.impose-list [data-track="1"] button').click()
    widget.root.locator(".impose-question .impose-primary").click()
    widget.until("kernel.revision === 3")
    assert widget.edits()[-1] == ("merge", {"a": 3, "b": 1})


def test_a_whole_track_goes_only_through_a_question(widget: Widget) -> None:
    widget.click(1)
    widget.root.locator(".impose-link").click()
    assert "The whole track goes" in question(widget)
    assert widget.sent("edit") == []
    widget.root.locator(".impose-question .impose-secondary").click()
    widget.press("Shift+Delete")
    assert "in frames 0 to 65" in question(widget)
    widget.page.keyboard.press("Enter")
    assert widget.one_edit() == ("delete", {"track_id": 1, "frame": 0, "scope": "onwards"})


def test_the_list_selects_and_goes_there(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            for (let f = 0; f < 30; f++) delete kernel.scene.poses[f][2];
            kernel.revision++;
            kernel.changed('delete');
        }"""
    )
    row = widget.root.locator('.impose-list [data-track="2"]')
    widget.page.wait_for_selector('.impose-list [data-track="2"][data-here="false"]')
    row.locator("button").click()
    widget.shows(30)
    assert widget.selected() == "2"
    assert "30–65" in row.inner_text()


def test_people_come_and_go_in_the_list(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            for (const here of Object.values(kernel.scene.poses)) { delete here[0]; delete here[1]; delete here[2]; }
            kernel.revision++;
            kernel.changed('delete');
        }"""
    )
    widget.page.wait_for_selector(".impose-list .impose-empty")
    assert widget.root.locator(".impose-list [data-track]").count() == 0
    widget.press("b")
    widget.drag(widget.at(100, 40), widget.at(200, 300))
    widget.page.wait_for_selector('.impose-list [data-track="0"]')
    assert widget.root.locator(".impose-list .impose-empty").count() == 0


def test_an_absent_keypoint_is_placed_from_the_strip(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            const pose = kernel.scene.poses[0][1];
            pose.xy[9] = null; pose.flags[9] = 0;
            kernel.revision++;
            kernel.changed('set_visibility');
        }"""
    )
    widget.click(1)
    chip = widget.root.locator(".impose-chip", has_text="L wrist")
    widget.page.wait_for_selector('.impose-chip[data-state="absent"]')
    chip.click()
    assert "Click where the left wrist is" in widget.root.locator(".impose-hint").inner_text()
    widget.page.mouse.click(*widget.at(330, 200))
    action, args = widget.one_edit()
    assert action == "correct" and args["keypoint"] == "left_wrist" and args["track_id"] == 1
    widget.page.wait_for_selector('.impose-chip[data-state="visible"][data-anchor="true"]')


def test_issues_one_after_the_other(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            const issue = (n, frame, track_id, keypoint) => (
                {issue: n, frame, frame_end: frame + 2, track_id, keypoint, kind: 'jump', severity: 0.5,
                 reason: `${keypoint} jumped ${n} px`});
            kernel.issues = [issue(11, 20, 1, 'left_wrist'), issue(12, 40, 2, 'nose'), issue(13, 50, 0, null)];
        }"""
    )
    card = widget.root.locator(".impose-issue")
    widget.press("n")
    widget.shows(20)
    assert widget.selected() == "1" and "left_wrist jumped 11 px" in card.inner_text() and "3 open" in card.inner_text()
    widget.press("a")
    widget.shows(40)
    assert widget.one_edit() == ("resolve_issue", {"issue": 11, "state": "accepted"})
    widget.press("Shift+n")
    widget.shows(20)
    widget.press("n")
    widget.shows(40)
    card.locator('[data-command="ignore issue"]').click()
    widget.shows(50)
    assert widget.edits()[-1] == ("resolve_issue", {"issue": 12, "state": "ignored"})
    widget.press("n")
    widget.until("document.querySelector('.impose-issue').hidden")
    assert "No further issues" in widget.root.locator(".impose-said").inner_text()


def test_names_of_keypoints_at_the_pointer_and_on_demand(widget: Widget) -> None:
    overlay = "document.querySelector('.impose-overlay').toDataURL()"
    widget.page.mouse.move(*widget.at(20, 20))
    plain = widget.page.evaluate(overlay)
    widget.page.mouse.move(*widget.keypoint(1, "left_wrist"))
    widget.until(f"{overlay} !== {plain!r}")
    widget.page.mouse.move(*widget.at(20, 20))
    widget.until(f"{overlay} === {plain!r}")
    widget.press("t")
    widget.until(f"{overlay} !== {plain!r}")
    assert widget.root.locator('[data-command="names"]').get_attribute("aria-pressed") == "true"
