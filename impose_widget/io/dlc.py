"""DeepLabCut's CSV: a row a frame, column heads of three or four lines (scorer, individuals, bodyparts, coords).

Predictions have x, y, likelihood and frame numbers; training labels (`CollectedData`) have x, y and the path of a
picture in front. Positions: pixels with integers at pixel centres, offset 0, as DeepLabCut's own. A keypoint without
x and y is absent; DeepLabCut has no word for occluded.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.io.extras import attrs_of, facts_of
from impose_widget.io.format import LEFT_OUT, NO_FACTS, NUMBERED_ANEW, VISIBLE_ONLY, Format
from impose_widget.io.numbers import frames_of_names
from impose_widget.io.people import MOST_CELLS, somebody
from impose_widget.io.replace import replacing
from impose_widget.io.source import Source, brief
from impose_widget.io.wide import arrays, from_arrays, person_names

CANNOT = (
    NO_FACTS
    | VISIBLE_ONLY
    | NUMBERED_ANEW
    | {"nobody": LEFT_OUT}
    | dict.fromkeys(("time", "skeleton", "video", "boxes", "head_boxes", "regions", "images"), LEFT_OUT)
)
FORMAT = Format("dlc", (".dlc.csv", ".csv"), "DeepLabCut's CSV, of one animal or several.", CANNOT)
HEADS = ("scorer", "individuals", "bodyparts", "coords")
SINGLE = "single"  # DeepLabCut's word for the individual of bodyparts that exist once
LONGEST_FIELD = 1_000_000


def sniff(source: Source) -> bool:
    """Whether its first line begins with `scorer`."""
    return source.start[:20].strip().strip('"').lower().startswith("scorer")


def read(source: Source) -> pd.DataFrame:
    """Read predictions or training labels."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        rows = [row for row in csv.reader(io.StringIO(source.text, newline="")) if row]
    except csv.Error as error:
        raise ValueError(f"Expected CSV, got {source}, which is none ({error}).") from error
    heads: dict[str, list[str]] = {}
    while rows and rows[0][0].strip().lower() in HEADS and rows[0][0].strip().lower() not in heads:
        row = rows.pop(0)
        heads[row[0].strip().lower()] = row
    if not {"bodyparts", "coords"} <= set(heads):
        raise ValueError(
            f"Expected DeepLabCut's column heads ({', '.join(HEADS)}), got {', '.join(heads) or 'none'} in {source}."
        )
    if len({len(head) for head in heads.values()}) > 1:
        raise ValueError(f"Expected column heads of one length, got others in {source}; was it cut short?")
    first = _first_column(heads)
    individuals = heads.get("individuals", heads["bodyparts"])[first:] if "individuals" in heads else None
    return table_of_columns(
        individuals,
        heads["bodyparts"][first:],
        heads["coords"][first:],
        _numbers(rows, first, len(heads["coords"]), source),
        ["/".join(row[:first]) for row in rows],
        str(source),
    )


def _first_column(heads: dict[str, list[str]]) -> int:
    """Labels may have the picture's path in one column or in three; the heads of the others are empty."""
    first = 1
    while first < 3 and first < len(heads["coords"]) and not heads["coords"][first].strip():
        first += 1
    return first


def _numbers(rows: list[list[str]], first: int, width: int, source: Source) -> np.ndarray:
    out = np.full((len(rows), width - first), np.nan)
    for i, row in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"Expected {width} columns, got {len(row)} in row {i + 1} of {source}; was it cut short?")
        for j, text in enumerate(row[first:]):
            if text:
                try:
                    out[i, j] = float(text)
                except ValueError as error:
                    raise ValueError(f"Expected numbers, got {brief(text)} in row {i + 1} of {source}.") from error
    return out


def table_of_columns(
    individuals: list[str] | None, parts: list[str], coords: list[str], values: np.ndarray, index: list[str], what: str
) -> pd.DataFrame:
    """The table of DeepLabCut's columns: values (T, C), names (C,) of each column, and what stands before each row."""
    people = list(dict.fromkeys(individuals)) if individuals is not None else ["person0"]
    names = tuple(dict.fromkeys(parts))
    if not names or not all(names):
        raise ValueError(f"Expected names of bodyparts, got none in {what}.")
    if len(values) * len(people) * len(names) > MOST_CELLS:
        raise ValueError(f"Expected a table that fits into memory, got {len(people)} individuals in {what}.")
    planes = {c: np.full((len(values), len(people), len(names)), np.nan, np.float32) for c in ("x", "y", "likelihood")}
    owners = individuals if individuals is not None else ["person0"] * len(parts)
    place, at = {n: i for i, n in enumerate(people)}, {n: i for i, n in enumerate(names)}
    for column, (owner, part, coord) in enumerate(zip(owners, parts, coords, strict=True)):
        if coord in planes:
            with np.errstate(over="ignore"):  # what is beyond float32 becomes infinity, which is refused below
                planes[coord][:, place[owner], at[part]] = values[:, column]
    if np.isinf(planes["x"]).any() or np.isinf(planes["y"]).any():
        raise ValueError(f"Expected x and y as finite numbers, got infinity in {what}.")
    frames, images = _frames(index)
    planes["score"] = planes.pop("likelihood")
    attrs = attrs_of(images=facts_of(images, "images"))
    if len(set(frames)) < len(frames):
        raise ValueError(f"Expected every frame once, got some twice in {what}.")
    return from_arrays(people, names, planes, np.array(frames, np.int64), attrs, what)


def _frames(index: list[str]) -> tuple[list[int], list[tuple]]:
    """Frames of the rows: their numbers, or the numbers in the names of pictures."""
    try:
        numbers = [int(float(text)) for text in index]
        if all(0 <= n < 2**31 for n in numbers):
            return numbers, []
    except (ValueError, OverflowError):
        pass
    frames = frames_of_names(index)
    return frames, [(f, n, None, None) for f, n in zip(frames, index, strict=True)]


def write(poses: pd.DataFrame, path: Path) -> None:
    """Write predictions: a row for every frame of the video, individuals by name (`person3`)."""
    somebody(poses, "DeepLabCut's table")
    frames, ids, values = arrays(poses)
    names = [person_names(poses)[i] for i in ids]
    keypoints = [str(k) for k in poses["keypoint"].cat.categories]
    planes = np.stack([values["x"], values["y"], values["score"]], -1).reshape(len(frames), -1)
    text = np.where(np.isfinite(planes), planes.astype("U"), "")
    columns = [(n, k, c) for n in names for k in keypoints for c in ("x", "y", "likelihood")]
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL if _odd(columns) else csv.QUOTE_MINIMAL)
        writer.writerow(["scorer", *("impose-widget" for _ in columns)])
        for i, head in enumerate(HEADS[1:]):
            writer.writerow([head, *(c[i] for c in columns)])
        for frame, row in zip(frames.tolist(), text.tolist(), strict=True):
            writer.writerow([frame, *row])


def _odd(columns: list[tuple[str, ...]]) -> bool:
    return any("\r" in word for column in columns for word in column)
