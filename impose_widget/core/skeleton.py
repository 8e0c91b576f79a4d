"""Skeleton: which keypoints a person has, in which order, and how they hang together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

DEFAULT_SIGMA = 0.072  # the median of COCO's, for keypoints that nobody has measured


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Names, edges and left/right pairs of a set of keypoints.

    Attributes:
        name: `coco17`, or what a user calls a skeleton of their own.
        keypoints: K names, in the order of every array in this package.
        edges: pairs of 0-based indices into `keypoints`.
        flip_pairs: pairs of indices that change places in a mirror image.
        sigmas: K numbers, the spread of human labels as a share of the square root of the person's area
            (COCO keypoint evaluation, "OKS"); two sigmas are one standard deviation of the keypoint similarity.
    """

    name: str
    keypoints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()
    flip_pairs: tuple[tuple[int, int], ...] = ()
    sigmas: tuple[float, ...] = field(default=())

    def __post_init__(self) -> None:
        n = len(self.keypoints)
        if n == 0:
            raise ValueError("Expected a skeleton with at least one keypoint, got none.")
        if not all(isinstance(k, str) and k for k in self.keypoints):
            raise ValueError(f"Expected keypoint names as non-empty strings, got {list(self.keypoints)!r}.")
        if len(set(self.keypoints)) != n:
            twice = sorted({k for k in self.keypoints if self.keypoints.count(k) > 1})
            raise ValueError(f"Expected keypoint names that differ, got {twice} more than once.")
        for what, pairs in (("edges", self.edges), ("flip_pairs", self.flip_pairs)):
            for pair in pairs:
                if len(pair) != 2 or not all(0 <= i < n for i in pair):
                    raise ValueError(f"Expected {what} as pairs of 0-based indices below {n}, got {pair!r}.")
        if not self.sigmas:
            object.__setattr__(self, "sigmas", (DEFAULT_SIGMA,) * n)
        elif len(self.sigmas) != n:
            raise ValueError(f"Expected {n} sigmas, one per keypoint, got {len(self.sigmas)}.")

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def sigma_array(self) -> np.ndarray:
        """Sigmas as (K,) float64."""
        return np.asarray(self.sigmas)

    def index(self, keypoint: str | int) -> int:
        """Position of a keypoint given by name or index.

        Raises:
            KeyError: there is no such keypoint; the message lists those that exist.
        """
        if isinstance(keypoint, (int, np.integer)) and not isinstance(keypoint, bool):
            if 0 <= keypoint < len(self):
                return int(keypoint)
        elif keypoint in self.keypoints:
            return self.keypoints.index(keypoint)
        raise KeyError(f"Expected a keypoint of {self.name} ({', '.join(self.keypoints)}), got {keypoint!r}.")

    def flipped(self) -> np.ndarray:
        """The permutation (K,) that exchanges left and right."""
        order = np.arange(len(self))
        for a, b in self.flip_pairs:
            order[[a, b]] = order[[b, a]]
        return order

    def neighbours(self, keypoint: int) -> list[int]:
        """Indices that share an edge with a keypoint."""
        return [b if a == keypoint else a for a, b in self.edges if keypoint in (a, b)]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain lists, as stored in journals and sent to the browser."""
        return {
            "name": self.name,
            "keypoints": list(self.keypoints),
            "edges": [list(e) for e in self.edges],
            "flip_pairs": [list(p) for p in self.flip_pairs],
            "sigmas": list(self.sigmas),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Skeleton:
        """The reverse of `to_json`; edges and flip pairs may also be given by keypoint name."""
        if not isinstance(data, dict) or not isinstance(data.get("keypoints"), (list, tuple)):
            raise ValueError("Expected a skeleton as a mapping with a list 'keypoints', got " + _brief(data) + ".")
        names = tuple(data["keypoints"])

        def pairs(key: str) -> tuple[tuple[int, int], ...]:
            out = []
            for pair in data.get(key) or ():
                if not isinstance(pair, (list, tuple)) or any(isinstance(i, str) and i not in names for i in pair):
                    raise ValueError(f"Expected '{key}' as pairs of keypoints, got {_brief(pair)}.")
                out.append(tuple(names.index(i) if isinstance(i, str) else int(i) for i in pair))
            return tuple(out)

        return cls(
            str(data.get("name") or "custom"),
            names,
            pairs("edges"),
            pairs("flip_pairs"),
            tuple(float(s) for s in data.get("sigmas") or ()),
        )

    @classmethod
    def of(cls, spec: Skeleton | str | Path | Sequence[str]) -> Skeleton:
        """A skeleton from whatever a user may give: itself, a name, a YAML or JSON file, or keypoint names.

        Raises:
            ValueError: no skeleton has that name, or the file does not describe one.
            FileNotFoundError: the named file is not there.
        """
        if isinstance(spec, Skeleton):
            return spec
        from impose_widget.core.skeletons import SKELETONS  # which is made of this class

        if isinstance(spec, str) and spec in SKELETONS:
            return SKELETONS[spec]
        if isinstance(spec, Path) or (
            isinstance(spec, str) and Path(spec).suffix.lower() in (".json", ".yaml", ".yml")
        ):
            return cls._from_file(Path(spec))
        if isinstance(spec, str) or not isinstance(spec, Iterable):
            raise ValueError(
                f"Expected a skeleton: one of {', '.join(SKELETONS)}, a YAML or JSON file, or keypoint names; "
                f"got {spec!r}."
            )
        return cls("custom", tuple(spec))

    @classmethod
    def _from_file(cls, path: Path) -> Skeleton:
        if not path.is_file():
            raise FileNotFoundError(f"Expected a skeleton file, got {path}, which does not exist.")
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() == ".json":
            parse, errors = json.loads, ValueError
        else:
            import yaml

            parse, errors = yaml.safe_load, yaml.YAMLError
        try:
            data = parse(text)
        except errors as error:
            why = " ".join(str(error).split())
            raise ValueError(f"Expected a skeleton in {path}, got a file that does not parse: {why}") from error
        return cls.from_json(data)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _coco17() -> Skeleton:
    names = (
        "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
        "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
    ).split()
    bones = (
        "left_ankle-left_knee left_knee-left_hip right_ankle-right_knee right_knee-right_hip left_hip-right_hip "
        "left_shoulder-left_hip right_shoulder-right_hip left_shoulder-right_shoulder left_shoulder-left_elbow "
        "right_shoulder-right_elbow left_elbow-left_wrist right_elbow-right_wrist left_eye-right_eye nose-left_eye "
        "nose-right_eye left_eye-left_ear right_eye-right_ear left_ear-left_shoulder right_ear-right_shoulder"
    ).split()
    edges = tuple((names.index(a), names.index(b)) for a, b in (bone.split("-") for bone in bones))
    sigmas = (0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107)
    sigmas += (0.087, 0.087, 0.089, 0.089)  # COCO keypoint evaluation
    return Skeleton("coco17", tuple(names), edges, tuple((i, i + 1) for i in range(1, 17, 2)), sigmas)


COCO17 = _coco17()
