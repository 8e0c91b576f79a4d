"""Keypoints that data sets in COCO's words keep elsewhere than under `keypoints` and its category's names.

COCO-WholeBody (Jin et al. 2020) has `foot_kpts`, `face_kpts`, `lefthand_kpts` and `righthand_kpts` beside the body's
17; Human-Art has `keypoints_21` beside 17; Halpe has 136 and no names, and whole bodies come merged into 133.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from impose_widget.core.pose import OCCLUDED, VISIBLE
from impose_widget.core.skeleton import COCO17
from impose_widget.core.skeletons import HALPE26, HALPE136, WHOLEBODY133
from impose_widget.io.source import numbers_of

PARTS = {"foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21, "righthand_kpts": 21}
UNNAMED = {len(s): s for s in (HALPE26, HALPE136)}
"""Number of keypoints → the skeleton that it tells without names."""


def gathered(category: dict[str, Any], people: list[dict[str, Any]], what: str) -> tuple[list[str], list[dict]]:
    """The names of all keypoints of a category, and its annotations with all of them under `keypoints`."""
    names = category.get("keypoints") or []
    numbers = {len(a["keypoints"]) // 3 for a in people if a.get("keypoints") is not None}
    is_body = not names or names == list(COCO17.keypoints)
    if is_body and numbers == {len(WHOLEBODY133)}:
        people = [a | _split(a) for a in people]
    if is_body and any(part in a for a in people for part in PARTS):
        return list(WHOLEBODY133.keypoints), _whole_bodies(people, what)
    field = f"keypoints_{len(names)}"
    if any(field in a for a in people):
        return names, [a | {"keypoints": a.get(field, [])} for a in people]
    if is_body and len(numbers) == 1 and (n := numbers.pop()) in UNNAMED:
        names = list(UNNAMED[n].keypoints)
    return names, people


def _split(person: dict[str, Any]) -> dict[str, Any]:
    """The parts of a whole body whose keypoints stand in one list."""
    sizes = {"keypoints": len(COCO17)} | PARTS
    ends = np.cumsum([3 * k for k in sizes.values()])
    values = person.get("keypoints")
    if values is None:
        return {}
    return {part: values[end - 3 * k : end] for (part, k), end in zip(sizes.items(), ends.tolist(), strict=True)}


def _whole_bodies(people: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """Annotations with their parts put together in the order of the skeleton.

    The flag of a part's keypoint can be a confidence below 1: that is an occluded keypoint with a score. Where no flag
    of a part is 2, 1 means that it is there, as in the faces.
    """
    sizes = {"keypoints": len(COCO17)} | PARTS
    columns, scores = [], []
    for part, k in sizes.items():
        rows = [a.get(part) if a.get(part) is not None and len(a[part]) else [0] * (3 * k) for a in people]
        values = np.array([numbers_of(row, 3 * k, part, what) for row in rows], np.float64).reshape(len(people), k, 3)
        flags = values[..., 2]
        sure = (flags <= 0) | (flags >= OCCLUDED) | (part == "keypoints")
        scores.append(np.where(sure, np.nan, flags))
        seen = VISIBLE if part in PARTS and not (flags == VISIBLE).any() else OCCLUDED
        values[..., 2] = np.where(sure, np.where((flags == OCCLUDED) & (part in PARTS), seen, flags), OCCLUDED)
        columns.append(values)
    together = np.concatenate(columns, 1).reshape(len(people), -1)
    score = np.concatenate(scores, 1).astype(np.float32)
    return [
        a | {"keypoints": points, "keypoint_scores": known}
        for a, points, known in zip(people, together, score, strict=True)
    ]
