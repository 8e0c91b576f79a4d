"""YOLO-pose training labels: a folder with `data.yaml` and `labels/`, a text file for each picture.

A line is class, middle x, middle y, width, height of the box, then x, y, visibility of each keypoint, all but the
last as shares of the picture's size. Positions: a share is x / width of pixels with offset 0, as Ultralytics' own
conversion of COCO does it. A training set knows no identities: everyone comes back with one of their own in each
picture. The size of the pictures is in `data.yaml` (ours) or in the pictures beside the labels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.io.coco_write import boxes_for, size_of
from impose_widget.io.columns import skeleton_of
from impose_widget.io.extras import attrs_of, facts_of, frame_files
from impose_widget.io.format import LEFT_OUT, NO_FACTS, Format
from impose_widget.io.numbers import frames_of_names, trailing_number
from impose_widget.io.people import People, box_rows, gather, table_of
from impose_widget.io.replace import replacing_folder
from impose_widget.io.source import Source, brief, decode

FORMAT = Format(
    "yolo",
    (),
    "YOLO-pose labels for training: a folder with data.yaml and one text file a picture.",
    NO_FACTS
    | {
        "track_id": LEFT_OUT,
        "score": LEFT_OUT,
        "head_boxes": LEFT_OUT,
        "nobody": LEFT_OUT,
        "images": "kept if the numbers in them are the frames",
    }
    | dict.fromkeys(("time", "regions", "people"), LEFT_OUT),
    tolerance=0.01,
    folder=True,
)
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
DIGITS = 8  # of a share: a thousandth of a pixel in 10,000


def sniff(source: Source) -> bool:
    """Whether it is a folder with a `data.yaml`, or with nothing but text files."""
    if not source.is_folder:
        return False
    names = [n for n in source.names if not n.startswith(".")]
    return "data.yaml" in names or "labels" in names or (bool(names) and all(n.endswith(".txt") for n in names))


def read(source: Source) -> pd.DataFrame:
    """Read the labels of a folder: with `data.yaml`, with `labels/`, or of text files alone."""
    if not source.is_folder:
        raise NotADirectoryError(f"Expected a folder of labels, got the file {source}; give the folder it is in.")
    facts = _facts(source.path)
    labels = _label_files(source.path)
    if not labels:
        raise ValueError(f"Expected text files of labels, got none in the folder {source}.")
    frames = frames_of_names([str(p.name) for p in labels])
    rows = [(f, p, line) for f, p in zip(frames, labels, strict=True) for line in _lines(p)]
    k, dims = _shape(facts, rows, source)
    people = People.nobody(len(rows), k)
    sizes = {p: _size(facts, p, source) for p in {p for _, p, _ in rows}}
    for i, (frame, path, values) in enumerate(rows):
        people.frame[i], people.track_id[i] = frame, i
        _fill(people, i, values, k, dims, np.array(sizes[path], np.float64), path)
    skeleton = _skeleton(facts, k)
    video = dict(facts.get("video") or {})
    if len(set(sizes.values())) == 1:
        width, height = next(iter(sizes.values()))
        video = {"width": int(width), "height": int(height)} | video
    pictures = facts_of(_image_rows(facts, labels, frames), "images")
    boxes = facts_of(box_rows(people), "boxes")
    attrs = attrs_of(skeleton=skeleton.to_json(), video=video, boxes=boxes, images=pictures)
    return table_of(people, skeleton.keypoints, attrs, str(source))


def _facts(folder: Path) -> dict[str, Any]:
    """What `data.yaml` says; only ever read as plain data, and no path in it is followed."""
    import yaml

    path = next((p for p in (folder / "data.yaml", folder.parent / "data.yaml") if p.is_file()), None)
    if path is None:
        return {}
    try:
        facts = yaml.safe_load(decode(path.read_bytes(), str(path)))
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        why = " ".join(str(error).split())
        raise ValueError(f"Expected YAML, got {path}, which does not parse: {why}") from error
    return facts if isinstance(facts, dict) else {}


def _label_files(folder: Path) -> list[Path]:
    root = folder / "labels" if (folder / "labels").is_dir() else folder
    return sorted(p for p in root.rglob("*.txt") if p.is_file() and not p.is_symlink() and p.name != "classes.txt")


def _lines(path: Path) -> list[list[float]]:
    rows = []
    for number, line in enumerate(decode(path.read_bytes(), str(path)).splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append([float(v) for v in line.split()])
        except ValueError as error:
            raise ValueError(f"Expected numbers, got {brief(line)} in line {number} of {path}.") from error
    return rows


def _shape(facts: dict[str, Any], rows: list, source: Source) -> tuple[int, int]:
    """How many keypoints, and how many numbers each (3 with visibility, 2 without)."""
    shape = facts.get("kpt_shape")
    lengths = {len(values) - 5 for _, _, values in rows}
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(v, int) and 0 < v < 10_000 for v in shape):
        k, dims = shape
        # Programs that track or predict put a confidence or an identity behind.
        if dims in (2, 3) and all(k * dims <= n <= k * dims + 2 for n in lengths):
            return k, dims
        raise ValueError(
            f"Expected {5 + k * dims} numbers a line (kpt_shape {shape}), got {min(lengths) + 5} in {source}."
        )
    if len(lengths) == 1 and (n := next(iter(lengths))) > 0 and n % 3 == 0:
        return n // 3, 3
    if not rows:
        return len(COCO17), 3
    raise ValueError(
        f"Expected 5 numbers and 3 for each keypoint in every line, got {sorted(n + 5 for n in lengths)[:4]} in "
        f"{source}; is it a set of boxes, or is data.yaml with kpt_shape missing?"
    )


def _size(facts: dict[str, Any], label: Path, source: Source) -> tuple[float, float]:
    """Width and height of a label's picture: as `data.yaml` says, or as the picture is."""
    video = facts.get("video")
    if isinstance(video, dict) and all(isinstance(video.get(k), int) and video[k] > 0 for k in ("width", "height")):
        return video["width"], video["height"]
    folders = [label.parent, *(Path(str(label.parent)[::-1].replace("slebal", "segami", 1)[::-1]),)]
    for folder in folders:
        for ending in PICTURES:
            picture = folder / (label.stem + ending)
            if picture.is_file():
                import cv2

                image = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
                whole = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE) if image is not None else None
                if whole is not None:
                    return whole.shape[1], whole.shape[0]
    raise ValueError(
        f"Expected the size of the picture of {label.name}, got neither a picture beside it nor a size in data.yaml of "
        f"{source}; put the images folder next to labels."
    )


def _fill(people: People, i: int, values: list[float], k: int, dims: int, size: np.ndarray, path: Path) -> None:
    row = np.array(values)
    if not np.isfinite(row).all():
        raise ValueError(f"Expected finite numbers, got others in {path}.")
    points = row[5 : 5 + k * dims].reshape(k, dims)
    visible = points[:, 2] if dims == 3 else np.where((points != 0).any(1), 2, 0)
    if not np.isin(visible, (0, 1, 2)).all():
        raise ValueError(
            f"Expected visibility as 0, 1 or 2, got {visible[~np.isin(visible, (0, 1, 2))][0]:g} in {path}."
        )
    people.visibility[i] = visible
    people.xy[i] = np.where(visible[:, None] > 0, points[:, :2] * size, np.nan)
    box = np.concatenate([row[1:3] - row[3:5] / 2, row[3:5]]) * np.tile(size, 2)
    people.box[i] = box


def _skeleton(facts: dict[str, Any], k: int) -> Skeleton:
    names = facts.get("kpt_names")
    if isinstance(names, dict) and names:  # Ultralytics: class → names
        names = next(iter(names.values()))
    if isinstance(names, list) and len(names) == k:
        described = facts.get("skeleton")
        if isinstance(described, dict) and described.get("keypoints") == names:
            return Skeleton.from_json(described)
        return Skeleton.from_json({"name": "custom", "keypoints": [str(n) for n in names]})
    if k == len(COCO17):
        return COCO17
    return Skeleton("custom", tuple(f"keypoint_{i}" for i in range(k)))


def _image_rows(facts: dict[str, Any], labels: list[Path], frames: list[int]) -> list[tuple]:
    listed = facts.get("images")
    if isinstance(listed, dict):
        return [(int(f), str(n), None, None) for f, n in listed.items() if isinstance(f, int)]
    if facts.get("contributor") == "impose-widget":
        return []
    return [(f, p.stem, None, None) for f, p in zip(frames, labels, strict=True)]


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a new folder with `data.yaml` and a label file for each frame in which there is somebody.

    Raises:
        ValueError: the size of the video is not known.
    """
    import yaml

    size = size_of(poses.attrs)
    if len(size) < 2 or min(size.values()) <= 0:
        raise ValueError(
            "Expected the size of the video for YOLO's shares, got poses that do not know it; set "
            "poses.attrs['video'] = {'width': …, 'height': …} (--size 1280x720 on the command line)."
        )
    skeleton, people, attrs = skeleton_of(poses), gather(poses), poses.attrs
    boxes = boxes_for(people, slice(None), attrs)
    scale = np.array([size["width"], size["height"]], np.float64)
    files, video = frame_files(attrs), attrs.get("video") or {}
    stem = re.sub(r"[^\w.-]+", "_", Path(str(video.get("name", "video"))).stem)[:80] or "video"
    frames: dict[int, list[str]] = {}
    for i in np.flatnonzero((people.visibility > 0).any(1) | np.isfinite(people.box).all(1)):
        frames.setdefault(int(people.frame[i]), []).append(_line(people, i, boxes[i], scale))
    flip = skeleton.flipped()
    facts = {
        "contributor": "impose-widget",
        "path": ".",
        "train": "images",
        "val": "images",
        "names": {0: "person"},
        "kpt_shape": [len(skeleton), 3],
        "flip_idx": flip.tolist(),
        "kpt_names": {0: list(skeleton.keypoints)},
        "skeleton": skeleton.to_json(),
        "video": dict(video) | size,
        **({"images": files} if files else {}),
    }
    with replacing_folder(path) as folder:
        (folder / "labels").mkdir()
        # Not allow_unicode: PyYAML then writes the line break U+0085 as it is, and reads it as a space.
        text = yaml.safe_dump(facts, sort_keys=False)
        (folder / "data.yaml").write_text(text, "utf-8")
        for frame, lines in (frames or {0: []}).items():
            name = label_name(files.get(frame), frame, stem)
            (folder / "labels" / f"{name}.txt").write_text("".join(lines), "ascii")


def label_name(file: str | None, frame: int, stem: str) -> str:
    """The label's file name: the picture's, if it tells the frame and is one; never a way out of the folder."""
    if file is not None and trailing_number(file) == frame:
        name = re.sub(r"[^\w.-]+", "_", re.split(r"[\\/]", file)[-1])
        return (name.rpartition(".")[0] or name)[-120:]  # the number is at the end
    return f"{stem}_{frame:06d}"


def _line(people: People, i: int, box: np.ndarray, scale: np.ndarray) -> str:
    middle = (box[:2] + box[2:] / 2) / scale
    words = ["0", *(f"{v:.{DIGITS}f}" for v in (*middle, *(box[2:] / scale)))]
    for (x, y), v in zip(np.nan_to_num(people.xy[i].astype(np.float64)) / scale, people.visibility[i], strict=True):
        words += [f"{x:.{DIGITS}f}", f"{y:.{DIGITS}f}", str(v)]
    return " ".join(words) + "\n"
