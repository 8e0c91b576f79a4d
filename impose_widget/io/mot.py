"""MOTChallenge text: boxes with identities, one a line; never the only file of somebody's work.

`frame, id, left, top, width, height, conf, -1, -1, -1`, frames and ids from 1. Positions: as in COCO's boxes, offset
0. People without a stated box get the one about their keypoints.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.core.skeleton import COCO17
from impose_widget.io.coco_write import boxes_for
from impose_widget.io.extras import BODY, attrs_of, facts_of
from impose_widget.io.format import LEFT_OUT, NO_FACTS, Format
from impose_widget.io.numbers import shortest
from impose_widget.io.people import People, gather, table_of
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format(
    "mot",
    (".txt",),
    "MOTChallenge text: boxes and identities for trackers and their evaluation, no keypoints.",
    NO_FACTS
    | {
        "keypoints": LEFT_OUT,
        "occluded": LEFT_OUT,
        "score": LEFT_OUT,
        "nobody": LEFT_OUT,
    }
    | dict.fromkeys(("time", "skeleton", "video", "head_boxes", "regions", "people", "images"), LEFT_OUT),
    tolerance=0.01,
)
FEWEST, MOST = 6, 16  # columns


def sniff(source: Source) -> bool:
    """Whether its first line is six numbers or more, with commas between them."""
    first = source.start.partition("\n")[0].split(",")
    try:
        return FEWEST <= len([float(v) for v in first]) <= MOST
    except ValueError:
        return False


def read(source: Source) -> pd.DataFrame:
    """Read boxes and identities; the table has no row, the boxes are in its attrs."""
    rows = [line for line in source.text.splitlines() if line.strip()]
    try:
        values = [[float(v) for v in line.replace(";", ",").split(",")[:7]] for line in rows]
        width = min((len(v) for v in values), default=7)
        if width < FEWEST:
            raise ValueError(f"{width} columns")
        table = np.array([v[:width] for v in values]).reshape(len(values), width)
    except ValueError as error:
        raise ValueError(
            f"Expected lines of frame, id, left, top, width, height, confidence, got others in {source} ({error})."
        ) from error
    if not np.isfinite(table).all() or (table[:, 0] != np.floor(table[:, 0])).any():
        raise ValueError(f"Expected finite numbers and whole frames, got others in {source}.")
    frame, track_id = table[:, 0].astype(np.int64) - 1, table[:, 1].astype(np.int64)
    track_id -= 1 if len(track_id) and track_id.min() >= 1 else 0  # some programs count people from 0
    if len(table) and not (frame.min() >= 0 and frame.max() < 2**31 and track_id.min() >= 0 and track_id.max() < 2**31):
        raise ValueError(f"Expected frames and ids from 1 on, got others in {source}.")
    if len(np.unique(np.stack([frame, track_id]), axis=1).T) < len(frame):
        raise ValueError(f"Expected everyone once in a frame, got somebody twice in {source}.")
    score = table[:, 6] if width > 6 else np.full(len(table), np.nan)
    boxes = facts_of(
        (
            (int(f), int(i), BODY, *(float(v) for v in box), float(s) if s >= 0 else None)
            for f, i, box, s in zip(frame, track_id, table[:, 2:6].astype(np.float32), score, strict=True)
        ),
        "boxes",
    )
    attrs = attrs_of(skeleton=COCO17.to_json(), boxes=boxes)
    return table_of(People.nobody(0, len(COCO17)), COCO17.keypoints, attrs, str(source))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a box for everyone who has one or has keypoints."""
    people = gather(poses)
    boxes = boxes_for(people, slice(None), poses.attrs)
    stated = shortest(people.box)
    has = np.isfinite(boxes).all(1)
    with replacing(path) as partial, partial.open("w", encoding="ascii") as file:
        for i in np.flatnonzero(has):
            exact = np.isfinite(people.box[i]).all()
            box = ",".join(str(v) for v in (stated[i] if exact else boxes[i].round(3).tolist()))
            score = people.box_score[i] if np.isfinite(people.box_score[i]) else 1
            file.write(f"{people.frame[i] + 1},{people.track_id[i] + 1},{box},{score:g},-1,-1,-1\n")
