"""Tables of poses for tests: small ones with everything odd that a session can hold, made by hypothesis."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from impose_widget.core.pose import SOURCES
from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.io.columns import keypoint_column, source_column

float32 = st.floats(-50, 5000, width=32, allow_nan=False)
names = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=12
)  # spaces, quotes, commas, line ends, any script


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    """COCO's, or one of a few oddly named keypoints."""
    if draw(st.booleans()):
        return COCO17
    keypoints = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    edges = [(i, i + 1) for i in range(len(keypoints) - 1)]
    return Skeleton(draw(names), tuple(keypoints), tuple(edges))


@st.composite
def pose_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Tables as a session has them: people who come and go, absent and occluded keypoints, odd names, track id 0."""
    skeleton = draw(skeletons())
    people = draw(
        st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 1, 7, 2**31 - 1])), max_size=5, unique=True)
    )
    people.sort()
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, k = len(people), len(skeleton)
    rows = n * k
    visibility = rng.integers(0, 3, rows).astype(np.int8)
    xy = rng.uniform(-3, 2000, (rows, 2)).astype(np.float32)
    if rows:
        xy[0] = draw(st.tuples(float32, float32))
    xy[visibility == 0] = np.nan
    score = rng.random(rows).astype(np.float32)
    score[rng.random(rows) < 0.2] = np.nan
    frame = np.array([f for f, _ in people], np.int32)
    poses = pd.DataFrame(
        {
            "frame": np.repeat(frame, k),
            "time": np.repeat(frame / 29.97, k),
            "track_id": np.repeat(np.array([i for _, i in people], np.int32), k),
            "keypoint": keypoint_column(np.tile(np.arange(k), n), list(skeleton.keypoints)),
            "x": xy[:, 0].copy(),
            "y": xy[:, 1].copy(),
            "visibility": visibility,
            "score": score,
            "source": source_column(rng.integers(0, len(SOURCES), rows)),
            "anchor": rng.random(rows) < 0.3,
            "revision": rng.integers(0, 2**31 - 1, rows).astype(np.int32),
        }
    )
    video = {"name": draw(names), "width": 640, "height": 480, "fps": 29.97, "n_frames": 40}
    poses.attrs = {"skeleton": skeleton.to_json(), "video": video}
    return poses


def some_poses(n_frames: int = 6, n_people: int = 3, seed: int = 0) -> pd.DataFrame:
    """A plain table of COCO poses of people who stand side by side in 640×480 pixels."""
    rng = np.random.default_rng(seed)
    k = len(COCO17)
    frame, track_id = np.divmod(np.arange(n_frames * n_people, dtype=np.int32), n_people)
    offset = np.stack([40 + 150 * track_id, np.full(len(frame), 60)], -1)
    xy = (offset[:, None] + rng.uniform(0, 1, (len(frame), k, 2)) * (80, 300)).astype(np.float32).reshape(-1, 2)
    visibility = rng.choice([0, 1, 2], len(xy), p=[0.1, 0.2, 0.7]).astype(np.int8)
    xy[visibility == 0] = np.nan
    poses = pd.DataFrame(
        {
            "frame": np.repeat(frame, k),
            "time": np.repeat(frame / 25, k),
            "track_id": np.repeat(track_id, k),
            "keypoint": keypoint_column(np.tile(np.arange(k), len(frame)), list(COCO17.keypoints)),
            "x": xy[:, 0].copy(),
            "y": xy[:, 1].copy(),
            "visibility": visibility,
            "score": rng.random(len(xy)).astype(np.float32),
            "source": source_column(rng.integers(0, len(SOURCES), len(xy))),
            "anchor": rng.random(len(xy)) < 0.1,
            "revision": rng.integers(0, 100, len(xy)).astype(np.int32),
        }
    )
    video = {"name": "side by side.mp4", "width": 640, "height": 480, "fps": 25.0, "n_frames": n_frames}
    poses.attrs = {"skeleton": COCO17.to_json(), "video": video}
    return poses


def everything_stated() -> pd.DataFrame:
    """A plain table with all that a file may say beside the poses: boxes, regions, names, pictures."""
    poses = some_poses()
    boxes = [(f, i, 20.5 + 150 * i, 30.25, 101.0, 333.5) for f in range(6) for i in range(3)]
    frame, track_id, x, y, w, h = (list(c) for c in zip(*boxes, strict=True))
    n = len(frame)
    body = {
        "frame": frame,
        "track_id": track_id,
        "kind": ["body"] * n,
        "x": x,
        "y": y,
        "w": w,
        "h": h,
        "score": [0.5] * n,
    }
    more = {"frame": 2, "track_id": 1, "kind": "head", "x": 60.0, "y": 33.0, "w": 21.5, "h": 22.0, "score": None}
    alone = {"frame": 5, "track_id": 8, "kind": "body", "x": 9.0, "y": 8.0, "w": 7.0, "h": 6.0, "score": None}
    poses.attrs |= {
        "boxes": {k: [*v, more[k], alone[k]] for k, v in body.items()},
        "regions": {"frame": [0, 3], "polygon": [[0.0, 0.0, 10.0, 0.0, 10.0, 8.5], [1.0, 1.0, 2.0, 1.0, 2.0, 2.0]]},
        "people": {"track_id": [1], "name": ["Zoë <b>"], "person_id": [1024]},
        "images": {
            "frame": list(range(6)),
            "file": [f"street/{f:05d}.jpg" for f in range(6)],
            "id": [100 + f for f in range(6)],
            "labelled": [True, False] * 3,
        },
    }
    return poses
