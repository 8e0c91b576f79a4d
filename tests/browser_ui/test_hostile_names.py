"""Names from files are text: a keypoint, a video or a message with HTML in it shows its letters and runs nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser

NAME = '<img src="x" onerror="window.hacked = 1"><b>wrist</b>'
HOSTILE = f"""
    const name = {NAME!r};
    const scene = window.kernel.scene;
    scene.skeleton.keypoints[9] = name;
    scene.skeleton.name = name;
    scene.video.name = name + '.mp4';
    scene.video.notes = [name];
    window.kernel.storeName = name;
    window.kernel.issues = [{{issue: 1, frame: 10, frame_end: 10, track_id: 1, keypoint: name, kind: 'jump',
        severity: 0.9, reason: name + ' jumped', value: 1, threshold: 0.5}}];
    window.kernel.refuse.set('correct', ['value', 'Expected something else, got ' + name + '.']);
"""


def test_html_in_names_is_shown_and_not_run(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before=HOSTILE)
    widget.ready()
    widget.click(0)
    strip = widget.root.locator(".impose-keypoints button").nth(9)
    assert "<img" in strip.get_attribute("title")
    strip.click()
    widget.press("t", "n")
    widget.shows(10)
    assert f"{NAME} jumped" in widget.root.inner_text()
    widget.press("Home", "o")  # the issue was zoomed to
    widget.shows(0)
    widget.drag(widget.keypoint(0, "right_hip"), widget.keypoint(0, "right_knee"))
    widget.until("document.querySelector('.impose').innerText.includes('Expected something else, got <img')")
    assert NAME in widget.root.inner_text()
    assert widget.page.evaluate("window.hacked") is None
    assert widget.root.locator("img, b").count() == 0
