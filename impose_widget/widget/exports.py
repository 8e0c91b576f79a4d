"""Files written from the page: what one would not hold is said before, and it is read back after."""

from __future__ import annotations

from pathlib import Path

from impose_widget import protocol
from impose_widget.protocol import Message, Refused
from impose_widget.session import Session
from impose_widget.session.files import exported, losses_of


def losses(session: Session, request: protocol.WantLosses) -> Message:
    """What of a session a file would not hold, beside the formats that there are."""
    from impose_widget.io.registry import file_name, format_of, formats

    name = request.format or format_of(request.path or "poses.json").name
    path = request.path or file_name(name, Path(session.video.name).stem or "poses")
    table = session.losses(name)
    lost = [{"aspect": str(a), "n": int(n), "what": str(w)} for a, n, w in table.itertuples(index=False)]
    kinds = [
        {
            "format": row.format,
            "description": row.description,
            "suffix": row.suffixes.partition(" ")[0],
            "needs": "" if row.available else f"pip install 'impose-widget[{row.extra}]'",
        }
        for row in formats().itertuples()
    ]
    return protocol.Losses(request.rid, request.client, name, path, Path(path).exists(), lost, kinds)


def export(session: Session, request: protocol.WantExport) -> Message:
    """Write a file, read it back, and say what was lost and who was left out."""
    path = Path(request.path)
    if not request.path.strip():
        raise ValueError("Expected the name of a file, got none.")
    if path.exists() and not request.replace:
        raise Refused("value", f"There is a file {path.name} already; say that it is to be replaced, or name another.")
    said = [losses_of(exported(session, request.format), request.format), _left_out(session)]
    written = session.export(path, request.format, check=True)
    files = [written] if written.is_file() else [f for f in written.rglob("*") if f.is_file()]
    size = sum(f.stat().st_size for f in files)
    return protocol.Exported(request.rid, request.client, str(written.resolve()), size, " ".join(s for s in said if s))


def _left_out(session: Session) -> str:
    """Whom the project's guidelines leave out of files; empty without a file of guidelines."""
    from impose_widget.guidelines import left_out

    return left_out(session.judge(), session.guidelines) if session.guidelines_path is not None else ""
