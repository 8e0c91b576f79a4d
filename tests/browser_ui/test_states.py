"""What the widget says about itself: saving, carrying, a busy kernel, a dead one, another tab, another view."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser
DRAG = ("left_wrist", (320.0, 90.0))


def drag(widget: Widget, frame: int = 0) -> None:
    widget.drag(widget.keypoint(1, DRAG[0], frame), widget.at(*DRAG[1]))


def test_saved_is_said_when_the_kernel_has_said_so(widget: Widget) -> None:
    saved = widget.root.locator(".impose-saved")
    assert saved.inner_text() == "Saved"
    widget.page.evaluate("kernel.latency = 300")
    drag(widget)
    assert saved.inner_text() == "Saving…"
    widget.ready("busy")
    widget.ready()
    assert saved.inner_text() == "Saved" and "clip.mp4.impose" in saved.get_attribute("title")


def test_memory_only_is_said(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before="kernel.storeName = null")
    widget.ready()
    assert widget.root.locator(".impose-saved").inner_text() == "Memory only"
    widget.press("Control+s")
    assert "memory" in widget.root.locator(".impose-said").inner_text()


def test_a_refused_edit_goes_back_with_a_sentence(widget: Widget) -> None:
    widget.page.evaluate("kernel.refuse.set('correct', ['value', 'Expected a frame in 0..65, got 99.'])")
    before = widget.page.evaluate("document.querySelector('.impose-overlay').toDataURL()")
    drag(widget)
    widget.until("document.querySelector('.impose-said').textContent.startsWith('Expected a frame')")
    widget.press("Escape")
    widget.page.mouse.move(3, 3)
    widget.until(f"document.querySelector('.impose-overlay').toDataURL() === {before!r}")


def test_carrying_shows_progress_and_streams_in_and_stops_at_once(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            kernel.onPropagate = (m, job) => {
                let frame = m.frame ?? 0;
                kernel.tick = setInterval(() => {
                    frame++;
                    kernel.scene.poses[frame][1].xy[9] = [320, 90];
                    kernel.scene.poses[frame][1].flags[9] = 2 | (1 << 2);
                    kernel.revision++;
                    kernel.changed('propagate', [[frame, frame]]);
                    const progress = {kind: 'progress', what: 'propagate', done: frame, total: 65, text: `at ${frame}`};
                    kernel.say({job, ...progress});
                }, 30);
            };
            kernel.onCancel = () => {
                clearInterval(kernel.tick);
                kernel.say({kind: 'finished', job: 1, what: 'propagate', stopped: 'cancelled', frames: 3, keypoints: 3,
                            seconds: 0.1, track_ids: [1]});
            };
        }"""
    )
    drag(widget)
    widget.press("g")
    assert widget.sent("propagate")[0]["tracks"] == [1]
    widget.page.wait_for_selector(".impose-job[data-what=propagate]")
    widget.until("kernel.revision > 4")
    widget.press("Escape")
    widget.page.wait_for_selector(".impose-job", state="detached")
    assert widget.sent("cancel")[0]["job"] is None
    assert "Stopped; what was done stays" in widget.root.locator(".impose-said").inner_text()
    widget.press("f", "f")
    widget.shows(2)
    widget.drag(widget.keypoint(1, "left_wrist", 2), widget.at(330, 95))
    widget.until("model.sent.filter((m) => m.kind === 'edit').length === 2")
    assert widget.edits()[-1][1]["keypoint"] == "left_wrist"


def test_each_direction_has_a_button_and_a_key(widget: Widget) -> None:
    for command, key in (("forward", "g"), ("backward", "Shift+g"), ("both", "Alt+g")):
        before = len(widget.sent("propagate"))
        widget.press(key)
        widget.root.locator(f'.impose-toolbar [data-command="propagate {command}"]').click()
        assert [m["direction"] for m in widget.sent("propagate")[before:]] == [command, command]


def test_a_propagation_with_limits(widget: Widget) -> None:
    drag(widget)
    widget.until("kernel.revision === 2")
    widget.press("Control+g")
    panel = widget.root.locator(".impose-propagation")
    assert panel.locator('.impose-choice[aria-pressed="true"]').inner_text() == "1", "the selected person"
    panel.locator(".impose-chip", has_text="L wrist").click()
    panel.locator(".impose-chip", has_text="L elbow").click()
    last = panel.get_by_label("Last frame")
    last.fill("99")
    assert "Expected frames from 0 to 65" in panel.inner_text()
    last.fill("12")
    last.press("Enter")
    widget.until("model.sent.some((m) => m.kind === 'propagate')")
    (order,) = widget.sent("propagate")
    assert {k: order[k] for k in ("frame", "direction", "stop", "tracks", "keypoints")} == {
        "frame": 0,
        "direction": "forward",
        "stop": 12,
        "tracks": [1],
        "keypoints": ["left_elbow", "left_wrist"],
    }
    assert not panel.is_visible()


def test_auto_propagate_is_switched_and_follows_the_kernel(widget: Widget) -> None:
    box = widget.root.locator(".impose-check input")
    assert box.is_checked()
    widget.root.locator(".impose-check").click()
    widget.until("model.sent.some((m) => m.kind === 'option')")
    assert widget.sent("option")[0]["value"] is False and not box.is_checked()
    widget.page.evaluate("kernel.say({kind: 'options', auto_propagate: true})")
    widget.until("document.querySelector('.impose-check input').checked")


def test_a_busy_kernel_is_said_and_editing_goes_on(widget: Widget) -> None:
    widget.page.evaluate("kernel.hold.add('edit')")
    drag(widget)
    widget.until("document.querySelector('.impose-busy').textContent.includes('busy')")
    assert widget.root.get_attribute("data-impose-state") == "busy"
    widget.drag(widget.keypoint(2, "nose"), widget.at(500, 50))
    assert len(widget.sent("edit")) == 2


def test_a_dead_kernel_is_said_in_words_and_found_again(widget: Widget) -> None:
    # Timeline and panel have asked for what they show, so that the drag is the first to find nobody there.
    widget.until("['lanes', 'judged'].every((kind) => model.sent.some((m) => m.kind === kind))")
    widget.page.evaluate("model.dead = true")
    drag(widget)
    widget.ready("dead")
    banner = widget.root.locator(".impose-banner").inner_text()
    assert "The kernel has stopped. Nothing is lost" in banner and "Run the cell again" in banner
    assert widget.root.locator(".impose-saved").inner_text() == "Not connected"
    widget.press("l", "f")
    widget.page.evaluate("model.dead = false")
    widget.ready()
    assert not widget.root.locator(".impose-banner").is_visible()
    drag(widget, int(widget.root.get_attribute("data-impose-shown") or 0))
    widget.until("kernel.revision === 2")


def test_a_kernel_that_never_answers_is_waited_for(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(before="kernel.hold.add('hello')")
    assert widget.root.locator(".impose-hint").inner_text() == "Waiting for the kernel…"
    assert widget.root.locator(".impose-saved").inner_text() == "Connecting…"
    assert widget.root.get_attribute("data-impose-state") == "loading"
    for key in ("x", "g", "Delete", "n", "f", "Space", "?", "Escape"):
        widget.press(key)
    assert widget.sent("edit") == []


def test_another_version_is_refused_in_a_sentence(open_widget: Callable[..., Widget]) -> None:
    said = "Expected a page that speaks version 2, got version 1: the package was updated; reload the page."
    refusal = f"kind: 'error', rid: m.rid, client: m.client, code: 'version', message: {said!r}"
    refuse = f"kernel.handle = (m) => kernel.say({{{refusal}}})"
    widget = open_widget(before=refuse)
    widget.until("document.querySelector('.impose-banner').textContent.startsWith('Expected a page')")
    assert widget.root.locator(".impose-banner").is_visible()


def test_two_views_show_one_state(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget("views=2&height=420", size=(900, 1300))
    widget.page.wait_for_function("document.querySelectorAll('[data-impose-state=ready]').length === 2")
    assert len(widget.sent("hello")) == 1
    drag(widget)
    widget.page.wait_for_function("document.querySelectorAll('[data-impose-revision=\"2\"]').length === 2")
    second = widget.page.locator(".impose").nth(1)
    second.focus()
    widget.page.keyboard.press("f")
    widget.page.wait_for_function(
        "document.querySelectorAll('.impose')[1].dataset.imposeShown === '1'"
        " && document.querySelectorAll('.impose')[0].dataset.imposeShown === '0'"
    )


def test_a_change_from_elsewhere_is_shown(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            kernel.scene.poses[0][1].xy[9] = [400, 300];
            kernel.revision = 7;
            kernel.changed('correct', [[0, 0]]);
        }"""
    )
    widget.until("document.querySelector('.impose').dataset.imposeRevision === '7'")
    widget.page.mouse.click(*widget.at(400, 300))
    assert widget.root.locator('.impose-chip[aria-pressed="true"]').inner_text() == "L wrist"


def test_messages_of_another_page_are_not_ours(widget: Widget) -> None:
    widget.page.evaluate(
        "kernel.say({kind: 'error', rid: 1, client: 'another', code: 'failed', message: 'Not for you.'})"
    )
    widget.page.evaluate("kernel.say({kind: 'nonsense'})")
    widget.until("document.querySelector('.impose-said').textContent.includes('nonsense')")
    assert widget.root.get_attribute("data-impose-state") == "ready"


def test_leaving_takes_everything_along_and_it_can_be_shown_again(widget: Widget) -> None:
    widget.page.evaluate(
        """() => {
            const still = document.createElement('div');
            still.className = 'impose-static';
            still.dataset.imposeStatic = 'abc123';
            still.textContent = 'still';
            const other = still.cloneNode(true);
            other.dataset.imposeStatic = 'other';
            document.body.append(still, other);
        }"""
    )
    still, other = (widget.page.locator(f'[data-impose-static="{name}"]') for name in ("abc123", "other"))
    assert not still.is_visible() and other.is_visible()
    widget.page.evaluate("leave()")
    assert widget.page.locator(".impose").count() == 0 and still.is_visible()
    sent = len(widget.page.evaluate("model.sent"))
    assert widget.page.evaluate("[...model.listeners.values()].reduce((n, set) => n + set.size, 0)") == 0
    widget.page.wait_for_timeout(300)
    assert len(widget.page.evaluate("model.sent")) == sent
    widget.page.evaluate("again(document.getElementById('app'))")
    widget.ready()
    assert not still.is_visible()


def test_it_is_dark_where_the_page_is_dark_and_follows_it(widget: Widget) -> None:
    background = "getComputedStyle(document.querySelector('.impose')).backgroundColor"
    assert widget.page.evaluate(background) == "rgb(255, 255, 255)"
    widget.page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    widget.until(f"{background} === 'rgb(22, 24, 29)'")
    widget.page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    widget.until(f"{background} === 'rgb(255, 255, 255)'")


@pytest.mark.parametrize(("width", "panel"), [(560, "below"), (860, "below"), (900, "beside"), (1600, "beside")])
def test_it_fits_narrow_and_wide(open_widget: Callable[..., Widget], width: int, panel: str) -> None:
    widget = open_widget(size=(width, 900))
    widget.ready()
    widget.click(1)
    assert widget.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    stage = widget.root.locator(".impose-stage").bounding_box()
    people = widget.root.locator(".impose-people").bounding_box()
    assert (people["x"] >= stage["x"] + stage["width"] - 1) is (panel == "beside")
    cut = widget.page.evaluate(
        """() => [...document.querySelectorAll('.impose-toolbar button, .impose-transport button')]
            .filter((b) => !b.closest('[hidden]'))
            .map((b) => b.getBoundingClientRect())
            .filter((r) => r.right > innerWidth || r.width < 20).length"""
    )
    assert cut == 0


def test_a_flood_of_keys_and_moves_is_survived(widget: Widget) -> None:
    widget.click(1)
    for i in range(60):
        widget.page.keyboard.press("fdvc"[i % 4])
        widget.page.mouse.move(*widget.at(100 + 5 * i, 100 + i))
    for frame in (int(widget.root.get_attribute("data-impose-frame") or -1),):
        widget.shows(frame)
    widget.ready()
    assert widget.sent("edit") == []
