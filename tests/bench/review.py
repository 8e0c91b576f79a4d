"""Errors planted in real annotations: which do the issues find? `python -m tests.bench.review` prints the table.

The annotations are those of ../shared/data: 30 hand-labelled PoseTrack videos (Bonn), 15 MuPoTS sequences of estimated
tracks. Into copies of each, errors of one kind are planted at random places that are fit for it. An error is found if
an issue of a kind that says so is at the person (or the pair) within two frames of it. Precision is the share of issues
of the first of those kinds that are at a planted error; issues that are there without any error are counted in the
column "before", and are false alarms or errors that the labels really have. Every second sequence was looked at while
thresholds were chosen; the others were not.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

import impose_widget as iw
from impose_widget.core.geometry import box_iou, person_area, pose_box
from impose_widget.core.pose import IMPORTED, VISIBLE, empty_poses, enclose
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks, difference
from impose_widget.issues import issues_table
from impose_widget.review.match import skeleton_of
from tests.shared import SHARED

H36M = (
    "hip right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax neck head left_shoulder "
    "left_elbow left_wrist right_shoulder right_elbow right_wrist"
).split()
SAYS = {
    "jump": ("jump", "bone"),
    "slide": ("bone", "jump"),
    "swap": ("crossing", "jump"),
    "flip": ("flip",),
    "duplicate": ("duplicate",),
    "missing": ("gap",),
    "lost": ("gap",),
}
"""Planted kind -> kinds of issues that tell of it; the first is the one meant for it."""
NEAR = 2  # frames


@dataclass
class Clip:
    """One annotated video: records (T,) by track id.

    Attributes:
        planted: (track ids, first frame, last frame, keypoints or None).
    """

    name: str
    people: dict[int, np.ndarray]
    skeleton: Skeleton
    size: tuple[int, int] | None
    planted: list[tuple[set[int], int, int, set[int] | None]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(next(iter(self.people.values())))

    def copy(self) -> Clip:
        """The same without what was planted."""
        return Clip(self.name, {i: r.copy() for i, r in self.people.items()}, self.skeleton, self.size)

    def issues(self) -> pd.DataFrame:
        """As a session has them that loaded these annotations, without a network."""
        tracks = Tracks(len(self.skeleton))
        for track_id, records in self.people.items():
            enclose(records)
            tracks.apply(
                difference(track_id, np.arange(len(records)), tracks.get(track_id, range(len(records))), records)
            )
        nobody = np.zeros((0, len(self.skeleton), 3), np.float32)
        looked = np.any([r["present"] for r in self.people.values()], 0)
        return issues_table(tracks, self.skeleton, nobody, {}, len(self), self.size, looked)


def bonn() -> Iterator[Clip]:
    """PoseTrack's training videos as labelled by hand."""
    for path in sorted((SHARED / "data/annotations/bonn_posetrack_cvpr17/json").glob("*.json")):
        poses = iw.read(path)
        yield clip_of(path.stem, poses)


def clip_of(name: str, poses: pd.DataFrame) -> Clip:
    """A table of poses as records."""
    skeleton, n = skeleton_of(poses), int(poses["frame"].max()) + 1
    people = {}
    for track_id, rows in poses.groupby("track_id"):
        records = empty_poses(n, len(skeleton))
        t, k = rows["frame"].to_numpy(), rows["keypoint"].cat.codes.to_numpy()
        records["xy"][t, k] = rows[["x", "y"]].to_numpy(np.float32)
        records["visibility"][t, k] = rows["visibility"].to_numpy()
        records["xy"][records["visibility"] == 0] = np.nan
        records["present"] = np.isfinite(records["xy"]).all(-1).any(1)
        records["source"], records["revision"] = IMPORTED, 1
        people[int(track_id)] = records
    video = poses.attrs.get("video") or {}
    stated = (video["width"], video["height"]) if video.get("width") else None
    return Clip(name, people, skeleton, stated or _reach(people))


def _reach(people: dict[int, np.ndarray]) -> tuple[int, int]:
    """The picture's size, as far as keypoints tell."""
    xy = np.concatenate([r["xy"].reshape(-1, 2) for r in people.values()])
    return tuple(int(v) + 1 for v in np.nanmax(xy, 0))


def mupots() -> Iterator[Clip]:
    """Estimated tracks of MuPoTS; 1024 pixels wide (TS1-5) or 960."""
    edges = [("neck", "left_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
             ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("neck", "head"), ("neck", "hip"),
             ("hip", "left_hip"), ("hip", "right_hip"), ("neck", "right_shoulder"), ("right_shoulder", "right_elbow"),
             ("right_elbow", "right_wrist"), ("right_hip", "right_knee"), ("right_knee", "right_ankle")]  # fmt: skip
    paths = (SHARED / "data/annotations/mupots_est_tracks").glob("TS*.npz")
    for path in sorted(paths, key=lambda p: int(p.stem[2:])):
        data = np.load(path, allow_pickle=False)
        names = [H36M[i] if len(data["joints"]) == len(H36M) else str(j) for i, j in enumerate(data["joints"])]
        at = {n: i for i, n in enumerate(names)}
        pairs = [(at[n], at["right" + n[4:]]) for n in names if n.startswith("left")]
        skeleton = Skeleton("mupots", tuple(names), tuple((at[a], at[b]) for a, b in edges), tuple(pairs))
        people = {}
        for i, xy in enumerate(data["xy"]):
            records = empty_poses(len(xy), len(names))
            records["xy"] = xy
            known = np.isfinite(xy).all(-1)
            records["visibility"] = np.where(known, VISIBLE, 0)
            records["present"] = known.any(1)
            records["source"], records["revision"] = IMPORTED, 1
            people[i] = records
        width = 1024 if int(path.stem[2:]) <= 5 else 960
        yield Clip(path.stem, people, skeleton, (width, int(np.nanmax(data["xy"][..., 1])) + 1))


# -- what is planted -------------------------------------------------------------------------------------------------


def _spots(clip: Clip, rng: np.random.Generator, n: int, length: int, many: int, minimum: int = 6):
    """Places (track_id, first frame) of people who are there with `minimum` keypoints from 3 frames before to after."""
    found = []
    for i, r in clip.people.items():
        good = r["present"] & (np.isfinite(r["xy"]).all(-1).sum(1) >= minimum)
        room = np.convolve(good, np.ones(length + 6, int), "valid") == length + 6
        found += [(i, int(t) + 3) for t in np.flatnonzero(room)]
    rng.shuffle(found)
    taken: list[tuple[int, int]] = []
    for i, t in found:
        if len(taken) == many:
            break
        if all(abs(t - u) > length + 12 for _, u in taken):
            taken.append((i, t))
    return taken


def _size(records: np.ndarray, t: int) -> float:
    return float(np.sqrt(person_area(records["xy"][max(t - 12, 0) : t + 13]).max(initial=1, where=np.isfinite(
        person_area(records["xy"][max(t - 12, 0) : t + 13])))))  # fmt: skip


def _known(records: np.ndarray, first: int, last: int) -> np.ndarray:
    return np.flatnonzero(np.isfinite(records["xy"][first : last + 1]).all((0, 2)))


def jump(clip: Clip, rng: np.random.Generator) -> None:
    """A keypoint elsewhere for a frame or two, by 0.4 to 0.9 of the person's size."""
    for i, t in _spots(clip, rng, len(clip), 2, 3):
        r, n = clip.people[i], int(rng.integers(1, 3))
        known = _known(r, t - 2, t + n + 1)
        if len(known):
            k, turn = int(rng.choice(known)), rng.uniform(0, 2 * np.pi)
            r["xy"][t : t + n, k] += rng.uniform(0.4, 0.9) * _size(r, t) * np.array([np.cos(turn), np.sin(turn)])
            clip.planted.append(({i}, t, t + n - 1, {k}))


def slide(clip: Clip, rng: np.random.Generator) -> None:
    """A wrist, knee or ankle that leaves slowly, stays away by 0.5 to 0.9 of the size, and comes back: 16 frames."""
    ends = [k for k, name in enumerate(clip.skeleton.keypoints) if name.endswith(("wrist", "knee", "ankle"))]
    for i, t in _spots(clip, rng, len(clip), 16, 2):
        r = clip.people[i]
        known = [k for k in _known(r, t - 1, t + 16) if k in ends]
        if known:
            k, turn = int(rng.choice(known)), rng.uniform(0, 2 * np.pi)
            far = rng.uniform(0.5, 0.9) * _size(r, t) * np.array([np.cos(turn), np.sin(turn)])
            r["xy"][t : t + 16, k] += np.minimum(2 * np.hanning(18)[1:-1], 1)[:, None] * far
            clip.planted.append(({i}, t, t + 15, {k}))


def swap(clip: Clip, rng: np.random.Generator) -> None:
    """Two people exchange ids for good, where their boxes overlap most or they are nearest."""
    ids, best = list(clip.people), []
    for n, a in enumerate(ids):
        for b in ids[n + 1 :]:
            both = np.flatnonzero(clip.people[a]["present"] & clip.people[b]["present"])
            both = both[(both >= 6) & (both < len(clip) - 6)]
            if len(both) < 12:
                continue
            p, q = (pose_box(clip.people[i]["xy"][both]) for i in (a, b))
            iou = np.array([box_iou(x[None], y[None])[0, 0] for x, y in zip(p, q, strict=True)])
            at = int(iou.argmax())
            if iou[at] > 0.1 and 3 <= at < len(both) - 3:
                best.append((float(iou[at]), a, b, int(both[at])))
    if best:
        _, a, b, t = best[int(rng.integers(len(best)))]
        p, q = clip.people[a], clip.people[b]
        p[t:], q[t:] = q[t:].copy(), p[t:].copy()
        clip.planted.append(({a, b}, t - 15, t + 15, None))


def flip(clip: Clip, rng: np.random.Generator) -> None:
    """Left and right exchanged, of arms, legs or all, for 1 to 12 frames, where they are apart."""
    names, pairs = clip.skeleton.keypoints, clip.skeleton.flip_pairs
    parts = [("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"), ("",)]
    for i, t in _spots(clip, rng, len(clip), 12, 3):
        r, n = clip.people[i], int(rng.integers(1, 13))
        part = parts[int(rng.integers(3))]
        chosen = [p for p in pairs if any(w in names[p[0]] for w in part)]
        known = set(_known(r, t - 1, t + n).tolist())
        chosen = [p for p in chosen if set(p) <= known]
        if not chosen:
            continue
        a, b = map(list, zip(*chosen, strict=True))
        apart = np.linalg.norm(r["xy"][t : t + n, a] - r["xy"][t : t + n, b], axis=-1).max(1).min() / _size(r, t)
        if apart > 0.2:
            span = slice(t, t + n)
            r["xy"][span, a + b] = r["xy"][span, b + a]
            r["visibility"][span, a + b] = r["visibility"][span, b + a]
            clip.planted.append(({i}, t, t + n, set(a + b)))


def duplicate(clip: Clip, rng: np.random.Generator) -> None:
    """A second track on somebody for 15 frames, each keypoint off by 3 % of the size."""
    for i, t in _spots(clip, rng, len(clip), 15, 1):
        r, new = clip.people[i].copy(), max(clip.people) + 1
        there = np.zeros(len(r), bool)
        there[t : t + 15] = True
        r["xy"] += rng.normal(0, 0.03 * _size(r, t), r["xy"].shape)
        clip.people[new] = np.where(there & r["present"], r, empty_poses(len(r), len(clip.skeleton)))
        clip.planted.append(({i, new}, t, t + 14, None))


def missing(clip: Clip, rng: np.random.Generator) -> None:
    """Somebody who is not marked for 1 to 10 frames."""
    for i, t in _spots(clip, rng, len(clip), 10, 2, 1):
        n = int(rng.integers(1, 11))
        clip.people[i][t : t + n] = empty_poses(n, len(clip.skeleton))
        clip.planted.append(({i}, t, t + n - 1, None))


def lost(clip: Clip, rng: np.random.Generator) -> None:
    """Somebody in the middle of the picture whose last frames are not marked."""
    inside = [
        (i, t) for i, t in _spots(clip, rng, len(clip), 4, 40, 4)
        if _inside(clip, clip.people[i]["xy"][t - 1]) and t > 12
    ]  # fmt: skip
    if inside:
        i, t = inside[0]
        clip.people[i][t:] = empty_poses(len(clip) - t, len(clip.skeleton))
        clip.planted.append(({i}, t - 1, t, None))


def _inside(clip: Clip, xy: np.ndarray) -> bool:
    x, y, w, h = pose_box(xy)
    width, height = clip.size
    return x > 0.05 * width and y > 0.05 * height and x + w < 0.95 * width and y + h < 0.95 * height


PLANTS: dict[str, Callable[[Clip, np.random.Generator], None]] = {
    "jump": jump, "slide": slide, "swap": swap, "flip": flip, "duplicate": duplicate, "missing": missing, "lost": lost
}  # fmt: skip


# -- counting --------------------------------------------------------------------------------------------------------


@dataclass
class Count:
    """Planted errors, those found by their kinds, by the first of them, by any issue; issues, those at an error."""

    planted: int = 0
    found: int = 0
    exact: int = 0
    anyhow: int = 0
    said: int = 0
    true: int = 0
    before: int = 0
    poses: int = 0

    def add(self, other: Count) -> None:
        """Sum of both, in place."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def count(kind: str, clip: Clip, clean: pd.DataFrame, seed: int) -> Count:
    """One kind planted in one clip."""
    spoilt = clip.copy()
    PLANTS[kind](spoilt, np.random.default_rng(seed))
    table = spoilt.issues()
    exact, says = table["kind"] == SAYS[kind][0], table["kind"].isin(SAYS[kind])
    hits = np.array([[_touches(row, spoilt, *p) for p in spoilt.planted] for row in table.itertuples()], bool)
    hits = hits.reshape(len(table), len(spoilt.planted))
    poses = sum(int(r["present"].sum()) for r in clip.people.values())
    return Count(
        len(spoilt.planted), int(hits[says].any(0).sum()), int(hits[exact].any(0).sum()), int(hits.any(0).sum()),
        int(exact.sum()), int(hits[exact].any(1).sum()), int((clean["kind"] == SAYS[kind][0]).sum()), poses,
    )  # fmt: skip


def _touches(row, clip: Clip, people: set[int], first: int, last: int, keypoints: set[int] | None) -> bool:
    mine = row.track_id in people or (not pd.isna(row.track_id_b) and row.track_id_b in people)
    if not mine or row.frame_end < first - NEAR or row.frame > last + NEAR:
        return False
    if keypoints is None or pd.isna(row.keypoint):
        return True
    k = clip.skeleton.index(row.keypoint)
    ends = {k} | {b for a, b in clip.skeleton.edges if a == k} | {a for a, b in clip.skeleton.edges if b == k}
    return bool(ends & keypoints)


def table_of(clips: list[Clip], repeats: int) -> pd.DataFrame:
    """One row a kind."""
    totals = {kind: Count() for kind in PLANTS}
    for number, clip in enumerate(clips):
        clean = clip.copy().issues()
        for kind in PLANTS:
            for repeat in range(repeats):
                totals[kind].add(count(kind, clip, clean, 1000 * number + repeat))
    rows = []
    for kind, c in totals.items():
        n = max(c.planted, 1)
        rows.append({
            "planted": kind, "n": c.planted, "recall": c.found / n, "by its kind": c.exact / n,
            "by any issue": c.anyhow / n, "issue": SAYS[kind][0], "issues": c.said,
            "precision": c.true / max(c.said, 1),
            "before": c.before, "before / 1000 poses": 1000 * c.before / max(c.poses, 1),
        })  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.review", description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only", choices=("tuned", "held"))
    arguments = parser.parse_args()
    if not Path(SHARED).is_dir():
        print("This needs the folder ../shared with real annotations.")
        return
    for name, source in (("PoseTrack, labelled by hand", bonn), ("MuPoTS, estimated tracks", mupots)):
        clips = list(source())
        for part, start in (("tuned", 0), ("held", 1)):
            if arguments.only in (None, part):
                chosen = clips[start::2]
                words = "looked at while tuning" if part == "tuned" else "not looked at"
                print(f"\n{name}: {len(chosen)} sequences, {words}")
                print(table_of(chosen, arguments.repeats).to_string(index=False, float_format=lambda v: f"{v:.2f}"))


if __name__ == "__main__":
    main()
