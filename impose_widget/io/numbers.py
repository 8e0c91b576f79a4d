"""Numbers as text and back, without a digit too many or too few."""

from __future__ import annotations

import re

import numpy as np


def shortest(values: np.ndarray, unknown: float | None = 0) -> np.ndarray:
    """Python numbers that print with as few digits as the type needs; `unknown` where they are NaN."""
    flat = values.reshape(-1)
    # numpy prints a float32 with the digits that tell it from its neighbours; a float64 made of them prints the same.
    out = flat.astype("U").astype(np.float64) if flat.dtype == np.float32 else flat.astype(np.float64)
    out = out.astype(object)
    out[~np.isfinite(flat)] = unknown
    return out.reshape(values.shape)


def trailing_number(name: str) -> int | None:
    """The last whole number in a name, its directory and ending aside: `clip_000012.jpg` → 12."""
    stem = re.split(r"[\\/]", name)[-1]
    stem = re.sub(r"(_keypoints)?\.[A-Za-z]\w{0,5}$", "", stem)
    found = re.findall(r"\d+", stem)
    return int(found[-1]) if found and len(found[-1]) < 16 else None


def frames_of_names(names: list[str]) -> list[int]:
    """A frame for each of some distinct names of pictures: the numbers in them, or else their order."""
    numbers = [trailing_number(n) for n in names]
    if any(n is None or n >= 2**31 for n in numbers) or len(set(numbers)) < len(numbers):
        return list(range(len(names)))
    return [int(n) for n in numbers]  # type: ignore[arg-type]
