"""Curves of one person over time: what is in each part, and what is asked for in the wrong way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impose_widget.widget.curves import binned
from tests.widget.test_host import *  # noqa: F403  # the same host, page and session


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


def asked(page, what="score", keypoint=None, first=0, stop=30, bins=30, track_id=0):
    answer, buffers = page.ask(
        "curve", track_id=track_id, keypoint=keypoint, what=what, first=first, stop=stop, bins=bins
    )
    if answer["kind"] == "error":
        return answer, None
    return answer, [np.frombuffer(b, t) for b, t in zip(buffers, ("<f4", "<f4", "<i4"), strict=True)]


def of(session, keypoint):
    poses = session.poses.query("track_id == 0")
    return poses if keypoint is None else poses[poses["keypoint"] == keypoint]


@pytest.mark.parametrize("keypoint", [None, "head"])
def test_a_curve_says_what_the_table_of_poses_says(host, page, session, keypoint) -> None:
    session.set_visibility(4, 0, "head", 0)
    session.delete(0, 25, "onwards")
    answer, (low, high, worst) = asked(page, keypoint=keypoint)
    wanted = of(session, keypoint).groupby("frame")["score"].mean().reindex(range(30)).to_numpy(np.float32)
    np.testing.assert_allclose(low, wanted, rtol=1e-5)
    np.testing.assert_array_equal(low, high)
    assert worst[3] == 3 and worst[26] == -1 and answer["revision"] == session.revision
    _, (low, _, worst) = asked(page, "motion", keypoint, first=2, stop=12, bins=10)
    wide = of(session, keypoint).pivot(index="frame", columns="keypoint", values=["x", "y"]).reindex(range(30))
    x, y = (wide[name].to_numpy() for name in ("x", "y"))
    step = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))
    known = np.isfinite(step).sum(1)
    wanted = np.where(known > 0, np.nansum(step, 1) / np.maximum(known, 1), np.nan)[1:11]  # frames 2 to 11
    np.testing.assert_allclose(low, wanted, rtol=1e-4)
    assert worst[0] == 2, "also the first frame has moved since the one before"


def test_a_curve_that_cannot_be_is_refused_in_a_sentence(host, page) -> None:
    assert "motion" in asked(page, what="speed")[0]["message"]
    assert "tail" in asked(page, keypoint="tail")[0]["message"]
    assert asked(page, first=9, stop=9)[0]["kind"] == "error" and asked(page, bins=0)[0]["code"] == "value"
    _, (low, _, _) = asked(page, track_id=99)
    assert np.isnan(low).all(), "somebody who was merged away a moment ago"
