"""The editor on a page, used as a person does: with the mouse, by keys, by what it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page


class EditorOnPage:
    """One view of the annotator.

    Args:
        page: where.
        width, height: of the video, in pixels.
        nth: which view, if there are several.
    """

    def __init__(self, page: Page, width: int, height: int, nth: int = 0) -> None:
        self.page, self.width, self.height = page, width, height
        self.root: Locator = page.locator(".impose[data-impose-state]").nth(nth)

    def wait(self, **attributes: Any) -> EditorOnPage:
        """Wait until `data-impose-NAME` of the root has these values, such as state="ready", shown=5."""
        for name, value in attributes.items():
            self.page.wait_for_function(
                "([root, name, value]) => root.getAttribute(name) === value",
                arg=[self.root.element_handle(), f"data-impose-{name}", str(value)],
                timeout=90_000,
            )
        return self

    def ready(self) -> EditorOnPage:
        """Wait until there is a picture and the session answers."""
        self.root.wait_for(timeout=120_000)
        self.root.scroll_into_view_if_needed()
        self.page.wait_for_function(
            "(root) => root.dataset.imposeState === 'ready' && root.dataset.imposeShown !== undefined",
            arg=self.root.element_handle(),
            timeout=120_000,
        )
        return self

    def knows(self, track_id: int, first: int, last: int) -> EditorOnPage:
        """Wait until this view has heard that a person is in these frames."""
        self.root.locator(f'.impose-list [data-track="{track_id}"] .impose-range', has_text=f"{first}–{last}").wait_for(
            timeout=90_000
        )
        return self

    def idle(self) -> EditorOnPage:
        """Wait until nothing runs and everything is answered."""
        self.page.wait_for_function(
            "(root) => root.dataset.imposeState === 'ready' && !root.querySelector('.impose-job')",
            arg=self.root.element_handle(),
            timeout=90_000,
        )
        return self

    @property
    def canvas(self) -> Locator:
        """What the pointer acts on."""
        return self.root.locator(".impose-overlay")

    def at(self, xy: Sequence[float]) -> tuple[float, float]:
        """Where a place of the video is on the screen, however it is zoomed."""
        box = self.canvas.bounding_box()
        assert box is not None
        scale, x, y = (float(v) for v in (self.root.get_attribute("data-impose-camera") or "").split())
        return box["x"] + x + (xy[0] + 0.5) * scale, box["y"] + y + (xy[1] + 0.5) * scale

    def click(self, xy: Sequence[float], **options: Any) -> None:
        """Click a place of the video."""
        self.page.mouse.click(*self.at(xy), **options)

    def drag(self, start: Sequence[float], end: Sequence[float], steps: int = 8) -> None:
        """Drag from one place of the video to another."""
        self.page.mouse.move(*self.at(start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(end), steps=steps)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Press keys with the focus in the editor."""
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, frame: int) -> None:
        """Step to a frame and wait until it is shown."""
        now = int(self.root.get_attribute("data-impose-frame") or 0)
        step = "ArrowRight" if frame > now else "ArrowLeft"
        tens, ones = divmod(abs(frame - now), 10)
        self.press(*[f"Shift+{step}"] * tens, *[step] * ones)
        self.wait(frame=frame, shown=frame)

    @property
    def revision(self) -> int:
        """Of the newest edit that this view knows."""
        return int(self.root.get_attribute("data-impose-revision") or -1)

    def wait_revision(self, at_least: int) -> None:
        """Wait until this view knows an edit."""
        self.page.wait_for_function(
            "([root, n]) => Number(root.dataset.imposeRevision) >= n",
            arg=[self.root.element_handle(), at_least],
            timeout=90_000,
        )

    def text(self) -> str:
        """Everything that it says."""
        return re.sub(r"\s+", " ", self.root.inner_text())
