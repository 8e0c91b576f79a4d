"""Looking back at a propagation: old poses beneath the new ones, and taking parts of it back."""

from __future__ import annotations

import math

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser
CARRY = "kernel.carry(1, [5, 24], [24, -10])"


@pytest.fixture
def carried(widget: Widget) -> Widget:
    """Person 1 was carried through frames 5 to 24, and the old poses are shown."""
    widget.press("1", "j")
    widget.page.keyboard.type("10")
    widget.page.keyboard.press("Enter")
    widget.shows(10)
    widget.page.evaluate(CARRY)
    widget.press("z")
    widget.root.locator(".impose-lookback").wait_for()
    return widget


def overlay(widget: Widget, track_id: int, name: str, dx: float = 0, dy: float = 0) -> int:
    """How opaque what is drawn about a keypoint of frame 10 is (0 to 255), moved by some pixels of the video."""
    x, y = widget.truth(track_id, name, 10)
    px, py = widget.at(x + dx, y + dy)
    return widget.page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector('.impose-overlay');
            const box = canvas.getBoundingClientRect();
            const ratio = canvas.width / box.width;
            const {data} = canvas.getContext('2d').getImageData((x - box.left) * ratio - 1, (y - box.top) * ratio - 1, 3, 3);
            return Math.max(...data.filter((_, i) => i % 4 === 3));
        }""",  # noqa: E501
        [px, py],
    )


def test_old_poses_are_drawn_beneath_the_new_ones_and_told(carried: Widget) -> None:
    panel = carried.root.locator(".impose-lookback")
    words = panel.inner_text()
    assert "20 frames of person 1 changed" in words and "17 keypoints" in words
    assert f"{math.hypot(24, 10):.1f} px" in words
    assert overlay(carried, 1, "left_ankle", -24, 10) > 60, "where the ankle was"
    carried.press("z")
    assert not panel.is_visible()
    carried.page.wait_for_timeout(60)
    assert overlay(carried, 1, "left_ankle", -24, 10) == 0
    assert carried.edits() == []


def test_half_of_it_is_rejected_and_one_undo_brings_it_back(carried: Widget) -> None:
    carried.root.locator(".impose-scrub").focus()
    for key, frame in (("(", 10), (")", 24)):
        carried.press("j")
        carried.page.keyboard.type(str(frame))
        carried.page.keyboard.press("Enter")
        carried.shows(frame)
        carried.press(key)
    panel = carried.root.locator(".impose-lookback")
    assert panel.get_by_role("button", name="frames 10–24").get_attribute("aria-pressed") == "true"
    before, after = carried.truth(1, "nose", 4), carried.truth(1, "nose", 20)
    panel.get_by_role("button", name="Reject part").click()
    action, args = carried.one_edit()
    assert action == "reject" and args["frames"] == [10, 24] and args["tracks"] is None
    carried.until("kernel.revision === 3")
    assert carried.truth(1, "nose", 20) == [pytest.approx(after[0] - 24), pytest.approx(after[1] + 10)]
    assert carried.truth(1, "nose", 4) == before
    assert carried.truth(1, "nose", 9)[0] - before[0] > 24, "the other half stays"
    carried.until("document.querySelector('.impose-lookback p').textContent.startsWith('5 frames')")
    assert "15 poses are as they were" in carried.root.locator(".impose-said").inner_text()
    carried.press("Control+z")
    carried.until("kernel.revision === 4")
    assert carried.truth(1, "nose", 20) == after


def test_rejecting_everything_closes_it(carried: Widget) -> None:
    carried.press("Shift+Z")
    carried.until("kernel.revision === 3")
    carried.root.locator(".impose-lookback").wait_for(state="hidden")
    (edit,) = carried.edits()
    assert edit == ("reject", {"action": 2, "frames": None, "tracks": None})


def test_keeping_it_changes_nothing(carried: Widget) -> None:
    carried.root.locator(".impose-lookback").get_by_role("button", name="Keep it").click()
    assert not carried.root.locator(".impose-lookback").is_visible() and carried.edits() == []


def test_only_the_selected_person_is_rejected(carried: Widget) -> None:
    panel = carried.root.locator(".impose-lookback")
    panel.get_by_role("button", name="this frame").click()
    panel.get_by_role("button", name="person 1").click()
    carried.press("Shift+Z")
    carried.until("kernel.revision === 3")
    assert carried.one_edit()[1] == {"action": 2, "frames": [10, 10], "tracks": [1]}
