"""Serves the bundle, a page and a scene on loopback, and drives them with the system's browser."""

from __future__ import annotations

import http.server
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import simplejpeg

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDTH, HEIGHT, N_FRAMES, FPS = 640, 360, 66, 30.0
BITS = 8
KEYPOINTS = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
).split()
EDGES = [[5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16]]
PAIRS = [[i, i + 1] for i in range(1, 17, 2)]
# A standing person of height 1: where each keypoint is, from the middle of the hips.
STANDING = np.array(
    [(0, -0.55), (0.02, -0.58), (-0.02, -0.58), (0.05, -0.57), (-0.05, -0.57), (0.12, -0.42), (-0.12, -0.42)]
    + [(0.16, -0.22), (-0.16, -0.22), (0.18, -0.04), (-0.18, -0.04), (0.08, 0), (-0.08, 0), (0.09, 0.24)]
    + [(-0.09, 0.24), (0.1, 0.45), (-0.1, 0.45)]
)


def build_hook() -> ModuleType:
    """js/hatch_build.py as a module; it is no part of a package."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "js" / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    return hook


def bundle() -> Path:
    """The folder of the front end's bundle, brought up to date."""
    hook = build_hook()
    hook.build()
    return hook.STATIC


def made_frame(frame: int) -> np.ndarray:
    """A picture (H, W, 3) whose left edge spells the frame's number in white and black blocks."""
    rows = np.linspace(60, 130, HEIGHT, dtype=np.uint8)[:, None]
    picture = np.repeat(np.repeat(rows, WIDTH, 1)[..., None], 3, 2).copy()
    picture[..., 2] += 30
    for bit in range(BITS):
        on = frame >> bit & 1
        picture[HEIGHT - 20 :, 20 * bit : 20 * bit + 20] = 255 if on else 0
    return picture


def made_scene(n_people: int = 3, n_frames: int = N_FRAMES) -> dict[str, Any]:
    """Three people who walk to the right; what a kernel would hold about them."""
    poses: dict[str, Any] = {}
    for frame in range(n_frames):
        here = poses[str(frame)] = {}
        for person in range(n_people):
            middle = np.array([120.0 + 170 * person + 1.0 * frame, 190.0])
            xy = middle + 200 * STANDING
            here[str(person)] = {
                "xy": xy.round(2).tolist(),
                "score": [230] * 17,
                "flags": [2] * 17,
                "box": [float(middle[0] - 45), 60.0, 90.0, 230.0],
                "marks": 0,
            }
    video = {"name": "made.mp4", "width": WIDTH, "height": HEIGHT, "fps": FPS, "n_frames": n_frames, "notes": []}
    skeleton = {
        "name": "coco17",
        "keypoints": KEYPOINTS,
        "edges": EDGES,
        "flip_pairs": PAIRS,
        "sigmas": [0.05] * 17,
    }
    return {"video": video, "skeleton": skeleton, "times": [i / FPS for i in range(n_frames)], "poses": poses}


def made_jpeg(frame: int) -> bytes:
    return simplejpeg.encode_jpeg(np.ascontiguousarray(made_frame(frame)), quality=85)


@contextmanager
def serve(scene: dict[str, Any], jpeg: Callable[[int], bytes]) -> Iterator[str]:
    """Serves everything that the page needs; yields the page's address."""
    static = bundle()
    files = {
        "widget.js": (static / "widget.js", "text/javascript"),
        "widget.css": (static / "widget.css", "text/css"),
        "fake_kernel.js": (HERE / "fake_kernel.js", "text/javascript"),
        "page.html": (HERE / "page.html", "text/html"),
        "framed.html": (HERE / "framed.html", "text/html"),
    }
    described = json.dumps(scene).encode()
    pictures: dict[int, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.partition("?")[0].lstrip("/")
            if name == "scene.json":
                return self.answer(described, "application/json")
            if name.startswith("frames/"):
                frame = int(name[7:-4])
                if frame not in pictures:
                    pictures[frame] = jpeg(frame)
                return self.answer(pictures[frame], "image/jpeg")
            if name not in files:
                return self.send_error(404)
            path, kind = files[name]
            return self.answer(path.read_bytes(), kind)

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Access-Control-Allow-Origin", "*")  # a sandboxed frame has no origin
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/page.html"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
