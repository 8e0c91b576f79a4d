"""Label Studio's JSON: one task a frame, a rectangle for each person and the keypoints inside it, with their config.

Positions are percent of the picture's size from the corner of its first pixel, so 0.5 is added on writing and taken
off on reading. Keypoints belong to their person by `parentID`. Track id and visibility are per-region fields, for
which `NAME.config.xml`, written beside the tasks, is the labelling interface. Video tasks are read as well:
rectangles (`VideoRectangle`) as boxes, and vectors (`VideoVector`, whose vertices' ids are names of keypoints); their
frames count from 1, and between two keyframes they move in straight lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, OCCLUDED
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.coco_write import boxes_for, size_of
from impose_widget.io.columns import skeleton_of
from impose_widget.io.cvat_labels import check_names
from impose_widget.io.extras import frame_files
from impose_widget.io.format import LEFT_OUT, NO_FACTS, Format
from impose_widget.io.labelstudio_read import OFFSET, poses_of, tasks_of
from impose_widget.io.numbers import shortest
from impose_widget.io.people import People, by_value, gather
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source

FORMAT = Format(
    "labelstudio",
    (".json",),
    "Label Studio: a task for each frame, keypoints in a rectangle a person, with the labelling config.",
    NO_FACTS | dict.fromkeys(("time", "nobody", "skeleton", "video", "head_boxes", "regions", "people"), LEFT_OUT),
    tolerance=0.001,
)


def sniff(source: Source) -> bool:
    """Whether it is a list of tasks with results."""
    return tasks_of(source.json_or_none) is not None


def read(source: Source) -> pd.DataFrame:
    """Read tasks; what humans said comes before predictions."""
    return poses_of(source.json, str(source))


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write the tasks and, beside them, the labelling config.

    Raises:
        ValueError: the size of the video is not known, or a name cannot stand in XML.
    """
    size = size_of(poses.attrs)
    if len(size) < 2 or min(size.values()) <= 0:
        raise ValueError(
            "Expected the size of the video for Label Studio's percentages, got poses that do not know it; set "
            "poses.attrs['video'] = {'width': …, 'height': …} (--size 1280x720 on the command line)."
        )
    skeleton = skeleton_of(poses)
    check_names(skeleton.keypoints)
    config = path.with_name(path.stem + ".config.xml")
    with replacing(path) as partial, replacing(config) as partial_config:
        with partial.open("w", encoding="utf-8") as file:
            file.write("[")
            for n, task in enumerate(_tasks(poses, skeleton, size)):  # none, if nobody has a place
                file.write(("," if n else "") + json.dumps(task, ensure_ascii=False, allow_nan=False))
            file.write("]")
        partial_config.write_text(config_xml(skeleton), "utf-8")


def config_xml(skeleton: Skeleton) -> str:
    """The labelling interface for the tasks."""
    points = "".join(f"<Label value={quoteattr(k)}/>" for k in skeleton.keypoints)
    return (
        '<View><Image name="image" value="$image"/>'
        '<RectangleLabels name="person" toName="image"><Label value="person"/></RectangleLabels>'
        f'<KeyPointLabels name="keypoints" toName="image">{points}</KeyPointLabels>'
        '<Choices name="visibility" toName="image" perRegion="true" choice="single">'
        '<Choice value="visible"/><Choice value="occluded"/></Choices>'
        '<Number name="track_id" toName="image" perRegion="true" min="0"/></View>\n'
    )


def _tasks(poses: pd.DataFrame, skeleton: Skeleton, size: dict[str, int]) -> Iterator[dict[str, Any]]:
    people, files = gather(poses), frame_files(poses.attrs)
    stem = Path(str((poses.attrs.get("video") or {}).get("name", "video"))).stem
    boxes = boxes_for(people, slice(None), poses.attrs)
    there = (people.visibility > ABSENT).any(1) | np.isfinite(people.box).all(1)
    scale = np.array([size["width"], size["height"]], np.float64)
    rows_by_frame = by_value(people.frame, np.flatnonzero(there))
    for number, (frame, rows) in enumerate(rows_by_frame.items(), 1):
        result = [r for i in rows for r in _person(people, i, boxes[i], skeleton, scale)]
        names = {"keypoints": list(skeleton.keypoints)} if number == 1 else {}  # those that nobody has, too
        yield {
            "id": number,
            "data": {"image": files.get(frame, f"{stem}/{frame:06d}.jpg"), "frame": frame, **names},
            "annotations": [{"id": number, "was_cancelled": False, "result": result}],
        }


def _person(people: People, i: int, box: np.ndarray, skeleton: Skeleton, scale: np.ndarray) -> Iterator[dict[str, Any]]:
    track_id = int(people.track_id[i])
    name = f"f{int(people.frame[i])}p{track_id}"
    stated = bool(np.isfinite(people.box[i]).all())
    box = np.nan_to_num(box.astype(np.float64))
    corner, extent = 100 * (box[:2] + OFFSET) / scale, 100 * box[2:] / scale
    value = {"x": corner[0], "y": corner[1], "width": extent[0], "height": extent[1], "rotation": 0}
    score = shortest(people.box_score[i : i + 1], None)[0]
    common = {
        "to_name": "image",
        "original_width": int(scale[0]),
        "original_height": int(scale[1]),
        "image_rotation": 0,
    }
    rectangle = {"id": name, "from_name": "person", "type": "rectanglelabels", **common}
    rectangle["value"] = value | {"rectanglelabels": ["person"]}
    if score is not None and stated:
        rectangle["score"] = score
    if not stated:
        rectangle["meta"] = {"text": ["derived from the keypoints"]}
    yield rectangle
    yield {"id": name, "from_name": "track_id", "type": "number", **common, "value": value | {"number": track_id}}
    scores = shortest(people.score[i], None)
    for k in np.flatnonzero(people.visibility[i] > ABSENT):
        x, y = (100 * (people.xy[i, k].astype(np.float64) + OFFSET) / scale).tolist()
        point = {"id": f"{name}k{k}", "from_name": "keypoints", "type": "keypointlabels", **common, "parentID": name}
        place = {"x": x, "y": y, "width": 0.5}
        point["value"] = place | {"keypointlabels": [skeleton.keypoints[k]]}
        if scores[k] is not None:
            point["score"] = scores[k]
        yield point
        word = "occluded" if people.visibility[i, k] == OCCLUDED else "visible"
        choice = {"id": f"{name}k{k}", "from_name": "visibility", "type": "choices", **common, "parentID": name}
        yield choice | {"value": place | {"choices": [word]}}
