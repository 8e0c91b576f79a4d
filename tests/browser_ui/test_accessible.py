"""axe looks at everything that the editor can show: nothing serious, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser_ui.conftest import Widget

pytestmark = pytest.mark.browser
PROBLEMS = """async () => {
    const run = await axe.run('.impose', {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
                                          rules: {region: {enabled: false}}});
    return run.violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
}"""
ISSUE = """kernel.issues = [{issue: 1, frame: 10, frame_end: 10, track_id: 1, keypoint: 'left_wrist', kind: 'jump',
                             severity: 0.9, reason: 'The left wrist jumps by 60 px.'}]"""


def show_selection(widget: Widget) -> None:
    widget.click(1)
    widget.press("e")


def show_issue(widget: Widget) -> None:
    widget.press("n")
    widget.until("!document.querySelector('.impose-issue').hidden")


STATES: dict[str, Callable[[Widget], object]] = {
    "selection": show_selection,
    "question": lambda widget: (widget.click(1), widget.press("x")),
    "limits": lambda widget: (widget.click(1), widget.press("Control+g")),
    "box and range": lambda widget: widget.press("(", "f", "f", ")", "b"),
    "issue": show_issue,
    "look back": lambda widget: (widget.page.evaluate("kernel.carry(1, [0, 5], [20, 0])"), widget.press("z")),
    "guided": lambda widget: (widget.click(0), widget.press("Shift+Q")),
    "settings": lambda widget: widget.press("Control+,"),
    "review": lambda widget: (widget.click(1), widget.press("Alt+2")),
    "guide": lambda widget: widget.press("Alt+3"),
    "export": lambda widget: widget.press("Control+e"),
    "keys": lambda widget: widget.press("?"),
    "dead": lambda widget: widget.page.evaluate("model.dead = true; model.fire('comm:close')"),
}


def problems(widget: Widget) -> list[str]:
    widget.page.wait_for_timeout(150)  # colours that change slowly
    return widget.page.evaluate(PROBLEMS)


@pytest.mark.parametrize(("scheme", "width"), [("", 1000), ("dark", 600), ("", 390)])
def test_nothing_serious(open_widget: Callable[..., Widget], scheme: str, width: int) -> None:
    from axe_playwright_python.base import AXE_FILE_PATH  # the script that comes with the package

    widget = open_widget(f"first&{scheme}", ISSUE, (width, 900))
    widget.ready()
    widget.page.add_script_tag(path=AXE_FILE_PATH)
    found = {"at first": problems(widget)}
    widget.root.get_by_role("button", name="Skip").click()
    for name, show in STATES.items():
        show(widget)
        found[name] = problems(widget)
        widget.press(*["Escape"] * 4, "Home", "o", "Alt+2", "Alt+1")
    assert {name: what for name, what in found.items() if what} == {}
