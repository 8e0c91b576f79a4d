"""Smooth strokes with transparency and sub-pixel places: the few shapes of which a skeleton is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from impose_widget.render.palette import Colour

SHIFT = 4  # bits behind the point that OpenCV's drawing takes
UNIT = 1 << SHIFT


def _fixed(values: Sequence[float] | np.ndarray) -> np.ndarray:
    return np.round(np.asarray(values, float) * UNIT).astype(np.int32)


def blend(
    image: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    colour: Colour,
    alpha: float,
    draw: Callable[[np.ndarray, np.ndarray], None],
) -> None:
    """Colour an image where `draw(mask, origin)` draws white into a mask of the part between two corners. In place."""
    height, width = image.shape[:2]
    x0, y0 = np.maximum(np.floor(low), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high) + 1, (width, height)).astype(int)
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    draw(mask, np.array((x0, y0), float))
    part = image[y0:y1, x0:x1]
    share = mask[..., None] * np.float32(alpha / 255)
    part[:] = np.rint(part + (np.array(colour, np.float32) - part) * share).astype(np.uint8)


def limb(
    image: np.ndarray, a: np.ndarray, b: np.ndarray, radius: float, colour: Colour, alpha: float, dashed: bool = False
) -> None:
    """A bar with round ends from `a` to `b` (x, y), `radius` pixels to either side; or dashes. In place."""
    import cv2

    a, b = np.asarray(a, float), np.asarray(b, float)
    along = b - a
    length = float(np.hypot(*along))
    if length < 1e-6:
        return
    step = along / length
    across = np.array([-step[1], step[0]]) * radius
    starts = np.arange(0, length, max(7 * radius, 9)) if dashed else np.array([0.0])
    ends = np.minimum(starts + max(3.5 * radius, 4.5), length) if dashed else np.array([length])

    def draw(mask: np.ndarray, origin: np.ndarray) -> None:
        for start, end in zip(starts, ends, strict=True):
            p, q = a + step * start - origin, a + step * end - origin
            corners = np.stack([p + across, q + across, q - across, p - across])
            cv2.fillConvexPoly(mask, _fixed(corners), 255, cv2.LINE_AA, SHIFT)
            if not dashed:
                for end_of_limb in (p, q):
                    cv2.circle(mask, _fixed(end_of_limb).tolist(), round(radius * UNIT), 255, -1, cv2.LINE_AA, SHIFT)

    margin = radius + 2
    blend(image, np.minimum(a, b) - margin, np.maximum(a, b) + margin, colour, alpha, draw)


def dot(image: np.ndarray, centre: np.ndarray, radius: float, colour: Colour, alpha: float = 1.0) -> None:
    """A filled circle. In place."""
    import cv2

    def draw(mask: np.ndarray, origin: np.ndarray) -> None:
        cv2.circle(mask, _fixed(centre - origin).tolist(), round(radius * UNIT), 255, -1, cv2.LINE_AA, SHIFT)

    centre = np.asarray(centre, float)
    blend(image, centre - radius - 2, centre + radius + 2, colour, alpha, draw)


def ring(
    image: np.ndarray, centre: np.ndarray, radius: float, width: float, colour: Colour, alpha: float = 1.0
) -> None:
    """A circle whose line, `width` pixels wide, runs at `radius` pixels from the centre. In place."""
    import cv2

    def draw(mask: np.ndarray, origin: np.ndarray) -> None:
        at = _fixed(centre - origin).tolist()
        inner = np.zeros_like(mask)
        cv2.circle(mask, at, round((radius + width / 2) * UNIT), 255, -1, cv2.LINE_AA, SHIFT)
        cv2.circle(inner, at, round(max(radius - width / 2, 0) * UNIT), 255, -1, cv2.LINE_AA, SHIFT)
        np.subtract(mask, np.minimum(inner, mask), out=mask)

    centre = np.asarray(centre, float)
    margin = radius + width + 2
    blend(image, centre - margin, centre + margin, colour, alpha, draw)


def plate(image: np.ndarray, box: tuple[float, float, float, float], colour: Colour, alpha: float) -> None:
    """A filled rectangle x, y, width, height with round corners. In place."""
    import cv2

    x, y, w, h = box
    r = min(w, h) * 0.28
    centres = np.array([(x + r, y + r), (x + w - r, y + r), (x + w - r, y + h - r), (x + r, y + h - r)])
    turn = np.deg2rad(np.arange(0, 91, 15))
    arc = np.stack([np.cos(turn), np.sin(turn)], -1) * r
    quarters = [np.array([[-1, 0], [0, -1]]), np.array([[0, 1], [-1, 0]]), np.eye(2), np.array([[0, -1], [1, 0]])]
    outline = np.concatenate([c + arc @ q.T for c, q in zip(centres, quarters, strict=True)])

    def draw(mask: np.ndarray, origin: np.ndarray) -> None:
        cv2.fillConvexPoly(mask, _fixed(outline - origin), 255, cv2.LINE_AA, SHIFT)

    blend(image, np.array([x, y]) - 2, np.array([x + w, y + h]) + 2, colour, alpha, draw)
