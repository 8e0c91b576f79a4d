"""Writes a rendered clip: frames, and the truth beside them in PoseTrack18's layout, as a table, and as arrays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from impose_widget.core.pose import VISIBLE
from impose_widget.core.skeleton import COCO17
from impose_widget.synthesize.scene import Scene
from impose_widget.synthesize.stage import Stage, Truth

ANNOTATIONS = "annotations_posetrack18.json"
SEEN = 0.02  # share of a body that shows, under which nobody would say that somebody is there
FRAMES = ("jpg", "png")


def write_clip(
    scene: Scene,
    folder: str | Path,
    frames: str = "jpg",
    video: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render a scene into a folder.

    It gets `000000.jpg` onwards; `annotations_posetrack18.json`, written last; `poses.parquet`, which `iw.read` reads;
    `truth.npz` with all of `Truth` for everyone in every frame; and, if asked, `clip.mp4`.

    In the JSON, the keypoints are COCO's 17 (its category names them), visibility is 0 outside the image, 1 hidden, 2
    seen, and a person of whom next to nothing shows is left out of that frame, as human annotators do. `truth.npz`
    leaves nothing out.

    Args:
        scene: what to render.
        folder: made if it is not there.
        frames: "jpg" or "png".
        video: also write the frames as H.264.
        progress: called with the number of frames done and of all.

    Raises:
        ValueError: frames is something else.
        OSError: it cannot be written there.
    """
    if frames not in FRAMES:
        raise ValueError(f"Expected frames as one of {', '.join(FRAMES)}, got {frames!r}.")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    truths: list[Truth] = []

    def images() -> Iterator[np.ndarray]:
        for t, (image, truth) in enumerate(Stage(scene).frames()):
            _save(folder / f"{t:06d}.{frames}", image)
            truths.append(truth)
            if progress:
                progress(t + 1, scene.n_frames)
            yield image

    if video:
        from impose_widget.video import write_video

        write_video(folder / "clip.mp4", images(), scene.fps)
    else:
        for _ in images():
            pass
    _write_arrays(folder / "truth.npz", truths)
    _write_table(folder / "poses.parquet", scene, truths)
    data = posetrack(scene, truths, frames, folder.resolve().name)
    partial = folder / f".{ANNOTATIONS}"
    partial.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
    partial.replace(folder / ANNOTATIONS)
    return folder


def _save(path: Path, image: np.ndarray) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(image[..., ::-1]), options)
    if not done:
        raise OSError(f"{path} could not be encoded.")
    path.write_bytes(data.tobytes())


def shown(truth: Truth) -> np.ndarray:
    """(N,) who shows enough to be annotated."""
    share = truth.area / np.where(truth.whole > 0, truth.whole, 1)
    share = np.where(np.isfinite(truth.whole), share, 1.0)
    return (
        np.isfinite(truth.box).all(1)
        & (truth.visibility > 0).any(1)
        & ((share >= SEEN) | (truth.visibility == VISIBLE).any(1))
    )


def posetrack(scene: Scene, truths: list[Truth], suffix: str = "jpg", folder: str | None = None) -> dict[str, Any]:
    """The dictionary of a PoseTrack18 annotation file. Source: github.com/leonid-pishchulin/poseval, its README.

    Images are named as in `folder`, the scene's name if not given.
    """
    images, annotations = [], []
    for t, truth in enumerate(truths):
        images.append(
            {
                "id": t + 1,
                "frame_id": t,
                "file_name": f"{folder or scene.name}/{t:06d}.{suffix}",
                "vid_id": "1",
                "nframes": len(truths),
                "is_labeled": True,
                "has_labeled_person": bool(shown(truth).any()),
                "width": scene.width,
                "height": scene.height,
            }
        )
        for n in np.flatnonzero(shown(truth)):
            annotations.append(_annotation(len(annotations) + 1, t, int(n), truth))
    category = {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(COCO17.keypoints),
        "skeleton": [[a + 1, b + 1] for a, b in COCO17.edges],
    }
    info = {"description": f"Rendered: {scene.name}", "scenario": scene.name, "seed": scene.seed, "fps": scene.fps}
    return {"info": info, "images": images, "annotations": annotations, "categories": [category]}


def _annotation(number: int, t: int, n: int, truth: Truth) -> dict[str, Any]:
    visible = truth.visibility[n]
    xy = np.where(visible[:, None] > 0, truth.keypoints[n], 0)
    triples = np.concatenate([xy.round(3), visible[:, None]], 1)
    return {
        "id": number,
        "image_id": t + 1,
        "category_id": 1,
        "track_id": n,
        "person_id": n,
        "keypoints": [int(v) if i % 3 == 2 else float(v) for i, v in enumerate(triples.reshape(-1))],
        "num_keypoints": int((visible > 0).sum()),
        "scores": [],
        "bbox": truth.box[n].round(2).tolist(),
        "area": float(truth.area[n]),
        "iscrowd": 0,
    }


def _write_arrays(path: Path, truths: list[Truth]) -> None:
    arrays = {name: np.stack([getattr(t, name) for t in truths]) for name in Truth.__dataclass_fields__}
    np.savez_compressed(path, **{k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()})


def _write_table(path: Path, scene: Scene, truths: list[Truth]) -> None:
    from impose_widget.io import write

    rows = []
    for t, truth in enumerate(truths):
        for n in np.flatnonzero(shown(truth)):
            known = truth.visibility[n] > 0
            xy = np.where(known[:, None], truth.keypoints[n], np.nan)
            rows.append(
                pd.DataFrame(
                    {
                        "frame": t,
                        "time": t / scene.fps,
                        "track_id": int(n),
                        "keypoint": list(COCO17.keypoints),
                        "x": xy[:, 0],
                        "y": xy[:, 1],
                        "visibility": truth.visibility[n],
                    }
                )
            )
    if not rows:
        return
    table = pd.concat(rows, ignore_index=True)
    video = {
        "name": scene.name,
        "n_frames": len(truths),
        "width": scene.width,
        "height": scene.height,
        "fps": scene.fps,
    }
    table.attrs = {"skeleton": COCO17.to_json(), "video": video}
    write(table, path)
