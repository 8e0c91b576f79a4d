"""Data sets: many videos with partial annotations in, completed annotations and what was added out."""

from impose_widget.dataset.extend import Extension, extend
from impose_widget.guidelines import Guidelines

__all__ = ["Extension", "Guidelines", "extend"]
