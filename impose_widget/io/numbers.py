"""Numbers as text and back, without a digit too many or too few."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def texts(values: np.ndarray, unknown: str = "null") -> pa.StringArray:
    """The numbers of an array, one after the other, as JSON's text with as few digits as their type needs.

    Arrow prints a float32 with the digits that tell it from its neighbours, as numpy does, in a tenth of the time.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = np.ascontiguousarray(values).reshape(-1)
    known = np.isfinite(flat) if flat.dtype.kind == "f" else np.ones(len(flat), bool)
    out = pc.cast(pa.array(flat, mask=~known), pa.string())
    negative = np.signbit(flat) & (flat == 0) if flat.dtype.kind == "f" else ~known
    out = pc.if_else(pa.array(negative), "-0.0", out) if negative.any() else out  # -0 is a whole number to JSON
    return pc.fill_null(out, unknown)


def lists(numbers: pa.StringArray, n: int) -> list[str]:
    """Some texts of numbers as n of JSON's lists of equal length."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = np.arange(n + 1, dtype=np.int32) * (len(numbers) // max(n, 1))
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), numbers), ",")
    return pc.binary_join_element_wise("[", joined, "]", "").to_pylist()


def shortest(values: np.ndarray, unknown: float | None = 0) -> np.ndarray:
    """Python numbers that print with as few digits as the type needs; `unknown` where they are NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = values.reshape(-1)
    if flat.dtype == np.float32:  # a float64 made of its digits prints the same
        out = pc.cast(texts(flat, "0"), pa.float64()).to_numpy(zero_copy_only=False).astype(object)
    else:
        out = flat.astype(np.float64).astype(object)
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
