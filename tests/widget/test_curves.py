"""Curves of one person over time: what is in each part, and what is asked for in the wrong way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impose_widget.protocol import Refused, WantCurve, decode
from impose_widget.widget.curves import binned, curve
from tests.session.sessions import TruthDetector, session_on


@given(
    arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 100, width=32) | st.just(np.nan)),
    st.integers(1, 70),
    st.sampled_from(["score", "motion"]),
)
def test_each_part_holds_its_least_its_greatest_and_where_the_worst_is(values, bins, what) -> None:
    low, high, worst = binned(values, bins, what)
    for b in range(bins):
        inside = [t for t in range(len(values)) if t * bins // len(values) == b and not np.isnan(values[t])]
        if not inside:
            assert np.isnan([low[b], high[b]]).all() and worst[b] == -1
            continue
        own = values[inside]
        assert (low[b], high[b]) == (own.min(), own.max())
        assert worst[b] == inside[int(own.argmin() if what == "score" else own.argmax())]


@pytest.fixture
def session(frames, walkers):
    with session_on(frames, TruthDetector(walkers)) as session:
        session.initialize(progress=False)
        yield session


def asked(session, what="score", keypoint=None, first=0, stop=30, bins=30, track_id=0):
    return curve(session, WantCurve(1, "page", track_id, keypoint, what, first, stop, bins))


def of(session, keypoint):
    poses = session.poses.query("track_id == 0")
    return poses if keypoint is None else poses[poses["keypoint"] == keypoint]


@pytest.mark.parametrize("keypoint", [None, "head"])
def test_a_curve_says_what_the_table_of_poses_says(session, keypoint) -> None:
    session.set_visibility(4, 0, "head", 0)
    session.delete(0, 25, "onwards")
    answer = asked(session, keypoint=keypoint)
    wanted = of(session, keypoint).groupby("frame")["score"].mean().reindex(range(30)).to_numpy(np.float32)
    np.testing.assert_allclose(answer.low, wanted, rtol=1e-5)
    np.testing.assert_array_equal(answer.low, answer.high)
    assert answer.worst[3] == 3 and answer.worst[26] == -1 and answer.revision == session.revision
    answer = asked(session, "motion", keypoint, first=2, stop=12, bins=10)
    wide = of(session, keypoint).pivot(index="frame", columns="keypoint", values=["x", "y"]).reindex(range(30))
    x, y = (wide[name].to_numpy() for name in ("x", "y"))
    step = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))
    known = np.isfinite(step).sum(1)
    wanted = np.where(known > 0, np.nansum(step, 1) / np.maximum(known, 1), np.nan)[1:11]  # frames 2 to 11
    np.testing.assert_allclose(answer.low, wanted, rtol=1e-4)
    assert answer.worst[0] == 2, "also the first frame has moved since the one before"


def test_a_curve_that_cannot_be_is_refused_in_a_sentence(session) -> None:
    with pytest.raises(ValueError, match="one of 'score', 'motion', got 'speed'"):
        asked(session, what="speed")
    with pytest.raises(KeyError, match="got 'tail'"):
        asked(session, keypoint="tail")
    with pytest.raises(ValueError, match="first < stop"):
        asked(session, first=9, stop=9)
    content, _ = WantCurve(1, "page", 0, None, "score", 0, 30, 0).encode()
    with pytest.raises(Refused, match="bins"):
        decode(content)
    assert np.isnan(asked(session, track_id=99).low).all(), "somebody who was merged away a moment ago"
