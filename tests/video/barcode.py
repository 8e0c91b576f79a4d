"""Made videos whose every frame carries its number as a bar code, in the containers that are known to be difficult."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, BITS, BLOCK = 160, 96, 8, 16
FRAMES = 120


def frame(number: int) -> np.ndarray:
    """(H, W, 3) uint8: a drifting pattern, and in the last rows one block a bit, white for 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([(x * 2 + number * 3) % 256, (y * 3 + number) % 256, (x + y + 2 * number) % 256], -1)
    for bit in range(BITS):
        image[HEIGHT - BLOCK :, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return image.astype(np.uint8)


def number_of(image: np.ndarray) -> int:
    """The number that a decoded frame shows."""
    row = image[HEIGHT - BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK].mean(-1)
    return int(((row > 127) << np.arange(BITS)).sum())


def write(
    path: Path, codec: str = "libx264", times: Sequence[int] | None = None, options: dict | None = None, **settings
) -> Path:
    """Encode `FRAMES` frames; `times` are time stamps in 1/90000 s (3000 apart unless given)."""
    times = range(0, 3000 * FRAMES, 3000) if times is None else times
    with av.open(str(path), "w", options=settings.get("container_options", {})) as container:
        stream = container.add_stream(codec, rate=30, options=options or {})
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = settings.get("pix_fmt", "yuv420p")
        base = settings.get("time_base", Fraction(1, 90000))
        stream.codec_context.time_base = base
        if "gop" in settings:
            stream.codec_context.gop_size = settings["gop"]
        for number, time in enumerate(times):
            image = av.VideoFrame.from_ndarray(frame(number), format="rgb24")
            image.time_base = base
            image.pts = time if base.denominator == 90000 else number
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    return path


def cut(source: Path, path: Path, start: float) -> Path:
    """Copy packets from about `start` seconds on without decoding: begins between key frames, with an edit list."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        old.seek(int(start / stream.time_base), stream=stream)
        first = int(start / stream.time_base)
        for packet in old.demux(stream):
            if packet.dts is None:
                continue
            packet.pts -= first  # frames before the cut get negative times: players, and we, leave them out
            packet.dts -= first
            packet.stream = copy
            new.mux(packet)
    return path


def _variable(path: Path) -> Path:
    rng = np.random.default_rng(0)
    return write(path, times=np.cumsum(rng.choice([1500, 3000, 6000, 9000], FRAMES)).tolist())


OPEN_GOP = {"x264-params": "open-gop=1:keyint=24:bframes=3:b-pyramid=2:scenecut=0"}
KINDS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "B-frames, one group": (".mp4", write),
    "no B-frames": (".mp4", lambda p: write(p, options={"bf": "0"})),
    "open groups": (".mp4", lambda p: write(p, options=OPEN_GOP)),
    "short groups": (".mp4", lambda p: write(p, options={"x264-params": "keyint=10:bframes=2"})),
    "variable rate": (".mp4", _variable),
    "late start": (".mkv", lambda p: write(p, times=range(123456, 123456 + 3000 * FRAMES, 3000))),
    "mkv": (".mkv", write),
    "ts": (".ts", lambda p: write(p, times=range(90000, 90000 + 3000 * FRAMES, 3000), options=OPEN_GOP)),
    "avi": (".avi", lambda p: write(p, "mpeg4", time_base=Fraction(1, 30), options={"b": "2000000"})),
    "avi with B-frames": (
        ".avi", lambda p: write(p, "mpeg4", time_base=Fraction(1, 30), options={"bf": "2", "b": "2000000"}),
    ),
    "vp9": (
        ".webm",
        lambda p: write(p, "libvpx-vp9", options={"crf": "20", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
    ),
    "gif": (".gif", lambda p: write(p, "gif", pix_fmt="rgb8", time_base=Fraction(1, 25))),
}  # fmt: skip
