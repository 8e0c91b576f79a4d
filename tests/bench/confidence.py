"""Fit and judge how far to believe readings, flow and the smoother: `python -m tests.bench.confidence --clips DIR`.

Detector: COCO photographs and rendered scenes, every other image to fit, the others to test. Flow: rendered clips (a
folder with clips of `impose-widget render`) and the clips that two people labelled; those of `TESTED` are not learnt
from. Every visible keypoint of every tenth frame is followed for 40 frames. Smoother: what a simulated annotator's
clicks are carried to; `SMOOTHER_LEARNT` to fit, `SMOOTHER_TESTED` to test. `--write`
stores the result in the package; `--plot FILE` draws how often what has some probability is right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from impose_widget import confidence
from impose_widget.confidence import ErrorModel, detector_signals, flow_signals
from impose_widget.core.geometry import TIGHT_BOX_TO_AREA, keypoint_similarity, oks
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from impose_widget.propagate.lucas_kanade import LucasKanade
from impose_widget.propagate.optical_flow import window_of
from impose_widget.propagate.track import Track
from impose_widget.video import open_video
from tests.bench.carried import carried
from tests.bench.clicks import labelled
from tests.bench.detector import Photograph, photographs
from tests.bench.realism import rendered_images
from tests.labelled import CLIPS

SAME = 0.1  # OKS above which a detection is about a person at all
BINS = 10
RIDGE = 1e-2
TESTED = ("crossing_twins", "crowd_of_12", "long_occlusion", "openpose_video")  # clips
SMOOTHER_LEARNT = ("crossing_twins", "exit_and_return", "fast_blur")
SMOOTHER_TESTED = ("child_and_adult", "long_occlusion", "openpose_video", "store_aisle")
EVERY, LONG = 10, 40  # frames between anchors, and that they are followed for


@dataclass
class Sample:
    """Signals (n, F), whether right (n,), and error as a share of the person's size (n,)."""

    signals: np.ndarray
    right: np.ndarray
    error: np.ndarray

    def __add__(self, other: Sample) -> Sample:
        return Sample(*(np.concatenate([getattr(self, k), getattr(other, k)]) for k in vars(self)))


def readings(photos: list[Photograph], sizes: tuple[int, ...]) -> Sample:
    """What the detector says of labelled keypoints."""
    signals, right, error = [], [], []
    for size in sizes:
        detector = MoveNetDetector(size=size)
        for photo in photos:
            found = detector.detect([photo.image], [0])
            if not len(found) or not len(photo.xy):
                continue
            similar = oks(photo.xy, found.xy, photo.area, COCO17.sigma_array)
            scale = size / max(photo.image.shape[:2])
            for n, m in zip(*linear_sum_assignment(-similar), strict=True):
                known = photo.visibility[n] > 0
                if similar[n, m] < SAME or known.sum() < 3:
                    continue
                measured = np.sqrt(TIGHT_BOX_TO_AREA * found.box[m, 2] * found.box[m, 3]) * scale
                each = detector_signals(
                    found.keypoints[[m], :, 2], found.score[[m]], np.array([measured]), COCO17.keypoints
                )[0]
                similarity = keypoint_similarity(photo.xy[n], found.xy[m], photo.area[n], COCO17.sigma_array)
                signals.append(each[known])
                right.append(similarity[known] > 0.5)
                error.append(np.linalg.norm(found.xy[m] - photo.xy[n], axis=1)[known] / np.sqrt(photo.area[n]))
    return Sample(np.concatenate(signals), np.concatenate(right), np.concatenate(error))


@dataclass
class Moving:
    """A clip with truth: its frames, keypoints (T, N, K, 2), whether each is seen (T, N, K), sizes (T, N) in pixels."""

    name: str
    frames: list[np.ndarray]
    xy: np.ndarray
    seen: np.ndarray
    size: np.ndarray


def clips(folder: Path) -> Iterator[Moving]:
    """Rendered clips of a folder, and what two people labelled."""
    for path in sorted(f for f in folder.iterdir() if (f / "truth.npz").exists()):
        truth = np.load(path / "truth.npz")
        with open_video(path) as video:
            frames = [video[t] for t in range(len(truth["keypoints"]))]
        box = truth["box"]
        size = np.sqrt(TIGHT_BOX_TO_AREA * box[..., 2] * box[..., 3])
        yield Moving(path.name, frames, truth["keypoints"].astype(float), truth["visibility"] == 2, size)
    for name in CLIPS:
        footage, truth = labelled(name, 512).open()
        frames = [footage.video[t] for t in range(len(footage))]
        footage.close()
        yield Moving(name, frames, truth.xy, truth.visibility == 2, np.sqrt(truth.area))


def flows(clip: Moving, direction: int) -> Sample:
    """Where visible keypoints of a clip are followed to."""
    frames = clip.frames
    flow = LucasKanade()
    flow.watch(frames)
    parts = []
    for start in range(0, len(frames), EVERY):
        length = min(LONG, len(frames) - 1 - start if direction > 0 else start)
        if length < 2:
            continue
        known = np.isfinite(clip.xy[start]).all(-1) & np.isfinite(clip.size[start])[:, None]
        people, keypoints = np.nonzero(clip.seen[start] & known)
        tracks = [
            Track(start, direction, window_of(clip.size[start, n]), [clip.xy[start, n, k]])
            for n, k in zip(people, keypoints, strict=True)
        ]
        flow.extend(tracks, [length + 1] * len(tracks), lambda *_: None)
        for n, k, track in zip(people, keypoints, tracks, strict=True):
            parts.append(_followed(track, clip.xy[:, n, k], clip.size[start, n], COCO17.sigmas[k]))
    return Sample(*(np.concatenate([p[i] for p in parts]) for i in range(3)))


def _followed(track, truth: np.ndarray, size: float, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    way, trust = np.array(track.xy), np.array(track.trust)
    age = np.arange(1, len(way))
    frames = track.frame + track.direction * age
    motion = np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1)) / size
    error = np.linalg.norm(way[1:] - truth[frames], axis=1) / size
    known = np.isfinite(error)
    signals = flow_signals(trust[1:], age, motion, size, sigma, track.hidden()[1:])
    return signals[known], (np.exp(-(error**2) / (8 * sigma**2)) > 0.5)[known], error[known]


def fit(sample: Sample, signals: tuple[str, ...]) -> ErrorModel:
    """Logistic regression by Newton's method with a small ridge; log-linear regression of the error."""
    x = np.concatenate([sample.signals, np.ones((len(sample.signals), 1))], 1)
    ridge = RIDGE * len(x) * np.diag([*np.ones(x.shape[1] - 1), 0]) / 100
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (sample.right - p) - ridge @ w
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(len(w)), gradient)
    spread = np.linalg.solve(x.T @ x + ridge + 1e-9 * np.eye(len(w)), x.T @ np.log(sample.error + 0.003))
    # the median distance of a round Gaussian of two coordinates is 1.177 deviations
    spread[-1] += np.median(np.log(sample.error + 0.003) - x @ spread) - np.log(1.1774)
    return ErrorModel(signals, w, spread)


def calibration(probability: np.ndarray, right: np.ndarray) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error, and per bin the mean probability, the share that is right, and how many.

    Source: Naeini, Cooper and Hauskrecht 2015; ten bins of equal width.
    """
    which = np.minimum((probability * BINS).astype(int), BINS - 1)
    bins = [
        (float(probability[which == b].mean()), float(right[which == b].mean()), int((which == b).sum()))
        for b in range(BINS)
        if (which == b).any()
    ]
    return sum(abs(p - r) * n for p, r, n in bins) / len(right), bins


def judge(name: str, model: ErrorModel, sample: Sample, plain: np.ndarray | None = None) -> dict:
    """One row of the table."""
    p = model.probability(sample.signals)
    error, bins = calibration(p, sample.right)
    brier = float(((p - sample.right) ** 2).mean())
    inside = float((sample.error < 1.1774 * model.deviation(sample.signals)).mean())
    before = "–" if plain is None else f"{calibration(plain, sample.right)[0]:.3f}"
    print(
        f"| {name} | {len(p)} | {sample.right.mean():.3f} | {before} | {error:.3f} | {brier:.3f} | {inside:.2f} |",
        flush=True,
    )
    return {"name": name, "n": len(p), "ece": round(error, 4), "bins": bins}


def own_score(sample: Sample) -> np.ndarray:
    return 1 / (1 + np.exp(-sample.signals[:, 0]))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--images", type=Path, default=None, help="a folder that keeps rendered images between runs")
    p.add_argument("--scenes", type=int, default=36)
    p.add_argument("--clips", type=Path, default=None, help="a folder of rendered clips")
    p.add_argument("--sources", nargs="+", default=["detector", "flow", "smoother"], help="what to fit; others stay")
    p.add_argument("--keep", type=Path, default=Path("impose-carried"), help="a folder for the smoother's samples")
    p.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    p.add_argument("--write", action="store_true")
    p.add_argument("--plot", type=Path, default=None)
    a = p.parse_args()
    print("| source, set | keypoints | right | ECE of the raw score | ECE | Brier | within the median circle |")
    print("|---|---|---|---|---|---|---|")
    rows, models = [], {}
    if "detector" in a.sources:
        models["detector"] = of_detector(a, rows)
    if "flow" in a.sources and a.clips:
        models |= of_flow(a, rows)
    if "smoother" in a.sources and a.clips:
        models["smoother"] = of_smoother(a, rows)
    if a.write:
        write(models, rows)
    if a.plot:
        plot(rows, a.plot)


def of_detector(a: argparse.Namespace, rows: list[dict]) -> ErrorModel:
    """Readings of the network, on photographs and rendered scenes."""
    real, made = photographs(), rendered_images(range(1000, 1000 + a.scenes), None, a.images)
    parts = {name: readings(images, tuple(a.sizes)) for name, images in (
        ("fit: COCO, even", real[::2]), ("fit: rendered, even", made[::2]),
        ("test: COCO, odd", real[1::2]), ("test: rendered, odd", made[1::2]),
    )}  # fmt: skip
    fitting, testing = (sum_of([s for n, s in parts.items() if n.startswith(w)]) for w in ("fit", "test"))
    model = fit(fitting, tuple(confidence.DETECTOR_SIGNALS))
    for name, sample in (*parts.items(), ("test: both", testing)):
        rows.append(judge(f"detector, {name}", model, sample, own_score(sample)))
    return model


def of_flow(a: argparse.Namespace, rows: list[dict]) -> dict[str, ErrorModel]:
    """Points followed forward and backward."""
    models, moving = {}, list(clips(a.clips))
    for source, direction in (("flow_forward", 1), ("flow_backward", -1)):
        learn, check = {}, {}
        for clip in moving:
            (check if clip.name in TESTED else learn)[clip.name] = flows(clip, direction)
        models[source] = fit(sum_of(list(learn.values())), tuple(confidence.FLOW_SIGNALS))
        tell(source, models[source], learn, check, lambda sample: np.exp(sample.signals[:, 0]), rows)
    return models


def of_smoother(a: argparse.Namespace, rows: list[dict]) -> ErrorModel:
    """What corrections were carried to, as the session writes it."""
    names = [p.name for p in sorted(a.clips.iterdir()) if (p / "truth.npz").exists()]
    learn, check = {}, {}
    for name in (*names, *CLIPS):
        if name in SMOOTHER_LEARNT:
            learn[name] = kept(name, a)
        elif name in SMOOTHER_TESTED:
            check[name] = kept(name, a)
    model = fit(sum_of(list(learn.values())), confidence.CARRIED_SIGNALS)
    tell("smoother", model, learn, check, None, rows)
    return model


def tell(
    source: str,
    model: ErrorModel,
    learn: dict[str, Sample],
    check: dict[str, Sample],
    plain: Callable[[Sample], np.ndarray] | None,
    rows: list[dict],
) -> None:
    """Judge a model of clips on each, and on all that it did not learn from."""
    check = check | {"all": sum_of(list(check.values()))}
    for kind, samples in (("fit", learn), ("test", check)):
        for name, sample in samples.items():
            rows.append(judge(f"{source}, {kind}: {name}", model, sample, plain(sample) if plain else None))


def kept(name: str, a: argparse.Namespace) -> Sample:
    """Samples of one clip, from the folder given with --keep if they are there."""
    path = a.keep / f"carried-{name}.npz"
    if not path.exists():
        a.keep.mkdir(parents=True, exist_ok=True)
        signals, similarity, error = carried(name, a.clips, a.keep)
        np.savez_compressed(path, signals=signals, similarity=similarity, error=error)
    held = np.load(path)
    return Sample(held["signals"], held["similarity"] > 0.5, held["error"])


def sum_of(samples: list[Sample]) -> Sample:
    out = samples[0]
    for sample in samples[1:]:
        out = out + sample
    return out


def write(models: dict[str, ErrorModel], rows: list[dict]) -> None:
    """Store the models beside the package's other assets; what was not fitted stays as it is."""
    data = json.loads(confidence.FILE.read_text(encoding="utf-8"))
    data["models"] |= {
        name: {
            "signals": list(m.signals),
            "right": [round(float(v), 5) for v in m.right],
            "spread": [round(float(v), 5) for v in m.spread],
        }
        for name, m in models.items()
    }
    others = [r for r in data["measured"] if r["name"].split(",")[0] not in models]
    data["measured"] = others + [{k: r[k] for k in ("name", "n", "ece")} for r in rows]
    confidence.FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def plot(rows: list[dict], path: Path) -> None:
    """Probability against the share that is right, one line a test set."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for row in (r for r in rows if "test" in r["name"]):
        said, found, _ = zip(*(b for b in row["bins"] if b[2] >= 20), strict=True)
        source, _, name = row["name"].replace(", test", "").partition(": ")
        if name in ("all", "both"):
            axes.plot(said, found, marker="o", label=f"{source} (n {row['n']}, ECE {row['ece']:.3f})")
        else:
            axes.plot(said, found, color="lightgrey", linewidth=0.8, zorder=0)
    axes.set(xlabel="said probability of being right", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
