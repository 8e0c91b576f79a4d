"""What files say beside the poses, kept in `attrs` of a table so that it can be written again.

All of it is plain lists, so that `attrs` is JSON: columns of equal length, as
`pandas.DataFrame(poses.attrs["boxes"])` takes them.

- `skeleton`, `video`: names, edges, … and name, width, height, fps, n_frames.
- `boxes`: frame, track_id, kind ("body", "head"), x, y, w, h, score; boxes that somebody stated, not those that follow
  from keypoints. People with a box and no keypoint are here alone.
- `regions`: frame, polygon ([x0, y0, x1, y1, …]); what an evaluation has to ignore.
- `people`: track_id, name, person_id (the same person in other videos); None where unknown.
- `images`: frame, file, id, labelled; the picture of each frame as the file called it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

BOX_COLUMNS = ("frame", "track_id", "kind", "x", "y", "w", "h", "score")
COLUMNS = {
    "boxes": BOX_COLUMNS,
    "regions": ("frame", "polygon"),
    "people": ("track_id", "name", "person_id"),
    "images": ("frame", "file", "id", "labelled"),
}
KEYS = ("skeleton", "video", *COLUMNS)
BODY, HEAD = "body", "head"


class Facts(dict):
    """A dictionary that is not changed any more, so that pandas need not copy it whenever it copies a table."""

    def __deepcopy__(self, memo: dict) -> Facts:
        return self


def facts_of(rows: Iterable[Sequence[Any]], name: str) -> Facts | None:
    """Rows as the columns of that name in `attrs`; None if there are none."""
    columns = list(zip(*rows, strict=True))
    return Facts(zip(COLUMNS[name], map(list, columns), strict=True)) if columns else None


def rows_of(attrs: dict[str, Any], name: str) -> list[tuple]:
    """The rows of `boxes`, `regions`, `people` or `images` in some attrs; missing columns give None.

    Raises:
        ValueError: it is not columns of equal length.
    """
    table = attrs.get(name)
    if not table:
        return []
    try:
        columns = [table.get(c) for c in COLUMNS[name]]
        n = max(len(c) for c in columns if c is not None)
        return list(zip(*(c if c is not None else [None] * n for c in columns), strict=True))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"Expected attrs[{name!r}] as columns of equal length ({', '.join(COLUMNS[name])}), got others."
        ) from error


def boxes_of(attrs: dict[str, Any]) -> pd.DataFrame:
    """The stated boxes as a table: frame, track_id, kind, x, y, w, h, score."""
    table = pd.DataFrame(rows_of(attrs, "boxes"), columns=list(BOX_COLUMNS))
    numbers = {"frame": "int32", "track_id": "int32", "x": "float32", "y": "float32", "w": "float32", "h": "float32"}
    return table.astype(numbers | {"score": "float32", "kind": "object"})


def box_facts(boxes: pd.DataFrame) -> Facts | None:
    """A table of boxes as `attrs["boxes"]`; None if it is empty. NaN scores become None."""
    if not len(boxes):
        return None
    score = boxes["score"].astype(object) if "score" in boxes else pd.Series([None] * len(boxes), dtype=object)
    columns = {c: boxes[c].tolist() for c in BOX_COLUMNS[:-1]}
    columns["kind"] = [str(k) for k in columns["kind"]]
    return Facts(columns | {"score": [None if pd.isna(s) else float(s) for s in score]})


def attrs_of(**parts: Any) -> dict[str, Any]:
    """The attrs of those parts that are there."""
    return {name: value for name, value in parts.items() if value}


def known_attrs(attrs: dict[str, Any]) -> dict[str, Any]:
    """The parts of some attrs that are ours, as a new dictionary."""
    return {name: attrs[name] for name in KEYS if attrs.get(name)}


def names_of(attrs: dict[str, Any]) -> dict[int, str]:
    """Track id → the name that a file gave to the person."""
    return {int(i): str(name) for i, name, _ in rows_of(attrs, "people") if name is not None}


def frame_files(attrs: dict[str, Any]) -> dict[int, str]:
    """Frame → the name of its picture."""
    return {int(f): str(file) for f, file, _, _ in rows_of(attrs, "images") if file is not None}
