"""How smooth the editor is with much in it: `nice python -m tests.bench.editor` prints one table.

Twenty people in ten thousand frames, 500 issues, in a plain page whose kernel is played by a script: what is measured
is the page alone. A gap is the time between two animation frames while the hand moves in each of them; 16.7 ms is
60 Hz. Pictures are drawn by software here.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import ARGUMENTS, browser
from tests.browser_ui.conftest import Widget
from tests.browser_ui.harness import made_jpeg, made_scene, serve
from tests.browser_ui.test_timeline import MANY

PEOPLE, FRAMES = 20, 10_000
# Every frame has everybody; poses of 66 frames are used again and again, so that the page's own memory is measured.
EVERYWHERE = """
    const rows = kernel.rows.bind(kernel);
    kernel.rows = (spans, ids, poses = kernel.scene.poses) => {
        const some = new Proxy({}, {get: (_, f) => poses[Number(f) % 66]});
        return rows(spans, ids, some);
    };
    for (const people of Object.values(kernel.scene.poses))
        for (const [i, pose] of Object.entries(people)) {
            const dx = 35 + 30 * i - (120 + 170 * i);
            pose.xy = pose.xy.map(([x, y]) => [x + dx, y]);
            pose.box = [pose.box[0] + dx, ...pose.box.slice(1)];
        }
    const changed = kernel.changed.bind(kernel);
    kernel.changed = (action) => changed(action, [[0, 0]]);
"""
GAPS = """
    const gaps = [], work = [];
    let last = performance.now();
    for (let i = 0; i < 240; i++) {
        const began = performance.now();
        act(i);
        work.push(performance.now() - began);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        gaps.push(now - last);
        last = now;
    }
    return gaps.slice(10);
"""
DRAG = f"""async ([x, y]) => {{
    const canvas = document.querySelector('.impose-overlay');
    const same = {{pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true, cancelable: true}};
    const send = (type, clientX, clientY) => canvas.dispatchEvent(new PointerEvent(type, {{...same, clientX, clientY,
        button: type === 'pointermove' ? -1 : 0}}));
    canvas.setPointerCapture = () => {{}};
    send('pointerdown', x, y);
    const act = (i) => send('pointermove', x + 40 * Math.sin(i / 9), y + 30 * Math.cos(i / 7));
    const gaps = await (async () => {{{GAPS}}})();
    send('pointerup', x, y);
    return gaps;
}}"""
PAN = f"""async () => {{
    const canvas = document.querySelector('.impose-scrub');
    const box = canvas.getBoundingClientRect();
    document.querySelector('.impose').focus();
    const wheel = (init) => canvas.dispatchEvent(new WheelEvent('wheel', {{clientX: box.left + 400,
        clientY: box.top + 50, bubbles: true, cancelable: true, ...init}}));
    for (let i = 0; i < 6; i++) wheel({{deltaY: -200}});
    await new Promise((done) => setTimeout(done, 700));
    const act = (i) => wheel({{deltaX: i % 240 < 120 ? 25 : -25}});
    {GAPS}
}}"""
PLAY = f"""async () => {{
    const act = () => {{}};
    {GAPS}
}}"""


def spread(gaps: list[float]) -> str:
    """Median, 95th, 99th percentile and longest; and how many were late by more than half a frame."""
    ordered = sorted(gaps)
    at = [ordered[int(q * (len(ordered) - 1))] for q in (0.95, 0.99, 1)]
    late = sum(g > 25 for g in gaps)
    words = " / ".join(f"{v:.1f}" for v in (statistics.median(ordered), *at))
    return f"{words} ms, {late} of {len(gaps)} over 25 ms"


class Processes:
    """What the browser's processes use: of memory, and of the processor for each animation frame."""

    def __init__(self, chromium: Any, page: Any) -> None:
        self.browser, self.page = chromium.new_browser_cdp_session(), page.context.new_cdp_session(page)
        self.page.send("HeapProfiler.enable")

    def gaps(self, page: Any, script: str, argument: Any = None) -> str:
        """Run a script that returns gaps; they, and the processor time that the page and the drawing took for each."""
        before = self._seconds()
        gaps = page.evaluate(script, argument)
        used = {kind: 1000 * (now - before[kind]) / (len(gaps) + 10) for kind, now in self._seconds().items()}
        return f"{spread(gaps)}; {used['renderer']:.1f} + {used['GPU']:.1f}"

    def _seconds(self) -> dict[str, float]:
        """Processor seconds so far of the busiest process of each kind."""
        out = {"renderer": 0.0, "GPU": 0.0}
        for process in self.browser.send("SystemInfo.getProcessInfo")["processInfo"]:
            kind = process["type"]
            if kind in out:
                ticks = Path(f"/proc/{process['id']}/stat").read_text().rpartition(")")[2].split()[11:13]
                out[kind] = max(out[kind], sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"))
        return out

    def now(self) -> str:
        """Script heap after a collection, and the share of the machine's memory that the page's process has."""
        self.page.send("HeapProfiler.collectGarbage")
        heap = self.page.send("Runtime.getHeapUsage")
        held = heap["usedSize"] + heap.get("backingStorageSize", 0)
        process = max(_share(p["id"]) for p in self._renderers())
        return f"scripts {held / 1e6:.0f} MB, process {process / 1e6:.0f} MB"

    def _renderers(self) -> list[dict[str, Any]]:
        processes = self.browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return [p for p in processes if p["type"] == "renderer"]


def _share(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("Pss:")))


def measure(chromium: Any, url: str) -> dict[str, str]:
    """All rows."""
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(f"window.before = () => {{ {MANY} {EVERYWHERE} }};")
    widget = Widget(page)
    widget.goto(url)
    widget.ready()
    page.wait_for_timeout(1500)
    of = Processes(chromium, page)
    rows = {"memory, just opened": of.now()}
    wrist = widget.keypoint(3, "left_wrist")
    rows["nothing moves (what the browser can do here)"] = of.gaps(page, PLAY)
    rows["drag a keypoint"] = of.gaps(page, DRAG, list(wrist))
    widget.press("3", "Shift+T", "Shift+T", "Shift+O")
    rows["the same with trails and onion skin"] = of.gaps(page, DRAG, list(wrist))
    widget.press("Shift+T", "Shift+T", "Shift+O", "Shift+O")
    widget.press("Alt+.")
    rows["pan the timeline"] = of.gaps(page, PAN)
    widget.press("Space")
    rows["play at twice the real speed"] = of.gaps(page, PLAY)
    widget.press("Space")
    asked = widget.sent("poses")
    _walk(widget)
    rows["memory, after a walk through all frames"] = of.now()
    rows["poses asked for in one message"] = f"{max(m['stop'] - m['first'] for m in asked)} frames"
    sizes = page.evaluate("model.sent.filter((m) => m.kind === 'edit').map((m) => JSON.stringify(m).length)")
    rows["a correction as a message"] = f"{max(sizes)} bytes"
    return rows


def _walk(widget: Widget) -> None:
    """Look at a frame in every chunk of the video."""
    for frame in range(0, FRAMES, 64):
        widget.page.evaluate(
            """(frame) => { const f = document.querySelector('.impose-number'); f.value = frame;
                            f.dispatchEvent(new Event('change', {bubbles: true})); }""",
            frame,
        )
        widget.shows(frame)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with serve(made_scene(PEOPLE), made_jpeg) as url, sync_playwright() as playwright:
        arguments = [*ARGUMENTS, "--enable-precise-memory-info"]
        chromium = playwright.chromium.launch(executable_path=browser(), headless=True, args=arguments)
        rows = measure(chromium, url)
        chromium.close()
    print(f"{PEOPLE} people, {FRAMES} frames, at load {os.getloadavg()[0]:.1f}. Gaps: median / 95 % / 99 % / longest;")
    print("then milliseconds of the processor for each frame: the page's own + drawing")
    for name, value in rows.items():
        print(f"{name:46} {value}")


if __name__ == "__main__":
    main()
