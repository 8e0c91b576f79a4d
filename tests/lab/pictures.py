"""Pictures of the editor on the clip that ships, for looking at: `python -m tests.lab.pictures DIR`; editor.jpg is
the README's.

Light and dark, wide and narrow: each a real JupyterLab with the real network, after a few of the demo's corrections.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import ARGUMENTS, browser
from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import ROOT, NotebookPage, serve

CLIP = ROOT / "impose_widget" / "assets" / "store_aisle.mp4"
CELLS = [
    "import impose_widget as iw\n\nannotator = iw.Annotator('store_aisle.mp4', store=None)\nannotator",
    "annotator.poses.query('anchor')[['frame', 'track_id', 'keypoint', 'x', 'y', 'source']]",
]
SIZES = {"wide": (1500, 1010), "narrow": (700, 900), "phone": (420, 840)}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
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


def take(folder: Path) -> None:
    """Write editor-SIZE-THEME.png and the key sheet into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base, serve(Path(base) / "server") as server, sync_playwright() as playwright:
        (server.folder / CLIP.name).write_bytes(CLIP.read_bytes())
        chromium = playwright.chromium.launch(executable_path=browser(), headless=True, args=ARGUMENTS)
        page = chromium.new_context(viewport=dict(zip(("width", "height"), SIZES["wide"], strict=True))).new_page()
        notebook = NotebookPage(page, server, "annotate.ipynb").open(CELLS)
        editor = EditorOnPage(page, 480, 270).ready()
        person = int(notebook.python(CORRECT).split()[-1])
        notebook.run_cell(1)
        page.wait_for_selector(".jp-OutputArea-output table >> text=human")
        for theme, name in THEMES.items():
            page.evaluate("(name) => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
                editor.root.scroll_into_view_if_needed()
                notebook.python(f"annotator.show(60, {person})")
                editor.wait(frame=60, shown=60)
                editor.root.focus()
                page.wait_for_timeout(600)  # transitions of the page
                page.screenshot(path=folder / f"editor-{size}-{theme}.png")
                if (size, theme) == ("wide", "light"):
                    part = {"x": 40, "y": 92, "width": 1420, "height": 900}
                    page.screenshot(path=folder / "editor.jpg", type="jpeg", quality=88, clip=part)
        page.set_viewport_size({"width": 1500, "height": 1010})
        editor.press("?")
        page.wait_for_timeout(300)
        page.screenshot(path=folder / "keys-dark.png")
        notebook.shut_down()
        chromium.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    take(parser.parse_args().folder)
