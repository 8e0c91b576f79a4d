"""What people look like in a session whose ID decoder hears it: described once, stored, in the bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import impose_widget as iw
from impose_widget.core.detections import Detections
from impose_widget.core.geometry import pose_box
from tests.tracking.made import weights

FRAMES = np.zeros((12, 90, 160, 3), np.uint8)
BODY = np.random.default_rng(0).normal(0, (5, 12), (17, 2))
MIDDLES = np.array([(40, 45), (110, 45)])


class Seeing:
    """Two people who stand; the left one looks like 1, the right one like 2."""

    KEYPOINT_SCORE = 0.2

    def __init__(self) -> None:
        self.described = 0

    def detect(self, frames: list, indices: list) -> Detections:
        xy = np.tile(MIDDLES[:, None] + BODY, (len(indices), 1, 1))
        keypoints = np.concatenate([xy, np.full((len(xy), 17, 1), 0.7)], -1).astype(np.float32)
        box = pose_box(xy).astype(np.float32)
        return Detections(np.repeat(indices, 2).astype(np.int32), keypoints, box, np.full(len(xy), 0.6, np.float32))

    def detect_in_box(self, frame: np.ndarray, box: np.ndarray) -> Detections:
        return Detections.empty(17)

    def describe(self, frame: np.ndarray, xy: np.ndarray) -> np.ndarray:
        self.described += len(xy)
        return np.where(xy[..., :1] < 80, 1, 2).astype(np.float16)


def test_looks_are_stored_and_in_the_bank_after_reopening(tmp_path: Path) -> None:
    file, seeing = weights(tmp_path, features=4), Seeing()
    for opening in range(2):
        with iw.Session.open(FRAMES, model=seeing, store=tmp_path / "a.impose", association=file) as s:
            s.initialize(progress=False)
            assert seeing.described == 24
            left, right = sorted(s.tracks["track_id"], key=lambda i: s.poses.query("track_id == @i")["x"].mean())
            for window in (s.bank.window(6), s.bank.window(6, backward=True)):
                for track_id, look in ((left, 1), (right, 2)):
                    assert (window.people.features[window.track_id == track_id] == look).all()
            if opening == 0:
                s.swap(left, right, 6)  # in the second opening the bank has read the swap from disk
                assert (s.bank.between(8, 9).people.features[:, 0].tolist()) == [2, 1]
                s.swap(left, right, 6)


def test_nobody_is_described_for_a_decoder_that_does_not_hear_it(tmp_path: Path) -> None:
    seeing = Seeing()
    with iw.Session.open(FRAMES, model=seeing, store=None, association=weights(tmp_path)) as s:
        s.initialize(progress=False)
        assert seeing.described == 0 and s.bank.window(6).people.features.shape[1] == 0
