"""Point trackers behind one protocol: ours, and adapters to those that the user has."""

from impose_widget.points.adapters import CoTracker3, Tapir, cotracker3, tapir
from impose_widget.points.base import PointTracker, PointTracks
from impose_widget.points.lk import LkPoints
from impose_widget.points.network import MiniPoints, mini

__all__ = [
    "CoTracker3",
    "LkPoints",
    "MiniPoints",
    "PointTracker",
    "PointTracks",
    "Tapir",
    "cotracker3",
    "mini",
    "tapir",
]
