"""How sharp the image is about each keypoint: the variance of its Laplacian, the measure of blur of the paper (V-F)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from impose_widget.core.geometry import person_area
from impose_widget.core.pose import OCCLUDED, VISIBLE
from impose_widget.guidelines.judge import GIVEN

if TYPE_CHECKING:
    from impose_widget.video import Video

SHARE = 0.1  # of a person's size: half the side of the square that is looked at
LEAST = 3  # pixels of it
BLURRED = 0.15
"""Share of the person's usual sharpness below which a keypoint is called blurred, where the guidelines say nothing."""
SAMPLES = 5  # frames of a person that say what is usual


def sharpness(poses: pd.DataFrame, video: Video) -> np.ndarray:
    """(rows,) variance of the Laplacian about each keypoint of a table; NaN where it has no place on the image."""
    import cv2

    out = np.full(len(poses), np.nan)
    for frame, rows in poses.groupby("frame").indices.items():
        grey = cv2.cvtColor(video[int(frame)], cv2.COLOR_RGB2GRAY)
        detail = cv2.Laplacian(grey, cv2.CV_32F)
        here = poses.iloc[rows]
        for _, at in here.groupby("track_id").indices.items():
            xy = here[["x", "y"]].to_numpy(float)[at]
            half = max(LEAST, round(SHARE * float(np.sqrt(np.nan_to_num(person_area(xy))))))
            for row, (x, y) in zip(rows[at], xy, strict=True):
                if np.isfinite(x) and 0 <= x < grey.shape[1] and 0 <= y < grey.shape[0]:
                    x, y = round(x), round(y)
                    out[row] = detail[max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1].var()
    return out


def call_blurred_occluded(poses: pd.DataFrame, video: Video, least: float) -> tuple[pd.DataFrame, int]:
    """The table with blurred keypoints called occluded, and how many; only those that a machine made are judged.

    Blurred: sharpness below the share `least` of the median of the same person's keypoints in the whole video.
    """
    if least <= 0 or not len(poses):
        return poses, 0
    sharp = sharpness(poses, video)
    usual = pd.Series(sharp).groupby(poses["track_id"].to_numpy()).transform("median").to_numpy()
    made = ~poses["source"].isin(GIVEN).to_numpy() & ~poses["anchor"].to_numpy()
    blurred = made & (poses["visibility"] == VISIBLE).to_numpy() & (sharp < least * usual)
    out = poses.copy()
    out.loc[blurred, "visibility"] = np.int8(OCCLUDED)
    out.attrs = poses.attrs
    return out, int(blurred.sum())


def blurred_keypoints(poses: pd.DataFrame, everywhere: pd.DataFrame, video: Video, least: float = 0) -> list[list[str]]:
    """Names of visible keypoints that are blurred, for each person and frame of a table (by frame, then track id).

    Args:
        poses: whom to look at.
        everywhere: these people in all their frames; some of them say how sharp a person usually is.
        video: the images.
        least: share of the usual sharpness; 0 for `BLURRED`.
    """
    usual = {}
    for track_id in poses["track_id"].unique():
        own = everywhere[everywhere["track_id"] == track_id]
        frames = own["frame"].unique()
        some = frames[np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).round().astype(int)]
        values = sharpness(own[own["frame"].isin(some)], video)
        usual[track_id] = np.nanmedian(values) if np.isfinite(values).any() else np.nan
    sharp = sharpness(poses, video)
    limit = (least or BLURRED) * poses["track_id"].map(usual).to_numpy(float)
    with np.errstate(invalid="ignore"):
        blurred = (poses["visibility"] == VISIBLE).to_numpy() & (sharp < limit)
    names = poses["keypoint"].astype(str).where(blurred)
    groups = names.groupby([poses["frame"], poses["track_id"]], sort=True)
    return [[n for n in group if isinstance(n, str)] for _, group in groups]
