"""Video files, exact to the frame: PyAV with the checks that seeking needs.

What was met in real files and is dealt with here: a container that counts frames which decode to nothing (stream-copied
cuts with edit lists); seeks that land after the frame asked for (MP4 compares decoding times; open groups of pictures)
or anywhere (MPEG-TS); variable frame rates, so that a frame number cannot be computed from a time; packets without time
stamps; damaged packets in the middle.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impose_widget.video.base import CACHE_BYTES, Video
from impose_widget.video.cache import ByteCache

if TYPE_CHECKING:
    from av import VideoFrame

NO_SEEK = ("gif", "apng", "webp")  # each picture builds on the one before, whatever the key frame flags say
TRUSTED = ("mov", "mp4", "matroska", "webm", "mpegts", *NO_SEEK)  # time stamps of packets are those of frames
PROBE = 48  # frames of other containers that are decoded to see whether that is so
TRIES = 3  # key frames further back, before decoding from the start
TWIN_CACHE_BYTES = 64 * 2**20
BLOCK = 2**16  # bytes of the file that the fingerprint reads at its start, middle and end


class ContainerVideo(Video):
    """A video file.

    Attributes:
        short: a sentence, if the file is shorter than it should be.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no video, or has no frames.
    """

    def __init__(self, path: Path, cache_bytes: int = CACHE_BYTES) -> None:
        super().__init__(cache_bytes)
        if not path.is_file():
            raise FileNotFoundError(f"Expected a video file, got {path}, which does not exist.")
        self.path, self.name = path, path.name
        self.short = ""
        # Frames passed on the way to another are kept as they were decoded: stepping back is then free.
        self._decoded = ByteCache(cache_bytes * 3 // 4)
        self._images = ByteCache(cache_bytes // 4)
        self._container: Any = None
        self._at: int | None = None  # time stamp of the frame that the decoder gave last
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def twin(self) -> ContainerVideo:
        """A second decoder: two readers of one decoder would make it seek at every frame."""
        return ContainerVideo(self.path, TWIN_CACHE_BYTES)

    # -- which frames there are ----------------------------------------------------------------------------------

    def _open(self) -> None:
        import av

        self.close()
        try:
            self._container = av.open(str(self.path))
        except (av.error.FFmpegError, ValueError) as error:
            raise ValueError(
                f"Expected a video, got {self.path}, which cannot be read as one ({error}); "
                "is it complete, and really a video?"
            ) from error
        if not self._container.streams.video:
            raise ValueError(f"Expected a video, got {self.path}, which has no picture in it.")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._iterator = self._decode()
        self._at = None

    def _index(self) -> None:
        self._open()
        stamps, keys, countable = self._packet_stamps()
        self._open()
        if not countable or not self._stamps_hold(stamps):
            stamps = keys = self._decoded_stamps()
            countable = False
        self._stamps = sorted(set(stamps))
        first = next(self._iterator, None) if countable else True
        if first is None or not self._stamps:
            raise ValueError(f"Expected a video with at least one frame, got none in {self.path}.")
        if first is not True:  # a cut can begin with pictures that refer to others which are not there
            self._stamps = self._stamps[bisect.bisect_left(self._stamps, first.pts) :]
            self._at = first.pts
        self._frame_of = {stamp: i for i, stamp in enumerate(self._stamps)}
        seekable = countable and self._container.format.name.split(",")[0] not in NO_SEEK
        self._keys = sorted(k for k in keys if k >= self._stamps[0]) if seekable else self._stamps[:1]
        if first is not True:
            self._keep(first)
        self._describe()

    def _packet_stamps(self) -> tuple[list[int], list[int], bool]:
        """Time stamps of all pictures and of the key pictures, without decoding; False if some have none."""
        import av

        stamps, keys, countable, discarded = [], [], True, 0
        try:
            for packet in self._container.demux(self._stream):
                if packet.size == 0:
                    continue
                discarded += packet.is_discard
                if packet.is_discard:
                    continue
                countable &= packet.pts is not None
                stamps.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except av.error.FFmpegError:
            self.short = f"{self.name} ends early or is damaged: frames are counted as far as it can be read."
        promised = self._stream.frames  # by the head of the file; 0 where it does not say
        if 0 < len(stamps) + discarded < promised:
            self.short = (
                f"{self.name} ends early: it should have {promised} frames, {len(stamps)} can be read; "
                "is the copy complete?"
            )
        self._notes += [self.short] if self.short else []
        if discarded:
            self._notes.append(f"{discarded} pictures are cut off by an edit list; they are not counted.")
        countable &= len(set(stamps)) == len(stamps)
        return stamps, keys, countable

    def _stamps_hold(self, stamps: list[int]) -> bool:
        """Whether frames come out with the time stamps of their packets (AVI knows decoding times only)."""
        if self._container.format.name.split(",")[0] in TRUSTED:
            return True
        expected = sorted(stamps)
        got = [frame.pts for _, frame in zip(range(PROBE), self._iterator, strict=False)]
        self._open()
        return got == expected[: len(got)]

    def _decoded_stamps(self) -> list[int]:
        """Count frames by decoding everything once: for files whose packets have no time stamps of use."""
        self._notes.append("Its time stamps are of no use, so it was decoded once to count the frames.")
        self._count = 0
        stamps = [frame.pts for frame in self._iterator]
        self._open()
        return stamps

    _count: int | None = None

    def _decode(self) -> Iterator[VideoFrame]:
        """Frames from here on; a damaged packet is passed over."""
        import av

        count = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            try:
                decoded = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in decoded:
                if self._count is not None:
                    frame.pts, count = count, count + 1
                if frame.pts is not None:
                    yield frame

    def _describe(self) -> None:
        stream, stamps = self._stream, np.array(self._stamps, np.int64)
        base = float(stream.time_base) if self._count is None else 1 / float(stream.average_rate or 25)
        self.times = stamps * base
        step = np.diff(self.times)
        mean = float(step.mean()) if len(step) else 0.0
        self.fps = 1 / mean if mean > 0 else float(stream.average_rate or 25)
        self.width, self.height = stream.codec_context.width, stream.codec_context.height
        if len(step) and step.max() - step.min() > 0.1 * mean + 2 * base:
            self._notes.append(
                f"The frame rate varies ({1 / step.max():.3g} to {1 / step.min():.3g} per second); frames are counted."
            )
        if self.times[0] > mean:
            self._notes.append(f"The first frame is at {self.times[0]:.3f} s, not at 0.")
        ratio = stream.codec_context.sample_aspect_ratio
        if ratio and ratio != 1:
            self._notes.append(f"Pixels are not square ({ratio}); coordinates are in pixels as stored.")
        first = self._decoded.get(0)
        if first is not None and getattr(first, "rotation", 0):
            self._notes.append(
                f"Players turn it by {first.rotation}°; frames and coordinates are as stored, not turned."
            )

    # -- one frame -----------------------------------------------------------------------------------------------

    def _read(self, frame: int) -> np.ndarray:
        image = self._images.get(frame)
        if image is None:
            decoded = self._decoded.get(frame) or self._reach(frame)
            if decoded is None:
                self.broken.add(frame)
                image = self._read(frame - 1).copy() if frame else np.zeros((self.height, self.width, 3), np.uint8)
            else:
                image = self._converter.reformat(decoded, self.width, self.height, "rgb24").to_ndarray()
            self._images.put(frame, image, image.nbytes)
        return image

    def _reach(self, frame: int) -> VideoFrame | None:
        """Decode up to a frame: on from here, from a key frame, from one before, at last from the start."""
        if frame in self.broken:
            return None
        stamp = self._stamps[frame]
        key = max(bisect.bisect_right(self._keys, stamp) - 1, 0)
        if self._container is None:
            self._open()
        ahead = self._at is not None and self._at < stamp
        if ahead and (self._keys[key] <= self._at or self._keys[key] > stamp):
            found = self._run_to(stamp)
            if found is not None:
                return found
        for back in range(min(TRIES, key + 1) if len(self._keys) > 1 else 0):
            if self._seek(self._keys[key - back]):
                found = self._run_to(stamp)
                if found is not None:
                    return found
        self._open()
        return self._run_to(stamp)

    def _seek(self, stamp: int) -> bool:
        import av

        try:
            self._container.seek(stamp, stream=self._stream, backward=True, any_frame=False)
        except av.error.FFmpegError:
            return False
        self._iterator, self._at = self._decode(), None
        return True

    def _run_to(self, stamp: int) -> VideoFrame | None:
        """The frame of a time stamp, decoding forward; None if the decoder is already past it or never gives it."""
        landed = self._at is not None
        for frame in self._iterator:
            if not landed and frame.pts > stamp:
                self._at = frame.pts
                return None  # the seek came down behind the frame
            landed = True
            self._at = frame.pts
            self._keep(frame)
            if frame.pts == stamp:
                return frame
            if frame.pts > stamp:
                return None
        self._at = None
        return None

    @cached_property
    def _converter(self) -> Any:
        """One for all: a frame that converts itself keeps a converter of its own, larger than a small picture."""
        from av.video.reformatter import VideoReformatter

        return VideoReformatter()

    def _keep(self, frame: VideoFrame) -> None:
        number = self._frame_of.get(frame.pts)
        if number is not None:
            self._decoded.put(number, frame, sum(plane.buffer_size for plane in frame.planes))

    def fingerprint(self) -> dict[str, Any]:
        size = self.path.stat().st_size
        digest = hashlib.blake2b(digest_size=16)
        with self.path.open("rb") as file:
            for start in sorted({0, max(size // 2 - BLOCK // 2, 0), max(size - BLOCK, 0)}):
                file.seek(start)
                digest.update(file.read(BLOCK))
        return {
            "kind": "file",
            "bytes": size,
            "frames": len(self),
            "width": self.width,
            "height": self.height,
            "hash": digest.hexdigest(),
        }

    def close(self) -> None:
        with self._lock:
            if self._container is not None:
                self._container.close()
                self._container = None
