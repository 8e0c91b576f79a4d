"""The named scenarios as a detector would report them: the truth with the errors and misses of a good detector."""

from __future__ import annotations

from functools import cache

import numpy as np

from impose_widget.core.detections import Detections
from impose_widget.core.geometry import person_area
from impose_widget.core.pose import OCCLUDED
from impose_widget.synthesize import SCENARIOS, Stage, Truth
from impose_widget.synthesize.clip import shown

STEP = 3  # of the frames, 25 a second
SIZE = 320, 180
SEEN = 0.25  # share of a body that shows, under which a detector finds nobody
SPREAD = 0.03  # deviation of its keypoints, of a person's size; hidden ones are guessed three times worse


@cache
def truths(name: str) -> tuple[tuple[Truth, ...], float]:
    """The truth of every third frame of a scenario, and the seconds between them."""
    scene = SCENARIOS[name](0)
    scene.width, scene.height = SIZE
    return tuple(Stage(scene).truths(np.arange(0, scene.n_frames, STEP))), STEP / scene.fps


def detections(name: str) -> tuple[Detections, np.ndarray]:
    """What is found in a scenario, rows sorted by frame, and whose each detection is (M,)."""
    rng = np.random.default_rng(0)
    frame, keypoints, box, score, owner = [], [], [], [], []
    for t, truth in enumerate(truths(name)[0]):
        share = truth.area / np.where(truth.whole > 0, truth.whole, 1)
        for n in rng.permutation(np.flatnonzero(shown(truth) & ~(share < SEEN))):
            hidden = truth.visibility[n] <= OCCLUDED
            size = np.sqrt(person_area(truth.keypoints[n]))
            spread = SPREAD * size * np.where(hidden, 3, 1)
            xy = truth.keypoints[n] + spread[:, None] * rng.standard_normal((17, 2))
            sure = np.where(hidden, 0.15, 0.7) + 0.1 * rng.standard_normal(17)
            keypoints.append(np.concatenate([xy, np.clip(sure, 0.02, 0.98)[:, None]], 1))
            frame.append(t)
            box.append(truth.box[n])
            score.append(np.clip(0.3 + 0.5 * min(share[n], 1), 0, 1))
            owner.append(n)
    found = Detections(np.int32(frame), np.float32(keypoints), np.float32(box), np.float32(score))
    return found, np.array(owner)
