"""movement's netCDF and xarray: arrays with named dimensions, time in seconds where the frame rate is known.

Positions: pixels with integers at pixel centres, offset 0. The dataset is what movement calls poses: `position`
(time, space, keypoints, individuals) and `confidence`; beside them `visibility`, `source`, `edited` (a human stands
behind it, the name of movement's own editor), `frame` and `timestamp` (seconds as the video has them), which movement
leaves alone.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from impose_widget.io.columns import conform
from impose_widget.io.extras import Facts, known_attrs
from impose_widget.io.format import LEFT_OUT, NUMBERED_ANEW, Format
from impose_widget.io.hdf import SIGNATURE, opened, unreadable
from impose_widget.io.people import MOST_CELLS
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source
from impose_widget.io.wide import arrays, from_arrays, person_names

if TYPE_CHECKING:
    import xarray

FORMAT = Format(
    "movement",
    (".nc", ".netcdf"),
    "movement's netCDF, for its analysis and its viewer; also as xarray in memory (to_xarray).",
    {"revision": LEFT_OUT, "nobody": LEFT_OUT} | NUMBERED_ANEW,
    extra="movement",
    packages=("xarray", "h5netcdf"),
    apart=True,
)
SOFTWARE = "impose-widget"
SUFFIX = ("s", "")  # movement 0.15 says `keypoints` and `individuals`, later versions `keypoint` and `individual`


def to_xarray(poses: pd.DataFrame) -> xarray.Dataset:
    """Poses as movement's dataset: position (time, space, keypoints, individuals), confidence, and further variables.

    `time` is in seconds by the video's frame rate, or in frames if that is not known. Absent keypoints are NaN.
    """
    import xarray

    table = conform(poses, "the table of poses")
    frames, ids, values = arrays(table)
    names, attrs = person_names(table), known_attrs(table.attrs)
    fps = (attrs.get("video") or {}).get("fps")
    fps = float(fps) if fps and math.isfinite(float(fps)) and float(fps) > 0 else None
    axes = (0, 2, 1)  # time, keypoints, individuals

    def turned(name: str) -> tuple[tuple[str, ...], np.ndarray]:
        return ("time", "keypoints", "individuals"), values[name].transpose(axes)

    times = table.drop_duplicates("frame").set_index("frame")["time"].reindex(frames).to_numpy(np.float64)
    data: dict[str, Any] = {
        "position": (
            ("time", "space", "keypoints", "individuals"),
            np.stack([values["x"].transpose(axes), values["y"].transpose(axes)], 1),
        ),
        "confidence": turned("score"),
        "visibility": turned("visibility"),
        "source": turned("source"),
        "edited": (("time", "keypoints", "individuals"), values["anchor"].transpose(axes).astype(np.int8)),
        "frame": ("time", frames.astype(np.int32)),
        "timestamp": ("time", times),
    }
    coords = {
        "time": frames / fps if fps else frames,
        "space": ["x", "y"],
        "keypoints": [str(k) for k in table["keypoint"].cat.categories],
        "individuals": [names[i] for i in ids],
    }
    about = {"source_software": SOFTWARE, "ds_type": "poses", "time_unit": "seconds" if fps else "frames"}
    about |= {"fps": fps} if fps else {}
    return xarray.Dataset(data, coords, about | {"impose": json.dumps(attrs)})


def from_xarray(dataset: xarray.Dataset, what: str = "the dataset") -> pd.DataFrame:
    """The table of poses in a dataset of movement's, ours or its own.

    Raises:
        ValueError: it is none of poses in two dimensions.
    """
    for s in SUFFIX:
        dims = ("time", "space", f"keypoint{s}", f"individual{s}")
        if "position" in dataset and set(dataset["position"].dims) == set(dims):
            break
    else:
        raise ValueError(f"Expected movement's poses (position over time, space, keypoints, individuals), got {what}.")
    position = dataset["position"].transpose(dims[0], dims[3], dims[2], dims[1])
    if position.sizes["space"] != 2 or position.size > 2 * MOST_CELLS:
        raise ValueError(f"Expected x and y of poses that fit into memory, got {dict(position.sizes)} in {what}.")
    xy = np.asarray(position.values, np.float32)
    if np.isinf(xy).any():
        raise ValueError(f"Expected finite positions, got infinity in {what}.")
    values = {"x": xy[..., 0], "y": xy[..., 1]}
    for ours, theirs in (
        ("score", "confidence"),
        ("visibility", "visibility"),
        ("source", "source"),
        ("anchor", "edited"),
    ):
        if theirs in dataset and set(dataset[theirs].dims) == {dims[0], dims[2], dims[3]}:
            plane = np.asarray(dataset[theirs].transpose(dims[0], dims[3], dims[2]).values)
            values[ours] = plane.astype(bool) if ours == "anchor" else plane
    if "source" in values:
        values["source"] = np.clip(np.nan_to_num(values["source"].astype(float), nan=-1), -1, 4).astype(np.int8)
    keypoints = tuple(map(str, dataset[dims[2]].to_numpy()))
    names = list(map(str, dataset[dims[3]].to_numpy()))
    poses = from_arrays(names, keypoints, values, _frames(dataset, what), _attrs(dataset), what)
    if "timestamp" in dataset:
        lookup = pd.Series(np.asarray(dataset["timestamp"].values, float), index=_frames(dataset, what))
        poses["time"] = lookup.reindex(poses["frame"]).to_numpy(np.float64)
    return poses


def _frames(dataset: xarray.Dataset, what: str) -> np.ndarray:
    if "frame" in dataset:
        frames = np.asarray(dataset["frame"].values)
    else:
        fps = dataset.attrs.get("fps")
        times = np.asarray(dataset["time"].values, np.float64)
        frames = np.rint(times * float(fps)) if fps and dataset.attrs.get("time_unit") == "seconds" else times
    if not np.isfinite(frames).all() or (len(frames) and not (frames.min() >= 0 and frames.max() < 2**31)):
        raise ValueError(f"Expected frames from 0 on, got others in {what}.")
    frames = frames.astype(np.int64)
    if len(np.unique(frames)) < len(frames):
        raise ValueError(f"Expected every frame once, got some twice in {what}.")
    return frames


def _attrs(dataset: xarray.Dataset) -> dict[str, Any]:
    text = dataset.attrs.get("impose")
    if isinstance(text, str):
        try:
            found = known_attrs(json.loads(text))
            return {k: Facts(v) if k not in ("skeleton", "video") else v for k, v in found.items()}
        except (ValueError, AttributeError, TypeError, RecursionError):
            return {}
    fps = dataset.attrs.get("fps")
    return {"video": {"fps": float(fps)}} if fps is not None else {}


def sniff(source: Source) -> bool:
    """Whether it is an HDF5 file with positions."""
    if source.head[:8] != SIGNATURE:
        return False
    try:
        with opened(source, "netCDF") as file:
            return "position" in file and "time" in file
    except (ValueError, ImportError):
        return False


def read(source: Source) -> pd.DataFrame:
    """Read a dataset."""
    import xarray

    with opened(source, "movement's netCDF") as file:  # h5netcdf leaves a mess behind where HDF5 already fails
        if "position" not in file:
            raise ValueError(f"Expected movement's netCDF with positions, got {source} without.")
    try:
        with xarray.open_dataset(source.path, engine="h5netcdf", decode_times=False) as dataset:
            if dataset.nbytes > 16 * MOST_CELLS:
                raise ValueError(f"Expected a file that fits into memory, got {dataset.nbytes >> 30} GB in {source}.")
            return from_xarray(dataset.load(), str(source))
    except ValueError as error:
        if str(error).startswith("Expected"):
            raise
        raise unreadable(source, "movement's netCDF", error) from error
    except Exception as error:  # whatever two libraries make of a damaged file
        raise unreadable(source, "movement's netCDF", error) from error


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    dataset = to_xarray(poses)
    with replacing(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf")
