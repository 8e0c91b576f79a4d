"""PoseTrack21 JSON, one file a sequence, with identities across videos; see `posetrack` for
positions, ids and what is derived.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from impose_widget.io import posetrack
from impose_widget.io.coco_read import poses_of
from impose_widget.io.format import Format
from impose_widget.io.source import Source

FORMAT = Format(
    "posetrack21",
    (".json",),
    "PoseTrack21, one file a sequence, with person_id; ignore regions and head boxes are kept.",
    posetrack.CANNOT,
    slots=posetrack.slots,
)


def sniff(source: Source) -> bool:
    """Whether its images are PoseTrack's and its people have an identity across videos."""
    data = source.json_or_none
    return posetrack.is_posetrack(data) and posetrack.has_person_ids(data)


def read(source: Source) -> pd.DataFrame:
    """Read one sequence."""
    return poses_of(source.take_json(), str(source), source.video)


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write a conforming table of poses."""
    posetrack.write(poses, path, person_ids=True)
