"""A browser and a served page for all tests here; a fresh page with a fresh fake kernel for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser import ARGUMENTS, needed_browser
from tests.browser_ui.harness import HEIGHT, KEYPOINTS, WIDTH, made_jpeg, made_scene, serve

SIZE = (900, 660)
GUTTER = 30  # at the left of the timeline, for numbers


class Widget:
    """The widget on a page, as a user has it: a pointer, keys, and what can be seen."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.root = page.locator(".impose").first
        self.errors: list[str] = []
        self._heard = {
            "pageerror": lambda error: self.errors.append(str(error)),
            "console": lambda m: self.errors.append(m.text) if m.type == "error" else None,
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def goto(self, address: str) -> None:
        """Load the page and wait until the widget is on it."""
        self.page.goto(address)
        self.page.wait_for_function("window.mounted", timeout=8000)

    def leave(self) -> None:
        """The page may be used by others; nothing must have gone wrong on it."""
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)
        assert self.errors == []

    def ready(self, state: str = "ready") -> None:
        self.page.wait_for_selector(f".impose[data-impose-state={state}]", timeout=8000)

    def shows(self, frame: int) -> None:
        """Wait until the picture of a frame is on the canvas."""
        self.page.wait_for_selector(f'.impose[data-impose-shown="{frame}"]', timeout=8000)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the image is on the screen, while the whole picture is shown."""
        box = self.root.locator(".impose-overlay").bounding_box()
        scale = min(box["width"] / WIDTH, box["height"] / HEIGHT)
        left = box["x"] + (box["width"] - WIDTH * scale) / 2
        top = box["y"] + (box["height"] - HEIGHT * scale) / 2
        return left + (x + 0.5) * scale, top + (y + 0.5) * scale

    def keypoint(self, track_id: int, name: str, frame: int = 0) -> tuple[float, float]:
        """Where the kernel has a keypoint, on the screen."""
        return self.at(*self.truth(track_id, name, frame))

    def truth(self, track_id: int, name: str, frame: int = 0) -> list[float]:
        """Where the kernel has a keypoint, in pixels of the video."""
        k = KEYPOINTS.index(name)
        return self.page.evaluate(f"kernel.scene.poses[{frame}]?.[{track_id}]?.xy[{k}]")

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 5) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=steps)
        mouse.up()

    def click(self, track_id: int, name: str = "left_hip", frame: int = 0) -> None:
        self.page.mouse.click(*self.keypoint(track_id, name, frame))

    def press(self, *keys: str) -> None:
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What was asked of the kernel so far."""
        return self.page.evaluate("kind => model.sent.filter((m) => m.kind === kind)", kind)

    def edits(self) -> list[tuple[str, dict[str, Any]]]:
        return [(m["action"], m["args"]) for m in self.sent("edit")]

    def until(self, script: str) -> Any:
        """Wait for a condition in the page."""
        return self.page.wait_for_function(script, timeout=8000)

    def one_edit(self) -> tuple[str, dict[str, Any]]:
        """The only edit, once it was sent."""
        self.until("model.sent.some((m) => m.kind === 'edit')")
        (edit,) = self.edits()
        return edit

    def selected(self) -> str | None:
        row = self.root.locator('.impose-list [data-selected="true"]')
        return row.get_attribute("data-track") if row.count() else None

    def frame_on_screen(self) -> int:
        """The frame's number, read from the blocks in the picture on the canvas."""
        return self.page.evaluate(
            """() => {
                const canvas = document.querySelector('.impose-picture');
                const g = canvas.getContext('2d');
                const scale = Math.min(canvas.width / 640, canvas.height / 360);
                const [left, top] = [(canvas.width - 640 * scale) / 2, (canvas.height - 360 * scale) / 2];
                let frame = 0;
                for (let bit = 0; bit < 8; bit++) {
                    const [r] = g.getImageData(left + (20 * bit + 10) * scale, top + 350 * scale, 1, 1).data;
                    if (r > 127) frame |= 1 << bit;
                }
                return frame;
            }"""
        )


@pytest.fixture(scope="package")
def chrome() -> Iterator[Any]:
    program = needed_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    with serve(made_scene(), made_jpeg) as url:
        yield url


@pytest.fixture
def open_widget(chrome: Any, site: str) -> Iterator[Callable[..., Widget]]:
    """Opens a page in a browser window of its own; `before` runs in it before the widget says hello."""
    contexts, widgets = [], []

    def open_it(query: str = "", before: str = "", size: tuple[int, int] = SIZE, **options: Any) -> Widget:
        context = chrome.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), **options)
        contexts.append(context)
        page = context.new_page()
        widgets.append(Widget(page))
        if before:
            page.add_init_script(f"window.before = () => {{ {before} }};")
        widgets[-1].goto(f"{site}?{query}")
        return widgets[-1]

    yield open_it
    for widget in widgets:
        widget.leave()
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def window(chrome: Any) -> Iterator[Any]:
    """A browser window that tests use one after the other, each with the page loaded anew."""
    context = chrome.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
    yield context.new_page()
    context.close()


@pytest.fixture
def widget(window: Any, site: str) -> Iterator[Widget]:
    """The widget, ready, on a page that was just loaded."""
    opened = Widget(window)
    opened.goto(site)
    opened.ready()
    yield opened
    opened.leave()


def near(a: Any, b: Any, tolerance: float = 0.75) -> bool:
    """Whether two points are the same, to within what a pointer can do."""
    return math.dist(a, b) <= tolerance
