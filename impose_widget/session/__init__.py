"""The session: what a notebook, a script or the widget talks to."""

from impose_widget.session.carrying import Report
from impose_widget.session.session import Session
from impose_widget.session.state import Changed

__all__ = ["Changed", "Report", "Session"]
