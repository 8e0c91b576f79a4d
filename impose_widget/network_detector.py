"""IMPose as the detector of a session: everybody in a frame, the pose in a drawn box, a person beside corrections.

What the encoder made of a frame is kept, so that a correction costs a pass of the decoder alone.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, oks, person_area, pose_box
from impose_widget.core.prior import Anchor, Prior
from impose_widget.core.skeleton import COCO17
from impose_widget.detect import BOX_FIT, LOW_SCORE, WEIGHTS, MoveNetDetector, checked_frame, distinct

if TYPE_CHECKING:
    from torch import Tensor

    from impose_widget.model.hints import Hints
    from impose_widget.model.impose import Detection
    from impose_widget.model.memory import Memory

BOX_MARGIN = 0.1  # of a pose's tight box, where a person has no box
CUT, CUT_SHARE = 256, 0.75  # pixels of a person cut out, and how much of them the person takes
OWN = 0.1  # OKS above which a reading is of the same person
CACHE = 1_000_000_000  # bytes of memories that are kept


class ImposeDetector:
    """The network of a weights file: COCO-17 keypoints.

    Args:
        weights: safetensors as `impose-widget convert` and `impose-widget train` write them.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        size: (short side, long side) in pixels that frames are scaled to; None for what the network learned with.
        cache: bytes of encoder memories that are kept, in half precision.

    Raises:
        FileNotFoundError, ValueError: there is no such file, or it is of no network that is known.
    """

    KEYPOINT_SCORE = 0.2  # keypoints below it are called occluded
    CHUNK = 4  # frames that are stored and shown together

    def __init__(
        self, weights: str | Path, device: str = "auto", size: tuple[int, int] | None = None, cache: int = CACHE
    ) -> None:
        import torch

        from impose_widget.model.network_file import load_network

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = torch.device(device)
        self.network = load_network(Path(weights), WEIGHTS).to(self._device)
        config = self.network.config
        if config.keypoints != len(COCO17):
            raise ValueError(f"Expected a network of COCO's 17 keypoints, got {weights} with {config.keypoints}.")
        self.size = size or (config.short_side, config.long_side)
        self.settles = config.settles
        self._finder = None if config.detects else MoveNetDetector(device=device)
        self._memories: OrderedDict[bytes, tuple[Memory, int]] = OrderedDict()
        self._cache = cache
        self._lock = threading.Lock()  # of the memories: frames are prepared while others are asked about

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        """Everybody in some frames, rows sorted by frame, then score; see `impose_widget.detect.Detector`."""
        if self._finder is not None:
            return self._finder.detect(frames, indices)
        if len(frames) != len(indices):
            raise ValueError(f"Expected as many numbers as frames, got {len(indices)} and {len(frames)}.")
        parts = [Detections.empty(len(COCO17))]
        for frame, number in zip(frames, indices, strict=True):
            memory = self._memory(checked_frame(frame))
            parts.append(distinct(self._detections(self._run("detect", memory), frame, number), LOW_SCORE))
        return Detections.concatenate(parts)

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        """The person in a drawn box (x, y, width, height): one detection of frame 0, or none."""
        if self._finder is not None:
            return self._finder.detect_in_box(frame, box)
        box = np.asarray(box, np.float64)
        memory = self._memory(checked_frame(frame))
        given = self._tensor(self._shares(box, frame)[None, None])
        found = self._detections(self._run("read_boxes", memory, given), frame, 0)
        if not len(found) or box_iou(box[None], found.box).max() < BOX_FIT:
            return Detections.empty(len(COCO17))
        return found[:1]

    def refine(
        self, frame: np.ndarray, xy: np.ndarray, anchor: np.ndarray, box: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Better places for the keypoints that nobody placed; see `impose_widget.detect.Refiner`."""
        if not self.network.config.relative:
            return self._refine(frame, xy, anchor, box)
        cut, corner, scale = cut_out(checked_frame(frame), person_box(xy), CUT, CUT_SHARE)
        there = (xy + 0.5 - corner) * scale - 0.5
        new, score = self._refine(cut, there.astype(np.float32), anchor, box, (CUT, CUT))
        back = (new + 0.5) / scale + corner - 0.5
        return np.where(anchor[:, None], xy, back).astype(np.float32), score

    def _refine(
        self,
        frame: np.ndarray,
        xy: np.ndarray,
        anchor: np.ndarray,
        box: np.ndarray,
        limits: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        memory = self._memory(checked_frame(frame), limits)
        config = self.network.config
        placed = np.where(anchor[:, None], xy, np.nan)
        box = person_box(xy) if config.relative else _containing(box, placed, xy)
        hints = None
        if config.hints:
            reading = self._in_shares(own_reading(self._guesses(memory, frame), xy), frame)
            nothing = np.full((1, 1, len(xy)), np.nan)
            hints = self._hints(reading[None, None], nothing, np.repeat(nothing[..., None], 2, -1))
        found = self._run(
            "refine",
            memory,
            self._tensor(self._shares(box, frame)[None, None]),
            self._tensor(self._start(xy, box, frame)[None, None]),
            ~self._tensor(anchor[None, None]).bool(),
            None,
            None,
            hints,
        )
        read = self._detections(found, frame, 0)
        return np.where(anchor[:, None], xy, read.xy[0]).astype(np.float32), read.keypoints[0, :, 2]

    def carry(
        self, frames: Sequence[np.ndarray], prior: Prior, anchors: Sequence[Anchor], content: str = "here"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read people in frames to which they were carried; see `impose_widget.propagate.network.Network`."""
        from impose_widget.model.memory import together

        memory = together([self._memory(checked_frame(f)) for f in frames])
        n, people, k = prior.deviation.shape
        boxes = np.array([[person_box(xy) for xy in row] for row in prior.xy])
        pairs = [zip(*row, strict=True) for row in zip(prior.xy, boxes, strict=True)]
        start = np.array([[self._start(xy, box, frames[0]) for xy, box in row] for row in pairs])
        shares = np.array([[self._shares(box, frames[0]) for box in row] for row in boxes])
        size = boxes[..., 2:].max(-1)[..., None]
        at_anchor = [self._anchored(a, content == "anchor") for a in anchors]
        told = None
        if content == "anchor":
            told = self._stacked([a[2] for a in at_anchor], n)
        hints = None
        if self.network.config.hints:
            residual = np.broadcast_to(np.stack([a[0] for a in at_anchor]), (n, people, k, 2))
            hints = self._hints(self._in_shares(prior.reading, frames[0]), prior.deviation / size, residual)
            hints = hints._replace(looks=self._stacked([a[1] for a in at_anchor], n))
        free = ~self._tensor(prior.held).bool()
        found = self._run("carry", memory, self._tensor(shares), self._tensor(start), free, told, hints)
        extent = np.array(frames[0].shape[1::-1])
        xy = found.final.keypoints.cpu().numpy() * extent - self.network.config.pixel_centre
        xy = np.where(prior.held[..., None], prior.xy, xy).astype(np.float32)
        score = keypoint_scores(found, found.final.logits[..., 1].sigmoid()).cpu().numpy()
        return xy, deviation_of(score, person_area(xy))

    def prepare(self, frame: np.ndarray) -> None:
        """Compute what a correction in this frame would need, if it is not there yet."""
        self._memory(checked_frame(frame))

    # -- the network ---------------------------------------------------------------------------------------------

    def _run(self, what: str, *tensors: object) -> Detection:
        import torch

        with torch.inference_mode():
            return getattr(self.network, what)(*tensors)

    def _tensor(self, values: np.ndarray) -> Tensor:
        import torch

        return torch.from_numpy(np.asarray(values, np.float32)).to(self._device)

    def _memory(self, frame: np.ndarray, limits: tuple[int, int] | None = None) -> Memory:
        """What the encoder makes of a frame, now or before; scaled to `limits` (short, long), else to `size`."""
        import torch

        key = (
            hashlib.blake2b(np.ascontiguousarray(frame), digest_size=16).digest() + str((frame.shape, limits)).encode()
        )
        with self._lock:
            if key in self._memories:
                self._memories.move_to_end(key)
                memory = self._memories[key][0]
                return memory._replace(tokens=memory.tokens.float())
        image, size = _fit(frame, limits or self.size, self.network.config.multiple)
        batch = torch.from_numpy(image).to(self._device).permute(2, 0, 1)[None]
        with torch.inference_mode():
            memory = self.network.encode(batch, torch.tensor([size], dtype=torch.float32))
        # Kept and used in half precision alike: the first reading of a frame is the reading of every later time.
        kept = memory._replace(tokens=memory.tokens.half())
        with self._lock:
            self._memories[key] = (kept, kept.tokens.numel() * 2)
            while sum(b for _, b in self._memories.values()) > self._cache and len(self._memories) > 1:
                self._memories.popitem(last=False)
        return kept._replace(tokens=kept.tokens.float())

    def _start(self, xy: np.ndarray, box: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Keypoints (K, 2) in pixels, in shares of the image; unknown ones in the middle of their box."""
        known = np.where(np.isfinite(xy), xy, box[:2] + box[2:] / 2)
        shares = (known + self.network.config.pixel_centre) / np.array([frame.shape[1], frame.shape[0]])
        return shares if self.network.config.relative else np.clip(shares, 0, 1)

    def _in_shares(self, reading: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Readings (..., 3) in pixels and score, in shares of the image and score."""
        size = np.array([frame.shape[1], frame.shape[0]])
        return np.concatenate([(reading[..., :2] + self.network.config.pixel_centre) / size, reading[..., 2:]], -1)

    def _guesses(self, memory: Memory, frame: np.ndarray) -> np.ndarray:
        """Readings (N, K, 3) of the backbone's own heads in pixels."""
        if memory.guess is None:
            return np.zeros((0, self.network.config.keypoints, 3), np.float32)
        real = memory.guess.real[0]
        xy = memory.guess.keypoints[0, real].cpu().numpy() * np.array(frame.shape[1::-1])
        score = memory.guess.scores[0, real].cpu().numpy()
        return np.concatenate([xy - self.network.config.pixel_centre, score[..., None]], -1)

    def _hints(self, reading: np.ndarray, deviation: np.ndarray, residual: np.ndarray) -> Hints:
        from impose_widget.model.hints import Hints

        return Hints(*(self._tensor(np.ascontiguousarray(x)) for x in (reading, deviation, residual)))

    def _anchored(self, anchor: Anchor, with_content: bool) -> tuple[np.ndarray, Tensor | None, Tensor | None]:
        """What carries over from an anchor: residuals (K, 2), looks (K, L C), the person's content (C)."""
        placed = np.isfinite(anchor.xy).all(-1)
        known = np.where(placed[:, None], anchor.xy, anchor.reading[:, :2])
        box = person_box(known)
        residual = (anchor.xy - anchor.reading[:, :2]) / box[2:].max()
        if not (self.network.config.hints or with_content):
            return residual, None, None
        memory = self._memory(checked_frame(anchor.frame))
        at = self._tensor(self._start(known, box, anchor.frame)[None])
        looks = memory.pooled(at)[0]
        looks[~placed] = float("nan")
        if not with_content:
            return residual, looks, None
        shares = self._tensor(self._shares(box, anchor.frame)[None, None])
        found = self._run("refine", memory, shares, at[None], ~self._tensor(placed[None, None]).bool())
        return residual, looks, found.content[0, 0]

    def _stacked(self, people: list[Tensor], n: int) -> Tensor:
        """Tensors of P people, once for each of n frames."""
        import torch

        return torch.stack(people)[None].expand(n, *[-1] * (people[0].dim() + 1))

    def _shares(self, box: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """x, y, width, height in pixels to cx, cy, w, h in shares of the image."""
        size = np.array([frame.shape[1], frame.shape[0]])
        centre = (box[:2] + box[2:] / 2 + self.network.config.pixel_centre) / size
        return np.concatenate([np.clip(centre, 0, 1), np.clip(box[2:] / size, 1e-3, 1)])

    def _detections(self, found: Detection, frame: np.ndarray, number: int) -> Detections:
        """One image's people in pixels of the frame, best first."""
        from impose_widget.model.heads import PERSON

        final = found.final
        person = final.logits[0, :, PERSON].sigmoid()
        score = keypoint_scores(found, found.final.logits[..., PERSON].sigmoid())[0]
        rows = person.argsort(descending=True)
        if found.real is not None:
            rows = rows[found.real[0, rows]]
        offset = self.network.config.pixel_centre
        size = np.array([frame.shape[1], frame.shape[0]], np.float32)
        xy = final.keypoints[0, rows].cpu().numpy() * size - offset
        box = final.boxes[0, rows].cpu().numpy() * np.tile(size, 2)
        box[:, :2] -= box[:, 2:] / 2 + offset
        return Detections(
            np.full(len(rows), number, np.int32),
            np.concatenate([xy, score[rows, :, None].cpu().numpy()], -1).astype(np.float32),
            box.astype(np.float32),
            person[rows].cpu().numpy().astype(np.float32),
        )


def keypoint_scores(found: Detection, person: Tensor) -> Tensor:
    """How sure each keypoint (B, N, K) is, given how sure the people (B, N) are.

    From the network's head, if it has one. Else the person's score, less where the last two layers still moved the
    keypoint: public checkpoints say nothing of single keypoints.
    """
    import torch

    if found.final.confidence is not None:
        return found.final.confidence.sigmoid()
    last = found.final.keypoints
    path = [p[:, :, 1:, :2] for p in found.places[-3:-1]] + [last]
    moved = sum(((b - a).norm(dim=-1) for a, b in pairwise(path)), torch.zeros_like(last[..., 0]))
    size = found.places[-2][:, :, 1:, 2:].norm(dim=-1).clamp(min=1e-6)
    return person[..., None] * torch.exp(-moved / size)


def deviation_of(score: np.ndarray, area: np.ndarray) -> np.ndarray:
    """How far off keypoints (..., K) of expected similarities are, in pixels, on people of some areas (...)."""
    far = np.sqrt(-2 * np.log(np.clip(score, 1e-4, 0.9999)))
    return far * 2 * COCO17.sigma_array * np.sqrt(np.maximum(area, 1.0))[..., None]


def person_box(xy: np.ndarray) -> np.ndarray:
    """A box (4,) x, y, width, height around keypoints (K, 2), as relative networks learned it."""
    tight = pose_box(xy)
    if not np.isfinite(tight).all():
        return np.array([0.0, 0.0, 1.0, 1.0])
    margin = BOX_MARGIN * max(tight[2:].max(), 1.0)
    return np.concatenate([tight[:2] - margin, tight[2:] + 2 * margin])


def cut_out(frame: np.ndarray, box: np.ndarray, side: int, share: float) -> tuple[np.ndarray, np.ndarray, float]:
    """A person cut out as relative networks learned them: a square of so many pixels, black beyond the image.

    Returns:
        The square (side, side, 3); its first corner (2,) in the frame, edges continuous; and pixels of it per pixel.
    """
    import cv2

    reach = max(round(float(box[2:].max()) / share), 8)
    corner = np.floor(box[:2] + box[2:] / 2 + 0.5 - reach / 2).astype(int)
    low, high = np.maximum(corner, 0), np.minimum(corner + reach, frame.shape[1::-1])
    whole = np.zeros((reach, reach, 3), np.uint8)
    if (low < high).all():
        (x0, y0), (x1, y1) = low - corner, high - corner
        whole[y0:y1, x0:x1] = frame[low[1] : high[1], low[0] : high[0]]
    how = cv2.INTER_AREA if reach > side else cv2.INTER_LINEAR
    return cv2.resize(whole, (side, side), interpolation=how), corner, side / reach


def own_reading(readings: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Which of N readings (N, K, 3) is of a person with keypoints (K, 2): (K, 3), NaN if none is."""
    if len(readings):
        alike = oks(xy[None], readings[..., :2], person_area(xy)[None], COCO17.sigma_array)[0]
        if alike.max() > OWN:
            return readings[int(alike.argmax())]
    return np.full((len(xy), 3), np.nan)


def _fit(frame: np.ndarray, size: tuple[int, int], multiple: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A frame whose short side is as given, unless the long one gets too long, padded; and its x, y before that."""
    import cv2

    height, width = frame.shape[:2]
    factor = min(size[0] / min(height, width), size[1] / max(height, width))
    w, h = max(round(width * factor), 1), max(round(height * factor), 1)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    padded = np.zeros((-(-h // multiple) * multiple, -(-w // multiple) * multiple, 3), np.uint8)
    padded[:h, :w] = cv2.resize(frame, (w, h), interpolation=how)
    return padded, (w, h)


def _containing(box: np.ndarray, placed: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """A person's box (4,), or one around the keypoints, enlarged to contain what was placed (Click-Pose)."""
    box = np.asarray(box, np.float64)
    if not np.isfinite(box).all():
        tight = pose_box(xy)
        margin = BOX_MARGIN * tight[2:].max() + 1
        box = np.concatenate([tight[:2] - margin, tight[2:] + 2 * margin])
    inner = pose_box(placed)
    low, high = np.fmin(box[:2], inner[:2]), np.fmax(box[:2] + box[2:], inner[:2] + inner[2:])
    return np.concatenate([low, high - low])
