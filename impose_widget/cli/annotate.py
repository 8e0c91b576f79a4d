"""`impose-widget annotate`: JupyterLab with the annotator on a video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def annotate(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of images.", metavar="VIDEO")],
    notebook: Annotated[
        Path | None, typer.Option(help="The notebook; made if it is not there. Else VIDEO.ipynb beside the video.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open a video for annotation in JupyterLab, in a notebook that is ready to run."""
    from impose_widget.cli.lab import check_lab, open_lab, write_notebook
    from impose_widget.video import open_video

    check_lab()
    open_video(video).close()  # a bad file is said here, not in the notebook
    video = video.resolve()
    path = video.with_name(f"{video.name}.ipynb") if notebook is None else notebook.resolve()
    beside = video.name if path.parent == video.parent else str(video)
    made = write_notebook(path, beside, video.name)
    typer.echo(f"{'Made' if made else 'Opening'} {path}; stop JupyterLab with Ctrl+C.")
    if code := open_lab(path, browser):
        raise typer.Exit(code)
