"""A study: several videos, methods and protocols; each combination a job whose result is a small file.

A job that was done is not done again: its file is named by everything that its result depends on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.evaluate.code import code_digest
from impose_widget.evaluate.experiments import EXPERIMENTS
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.methods.baselines import BASELINES
from impose_widget.evaluate.methods.cotracker import cotracker3
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.methods.results import results_of
from impose_widget.evaluate.truth import AREAS, Truth, read_truth, truth_of_poses

METHODS = (Product.name, *BASELINES)
WINDOW = 84
"""Frames; longer videos are cut into equal parts of at most so many (84 is a PoseTrack tracklet in the paper)."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A video with its labels, or a part of one.

    Attributes:
        source: a file, a folder of images, or frames (T, H, W, 3) uint8 RGB.
        truth: an annotation file, a table of poses, or a `Truth`.
        skeleton: to score on.
        area: one of `AREAS`.
        name: for reports; None: the video's.
        detector_size: pixels of the longer side that the network sees; None for its usual size.
        first, stop: frames of the part; None for all.
        everybody: whether all people in the video are labelled; False: tracks that are nobody's are no false alarms.
    """

    source: Any
    truth: Any
    skeleton: Skeleton = COCO17
    area: str = AREAS[0]
    name: str | None = None
    detector_size: int | None = None
    first: int | None = None
    stop: int | None = None
    everybody: bool = True

    def open(self, cache: Path | None = None) -> tuple[Footage, Truth]:
        """The footage and the labels of this part.

        Raises:
            ValueError, OSError: the video or the labels cannot be used; the message says why.
        """
        footage = Footage(self._source(), self.skeleton, self.detector_size, cache, self.name)
        size = footage.video.width, footage.video.height
        name = self.name or footage.video.name
        truth = self.truth
        if isinstance(truth, (str, Path)):
            truth = read_truth(truth, len(footage), size, self.skeleton, self.area, name=name)
        elif isinstance(truth, pd.DataFrame):
            truth = truth_of_poses(truth, len(footage), size, self.skeleton, self.area, name)
        if len(truth.xy) != len(footage):
            raise ValueError(
                f"Expected labels of {len(footage)} frames as in {footage.video.name}, got {len(truth.xy)}; "
                "are they of another video?"
            )
        truth = dataclasses.replace(truth, everybody=self.everybody and truth.everybody)
        if self.first is None:
            return footage, truth
        frames = np.stack(list(footage.video.frames(range(self.first, self.stop))))
        footage.close()
        part = truth.window(self.first, self.stop)
        return Footage(frames, self.skeleton, self.detector_size, cache, part.name), part

    def _source(self) -> Any:
        return str(self.source) if isinstance(self.source, Path) else self.source

    def windows(self, longest: int | None = WINDOW) -> list[Clip]:
        """Equal parts of at most `longest` frames, without those in which nobody is labelled; None: the whole."""
        footage, truth = self.open()
        n = len(footage)
        footage.close()
        parts = -(-n // longest) if longest else 1
        if parts == 1:
            return [self]
        edges = np.linspace(0, n, parts + 1).round().astype(int)
        spans = [(int(a), int(b)) for a, b in pairwise(edges) if truth.present[a:b].any()]
        return [dataclasses.replace(self, first=a, stop=b) for a, b in spans]


@dataclass(frozen=True, slots=True)
class Job:
    """One method in one experiment on one clip; `method` is a name of `METHODS`, NAME=FILE of results, or
    cotracker3=CHECKPOINT."""

    clip: Clip
    method: str
    experiment: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """The method's name in reports."""
        return self.method.partition("=")[0]


def method_of(name: str, footage: Footage) -> Method:
    """A fresh tool by its name; see `Job`.

    Raises:
        ValueError: there is no such method, or its file is of another video.
        ImportError, FileNotFoundError: what it needs is not there.
    """
    kind, _, path = name.partition("=")
    if path:
        return cotracker3(footage, path) if kind == "cotracker3" else results_of(footage, path, kind)
    if kind == Product.name:
        return Product(footage)
    if kind in BASELINES:
        return BASELINES[kind](footage)
    raise ValueError(
        f"Expected a method as one of {', '.join(METHODS)}, NAME=FILE with somebody's results, or "
        f"cotracker3=CHECKPOINT; got {name!r}."
    )


def fits(job: Job) -> bool:
    """Whether a job makes sense: networks need their skeleton, and an ablation is of the product alone."""
    needs = job.method in BASELINES and BASELINES[job.method].needs_network
    known = job.clip.skeleton.keypoints == COCO17.keypoints
    return (known or not needs) and (job.method == Product.name or not EXPERIMENTS[job.experiment].product_only)


def key_of(job: Job, footage: Footage, truth: Truth) -> str:
    """Short text that tells a job's result from all others: code, frames, labels, method, experiment, options."""
    digest = hashlib.blake2b(code_digest().encode(), digest_size=8)
    facts = [footage.key, job.method, job.experiment, job.options, truth.skeleton.to_json()]
    facts.append(truth.everybody)
    facts.append(None if truth.head is None else truth.head.tolist())
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    for array in (truth.xy, truth.visibility, truth.area):
        digest.update(np.ascontiguousarray(array).tobytes())
    path = job.method.partition("=")[2]
    if path:
        digest.update(Path(path).read_bytes()) if Path(path).stat().st_size < 2**26 else None
    return digest.hexdigest()


def run_job(job: Job, folder: Path | None = None) -> dict[str, Any]:
    """Do one job, or read its result if it was done; picklable, so that it can run in any process.

    Returns:
        {"video", "method", "experiment", "seconds", "tables": {name: [rows]}, "facts": …}; with "error" instead of
        tables if the method failed, so that one failure does not end a study.
    """
    footage, truth = job.clip.open(None if folder is None else folder / "cache")
    try:
        path = None
        if folder is not None:
            path = folder / "results" / f"{job.label}-{job.experiment}-{key_of(job, footage, truth)}.json"
            if path.exists():
                return json.loads(path.read_text(encoding="utf-8"))
        began = time.perf_counter()
        result = {
            "video": truth.name,
            "method": job.label,
            "experiment": job.experiment,
            "facts": facts_of(footage, truth),
        }
        try:
            tables = EXPERIMENTS[job.experiment].run(
                lambda other=None: method_of(job.method, other or footage), footage, truth, **dict(job.options)
            )
            result["tables"] = {name: _plain(rows) for name, rows in tables.items()}
        except Exception as error:
            result |= {"tables": {}, "error": f"{type(error).__name__}: {error}"}
        result["seconds"] = round(time.perf_counter() - began, 3)
        if path is not None and "error" not in result:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps(result), encoding="utf-8")
            partial.replace(path)
        return result
    finally:
        footage.close()


def facts_of(footage: Footage, truth: Truth) -> dict[str, Any]:
    """What a report says about a clip."""
    return {
        "frames": len(footage),
        "size": f"{footage.video.width}×{footage.video.height}",
        "people": len(truth.track_ids),
        "person_frames": int(truth.present.sum()),
        "labelled_keypoints": int(truth.labelled.sum()),
        "occluded": int((truth.visibility == 1).sum()),
        "skeleton": truth.skeleton.name,
        "area": truth.area_rule,
        "detector_size": footage.detector_size,
        "mean_size_px": round(float(np.nanmean(np.sqrt(truth.area[truth.present]))), 1),
        "everybody_labelled": truth.everybody,
        "notes": list(truth.notes),
    }


def jobs_of(
    clips: Sequence[Clip],
    methods: Sequence[str],
    experiments: Sequence[str],
    options: dict[str, dict[str, Any]] | None = None,
    window: int | None = WINDOW,
) -> list[Job]:
    """Every clip (in parts) with every method in every experiment, where it makes sense.

    Raises:
        ValueError: a name is unknown, or labels are not of their video: before any work is done.
    """
    for name in experiments:
        if name not in EXPERIMENTS:
            raise ValueError(f"Expected an experiment as one of {', '.join(EXPERIMENTS)}, got {name!r}.")
    jobs = []
    for clip in clips:
        for part in clip.windows(window):
            for method in methods:
                for experiment in experiments:
                    chosen = tuple(sorted((options or {}).get(experiment, {}).items()))
                    jobs.append(Job(part, method, experiment, chosen))
    return [job for job in jobs if fits(job)]


def _plain(rows: Any) -> list[dict[str, Any]]:
    """Rows as JSON takes them."""
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    return [{name: _value(value) for name, value in row.items()} for row in records]


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
