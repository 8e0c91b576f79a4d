"""The rules themselves, as values that are kept in a small file beside the videos (TOML or JSON)."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

POLICIES = ("ignore_region", "drop", "keep")
FILES = ("guidelines.toml", "guidelines.json")
"""What the file of a project is called; it lies beside the videos that it is about."""


@cache
def paper_text() -> str:
    """The text that annotators read, Markdown, as it ships."""
    return (files("impose_widget.guidelines") / "paper.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Guidelines:
    """Who is to be annotated (paper section IV; numbers that it does not state are ours, and all can be changed).

    Attributes:
        min_visible: keypoints that must be visible, of a skeleton of 17; scaled for others.
        count_occluded: occluded keypoints count as well.
        min_size: pixels, the square root of the area of the person's box. COCO's keypoints begin at 32.
        min_sharpness: a visible keypoint about which the image varies less than this share of what it does about the
            person's other keypoints in the whole video is blurred and called occluded; 0 for not looking at images.
        policy: what becomes of people who are not: "ignore_region", "drop", or "keep" (only judged).
        keep_given: whom somebody annotated by hand is never left out, whatever the rules say of them.
        name: of the rules.
        text: what annotators read, Markdown; None for the one that ships.
    """

    min_visible: int = 8
    count_occluded: bool = False
    min_size: float = 24.0
    min_sharpness: float = 0.0
    policy: str = "ignore_region"
    keep_given: bool = True
    name: str = "IMPose, section IV"
    text: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))
        if self.policy not in POLICIES:
            raise ValueError(f"Expected policy as one of {', '.join(map(repr, POLICIES))}, got {self.policy!r}.")
        if self.min_visible < 0 or self.min_size < 0 or not 0 <= self.min_sharpness < 1:
            raise ValueError("Expected min_visible and min_size of 0 or more, min_sharpness from 0 to below 1.")
        if self.text is None:
            object.__setattr__(self, "text", paper_text())

    def needed(self, n_keypoints: int) -> int:
        """Visible keypoints that a person of a skeleton needs."""
        return math.ceil(self.min_visible * n_keypoints / 17)

    @property
    def digest(self) -> str:
        """Eight letters that change when anything in the guidelines does; the log says which were in force."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]

    @classmethod
    def read(cls, path: str | Path) -> Guidelines:
        """The guidelines in a .toml or .json file; what it does not state is as in the paper.

        Raises:
            OSError: it cannot be read.
            ValueError: it states something else than guidelines.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            facts = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"Expected guidelines as TOML or JSON, got {path}, which is neither ({error}).") from error
        known = [field.name for field in fields(cls)]
        if not isinstance(facts, dict) or (unknown := sorted(set(facts) - set(known))):
            what = ", ".join(unknown) if isinstance(facts, dict) else type(facts).__name__
            raise ValueError(f"Expected guidelines to state some of {', '.join(known)}, got {what} in {path}.")
        try:
            return cls(**facts)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def write(self, path: str | Path) -> Path:
        """Write them as a .toml or .json file, which people may edit; returns the path."""
        from impose_widget.io.replace import replacing

        path = Path(path)
        if path.suffix.lower() not in (".toml", ".json"):
            raise ValueError(f"Expected a file name that ends in .toml or .json, got {path.name!r}.")
        facts = asdict(self)
        text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
        if path.suffix.lower() == ".toml":
            text = "".join(f"{name} = {_toml(value)}\n" for name, value in facts.items())
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
        return path


def find_guidelines(folder: Path | None) -> Path | None:
    """The file of guidelines in a folder; None if it has none."""
    return next((folder / name for name in FILES if (folder / name).is_file()), None) if folder is not None else None


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "min_visible": ((int,), "an integer"),
    "count_occluded": ((bool,), "true or false"),
    "min_size": ((int, float), "a number"),
    "min_sharpness": ((int, float), "a number"),
    "policy": ((str,), "a word"),
    "keep_given": ((bool,), "true or false"),
    "name": ((str,), "text"),
    "text": ((str, type(None)), "text"),
}


def _check(name: str, value: Any) -> None:
    types, words = _TYPES[name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ValueError(f"Expected {name} as {words}, got {value!r}.")


def _toml(value: Any) -> str:
    """A value as TOML; JSON's strings are TOML's, and several lines are easier to edit as they are."""
    plain = isinstance(value, str) and value.isprintable() is False and "'''" not in value and not value.endswith("'")
    if plain and all(c.isprintable() or c in "\n\t" for c in value):
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
