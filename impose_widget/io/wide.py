"""The wide tables that other programs know: a row a frame, columns of several levels; and back."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.columns import conform
from impose_widget.io.extras import attrs_of, facts_of, names_of
from impose_widget.io.people import MOST_CELLS, People, gather, see, table_of

SCORER = "impose-widget"
STYLES = ("dlc", "flat", "movement")
DEFAULT_NAME = re.compile(r"(?:person|individual|ind|track|animal|mouse|id)?[ _-]?(\d{1,10})", re.IGNORECASE)
OUR_NAME = re.compile(r"person(0|[1-9]\d{0,9})")


def poses_wide(poses: pd.DataFrame, style: str = "dlc") -> pd.DataFrame:
    """One row a frame, from the first to the last of the video as far as is known.

    Args:
        poses: a table of poses.
        style: `dlc`: columns (scorer, individuals, bodyparts, coords = x, y, likelihood) as DeepLabCut has them.
            `flat`: columns like `person0.nose.x`, with x, y, visibility, score. `movement`: columns (individuals,
            keypoints, space) with x, y and confidence.
    """
    if style not in STYLES:
        raise ValueError(f"Expected style as one of {', '.join(map(repr, STYLES))}, got {style!r}.")
    table = conform(poses, "the table of poses")
    frames, ids, values = arrays(table)
    names, keypoints = [person_names(table)[i] for i in ids], [str(k) for k in table["keypoint"].cat.categories]
    fields = ("x", "y", "visibility", "score") if style == "flat" else ("x", "y", "score")
    planes = np.stack([values[f].astype(np.float64) for f in fields], -1)
    flat = planes.reshape(len(frames), -1)
    last = {"dlc": "likelihood", "movement": "confidence"}.get(style)
    labels = [last if last and f == "score" else f for f in fields]
    if style == "flat":
        columns: Any = [f"{n}.{k}.{f}" for n in names for k in keypoints for f in labels]
    elif style == "dlc":
        columns = pd.MultiIndex.from_product(
            [[SCORER], names, keypoints, labels], names=["scorer", "individuals", "bodyparts", "coords"]
        )
    else:
        columns = pd.MultiIndex.from_product([names, keypoints, labels], names=["individuals", "keypoints", "space"])
    return pd.DataFrame(flat, index=pd.Index(frames, name="frame" if style != "dlc" else None), columns=columns)


def to_numpy(poses: pd.DataFrame) -> np.ndarray:
    """Poses as one array (T, N, K, 3) float32: x, y in pixels and score, NaN where there is nothing.

    T frames from 0 to the video's last as far as it is known, N people in the order of their track ids, K keypoints.
    """
    _, _, values = arrays(conform(poses, "the table of poses"))
    return np.stack([values["x"], values["y"], values["score"]], -1)


def arrays(table: pd.DataFrame) -> tuple[np.ndarray, list[int], dict[str, np.ndarray]]:
    """A conforming table as arrays: frames (T,), track ids (N,), and x, y, visibility, score, … each (T, N, K).

    Positions and scores are NaN where there is nothing, visibility is 0, source is -1, anchor False.

    Raises:
        ValueError: the arrays would not fit into memory.
    """
    people = gather(table)
    people = select(people, people.written.any(1))
    video = table.attrs.get("video") or {}
    n_frames = max(int(video.get("n_frames") or 0), int(people.frame.max()) + 1 if len(people) else 0)
    ids = np.unique(people.track_id)
    k = people.visibility.shape[1]
    if n_frames * max(len(ids), 1) * max(k, 1) > MOST_CELLS:
        raise ValueError(
            f"Expected a table that fits into memory, got {n_frames} frames of {len(ids)} people of {k} keypoints; "
            "choose some people or frames."
        )
    shape, at = (n_frames, len(ids), k), (people.frame, np.searchsorted(ids, people.track_id))
    out = {
        "x": np.full(shape, np.nan, np.float32),
        "y": np.full(shape, np.nan, np.float32),
        "visibility": np.zeros(shape, np.int8),
        "score": np.full(shape, np.nan, np.float32),
        "source": np.full(shape, -1, np.int8),
        "anchor": np.zeros(shape, bool),
    }
    for name in ("visibility", "score", "source", "anchor"):
        out[name][at] = getattr(people, name)
    out["source"][at] = np.where(people.written, people.source, -1)
    out["x"][at], out["y"][at] = people.xy[..., 0], people.xy[..., 1]
    return np.arange(n_frames), ids.tolist(), out


def select(people: People, rows: np.ndarray) -> People:
    """Some of the people (n,) bool."""
    return People(*(getattr(people, name)[rows] for name in People.__slots__))


def person_names(table: pd.DataFrame) -> dict[int, str]:
    """Track id → a name that differs from everybody else's: as the file had it, else `person3`."""
    known = names_of(table.attrs)
    out, taken = {}, set()
    for track_id in np.unique(table["track_id"]).tolist():
        name = known.get(track_id, f"person{track_id}")
        out[track_id] = name if name not in taken else f"person{track_id}"
        taken.add(out[track_id])
    return out


def track_ids_of_names(names: list[str]) -> list[int]:
    """A track id for each of some distinct names, whatever their order: the numbers in them if all have one.

    Else `person3` is 3, and the others get the numbers that are free, in alphabetical order.
    """
    found = [DEFAULT_NAME.fullmatch(n) for n in names]
    numbers = [int(m.group(1)) for m in found if m]
    if len(numbers) == len(names) and len(set(numbers)) == len(numbers) and max(numbers, default=0) < 2**31:
        return numbers
    ours = {n: int(m.group(1)) for n in names if (m := OUR_NAME.fullmatch(n)) and int(m.group(1)) < 2**31}
    free = (i for i in range(len(names)) if i not in set(ours.values()))
    others = dict(zip(sorted(set(names) - set(ours)), free, strict=False))
    return [(ours | others)[n] for n in names]


def from_arrays(
    names: list[str],
    keypoints: tuple[str, ...],
    values: dict[str, np.ndarray],
    frames: np.ndarray,
    attrs: dict[str, Any],
    what: str,
) -> pd.DataFrame:
    """The table of some arrays (T, N, K): x, y, and if known score, visibility, source, anchor; people by name.

    People are in a frame if any of their keypoints is.
    """
    xy = np.stack([values["x"], values["y"]], -1).astype(np.float32)
    known = np.isfinite(xy).all(-1)
    t, i = np.nonzero(known.any(-1))
    people = People.nobody(len(t), len(keypoints))
    people.frame, ids = np.asarray(frames)[t].astype(np.int64), np.array(track_ids_of_names(names), np.int64)
    people.track_id = ids[i] if len(ids) else np.zeros(0, np.int64)
    people.xy = np.where(known[t, i][..., None], xy[t, i], np.nan)
    for name in ("score", "visibility", "source", "anchor"):
        if name in values:
            setattr(people, name, values[name][t, i].astype(getattr(people, name).dtype))
    people.source = np.where(people.source < 0, 3, people.source).astype(np.int8)
    see(people)
    listed = attrs.pop("people", None) or facts_of(
        ((int(n), name, None) for n, name in zip(ids, names, strict=True) if name != f"person{n}"), "people"
    )
    skeleton = attrs.pop("skeleton", None) or (known_skeleton(keypoints) or Skeleton("custom", keypoints)).to_json()
    return table_of(people, keypoints, attrs_of(skeleton=skeleton, people=listed, **attrs), what)
