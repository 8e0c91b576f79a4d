"""Annotation files: poses in, poses out, one file a format."""

from impose_widget.io.registry import formats, read, write

__all__ = ["formats", "read", "write"]
