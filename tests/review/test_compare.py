"""Comparison of two sets of annotations: against the agreement that studies use, and what must always hold."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impose_widget as iw
from impose_widget.evaluate.agreement import agreement
from impose_widget.evaluate.truth import truth_of_poses
from impose_widget.issues import COLUMNS
from tests.io.posed import some_poses

LABELS = Path(__file__).resolve().parents[1] / "data" / "labels"
TWO = [iw.read(LABELS / f"store_aisle.{who}.json") for who in "ab"]


def test_two_annotators_agree_as_much_as_the_study_says() -> None:
    ours = iw.compare(*TWO)
    theirs = agreement(*(truth_of_poses(poses, 67) for poses in TWO))
    said = theirs.summary()
    assert ours.summary["person_frames"] == said["person_frames"] == 177
    assert ours.summary["keypoints_both"] == said["keypoints_both"]
    assert ours.summary["median_px"] == pytest.approx(said["median_px"], abs=1e-4)
    assert ours.summary["p90_px"] == pytest.approx(said["p90_px"], abs=1e-4)
    assert ours.summary["mean_oks"] == pytest.approx(said["mean_oks"], abs=0.01), "areas by boxes of files or keypoints"
    rows = ours.keypoints.set_index("keypoint")["median_px"].dropna()
    expected = theirs.by_keypoint().set_index("keypoint")["median_px"].dropna()
    pd.testing.assert_series_equal(rows, expected, check_exact=False, atol=1e-4)


def test_the_queue_has_the_columns_of_issues_and_leads_to_every_disagreement() -> None:
    compared = iw.compare(*TWO)
    queue, wrong = compared.queue, compared.disagreements
    assert list(queue.columns) == COLUMNS and queue["issue"].is_unique
    covered = {(f, i, k) for f, e, i, k in queue[["frame", "frame_end", "track_id", "keypoint"]].itertuples(index=False)
               for f in range(f - 15, e + 1)}  # fmt: skip
    named = wrong.dropna(subset="keypoint")
    assert {(f, i, k) for f, i, k in named[["frame", "track_id", "keypoint"]].itertuples(index=False)} <= covered
    assert (queue["gain"].diff().dropna() <= 1e-6).all()


def moved(seed: int, far: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    first = some_poses(4, 3)
    second = first.copy()
    placed = second["visibility"] > 0
    second.loc[placed, ["x", "y"]] += rng.normal(0, far, (int(placed.sum()), 2)).astype(np.float32)
    second["track_id"] = second["track_id"].map({0: 2, 1: 0, 2: 1})
    return first, second.sample(frac=1, random_state=seed)


@given(st.integers(0, 10**6), st.floats(0, 3))
@settings(deadline=None, max_examples=15)
def test_either_way_round_it_is_the_same(seed, far) -> None:
    first, second = moved(seed, far)
    one, other = iw.compare(first, second), iw.compare(second, first)
    for name in ("person_frames", "mean_oks", "median_px", "p90_px", "not_one_place", "identity_differs"):
        assert one.summary[name] == pytest.approx(other.summary[name], abs=1e-9), name
    assert one.summary["only_first"] == other.summary["only_second"]
    assert one.summary["identity_differs"] == 0, "other numbers are no other identities"
    assert 0 <= one.summary["mean_oks"] <= 1


def test_nothing_in_common_is_said() -> None:
    first = some_poses(2, 1)
    second = first.assign(keypoint=pd.Categorical(["tail"] * len(first)))
    second.attrs = {}
    with pytest.raises(ValueError, match="tail"):
        iw.compare(first, second)
    with pytest.raises(ValueError, match="table of poses"):
        iw.compare(first, 3)
    empty = iw.compare(first, first.iloc[:0])
    assert empty.summary["person_frames"] == 0 and empty.summary["only_first"] == 2
    assert len(empty.queue) and empty.to_markdown().startswith("# ")


def test_a_page_hides_no_markup() -> None:
    first = iw.read(str(files("impose_widget") / "assets" / "store_aisle.labels.json"))
    page = iw.compare(first, first, name="<script>").to_html()
    assert "<script>" not in page and "&lt;script&gt;" in page
