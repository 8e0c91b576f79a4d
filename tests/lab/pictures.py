"""Pictures of the editor on the clip that ships, for looking at: `python -m tests.lab.pictures DIR`.

Every mode in light and dark, the whole page wide and narrow, and what the README shows (editor.jpg, correct.webp): each
in a real JupyterLab with the real network, after a few of the demo's corrections.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import ARGUMENTS, browser
from tests.lab.editor import EditorOnPage
from tests.lab.film import Film, correct_and_propagate
from tests.lab.jupyter import ROOT, NotebookPage, serve

CLIP = ROOT / "impose_widget" / "assets" / "store_aisle.mp4"
CELLS = [
    "import impose_widget as iw\n\nannotator = iw.Annotator('store_aisle.mp4', store=None)\nannotator",
    "annotator.poses.query('anchor')[['frame', 'track_id', 'keypoint', 'x', 'y', 'source']]",
]
SIZES = {"wide": (1500, 1010), "narrow": (700, 900), "phone": (420, 840)}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
NO_FIRST_STEPS = "localStorage.setItem('impose-widget', JSON.stringify({welcomed: true}))"
CORRECT = """
import json
from importlib.resources import files
from impose_widget.cli.demo import nearest
annotator.initialize(progress=False)
for c in json.loads((files("impose_widget") / "assets" / "store_aisle.corrections.json").read_text()):
    annotator.correct(c["frame"], nearest(annotator.poses, c["frame"], c["near"]), c["keypoint"], c["xy"])
annotator.propagate(direction="both", progress=False)
print(nearest(annotator.poses, 60, (340, 180)))
"""
MODES: dict[str, Callable[[EditorOnPage], object]] = {
    "keypoint": lambda e: e.press("e", "t"),
    "look-back": lambda e: e.press("p", "z"),
    "trails": lambda e: e.press("p", "Shift+T", "Shift+T"),
    "onion-skin": lambda e: e.press("p", "Shift+O", "w"),
    "range": lambda e: e.press("Shift+ArrowLeft", "(", "Shift+ArrowRight", ")"),
    "propagate": lambda e: e.press("Shift+ArrowLeft", "(", "Shift+ArrowRight", ")", "Control+g"),
    "swap": lambda e: e.press("x", "0"),
    "delete": lambda e: e.press("Shift+Delete"),
    "issue": lambda e: e.press("n"),
    "guided": lambda e: e.press("p", "Shift+Q"),
    "box": lambda e: e.press("b"),
    "boxes": lambda e: e.press("p", "Alt+b"),
    "curve": lambda e: e.press("Shift+C"),
    "settings": lambda e: e.press("Control+,"),
    "keys": lambda e: e.press("?"),
}
LASTING = {  # what Esc does not end, and what ends it
    "keypoint": ["t"],
    "trails": ["Shift+T"] * 2,
    "onion-skin": ["Shift+O"] * 2 + ["w"],
    "boxes": ["Alt+b"],
    "curve": ["Shift+C"] * 2,
}


def film(page: Page, folder: Path, notebook: NotebookPage) -> None:
    """Write correct.webp."""
    page.set_viewport_size({"width": 1180, "height": 900})
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    editor = EditorOnPage(page, 480, 270).ready()
    notebook.until("annotator.frames.found.all()", timeout=240)
    editor.idle()
    editor.root.scroll_into_view_if_needed()
    made = Film(page, editor)
    correct_and_propagate(notebook, editor, made)
    print(f"correct.webp: {made.save(folder / 'correct.webp') / 1e6:.2f} MB, {len(made.pictures)} pictures")


def modes(page: Page, folder: Path, editor: EditorOnPage, show: Callable[[], None], theme: str) -> None:
    """Write MODE-THEME.png of each mode."""
    for name, enter in MODES.items():
        show()
        enter(editor)
        page.wait_for_timeout(900)  # answers, and transitions of the page
        editor.root.screenshot(path=folder / f"{name}-{theme}.png")
        editor.press(*["Escape"] * 3)
        editor.press(*LASTING.get(name, []))
        if name == "settings":
            editor.press("Control+,")
        editor.press("o")


def take(folder: Path) -> None:
    """Write everything into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base, serve(Path(base) / "server") as server, sync_playwright() as playwright:
        (server.folder / CLIP.name).write_bytes(CLIP.read_bytes())
        chromium = playwright.chromium.launch(executable_path=browser(), headless=True, args=ARGUMENTS)
        context = chromium.new_context(viewport=dict(zip(("width", "height"), SIZES["wide"], strict=True)))
        context.add_init_script(NO_FIRST_STEPS)
        page = context.new_page()
        notebook = NotebookPage(page, server, "annotate.ipynb").open(CELLS)
        film(page, folder, notebook)
        editor = EditorOnPage(page, 480, 270).ready()
        person = int(notebook.python(CORRECT).split()[-1])
        notebook.run_cell(1)
        page.wait_for_selector(".jp-OutputArea-output table >> text=human")

        def show() -> None:
            notebook.python(f"annotator.show(60, {person})")
            editor.wait(frame=60, shown=60)
            editor.press("o")
            editor.root.focus()

        for theme, name in THEMES.items():
            page.evaluate("(name) => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
                editor.root.scroll_into_view_if_needed()
                show()
                page.wait_for_timeout(600)  # transitions of the page
                page.screenshot(path=folder / f"editor-{size}-{theme}.png")
                if (size, theme) == ("wide", "light"):
                    part = {"x": 40, "y": 92, "width": 1420, "height": 900}
                    page.screenshot(path=folder / "editor.jpg", type="jpeg", quality=88, clip=part)
            page.set_viewport_size({"width": 1180, "height": 900})
            editor.root.scroll_into_view_if_needed()
            modes(page, folder, editor, show, theme)
        notebook.shut_down()
        chromium.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    take(parser.parse_args().folder)
