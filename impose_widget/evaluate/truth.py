"""Truth: what a human says is right, as arrays; every score and every click is measured against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.geometry import TIGHT_BOX_TO_AREA, box_area, pose_box
from impose_widget.core.mapping import map_keypoints
from impose_widget.core.skeleton import COCO17, Skeleton

AREAS = ("bbox*0.53", "bbox")
"""Ways to say how large a person is, since nobody drew their outline: their box, or 0.53 of it, about what a body
covers. The box is the one that the file states, else the tight one of the labelled keypoints: that is stricter."""
HEAD = 0.6
"""PoseTrack's head size over the diagonal of the head's box."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The labels of one video.

    Attributes:
        name: of the video, for reports.
        skeleton: K keypoints with their sigmas.
        xy: (T, N, K, 2) float64 pixels, integers at pixel centres; NaN where nobody labelled.
        visibility: (T, N, K) int8: 0 not labelled, 1 occluded but placed, 2 visible.
        box: (T, N, 4) x, y, width, height, as stated by the file or tight around the labelled keypoints; NaN where the
            person is not labelled.
        area: (T, N) square pixels, for OKS.
        track_ids: N, as in the file.
        area_rule: in words, for reports.
        notes: sentences about what was left out or assumed.
        everybody: whether all people in the video are labelled. If not, tracks that are nobody's are no false alarms:
            they are left out of scores (PoseTrack has regions to ignore for that).
        head: (T, N) head sizes in pixels where the file states boxes of heads, else NaN; None if it states none.
    """

    name: str
    skeleton: Skeleton
    xy: np.ndarray
    visibility: np.ndarray
    box: np.ndarray
    area: np.ndarray
    track_ids: tuple[int, ...]
    area_rule: str = AREAS[0]
    notes: tuple[str, ...] = ()
    everybody: bool = True
    head: np.ndarray | None = None

    @property
    def labelled(self) -> np.ndarray:
        """(T, N, K) bool: there is a position (occluded ones count: a human knew where they are)."""
        return np.isfinite(self.xy).all(-1)

    @property
    def present(self) -> np.ndarray:
        """(T, N) bool: the person has at least one labelled keypoint."""
        return self.labelled.any(-1)

    @property
    def first_frame(self) -> int:
        """The first frame in which anybody is labelled."""
        return int(np.flatnonzero(self.present.any(1))[0])

    def window(self, first: int, stop: int) -> Truth:
        """Frames [first, stop) as a video of their own; people who are not in them are left out."""
        part = slice(first, stop)
        held = np.flatnonzero(self.present[part].any(0))
        if not len(held):
            raise ValueError(f"Expected somebody labelled in frames {first} to {stop - 1} of {self.name}, got nobody.")
        arrays = {name: getattr(self, name)[part] for name in ("xy", "visibility", "box", "area")}
        head = None if self.head is None else self.head[part]
        return replace(self, name=f"{self.name}[{first}:{stop}]", head=head, **arrays).of(held)

    def of(self, people: Sequence[int] | np.ndarray) -> Truth:
        """Some of the people, by column, in that order."""
        people = np.asarray(people, int)
        arrays = {name: getattr(self, name)[:, people] for name in ("xy", "visibility", "box", "area")}
        head = None if self.head is None else self.head[:, people]
        return replace(self, head=head, track_ids=tuple(self.track_ids[n] for n in people), **arrays)

    def poses(self) -> pd.DataFrame:
        """The labels as a table of poses: frame, track_id, keypoint, x, y, visibility. Unlabelled ones are left out."""
        t, n, k = np.nonzero(self.labelled)
        names = np.array(self.skeleton.keypoints)
        table = pd.DataFrame(
            {
                "frame": t.astype(np.int32),
                "track_id": np.array(self.track_ids, np.int32)[n],
                "keypoint": pd.Categorical(names[k], categories=list(names), ordered=True),
                "x": self.xy[t, n, k, 0],
                "y": self.xy[t, n, k, 1],
                "visibility": self.visibility[t, n, k],
            }
        )
        table.attrs = {"skeleton": self.skeleton.to_json()}
        return table.sort_values(["frame", "track_id", "keypoint"], ignore_index=True)


def truth_of_arrays(
    name: str,
    xy: np.ndarray,
    skeleton: Skeleton = COCO17,
    visibility: np.ndarray | None = None,
    box: np.ndarray | None = None,
    area: np.ndarray | str = AREAS[0],
    track_ids: Sequence[int] | None = None,
    notes: Sequence[str] = (),
) -> Truth:
    """Labels given as arrays; see `Truth` for shapes.

    Args:
        name: of the video.
        xy: (T, N, K, 2); NaN where nobody labelled.
        skeleton: of K keypoints.
        visibility: (T, N, K); None: all that is placed is visible.
        box: (T, N, 4); None: tight around the labelled keypoints.
        area: (T, N) square pixels, or one of `AREAS`.
        track_ids: N; None: 0, 1, … People without any label are left out.
        notes: sentences for the report.

    Raises:
        ValueError: the shapes do not fit, or there is nobody in it.
    """
    xy = np.asarray(xy, np.float64)
    if xy.ndim != 4 or xy.shape[2:] != (len(skeleton), 2):
        raise ValueError(
            f"Expected positions (T, N, {len(skeleton)}, 2) for the skeleton {skeleton.name}, got {xy.shape}."
        )
    xy = np.where(np.isfinite(xy).all(-1, keepdims=True), xy, np.nan)
    if not np.isfinite(xy).any():
        raise ValueError(f"Expected at least one labelled keypoint, got none in the ground truth of {name}.")
    known = np.isfinite(xy[..., 0])
    seen = np.where(known, 2, 0) if visibility is None else np.where(known, visibility, 0)
    box = pose_box(xy) if box is None else np.asarray(box, np.float64)
    if isinstance(area, str):
        if area not in AREAS:
            raise ValueError(f"Expected area as one of {', '.join(AREAS)}, got {area!r}.")
        rule, share = area, TIGHT_BOX_TO_AREA if area == AREAS[0] else 1.0
        size = share * box_area(box)
    else:
        rule, size = "given", np.broadcast_to(np.asarray(area, np.float64), xy.shape[:2]).copy()
    ids = tuple(range(xy.shape[1])) if track_ids is None else tuple(int(i) for i in track_ids)
    truth = Truth(name, skeleton, xy, seen.astype(np.int8), box, size, ids, rule, tuple(notes))
    return truth.of(np.flatnonzero(truth.present.any(0)))


def read_truth(
    path: str | Path,
    n_frames: int,
    size: tuple[int, int] | None = None,
    skeleton: Skeleton = COCO17,
    area: str = AREAS[0],
    format: str | None = None,
    name: str | None = None,
) -> Truth:
    """The labels in an annotation file (any format that `impose_widget.read` knows), for a video of `n_frames`.

    Args:
        path: of the file.
        n_frames: of the video.
        size: its width and height, to notice the labels of another video; None does not look.
        skeleton: the one to score on; keypoints of the file are found in it by name.
        area: one of `AREAS`.
        format: of the file; None: by its name.
        name: of the video in reports; None: the name of the file.

    Raises:
        ValueError: it is of another video, or has no keypoint in common with the skeleton, or nobody in it.
    """
    from impose_widget.io import read

    poses = read(path, format)
    return truth_of_poses(poses, n_frames, size, skeleton, area, name or Path(path).stem, str(path))


def truth_of_poses(
    poses: pd.DataFrame,
    n_frames: int,
    size: tuple[int, int] | None = None,
    skeleton: Skeleton = COCO17,
    area: str = AREAS[0],
    name: str = "video",
    what: str = "the table",
) -> Truth:
    """The same from a table of poses; `what` is how messages call it."""
    check_video(poses, n_frames, size, what)
    xy, visibility, _, ids, notes = arrays_of_poses(poses, n_frames, skeleton, what)
    body, head = (_stated(poses, kind, n_frames, ids) for kind in ("body", "head"))
    tight = pose_box(xy)
    known = np.isfinite(body).all(-1) & np.isfinite(tight).all(-1)
    truth = truth_of_arrays(name, xy, skeleton, visibility, np.where(known[..., None], body, tight), area, ids, notes)
    rule = f"{area} of the file's boxes" if known.any() else truth.area_rule
    head = head[:, [ids.index(i) for i in truth.track_ids]]
    size = HEAD * np.hypot(head[..., 2], head[..., 3]) if np.isfinite(head).any() else None
    return replace(truth, area_rule=rule, head=size)


def _stated(poses: pd.DataFrame, kind: str, n_frames: int, ids: tuple[int, ...]) -> np.ndarray:
    """Boxes (T, N, 4) of a kind that the file states; NaN elsewhere."""
    from impose_widget.io.extras import boxes_of

    out = np.full((n_frames, len(ids), 4), np.nan)
    boxes = boxes_of(poses.attrs)
    boxes = boxes[(boxes["kind"] == kind) & boxes["track_id"].isin(ids) & (boxes["frame"] < n_frames)]
    n = np.searchsorted(ids, boxes["track_id"].to_numpy())
    out[boxes["frame"].to_numpy(), n] = boxes[["x", "y", "w", "h"]].to_numpy(float)
    return out


def check_video(poses: pd.DataFrame, n_frames: int, size: tuple[int, int] | None, what: str) -> None:
    """Raises ValueError if poses are not of a video of so many frames and that size (width, height)."""
    if not len(poses):
        raise ValueError(f"Expected somebody's keypoints, got none in {what}.")
    last = int(poses["frame"].max())
    if last >= n_frames:
        raise ValueError(
            f"Expected frames 0..{n_frames - 1} as in the video, got {last} in {what}; is it the file of another video?"
        )
    facts = poses.attrs.get("video") or {}
    theirs = facts.get("width"), facts.get("height")
    if size is not None and None not in theirs and tuple(theirs) != tuple(size):
        raise ValueError(
            f"Expected poses for a video of {size[0]}×{size[1]} pixels, got {theirs[0]}×{theirs[1]} in {what}; is it "
            "the file of another video?"
        )
    if facts.get("n_frames") not in (None, n_frames):
        raise ValueError(
            f"Expected poses for a video of {n_frames} frames, got {facts['n_frames']} in {what}; is it the file of "
            "another video?"
        )


def arrays_of_poses(
    poses: pd.DataFrame, n_frames: int, skeleton: Skeleton, what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...], list[str]]:
    """A table of poses as arrays, keypoints found by name.

    Returns:
        xy (T, N, K, 2), visibility (T, N, K), score (T, N, K) (NaN where the table has none), track ids (N,), and
        sentences about keypoints that were left out.

    Raises:
        ValueError: no keypoint of the table is one of the skeleton; both lists are in the message.
    """
    kept = poses["keypoint"].astype("category").cat
    names = [str(k) for k in kept.categories]
    source = map_keypoints(names, skeleton.keypoints)
    column = {names[j]: k for k, j in enumerate(source) if j >= 0}
    if not column:
        raise ValueError(
            f"Expected keypoints of {skeleton.name} ({', '.join(skeleton.keypoints)}), got {', '.join(names)} in "
            f"{what}; rename them, or give the skeleton of the file."
        )
    k = np.array([column.get(name, -1) for name in names])[kept.codes.to_numpy()]
    held = k >= 0
    ids, n = np.unique(poses["track_id"].to_numpy()[held], return_inverse=True)
    t, k = poses["frame"].to_numpy(int)[held], k[held]
    shape = (n_frames, len(ids), len(skeleton))
    xy, visibility, score = np.full((*shape, 2), np.nan), np.zeros(shape, np.int8), np.full(shape, np.nan)
    xy[t, n, k, 0], xy[t, n, k, 1] = (poses[c].to_numpy(float)[held] for c in "xy")
    visibility[t, n, k] = poses["visibility"].to_numpy()[held] if "visibility" in poses else 2
    known = np.isfinite(xy).all(-1)
    visibility[~known], xy[~known | (visibility == 0)] = 0, np.nan
    if "score" in poses:
        score[t, n, k] = poses["score"].to_numpy(float)[held]
    ids = tuple(int(i) for i in ids)
    return xy, visibility, score, ids, _left_out(names, column, skeleton, xy)


def _left_out(names: list[str], column: dict[str, int], skeleton: Skeleton, xy: np.ndarray) -> list[str]:
    notes = []
    unknown = [k for k in names if k not in column]
    if unknown:
        notes.append(f"Not in the skeleton {skeleton.name} and left out: {', '.join(unknown)}.")
    never = [k for i, k in enumerate(skeleton.keypoints) if not np.isfinite(xy[:, :, i]).any()]
    if never:
        notes.append(f"Never labelled and not scored: {', '.join(never)}.")
    return notes
