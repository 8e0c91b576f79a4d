"""Whether rendered people look like people to a network that never saw one: `python -m tests.bench.realism`.

The detector that ships (MoveNet, which learned from photographs) on rendered clips, one frame of each, and on COCO
photographs with hand-made keypoints, judged alike. Recall: people with at least five labelled keypoints that are found
with OKS over .5, by height against the image's. Error: distance of visible keypoints of those found, as a share of the
square root of the person's area (0.53 of the box in both); right: keypoint similarity over .5.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impose_widget.core.geometry import TIGHT_BOX_TO_AREA, keypoint_similarity
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import MoveNetDetector
from impose_widget.synthesize import Stage, photographs, random_scene, read_motions
from impose_widget.synthesize.clip import shown
from tests.bench.detector import Photograph, matches
from tests.bench.detector import photographs as coco
from tests.shared import SHARED

SIZES = ((640, 480), (640, 427), (480, 640))  # what COCO's photographs usually have
HEIGHTS = ((0.0, 0.3), (0.3, 0.6), (0.6, 10.0))
FEW = 5  # keypoints, below which nobody asks for a person


@dataclass
class Result:
    """Per person: height against the image, found, and of the found, error and similarity (n, 17)."""

    height: np.ndarray
    found: np.ndarray
    error: np.ndarray
    similarity: np.ndarray


def rendered_images(seeds: range, photos: list[Path] | None = None, folder: Path | None = None) -> list[Photograph]:
    """One frame of each of some random clips; `folder` keeps them between runs."""
    mocap = read_motions(SHARED / "data" / "mocap") if SHARED.is_dir() else None
    out = []
    for seed in seeds:
        file = folder / f"{seed}.npz" if folder else None
        if file and file.exists():
            out.append(Photograph(**np.load(file)))
            continue
        photo = rendered(seed, mocap, photos)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, **vars(photo))
        out.append(photo)
    return out


def rendered(seed: int, mocap: dict | None, photos: list[Path] | None) -> Photograph:
    """One frame of a random clip, labelled as the photographs are."""
    scene = random_scene(seed, mocap, photos)
    scene.width, scene.height = SIZES[seed % len(SIZES)]
    image, truth = next(Stage(scene).frames(scene.n_frames // 2))
    keep = shown(truth)
    xy = np.where(truth.visibility[..., None] > 0, truth.keypoints, np.nan)
    area = TIGHT_BOX_TO_AREA * truth.box[:, 2] * truth.box[:, 3]
    height = truth.box[:, 3] / scene.height
    return Photograph(image, xy[keep], truth.visibility[keep], area[keep], height[keep])


def judge(photos: list[Photograph], size: int) -> Result:
    """What the detector finds in some images."""
    detector = MoveNetDetector(size=size)
    height, found, error, similarity = [], [], [], []
    for photo in photos:
        seen = detector.detect([photo.image], [0])
        owner = matches(photo, seen.xy)
        for n in np.flatnonzero((photo.visibility > 0).sum(1) >= FEW):
            mine = np.flatnonzero(owner == n)
            height.append(photo.height[n])
            found.append(len(mine) > 0)
            there = photo.visibility[n] == 2
            xy = np.where(there[:, None], seen.xy[mine[0]], np.nan) if len(mine) else np.full((17, 2), np.nan)
            error.append(np.linalg.norm(xy - photo.xy[n], axis=1) / np.sqrt(photo.area[n]))
            similarity.append(keypoint_similarity(photo.xy[n], xy, photo.area[n], COCO17.sigma_array))
    return Result(np.array(height), np.array(found), np.array(error), np.array(similarity))


def report(name: str, r: Result, size: int) -> None:
    """One line of the table, and one of keypoints."""
    recalls = [f"{r.found.mean():.2f}"]
    for low, high in HEIGHTS:
        take = (r.height > low) & (r.height <= high)
        recalls.append(f"{r.found[take].mean():.2f} ({take.sum()})" if take.any() else "–")
    known = np.isfinite(r.similarity)
    print(
        f"| {name} | {size} | {len(r.found)} | {' | '.join(recalls)} | {100 * np.nanmedian(r.error):.1f} % | "
        f"{r.similarity[known].mean():.3f} | {(r.similarity[known] > 0.5).mean():.3f} |",
        flush=True,
    )
    parts = {"face": slice(0, 5), "arms": slice(5, 11), "legs": slice(11, 17)}
    each = ", ".join(f"{k} {100 * np.nanmedian(r.error[:, v]):.1f} %" for k, v in parts.items())
    print(f"<!-- {name}, {size}: median error of {each} -->", flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scenes", type=int, default=60)
    p.add_argument("--first", type=int, default=1000, help="seed of the first")
    p.add_argument("--sizes", type=int, nargs="+", default=[256, 512], help="of the detector's input")
    p.add_argument("--backgrounds", type=Path, default=None)
    p.add_argument("--images", type=Path, default=None, help="a folder that keeps the images between runs")
    p.add_argument("--sheet", type=Path, default=None, help="a picture of the first 24 scenes")
    arguments = p.parse_args()
    photos = photographs(arguments.backgrounds) if arguments.backgrounds else None
    began = time.process_time()
    seeds = range(arguments.first, arguments.first + arguments.scenes)
    images = rendered_images(seeds, photos, arguments.images)
    seconds = (time.process_time() - began) / len(images)
    if arguments.sheet:
        save_sheet(images, arguments.sheet)
    print(f"{len(images)} scenes, {seconds:.1f} s of processor time each, most of it to dress people")
    print("| images | size | people | recall | below .3 | .3 to .6 | over .6 | error | similarity | right |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for size in arguments.sizes:
        if (SHARED / "data" / "images").is_dir():
            report("COCO photographs", judge(coco(), size), size)
        report("rendered", judge(images, size), size)


def save_sheet(images: list[Photograph], path: Path) -> None:
    """The first 24 images, small, side by side."""
    import cv2

    cells = []
    for photo in images[:24]:
        h, w = photo.image.shape[:2]
        scale = 320 / max(h, w)
        small = cv2.resize(photo.image, (round(w * scale), round(h * scale)), interpolation=cv2.INTER_AREA)
        cells.append(np.pad(small, ((0, 320 - small.shape[0]), (0, 320 - small.shape[1]), (0, 0))))
    rows = [np.concatenate(cells[i : i + 6], 1) for i in range(0, len(cells) - len(cells) % 6, 6)]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    main()
