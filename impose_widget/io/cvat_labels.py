"""The labels of a CVAT task for a skeleton: as JSON to create the task with, and as they stand in the XML."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import XMLGenerator, quoteattr

from impose_widget.core.pose import SOURCES
from impose_widget.core.skeleton import Skeleton

LABEL, BOX_LABEL, HEAD_LABEL = "person", "person_box", "head_box"
COLOURS = {LABEL: "#2080c0", BOX_LABEL: "#c08020", HEAD_LABEL: "#20a060"}
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\r\n\t]|[\ud800-\udfff]")


def check_names(names: Sequence[str]) -> None:
    """ValueError if a name cannot stand in XML or would not come back from it."""
    for name in names:
        if FORBIDDEN.search(name) or name != name.strip():
            raise ValueError(f"Expected names without control characters or outer blanks for CVAT, got {name!r}.")


def labels(skeleton: Skeleton, boxes: bool) -> list[dict[str, Any]]:
    """The labels as CVAT's "Raw" tab takes them."""
    person = {
        "name": LABEL,
        "color": COLOURS[LABEL],
        "type": "skeleton",
        "attributes": _track_attributes(),
        "sublabels": [
            {"name": k, "color": _colour(i, len(skeleton)), "type": "points", "attributes": _point_attributes()}
            for i, k in enumerate(skeleton.keypoints)
        ],
        "svg": svg(skeleton),
    }
    further = [
        {
            "name": name,
            "color": COLOURS[name],
            "type": "rectangle",
            "attributes": [*_track_attributes(), _text("score")],
        }
        for name in (BOX_LABEL, HEAD_LABEL)
    ]
    return [person, *(further if boxes else [])]


def _text(name: str, mutable: bool = True) -> dict[str, Any]:
    return {"name": name, "mutable": mutable, "input_type": "text", "default_value": "", "values": [""]}


def _track_attributes() -> list[dict[str, Any]]:
    return [_text("track_id", mutable=False), _text("name", mutable=False)]


def _point_attributes() -> list[dict[str, Any]]:
    return [
        {
            "name": "source",
            "mutable": True,
            "input_type": "select",
            "default_value": "human",
            "values": list(SOURCES),
        },
        {"name": "anchor", "mutable": True, "input_type": "checkbox", "default_value": "true", "values": ["true"]},
        _text("score"),
    ]


def _colour(i: int, n: int) -> str:
    hue = 6 * i / max(n, 1)
    rgb = [round(255 * min(max(abs((hue + s) % 6 - 3) - 1, 0), 1)) for s in (0, 4, 2)]
    return "#" + "".join(f"{v:02x}" for v in rgb)


def svg(skeleton: Skeleton) -> str:
    """The drawing from which CVAT learns the points and edges: 0 to 100 in both directions, numbers from 1."""
    places = _places(skeleton)
    lines = [
        f'<line x1="{places[a][0]}" y1="{places[a][1]}" x2="{places[b][0]}" y2="{places[b][1]}" stroke="black" '
        f'stroke-width="0.5" data-type="edge" data-node-from="{a + 1}" data-node-to="{b + 1}"></line>'
        for a, b in skeleton.edges
    ]
    nodes = [
        f'<circle r="1.5" stroke="black" fill="#b3b3b3" stroke-width="0.1" cx="{x}" cy="{y}" data-type="element node" '
        f'data-element-id="{i + 1}" data-node-id="{i + 1}" data-label-name={quoteattr(name)}></circle>'
        for i, (name, (x, y)) in enumerate(zip(skeleton.keypoints, places, strict=True))
    ]
    return "".join(lines + nodes)


def _places(skeleton: Skeleton) -> list[tuple[float, float]]:
    """A place on the drawing for each point: where it is on a body that faces us, else on a circle."""
    n = len(skeleton)
    out = []
    for i, name in enumerate(skeleton.keypoints):
        side = 1 if name.startswith("left") else -1 if name.startswith("right") else 0
        part = next(((dx, y) for word, dx, y in _BODY if name.endswith(word)), None)
        angle = 2 * math.pi * i / n
        x, y = (50 + side * part[0], part[1]) if part else (50 + 40 * math.cos(angle), 50 + 40 * math.sin(angle))
        out.append((round(x, 2), round(y, 2)))
    return out


_BODY = (  # how far from the middle, and how far down
    ("head_top", 0, 4),
    ("nose", 0, 14),
    ("eye", 4, 11),
    ("ear", 8, 13),
    ("head_bottom", 0, 22),
    ("neck", 0, 24),
    ("shoulder", 14, 28),
    ("elbow", 20, 42),
    ("wrist", 22, 56),
    ("hip", 9, 56),
    ("knee", 10, 74),
    ("ankle", 11, 92),
)


def labels_xml(out: XMLGenerator, skeleton: Skeleton, boxes: bool) -> None:
    """The labels as they stand in the XML: the skeleton, then each point with its parent."""
    out.startElement("labels", {})
    for facts in labels(skeleton, boxes):
        _label(out, facts)
        for point in facts.get("sublabels", ()):
            _label(out, point, facts["name"])
    out.endElement("labels")


def _label(out: XMLGenerator, facts: dict[str, Any], parent: str | None = None) -> None:
    out.startElement("label", {})
    for name in ("name", "color", "type"):
        _text_element(out, name, facts[name])
    out.startElement("attributes", {})
    for each in facts["attributes"]:
        out.startElement("attribute", {})
        for name in ("name", "mutable", "input_type", "default_value"):
            _text_element(out, name, str(each[name]))
        _text_element(out, "values", "\n".join(each["values"]))
        out.endElement("attribute")
    out.endElement("attributes")
    if "svg" in facts:
        _text_element(out, "svg", facts["svg"])
    if parent is not None:
        _text_element(out, "parent", parent)
    out.endElement("label")
    out.characters("\n")


def _text_element(out: XMLGenerator, name: str, text: str) -> None:
    out.startElement(name, {})
    out.characters(text)
    out.endElement(name)
