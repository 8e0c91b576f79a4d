"""What a format does to a table of poses: said before it is written, and looked up after it is read back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from impose_widget.core.mapping import map_keypoints
from impose_widget.core.pose import ABSENT, HUMAN, IMPORTED, MODEL, OCCLUDED, SOURCES, VISIBLE
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.columns import KEY, keypoint_column
from impose_widget.io.extras import BODY, HEAD, boxes_of, frame_files, names_of, rows_of
from impose_widget.io.format import LEFT_OUT, Format
from impose_widget.io.wide import person_names, track_ids_of_names

EDGE = 0.1
"""Pixels: where an evaluation takes 0 for "missing", keypoints on the image's first half pixel are written here."""


def losses(poses: pd.DataFrame, kind: Format) -> pd.DataFrame:
    """What of a conforming table will not be in a file: aspect, n (how many), what (becomes of them).

    Aspects that the format cannot hold but the table does not have are not listed.
    """
    rows = []
    for aspect, what in kind.cannot.items():
        n = _COUNT[aspect](poses, kind)
        if n:
            rows.append((aspect, n, what))
    if kind.slots is not None and "keypoints" not in kind.cannot:
        homeless = _homeless(poses, kind)
        if homeless:
            placed = poses[poses["visibility"] > ABSENT]["keypoint"].astype("str").isin(homeless)
            rows.append(("keypoints", int(placed.sum()), f"without a place in the format: {', '.join(homeless)}"))
    return pd.DataFrame(rows, columns=["aspect", "n", "what"])


def sentence(lost: pd.DataFrame, kind: Format) -> str:
    """The losses as one sentence; empty if there are none."""
    if not len(lost):
        return ""
    parts: dict[str, list[str]] = {}
    for aspect, n, what in lost[["aspect", "n", "what"]].itertuples(index=False):
        parts.setdefault(what, []).append(f"{words_of(aspect)} ({n})")
    return f"{kind.name} does not hold all of it: " + "; ".join(f"{', '.join(p)}: {w}" for w, p in parts.items()) + "."


def words_of(aspect: str) -> str:
    """What users call an aspect of `io.format.ASPECTS`."""
    return _WORDS.get(aspect, aspect)


_WORDS = {
    "occluded": "occluded keypoints",
    "occluded_xy": "places of occluded keypoints",
    "edge": "keypoints at the image's edge",
    "track_id": "people's identities",
    "score": "scores",
    "unknown_score": "keypoints without a score",
    "source": "sources",
    "anchor": "anchors",
    "revision": "revisions",
    "time": "times",
    "nobody": "people without keypoints",
    "skeleton": "edges of the skeleton",
    "video": "facts about the video",
    "head_boxes": "head boxes",
    "regions": "ignore regions",
    "people": "names of people",
    "numbers": "people with names",
    "identities": "identities across videos",
    "images": "names of images",
    "image_facts": "facts about images",
}


def _homeless(poses: pd.DataFrame, kind: Format) -> list[str]:
    """Keypoints with a place somewhere that the format has no slot for."""
    names = [str(k) for k in poses["keypoint"].cat.categories]
    position = map_keypoints(names, kind.slots(tuple(names)))
    used = set(poses.loc[poses["visibility"] > ABSENT, "keypoint"].astype("str"))
    return [n for i, n in enumerate(names) if i not in position and n in used]


def _placed(poses: pd.DataFrame) -> int:
    return int((poses["visibility"] > ABSENT).sum())


def _occluded(poses: pd.DataFrame, _: Format) -> int:
    return int((poses["visibility"] == OCCLUDED).sum())


def _source(poses: pd.DataFrame, kind: Format) -> int:
    """Sources are imported when they come back from files without; SLEAP's are a human's or the network's."""
    kept = [IMPORTED] if kind.cannot["source"] == LEFT_OUT else [HUMAN, MODEL]
    return int((~poses["source"].isin([SOURCES[i] for i in kept])).sum())


def _edge(poses: pd.DataFrame, _: Format) -> int:
    xy = poses[["x", "y"]].to_numpy()
    return int((np.nan_to_num(off_edge(xy)) != np.nan_to_num(xy)).any(1).sum())


def _nobody(poses: pd.DataFrame, _: Format) -> int:
    people = poses.groupby(["frame", "track_id"])["visibility"].max() if len(poses) else pd.Series(dtype=int)
    boxed = set(boxes_of(poses.attrs)[["frame", "track_id"]].itertuples(index=False, name=None))
    return sum(key not in boxed for key in people.index[people == ABSENT])


def _kind_of_box(name: str) -> Callable[[pd.DataFrame, Format], int]:
    return lambda poses, _: int((boxes_of(poses.attrs)["kind"] == name).sum())


def _skeleton(poses: pd.DataFrame, _: Format) -> int:
    if known_skeleton(tuple(str(k) for k in poses["keypoint"].cat.categories)) is not None:
        return 0  # told by its keypoints
    known = poses.attrs.get("skeleton") or {}
    return len(known.get("edges") or ())


_COUNT: dict[str, Callable[[pd.DataFrame, Format], int]] = {
    "keypoints": lambda poses, _: _placed(poses),
    "occluded": _occluded,
    "occluded_xy": _occluded,
    "edge": _edge,
    "track_id": lambda poses, _: int(poses["track_id"].nunique()),
    "score": lambda poses, _: int(poses["score"].notna().sum()),
    "unknown_score": lambda poses, _: int((poses["score"].isna() & (poses["visibility"] > ABSENT)).sum()),
    "source": _source,
    "anchor": lambda poses, _: int(poses["anchor"].sum()),
    "revision": lambda poses, _: int((poses["revision"] > 0).sum()),
    "time": lambda poses, _: int(poses.loc[poses["time"].notna(), "frame"].nunique()),
    "nobody": _nobody,
    "skeleton": _skeleton,
    "video": lambda poses, _: len(poses.attrs.get("video") or {}),
    "boxes": _kind_of_box(BODY),
    "head_boxes": _kind_of_box(HEAD),
    "regions": lambda poses, _: len(rows_of(poses.attrs, "regions")),
    "people": lambda poses, _: len(names_of(poses.attrs)),
    "numbers": lambda poses, _: sum(a != b for a, b in _renumbered(poses).items()),
    "identities": lambda poses, _: sum(number is not None for *_, number in rows_of(poses.attrs, "people")),
    "image_facts": lambda poses, _: sum(
        i is not None or said is not None for *_, i, said in rows_of(poses.attrs, "images")
    ),
    "images": lambda poses, _: sum(file is not None for _, file, *_ in rows_of(poses.attrs, "images")),
}


def off_edge(xy: np.ndarray) -> np.ndarray:
    """Positions with those at the image's left and upper edge at `EDGE`; those beyond the image stay where they are."""
    return np.where((xy >= -0.5) & (xy < EDGE), np.float32(EDGE), xy)


def held(poses: pd.DataFrame, kind: Format) -> pd.DataFrame:
    """The placed keypoints of a conforming table as a file of a format holds them: what must come back."""
    out = poses[poses["visibility"] > ABSENT].reset_index(drop=True)
    cannot = kind.cannot
    if "keypoints" in cannot:
        return out.iloc[:0]
    if "occluded_xy" in cannot:
        out = out[out["visibility"] != OCCLUDED]
    if "occluded" in cannot:
        out["visibility"] = np.int8(VISIBLE)
    if "unknown_score" in cannot:
        out["score"] = out["score"].fillna(np.float32(1))
    if "edge" in cannot:
        out[["x", "y"]] = off_edge(out[["x", "y"]].to_numpy())
    out = _in_slots(out, kind)
    if "track_id" in cannot:
        out["track_id"] = _rank(out)
    if "numbers" in cannot:
        out["track_id"] = out["track_id"].map(_renumbered(poses)).astype("int32")
    return out.sort_values(KEY, ignore_index=True)


def _renumbered(poses: pd.DataFrame) -> dict[int, int]:
    """Track id → the one that comes back from a file that knows people by names."""
    names = person_names(poses)
    return dict(zip(names, track_ids_of_names(list(names.values())), strict=True))


def _in_slots(poses: pd.DataFrame, kind: Format) -> pd.DataFrame:
    names = tuple(str(k) for k in poses["keypoint"].cat.categories)
    slots = names if kind.slots is None else kind.slots(names)
    position = map_keypoints(names, slots)
    to = np.full(len(names), -1)
    to[position[position >= 0]] = np.flatnonzero(position >= 0)
    codes = to[poses["keypoint"].cat.codes.to_numpy()]
    out = poses[codes >= 0].copy()
    out["keypoint"] = keypoint_column(codes[codes >= 0], list(slots))
    return out.reset_index(drop=True)


def _rank(poses: pd.DataFrame) -> np.ndarray:
    """Who is which in each frame, counting from 0 in the order of the track ids."""
    if not len(poses):
        return np.zeros(0, np.int32)
    return poses.groupby("frame")["track_id"].rank("dense").to_numpy().astype(np.int32) - 1


def differences(poses: pd.DataFrame, back: pd.DataFrame, kind: Format) -> list[str]:
    """In what a table read back from a file differs from what the file should hold; empty if in nothing.

    Positions are compared to the format's tolerance, everything else exactly.
    """
    want = held(poses, kind)
    got = back[back["visibility"] > ABSENT].reset_index(drop=True)
    if "track_id" in kind.cannot:
        got["track_id"] = _rank(got)
    got = got.assign(keypoint=got["keypoint"].astype("str"))
    want = want.assign(keypoint=want["keypoint"].astype("str"))
    a, b = (t.set_index(KEY).sort_index() for t in (want, got))
    out = []
    if not a.index.equals(b.index):
        n = len(a.index.symmetric_difference(b.index))
        return [f"{n} keypoints are in one and not in the other ({len(a)} written, {len(b)} read back)"]
    apart = (a[["x", "y"]].astype(float) - b[["x", "y"]].astype(float)).abs().to_numpy()
    if len(apart) and apart.max() > kind.tolerance:
        out.append(f"positions differ by up to {apart.max():.3g} pixels")
    for name in ("visibility", "score", "source", "anchor", "revision", "time"):
        if name in kind.cannot:
            continue
        x, y = (t[name].astype(object if name == "source" else float).to_numpy() for t in (a, b))
        same = (x == y) if name == "source" else np.isclose(x, y, rtol=1e-6, atol=1e-7, equal_nan=True)
        if not same.all():
            out.append(f"{name} differs in {int((~same).sum())} keypoints")
    return out + _box_differences(poses, back, kind) + _fact_differences(poses, back, kind)


_FACTS: dict[str, Callable[[pd.DataFrame], set]] = {
    "regions": lambda poses: {(f, *(round(float(v), 3) for v in p)) for f, p in rows_of(poses.attrs, "regions")},
    "people": lambda poses: set(names_of(poses.attrs).values()),
    "identities": lambda poses: {(i, n) for i, _, n in rows_of(poses.attrs, "people") if n is not None},
    "images": lambda poses: _pictures(poses),
}
"""What is stated beside poses and boxes; pictures of frames in which somebody is."""


def _pictures(poses: pd.DataFrame) -> set:
    frames = set(poses["frame"].unique().tolist())
    return {(frame, file) for frame, file in frame_files(poses.attrs).items() if frame in frames}


def _fact_differences(poses: pd.DataFrame, back: pd.DataFrame, kind: Format) -> list[str]:
    """Which of the stated facts that a format holds did not come back; a file may need more of them, as names."""
    kept = [name for name in _FACTS if name not in kind.cannot]
    if "track_id" in kind.cannot:
        kept = [name for name in kept if name not in ("people", "identities")]
    return [f"{words_of(name)} differ" for name in kept if not _FACTS[name](poses) <= _FACTS[name](back)]


def _boxes(poses: pd.DataFrame, kind: str) -> pd.DataFrame:
    boxes = boxes_of(poses.attrs)
    return boxes[boxes["kind"] == kind]


def _box_differences(poses: pd.DataFrame, back: pd.DataFrame, kind: Format) -> list[str]:
    out = []
    for aspect, word in (("boxes", BODY), ("head_boxes", HEAD)):
        if aspect in kind.cannot or "track_id" in kind.cannot:
            continue
        want, got = (_boxes(t, word) for t in (poses, back))
        key = ["frame", "track_id"]
        both = want.merge(got, on=key, how="left", suffixes=("", "_back"))
        apart = np.abs(both[["x", "y", "w", "h"]].to_numpy() - both[[f"{c}_back" for c in "xywh"]].to_numpy())
        if len(both) != len(want) or not (apart <= max(kind.tolerance, 0.01)).all():
            out.append(f"{word} boxes differ")
    return out
