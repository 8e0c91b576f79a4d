"""How good the queue of issues is, and the command that calibrates it: `python -m tests.bench.queue WHAT`.

    collect CLIP…   click on labelled clips and note every few clicks what detectors say and what is right
    fit             fit one curve a kind on the clips to tune on, write calibration.json, print reliability on others
    clicks CLIP…    clicks to .85, .95 and 95 % by policy: worst, issue, reading, random
    speed           10,000 frames of 5 people: from nothing, and after one click

Clips: store_aisle and openpose_video (labelled by two people), or a folder of `impose-widget render`, by its name in
the folder given with --rendered. Everything is kept in the folder given with --out, so a command goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from impose_widget.core.geometry import oks
from impose_widget.core.pose import PROPAGATED, empty_poses
from impose_widget.core.skeleton import COCO17
from impose_widget.core.tracks import Tracks, difference
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.policies import ACCEPTED, targets
from impose_widget.evaluate.protocols.curve import run_curve
from impose_widget.evaluate.study import Clip
from impose_widget.issues import KINDS, Queue, calibration
from impose_widget.issues.calibration import FEATURES
from impose_widget.issues.gather import Doubt
from impose_widget.issues.uncertain import DOUBT
from tests.labelled import CLIPS, LABELLED_STREET

TUNE = ("openpose_video", "fast_blur", "crossing_twins", "exit_and_return")
"""Clips that curves and orders are tuned on; the others are for testing."""
WEIGHTS = Path(calibration.__file__).with_name("calibration.json")
LIVING = 0.3  # OKS with somebody labelled from which a pose is about them
EVERY = 4  # clicks between two notes
BEYOND = 60  # places without a flag that each note adds, to say what an ordinary keypoint is like
PRIOR = 1.0  # weight of the pull of each coefficient towards the start: few examples change little
START = dict(zip(FEATURES, (-0.5, 1.0, 1.0, 0.0, -1.0, 0.5, 0.0), strict=True))


def clip_of(name: str, rendered: Path) -> Clip:
    """A labelled clip by name."""
    if name in CLIPS:
        video, labels, _, _ = CLIPS[name]
        part = {"first": LABELLED_STREET[0], "stop": LABELLED_STREET[1], "everybody": False}
        return Clip(str(video), str(labels), name=name, **(part if name == "openpose_video" else {}))
    folder = rendered / name
    return Clip(str(folder), str(folder / "annotations_posetrack18.json"), name=name)


# -- collecting ------------------------------------------------------------------------------------------------------


def note(annotator: SimulatedAnnotator, rng: np.random.Generator) -> list[tuple]:
    """(kind, keypoint, ratio, features but the first two, corrected) of issues now, and of ordinary keypoints."""
    session = annotator.method.session
    table = session.issues
    state = session._state
    people = Queue(COCO17).look(state.tracks, state.readings.table.keypoints).people
    doubts = {track_id: Doubt(person, ()) for track_id, person in people.items()}
    out = []
    for row in table.itertuples():
        doubt = doubts[row.track_id]
        t = int(np.clip(row.frame - doubt.person.first, 0, len(doubt.person) - 1))
        k = -1 if pd.isna(row.keypoint) else COCO17.index(row.keypoint)
        right = corrected(annotator, row.kind, row.frame, row.frame_end, row.track_id, k, row.track_id_b)
        if right is not None:
            around = doubt.each[t, k] if k >= 0 else doubt.whole[t, 0]
            out.append((row.kind, k, row.value / row.threshold, *around, right))
    for _ in range(BEYOND):
        track_id = rng.choice(list(doubts))
        person, doubt = people[track_id], doubts[track_id]
        t, k = rng.integers(len(person)), rng.integers(len(COCO17))
        if person.free[t, k] and person.doubt[t, k] <= DOUBT:
            right = corrected(annotator, "uncertain", person.first + t, 0, track_id, k, None)
            if right is not None:
                out.append(("uncertain", k, person.doubt[t, k] / DOUBT, *doubt.each[t, k], right))
    return out


def corrected(
    annotator: SimulatedAnnotator, kind: str, frame: int, end: int, track_id: int, k: int, other: Any
) -> bool | None:
    """Whether a human would correct something there; None where the labels do not say."""
    truth = annotator.truth
    if frame >= len(truth.xy):
        return None
    owned = annotator.owner.index(track_id) if track_id in annotator.owner else None
    if kind == "gap":
        return bool(truth.present[frame, owned]) if owned is not None else None
    poses = annotator.method.tracks()
    n = who(truth, poses[track_id], frame)
    if kind == "duplicate":
        return n is not None and n == who(truth, poses[int(other)], frame) if truth.everybody else None
    if kind == "return":
        return came_back(truth, poses, int(other), track_id, frame)
    if kind == "crossing":
        return crossed(truth, poses, track_id, int(other), frame, end)
    n = owned if owned is not None and truth.present[frame, owned] else n
    if n is None:
        return None
    similar = similarity(truth, poses[track_id], frame, n)
    if k < 0:
        return bool(np.nanmean(similar) < ACCEPTED)
    return bool(similar[k] < ACCEPTED) if truth.labelled[frame, n, k] else None


def similarity(truth, poses: np.ndarray, frame: int, n: int) -> np.ndarray:
    """(K,) of a track with a person in a frame; NaN where not labelled, 0 where not marked."""
    d2 = ((poses[frame, :, :2] - truth.xy[frame, n]) ** 2).sum(-1)
    same = np.exp(-d2 / (2 * truth.area[frame, n] * (2 * truth.skeleton.sigma_array) ** 2))
    return np.where(truth.labelled[frame, n], np.nan_to_num(same), np.nan)


def who(truth, poses: np.ndarray, frame: int) -> int | None:
    """Which labelled person a track is on in a frame."""
    similar = oks(truth.xy[frame], poses[None, frame, :, :2], truth.area[frame], truth.skeleton.sigma_array)[:, 0]
    similar = np.where(truth.present[frame], np.nan_to_num(similar), 0)
    n = int(similar.argmax())
    return n if similar[n] >= LIVING else None


def came_back(truth, poses, old: int, new: int, frame: int) -> bool | None:
    """Whether a newcomer is somebody who was there before; None if that cannot be said."""
    n = who(truth, poses[new], frame)
    before = [m for f in range(frame - 1, -1, -1) if (m := who(truth, poses[old], f)) is not None]
    return before[0] == n if n is not None and before else None


def crossed(truth, poses, a: int, b: int, frame: int, end: int) -> bool | None:
    """Whether two tracks are on each other's person some frames after they met; None if that cannot be said."""

    def settled(track_id: int, frames) -> int | None:
        seen = [n for f in frames if 0 <= f < len(truth.xy) and (n := who(truth, poses[track_id], f)) is not None]
        return max(set(seen), key=seen.count) if seen else None

    before = [settled(i, range(frame - 12, frame - 2)) for i in (a, b)]
    after = [settled(i, range(end + 2, end + 12)) for i in (a, b)]
    if None in before + after or before[0] == before[1]:
        return None
    return before == after[::-1]


def collect(name: str, arguments: argparse.Namespace) -> None:
    """Notes of one clip, kept."""
    path = arguments.out / f"notes-{name}.csv"
    if path.exists():
        return print(f"{path}: there already")
    footage, truth = clip_of(name, arguments.rendered).open(arguments.out)
    rng, notes = np.random.default_rng(0), []
    for policy in ("random", "worst"):
        annotator = SimulatedAnnotator(Product(footage), truth)
        annotator.begin()
        for i, (frame, n, k) in enumerate(targets(annotator, policy)):
            if i % EVERY == 0:
                notes += [(i, *found) for found in note(annotator, rng)]
            if i >= arguments.budget:
                break
            annotator.act(frame, n, k)
        annotator.method.close()
    columns = ["clicks", "kind", "keypoint", "ratio", *FEATURES[2:], "corrected"]
    pd.DataFrame(notes, columns=columns).to_csv(path, index=False)
    print(f"{path}: {len(notes)} places", flush=True)
    return None


# -- fitting ---------------------------------------------------------------------------------------------------------


def features(notes: pd.DataFrame) -> np.ndarray:
    """(n, 7) as `FEATURES`."""
    value = np.log(np.maximum(notes["ratio"], 0.05))
    return np.stack([np.ones(len(notes)), value, *(notes[name] for name in FEATURES[2:])], -1)


def curve_of(notes: pd.DataFrame) -> np.ndarray:
    """The weights (7,) of one kind; each clip counts the same, and the value never counts against a correction."""
    start = np.array(list(START.values()))
    if not len(notes):
        return start
    x, y = features(notes), notes["corrected"].to_numpy(float)
    each = notes.groupby("clip")["clip"].transform("size").to_numpy()
    w = len(notes) / notes["clip"].nunique() / each
    scale = min(1.0, 200 / len(notes))  # places of one clip are alike: many of them are not so many examples

    def loss(c: np.ndarray) -> float:
        z = x @ c
        return scale * (w * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * PRIOR * ((c - start) ** 2).sum()

    bounds = [(None, None), (0, None), *[(None, None)] * 5]
    return minimize(loss, start, bounds=bounds).x


def fit(arguments: argparse.Namespace) -> None:
    """Write the table of curves; print how reliable they are where they were not fitted."""
    parts = [pd.read_csv(p).assign(clip=p.stem[6:]) for p in sorted(arguments.out.glob("notes-*.csv"))]
    notes = pd.concat(parts)
    tune = notes["clip"].isin(TUNE)
    rows = {kind: curve_of(notes[tune & (notes["kind"] == kind)]) for kind in KINDS}
    rows["swap"] = calibration.weights()["swap"]  # a chance that the ID decoder says itself
    text = {k: dict(zip(FEATURES, w.round(3).tolist(), strict=True)) for k, w in rows.items()}
    about = {
        "made by": "python -m tests.bench.queue collect, then fit",
        "fitted on": sorted(set(notes["clip"][tune])),
        "meaning": "chance = 1 / (1 + exp(-sum of weight times feature)); see calibration.FEATURES",
        "examples": notes[tune]["kind"].value_counts().reindex(KINDS, fill_value=0).to_dict(),
    }
    WEIGHTS.write_text(json.dumps(about | {"weights": text}, indent=1) + "\n")
    chance = np.zeros(len(notes))
    for kind, w in rows.items():
        of = (notes["kind"] == kind).to_numpy()
        chance[of] = 1 / (1 + np.exp(-features(notes[of]) @ w))
    if not tune.all():
        reliability(notes.assign(chance=chance)[~tune.to_numpy()], arguments.plot)


def reliability(notes: pd.DataFrame, path: Path | None) -> None:
    """Print chance said against share corrected, and by kind; draw it if there is a path."""
    print(f"\nnot fitted on: {', '.join(sorted(set(notes['clip'])))}; {len(notes)} places")
    bins = pd.cut(notes["chance"], np.linspace(0, 1, 11))
    table = notes.groupby(bins, observed=True).agg(
        said=("chance", "mean"), corrected=("corrected", "mean"), places=("chance", "size")
    )
    print(table.round(3).to_string())
    print(f"expected calibration error {((table.said - table.corrected).abs() * table.places).sum() / len(notes):.3f}")
    by = notes.assign(brier=(notes["chance"] - notes["corrected"]) ** 2).groupby("kind")
    told = by.agg(
        places=("chance", "size"), said=("chance", "mean"), corrected=("corrected", "mean"), brier=("brier", "mean")
    )
    print(told.round(3).to_string())
    for clip, part in notes.groupby("clip"):
        print(f"{clip}: {len(part)} places, said {part['chance'].mean():.2f}, corrected {part['corrected'].mean():.2f}")
    if path:
        plot(table, notes, path)


def plot(table: pd.DataFrame, notes: pd.DataFrame, path: Path) -> None:
    """Chance said against share corrected: all places, and those of each kind that has enough of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4, 4.4), layout="tight")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for kind, part in notes.groupby("kind"):
        bins = part.groupby(pd.cut(part["chance"], np.linspace(0, 1, 6)), observed=True)
        held = bins.agg(said=("chance", "mean"), corrected=("corrected", "mean"), places=("chance", "size"))
        held = held[held["places"] >= 20]
        if len(held) > 1 and kind != "uncertain":
            axes.plot(held["said"], held["corrected"], marker=".", linewidth=0.8, label=kind)
    axes.plot(table["said"], table["corrected"], marker="o", color="black", label=f"all {len(notes):,} places")
    axes.set(xlabel="severity", ylabel="share that is corrected", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=100)


# -- clicks ----------------------------------------------------------------------------------------------------------


def clicks(name: str, arguments: argparse.Namespace) -> None:
    """Clicks per tracklet to each target, by policy."""
    footage, truth = clip_of(name, arguments.rendered).open(arguments.out)
    for policy in arguments.policies:
        began = time.perf_counter()
        run = run_curve(Product(footage), truth, policy, arguments.budget)
        looks = run.looks
        n = len(run.clicks_to_own)
        asked = looks.right_already + looks.nobody
        row = {
            "clip": name,
            "label": arguments.label,
            "policy": policy,
            **run.clicks_to,
            "clicks": len(run.clicks) / n,
            "end": run.curve["mean_oks"].iloc[-1],
            **{f"at{b}": run.at(b) for b in (5, 10, 20)},
            "right_already": looks.right_already,
            "nobody": looks.nobody,
            "looks_that_paid": len(run.clicks) / max(len(run.clicks) + asked, 1) if policy == "issue" else np.nan,
            "seconds": time.perf_counter() - began,
        }
        with (arguments.out / "clicks.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(" ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)


def crowd(n_frames: int, people: int) -> tuple[Tracks, np.ndarray]:
    """People who circle about each other, one keypoint in ten doubtful, some carried."""
    rng, tracks, readings = np.random.default_rng(0), Tracks(17), []
    frames, body = np.arange(n_frames), np.random.default_rng(1).uniform(-1, 1, (17, 2)) * (40, 90)
    for n in range(people):
        poses = empty_poses(n_frames, 17)
        middle = np.stack([300 + 200 * np.sin(frames / 200 + n), 300 + 40 * np.cos(frames / 130 + n)], -1)
        poses["xy"] = middle[:, None] + body + rng.normal(0, 2, (n_frames, 17, 2))
        poses["score"] = np.where(np.repeat(rng.random((n_frames // 20, 17)) < 0.1, 20, 0), 0.3, 0.85)
        poses["visibility"], poses["present"], poses["reading"] = 2, True, frames + n * n_frames
        poses["source"][100:400] = PROPAGATED
        readings.append(np.concatenate([poses["xy"], poses["score"][..., None]], -1))
        tracks.apply(difference(n, frames, tracks.get(n, frames), poses))
    return tracks, np.concatenate(readings).astype(np.float32)


def speed() -> None:
    """Print seconds of processor time, medians of 5."""
    tracks, readings = crowd(10_000, 5)
    looked = np.ones(10_000, bool)
    whole, click = [], []
    for i in range(5):
        queue = Queue(COCO17, 10_000, (640, 480))
        for taken in (whole, click):
            began = time.process_time()
            snapshot = queue.look(tracks, readings, looked)
            locked = time.process_time() - began
            table = queue.table(snapshot, {})
            taken.append((locked, time.process_time() - began))
            place = np.array([500 + i])
            pose = tracks.get(0, place)
            pose["xy"][0, 3] += 1
            pose["anchor"][0, 3] = True
            tracks.apply(difference(0, place, tracks.get(0, place), pose))
    print(f"{len(table)} issues; seconds of processor time, median of 5: of it with the session's lock, in all")
    for name, taken in (("from nothing", whole), ("after one click", click)):
        print(f"{name:16s} {np.median([t[0] for t in taken]):.3f} {np.median([t[1] for t in taken]):.3f}")


def main() -> None:
    """Read the command line and measure."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["collect", "fit", "clicks", "speed"])
    p.add_argument("clips", nargs="*", default=[])
    p.add_argument("--rendered", type=Path, default=Path("rendered"))
    p.add_argument("--out", type=Path, default=Path("impose-queue"))
    p.add_argument("--budget", type=int, default=40, help="clicks in all (collect), per tracklet (clicks)")
    p.add_argument("--policies", nargs="+", default=["worst", "issue", "reading", "random"])
    p.add_argument("--label", default="")
    p.add_argument("--plot", type=Path, default=None, help="fit: a picture of how reliable severities are")
    arguments = p.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.clips:
        {"collect": collect, "clicks": clicks}[arguments.what](name, arguments)
    if arguments.what in ("fit", "speed"):
        fit(arguments) if arguments.what == "fit" else speed()


if __name__ == "__main__":
    main()
