"""Checkpoints of a run: written whole or not at all, read as data, refused by a run with other settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import torch

NAME = "checkpoint.pt"


class Settings(Protocol):
    """What decides the outcome of a run."""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""


def save(folder: Path, state: dict[str, Any], settings: Settings) -> None:
    """Write the state of a run; an older checkpoint is there until the new one is."""
    partial = folder / f".{NAME}.partial"
    torch.save(state | {"settings": _plain(settings.to_json())}, partial)
    partial.replace(folder / NAME)


def load(folder: Path, settings: Settings) -> dict[str, Any] | None:
    """The state of the run in a folder; None if there is none yet.

    Raises:
        ValueError: the run there has other settings, or its checkpoint cannot be read.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        theirs = state["settings"]
    except Exception as error:  # torch and pickle raise whatever they stumble over
        raise ValueError(f"Expected the checkpoint of a run in {path}, which cannot be read; move it away.") from error
    ours = _plain(settings.to_json())
    different = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
    if different:
        raise ValueError(
            f"Expected the settings of the run in {folder} to go on with it, got others ({', '.join(different)}); "
            "give them again, or another folder."
        )
    return state


def _plain(value: Any) -> Any:
    """Tuples as lists, so that what was read equals what was written."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
