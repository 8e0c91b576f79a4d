"""Our own point tracker: a small network looks at optical flow's tracks, puts them right, and says when to trust them.

It works in windows of frames that go outwards from where a point was given, to both ends; the template stays what the
point looked like there. torch is imported when a tracker is made.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impose_widget.points.base import PointTracks, checked, exact
from impose_widget.points.seek import Sought

if TYPE_CHECKING:
    from torch import Tensor

    from impose_widget.model.point_network import Estimate, PointNetwork

WINDOW = 21  # side in pixels of what optical flow compares
FINE = 1.0  # pixels of the network's image; what it would move less stays where optical flow, which is finer, says
SURE = 0.2  # from which a point counts as visible: as many wrong ones as optical flow lets pass
KEPT = 64  # frames of which maps are kept
MULTIPLE = 16  # of the network's image


class MiniPoints:
    """`mini`, of a network that is in memory.

    Args:
        network: what `impose-widget train --stage points` trains.
        backbone: MoveNet's, whose first stages it looks through.
        window: side in pixels of what optical flow compares.
    """

    name = "mini"
    license = "Apache-2.0, code and weights (the first stages are MoveNet's, Apache-2.0)"

    def __init__(self, network: PointNetwork, backbone: Any, window: int = WINDOW) -> None:
        self.network, self._backbone, self.window = network.eval(), backbone, window
        self._levels: OrderedDict[bytes, tuple[Tensor, ...]] = OrderedDict()

    def track(self, frames: Sequence[np.ndarray], queries: np.ndarray) -> PointTracks:
        """See `PointTracker`."""
        import cv2

        points = checked(frames, queries)
        frames = [np.ascontiguousarray(f) for f in frames]
        grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
        given = points[:, 0].astype(int)
        xy = np.repeat(points[None, :, 1:], len(frames), 0)
        sure = np.ones(xy.shape[:2])
        for first in np.unique(given):
            mine = np.flatnonzero(given == first)
            for order in (range(first, len(frames)), range(first, -1, -1)):
                if len(order) > 1:
                    at = np.ix_(np.array(order), mine)
                    xy[at], sure[at] = self._outwards(
                        [frames[t] for t in order], [grey[t] for t in order], points[mine, 1:]
                    )
        return exact(PointTracks(xy, sure > SURE, sure), points)

    def _outwards(
        self, frames: list[np.ndarray], grey: list[np.ndarray], given: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 2) of the first frame in all (T, N, 2), and how sure (T, N)."""
        xy = np.repeat(given[None], len(frames), 0)
        sure = np.ones(xy.shape[:2])
        sought = Sought(grey[0], given, self.features(frames[0]), self._scale(frames[0]), self.window)
        step = self.network.config.window - 1
        for start in range(0, len(frames) - 1, step):
            part = slice(start, min(start + step, len(frames) - 1) + 1)
            told = sought.follow(grey[part], [self.features(f) for f in frames[part]], xy[start])
            xy[part], sure[part] = self._put_right(frames[0], frames[part], given, told, start)
        return xy, sure

    def _put_right(
        self, origin: np.ndarray, frames: list[np.ndarray], given: np.ndarray, told: tuple[np.ndarray, ...], age: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """One window, the start of which is `age` frames from where the points were given."""
        flow, trust, alike = told
        scale = self._scale(origin)
        said = self._ask(origin, frames, (given + 0.5) * scale - 0.5, ((flow + 0.5) * scale - 0.5, trust, alike), age)
        xy = said.xy[0].numpy().astype(np.float64)
        sure = (said.visible.sigmoid() * said.right.sigmoid())[0].numpy().astype(np.float64)
        near = np.linalg.norm(xy - ((flow + 0.5) * scale - 0.5), axis=-1) < FINE
        return np.where(near[..., None], flow, (xy + 0.5) / scale - 0.5), sure

    def _ask(
        self, origin: np.ndarray, frames: list[np.ndarray], given: np.ndarray, told: tuple[np.ndarray, ...], age: int
    ) -> Estimate:
        import torch

        from impose_widget.model.point_network import Prior

        n = len(given)
        known = (*told, np.full(n, float(age == 0)), np.full(n, float(age)))
        prior = Prior(*(torch.from_numpy(np.asarray(k, np.float32))[None] for k in known))
        with torch.inference_mode():
            held = [self.features(f) for f in frames]
            levels = tuple(torch.cat(level) for level in zip(*held, strict=True))
            first = torch.from_numpy(given.astype(np.float32))[None]
            return self.network(levels, self.network.templates(self.features(origin), first), prior)[-1]

    def features(self, frame: np.ndarray) -> tuple[Tensor, ...]:
        """What the network looks at in a frame (H, W, 3) uint8; kept for the frames that were asked about last."""
        key = hashlib.blake2b(frame.tobytes(), digest_size=16, person=str(frame.shape).encode()[:16]).digest()
        if key not in self._levels:
            self._levels[key] = self._look(frame)
            while len(self._levels) > KEPT:
                self._levels.popitem(last=False)
        self._levels.move_to_end(key)
        return self._levels[key]

    def _look(self, frame: np.ndarray) -> tuple[Tensor, ...]:
        import cv2
        import torch

        from impose_widget.model.movenet import MoveNet
        from impose_widget.model.point_network import frozen_maps

        scale, (height, width) = self._scale(frame), frame.shape[:2]
        to = np.ceil(np.array([width, height]) * scale / MULTIPLE).astype(int) * MULTIPLE
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else frame
        down, right = to[1] - small.shape[0], to[0] - small.shape[1]
        image = cv2.copyMakeBorder(small, 0, max(down, 0), 0, max(right, 0), cv2.BORDER_REPLICATE)
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
        with torch.inference_mode():
            maps = frozen_maps(self._backbone, MoveNet.normalised(pixels))
            return tuple(m.contiguous() for m in self.network.levels(maps))

    def _scale(self, frame: np.ndarray) -> float:
        """Pixels of the network's image in one of the frame's."""
        return min(1.0, self.network.config.long_side / max(frame.shape[:2]))


def mini(weights: str | Path) -> MiniPoints:
    """`mini` from a file that `impose-widget train --stage points` wrote.

    Raises:
        FileNotFoundError, ValueError: there is no such file, or it is another one.
    """
    from impose_widget.detect import WEIGHTS
    from impose_widget.model.movenet import MoveNet
    from impose_widget.model.point_file import load_points
    from impose_widget.model.weights import load_weights

    network, movenet = load_points(Path(weights)), MoveNet()
    load_weights(movenet, WEIGHTS)
    return MiniPoints(network, movenet.backbone.eval().requires_grad_(False))
