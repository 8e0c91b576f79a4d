"""Sessions on made clips, for tests: the real session with a detector that knows the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from impose_widget.propagate.smoother import Smoother
from impose_widget.session import Session
from impose_widget.session.opening import open_journal
from impose_widget.video import open_video
from tests.walkers import SMALL, TruthDetector


def session_on(
    frames: np.ndarray, detector: TruthDetector | None = None, store: Path | None = None, resume: bool = True
) -> Session:
    """What `Session.open` does, with the given detector in the place of the network."""
    video, opened = open_video(frames), None
    try:
        opened = open_journal(store, resume, video.path, video.fingerprint(), SMALL)
        return Session(video, SMALL, opened, detector, Smoother(SMALL))
    except BaseException:
        if opened is not None:
            opened.close()
        video.close()
        raise


TABLES = ("poses", "boxes", "tracks", "frames", "issues")


def tables(session: Session) -> dict[str, pd.DataFrame]:
    """All tables that undo has to restore (the log of events only ever grows)."""
    return {name: getattr(session, name) for name in TABLES}


def assert_same(a: dict[str, pd.DataFrame], b: dict[str, pd.DataFrame]) -> None:
    """Every table is the same, to the bit."""
    for name in TABLES:
        pd.testing.assert_frame_equal(a[name], b[name], check_exact=True, obj=name)


def anchors(session: Session) -> dict[tuple[int, int, str], tuple[float, float, int]]:
    """What humans stand behind: (frame, track_id, keypoint) -> x, y (rounded to float32), visibility."""
    poses = session.poses
    poses = poses[poses["anchor"]]
    return {
        (int(f), int(i), str(k)): (float(x), float(y), int(v))
        for f, i, k, x, y, v in zip(
            poses["frame"],
            poses["track_id"],
            poses["keypoint"],
            poses["x"],
            poses["y"],
            poses["visibility"],
            strict=True,
        )
    }
