"""NWB with ndx-pose: in the module `behavior` a `PoseEstimation` a person, in it a series of positions a keypoint.

Positions: pixels with integers at pixel centres, offset 0, over all frames of the video at its rate; NaN where
absent. A single person's estimation is called `PoseEstimation`, as movement expects it, several are called by their
names. ndx-pose knows confidences; visibility and who made a point have no place in it.
"""

from __future__ import annotations

import datetime
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.columns import skeleton_of
from impose_widget.io.extras import attrs_of
from impose_widget.io.format import LEFT_OUT, NO_FACTS, NUMBERED_ANEW, VISIBLE_ONLY, Format
from impose_widget.io.hdf import SIGNATURE, unreadable
from impose_widget.io.people import MOST_CELLS, somebody
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source
from impose_widget.io.wide import arrays, from_arrays, person_names

FORMAT = Format(
    "nwb",
    (".nwb",),
    "Neurodata Without Borders with ndx-pose: a PoseEstimation a person.",
    {
        **NO_FACTS,
        **VISIBLE_ONLY,
        **NUMBERED_ANEW,
        **dict.fromkeys(("time", "nobody", "boxes", "head_boxes", "regions", "images"), LEFT_OUT),
        "video": "its name, size and rate are kept",
    },
    extra="nwb",
    packages=("pynwb", "ndx_pose"),
    apart=True,
)
MODULE, ALONE = "behavior", "PoseEstimation"
REFERENCE = "(0, 0) is the centre of the top left pixel of the video; x goes right, y goes down"
CONFIDENCE = "1 where a human placed the keypoint, else the network's score from 0 to 1; NaN unknown"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)  # when nobody says when a video was taken


def sniff(source: Source) -> bool:
    """Whether it is an HDF5 file of that ending."""
    return source.suffix == ".nwb" and source.head[:8] == SIGNATURE


def read(source: Source) -> pd.DataFrame:
    """Read every PoseEstimation of the file as a person."""
    import ndx_pose
    import pynwb

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions of extensions that the file brings along
            with pynwb.NWBHDF5IO(str(source.path), "r", load_namespaces=True) as io:
                file = io.read()
                found = [o for o in file.objects.values() if isinstance(o, ndx_pose.PoseEstimation)]
                found = found or [o for o in file.objects.values() if o.neurodata_type == ALONE]
                return _table(found, source)
    except ValueError as error:
        if str(error).startswith("Expected"):
            raise
        raise unreadable(source, "NWB", error) from error
    except Exception as error:  # whatever three libraries make of a damaged file
        raise unreadable(source, "NWB", error) from error


def _table(found: list[Any], source: Source) -> pd.DataFrame:
    if not found:
        raise ValueError(f"Expected a PoseEstimation of ndx-pose, got none in {source}.")
    skeleton = next((e.skeleton for e in found if getattr(e, "skeleton", None) is not None), None)
    series = [{s.name: s for s in e.pose_estimation_series.values()} for e in found]
    nodes = (
        tuple(str(n) for n in skeleton.nodes[:])
        if skeleton is not None
        else tuple(dict.fromkeys(n for s in series for n in s))
    )
    n_frames = max((len(s.data) for each in series for s in each.values()), default=0)
    if n_frames * len(found) * max(len(nodes), 1) > MOST_CELLS:
        raise ValueError(f"Expected poses that fit into memory, got {n_frames} frames in {source}.")
    shape = (n_frames, len(found), len(nodes))
    values = {name: np.full(shape, np.nan, np.float32) for name in ("x", "y", "score")}
    for i, each in enumerate(series):
        for name, one in each.items():
            k = nodes.index(name) if name in nodes else -1
            data = np.asarray(one.data[:], np.float32)
            if k < 0 or data.ndim != 2 or data.shape[1] != 2:
                raise ValueError(
                    f"Expected x and y of keypoints of the skeleton, got {name} of {data.shape} in {source}."
                )
            values["x"][: len(data), i, k], values["y"][: len(data), i, k] = data.T
            if one.confidence is not None:
                values["score"][: len(data), i, k] = one.confidence[:]
    names = ["person0"] if len(found) == 1 and found[0].name == ALONE else [e.name for e in found]
    if len(found) == 1 and found[0].name == ALONE and found[0].description:
        names = [str(found[0].description).partition(":")[0] or "person0"]
    edges = (
        tuple((int(a), int(b)) for a, b in skeleton.edges[:])
        if skeleton is not None and skeleton.edges is not None
        else ()
    )
    kind = known_skeleton(nodes) or Skeleton("custom", nodes, tuple(e for e in edges if max(e) < len(nodes)))
    attrs = attrs_of(skeleton=kind.to_json(), video=_video(found[0], series[0], n_frames))
    return from_arrays(names, nodes, values, np.arange(n_frames), attrs, str(source))


def _video(estimation: Any, series: dict[str, Any], n_frames: int) -> dict[str, Any]:
    out: dict[str, Any] = {}
    videos = estimation.original_videos
    if videos is not None and len(videos):
        out["name"] = Path(str(videos[0]).replace("\\", "/")).name
    size = estimation.dimensions
    if size is not None and np.asarray(size).size == 2:
        height, width = np.asarray(size).reshape(-1).tolist()
        out |= {"width": int(width), "height": int(height)}
    rate = next((s.rate for s in series.values() if s.rate), None)
    if rate and math.isfinite(rate) and rate != 1:
        out["fps"] = float(rate)
    return out | {"n_frames": n_frames}


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a new NWB file.

    Raises:
        ValueError: there is nobody, or a name has a slash or a colon, which NWB does not allow.
    """
    import pynwb

    skeleton, names = skeleton_of(poses), person_names(poses)
    for name in [*skeleton.keypoints, *names.values()]:
        if any(c in name for c in "/:\x00") or not name.strip():
            raise ValueError(f"Expected names without / and : for NWB, got {name!r}; rename it.")
    somebody(poses, "NWB")
    video = poses.attrs.get("video") or {}
    file = pynwb.NWBFile(
        session_description=f"Poses in {video.get('name', 'a video')}",
        identifier=str(video.get("name", "video")),
        session_start_time=EPOCH,
    )
    module = file.create_processing_module(MODULE, "poses of people in a video")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the number of videos and cameras, which we do not have
        for container in _containers(poses, skeleton, names, video):
            module.add(container)
        with replacing(path) as partial, pynwb.NWBHDF5IO(str(partial), "w") as io:
            io.write(file)


def _containers(poses: pd.DataFrame, skeleton: Skeleton, names: dict[int, str], video: dict[str, Any]) -> list[Any]:
    import ndx_pose

    frames, ids, values = arrays(poses)
    edges = np.array([e for e in skeleton.edges if max(e) < 256], np.uint8).reshape(-1, 2)  # ndx-pose's type for them
    described = ndx_pose.Skeleton(name="skeleton", nodes=list(skeleton.keypoints), edges=edges)
    rate = float(video.get("fps") or 1.0)
    size = [[video["height"], video["width"]]] if video.get("width") and video.get("height") else None
    out: list[Any] = [ndx_pose.Skeletons(skeletons=[described])]
    for i, track_id in enumerate(ids):
        series = [
            ndx_pose.PoseEstimationSeries(
                name=keypoint,
                description=f"position of {keypoint}",
                data=np.stack([values["x"][:, i, k], values["y"][:, i, k]], -1),
                unit="pixels",
                reference_frame=REFERENCE,
                rate=rate,
                starting_time=0.0,
                confidence=values["score"][:, i, k],
                confidence_definition=CONFIDENCE,
            )
            for k, keypoint in enumerate(skeleton.keypoints)
        ]
        out.append(
            ndx_pose.PoseEstimation(
                name=ALONE if len(ids) == 1 else names[track_id],
                pose_estimation_series=series,
                description=f"{names[track_id]}: poses in {len(frames)} frames",
                original_videos=[str(video.get("name", "video"))],
                dimensions=np.array(size, np.uint16) if size else None,
                scorer="impose-widget",
                source_software="impose-widget",
                skeleton=described,
            )
        )
    return out
