"""SLEAP's .slp, through sleap-io: what a human stands behind as `Instance`, everything else as `PredictedInstance`.

Positions: SLEAP's own since format 1.1, integers at pixel centres, offset 0. A point that is not visible keeps its
place in the file: that is an occluded keypoint; one without a place is absent. A person is anchored as a whole if any
of their keypoints is, because SLEAP knows instances, not points, as a user's. Videos are named, not embedded.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.core.pose import ABSENT, HUMAN, IMPORTED, MODEL, OCCLUDED, VISIBLE
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.skeletons import known_skeleton
from impose_widget.io.columns import skeleton_of
from impose_widget.io.extras import attrs_of, facts_of
from impose_widget.io.format import LEFT_OUT, NUMBERED_ANEW, SCORE_ONE, Format
from impose_widget.io.people import People, gather, table_of
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source, brief
from impose_widget.io.wide import person_names, track_ids_of_names

FORMAT = Format(
    "sleap",
    (".slp",),
    "SLEAP's .slp: users' and predicted instances with tracks.",
    {
        "anchor": "a person with one anchor comes back anchored as a whole",
        "source": "human where anchored, else the network's",
        **dict.fromkeys(
            ("revision", "time", "nobody", "boxes", "head_boxes", "regions", "identities", "images", "image_facts"),
            LEFT_OUT,
        ),
        **SCORE_ONE,
        **NUMBERED_ANEW,
        "score": "left out of what a human stands behind",
        "video": "only its name is kept",
    },
    tolerance=0.0001,
    extra="sleap",
    packages=("sleap_io",),
    apart=True,
)


def sniff(source: Source) -> bool:
    """Whether it is an HDF5 file of that ending."""
    return source.suffix == ".slp" and source.head[:8] == b"\x89HDF\r\n\x1a\n"


def read(source: Source) -> pd.DataFrame:
    """Read the instances of one video; a user's instance hides the prediction it was made from."""
    import sleap_io

    try:
        labels = sleap_io.load_slp(str(source.path), open_videos=False)
        return _table(labels, source)
    except ValueError as error:
        if str(error).startswith("Expected"):
            raise
        raise _unreadable(source, error) from error
    except Exception as error:  # whatever a library for several versions of a file makes of one that is damaged
        raise _unreadable(source, error) from error


def _unreadable(source: Source, error: Exception) -> ValueError:
    why = brief(" ".join(str(error).split()))
    return ValueError(f"Expected a SLEAP file, got {source}, which cannot be read ({type(error).__name__}: {why}).")


def _table(labels: Any, source: Source) -> pd.DataFrame:
    videos = {name_of(v): v for v in labels.videos}
    if len(labels.videos) > 1 and source.video not in videos:
        raise ValueError(
            f"Expected the poses of one video, got {len(labels.videos)} in {source}; say video= one of "
            f"{', '.join(map(repr, list(videos)[:8]))}."
        )
    video = videos[source.video] if source.video in videos else next(iter(labels.videos), None)
    kinds = {id(i.skeleton): i.skeleton for f in labels for i in f.instances}
    kinds = kinds or {id(s): s for s in labels.skeletons[:1]}
    if len(kinds) != 1:
        raise ValueError(f"Expected instances of one skeleton, got {len(kinds)} in {source}.")
    theirs = next(iter(kinds.values()))
    names = tuple(n.name for n in theirs.nodes)
    skeleton = known_skeleton(names) or Skeleton("custom", names, tuple((int(a), int(b)) for a, b in theirs.edge_inds))
    rows = [(f.frame_idx, i) for f in labels if video is None or f.video is video for i in _shown(f.instances)]
    tracks = [t for t in labels.tracks if any(i.track is t for _, i in rows)]
    titles = [t.name or f"track{n}" for n, t in enumerate(tracks)]
    numbers = track_ids_of_names(titles) if len(set(titles)) == len(tracks) else list(range(len(tracks)))
    ids = {id(t): n for t, n in zip(tracks, numbers, strict=True)}
    people = _people(rows, ids, len(skeleton))
    people_names = facts_of(
        ((n, t.name, None) for t, n in zip(tracks, numbers, strict=True) if t.name and t.name != f"person{n}"), "people"
    )
    facts = {"name": name_of(video)} if video is not None else {}
    attrs = attrs_of(skeleton=skeleton.to_json(), video=facts, people=people_names)
    return table_of(people, skeleton.keypoints, attrs, str(source))


def name_of(video: Any) -> str:
    """The file name of a video, of a list of pictures the first one's folder."""
    name = video.filename
    return Path(str(name[0])).parent.name if isinstance(name, list) else Path(str(name).replace("\\", "/")).name


def _shown(instances: list) -> list:
    """Those that count: a prediction that a user corrected does not."""
    hidden = {id(i.from_predicted) for i in instances if getattr(i, "from_predicted", None) is not None}
    return [i for i in instances if id(i) not in hidden]


def _people(rows: list[tuple[int, Any]], ids: dict[int, int], k: int) -> People:
    people = People.nobody(len(rows), k)
    free = max(ids.values(), default=-1) + 1
    for n, (frame, instance) in enumerate(rows):
        points, predicted = instance.points, type(instance).__name__ == "PredictedInstance"
        people.frame[n] = int(frame)
        people.track_id[n] = ids.get(id(instance.track), free) if instance.track is not None else free
        free += people.track_id[n] == free
        known = np.isfinite(points["xy"]).all(1)
        people.xy[n] = np.where(known[:, None], points["xy"], np.nan)
        people.visibility[n] = np.where(known, np.where(points["visible"], VISIBLE, OCCLUDED), ABSENT)
        if predicted:
            people.score[n] = np.where(known, points["score"], np.nan)
        people.source[n] = np.where(known, MODEL if predicted else HUMAN, IMPORTED)
        people.anchor[n] = known & (not predicted)
    return people


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write everyone who has a keypoint."""
    import sleap_io

    labels = labels_of(poses)
    with replacing(path) as partial:
        sleap_io.save_slp(labels, str(partial), verbose=False)


def labels_of(poses: pd.DataFrame) -> Any:
    """A table of poses as sleap-io's Labels."""
    import sleap_io

    kind, people, names = skeleton_of(poses), gather(poses), person_names(poses)
    nodes = [sleap_io.Node(n) for n in kind.keypoints]
    edges = [sleap_io.Edge(nodes[a], nodes[b]) for a, b in kind.edges]
    skeleton = sleap_io.Skeleton(nodes, edges, name=kind.name)
    title = str((poses.attrs.get("video") or {}).get("name", "video.mp4"))
    video = sleap_io.Video(title, open_backend=False)
    tracks = {i: sleap_io.Track(name) for i, name in names.items()}
    frames: dict[int, Any] = {}
    for n in np.flatnonzero((people.visibility > ABSENT).any(1)):
        frame = int(people.frame[n])
        labelled = frames.setdefault(frame, sleap_io.LabeledFrame(video=video, frame_idx=frame))
        labelled.instances.append(_instance(people, n, skeleton, tracks[int(people.track_id[n])]))
    return sleap_io.Labels(list(frames.values()), [video], [skeleton], list(tracks.values()))


def _instance(people: People, n: int, skeleton: Any, track: Any) -> Any:
    import sleap_io

    xy = people.xy[n].astype(np.float64)
    if people.anchor[n].any():
        instance = sleap_io.Instance.from_numpy(xy, skeleton=skeleton, track=track)
    else:
        score = np.where(np.isfinite(people.score[n]), people.score[n], 1.0)
        mean = float(score[people.visibility[n] > ABSENT].mean())
        instance = sleap_io.PredictedInstance.from_numpy(
            xy, skeleton=skeleton, point_scores=score, score=mean if math.isfinite(mean) else 0.0, track=track
        )
    instance.points["visible"] = people.visibility[n] == VISIBLE
    return instance
