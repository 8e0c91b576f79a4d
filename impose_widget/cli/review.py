"""`impose-widget review`: what is suspicious in annotations, what a reviewer did, how two sets of them differ."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from impose_widget.session import Session

WORST = 20  # places on a contact sheet
LISTED = 12


def review(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of images.")],
    annotations: Annotated[
        Path | None, typer.Argument(help="What to review; without it, what the journal of the video holds.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="The truth, or another annotator's file, to compare with.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("impose-review"),
    skeleton: Annotated[str, typer.Option(help="The skeleton: coco17, …")] = "coco17",
) -> None:
    """Review someone's annotations: places to look at, guidelines, differences, and a report of what was done.

    Walk the queue in the editor (`impose-widget annotate VIDEO`): accept, correct or comment. The same command then
    writes the report of it. Nothing is changed by this command, but that the annotations are taken into the journal.
    """
    from impose_widget.session import Session

    with Session.open(video, model=None, skeleton=skeleton) as session:
        if annotations is not None:
            _take_in(session, annotations)
        if not len(session.poses):
            raise ValueError(f"Expected annotations to review, got none in the journal of {video}; give their file.")
        out.mkdir(parents=True, exist_ok=True)
        compared = None if against is None else session.compare(against)
        issues = session.issues
        _tell_issues(issues)
        issues.to_csv(out / "issues.csv", index=False)
        written = ["issues.csv", *_sheet(issues, out / "issues.png")]
        verdict = session.judge()
        verdict.drop(columns="blurred").to_csv(out / "guidelines.csv", index=False)
        report = session.review_report()
        for suffix in ("html", "md"):
            report.save(out / f"review.{suffix}")
        written += ["guidelines.csv", "review.html", "review.md"]
        if compared is not None:
            compared.save(out / "comparison.html")
            compared.disagreements.to_csv(out / "disagreements.csv", index=False)
            written += ["comparison.html", "disagreements.csv", *_sheet(compared.queue, out / "differences.png")]
            typer.echo(f"Mean OKS {compared.summary['mean_oks']:.3f}, median {compared.summary['median_px']:.1f} px.")
        n = int((~verdict["meets"]).sum())
        typer.echo(f"{n} of {len(verdict)} people in frames do not meet the guidelines ({session.guidelines.name}).")
    typer.echo(f"In {out}: {', '.join(written)}.")


def _take_in(session: Session, path: Path) -> None:
    """Load the file, unless the journal has it already."""
    done = set(session.state.history.done)
    loaded = [a for a in session.state.actions if a.kind == "load" and a.seq in done]
    if any(Path(a.payload["file"]).name == path.name for a in loaded):
        return
    session.load(path, anchors=False)  # whatever they are sure of is what is reviewed


def _sheet(issues: pd.DataFrame, path: Path) -> list[str]:
    from impose_widget.player import contact_sheet

    worst = issues[(issues["state"] == "open") & (issues["track_id"] >= 0)].head(WORST)
    if not len(worst):
        return []
    try:
        contact_sheet(worst, path)
    except ValueError:  # none of them is of somebody who is in the frame
        return []
    return [path.name]


def _tell_issues(issues: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    still = issues[issues["state"] == "open"]
    if not len(still):
        typer.echo("No open issues.")
        return
    table = Table("frame", "person", "kind", "severity", "why", title=f"{len(still)} places to look at, worst first")
    for row in still.head(LISTED).itertuples():
        person = str(row.track_id) if row.track_id >= 0 else ""
        table.add_row(str(row.frame), person, row.kind, f"{row.severity:.2f}", escape(str(row.reason)))
    Console(width=None if sys.stdout.isatty() else 140).print(table)
