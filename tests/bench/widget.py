"""How quick the editor is in the browser: `nice python -m tests.bench.widget` prints one table.

JupyterLab and Chromium run on this machine, a second time behind a link of 80 ms round trip and 20 Mbit/s. The clip is
made: 1280×720, 300 frames, 20 people. Pictures are drawn by software here; a laptop's browser is quicker.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.slow_link import slow_link
from tests.browser import ARGUMENTS, browser
from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import NotebookPage, Server, serve

WIDTH, HEIGHT, FRAMES, PEOPLE = 1280, 720, 300, 20
LINKS = {"local kernel": None, "80 ms, 20 Mbit/s": (0.04, 20e6)}

CLIP = f"""
import numpy as np
import impose_widget as iw
from impose_widget.video import write_video
rng = np.random.default_rng(0)
coarse = np.repeat(np.repeat(rng.integers(0, 255, (45, 80, 3), dtype=np.uint8), 16, 0), 16, 1)
write_video("clip.mp4", (np.roll(coarse, 3 * i, 1) for i in range({FRAMES})), 30)
"""
OPEN = f"""
annotator = iw.Annotator("clip.mp4", store=None, auto_initialize=False, auto_propagate=False)
import pandas as pd
names = annotator.skeleton.keypoints
t, i, k = np.meshgrid(np.arange({FRAMES}), np.arange({PEOPLE}), np.arange(17), indexing="ij")
shape = rng.uniform(-1, 1, (17, 2)) * (25, 70)
x = 60 + 120 * (i % 10) + shape[k, 0] + 20 * np.sin(t / 20 + i)
y = 180 + 340 * (i // 10) + shape[k, 1]
table = pd.DataFrame(dict(frame=t.ravel(), track_id=i.ravel(), keypoint=np.array(names)[k.ravel()], x=x.ravel(), y=y.ravel()))
annotator.load(table)
annotator
"""  # noqa: E501

STEPS = """async ([root, n, back, pause]) => {
    const took = [];
    const key = back ? "ArrowLeft" : "ArrowRight";
    for (let i = 0; i < n; i++) {
        const want = String(Number(root.dataset.imposeFrame) + (back ? -1 : 1));
        const began = performance.now();
        root.dispatchEvent(new KeyboardEvent("keydown", {key, code: key, bubbles: true, cancelable: true}));
        root.dispatchEvent(new KeyboardEvent("keyup", {key, code: key, bubbles: true, cancelable: true}));
        while (root.dataset.imposeShown !== want) await new Promise(requestAnimationFrame);
        took.push(performance.now() - began);
        if (pause) await new Promise(r => setTimeout(r, pause));
    }
    return took;
}"""

DRAG = """async ([root, canvas, points]) => {
    const send = (type, [x, y], buttons) => canvas.dispatchEvent(new PointerEvent(type, {
        clientX: x, clientY: y, buttons, button: type === "pointermove" ? -1 : 0, pointerId: 1, pointerType: "mouse",
        isPrimary: true, bubbles: true, cancelable: true}));
    const took = [];
    send("pointermove", points[0], 0);
    send("pointerdown", points[0], 1);
    for (const point of points.slice(1)) {
        const began = performance.now();
        send("pointermove", point, 1);
        await new Promise(requestAnimationFrame);
        await new Promise(r => { const c = new MessageChannel(); c.port1.onmessage = r; c.port2.postMessage(0) });
        took.push(performance.now() - began);
    }
    send("pointerup", points.at(-1), 0);
    return took;
}"""

COUNT_BYTES = """() => {
    window.traffic = {sent: 0, received: 0};
    const size = d => typeof d === "string" ? d.length : d.byteLength ?? d.size ?? 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (d) { window.traffic.sent += size(d); return send.call(this, d) };
    const Old = window.WebSocket;
    window.WebSocket = class extends Old {
        constructor(...a) {
            super(...a);
            this.addEventListener("message", e => { window.traffic.received += size(e.data) });
        }
    };
}"""


def spread(milliseconds: list[float]) -> str:
    """Median and 95th percentile."""
    ordered = sorted(milliseconds)
    return f"{statistics.median(ordered):.0f} / {ordered[int(0.95 * (len(ordered) - 1))]:.0f} ms"


def measure(server: Server, chromium: Any, url: str) -> dict[str, str]:
    """All rows over one link."""
    page = chromium.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.add_init_script(f"({COUNT_BYTES})()")
    far = Server(server.app, url, server.token, server.folder, server.log)
    notebook = NotebookPage(page, far, f"bench{url.rpartition(':')[2]}.ipynb").open([CLIP, OPEN])
    editor = EditorOnPage(page, WIDTH, HEIGHT).ready()
    editor.root.focus()
    root = editor.root.element_handle()
    rows = {}
    page.wait_for_timeout(4000)  # prefetch around the first frame
    rows["step to a frame that was fetched ahead"] = spread(page.evaluate(STEPS, [root, 30, False, 150]))
    rows["step, 30 in a row as fast as they come"] = spread(page.evaluate(STEPS, [root, 30, False, 0]))
    rows["step back"] = spread(page.evaluate(STEPS, [root, 30, True, 30]))
    rows["jump to a frame that nobody has seen"] = spread(
        [_jump(page, editor, frame) for frame in (250, 120, 280, 160)]
    )
    editor.go(0)
    x, y = (float(v) for v in notebook.python("r = annotator.poses.iloc[0]; print(r.x, r.y)").split())
    editor.click((x, y))
    path = [editor.at((x + dx, y + dx)) for dx in range(0, 60)]
    rows["drag: pointer to painted"] = spread(page.evaluate(DRAG, [root, editor.canvas.element_handle(), path]))
    rows["redraw, 20 people, script only"] = _script_time(page, editor, (x + 59, y + 59))
    rows["bytes to and from the kernel for a click"] = _bytes(page, editor, (x + 59, y + 59))
    notebook.shut_down()
    page.context.close()
    return rows


def _jump(page: Any, editor: EditorOnPage, frame: int) -> float:
    return page.evaluate(
        """async ([root, frame]) => {
            const field = root.querySelector(".impose-number");
            const began = performance.now();
            field.value = frame; field.dispatchEvent(new Event("input", {bubbles: true}));
            field.dispatchEvent(new Event("change", {bubbles: true}));
            while (root.dataset.imposeShown !== String(frame)) await new Promise(requestAnimationFrame);
            return performance.now() - began }""",
        [editor.root.element_handle(), frame],
    )


def _script_time(page: Any, editor: EditorOnPage, xy: tuple[float, float], n: int = 100) -> str:
    """Milliseconds of script for each redraw of the overlay, from the browser's own counters."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")

    def script() -> float:
        metrics = client.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "ScriptDuration") * 1000

    page.mouse.move(*editor.at(xy))
    before = script()
    for i in range(n):
        page.mouse.move(*editor.at((xy[0] + 20 + i % 7, xy[1] + i % 5)))
    return f"{(script() - before) / n:.1f} ms"


def _bytes(page: Any, editor: EditorOnPage, xy: tuple[float, float], n: int = 5) -> str:
    page.wait_for_timeout(3000)  # pictures fetched ahead are not the click's
    before, revision = page.evaluate("() => ({...window.traffic})"), editor.revision
    for i in range(n):
        editor.drag((xy[0] - 8 * i, xy[1] - 8 * i), (xy[0] - 8 * i - 8, xy[1] - 8 * i - 8), steps=4)
        editor.wait_revision(revision + i + 1)
    after = page.evaluate("() => ({...window.traffic})")
    return ", ".join(f"{(after[k] - before[k]) / n / 1000:.1f} kB {k}" for k in ("sent", "received"))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    path = browser()
    if path is None:
        print("Skipped: Chromium is not there; `python -m tests` says how to get it.")
        return
    table: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as base, serve(Path(base) / "server") as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        port = int(server.url.rpartition(":")[2])
        for name, link in LINKS.items():
            if link is None:
                table[name] = measure(server, chromium, server.url)
                continue
            with slow_link(port, *link) as slow:
                table[name] = measure(server, chromium, f"http://127.0.0.1:{slow}")
        chromium.close()
    print(f"| median / p95 | {' | '.join(table)} |")
    print("|---|" + "---|" * len(table))
    for row in next(iter(table.values())):
        print(f"| {row} | " + " | ".join(column[row] for column in table.values()) + " |")


if __name__ == "__main__":
    main()
