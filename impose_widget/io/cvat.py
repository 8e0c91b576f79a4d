"""CVAT for video 1.1: XML with one skeleton track a person, and the label file that creates the task for it.

Positions: CVAT's origin is the corner of the first pixel, so 0.5 is added on writing and taken off on reading. A
track's number means nothing in CVAT; ours is an attribute of it. Every frame is written as a keyframe, because CVAT
interpolates the others anew, and a track ends with a frame in which everything is outside. Source, anchor and score
are attributes of the points, so that a human's work is still known after a trip through CVAT. Boxes are tracks of
their own.

`NAME.xml` comes with `NAME.labels.json`: paste it into the "Raw" tab of a new task's labels, then upload the XML as
"CVAT 1.1". What CVAT exports, a ZIP with `annotations.xml`, is read as it is; "CVAT for images" is read, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, OCCLUDED, SOURCES
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.columns import skeleton_of
from impose_widget.io.cvat_labels import BOX_LABEL, HEAD_LABEL, LABEL, check_names, labels, labels_xml
from impose_widget.io.cvat_read import read_xml
from impose_widget.io.extras import names_of
from impose_widget.io.format import LEFT_OUT, Format
from impose_widget.io.numbers import shortest
from impose_widget.io.people import People, by_value, gather
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format(
    "cvat",
    (".xml", ".zip"),
    "CVAT for video 1.1: skeleton tracks, with the label file that creates the task.",
    dict.fromkeys(("revision", "time", "nobody", "regions", "identities", "images", "image_facts"), LEFT_OUT),
    tolerance=0.001,
)
OFFSET = 0.5


def sniff(source: Source) -> bool:
    """Whether it is XML that begins with `annotations`, or an archive of such a file."""
    return "annotations.xml" in source.names or "<annotations" in source.start[:2000]


def read(source: Source) -> pd.DataFrame:
    """Read the XML, or the archive that CVAT exports."""
    data = source.member("annotations.xml") if source.names else source.path.read_bytes()
    return read_xml(data, str(source))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write the XML and, beside it, the label file.

    Raises:
        ValueError: a name cannot stand in XML.
    """
    if path.suffix.lower() == ".zip":
        raise ValueError(f"Expected a file that ends in .xml, got {path.name}; CVAT takes the XML itself.")
    skeleton, people, attrs = skeleton_of(poses), gather(poses), poses.attrs
    check_names([*skeleton.keypoints, skeleton.name, *names_of(attrs).values()])
    labels_path = path.with_name(path.stem + ".labels.json")
    with replacing(path) as partial, replacing(labels_path) as partial_labels:
        with partial.open("w", encoding="utf-8") as file:
            _write_document(XMLGenerator(file, "utf-8", short_empty_elements=True), skeleton, people, attrs)
        text = json.dumps(labels(skeleton, bool(attrs.get("boxes"))), ensure_ascii=False, indent=1)
        partial_labels.write_text(text, "utf-8")


def _element(out: XMLGenerator, tag: str, text: str = "", /, **attributes: Any) -> None:
    out.startElement(tag, {k: str(v) for k, v in attributes.items()})
    out.characters(text)
    out.endElement(tag)
    out.characters("\n")


def _write_document(out: XMLGenerator, skeleton: Skeleton, people: People, attrs: dict[str, Any]) -> None:
    video = attrs.get("video") or {}
    n = max(int(video.get("n_frames") or 0), int(people.frame.max()) + 1 if len(people) else 1)
    out.startDocument()
    out.startElement("annotations", {})
    _element(out, "version", "1.1")
    out.startElement("meta", {})
    out.startElement("task", {})
    facts = {
        "name": video.get("name", "video"),
        "size": n,
        "mode": "interpolation",
        "start_frame": 0,
        "stop_frame": n - 1,
    }
    for name, value in facts.items():
        _element(out, name, _clean(str(value)))
    labels_xml(out, skeleton, bool(attrs.get("boxes")))
    if video.get("width") and video.get("height"):
        out.startElement("original_size", {})
        _element(out, "width", str(int(video["width"])))
        _element(out, "height", str(int(video["height"])))
        out.endElement("original_size")
    if video.get("fps"):
        _element(out, "impose_fps", str(float(video["fps"])))
    out.endElement("task")
    out.endElement("meta")
    names = names_of(attrs)
    number = 0
    for track_id, rows in by_value(people.track_id, np.arange(len(people))).items():
        for write_track in (_skeleton_track, _body_track, _head_track):
            number += write_track(out, number, skeleton, people, rows, n, names.get(track_id))
    out.endElement("annotations")
    out.endDocument()


def _clean(text: str) -> str:
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")


def _track_attributes(out: XMLGenerator, track_id: int, name: str | None) -> None:
    _element(out, "attribute", str(track_id), name="track_id")
    if name is not None:
        _element(out, "attribute", name, name="name")


def _spans(frames: np.ndarray, n: int) -> Iterator[tuple[int, int | None]]:
    """Row of each frame, and the frame in which the track is outside after it, if it is not there in the next one."""
    for i, frame in enumerate(frames.tolist()):
        gone = frame + 1 if i + 1 == len(frames) or frames[i + 1] > frame + 1 else None
        yield i, gone if gone is not None and (gone < n or i + 1 < len(frames)) else None


def _skeleton_track(
    out: XMLGenerator, number: int, skeleton: Skeleton, people: People, rows: np.ndarray, n: int, name: str | None
) -> int:
    rows = rows[(people.visibility[rows] > ABSENT).any(1)]
    if not len(rows):
        return 0
    track_id = int(people.track_id[rows[0]])
    places = _places(people.xy[rows])
    out.startElement("track", {"id": str(number), "label": LABEL, "source": "manual"})
    out.characters("\n")
    for i, gone in _spans(people.frame[rows], n):
        frame = int(people.frame[rows[i]])
        _skeleton(out, frame, skeleton, people, rows[i], places[i], track_id, name)
        if gone is not None:
            _skeleton(out, gone, skeleton, people, rows[i], places[i], track_id, name, outside=True)
    out.endElement("track")
    out.characters("\n")
    return 1


def _places(xy: np.ndarray) -> list[list[str]]:
    """(n, K) texts `x,y` from the image's corner; an absent point needs one, too, and gets the last it had."""
    known = np.isfinite(xy).all(-1)
    at = np.where(known, np.arange(len(xy))[:, None], -1)
    last = np.maximum.accumulate(at, 0)
    first = np.where(known.any(0), known.argmax(0), 0)
    filled = np.take_along_axis(xy, np.where(last >= 0, last, first)[..., None], 0)
    middle = np.nanmean(np.where(known[..., None], xy, np.nan), axis=(0, 1)) if known.any() else np.zeros(2)
    filled = np.where(np.isfinite(filled), filled, middle)
    return [[f"{x:.3f},{y:.3f}" for x, y in row] for row in filled.astype(np.float64) + OFFSET]


def _skeleton(
    out: XMLGenerator,
    frame: int,
    skeleton: Skeleton,
    people: People,
    row: int,
    places: list[str],
    track_id: int,
    name: str | None,
    outside: bool = False,
) -> None:
    out.startElement("skeleton", {"frame": str(frame), "keyframe": "1", "z_order": "0"})
    out.characters("\n")
    scores = shortest(people.score[row], None)
    for k, keypoint in enumerate(skeleton.keypoints):
        visibility = people.visibility[row, k]
        out.startElement(
            "points",
            {
                "label": keypoint,
                "keyframe": "1",
                "outside": str(int(outside or visibility == ABSENT)),
                "occluded": str(int(visibility == OCCLUDED)),
                "points": places[k],
            },
        )
        _element(out, "attribute", SOURCES[people.source[row, k]], name="source")
        _element(out, "attribute", "true" if people.anchor[row, k] else "false", name="anchor")
        _element(out, "attribute", "" if scores[k] is None else str(scores[k]), name="score")
        out.endElement("points")
    _track_attributes(out, track_id, name)
    out.endElement("skeleton")
    out.characters("\n")


def _body_track(
    out: XMLGenerator, number: int, _: Skeleton, people: People, rows: np.ndarray, n: int, name: str | None
) -> int:
    return _box_track(out, number, BOX_LABEL, people, people.box, rows, n, name)


def _head_track(
    out: XMLGenerator, number: int, _: Skeleton, people: People, rows: np.ndarray, n: int, name: str | None
) -> int:
    return _box_track(out, number, HEAD_LABEL, people, people.head_box, rows, n, name)


def _box_track(
    out: XMLGenerator,
    number: int,
    label: str,
    people: People,
    boxes: np.ndarray,
    rows: np.ndarray,
    n: int,
    name: str | None,
) -> int:
    rows = rows[np.isfinite(boxes[rows]).all(1)]
    if not len(rows):
        return 0
    out.startElement("track", {"id": str(number), "label": label, "source": "manual"})
    out.characters("\n")
    for i, gone in _spans(people.frame[rows], n):
        score = people.box_score[rows[i]] if label == BOX_LABEL else np.nan
        for frame, outside in ((int(people.frame[rows[i]]), 0), (gone, 1)):
            if frame is None:
                continue
            x, y, w, h = boxes[rows[i]].astype(np.float64)
            corners = {"xtl": x, "ytl": y, "xbr": x + w, "ybr": y + h}
            values = {k: f"{v + OFFSET:.4f}" for k, v in corners.items()}
            shape = {"frame": str(frame), "keyframe": "1", "outside": str(outside), "occluded": "0"}
            out.startElement("box", shape | values | {"z_order": "0"})
            _element(out, "attribute", f"{score:.6g}" if np.isfinite(score) else "", name="score")
            _track_attributes(out, int(people.track_id[rows[i]]), name)
            out.endElement("box")
            out.characters("\n")
    out.endElement("track")
    out.characters("\n")
    return 1
