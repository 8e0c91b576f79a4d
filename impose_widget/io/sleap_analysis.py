"""SLEAP's analysis .h5, through sleap-io: arrays of tracks, nodes and frames.

Positions as in SLEAP (see `sleap`). It has scores, names and edges, but neither visibility nor who made a point.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, VISIBLE
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io import sleap
from impose_widget.io.extras import attrs_of
from impose_widget.io.format import LEFT_OUT, NO_FACTS, NUMBERED_ANEW, SCORE_ONE, VISIBLE_ONLY, Format
from impose_widget.io.hdf import SIGNATURE, opened, text
from impose_widget.io.people import MOST_CELLS, somebody
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source
from impose_widget.io.wide import from_arrays

FORMAT = Format(
    "sleap-analysis",
    (".analysis.h5",),
    "SLEAP's analysis .h5: tracks as arrays, for analysis.",
    {
        **NO_FACTS,
        **VISIBLE_ONLY,
        **NUMBERED_ANEW,
        **SCORE_ONE,
        **dict.fromkeys(("time", "nobody", "boxes", "head_boxes", "regions", "images"), LEFT_OUT),
        "video": "only its name is kept",
    },
    tolerance=0.001,
    extra="sleap",
    packages=("sleap_io", "h5py"),
    apart=True,
)


def sniff(source: Source) -> bool:
    """Whether it is an HDF5 file with tracks and names of nodes."""
    if source.head[:8] != SIGNATURE:
        return False
    try:
        with opened(source, "HDF5") as file:
            return {"tracks", "node_names"} <= set(file)
    except (ValueError, ImportError):
        return False


def read(source: Source) -> pd.DataFrame:
    """Read the tracks; arrays of either order (MATLAB's or Python's) are told by their sizes."""
    with opened(source, "SLEAP's analysis HDF5") as file:
        nodes = tuple(text(n) for n in file["node_names"][:].tolist())
        names = [text(n) for n in file["track_names"][:].tolist()] if "track_names" in file else []
        tracks = file["tracks"]
        if tracks.ndim != 4 or tracks.size > 2 * MOST_CELLS:
            raise ValueError(
                f"Expected tracks of four dimensions that fit into memory, got {tracks.shape} in {source}."
            )
        order = _order(tracks.shape, len(nodes), len(names), source)
        xy = np.transpose(tracks[:], order).astype(np.float32)  # to frames, tracks, nodes, 2
        scores = file["point_scores"][:] if "point_scores" in file else None
        edges = tuple((int(a), int(b)) for a, b in file["edge_inds"][:]) if "edge_inds" in file else ()
        title = text(file["video_path"][()]) if "video_path" in file else ""
    values = {"x": xy[..., 0], "y": xy[..., 1]}
    if scores is not None and scores.ndim == 3:
        axes = [order.index(i) for i in range(4)]  # where each axis of the file goes
        kept = [a for a in range(4) if a != order[3]]
        values["score"] = np.transpose(scores, np.argsort([axes[a] for a in kept])).astype(np.float32)
        values["score"] = np.where(np.isfinite(values["x"]), values["score"], np.nan)
    people = names or [f"person{i}" for i in range(xy.shape[1])]
    if len(people) != xy.shape[1] or len(set(people)) < len(people):
        people = [f"person{i}" for i in range(xy.shape[1])]
    skeleton = known_skeleton(nodes) or Skeleton("custom", nodes, tuple(e for e in edges if max(e) < len(nodes)))
    video = {"n_frames": len(xy)} | ({"name": Path(title.replace("\\", "/")).name} if title else {})
    attrs = attrs_of(skeleton=skeleton.to_json(), video=video)
    return from_arrays(people, nodes, values, np.arange(len(xy)), attrs, str(source))


def _order(shape: tuple[int, ...], nodes: int, tracks: int, source: Source) -> list[int]:
    """Axes of the file as frames, tracks, nodes, x and y."""
    usual = ([3, 0, 2, 1], [0, 3, 2, 1], [0, 1, 2, 3])  # MATLAB's (SLEAP's default), Python's, and plain
    for order in usual:
        sizes = [shape[a] for a in order]
        if sizes[3] == 2 and sizes[2] == nodes and (not tracks or sizes[1] == tracks):
            return order
    raise ValueError(f"Expected tracks of {tracks} people and {nodes} nodes, got an array of {shape} in {source}.")


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write everyone who has a keypoint."""
    import sleap_io

    somebody(poses, "SLEAP's arrays")
    shown = poses["visibility"].where(poses["visibility"] == ABSENT, VISIBLE)  # SLEAP leaves out what is not visible
    labels = sleap.labels_of(
        poses.assign(visibility=shown.astype("int8"), anchor=False)
    )  # users' points have no scores
    with replacing(path) as partial:
        sleap_io.save_analysis_h5(labels, str(partial))
