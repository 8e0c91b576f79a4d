"""People who walk as they should, and errors planted in them, one kind at a time: `python -m tests.issues.planted`.

The table says how many planted errors are found (recall) and how many issues of that kind are planted ones (precision).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from impose_widget.core.pose import MODEL, NO_READING, PROPAGATED, empty_poses
from impose_widget.core.skeleton import COCO17
from impose_widget.core.tracks import Tracks, difference
from impose_widget.issues import issues_table

FRAMES = 160
SIZE = (640, 480)
BODY = np.array(
    [(0, -95), (4, -99), (-4, -99), (9, -97), (-9, -97), (20, -75), (-20, -75), (26, -45), (-26, -45), (30, -18)]
    + [(-30, -18), (12, -15), (-12, -15), (13, 35), (-13, 35), (14, 80), (-14, 80)],
    float,
)
ARMS, LEGS = [7, 8, 9, 10], [13, 14, 15, 16]
SIDE = {7: 1, 8: -1, 9: 1.6, 10: -1.6, 13: -1, 14: 1, 15: -1.8, 16: 1.8}
WRIST, ANKLE = COCO17.index("left_wrist"), COCO17.index("left_ankle")


@dataclass
class Scene:
    """Records (T,) by track id, the network's readings, and where errors were planted.

    Attributes:
        people: track id -> records of frames 0 to T - 1.
        planted: (track ids, first frame, last frame, keypoints or None).
    """

    people: dict[int, np.ndarray]
    rng: np.random.Generator
    planted: list[tuple[set[int], int, int, set[int] | None]] = field(default_factory=list)
    apart: dict[int, np.ndarray] = field(default_factory=dict)
    """track id -> (T, K, 2) how far the reading is from the pose."""
    swaps: list[tuple[int, int, int, float]] = field(default_factory=list)
    """What an ID decoder says: frame, track id, other track id, chance."""

    def tracks(self) -> tuple[Tracks, np.ndarray]:
        """As a session holds them, with (M, K, 3) readings."""
        tracks, readings, first = Tracks(17), [], 0
        for track_id, records in self.people.items():
            n = len(records)
            read = np.concatenate([records["xy"] - self.apart.get(track_id, 0), records["score"][..., None]], -1)
            records["reading"] = np.where(records["present"], np.arange(first, first + n), NO_READING)
            readings.append(read)
            first += n
            tracks.apply(difference(track_id, np.arange(n), tracks.get(track_id, np.arange(n)), records))
        return tracks, np.concatenate(readings).astype(np.float32)

    def table(self, decisions: dict[int, str] | None = None) -> pd.DataFrame:
        """The issues of the scene."""
        tracks, readings = self.tracks()
        return issues_table(tracks, COCO17, readings, decisions or {}, FRAMES, SIZE, np.ones(FRAMES, bool), self.swaps)


def walker(rng: np.random.Generator, start: tuple[float, float], speed: float, n: int = FRAMES) -> np.ndarray:
    """Records (n,) of somebody who walks through the picture, as a sure network reads them."""
    records, t = empty_poses(n, 17), np.arange(n)
    xy = BODY + np.array(start) + np.stack([speed * t, 2 * np.sin(t / 4)], -1)[:, None]
    phase = np.sin(t / 5 + rng.uniform(0, 6))
    for k, much in SIDE.items():
        xy[:, k, 0] += 9 * much * phase
    records["xy"] = xy + rng.normal(0, 0.7, xy.shape)
    records["score"] = rng.uniform(0.7, 0.95, (n, 17))
    records["visibility"], records["present"], records["box_score"], records["source"] = 2, True, 0.9, MODEL
    return records


def scene(seed: int) -> Scene:
    """Two people far from each other, nothing wrong."""
    rng = np.random.default_rng(seed)
    return Scene({1: walker(rng, (150, 150), 0.4), 2: walker(rng, (480, 320), -0.3)}, rng)


def crossing(seed: int) -> Scene:
    """Two people who walk past each other, nothing wrong."""
    rng = np.random.default_rng(seed)
    return Scene({1: walker(rng, (150, 240), 2.0), 2: walker(rng, (470, 250), -2.0)}, rng)


def places(s: Scene, length: int, many: int = 3) -> list[int]:
    """First frames of errors that do not touch."""
    return [int(20 + 45 * i + s.rng.integers(0, 40 - length)) for i in range(many)]


def jump(seed: int) -> Scene:
    """Wrists elsewhere for a frame or two."""
    s = scene(seed)
    for t in places(s, 2):
        n = int(s.rng.integers(1, 3))
        s.people[1]["xy"][t : t + n, WRIST] += (-60, 30)
        s.planted.append(({1}, t, t + n - 1, {WRIST}))
    return s


def bone(seed: int) -> Scene:
    """An ankle that slides away, stays, and slides back."""
    s = scene(seed)
    for t in places(s, 20, 2):
        s.people[2]["xy"][t : t + 20, ANKLE] += np.hanning(20)[:, None] * (50, 50)
        s.planted.append(({2}, t, t + 19, {ANKLE}))
    return s


def flip(seed: int) -> Scene:
    """Arms and legs of the other side for a while."""
    s = scene(seed)
    for t in places(s, 20):
        pair = [(5, 6), (11, 12), (7, 8)][int(s.rng.integers(3))]
        s.people[1]["xy"][t : t + 20, list(pair)] = s.people[1]["xy"][t : t + 20, list(pair[::-1])]
        s.planted.append(({1}, t, t + 20, set(pair)))
    return s


def uncertain(seed: int) -> Scene:
    """Low scores."""
    s = scene(seed)
    for t in places(s, 15):
        s.people[2]["score"][t : t + 15, WRIST] = 0.2
        s.planted.append(({2}, t, t + 14, {WRIST}))
    return s


def disagree(seed: int) -> Scene:
    """Carried wrists drift from what the network sees."""
    s = scene(seed)
    s.apart[1] = np.zeros((FRAMES, 17, 2))
    s.people[1]["source"] = PROPAGATED
    for t in places(s, 25):
        drift = np.hanning(25)[:, None] * (-45, 20)
        s.people[1]["xy"][t : t + 25, WRIST] += drift
        s.apart[1][t : t + 25, WRIST] = drift
        s.planted.append(({1}, t, t + 24, {WRIST}))
    return s


def gap(seed: int) -> Scene:
    """Nobody for some frames, and an end in the middle of the picture."""
    s = scene(seed)
    for t in places(s, 10, 2):
        s.people[1]["present"][t : t + 6] = False
        s.planted.append(({1}, t, t + 5, None))
    s.people[1]["present"][140:] = False
    s.planted.append(({1}, 140, 140, None))
    return s


def stale(seed: int) -> Scene:
    """Propagations that were stopped."""
    s = scene(seed)
    for t in places(s, 10):
        s.people[2]["stale"][t : t + 8] = True
        s.planted.append(({2}, t, t + 7, None))
    return s


def age(seed: int) -> Scene:
    """A wrist that was placed once and carried far."""
    s = scene(seed)
    s.people[1]["source"][30:100, WRIST] = PROPAGATED
    s.people[1]["anchor"][30, WRIST] = True
    s.planted.append(({1}, 52, 99, {WRIST}))
    return s


def seam(seed: int) -> Scene:
    """Propagations from two sides that do not meet."""
    s = scene(seed)
    for person, t in ((1, 60), (2, 90)):
        p = s.people[person]
        p["source"][t - 15 : t + 15, WRIST] = PROPAGATED
        p["revision"][t - 15 : t, WRIST], p["revision"][t : t + 15, WRIST] = 3, 5
        p["anchor"][[t - 16, t + 15], WRIST] = True
        p["xy"][t - 15 : t, WRIST] += np.linspace(0, 1, 15)[:, None] * (15, 20)
        s.planted.append(({person}, t, t, {WRIST}))
    return s


def duplicate(seed: int) -> Scene:
    """A second track on somebody for a while."""
    s = scene(seed)
    copy = s.people[1].copy()
    copy["xy"] += s.rng.normal(0, 1.5, copy["xy"].shape)
    t = int(s.rng.integers(20, 90))
    copy["present"][:t], copy["present"][t + 40 :] = False, False
    s.people[3] = copy
    s.planted.append(({1, 3}, t, t + 39, None))
    return s


def chimera(seed: int) -> Scene:
    """Legs of one person on the other's body while they are near."""
    rng = np.random.default_rng(seed)
    s = Scene({1: walker(rng, (200, 220), 0.5), 2: walker(rng, (245, 235), 0.5)}, rng)
    for t in places(s, 12):
        s.people[2]["xy"][t : t + 12, 11:] = s.people[1]["xy"][t : t + 12, 11:] + rng.normal(0, 1, (12, 6, 2))
        s.people[2]["score"][t : t + 12, 11:] -= 0.2
        s.planted.append(({1, 2}, t, t + 11, None))
    return s


def swapped(seed: int) -> Scene:
    """The ids of two people who cross are exchanged when they meet."""
    s = crossing(seed)
    meet = int(np.argmin(np.abs(s.people[1]["xy"][:, 11, 0] - s.people[2]["xy"][:, 11, 0])))
    a, b = s.people[1][meet:].copy(), s.people[2][meet:].copy()
    s.people[1][meet:], s.people[2][meet:] = b, a
    s.planted.append(({1, 2}, meet - 15, meet + 25, None))
    return s


def doubted(seed: int) -> Scene:
    """The same, and an ID decoder tells it; what it is less sure of is nothing."""
    s = swapped(seed)
    meet = s.planted[0][1] + 15
    s.swaps = [(meet, 1, 2, 0.9), (meet + 60, 1, 2, 0.7)]
    return s


def back(seed: int) -> Scene:
    """Somebody is away for a while and goes on as somebody new."""
    s = scene(seed)
    t, away = int(s.rng.integers(60, 90)), int(s.rng.integers(5, 40))
    new = s.people[1].copy()
    new["present"][: t + away] = False
    s.people[1]["present"][t:] = False
    s.people[3] = new
    s.planted.append(({3}, t + away, t + away + 11, None))
    return s


PLANTS: dict[str, Callable[[int], Scene]] = {
    "jump": jump,
    "bone": bone,
    "flip": flip,
    "uncertain": uncertain,
    "disagree": disagree,
    "gap": gap,
    "stale": stale,
    "age": age,
    "seam": seam,
    "duplicate": duplicate,
    "chimera": chimera,
    "crossing": swapped,
    "swap": doubted,
    "return": back,
}


def score(kind: str, seeds: range) -> tuple[int, int, int, int]:
    """Planted errors, those found, issues of that kind, those that are planted."""
    planted = found = said = true = 0
    for seed in seeds:
        s = PLANTS[kind](seed)
        table = s.table()
        rows = table[table["kind"] == kind]
        hits = np.array([[_touches(row, *p) for p in s.planted] for row in rows.itertuples()], bool)
        hits = hits.reshape(len(rows), len(s.planted))
        planted, found = planted + len(s.planted), found + int(hits.any(0).sum())
        said, true = said + len(rows), true + int(hits.any(1).sum())
    return planted, found, said, true


def _touches(row, people: set[int], first: int, last: int, keypoints: set[int] | None) -> bool:
    if row.track_id not in people or row.frame_end < first - 2 or row.frame > last + 2:
        return False
    return keypoints is None or (not pd.isna(row.keypoint) and COCO17.index(row.keypoint) in keypoints)


def main() -> None:
    """Print the table, and what is said of scenes in which nothing is wrong."""
    print(f"{'kind':10s} planted recall  issues precision")
    for kind in PLANTS:
        planted, found, said, true = score(kind, range(20))
        print(f"{kind:10s} {planted:7d} {found / planted:6.2f} {said:7d} {true / max(said, 1):9.2f}")
    for make in (scene, crossing):
        kinds = pd.concat([make(seed).table() for seed in range(20)])["kind"].value_counts()
        print(f"nothing wrong, {make.__name__}, 20 scenes: {kinds[kinds > 0].to_dict() or 'no issue'}")


if __name__ == "__main__":
    main()
