"""Two sets of annotations of one video: with the truth, or of two annotators. Where do they differ, and by how much?"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.review.match import Matched, match
from impose_widget.review.page import Page, Section, facts

SAME = 0.5
"""Keypoint similarity below which two labels are not of one place."""
LEVELS = (0.5, 0.75, 0.85, 0.95)
CELL = 16
"""Frames that are one place for somebody who looks: a correction settles about so many."""
REACH = 12  # frames to each side over which keypoints that differ are counted
ALONE = 0.5
"""Severity of a keypoint that only one of them has: often a hidden one, and a matter of the guidelines."""
WORDS = {
    "person_frames": "people in frames that both have",
    "mean_oks": "mean OKS",
    **{f"share{round(100 * s)}": f"share of them at OKS {s:g}" for s in LEVELS},
    "only_first": "people in frames that only the first has",
    "only_second": "people in frames that only the second has",
    "identity_differs": "people in frames under another identity",
    "keypoints_both": "keypoints that both have",
    "keypoints_only_first": "keypoints of them that only the first has",
    "keypoints_only_second": "keypoints of them that only the second has",
    "not_one_place": "keypoints in different places (similarity below 0.5)",
    "visibility_differs": "keypoints with another visibility",
    "median_px": "median distance, pixels",
    "p90_px": "90th percentile of the distance, pixels",
}


@dataclass(frozen=True)
class Comparison(Page):
    """Two tables of poses side by side, people matched frame by frame.

    Attributes:
        matched: who is who, distances and similarities.
        names: what the two are called.
        key: names the session of the first, for pictures; empty without.
    """

    matched: Matched
    names: tuple[str, str]
    key: str = ""

    def title(self) -> str:
        """The headline."""
        return f"{self.names[0]} compared with {self.names[1]}"

    @cached_property
    def identities(self) -> np.ndarray:
        """(M,) bool: the second's person is, in most frames, another one of the first."""
        m = self.matched
        a, b = m.first.track_id[m.a], m.second.track_id[m.b]
        pairs, counts = np.unique(np.stack([b, a], 1), axis=0, return_counts=True)
        usual: dict[int, int] = {}
        for (theirs, ours), _ in sorted(zip(pairs.tolist(), counts.tolist(), strict=True), key=lambda p: p[1]):
            usual[theirs] = ours
        return a != np.array([usual[i] for i in b.tolist()], a.dtype)

    @cached_property
    def summary(self) -> pd.Series:
        """How many people and keypoints, mean OKS and shares of people at some OKS, distances; see `WORDS`."""
        m, oks = self.matched, self.matched.oks
        both, known = m.shares("both"), np.isfinite(oks)
        seen = (m.first.visibility[m.a] != m.second.visibility[m.b]) & both
        return pd.Series(
            {
                "person_frames": len(m.a),
                "mean_oks": _mean(oks[known]),
                **{f"share{round(100 * s)}": _mean(oks[known] >= s) for s in LEVELS},
                "only_first": len(m.only_first),
                "only_second": len(m.only_second),
                "identity_differs": int(self.identities.sum()),
                "keypoints_both": int(both.sum()),
                "keypoints_only_first": int(m.shares("first").sum()),
                "keypoints_only_second": int(m.shares("second").sum()),
                "not_one_place": int((m.similarity[both] < SAME).sum()),
                "visibility_differs": int(seen.sum()),
                "median_px": _quantile(m.distance[both], 0.5),
                "p90_px": _quantile(m.distance[both], 0.9),
            },
            dtype=object,
        )

    @cached_property
    def keypoints(self) -> pd.DataFrame:
        """One row a keypoint: how many both or one have, distances in pixels, mean similarity, not in one place."""
        m = self.matched
        both, first, second = (m.shares(which) for which in ("both", "first", "second"))
        rows = []
        for k, name in enumerate(m.first.keypoints):
            d, s = m.distance[both[:, k], k], m.similarity[both[:, k], k]
            alone = int(first[:, k].sum()), int(second[:, k].sum())
            apart = int((s < SAME).sum())
            rows.append((name, len(d), *alone, _quantile(d, 0.5), _quantile(d, 0.9), _mean(s), apart))
        columns = "keypoint both only_first only_second median_px p90_px mean_similarity not_one_place".split()
        table = pd.DataFrame(rows, columns=columns)
        return table[(table[["both", "only_first", "only_second"]] > 0).any(axis=1)].reset_index(drop=True)

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row a pair that was one person: track_id, other_id, frames, mean_oks, median_px."""
        m, oks = self.matched, self.matched.oks
        table = pd.DataFrame({"track_id": m.first.track_id[m.a], "other_id": m.second.track_id[m.b], "oks": oks})
        table["px"] = np.nanmedian(np.where(m.shares("both"), m.distance, np.nan), 1) if len(table) else 0.0
        grouped = table.groupby(["track_id", "other_id"])
        out = grouped.agg(frames=("oks", "size"), mean_oks=("oks", "mean"), median_px=("px", "median"))
        return out.reset_index()

    @cached_property
    def frames(self) -> pd.DataFrame:
        """One row a person in a frame whom both have: frame, track_id, other_id, oks, px (mean), identity_differs."""
        m = self.matched
        known = np.isfinite(m.distance)
        px = np.where(known.any(1), np.nansum(m.distance, 1) / np.maximum(known.sum(1), 1), np.nan)
        columns = {
            "frame": m.first.frame[m.a],
            "track_id": m.first.track_id[m.a],
            "other_id": m.second.track_id[m.b],
            "oks": m.oks,
            "px": px,
            "identity_differs": self.identities,
        }
        return pd.DataFrame(columns).sort_values(["frame", "track_id"], ignore_index=True)

    @cached_property
    def disagreements(self) -> pd.DataFrame:
        """One row a keypoint, or a person (keypoint empty), in a frame: frame, track_id, other_id, keypoint, why, px,
        similarity. track_id is -1 for people whom only the second has, other_id for those whom only the first has."""
        m, parts = self.matched, []
        apart = m.shares("both") & (np.nan_to_num(m.similarity) < SAME)
        for mask, why in ((apart, "not one place"), (m.shares("first"), "only the first"),
                          (m.shares("second"), "only the second")):  # fmt: skip
            n, k = np.nonzero(mask)
            names = np.array(m.first.keypoints, object)[k]
            parts.append(self._rows(m.a[n], m.b[n], names, why, m.distance[n, k], m.similarity[n, k]))
        n = np.flatnonzero(self.identities)
        parts.append(self._rows(m.a[n], m.b[n], None, "another identity"))
        parts.append(self._rows(m.only_first, None, None, "only the first has this person"))
        parts.append(self._rows(None, m.only_second, None, "only the second has this person"))
        table = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
        return table.sort_values(["frame", "track_id", "keypoint"], ignore_index=True)

    def _rows(self, a, b, names, why: str, px: Any = np.nan, similarity: Any = np.nan) -> pd.DataFrame:
        m = self.matched
        n = len(a if a is not None else b)
        return pd.DataFrame(
            {
                "frame": m.first.frame[a] if a is not None else m.second.frame[b],
                "track_id": m.first.track_id[a] if a is not None else np.full(n, -1),
                "other_id": m.second.track_id[b] if b is not None else np.full(n, -1),
                "keypoint": pd.Series(names if names is not None else [None] * n, dtype=object),
                "why": why,
                "px": np.broadcast_to(px, n),
                "similarity": np.broadcast_to(similarity, n),
            }
        )

    @cached_property
    def queue(self) -> pd.DataFrame:
        """The places where the two differ, to be looked at: a table with the columns of `Session.issues`.

        Kind "differs"; severity 1 - similarity (`ALONE` where only one has the keypoint), gain how many keypoints
        differ around. Of a run of frames the worst is shown. `track_id` is -1 where the first has nobody.
        """
        table = self.disagreements
        keypoints = self.matched.first.keypoints
        if not len(table):
            return _queue(table.assign(severity=0.0), table["frame"], np.zeros(0), [], keypoints, self.key)
        alone = table["why"].isin(["only the first", "only the second"])
        severity = np.where(alone, ALONE, 1 - table["similarity"].fillna(0))
        table = table.assign(severity=severity, place=table["frame"] // CELL)
        by = ["track_id", "other_id", "keypoint", "why", "place"]
        order = table.sort_values(["severity", "frame"], ascending=[False, True], kind="stable")
        worst = order.drop_duplicates(by)
        last = table.groupby(by, dropna=False)["frame"].max()
        ends = last.loc[pd.MultiIndex.from_frame(worst[by])].to_numpy()
        whole = worst["keypoint"].isna().to_numpy()
        size = table.groupby(by, dropna=False).size().loc[pd.MultiIndex.from_frame(worst[by])].to_numpy()
        gain = np.where(whole, len(keypoints), 1) * np.minimum(size, 2 * REACH + 1) * worst["severity"].to_numpy()
        reasons = [self._reason(row) for row in worst.itertuples()]
        return _queue(worst, ends, gain, reasons, keypoints, self.key)

    def _reason(self, row: Any) -> str:
        name, theirs = str(row.keypoint).replace("_", " "), self.names[1]
        if row.why == "not one place":
            return f"{name} is {row.px:.0f} px from where {theirs} has it"
        if row.why == "another identity":
            return f"this is person {row.other_id} of {theirs}, who is somebody else elsewhere"
        if row.why.endswith("this person"):
            nobody = f"{theirs} has nobody here"
            return nobody if row.other_id < 0 else f"{theirs} has a person {row.other_id} here, who is missing"
        return f"{theirs} has no {name}" if row.why == "only the first" else f"{theirs} has a {name} here"

    def sections(self) -> list[Section]:
        """What is on the page."""
        worst = self.queue[["frame", "frame_end", "track_id", "reason"]]
        return [
            Section("In all", "OKS over the keypoints that both have.", facts(self.summary, WORDS)),
            Section("Keypoints", "Distances in pixels between the two.", self.keypoints),
            Section("People", "Who is who, and for how many frames.", self.people),
            Section("Where to look", "The largest differences first.", worst),
        ]


def compare(first: Any, second: Any, name: str | None = None) -> Comparison:
    """Compare two sets of annotations of one video: with the truth, or those of two annotators.

    People are matched frame by frame, by how alike their poses are, and stay matched while they pass others.

    Args:
        first: a session, a table of poses, or a file that `iw.read` knows.
        second: the same; the truth, if one of them is.
        name: what reports call the second; None for the name of its file.

    Raises:
        ValueError: they have no keypoint in common, or a file is none of annotations.
    """
    one, other = _table(first), _table(second)
    called = _name(first, "the first"), name or _name(second, "the other")
    key = getattr(first, "_key", None)
    return Comparison(match(one, other), called, key() if key is not None else "")


def _table(source: Any) -> pd.DataFrame:
    from impose_widget.io import read

    if isinstance(source, (str, Path)):
        return read(source)
    poses = getattr(source, "poses", source)
    if not isinstance(poses, pd.DataFrame) or any(c not in poses for c in ("frame", "track_id", "keypoint", "x", "y")):
        raise ValueError(f"Expected a session, a table of poses or a file of annotations, got {type(source).__name__}.")
    return poses


def _name(source: Any, otherwise: str) -> str:
    if isinstance(source, (str, Path)):
        return Path(source).name
    video = getattr(source, "video", None)
    return str(video.name) if video is not None else otherwise


def _queue(worst: pd.DataFrame, ends: Any, gain: Any, reasons: list[str], keypoints, key: str) -> pd.DataFrame:
    n = len(worst)
    columns = worst["frame"] // CELL, worst["track_id"], worst["other_id"], worst["keypoint"].fillna(""), worst["why"]
    texts = ["/".join(map(str, ("differs", *place))) for place in zip(*columns, strict=True)]
    keypoint = pd.Categorical(worst["keypoint"], categories=list(keypoints), ordered=True)
    table = pd.DataFrame(
        {
            "issue": np.array([zlib.crc32(t.encode()) & 0x7FFFFFFF for t in texts], np.int64),
            "frame": worst["frame"].to_numpy(np.int32),
            "frame_end": np.asarray(ends).astype(np.int32),
            "track_id": worst["track_id"].to_numpy(np.int32),
            "track_id_b": pd.array([pd.NA] * n, dtype="Int32"),
            "keypoint": keypoint,
            "kind": pd.Categorical(["differs"] * n, categories=["differs"]),
            "severity": worst["severity"].to_numpy(np.float32),
            "gain": np.asarray(gain, np.float32),
            "value": worst["px"].to_numpy(np.float32),
            "threshold": np.full(n, np.nan, np.float32),
            "reason": pd.Series(reasons, dtype="str"),
            "state": pd.Categorical(["open"] * n, categories=["open", "accepted", "ignored"]),
        }
    ).sort_values(["gain", "frame", "track_id", "issue"], ascending=[False, True, True, True], ignore_index=True)
    table.attrs = {"session": key} if key else {}
    return table


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _quantile(values: np.ndarray, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else float("nan")
