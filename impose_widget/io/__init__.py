"""Annotation files: poses in, poses out, one file a format."""

from impose_widget.io.linking import has_identities, link
from impose_widget.io.movement import from_xarray, to_xarray
from impose_widget.io.registry import formats, losses, read, write
from impose_widget.io.slots import to_skeleton
from impose_widget.io.wide import poses_wide, to_numpy

__all__ = [
    "formats",
    "from_xarray",
    "has_identities",
    "link",
    "losses",
    "poses_wide",
    "read",
    "to_numpy",
    "to_skeleton",
    "to_xarray",
    "write",
]
