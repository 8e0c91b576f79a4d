"""Guidelines for who is annotated, as tests of a table of poses (paper section IV).

Somebody cut off or partly occluded is annotated only with at least eight clearly visible keypoints of 17; after severe
motion blur only keypoints that can still be told apart count; people who are extremely small are left out. Whoever is
left out is named in an ignore region, so that an evaluation does not take them for background. What annotators had
placed before is never left out: guidelines judge what is added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impose_widget.core.geometry import pose_box
from impose_widget.core.pose import ABSENT, BOX_MARGIN, OCCLUDED, VISIBLE
from impose_widget.io.extras import Facts, boxes_of, facts_of, rows_of

POLICIES = ("ignore_region", "drop", "keep")
GIVEN = ("imported", "human")  # sources of keypoints that somebody stands behind


@dataclass(frozen=True, slots=True)
class Guidelines:
    """Who is to be annotated.

    Attributes:
        min_visible: keypoints that must be visible, of a skeleton of 17; scaled for others.
        count_occluded: occluded keypoints count as well.
        min_size: pixels, the square root of the area of the person's box. COCO's keypoints begin at 32.
        min_sharpness: a visible keypoint about which the image varies less than this share of what it does about the
            person's other keypoints in the whole video is blurred and called occluded; 0 for not looking at images.
        policy: what becomes of people who are not: "ignore_region", "drop", or "keep" (only judged).
    """

    min_visible: int = 8
    count_occluded: bool = False
    min_size: float = 24.0
    min_sharpness: float = 0.0
    policy: str = "ignore_region"

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"Expected policy as one of {', '.join(map(repr, POLICIES))}, got {self.policy!r}.")
        if self.min_visible < 0 or self.min_size < 0 or not 0 <= self.min_sharpness < 1:
            raise ValueError("Expected min_visible and min_size of 0 or more, min_sharpness from 0 to below 1.")

    def needed(self, n_keypoints: int) -> int:
        """Visible keypoints that a person of a skeleton needs."""
        return math.ceil(self.min_visible * n_keypoints / 17)


def judge(poses: pd.DataFrame, guidelines: Guidelines) -> pd.DataFrame:
    """What the guidelines say of each person in each frame.

    Returns:
        frame, track_id, n_visible, size (pixels), truncated (a keypoint within two pixels of the border or outside),
        given (an annotator placed something), kept, reason (a sentence; empty where kept).
    """
    k = len(poses["keypoint"].cat.categories)
    rows = []
    video = poses.attrs.get("video") or {}
    border = np.array([video.get("width", np.inf), video.get("height", np.inf)], float) - 1
    stated = {(f, i): (w, h) for f, i, kind, _, _, w, h, _ in rows_of(poses.attrs, "boxes") if kind == "body"}
    for (frame, track_id), person in poses.groupby(["frame", "track_id"], sort=True):
        visibility, xy = person["visibility"].to_numpy(), person[["x", "y"]].to_numpy(float)
        count = int((visibility == VISIBLE).sum() + guidelines.count_occluded * (visibility == OCCLUDED).sum())
        w, h = stated.get((frame, track_id), (1 + 2 * BOX_MARGIN) * pose_box(xy)[2:])
        size = float(np.sqrt(max(np.nan_to_num(w * h), 0.0)))
        known = visibility > ABSENT
        truncated = bool(((xy[known] < 2) | (xy[known] > border - 2)).any())
        given = bool((person["anchor"] | (person["source"].isin(GIVEN) & known)).any())
        reason = "" if given else _reason(count, guidelines.needed(k), size, guidelines.min_size)
        rows.append((int(frame), int(track_id), count, size, truncated, given, not reason, reason))
    columns = "frame track_id n_visible size truncated given kept reason".split()
    return pd.DataFrame(rows, columns=columns)


def _reason(count: int, needed: int, size: float, least: float) -> str:
    if count < needed:
        return f"{count} of {needed} visible keypoints"
    if size < least:
        return f"{size:.0f} of {least:.0f} pixels"
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


def _regions(poses: pd.DataFrame, boxes: pd.DataFrame) -> Iterable[tuple[int, list[float]]]:
    """A rectangle about everyone who is left out: their box, else their keypoints with a margin."""
    stated = {
        (f, i): (x, y, w, h) for f, i, x, y, w, h in boxes[["frame", "track_id", *"xywh"]].itertuples(index=False)
    }
    for (frame, track_id), person in poses.groupby(["frame", "track_id"], sort=True):
        box = stated.get((frame, track_id))
        if box is None:
            x, y, w, h = pose_box(person[["x", "y"]].to_numpy(float))
            box = (x - BOX_MARGIN * w, y - BOX_MARGIN * h, (1 + 2 * BOX_MARGIN) * w, (1 + 2 * BOX_MARGIN) * h)
        if np.isfinite(box).all():
            x, y, w, h = (round(float(v), 2) for v in box)
            yield int(frame), [x, y, x + w, y, x + w, y + h, x, y + h]
