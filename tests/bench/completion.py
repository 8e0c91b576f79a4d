"""How right completed keypoints are: `python -m tests.bench.completion` drops labels, completes, and compares.

The labels are the mean of two people's of two clips (`tests.labelled`). Some keypoints are dropped from every frame, as
in a data set of fewer keypoints, or all of them from some frames; `Session.complete` fills them, and what it says is
compared with what was dropped. The last column is how well the two
annotators agree there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import impose_widget as iw
from impose_widget.core.geometry import keypoint_similarity, person_area
from impose_widget.core.skeleton import COCO17
from tests.labelled import CLIPS, compared

DROPPED = {
    "eyes": ["left_eye", "right_eye"],
    "eyes and ears": ["left_eye", "right_eye", "left_ear", "right_ear"],
    "wrists": ["left_wrist", "right_wrist"],
    "ankles": ["left_ankle", "right_ankle"],
    "knees": ["left_knee", "right_knee"],
    "hips": ["left_hip", "right_hip"],
}
KEY = ["frame", "track_id", "keypoint"]


def completed(session: iw.Session, given: pd.DataFrame, follow: bool = False) -> pd.DataFrame:
    """The poses of a session that was given some keypoints and completed them, which is then undone."""
    given = given.assign(source="imported", anchor=False)  # as from a data set
    theirs = {ours: track_id for track_id, ours in session.load(given, link=False).items()}
    session.complete(follow=follow, progress=False)
    poses = session.poses
    session.undo()
    session.undo()
    return poses.assign(track_id=poses["track_id"].map(theirs))


def similarity(truth: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """OKS of each keypoint alone: 1 where a completed one is where the label is."""
    size = {}
    for key, person in truth[truth["visibility"] > 0].groupby(["frame", "track_id"]):
        size[key] = float(person_area(person[["x", "y"]].to_numpy()))
    area = np.array([size[key] for key in zip(pairs["frame"], pairs["track_id"], strict=True)])
    sigmas = np.array([COCO17.sigma_array[COCO17.keypoints.index(k)] for k in pairs["keypoint"].astype("str")])
    a, b = (pairs[[f"x{s}", f"y{s}"]].to_numpy(float)[:, None] for s in ("", "_new"))
    near = [
        keypoint_similarity(p, q, np.array(s), np.array([g])) for p, q, s, g in zip(a, b, area, sigmas, strict=True)
    ]
    return pd.Series(np.array(near)[:, 0], index=pairs.index)


def row(clip: str, what: str, truth: pd.DataFrame, dropped: pd.DataFrame, poses: pd.DataFrame) -> dict[str, object]:
    """How many dropped labels came back, and how far from where they were."""
    new = poses[poses["visibility"] > 0].astype({"keypoint": "str"})
    asked = dropped.astype({"keypoint": "str"})
    pairs = asked.merge(new, on=KEY, suffixes=("", "_new"))
    had = asked["visibility"] > 0
    found = pairs[pairs["visibility"] > 0]
    error = np.hypot(found["x"] - found["x_new"], found["y"] - found["y_new"])
    apart = compared(clip).by_keypoint()
    apart = apart[apart["keypoint"].isin(asked["keypoint"])]
    return {
        "clip": clip,
        "dropped": what,
        "labels": int(had.sum()),
        "filled": round(len(found) / max(had.sum(), 1), 3),
        "of absent": f"{len(pairs) - len(found)}/{int((~had).sum())}",
        "median px": round(float(error.median()), 2),
        "p90 px": round(float(error.quantile(0.9)), 2),
        "OKS": round(float(similarity(truth, found).mean()), 3),
        "carried": round(float((found["source_new"] == "propagated").mean()), 2),  # the rest was read
        "annotators' OKS": round(float(np.average(apart["mean_similarity"], weights=apart["both"])), 3),
    }


def main() -> None:
    """Print a table."""
    pd.set_option("display.width", 180)
    rows = []
    for clip, (video, labels, *_) in CLIPS.items():
        truth = iw.read(labels)
        with iw.Session.open(video, store=None) as session:  # with the network that ships
            for what, names in DROPPED.items():
                out = truth["keypoint"].isin(names)
                rows.append(row(clip, what, truth, truth[out], completed(session, truth[~out])))
            for every in (4, 10):
                out = (truth["frame"] - truth["frame"].min()) % every > 0
                poses = completed(session, truth[~out], follow=True)
                rows.append(row(clip, f"but every {every}th frame", truth, truth[out], poses))
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
