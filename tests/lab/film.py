"""A short animation of the editor at work, from screenshots: frames that are alike are one, longer."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Page

from tests.lab.editor import EditorOnPage
from tests.lab.jupyter import NotebookPage

CURSOR = [(0, 0), (0, 17), (4, 13.5), (7, 20), (9.6, 18.9), (6.7, 12.6), (12, 12.2)]
MOST = 2_000_000  # bytes


class Film:
    """Pictures of an element, with the pointer drawn where the hand is.

    Args:
        page: on which it is.
        editor: what is filmed.
        width: of the animation, in pixels.
    """

    def __init__(self, page: Page, editor: EditorOnPage, width: int = 900) -> None:
        self.page, self.editor, self.width = page, editor, width
        self.pictures: list[Image.Image] = []
        self.milliseconds: list[int] = []
        self.at: tuple[float, float] | None = None
        box = editor.root.bounding_box()
        assert box is not None
        self.box = box  # of the first picture: all have to be as large

    def shoot(self, milliseconds: int) -> None:
        """One picture that is shown so long."""
        box = self.box
        picture = Image.open(io.BytesIO(self.page.screenshot(clip=box))).convert("RGB")
        if self.at is not None:
            _pointer(picture, (self.at[0] - box["x"], self.at[1] - box["y"]))
        size = self.width, round(picture.height * self.width / picture.width)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        if self.pictures and ImageChops.difference(self.pictures[-1], picture).getbbox() is None:
            self.milliseconds[-1] += milliseconds
            return
        self.pictures.append(picture)
        self.milliseconds.append(milliseconds)

    def move(self, to: tuple[float, float], steps: int = 8, milliseconds: int = 60) -> None:
        """Move the pointer in a straight line, filming it."""
        start = self.at or to
        for i in range(1, steps + 1):
            share = i / steps
            self.at = (start[0] + share * (to[0] - start[0]), start[1] + share * (to[1] - start[1]))
            self.page.mouse.move(*self.at)
            self.page.wait_for_timeout(50)  # until it is painted
            self.shoot(milliseconds)

    def save(self, path: Path) -> int:
        """Write an animated WebP; the best quality that is small enough. Returns its bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for quality in (80, 65, 50, 35):
            first, *rest = self.pictures
            first.save(
                path, save_all=True, append_images=rest, duration=self.milliseconds, loop=0, quality=quality, method=4
            )
            if path.stat().st_size <= MOST:
                break
        return path.stat().st_size


def _pointer(picture: Image.Image, at: tuple[float, float]) -> None:
    draw = ImageDraw.Draw(picture)
    outline = [(at[0] + x, at[1] + y) for x, y in CURSOR]
    draw.polygon(outline, fill="white", outline="black", width=1)


def correct_and_propagate(notebook: NotebookPage, editor: EditorOnPage, film: Film | None = None) -> int:
    """On the clip that ships: an arm that was read wrongly is put right, and the correction travels.

    Returns:
        The track id of the person.
    """

    def shoot(milliseconds: int) -> None:
        if film is not None:
            film.shoot(milliseconds)

    code = (
        "p = annotator.poses.query('frame == 22 and keypoint == \"left_wrist\"');"
        "r = p.iloc[(p.x - 372).abs().argmin()]; print(r.track_id, r.x, r.y)"
    )
    person, x, y = (float(v) for v in notebook.python(code).split())
    notebook.python(f"annotator.show(22, {int(person)})")
    editor.wait(frame=22, shown=22)
    editor.root.focus()
    editor.page.mouse.move(*editor.at((395, 105)))
    editor.page.mouse.wheel(0, -430)
    if film is not None:
        film.move(editor.at((320, 180)), 1)
    shoot(1400)
    for keypoint, to in (("left_wrist", (397, 60)), ("left_elbow", (376, 80))):
        code = f"r = annotator.poses.query('frame == 22 and track_id == {int(person)} and keypoint == \"{keypoint}\"')"
        x, y = (float(v) for v in notebook.python(f"{code}; print(r.x.iloc[0], r.y.iloc[0])").split())
        revision = editor.revision
        _drag(editor, (x, y), to, film)
        editor.wait_revision(revision + 1)
        shoot(500)
    for _ in range(200):
        shoot(90)
        if notebook.python("print(annotator.busy, (annotator.poses.source == 'propagated').any())") == "False True":
            break
    editor.idle()
    if film is not None:
        film.move(editor.at((330, 190)))
    shoot(800)
    for frame in range(23, 35):  # until somebody stands in front of her
        editor.press("ArrowRight")
        editor.wait(frame=frame, shown=frame)
        shoot(110)
    shoot(1600)
    return int(person)


def _drag(editor: EditorOnPage, start: tuple[float, float], end: tuple[float, float], film: Film | None) -> None:
    if film is None:
        editor.drag(start, end)
        return
    film.move(editor.at(start))
    film.shoot(350)
    editor.page.mouse.down()
    film.move(editor.at(end), 12)
    film.shoot(250)
    editor.page.mouse.up()
