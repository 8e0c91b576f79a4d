"""The command `impose-widget`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from impose_widget.cli.app import app

    app(prog_name="impose-widget")


__all__ = ["main"]
