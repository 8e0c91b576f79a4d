"""The reading side of CVAT's XML: tracks and images as a table of poses. Entities and external files are refused."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, INTERPOLATED, OCCLUDED, SOURCES, VISIBLE
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.cvat_labels import HEAD_LABEL
from impose_widget.io.extras import attrs_of, facts_of
from impose_widget.io.people import MOST_CELLS, People, box_rows, table_of
from impose_widget.io.source import brief

DEEPEST = 30  # levels of elements; CVAT's files have six
OFFSET = np.float32(0.5)
EDGE = re.compile(r'data-node-from="(\d+)"[^>]*data-node-to="(\d+)"|data-node-to="(\d+)"[^>]*data-node-from="(\d+)"')
NODE = re.compile(r"<circle[^>]*>")


@dataclass(slots=True)
class Shape:
    """A skeleton or a box in one frame."""

    frame: int
    points: dict[str, tuple[float, float, int, dict[str, str]]] = field(default_factory=dict)
    box: tuple[float, float, float, float] | None = None
    outside: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Track:
    """What CVAT calls a track, or a single shape of an image."""

    label: str
    shapes: list[Shape] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """Everything that is taken from a file."""

    tracks: list[Track] = field(default_factory=list)
    labels: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    images: list[tuple[int, str]] = field(default_factory=list)


def read_xml(data: bytes, what: str) -> pd.DataFrame:
    """The table of poses in the XML of CVAT for video or for images; `what` is the file's name in messages.

    Raises:
        ValueError: it is none, is cut short, or has entities of its own.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError

    try:
        document = _parse(data, what)
        return _table(document, what)
    except ParseError as error:
        raise ValueError(f"Expected CVAT's XML, got {what}, which is none or is cut short ({error}).") from error
    except DefusedXmlException as error:
        raise ValueError(
            f"Expected XML without entities or external files, got {what} with some ({type(error).__name__})."
        ) from error
    except (KeyError, TypeError, OverflowError, LookupError) as error:
        raise ValueError(f"Expected CVAT's XML, got {what}, where something is missing or odd ({error}).") from error


def _parse(data: bytes, what: str) -> Document:
    """The file's parts, element by element: what was taken is let go at once, so that memory holds a track, not XML."""
    from defusedxml.ElementTree import iterparse

    document, path = Document(), []
    for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            path.append(element.tag)
            if len(path) > DEEPEST:
                raise ValueError(f"Expected XML of a few levels, got more than {DEEPEST} in {what}.")
            if len(path) == 1 and element.tag != "annotations":
                raise ValueError(f"Expected CVAT's XML (annotations), got {brief(element.tag)} in {what}.")
            if len(path) == 2:
                _open(document, element, what)
        else:
            path.pop()
            _close(document, element, path, what)
            if path and path[-1] in ("annotations", "track", "image", "labels"):
                element.clear()
    return document


def _open(document: Document, element: Any, what: str) -> None:
    """A track or an image begins."""
    if element.tag == "track":
        document.tracks.append(Track(element.attrib["label"]))
    elif element.tag == "image":
        document.images.append((_whole(element.attrib["id"], "image id", what), element.attrib.get("name", "")))
        for side in ("width", "height"):
            document.facts.setdefault(side, element.attrib.get(side, ""))


def _close(document: Document, element: Any, path: list[str], what: str) -> None:
    """An element is complete; `path` are those around it."""
    if element.tag in ("skeleton", "box") and path == ["annotations", "track"]:
        frame = _whole(element.attrib["frame"], "frame", what)
        document.tracks[-1].shapes.append(_shape(element, frame, what))
    elif element.tag in ("skeleton", "box") and path == ["annotations", "image"]:
        document.tracks.append(Track(element.attrib["label"], [_shape(element, document.images[-1][0], what)]))
    elif element.tag == "label" and path[-1:] == ["labels"]:
        document.labels.append({child.tag: child.text or "" for child in element})
    elif "meta" in path and path[-1] in ("task", "job", "original_size") and element.tag != "labels":
        document.facts.setdefault(element.tag, element.text or "")


def _shape(element: Any, frame: int, what: str) -> Shape:
    shape = Shape(frame, outside=element.attrib.get("outside") == "1")
    for child in element:
        if child.tag == "attribute":
            shape.attributes[child.attrib["name"]] = child.text or ""
        elif child.tag == "points":
            x, y = _pair(child.attrib["points"], what)
            visibility = OCCLUDED if child.attrib.get("occluded") == "1" else VISIBLE
            visibility = ABSENT if child.attrib.get("outside") == "1" else visibility
            own = {a.attrib["name"]: a.text or "" for a in child if a.tag == "attribute"}
            shape.points[child.attrib["label"]] = x, y, visibility, own
    if element.tag == "box":
        corners = [_number(element.attrib[k], what) for k in ("xtl", "ytl", "xbr", "ybr")]
        shape.box = (corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1])
    return shape


def _pair(text: str, what: str) -> tuple[float, float]:
    parts = text.split(",")
    if len(parts) != 2:
        raise ValueError(f"Expected one point of a skeleton as x,y, got {brief(text)} in {what}.")
    return _number(parts[0], what), _number(parts[1], what)


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"Expected numbers, got {brief(text)} in {what}.") from error
    if not math.isfinite(value):
        raise ValueError(f"Expected finite numbers, got {text} in {what}.")
    return value


def _whole(text: str, name: str, what: str) -> int:
    if not re.fullmatch(r"\d{1,10}", text.strip()) or int(text) >= 2**31:
        raise ValueError(f"Expected {name} as a whole number, got {brief(text)} in {what}.")
    return int(text)


def _table(document: Document, what: str) -> pd.DataFrame:
    skeleton = _skeleton(document, what)
    ids = _track_ids(document)
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for track, track_id in zip(document.tracks, ids, strict=True):
        for shape, made in _each_frame(track, what, len(skeleton)):
            row = rows.setdefault((shape.frame, track_id), {})
            part = "pose" if shape.points else "head" if track.label == HEAD_LABEL else "box"
            if part in row:
                raise ValueError(
                    f"Expected everyone once in a frame, got person {track_id} twice in frame {shape.frame} of {what}."
                )
            row[part] = shape, made
    people = People.nobody(len(rows), len(skeleton))
    at = {name: k for k, name in enumerate(skeleton.keypoints)}
    for i, ((frame, track_id), row) in enumerate(sorted(rows.items())):
        people.frame[i], people.track_id[i] = frame, track_id
        for part, target in (("box", people.box), ("head", people.head_box)):
            if part in row:
                x, y, w, h = row[part][0].box
                target[i] = x - OFFSET, y - OFFSET, w, h
        if "box" in row:
            people.box_score[i] = _score(row["box"][0].attributes.get("score"), what)
        people.written[i] = "pose" in row
        if "pose" in row:
            _fill(people, i, *row["pose"], at, what)
    names = _names(document, ids)
    pictures = facts_of(((f, n, None, None) for f, n in document.images if n), "images")
    attrs = attrs_of(
        skeleton=skeleton.to_json(),
        video=_video(document.facts),
        boxes=facts_of(box_rows(people), "boxes"),
        people=facts_of(((i, n, None) for i, n in sorted(names.items())), "people"),
        images=pictures,
    )
    return table_of(people, skeleton.keypoints, attrs, what)


def _fill(people: People, i: int, shape: Shape, made: bool, at: dict[str, int], what: str) -> None:
    for name, (x, y, visibility, own) in shape.points.items():
        if name not in at:
            raise ValueError(f"Expected points of the skeleton, got {brief(name)} in {what}.")
        k = at[name]
        people.visibility[i, k] = visibility
        if visibility != ABSENT:
            people.xy[i, k] = np.float32(x) - OFFSET, np.float32(y) - OFFSET
        if own.get("source") in SOURCES:
            people.source[i, k] = SOURCES.index(own["source"])
        if made:
            people.source[i, k] = INTERPOLATED
        people.anchor[i, k] = own.get("anchor") == "true" and not made
        people.score[i, k] = _score(own.get("score"), what)


def _score(text: str | None, what: str) -> float:
    return _number(text, what) if text else math.nan


def _skeleton(document: Document, what: str) -> Skeleton:
    """The skeleton that the labels describe; without labels, the points in their order."""
    used = [t.label for t in document.tracks if any(s.points for s in t.shapes)]
    parents = list(dict.fromkeys(label["parent"] for label in document.labels if label.get("parent")))
    chosen = [p for p in parents if p in used] or parents[:1]
    if len(chosen) > 1:
        raise ValueError(f"Expected one skeleton, got {len(chosen)} ({', '.join(chosen)}) in {what}.")
    names = tuple(label["name"] for label in document.labels if chosen and label.get("parent") == chosen[0])
    if not names:
        names = tuple(dict.fromkeys(n for t in document.tracks for s in t.shapes for n in s.points))
    if not names:
        raise ValueError(f"Expected a label of type skeleton, got none in {what}; boxes alone are no poses.")
    known = known_skeleton(names)
    if known is not None:
        return known
    parent = next((lab for lab in document.labels if chosen and lab.get("name") == chosen[0] and "svg" in lab), {})
    return Skeleton("custom", names, _edges(parent.get("svg", ""), names))


def _edges(svg: str, names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Edges of CVAT's drawing: they join nodes, whose names stand at the nodes."""
    node: dict[str, int] = {}
    for circle in NODE.findall(svg):
        number = re.search(r'data-node-id="(\d+)"', circle)
        name = re.search(r"data-label-name=(\"[^\"]*\"|'[^']*')", circle)
        if number and name:
            from xml.sax.saxutils import unescape

            text = unescape(name.group(1)[1:-1], {"&quot;": '"', "&#10;": "\n", "&#13;": "\r", "&#9;": "\t"})
            if text in names:
                node[number.group(1)] = names.index(text)
    pairs = [(m[0], m[1]) if m[0] else (m[3], m[2]) for m in EDGE.findall(svg)]
    return tuple((node[a], node[b]) for a, b in pairs if a in node and b in node)


def _track_ids(document: Document) -> list[int]:
    """Our own track ids where they are, else new ones."""
    stated = []
    for track in document.tracks:
        words = {s.attributes.get("track_id", "") for s in track.shapes}
        word = next(iter(words)) if len(words) == 1 else ""
        stated.append(int(word) if re.fullmatch(r"\d{1,10}", word) and int(word) < 2**31 else None)
    free = max((i for i in stated if i is not None), default=-1) + 1
    out = []
    for i in stated:
        out.append(free if i is None else i)
        free += i is None
    return out


def _names(document: Document, ids: list[int]) -> dict[int, str]:
    return {
        i: s.attributes["name"]
        for t, i in zip(document.tracks, ids, strict=True)
        for s in t.shapes
        if s.attributes.get("name")
    }


def _video(facts: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if facts.get("name"):
        out["name"] = facts["name"]
    for ours, theirs in (("width", "width"), ("height", "height"), ("n_frames", "size")):
        if re.fullmatch(r"\d{1,9}", facts.get(theirs, "")):
            out[ours] = int(facts[theirs])
    if re.fullmatch(r"\d{1,6}(\.\d+)?", facts.get("impose_fps", "")):
        out["fps"] = float(facts["impose_fps"])
    return out


def _each_frame(track: Track, what: str, k: int) -> list[tuple[Shape, bool]]:
    """The shapes of a track in every frame, and whether one was made between two others as CVAT makes it.

    A track goes on from a shape until the next one; if that is some frames away, CVAT draws straight lines between.
    """
    out: list[tuple[Shape, bool]] = []
    shapes = sorted(track.shapes, key=lambda s: s.frame)
    for shape, following in zip(shapes, [*shapes[1:], None], strict=True):
        gone = shape.outside or (bool(shape.points) and all(p[2] == ABSENT for p in shape.points.values()))
        if gone:
            continue
        out.append((shape, False))
        if following is None or following.frame <= shape.frame + 1:
            continue
        if (following.frame - shape.frame) * max(k, 1) * len(shapes) > MOST_CELLS:
            raise ValueError(f"Expected a track that fits into memory, got frame {following.frame} in {what}.")
        out += [(_between(shape, following, f), True) for f in range(shape.frame + 1, following.frame)]
    return out


def _between(a: Shape, b: Shape, frame: int) -> Shape:
    share = (frame - a.frame) / (b.frame - a.frame)
    points = {}
    for name, (x, y, visibility, own) in a.points.items():
        there = b.points.get(name)
        if there is not None and there[2] != ABSENT:
            x, y = x + share * (there[0] - x), y + share * (there[1] - y)
        points[name] = x, y, visibility, {"score": own.get("score", "")}
    box = a.box
    if a.box is not None and b.box is not None and not b.outside:
        box = tuple(u + share * (v - u) for u, v in zip(a.box, b.box, strict=True))
    return Shape(frame, points, box, attributes=dict(a.attributes))
