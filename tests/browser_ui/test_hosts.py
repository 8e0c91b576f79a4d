"""What differs between hosts: a frame without network or storage (VS Code, Colab), themes, sizes of messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser
BACKGROUND = "getComputedStyle(document.querySelector('.impose')).backgroundColor"
DARK, LIGHT = "rgb(22, 24, 29)", "rgb(255, 255, 255)"


def test_in_a_sandboxed_frame_without_storage_or_network(chrome: Any, site: str) -> None:
    context = chrome.new_context(viewport={"width": 900, "height": 760})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    framed = site.replace("page.html", "framed.html")
    page.set_content(f'<iframe sandbox="allow-scripts" style="width: 880px; height: 740px" src="{framed}"></iframe>')
    frame = page.frame_locator("iframe")
    frame.locator(".impose[data-impose-state=ready]").wait_for()
    inside = page.frames[1]
    refused = "() => { try { localStorage.length; return false } catch { return true } }"
    assert inside.evaluate(refused)
    frame.locator(".impose").focus()
    for key in ("1", "f", "e"):
        page.keyboard.press(key)
    frame.locator('.impose[data-impose-shown="1"]').wait_for()
    page.keyboard.press("Alt+ArrowRight")
    frame.locator('.impose[data-impose-revision="2"]').wait_for()
    page.keyboard.press("Control+,")
    dial = frame.locator("[data-wish=brightness]")
    dial.fill("2")
    look = "getComputedStyle(document.querySelector('.impose-picture')).filter"
    assert inside.evaluate(look) == "brightness(2) contrast(1)"
    page.keyboard.press("Alt+Enter")  # which the frame may not; that is said, and nothing breaks
    frame.locator(".impose-said", has_text="does not allow the full screen").wait_for()
    assert inside.evaluate("requests") == []
    assert errors == []
    context.close()


@pytest.mark.parametrize(
    "say",
    [
        "document.body.dataset.jpThemeLight = '{jupyter}'",
        "document.body.dataset.vscodeThemeKind = 'vscode-{word}'",
        "document.documentElement.setAttribute('theme', '{word}')",
        "document.body.className = '{word}'",
        "document.documentElement.dataset.theme = '{word}'",
    ],
    ids=["jupyter", "vscode", "colab", "marimo", "sphinx"],
)
def test_dark_and_light_as_each_host_says_it(widget: Widget, say: str) -> None:
    for word, jupyter, colour in (("dark", "false", DARK), ("light", "true", LIGHT)):
        widget.page.evaluate(say.format(word=word, jupyter=jupyter))
        widget.until(f"{BACKGROUND} === '{colour}'")


def test_an_answer_that_was_cut_short_is_asked_for_again_at_once(open_widget: Callable[..., Widget]) -> None:
    widget = open_widget(
        before="""const handle = kernel.handle.bind(kernel);
                  kernel.handle = (m) => handle(m.kind === 'frames' ? {...m, want: m.want.slice(0, 2)} : m);"""
    )
    widget.ready()
    for _ in range(12):
        widget.press("f")
    widget.shows(12)
    assert widget.frame_on_screen() == 12
    longest = max(len(m["want"]) for m in widget.sent("frames"))
    assert longest > 2  # so that something was cut


def test_full_screen_and_back(widget: Widget) -> None:
    before = widget.root.locator(".impose-stage").bounding_box()
    widget.press("Alt+Enter")
    widget.until("document.fullscreenElement?.classList.contains('impose')")
    widget.page.wait_for_timeout(100)
    after = widget.root.bounding_box()
    assert (after["x"], after["y"]) == (0, 0) and after["width"] >= 900
    assert widget.root.locator(".impose-stage").bounding_box()["width"] >= before["width"]
    widget.press("Alt+Enter")
    widget.until("document.fullscreenElement === null")
