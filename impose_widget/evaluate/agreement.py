"""Two people labelled the same video: how far are they apart, and what do both say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from impose_widget.core.geometry import keypoint_similarity
from impose_widget.evaluate.truth import Truth, truth_of_arrays

SAME = 0.5
"""Keypoint similarity below which two labels are not of one place, so that their mean would be of none."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two annotators side by side, people matched.

    Attributes:
        first, second: their labels, with the people of the second in the order of the first; people whom only one
            labelled are left out and named in `alone`.
        distance: (T, N, K) pixels between the two; NaN unless both labelled.
        similarity: (T, N, K) the same as keypoint similarity, areas being the mean of both.
        alone: sentences about people whom only one of them labelled.
    """

    first: Truth
    second: Truth
    distance: np.ndarray
    similarity: np.ndarray
    alone: tuple[str, ...]

    def oks(self) -> np.ndarray:
        """(T, N) OKS between the two over keypoints that both labelled; NaN where there are none."""
        n = np.isfinite(self.similarity).sum(-1)
        return np.where(n > 0, np.nansum(self.similarity, -1) / np.maximum(n, 1), np.nan)

    def summary(self) -> dict[str, float]:
        """Person-frames, mean OKS, shares of them at OKS .75 …, and how many keypoints agree in what."""
        oks = self.oks()
        oks = oks[np.isfinite(oks)]
        a, b = self.first.labelled, self.second.labelled
        both = self.distance[a & b]
        return {
            "person_frames": len(oks),
            "mean_oks": float(oks.mean()),
            **{f"share{round(100 * s)}": float((oks >= s).mean()) for s in (0.75, 0.85, 0.95)},
            "keypoints_both": int((a & b).sum()),
            "keypoints_first_only": int((a & ~b).sum()),
            "keypoints_second_only": int((~a & b).sum()),
            "not_one_place": int((self.similarity[a & b] < SAME).sum()),
            "visibility_differs": int((self.first.visibility != self.second.visibility)[a & b].sum()),
            "median_px": float(np.median(both)),
            "p90_px": float(np.quantile(both, 0.9)),
        }

    def by_keypoint(self) -> pd.DataFrame:
        """One row a keypoint: how many both labelled, one alone, distances in pixels, mean similarity."""
        a, b, rows = self.first.labelled, self.second.labelled, []
        for k, name in enumerate(self.first.skeleton.keypoints):
            d, s = self.distance[..., k], self.similarity[..., k]
            known = np.isfinite(d)
            if not (a[..., k] | b[..., k]).any():
                continue
            rows.append(
                {
                    "keypoint": name,
                    "both": int(known.sum()),
                    "first_only": int((a & ~b)[..., k].sum()),
                    "second_only": int((b & ~a)[..., k].sum()),
                    "median_px": float(np.median(d[known])) if known.any() else np.nan,
                    "p90_px": float(np.quantile(d[known], 0.9)) if known.any() else np.nan,
                    "mean_similarity": float(s[known].mean()) if known.any() else np.nan,
                    "not_one_place": int((s[known] < SAME).sum()),
                }
            )
        return pd.DataFrame(rows)

    def disagreements(self) -> pd.DataFrame:
        """One row a keypoint that is not kept: frame, track_id, keypoint, why, and the distance in pixels."""
        a, b = self.first.labelled, self.second.labelled
        apart = a & b & (np.nan_to_num(self.similarity) < SAME)
        names, rows = self.first.skeleton.keypoints, []
        for mask, why in ((a & ~b, "only the first"), (b & ~a, "only the second"), (apart, "not one place")):
            for t, n, k in zip(*np.nonzero(mask), strict=True):
                rows.append((int(t), self.first.track_ids[n], names[k], why, float(self.distance[t, n, k])))
        table = pd.DataFrame(rows, columns=["frame", "track_id", "keypoint", "why", "px"])
        return table.sort_values(["frame", "track_id"], kind="stable", ignore_index=True)

    def mean(self, name: str | None = None) -> Truth:
        """What both say: the mean of both places where both labelled one place; the lower visibility of the two.

        A keypoint that one of them calls occluded is occluded; one that only one of them labelled, or that they put in
        different places, is left out: see `disagreements`.
        """
        keep = self.first.labelled & self.second.labelled & (np.nan_to_num(self.similarity) >= SAME)
        xy = np.where(keep[..., None], (self.first.xy + self.second.xy) / 2, np.nan)
        visibility = np.where(keep, np.minimum(self.first.visibility, self.second.visibility), 0)
        return truth_of_arrays(
            name or self.first.name, xy, self.first.skeleton, visibility, track_ids=self.first.track_ids
        )


def agreement(first: Truth, second: Truth) -> Agreement:
    """Compare two annotators of one video; people are matched by where they are over the whole video.

    Raises:
        ValueError: the labels are of videos of different length or on different skeletons, or nobody is in both.
    """
    if len(first.xy) != len(second.xy) or first.skeleton.keypoints != second.skeleton.keypoints:
        raise ValueError(
            f"Expected labels of one video on one skeleton, got {len(first.xy)} frames of {first.skeleton.name} and "
            f"{len(second.xy)} of {second.skeleton.name}."
        )
    together = np.array(
        [[_similarity(first, second, n, m)[0] for m in range(second.xy.shape[1])] for n in range(first.xy.shape[1])]
    )
    pairs = [(n, m) for n, m in zip(*linear_sum_assignment(-together), strict=True) if together[n, m] > 0]
    if not pairs:
        raise ValueError(f"Expected somebody whom both labelled, got nobody in {first.name} and {second.name}.")
    ours, theirs = [n for n, _ in pairs], [m for _, m in pairs]
    alone = [f"Only the first labelled person {i}." for n, i in enumerate(first.track_ids) if n not in ours]
    alone += [f"Only the second labelled person {i}." for m, i in enumerate(second.track_ids) if m not in theirs]
    parts = [_similarity(first, second, n, m) for n, m in pairs]
    return Agreement(
        first.of(ours), second.of(theirs),
        np.stack([p[1] for p in parts], 1), np.stack([p[2] for p in parts], 1), tuple(alone),
    )  # fmt: skip


def _similarity(first: Truth, second: Truth, n: int, m: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Of two people: the sum of their similarities, distances (T, K), similarities (T, K)."""
    area = np.nan_to_num((first.area[:, n] + second.area[:, m]) / 2)
    similar = keypoint_similarity(first.xy[:, n], second.xy[:, m], area, first.skeleton.sigma_array)
    distance = np.linalg.norm(first.xy[:, n] - second.xy[:, m], axis=-1)
    return float(np.nansum(similar)), distance, similar
