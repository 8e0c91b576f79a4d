"""Pictures, playing, the scrub bar: the frame that is said is the frame that is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import GUTTER, Widget

pytestmark = pytest.mark.browser


def test_the_picture_is_that_of_the_frame(widget: Widget) -> None:
    assert widget.frame_on_screen() == 0
    for key, frame in (("f", 1), ("v", 11), ("End", 65), ("d", 64), ("Home", 0)):
        widget.press(key)
        widget.shows(frame)
        assert widget.frame_on_screen() == frame
    assert widget.root.locator(".impose-number").input_value() == "0"
    assert widget.root.locator(".impose-total").inner_text() == "/ 65 · 0.00 s"


def test_while_playing_picture_and_poses_belong_together(widget: Widget) -> None:
    widget.press("Space")
    pairs = widget.page.evaluate(
        """() => new Promise((resolve) => {
            const out = [];
            const root = document.querySelector('.impose');
            const canvas = document.querySelector('.impose-picture');
            const look = () => {
                const g = canvas.getContext('2d');
                const scale = Math.min(canvas.width / 640, canvas.height / 360);
                const [left, top] = [(canvas.width - 640 * scale) / 2, (canvas.height - 360 * scale) / 2];
                let frame = 0;
                for (let bit = 0; bit < 8; bit++) {
                    const [r] = g.getImageData(left + (20 * bit + 10) * scale, top + 350 * scale, 1, 1).data;
                    if (r > 127) frame |= 1 << bit;
                }
                out.push([frame, Number(root.dataset.imposeShown)]);
                if (out.length < 20) setTimeout(look, 40); else resolve(out);
            };
            look();
        })"""
    )
    assert all(seen == said for seen, said in pairs)
    assert len({seen for seen, _ in pairs}) > 4


def test_playing_keeps_to_the_clock_and_stops_at_the_end(widget: Widget) -> None:
    widget.press("End", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d")
    widget.shows(53)
    widget.page.evaluate("window.since = performance.now()")
    widget.press("Space")
    widget.until("document.querySelector('.impose').dataset.imposeShown === '65'")
    took = widget.page.evaluate("performance.now() - since")
    assert 12 / 30 * 1000 - 60 < took < 12 / 30 * 1000 + 1500
    widget.until("document.querySelector('[data-command=play] path').getAttribute('d').startsWith('M4.5')")


def test_frames_are_asked_for_ahead_and_never_one_by_one(widget: Widget) -> None:
    widget.until("model.sent.filter((m) => m.kind === 'frames').flatMap((m) => m.want).length >= 33")
    widget.page.wait_for_timeout(100)
    asked = widget.sent("frames")
    frames = [frame for m in asked for frame in m["want"]]
    assert len(frames) == len(set(frames)) and max(frames) == 32 and asked[0]["want"][0] == 0
    assert len(asked) < 12 and all(len(m["want"]) <= 8 for m in asked)
    before = len(asked)
    for _ in range(5):
        widget.press("f")
    widget.shows(5)
    assert len(widget.sent("frames")) - before <= 5


def test_the_scrub_bar_goes_where_it_is_pressed_and_dragged(widget: Widget) -> None:
    bar = widget.root.locator(".impose-scrub")
    box = bar.bounding_box()

    def x(frame):
        return box["x"] + GUTTER + (frame + 0.5) / 66 * (box["width"] - GUTTER)

    y = box["y"] + box["height"] / 2
    widget.page.mouse.click(x(33), y)
    widget.shows(33)
    widget.page.mouse.move(x(33), y)
    widget.page.mouse.down()
    widget.page.mouse.move(x(50), y - 200, steps=6)
    widget.page.mouse.up()
    widget.shows(50)
    assert bar.get_attribute("aria-valuenow") == "50" and bar.get_attribute("aria-valuemax") == "65"


def test_a_frame_that_is_slow_leaves_the_old_one_and_its_poses(widget: Widget) -> None:
    widget.until("model.sent.filter((m) => m.kind === 'frames').length > 3")
    widget.page.wait_for_timeout(150)
    widget.page.evaluate("kernel.hold.add('frames')")
    widget.press("End")
    assert widget.root.get_attribute("data-impose-frame") == "65"
    assert widget.root.get_attribute("data-impose-shown") == "0" and widget.frame_on_screen() == 0
    widget.ready("loading")
    widget.drag(widget.keypoint(1, "left_wrist"), widget.at(320, 100))
    assert widget.one_edit()[1]["frame"] == 0


def test_python_asks_for_a_place(widget: Widget) -> None:
    widget.page.evaluate("kernel.say({kind: 'go', frame: 30, track_id: 2})")
    widget.shows(30)
    assert widget.selected() == "2"


def test_a_small_line_gets_previews_only_while_moving(open_widget: Callable[..., Widget]) -> None:
    slow = """
        kernel.scene.video.width = 1280;
        kernel.scene.video.height = 720;
        const { frameBytes } = kernel;
        let line = Promise.resolve();
        kernel.frameBytes = (frame, size) => (line = line
            .then(() => new Promise((done) => setTimeout(done, size === 'full' ? 80 : 5)))
            .then(() => frameBytes(frame)));
    """
    widget = open_widget(before=slow)
    widget.shows(0)
    widget.press("v", "v", "v", "v")
    widget.shows(40)
    widget.until("model.sent.some((m) => m.kind === 'frames' && m.size === 'preview')")
    widget.until("model.sent.some((m) => m.kind === 'frames' && m.size === 'full' && m.want.includes(40))")
