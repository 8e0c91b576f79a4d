"""Interactive multi-person pose annotation in notebooks; start with `Session.open("clip.mp4")`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impose_widget.core.skeleton import Skeleton
    from impose_widget.guidelines import Guidelines
    from impose_widget.io import formats, link, losses, poses_wide, read, to_numpy, to_skeleton, to_xarray, write
    from impose_widget.player import contact_sheet, preview
    from impose_widget.review import compare
    from impose_widget.session import Session
    from impose_widget.widget import Annotator

__version__ = "0.1.0"

_HOME = {
    "Guidelines": "impose_widget.guidelines",
    "compare": "impose_widget.review",
    "contact_sheet": "impose_widget.player",
    "preview": "impose_widget.player",
    "Annotator": "impose_widget.widget",
    "Session": "impose_widget.session",
    "Skeleton": "impose_widget.core.skeleton",
    "formats": "impose_widget.io",
    "link": "impose_widget.io",
    "losses": "impose_widget.io",
    "poses_wide": "impose_widget.io",
    "read": "impose_widget.io",
    "to_numpy": "impose_widget.io",
    "to_skeleton": "impose_widget.io",
    "to_xarray": "impose_widget.io",
    "write": "impose_widget.io",
}
__all__ = [
    "Annotator",
    "Guidelines",
    "Session",
    "Skeleton",
    "__version__",
    "compare",
    "contact_sheet",
    "formats",
    "link",
    "losses",
    "poses_wide",
    "preview",
    "read",
    "to_numpy",
    "to_skeleton",
    "to_xarray",
    "write",
]


def __getattr__(name: str) -> Any:
    # Importing the package must stay quick: each name brings what it needs when it is first used (PEP 562).
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'impose_widget' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
