"""What files said that poses have no place for, kept with the actions that took it in; undone with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import IMPORTED, SOURCES

if TYPE_CHECKING:
    from impose_widget.session.state import State

ROW = ("frame", "track_id", "keypoint", "x", "y", "visibility", "score")


def to_keep(poses: pd.DataFrame, names: dict[int, int], homeless: list[str]) -> dict[str, Any]:
    """What is to be kept of a table that is taken in; `names`: track id there → track id here."""
    from impose_widget.io.extras import HEAD, rows_of

    heads = [[f, names[i], *box] for f, i, kind, *box, _ in rows_of(poses.attrs, "boxes") if kind == HEAD]
    people = [[names[i], name, number] for i, name, number in rows_of(poses.attrs, "people") if i in names]
    kept = {
        "heads": heads,
        "people": people,
        "regions": [list(r) for r in rows_of(poses.attrs, "regions")],
        "images": [list(r) for r in rows_of(poses.attrs, "images")],
    }
    if homeless:
        rows = poses[poses["keypoint"].astype("str").isin(homeless) & (poses["visibility"] > 0)]
        columns = {c: rows[c].astype("str" if c == "keypoint" else float).tolist() for c in ROW}
        columns["track_id"] = [names[int(i)] for i in columns["track_id"]]
        columns["score"] = [None if np.isnan(s) else s for s in columns["score"]]
        kept["keypoints"] = columns
    return {name: value for name, value in kept.items() if value}


def _kept(state: State) -> list[dict[str, Any]]:
    """What loads kept that were not taken back, oldest first."""
    loads = (a for a in state.actions if a.kind == "load" and "kept" in a.payload)
    return [a.payload["kept"] for a in loads if a.seq in set(state.history.done)]


def kept_attrs(state: State) -> dict[str, Any]:
    """Regions, people and images for a table's attrs."""
    from impose_widget.io.extras import facts_of

    regions, people, images = {}, {}, {}
    for kept in _kept(state):
        regions |= {(f, tuple(p)): (f, p) for f, p in kept.get("regions", ())}
        people |= {row[0]: tuple(row) for row in kept.get("people", ())}
        images |= {row[0]: tuple(row) for row in kept.get("images", ())}
    present = set(state.tracks.ids())
    parts = {
        "regions": facts_of(regions.values(), "regions"),
        "people": facts_of((r for i, r in sorted(people.items()) if i in present), "people"),
        "images": facts_of((r for _, r in sorted(images.items())), "images"),
    }
    return {name: value for name, value in parts.items() if value}


def kept_heads(state: State) -> pd.DataFrame:
    """Head boxes of people who are there: frame, track_id, kind, x, y, w, h, score."""
    from impose_widget.io.extras import HEAD

    heads = {(f, i): box for kept in _kept(state) for f, i, *box in kept.get("heads", ())}
    present = {i: set(state.tracks.frames_of(i).tolist()) for i in {i for _, i in heads}}
    rows = [(f, i, HEAD, *box, np.nan) for (f, i), box in sorted(heads.items()) if f in present[i]]
    return pd.DataFrame(rows, columns=["frame", "track_id", "kind", *"xywh", "score"])


def kept_keypoints(state: State, names: list[str]) -> pd.DataFrame:
    """Rows of keypoints that the session's skeleton has no place for, of people who are still as they were taken in."""
    parts = []
    for kept in _kept(state):
        rows = pd.DataFrame(kept.get("keypoints") or {c: [] for c in ROW})
        parts.append(rows[rows["keypoint"].isin(names)])
    if not parts or not sum(map(len, parts)):
        return pd.DataFrame(columns=[*ROW, "source"])
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(["frame", "track_id", "keypoint"], keep="last")
    rows = rows.astype({"frame": "int32", "track_id": "int32", "x": "float32", "y": "float32", "visibility": "int8"})
    still = np.zeros(len(rows), bool)
    for track_id, where in rows.groupby("track_id").indices.items():
        records = state.tracks.get(int(track_id), rows["frame"].to_numpy()[where])
        still[where] = records["present"] & (records["source"] == IMPORTED).any(1)
    more = {"source": SOURCES[IMPORTED], "anchor": False, "revision": 0}
    return rows[still].assign(score=rows["score"].astype("float32"), **more)
