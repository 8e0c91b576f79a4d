"""Guidelines for who is annotated, as tests of a table of poses (paper section IV).

Somebody cut off or partly occluded is annotated only with at least eight clearly visible keypoints of 17; after severe
motion blur only keypoints that can still be told apart count; people who are extremely small are left out. Whoever is
left out is named in an ignore region, so that an evaluation does not take them for background. What annotators had
placed before is never left out, unless the project says so: guidelines judge what is added.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from impose_widget.core.geometry import pose_box
from impose_widget.core.people import People, people_of
from impose_widget.core.pose import ABSENT, BOX_MARGIN, OCCLUDED, VISIBLE
from impose_widget.guidelines.rules import Guidelines
from impose_widget.io.extras import Facts, boxes_of, facts_of, rows_of

GIVEN = ("imported", "human")  # sources of keypoints that somebody stands behind
BORDER = 2  # pixels


def judge(poses: pd.DataFrame, guidelines: Guidelines) -> pd.DataFrame:
    """What the guidelines say of each person in each frame.

    Returns:
        frame, track_id, n_visible, needed, size (pixels), truncated (a keypoint within two pixels of the border or
        outside), given (an annotator placed something), meets (what the rules say), kept (what becomes of it), reason
        (a sentence; empty where they are met).
    """
    people = people_of(poses)
    visibility, xy = people.visibility, people.xy
    count = (visibility == VISIBLE).sum(1) + guidelines.count_occluded * (visibility == OCCLUDED).sum(1)
    needed = guidelines.needed(len(people.keypoints))
    video = poses.attrs.get("video") or {}
    border = np.array([video.get("width", np.inf), video.get("height", np.inf)], float) - 1
    known = visibility > ABSENT
    with np.errstate(invalid="ignore"):
        beyond = ((xy < BORDER) | (xy > border - BORDER)).any(-1)
    size = _sizes(people, xy)
    reasons = np.array([_reason(c, needed, s, guidelines.min_size) for c, s in zip(count, size, strict=True)], object)
    meets = reasons == ""
    given = _given(people, known)
    columns = {
        "frame": people.frame,
        "track_id": people.track_id,
        "n_visible": count,
        "needed": np.full(len(people), needed),
        "size": size,
        "truncated": (known & beyond).any(1),
        "given": given,
        "meets": meets,
        "kept": meets | (given if guidelines.keep_given else False),
        "reason": pd.Series(reasons, dtype="str"),
    }
    return pd.DataFrame(columns)


def _sizes(people: People, xy: np.ndarray) -> np.ndarray:
    """(P,) square root of the area of the box that is stated, else of the keypoints' with a margin."""
    stated = {
        (f, i): (w, h) for f, i, kind, _, _, w, h, _ in rows_of(people.table.attrs, "boxes") if kind == "body"
    }  # fmt: skip
    sides = (1 + 2 * BOX_MARGIN) * pose_box(xy)[:, 2:]
    if stated:
        for n, place in enumerate(zip(people.frame.tolist(), people.track_id.tolist(), strict=True)):
            sides[n] = stated.get(place, sides[n])
    return np.sqrt(np.maximum(np.nan_to_num(sides[:, 0] * sides[:, 1]), 0.0))


def _given(people: People, known: np.ndarray) -> np.ndarray:
    anchor = people.column("anchor", False).astype(bool)
    source = np.isin(people.column("source", "").astype(str), GIVEN)
    return (anchor | (source & known)).any(1)


def _reason(count: int, needed: int, size: float, least: float) -> str:
    if count < needed:
        return f"{count} of {needed} visible keypoints"
    if size < least:
        return f"too small: {size:.0f} of {least:.0f} pixels"
    return ""


def apply(poses: pd.DataFrame, verdict: pd.DataFrame, guidelines: Guidelines) -> pd.DataFrame:
    """The poses of those who are kept; the others become ignore regions, or nothing, as the policy says."""
    out = verdict[~verdict["kept"]]
    if guidelines.policy == "keep" or not len(out):
        return poses
    gone = pd.MultiIndex.from_frame(out[["frame", "track_id"]])
    leaves = pd.MultiIndex.from_frame(poses[["frame", "track_id"]]).isin(gone)
    kept = poses[~leaves].reset_index(drop=True)
    boxes = boxes_of(poses.attrs)
    gone_boxes = pd.MultiIndex.from_frame(boxes[["frame", "track_id"]]).isin(gone)
    attrs = dict(poses.attrs)
    if len(boxes):
        remaining = [r for r, leave in zip(rows_of(attrs, "boxes"), gone_boxes, strict=True) if not leave]
        attrs["boxes"] = facts_of(remaining, "boxes") or Facts()
    if guidelines.policy == "ignore_region":
        regions = [*rows_of(attrs, "regions"), *_regions(poses[leaves], boxes[gone_boxes])]
        attrs["regions"] = facts_of(sorted(regions, key=lambda r: r[0]), "regions") or Facts()
    kept.attrs = attrs
    return kept


def left_out(verdict: pd.DataFrame, guidelines: Guidelines) -> str:
    """What `apply` does, as a sentence; empty if everybody is kept."""
    out = verdict[~verdict["kept"]]
    if guidelines.policy == "keep" or not len(out):
        return ""
    few, people = int((out["n_visible"] < out["needed"]).sum()), out["track_id"].nunique()
    becomes = "written as ignore regions" if guidelines.policy == "ignore_region" else "left out"
    why = [f"{few} with too few visible keypoints"] * (few > 0) + [f"{len(out) - few} too small"] * (few < len(out))
    return (
        f"Guidelines ({guidelines.name}): {len(out)} of {len(verdict)} poses, of {people} "
        f"{'person' if people == 1 else 'people'}, are {becomes}: {', '.join(why)}."
    )


def _regions(poses: pd.DataFrame, boxes: pd.DataFrame) -> Iterable[tuple[int, list[float]]]:
    """A rectangle about everyone who is left out: their box, else their keypoints with a margin."""
    stated = {
        (f, i): (x, y, w, h) for f, i, x, y, w, h in boxes[["frame", "track_id", *"xywh"]].itertuples(index=False)
    }
    people = people_of(poses)
    tight = pose_box(people.xy)
    places = zip(people.frame.tolist(), people.track_id.tolist(), tight, strict=True)
    for frame, track_id, (x, y, w, h) in places:
        margin = (x - BOX_MARGIN * w, y - BOX_MARGIN * h, (1 + 2 * BOX_MARGIN) * w, (1 + 2 * BOX_MARGIN) * h)
        box = stated.get((frame, track_id), margin)
        if np.isfinite(box).all():
            x, y, w, h = (round(float(v), 2) for v in box)
            yield frame, [x, y, x + w, y, x + w, y + h, x, y + h]
