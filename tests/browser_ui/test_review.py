"""The reviewer's panel, the guidelines, the meters, and files: what is said is sent, and what comes back is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser


def says(widget: Widget, selector: str, words: str) -> None:
    widget.until(f"document.querySelector('{selector}').textContent.includes({words!r})")


def verdict(**args: object) -> tuple[str, dict[str, object]]:
    return "review", {"frame": 0, "verdict": "accepted", "comment": "", "frame_end": None} | args


def test_a_review_by_keys_from_person_to_person(widget: Widget) -> None:
    widget.press("Alt+2", "Alt+n")
    widget.until("document.querySelector('[data-selected=true]') !== null")
    first = widget.selected()
    widget.press("Alt+a")
    widget.until("kernel.verdicts.size === 1")
    assert widget.edits() == [verdict(track_id=int(first))]
    widget.until(f"document.querySelector('[data-selected=true]').dataset.track !== {first!r}")
    says(widget, ".impose-progress", "1 of 198 poses looked at")
    second = widget.selected()
    widget.press("Alt+Shift+A")
    widget.until("kernel.verdicts.size === 2")
    assert widget.edits()[-1] == verdict(track_id=int(second), verdict="rejected")
    says(widget, ".impose-progress", "2 of 198 poses looked at · 1 wrong")
    widget.press(second)
    says(widget, ".impose-verdict", f"Person {second}: wrong")
    widget.press("Alt+u")
    says(widget, ".impose-verdict", f"Person {second}: not looked at")


def test_words_go_along_and_lead_back(widget: Widget) -> None:
    widget.click(1)
    widget.press("Alt+c")
    widget.page.keyboard.type("the arm is not hers, f d x")
    widget.page.keyboard.press("Control+Enter")
    says(widget, ".impose-remarks", "the arm is not hers, f d x")
    assert widget.edits() == [verdict(track_id=1, verdict="comment", comment="the arm is not hers, f d x")]
    assert widget.root.locator("textarea").input_value() == ""
    widget.until("document.activeElement.classList.contains('impose')")
    widget.press("End")
    widget.shows(65)
    widget.root.locator(".impose-remark").click()
    widget.shows(0)
    assert widget.selected() == "1"


def test_a_whole_frame_and_a_whole_track(widget: Widget) -> None:
    widget.press("Alt+2")
    widget.root.get_by_role("button", name="this frame", exact=True).click()
    widget.root.locator(".impose-review [data-command='accept here']").click()
    widget.until("kernel.verdicts.size === 3")
    assert widget.edits()[-1] == verdict(track_id=None)
    widget.shows(1)
    widget.root.get_by_role("button", name="this track", exact=True).click()
    widget.press("2")
    widget.root.locator(".impose-review [data-command='accept here']").click()
    widget.until("kernel.verdicts.size === 68")
    assert widget.edits()[-1] == verdict(frame=None, track_id=2)


def test_the_meters_are_those_of_the_kernel(widget: Widget) -> None:
    widget.press("Alt+2")
    says(widget, ".impose-meters", "Active time0 s")
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(320, 90))
    says(widget, ".impose-meters", "Clicks1Keypoints, boxes, identities1, 0, 0")
    text = widget.root.locator(".impose-meters").inner_text().replace("\n", " ")
    assert "Active time 12 s" in text and "Seconds a person-frame 0.061" in text and "Clicks a tracklet 0.33" in text


def test_guidelines_are_live_and_their_text_is_only_text(widget: Widget) -> None:
    widget.press("Alt+3")
    says(widget, ".impose-judged", "17 visible, 8 needed")
    says(widget, '.impose-judged [data-track="2"]', "blurred: left wrist")
    text = widget.root.locator(".impose-markdown")
    assert text.locator("li").all_inner_texts() == ["Eight visible <b>keypoints</b>", "Blur"]
    assert text.locator("b").count() == 0 and text.locator("strong").inner_text() == "Eight"
    widget.page.evaluate("kernel.scene.poses[0][1].flags.fill(1, 0, 10); kernel.revision++; kernel.changed('edit')")
    says(widget, '.impose-judged [data-track="1"]', "7 of 8 visible keypoints")
    widget.press("Alt+1", "1")
    says(widget, ".impose-chip-judgement", "7 of 8 visible keypoints")
    widget.press("f")
    says(widget, ".impose-chip-judgement", "17 visible, 8 needed")


def test_an_export_says_what_is_lost_and_that_it_was_read_back(widget: Widget) -> None:
    widget.press("Control+e")
    sheet = widget.root.locator(".impose-export")
    says(widget, ".impose-losses", "Everything that is here will be in the file.")
    sheet.locator("[data-export=format]").select_option("mot")
    says(widget, ".impose-losses", "keypoints (17): left out")
    assert sheet.locator("[data-export=path]").input_value() == "made.txt"
    sheet.get_by_role("button", name="Export", exact=True).click()
    says(widget, ".impose-result", "Written to /data/made.txt (20.5 kB), read back and compared.")
    asked = {k: v for k, v in widget.sent("export")[0].items() if k not in ("rid", "client")}
    assert asked == {"kind": "export", "format": "mot", "path": "made.txt", "replace": False}
    widget.page.keyboard.press("Escape")
    assert not sheet.is_visible()


def test_enter_writes_the_file_that_is_proposed_and_looks_first_at_another_name(widget: Widget) -> None:
    widget.press("Control+e")
    sheet = widget.root.locator(".impose-export")
    says(widget, ".impose-losses", "Everything")
    widget.page.keyboard.press("Enter")
    says(widget, ".impose-result", "Written to /data/made.json")
    sheet.locator("[data-export=path]").fill("taken.json")
    widget.page.keyboard.press("Enter")
    sheet.get_by_label("Replace the file of this name").wait_for()
    assert len(widget.sent("export")) == 1


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(widget: Widget) -> None:
    widget.press("Control+e")
    sheet = widget.root.locator(".impose-export")
    says(widget, ".impose-losses", "Everything")
    path = sheet.locator("[data-export=path]")
    path.fill("taken.json")
    path.press("Tab")
    go = sheet.get_by_role("button", name="Export", exact=True)
    replace = sheet.get_by_label("Replace the file of this name")
    replace.wait_for()
    assert go.is_disabled()
    replace.check()
    go.click()
    says(widget, ".impose-result", "Written to /data/taken.json")
    assert widget.sent("export")[0]["replace"] is True


def test_a_reader_may_look_and_not_decide(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before="kernel.readOnly = true")
    widget.ready()
    widget.press("1", "Alt+2", "Alt+a")
    says(widget, ".impose-said", "read-only")
    assert widget.edits() == []
    says(widget, ".impose-progress", "0 of 198")
