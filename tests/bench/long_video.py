"""A video of 100,000 frames: how long until it can be used, how much memory. `python -m tests.bench.long_video`.

Two parts, each in a process of its own. A file (H.264, 320×180, a moving texture, one key frame in two seconds) is
indexed, opened and read at random. A session on as many frames that cost nothing to decode, with a detector that knows
where five people are, is filled, asked for what the editor asks for, closed and opened again.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from impose_widget.core.skeleton import COCO17
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.session import Session
from impose_widget.session.opening import open_journal
from impose_widget.video import open_video
from impose_widget.video.base import Video
from impose_widget.widget.host import Host
from impose_widget.widget.summary import summary
from tests.issues.planted import BODY

WIDTH, HEIGHT, FPS, PEOPLE = 320, 180, 25, 5


def memory() -> float:
    """Resident memory of this process, MB."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


@contextmanager
def row(what: str) -> Iterator[list[str]]:
    """Print how long a block took and what memory is used after it; more words can be put in the list."""
    more: list[str] = []
    began, worked = time.perf_counter(), time.process_time()
    yield more
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    print(f"| {what} | {seconds:.2f} s | {worked:.2f} s | {memory():.0f} MB | {' '.join(more)} |", flush=True)


def _head(title: str) -> None:
    print(f"\n{title}\n\n| | time | processor | memory | |\n|---|---|---|---|---|", flush=True)


def make_file(path: Path, n: int) -> None:
    """Encode n frames, quickly."""
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(0, 255, (HEIGHT // 4 + 16, WIDTH // 4 + 64), np.uint8), np.ones((4, 4), np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "32", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for t in range(n):
            x, y = int(100 + 90 * np.sin(t / 40)), int(20 + 18 * np.cos(t / 30))
            gray = np.ascontiguousarray(texture[y : y + HEIGHT, x : x + WIDTH])
            frame = av.VideoFrame.from_ndarray(gray, format="gray").reformat(format="yuv420p")
            frame.pts = t
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def file_part(path: str, n: int) -> None:
    """Open, read at random."""
    _head(f"A file of {n:,} frames, {Path(path).stat().st_size / 2**20:.0f} MB")
    with row("imported") as more:
        more.append("before anything")
    with row("video opened (indexed)"):
        video = open_video(path)
    with row("session opened, no journal yet"), Session.open(path, model=None) as session:
        assert len(session.video) == n
    rng = np.random.default_rng(0)
    times = []
    with row("100 frames at random") as more:
        for t in rng.integers(0, n, 100):
            began = time.perf_counter()
            video[int(t)]
            times.append(1000 * (time.perf_counter() - began))
        more.append(f"median {np.median(times):.0f} ms, 95 % {np.quantile(times, 0.95):.0f} ms")
    with row("up to 5,000 frames in a row") as more:
        for _ in video.frames(range(n // 2, min(n // 2 + 5000, n))):
            pass
        more.append("memory does not grow with what was read")
    video.close()


class Blank(Video):
    """Frames that cost nothing."""

    def __init__(self, n: int) -> None:
        super().__init__(2**20)
        self.width, self.height, self.fps, self.name = 1280, 720, float(FPS), "blank"
        self.times = np.arange(n) / FPS
        self._image = np.zeros((self.height, self.width, 3), np.uint8)

    def _read(self, frame: int) -> np.ndarray:
        return self._image.view()

    def fingerprint(self) -> dict:
        return {"name": "blank", "n_frames": len(self)}


class Knows:
    """Five people who walk to and fro, each away for some seconds now and then."""

    KEYPOINT_SCORE = 0.2

    def detect(self, frames, indices) -> Detections:
        """Detections of some frames."""
        t, i = (v.reshape(-1) for v in np.meshgrid(indices, np.arange(PEOPLE), indexing="ij"))
        here = (t + 700 * i) % 3000 > 200
        t, i = t[here], i[here]
        middle = np.stack([140 + 230 * i + 80 * np.sin((t + 90 * i) / 60), np.full(len(t), 360.0)], -1)
        xy = BODY + middle[:, None] + np.random.default_rng(indices[0]).normal(0, 1, (len(t), 17, 2))
        score = np.full((len(t), 17, 1), 0.8)
        keypoints = np.concatenate([xy, score], -1).astype(np.float32)
        return Detections(
            t.astype(np.int32), keypoints, pose_box(xy).astype(np.float32), np.full(len(t), 0.9, np.float32)
        )


def session_of(n: int, path: Path) -> Session:
    """A session on blank frames, with a journal on disk."""
    video = Blank(n)
    opened = open_journal(path, True, None, video.fingerprint(), COCO17)
    return Session(video, COCO17, opened, Knows(), FlowFusion(COCO17))


def session_part(folder: str, n: int) -> None:
    """Fill, ask, open again."""
    path = Path(folder) / "long.impose"
    _head(f"A session of {n:,} frames, {PEOPLE} people")
    with row("session opened, no journal yet"):
        session = session_of(n, path)
    work, spent, at = session.iter_initialize(chunk=32, around=n // 2), [], time.process_time()
    with row("people found (no network)") as more:
        for _ in work:
            spent.append(time.process_time() - at)
            at = time.process_time()
        tenth = max(len(spent) // 10, 1)
        first, last = (1000 * float(np.median(part)) for part in (spent[1 : tenth + 1], spent[-tenth:]))
        more.append(f"a chunk of 32: {first:.0f} ms of processor time in the first tenth, {last:.0f} ms in the last;")
        more.append(f"journal {path.stat().st_size / 2**20:.0f} MB, {len(session.state.tracks.ids())} track ids")
    _ask(session, n)
    session.close()
    with row("opened again, everything there") as more:
        session = session_of(n, path)
        more.append(f"{session.state.found.sum():,} frames found")
    session.close()


def _ask(session: Session, n: int) -> None:
    answers: list = []
    host = Host(session, lambda content, buffers: answers.append((content, buffers)), auto_initialize=False)
    with row("what a page asks first") as more:
        text = str(summary(session))
        more.append(f"{len(text) / 1000:.0f} kB of facts")
    with row("poses of 120 frames for a page"):
        host._poses(_request(n // 2, n // 2 + 120))
    with row("issues, the first time") as more:
        more.append(f"{len(session.issues):,} of them")
    track_id = int(session.state.tracks.at(n // 2)[0])
    with row("one click"):
        session.correct(n // 2, track_id, "left_wrist", (300, 300))
    with row("issues after a click"):
        session.next_issue()
    with row("undo"):
        session.undo()
    with row("timeline, 1,000 columns"):
        from impose_widget.widget.lanes import lanes

        lanes(session.state.tracks, 0, n, 1000)
    host.close()


def _request(first: int, stop: int):
    from impose_widget.protocol import WantPoses

    return WantPoses(1, "page", first, stop)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long_video", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--only", choices=("file", "session"))
    parser.add_argument("--file", type=Path, help="use this file, or keep the one that is made here")
    arguments = parser.parse_args()
    spawn = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "long.mp4"
        if arguments.only != "session" and not path.exists():
            began = time.perf_counter()
            make_file(path, arguments.frames)
            print(f"made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        for name, part, where in (("file", file_part, str(path)), ("session", session_part, folder)):
            if arguments.only not in (None, name):
                continue
            process = spawn.Process(target=part, args=(where, arguments.frames))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
