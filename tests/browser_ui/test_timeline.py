"""The timeline: lanes, zoom, ranges, issues, and how it moves with twenty people in ten thousand frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser_ui.conftest import GUTTER, Widget

pytestmark = pytest.mark.browser
HEAD, EACH = 22, 16
ISSUES = """
    const issue = (n, frame, track_id, kind, rest) => ({issue: n, frame, frame_end: frame, track_id, keypoint: null,
        kind, severity: 0.8, reason: `reason ${n}`, ...rest});
    kernel.issues = [issue(11, 20, 1, 'jump'), issue(12, 44, 0, 'crossing', {track_id_b: 2}),
        issue(13, 8, 2, 'gap', {frame_end: 14})];
"""
UNSURE = """
    for (let f = 24; f < 40; f++) kernel.scene.poses[f][1].score = kernel.scene.poses[f][1].score.map(() => 60);
    for (let f = 50; f < 60; f++) delete kernel.scene.poses[f][2];
    for (let f = 5; f < 20; f++) kernel.scene.poses[f][0].flags = kernel.scene.poses[f][0].flags.map(() => 2 | 4);
    kernel.scene.poses[12][0].flags[3] = 2 | 16 | 32;
"""


class Bar:
    """The timeline's canvas, by frames and lanes."""

    def __init__(self, widget: Widget) -> None:
        self.widget, self.mouse = widget, widget.page.mouse
        self.box = widget.root.locator(".impose-scrub").bounding_box()

    def at(self, frame: float, lane: int | None = None, n: int = 66) -> tuple[float, float]:
        """A place on the screen while the whole video is shown; without a lane on the ruler."""
        x = self.box["x"] + GUTTER + (frame + 0.5) / n * (self.box["width"] - GUTTER)
        return x, self.box["y"] + (8 if lane is None else HEAD + EACH * (lane + 0.5))

    def drag(self, start: tuple[float, float], end: tuple[float, float], key: str | None = None) -> None:
        keyboard = self.widget.page.keyboard
        if key:
            keyboard.down(key)
        self.widget.drag(start, end)
        if key:
            keyboard.up(key)

    def colour(self, frame: float, lane: int) -> list[int]:
        """Red, green and blue at a place."""
        x, y = self.at(frame, lane)
        return self.widget.page.evaluate(
            """([x, y]) => {
                const canvas = document.querySelector('.impose-scrub');
                const ratio = canvas.width / canvas.clientWidth;
                return [...canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data].slice(0, 3);
            }""",
            [x - self.box["x"], y - self.box["y"]],
        )

    def pointed(self) -> str:
        return self.widget.root.locator(".impose-pointed").inner_text()


@pytest.fixture
def bar(open_widget: Callable[..., Widget]) -> Bar:
    widget = open_widget(before=ISSUES + UNSURE)
    widget.ready()
    widget.until("model.sent.some((m) => m.kind === 'lanes')")
    widget.page.wait_for_timeout(100)
    return Bar(widget)


def test_confidence_is_colour_and_the_pointer_says_what_is_there(bar: Bar) -> None:
    sure, unsure, nobody = bar.colour(10.3, 1), bar.colour(30.3, 1), bar.colour(55.3, 2)
    assert sure[2] > sure[0] + 50 and unsure[0] > unsure[2] + 50, (sure, unsure)
    assert max(nobody) - min(nobody) < 25
    bar.mouse.move(*bar.at(30, 1))
    assert bar.pointed() == "frame 30 · person 1 · 24 % sure"
    bar.mouse.move(*bar.at(55, 2))
    assert bar.pointed() == "frame 55 · person 2 · not here"
    bar.mouse.move(*bar.at(12, 0))
    assert bar.pointed() == "frame 12 · person 0 · 90 % sure · anchor · propagated"
    bar.mouse.move(*bar.at(20, 1))
    assert bar.pointed().endswith("jump: reason 11")


def test_a_click_goes_there_and_on_a_lane_selects(bar: Bar) -> None:
    bar.mouse.click(*bar.at(33))
    bar.widget.shows(33)
    assert bar.widget.selected() is None
    bar.mouse.click(*bar.at(36, 2))
    bar.widget.shows(36)
    assert bar.widget.selected() == "2"
    bar.mouse.click(bar.box["x"] + 5, bar.at(0, 1)[1])
    assert bar.widget.selected() == "1"
    assert bar.widget.root.get_attribute("data-impose-frame") == "36"


def test_a_click_on_an_issue_shows_it(bar: Bar) -> None:
    bar.mouse.click(*bar.at(44, 2))
    bar.widget.shows(44)
    bar.widget.until("document.querySelector('.impose-issue').textContent.includes('reason 12')")
    bar.widget.press("PageUp")
    bar.widget.shows(20)
    bar.widget.press("PageUp")
    bar.widget.shows(8)
    bar.widget.press("Shift+PageDown")
    bar.widget.shows(44)


def test_the_wheel_zooms_at_the_pointer_and_moves(bar: Bar) -> None:
    bar.widget.root.focus()
    x, y = bar.at(40)
    bar.mouse.move(x, y)
    for _ in range(4):
        bar.mouse.wheel(0, -240)
    bar.mouse.move(x + 1, y)
    assert bar.pointed().startswith("frame 40")
    left = bar.at(0)[0]
    bar.mouse.move(left, y)
    assert int(bar.pointed().split()[1]) > 25
    before = int(bar.pointed().split()[1])
    bar.widget.page.keyboard.down("Shift")
    bar.mouse.wheel(0, -200)
    bar.widget.page.keyboard.up("Shift")
    bar.mouse.move(left + 1, y)
    assert int(bar.pointed().split()[1]) < before
    for _ in range(12):
        bar.mouse.wheel(0, 400)
    bar.mouse.move(left, y)
    assert bar.pointed() == "frame 0"


def test_a_wheel_before_the_widget_has_the_keys_scrolls_the_page(bar: Bar) -> None:
    bar.mouse.move(*bar.at(40))
    bar.mouse.wheel(0, -240)
    bar.widget.until("document.querySelector('.impose-said').textContent.startsWith('Click the timeline')")


def test_a_range_is_dragged_shown_and_used(bar: Bar) -> None:
    widget = bar.widget
    widget.press("1")
    bar.drag(bar.at(30, 1), bar.at(12, 1), "Shift")
    shown = widget.root.locator(".impose-range-bar")
    assert shown.inner_text() == "Frames 12–30"
    assert widget.root.get_attribute("data-impose-frame") == "0"
    widget.press("y")
    widget.until("model.sent.some((m) => m.kind === 'edit')")
    assert widget.edits() == [("interpolate", {"track_id": 1, "first": 12, "last": 30, "max_gap": 19})]
    shown.locator("[data-command='delete range']").click()
    assert "in frames 12 to 30" in widget.root.locator(".impose-question").inner_text()
    widget.press("Enter")
    widget.until("kernel.revision === 3")
    assert widget.edits()[-1] == ("delete", {"track_id": 1, "frame": 0, "scope": [12, 30]})
    assert widget.page.evaluate("[11, 12, 30, 31].map((f) => 1 in kernel.scene.poses[f])") == [True, False, False, True]
    widget.press("Escape")
    assert not shown.is_visible() and widget.selected() == "1"


def test_propagation_stays_in_the_range(bar: Bar) -> None:
    widget = bar.widget
    widget.press("0")
    bar.drag(bar.at(8, 0), bar.at(18, 0), "Shift")
    widget.press("Control+Enter")
    widget.until("model.sent.some((m) => m.kind === 'propagate')")
    orders = [(m["frame"], m["direction"], m["stop"], m["tracks"]) for m in widget.sent("propagate")]
    assert orders == [(None, "both", [8, 18], [0])], "one order is one step of undo"


def test_the_dialog_starts_with_the_range_and_takes_several_people(bar: Bar) -> None:
    widget = bar.widget
    widget.press("0")
    bar.drag(bar.at(8, 0), bar.at(18, 0), "Shift")
    widget.press("Control+g")
    panel = widget.root.locator(".impose-propagation")
    assert [panel.get_by_label(f"{end} frame").input_value() for end in ("First", "Last")] == ["8", "18"]
    panel.get_by_label("Person 2").click()
    panel.get_by_role("button", name="forward").click()
    widget.press("Enter")
    widget.until("model.sent.some((m) => m.kind === 'propagate')")
    (order,) = widget.sent("propagate")
    assert (order["direction"], order["stop"], order["tracks"]) == ("forward", [8, 18], [0, 2])


MANY = """
    const {video, poses} = kernel.scene;
    video.n_frames = 10000;
    kernel.scene.times = Array.from({length: 10000}, (_, i) => i / 30);
    kernel.frameBytes = async () => new Uint8Array(await (await fetch('frames/0.jpg')).arrayBuffer());
    const people = Array.from({length: 20}, (_, i) => ({track_id: i, colour: '#46afff', first: 0, last: 9999,
        n_frames: 10000, n_anchors: 100, anchors: Array.from({length: 100}, (_, k) => 100 * k + i), pending: [5 * i]}));
    const before = kernel.state.bind(kernel);
    kernel.state = () => ({...before(), people, found: [[0, 9999]]});
    kernel.lanes = ({first, stop, bins}) => {
        const per = (stop - first) / bins;
        const sure = new Uint8Array(20 * bins), marks = new Uint8Array(20 * bins);
        for (let p = 0; p < 20; p++)
            for (let b = 0; b < bins; b++) {
                const f = first + b * per;
                sure[p * bins + b] = 128 + 120 * Math.sin(f / (30 + 7 * p));
                const anchor = Math.floor((f + per - 1 - p) / 100) > Math.floor((f - 1 - p) / 100);
                marks[p * bins + b] = (anchor ? 1 : 0) | (Math.floor(f / 40) % 3 ? 2 : 0);
            }
        return {sure, marks, track_ids: people.map((p) => p.track_id)};
    };
    kernel.issues = Array.from({length: 500}, (_, i) => ({issue: i, frame: 19 * i, frame_end: 19 * i + i % 9,
        track_id: i % 20, track_id_b: i % 7 ? null : (i + 5) % 20, keypoint: null, kind: i % 7 ? 'jump' : 'crossing',
        severity: (i % 10) / 10, reason: 'made'}));
"""
PAN = """async () => {
    const canvas = document.querySelector('.impose-scrub');
    const box = canvas.getBoundingClientRect();
    document.querySelector('.impose').focus();
    const wheel = (init) => canvas.dispatchEvent(new WheelEvent('wheel', {clientX: box.left + 400,
        clientY: box.top + 50, bubbles: true, cancelable: true, ...init}));
    for (let i = 0; i < 6; i++) wheel({deltaY: -200});
    await new Promise((done) => setTimeout(done, 700));
    const gaps = [];
    let last = performance.now();
    for (let i = 0; i < 180; i++) {
        wheel({deltaX: i < 90 ? 25 : -25});
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        gaps.push(now - last);
        last = now;
    }
    const sorted = gaps.slice(5).sort((a, b) => a - b);
    const at = (q) => sorted[Math.floor(q * (sorted.length - 1))];
    return {median: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1), n: sorted.length,
            heap: performance.memory ? performance.memory.usedJSHeapSize / 1e6 : null};
}"""


def test_twenty_people_in_ten_thousand_frames(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before=MANY)
    widget.ready()
    widget.until("model.sent.filter((m) => m.kind === 'issues').length === 1")
    widget.page.wait_for_timeout(300)
    measured: dict[str, Any] = widget.page.evaluate(PAN)
    print({k: None if v is None else round(v, 1) for k, v in measured.items()})
    asked = widget.sent("lanes")
    assert all(m["bins"] <= 2048 for m in asked) and len(asked) <= 12
    # The lanes that do not fit are reached by selecting the person.
    widget.press("1", "9")
    bar = Bar(widget)
    bar.mouse.move(*bar.at(10, 3, 10000))
    number = bar.pointed().split("person ")[1].split()[0]
    assert int(number) > 10
