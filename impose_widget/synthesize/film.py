"""From light to an image file: focus, exposure, the sensor's noise, compression."""

from __future__ import annotations

import cv2
import numpy as np

from impose_widget.synthesize.scene import Film


def developed(light: np.ndarray, depth: np.ndarray, film: Film, rng: np.random.Generator) -> np.ndarray:
    """An image (H, W, 3) uint8 RGB from linear light (H, W, 3) and depth in metres (H, W)."""
    height, width = depth.shape
    if film.aperture > 0:
        light = _defocused(light, np.abs(1 / depth - 1 / film.focus) * film.aperture * height / 480)
    if film.soft > 0:
        light = cv2.GaussianBlur(light, (0, 0), film.soft)
    if film.vignette > 0:
        y, x = np.mgrid[:height, :width]
        r2 = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4
        light = light * (1 - film.vignette * r2)[..., None].astype(np.float32)
    light = np.maximum(light * (film.exposure * film.warmth).astype(np.float32), 0)
    if film.noise > 0:
        spread = film.noise / 255 * np.sqrt(np.maximum(light, 0.02))
        light = light + spread * rng.standard_normal(light.shape, np.float32)
    light = np.clip(light, 0, None)
    light = np.where(light < 0.7, light, 0.7 + 0.3 * (1 - np.exp(-(light - 0.7) / 0.3)))  # highlights roll off
    image = np.clip(np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055), 0, 1)
    image = np.rint(image * 255).astype(np.uint8)
    if film.jpeg is not None:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(film.jpeg)])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return image


def _defocused(light: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Blur by a radius (H, W) in pixels, between a few blurred copies; the radius itself has soft edges."""
    radius = cv2.GaussianBlur(np.minimum(radius, 12).astype(np.float32), (0, 0), 2)
    steps = (0.0, 1.5, 4.0, 9.0)
    copies = [light] + [cv2.GaussianBlur(light, (0, 0), s * 0.6) for s in steps[1:]]
    out = light.copy()
    for a, b, near, far in zip(copies, copies[1:], steps, steps[1:], strict=False):
        share = np.clip((radius - near) / (far - near), 0, 1)[..., None]
        out = np.where(radius[..., None] > near, a * (1 - share) + b * share, out)
    return out
