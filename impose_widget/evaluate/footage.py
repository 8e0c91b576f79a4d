"""Footage: a video as methods see it, with detections that all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.evaluate.code import DETECTION, code_digest
from impose_widget.video import Video, open_video

if TYPE_CHECKING:
    from impose_widget.core.detections import Detections
    from impose_widget.detect import Detector

LEAST_SCORE = 0.15
"""Of people whom the baselines take over from the detector; weaker ones are more often nobody."""


class Footage:
    """Frames, and what the detector sees in them; no labels.

    Args:
        source: whatever `open_video` takes, or a part of another video (frames (T, H, W, 3) uint8 RGB).
        skeleton: the keypoints to annotate.
        detector_size: pixels of the longer side that the network sees; None for its usual size.
        cache: folder in which detections are kept between runs; None for none.
        name: for reports; None: the video's.
        detector: finds people in the place of the network that ships; what it finds is not kept.
    """

    def __init__(
        self,
        source: object,
        skeleton: Skeleton = COCO17,
        detector_size: int | None = None,
        cache: Path | None = None,
        name: str | None = None,
        detector: Detector | None = None,
    ) -> None:
        self.source = source
        self.video: Video = open_video(source)
        self.skeleton = skeleton
        self.detector_size = detector_size
        self.cache = cache if detector is None else None
        self.name = name or self.video.name
        self._readings: list[np.ndarray] | None = None
        self._found: Detections | None = None
        self._detector = self._own_detector = detector

    def __len__(self) -> int:
        return len(self.video)

    @property
    def has_network(self) -> bool:
        """Whether there is a network that knows the skeleton."""
        return self._own_detector is not None or self.skeleton.keypoints == COCO17.keypoints

    @property
    def key(self) -> str:
        """Tells this footage and its detections from others: part of file names in caches."""
        import hashlib
        import json

        facts = [self.video.fingerprint(), self.skeleton.to_json(), self.detector_size, code_digest(*DETECTION)]
        return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()

    def detector(self) -> Detector:
        """What finds people: the one given, or the network that ships at this footage's size."""
        if self._detector is None:
            from impose_widget.detect import SIZE, MoveNetDetector

            self._detector = MoveNetDetector(size=self.detector_size or SIZE)
        return self._detector

    def readings(self) -> list[np.ndarray]:
        """Per frame, the poses (n, K, 3) of the people whom the network finds, best first."""
        if self._readings is None:
            found = self.detections()
            take = found.score >= LEAST_SCORE
            frame, poses = found.frame[take], found.keypoints[take].astype(float)
            self._readings = [poses[frame == t] for t in range(len(self))]
        return self._readings

    def detections(self) -> Detections:
        """Everything that the network finds in all frames, looked for once."""
        if self._found is None:
            path = None if self.cache is None else self.cache / f"detections-{self.key}.npz"
            held = self._held(path)
            self._found = self._look(path) if held is None else held
        return self._found

    def _held(self, path: Path | None) -> Detections | None:
        from impose_widget.core.detections import Detections

        if path is None or not path.exists():
            return None
        with np.load(path) as held:
            return Detections(*(held[name] for name in Detections.__slots__))

    def _look(self, path: Path | None) -> Detections:
        from impose_widget.core.detections import Detections

        detector, frames = self.detector(), range(len(self))
        parts = [detector.detect(list(self.video.frames(frames[i : i + 16])), frames[i : i + 16]) for i in frames[::16]]
        found = Detections.concatenate(parts)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".part.npz")
            np.savez(partial, **{name: getattr(found, name) for name in Detections.__slots__})
            partial.replace(path)
        return found

    def on(self, source: object, name: str | None = None) -> Footage:
        """Other frames with the same skeleton and detector."""
        return Footage(source, self.skeleton, self.detector_size, self.cache, name or self.name, self._own_detector)

    def without(self, keep: np.ndarray) -> Footage:
        """The same video with a detector that misses things: only some detections (M,) bool of `detections()` stay."""
        other = self.on(self.source)
        other._found = self.detections()[np.asarray(keep, bool)]
        return other

    def reading(self, readings: list[np.ndarray]) -> Footage:
        """The same video, read by somebody else: per frame, poses (n, K, 3)."""
        other = self.on(self.source)
        other._readings = readings
        return other

    def close(self) -> None:
        """Let go of the video."""
        self.video.close()
