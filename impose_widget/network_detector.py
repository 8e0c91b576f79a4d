"""IMPose as the detector of a session: everybody in a frame, the pose in a drawn box, a person beside corrections.

What the encoder made of a frame is kept, so that a correction costs a pass of the decoder alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import box_iou, oks, person_area, pose_box
from impose_widget.core.prior import Anchor, Prior
from impose_widget.core.skeleton import COCO17
from impose_widget.cutting import BOX_MARGIN, Cut, person_box
from impose_widget.detect import BOX_FIT, LOW_SCORE, WEIGHTS, MoveNetDetector, checked_frame, distinct
from impose_widget.network_memory import BOUND, Memories

if TYPE_CHECKING:
    from torch import Tensor

    from impose_widget.model.hints import Hints
    from impose_widget.model.impose import Detection
    from impose_widget.model.memory import Memory

CUT, CUT_SHARE = 256, 0.75  # pixels of a person cut out, and how much of them the person takes
OWN = 0.1  # OKS above which a reading is of the same person


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
        self,
        weights: str | Path,
        device: str = "auto",
        size: tuple[int, int] | None = None,
        cache: int = BOUND,
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
        self.memories = Memories(self.network, self._device, cache)

    def detect(self, frames: Sequence[np.ndarray], indices: Sequence[int]) -> Detections:
        """Everybody in some frames, rows sorted by frame, then score; see `impose_widget.detect.Detector`."""
        if self._finder is not None:
            return self._finder.detect(frames, indices)
        if len(frames) != len(indices):
            raise ValueError(f"Expected as many numbers as frames, got {len(indices)} and {len(frames)}.")
        parts = [Detections.empty(len(COCO17))]
        for frame, number in zip(frames, indices, strict=True):
            memory = self.memories.of(checked_frame(frame), self.size)
            parts.append(distinct(self._detections(self._run("detect", memory), frame, number), LOW_SCORE))
        return Detections.concatenate(parts)

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        """The person in a drawn box (x, y, width, height): one detection of frame 0, or none."""
        if self._finder is not None:
            return self._finder.detect_in_box(frame, box)
        box = np.asarray(box, np.float64)
        memory = self.memories.of(checked_frame(frame), self.size)
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
        cut = Cut.of(checked_frame(frame), xy, CUT, CUT_SHARE)
        new, score = self._refine(cut.image, cut.into(xy).astype(np.float32), anchor, box, (CUT, CUT))
        return np.where(anchor[:, None], xy, cut.back(new)).astype(np.float32), score

    def _refine(
        self,
        frame: np.ndarray,
        xy: np.ndarray,
        anchor: np.ndarray,
        box: np.ndarray,
        limits: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        memory = self.memories.of(checked_frame(frame), limits or self.size)
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

        memory, image = together([self.memories.of(checked_frame(f), self.size) for f in frames]), frames[0]
        n, people, k = prior.deviation.shape
        boxes = np.array([[person_box(xy) for xy in row] for row in prior.xy])
        pairs = [zip(*row, strict=True) for row in zip(prior.xy, boxes, strict=True)]
        start = np.array([[self._start(xy, box, image) for xy, box in row] for row in pairs])
        shares = np.array([[self._shares(box, image) for box in row] for row in boxes])
        residuals, looks, contents = zip(*(self._anchored(a, content == "anchor") for a in anchors), strict=True)
        told = _repeated(contents, n) if content == "anchor" else None
        hints = None
        if self.network.config.hints:
            residual = np.broadcast_to(np.stack(residuals), (n, people, k, 2))
            size = boxes[..., 2:].max(-1)[..., None]
            hints = self._hints(self._in_shares(prior.reading, image), prior.deviation / size, residual)
            hints = hints._replace(looks=_repeated(looks, n))
        free = ~self._tensor(prior.held).bool()
        found = self._run("carry", memory, self._tensor(shares), self._tensor(start), free, told, hints)
        extent = np.array(image.shape[1::-1])
        xy = found.final.keypoints.cpu().numpy() * extent - self.network.config.pixel_centre
        xy = np.where(prior.held[..., None], prior.xy, xy).astype(np.float32)
        score = keypoint_scores(found, found.final.logits[..., 1].sigmoid()).cpu().numpy()
        return xy, deviation_of(score, person_area(xy))

    def prepare(self, frame: np.ndarray) -> None:
        """Compute what a correction in this frame would need, if it is not there yet."""
        self.memories.of(checked_frame(frame), self.size)

    # -- the network ---------------------------------------------------------------------------------------------

    def _run(self, what: str, *tensors: object) -> Detection:
        import torch

        with torch.inference_mode():
            return getattr(self.network, what)(*tensors)

    def _tensor(self, values: np.ndarray) -> Tensor:
        import torch

        return torch.from_numpy(np.asarray(values, np.float32)).to(self._device)

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
        memory = self.memories.of(checked_frame(anchor.frame), self.size)
        at = self._tensor(self._start(known, box, anchor.frame)[None])
        looks = memory.pooled(at)[0]
        looks[~placed] = float("nan")
        if not with_content:
            return residual, looks, None
        shares = self._tensor(self._shares(box, anchor.frame)[None, None])
        found = self._run("refine", memory, shares, at[None], ~self._tensor(placed[None, None]).bool())
        return residual, looks, found.content[0, 0]

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


def _repeated(people: Sequence[Tensor], n: int) -> Tensor:
    """Tensors of P people, once for each of n frames."""
    import torch

    return torch.stack(list(people))[None].expand(n, *[-1] * (people[0].dim() + 1))


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


def own_reading(readings: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Which of N readings (N, K, 3) is of a person with keypoints (K, 2): (K, 3), NaN if none is."""
    if len(readings):
        alike = oks(xy[None], readings[..., :2], person_area(xy)[None], COCO17.sigma_array)[0]
        if alike.max() > OWN:
            return readings[int(alike.argmax())]
    return np.full((len(xy), 3), np.nan)


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
