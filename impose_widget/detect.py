"""Detection: everybody in a frame, with boxes and keypoints. torch is imported when a detector is first used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, oks, person_area
from impose_widget.core.skeleton import COCO17
from impose_widget.second_look import LOW_SCORE as KNOWN_TO_BE_THERE
from impose_widget.second_look import SMALL, cut_out, joined, same

if TYPE_CHECKING:
    import torch

    from impose_widget.model.decode import People

WEIGHTS = Path(__file__).parent / "assets" / "movenet_multipose.safetensors"

# Chosen on COCO photographs by `python -m tests.bench.detector`; the table is in assets/movenet_multipose.md.
SIZE = 512  # pixels of the longer side that the network sees
LOW_SCORE = 0.1  # people below it are noise; above it they may continue a track
KEYPOINT_SCORE = 0.2  # keypoints below it are more often not to be seen than seen
DUPLICATE = 0.7  # OKS above which two detections are one person
BATCH = 4
CLOSE_BATCH = 16  # people who are looked at again at once
MULTIPLE = 32  # sides of the network's input


class Detector(Protocol):
    """Finds people in frames."""

    KEYPOINT_SCORE: float
    """Keypoints that score less are called occluded."""

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        """Everybody in some frames (H, W, 3) uint8 RGB; `indices` are the frames' numbers, ascending."""
        ...

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        """The person whom a human drew a box (x, y, width, height) around: one detection of frame 0, or none."""
        ...


@runtime_checkable
class Refiner(Protocol):
    """Reads a person again beside what a human placed."""

    def refine(
        self, frame: np.ndarray, xy: np.ndarray, anchor: np.ndarray, box: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Better places for a person's other keypoints.

        Args:
            frame: (H, W, 3) uint8 RGB.
            xy: (K, 2) as they are now, NaN where absent.
            anchor: (K,) bool: placed by a human. These are looked at and do not move.
            box: (4,) x, y, width, height of the person, NaN if unknown.

        Returns:
            Positions (K, 2), those of anchors as given, and scores (K,) 0 to 1.
        """
        ...


@runtime_checkable
class Describer(Protocol):
    """Says what people look like."""

    def describe(self, frame: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """What the network sees at keypoints.

        Args:
            frame: (H, W, 3) uint8 RGB.
            xy: (N, K, 2) pixels of the frame, NaN where not known.

        Returns:
            (N, K, C) float16, NaN where not known or outside the frame.
        """
        ...


class MoveNetDetector:
    """MoveNet MultiPose on the shipped weights: COCO-17 keypoints.

    Args:
        weights: another safetensors file of the same network.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        size: pixels of the longer side that the network sees, a multiple of 32; frames are scaled to it.
        second_look: look again at each person whom it found: nearer to the truth, for about a quarter of a frame's time
            a person.

    Raises:
        FileNotFoundError, ValueError: (when first used) the weights are missing or of another network.
        ModuleNotFoundError: (when first used) torch is not installed.
    """

    KEYPOINT_SCORE = KEYPOINT_SCORE

    def __init__(
        self, weights: Path | None = None, device: str = "auto", size: int = SIZE, second_look: bool = True
    ) -> None:
        if size < MULTIPLE or size % MULTIPLE:
            raise ValueError(f"Expected size as a multiple of {MULTIPLE}, got {size}.")
        self._weights = WEIGHTS if weights is None else Path(weights)
        self._device_name = device
        self.size = size
        self.second_look = second_look
        self._network: Any = None

    def _run(self, images: np.ndarray, lowest: float) -> list[People]:
        """People in images (B, H, W, 3) uint8 whose sides are multiples of 32."""
        network = self._ready()
        import torch

        from impose_widget.model.decode import decode

        batch = torch.from_numpy(images).to(self._device).permute(0, 3, 1, 2)
        with torch.inference_mode():
            return decode(network(batch), lowest)

    def _ready(self) -> Any:
        if self._network is None:
            self._load()
        return self._network

    def _load(self) -> None:
        try:
            import torch
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "Expected torch, which the network needs, got an installation without it; pip install torch, or open "
                "the video with model=None and place people yourself.",
                name="torch",
            ) from error

        from impose_widget.model.movenet import MoveNet
        from impose_widget.model.weights import load_weights

        name = self._device_name
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        self._device: torch.device = torch.device(name)
        network = MoveNet()
        load_weights(network, self._weights)
        self._network = network.eval().to(self._device, memory_format=torch.channels_last)

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        """Everybody in some frames of one size, rows sorted by frame, then score.

        Args:
            frames: (H, W, 3) uint8 RGB each.
            indices: their numbers.

        Raises:
            ValueError, TypeError: a frame is not like that.
        """
        if len(frames) != len(indices):
            raise ValueError(f"Expected as many numbers as frames, got {len(indices)} and {len(frames)}.")
        parts = [Detections.empty(len(COCO17))]
        for start in range(0, len(frames), BATCH):
            some = [checked_frame(f) for f in frames[start : start + BATCH]]
            scaled = [_fit(f, self.size) for f in some]
            people = self._run(np.stack([image for image, _ in scaled]), LOW_SCORE)
            for frame, number, (_, scale), found in zip(
                some, indices[start : start + BATCH], scaled, people, strict=True
            ):
                kept = distinct(_in_frame(found, scale, number), LOW_SCORE)
                parts.append(self._looked_at_again(frame, kept, float(scale.max())) if self.second_look else kept)
        return Detections.concatenate(parts)

    def describe(self, frame: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """What people look like: the backbone's map of stride 8, in which clothes differ; see `Describer`.

        Later maps tell keypoints apart, not people.
        """
        image, scale = _fit(checked_frame(frame), self.size)
        network = self._ready()
        import torch
        import torch.nn.functional as F

        height, width = image.shape[:2]
        where = (xy + 0.5) * scale / (width, height) * 2 - 1  # edges of the image at -1 and 1
        shown = np.isfinite(where).all(-1) & (np.abs(np.nan_to_num(where)) < 1).all(-1)
        with torch.inference_mode():
            pixels = torch.from_numpy(image).to(self._device).permute(2, 0, 1)[None]
            at = torch.from_numpy(np.where(shown[..., None], where, 0).astype(np.float32)).to(self._device)
            found = F.grid_sample(network.backbone.early(network.normalised(pixels)), at[None], align_corners=False)
        looks = found[0].permute(1, 2, 0).cpu().numpy().astype(np.float16)
        looks[~shown] = np.nan
        return looks

    def _looked_at_again(self, frame: np.ndarray, found: Detections, scale: float) -> Detections:
        """The people of one frame, each looked at once more from nearby: a person scores the mean of both looks.

        Args:
            frame: (H, W, 3) uint8 RGB.
            found: in it.
            scale: pixels of the network's input in one of the frame.
        """
        keypoints, score = found.keypoints.copy(), found.score / 2
        small = found.box[:, 2:].max(1, initial=0) * scale < SMALL
        for start in range(0, len(found), CLOSE_BATCH):
            rows = range(start, min(start + CLOSE_BATCH, len(found)))
            near = [cut_out(frame, found.box[m]) for m in rows]
            looks = self._run(np.stack([part.image for part in near]), KNOWN_TO_BE_THERE)
            for m, part, look in zip(rows, near, looks, strict=True):
                seen = part.in_frame(look.keypoints.cpu().numpy())
                n = same(found.keypoints, m, seen)
                if n is not None:
                    score[m] += float(look.score[n]) / 2
                    if small[m]:
                        keypoints[m] = joined(found.keypoints[m], seen[n])
        order = np.argsort(-score, kind="stable")
        return distinct(Detections(found.frame, keypoints, found.box, score)[order], LOW_SCORE)

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        """The pose in a drawn box (x, y, width, height): the candidate that fits it best, however weak.

        Returns:
            One detection, of frame 0, or none if nothing there looks like a person.
        """
        x0, y0, x1, y1 = _around(box, frame.shape[1], frame.shape[0])
        image, scale = _fit(checked_frame(frame)[y0:y1, x0:x1], BOX_SIZE)
        found = _in_frame(self._run(image[None], BOX_SCORE)[0], scale, 0)
        found = Detections(
            found.frame,
            found.keypoints + np.float32([x0, y0, 0]),
            found.box + np.float32([x0, y0, 0, 0]),
            found.score,
        )
        found = found[found.score >= BOX_SCORE]
        fit = box_iou(np.asarray(box)[None], found.box)[0]
        if not len(fit) or fit.max() < BOX_FIT:
            return Detections.empty(len(COCO17))
        return found[[int(fit.argmax())]]


BOX_SIZE = 320  # pixels of the longer side of a drawn box with its surroundings
BOX_MARGIN = 0.25  # of the box, that is looked at on each side
BOX_SCORE = 0.01  # a human says that somebody is there
BOX_FIT = 0.25  # IoU of drawn and found box below which it is somebody else


def checked_frame(frame: np.ndarray) -> np.ndarray:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
        got = getattr(frame, "dtype", type(frame).__name__)
        raise TypeError(f"Expected a frame as an array of uint8, got {got}.")
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise ValueError(f"Expected a frame of shape (H, W, 3), RGB, got {frame.shape}.")
    return frame


def _fit(frame: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A frame scaled to `size` on its longer side and padded to multiples of 32; and the scale of x and y (2,)."""
    import cv2

    height, width = frame.shape[:2]
    factor = size / max(height, width)
    w, h = max(round(width * factor), 1), max(round(height * factor), 1)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    padded = np.zeros((-(-h // MULTIPLE) * MULTIPLE, -(-w // MULTIPLE) * MULTIPLE, 3), np.uint8)
    padded[:h, :w] = cv2.resize(frame, (w, h), interpolation=how)
    return padded, np.array([w / width, h / height])


def _in_frame(people: People, scale: np.ndarray, number: int) -> Detections:
    """People in pixels of the network's input, as detections in pixels of the frame."""
    keypoints = people.keypoints.cpu().numpy().astype(np.float32)
    keypoints[..., :2] = keypoints[..., :2] / scale
    box = people.box.cpu().numpy() / np.tile(scale, 2)
    score = people.score.cpu().numpy().astype(np.float32)
    order = np.argsort(-score, kind="stable")
    frame = np.full(len(score), number, np.int32)
    return Detections(frame, keypoints[order], box[order].astype(np.float32), score[order])


def distinct(found: Detections, lowest: float) -> Detections:
    """Detections that score at least `lowest`, without those that repeat a better one. Sorted by score before."""
    found = found[found.score >= lowest]
    if len(found) < 2:
        return found
    alike = oks(found.xy, found.xy, person_area(found.xy), COCO17.sigma_array)
    keep: list[int] = []
    for i in range(len(found)):
        if not keep or alike[keep, i].max() < DUPLICATE:
            keep.append(i)
    return found[np.array(keep)]


def _around(box: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of the image around a box: left, top, right, bottom, at least a pixel wide."""
    x, y, w, h = (float(v) for v in box)
    x0, y0 = np.clip([x - BOX_MARGIN * w, y - BOX_MARGIN * h], 0, [width - 1, height - 1]).astype(int)
    x1, y1 = np.clip(np.ceil([x + (1 + BOX_MARGIN) * w, y + (1 + BOX_MARGIN) * h]), 1, [width, height]).astype(int)
    return int(x0), int(y0), int(max(x1, x0 + 1)), int(max(y1, y0 + 1))
