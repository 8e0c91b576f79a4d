"""People at one moment, as association compares them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import TIGHT_BOX_TO_AREA, box_area, box_iou, keypoint_similarity


class Rows:
    """Base of a dataclass whose fields are arrays, or such dataclasses, that share their first axis."""

    def __getitem__(self, rows: np.ndarray | slice):
        return type(self)(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))

    def joined(self, other):
        """The rows of both, in this order."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in dataclasses.fields(self))
        return type(self)(*(a.joined(b) if isinstance(a, Rows) else np.concatenate([a, b]) for a, b in pairs))


@dataclass(frozen=True)
class Bodies(Rows):
    """Where N people are.

    Attributes:
        xy: (N, K, 2) float64 pixels; NaN where a keypoint is unknown.
        weight: (N, K) how much a keypoint counts.
        box: (N, 4) x, y, width, height.
        size: (N,) square root of the area that a person covers, pixels.
    """

    xy: np.ndarray
    weight: np.ndarray
    box: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, detections: Detections, min_weight: float) -> Bodies:
        """The bodies of M detections."""
        box = detections.box.astype(np.float64)
        weight = np.clip(np.nan_to_num(detections.keypoints[..., 2]), min_weight, 1)
        return cls(detections.xy.astype(np.float64), weight, box, np.sqrt(TIGHT_BOX_TO_AREA * box_area(box)))

    def shifted(self, shift: np.ndarray) -> Bodies:
        """The same bodies, each moved by its row of `shift` (N, 2)."""
        box = np.concatenate([self.box[:, :2] + shift, self.box[:, 2:]], 1)
        return dataclasses.replace(self, xy=self.xy + shift[:, None], box=box)

    def similarity(
        self, other: Bodies, sigmas: np.ndarray, growth: np.ndarray, looseness: float, oks_share: float
    ) -> np.ndarray:
        """Weighted OKS and overlap of boxes with M others, mixed: (N, M), 0 to 1.

        Args:
            other: M bodies.
            sigmas: (K,) of the skeleton.
            growth: (N,) by how much tolerances of a body are enlarged; 1 leaves them.
            looseness: by how much areas are enlarged in OKS.
            oks_share: share of OKS in the mixture.
        """
        area = (self.size * growth) ** 2 * looseness
        near = keypoint_similarity(self.xy[:, None], other.xy[None], area[:, None], sigmas)
        known = np.isfinite(near)
        weight = np.where(known, self.weight[:, None] * other.weight[None], 0)
        oks = (weight * np.where(known, near, 0)).sum(-1) / np.maximum(weight.sum(-1), 1e-9)
        return oks_share * oks + (1 - oks_share) * box_iou(_enlarged(self.box, growth), other.box)

    def size_ratio(self, other: Bodies) -> np.ndarray:
        """|log(size / size of another)|, (N, M)."""
        return np.abs(np.log(self.size[:, None] / other.size[None]))


def _enlarged(box: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) about their middles; width and height grow by half of what `growth` (N,) exceeds 1."""
    margin = (0.5 * (growth - 1))[:, None] * box[:, 2:]
    return np.concatenate([box[:, :2] - margin / 2, box[:, 2:] + margin], 1)
