"""Protocols on tools whose result can be worked out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.evaluate.methods.base import Start
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.protocols.ablation import ablation
from impose_widget.evaluate.protocols.carried import (
    blur_scores,
    blurred,
    carried_anchor,
    carried_in_blur,
    hidden_stretches,
    recovered,
    recovery_rates,
)
from impose_widget.evaluate.protocols.disturbances import forced_gap, forced_miss, forced_swap
from impose_widget.evaluate.protocols.k_clicks import UNITS, k_clicks
from impose_widget.evaluate.protocols.timing import annotation_time, work
from impose_widget.evaluate.protocols.vnoc import CRITERIA, vnoc
from tests.evaluate.clips import Nothing, Perfect, Wrong, walking

FAR = (25.0, 0.0)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_vnoc_of_a_perfect_tool_is_zero(criterion: str) -> None:
    footage, truth = walking(6)
    for result in vnoc(lambda: Perfect(footage, truth), truth, criterion=criterion):
        assert result.per("video") == 0 and not result.missed


def test_vnoc_by_hand_in_every_unit() -> None:
    # 10 frames, two people of four keypoints; nobody is found. At OKS .75 three of four keypoints must be placed.
    _, truth = walking(10)
    loose, middle, strict = vnoc(lambda: Nothing(None, truth), truth)
    assert [r.per("video") for r in (loose, middle, strict)] == [60, 80, 80]
    assert (loose.per("frame"), loose.per("tracklet"), loose.per("person_frame")) == (6, 30, 3)
    assert loose.per("video", "keypoint") == 60 and loose.per("video", "box") == loose.per("video", "identity") == 0
    assert loose.end["mean_oks"] == pytest.approx(0.75)
    assert strict.per("video") == truth.labelled.sum()  # never more clicks than keypoints


def test_vnoc_counts_frames_that_were_given_up() -> None:
    _, truth = walking(4)
    (result,) = vnoc(lambda: Nothing(None, truth), truth, (0.95,), rounds=2)
    assert (result.missed, result.per("person_frame")) == (4, 2)


def test_vnoc_with_frames_without_people_and_late_ones() -> None:
    footage, truth = walking(10, late=4)
    truth = dataclasses.replace(truth, xy=np.where(np.arange(10)[:, None, None, None] == 7, np.nan, truth.xy))
    (result,) = vnoc(lambda: Nothing(footage, truth), truth, (0.95,))
    assert (result.frames, result.person_frames) == (9, 9 + 5)
    assert result.per("video") == truth.labelled.sum() == result.per("person_frame") * 14


@settings(max_examples=3, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 1), st.integers(0, 3)), st.just(FAR), max_size=6))
def test_a_looser_target_never_needs_more_clicks(errors: dict) -> None:
    footage, truth = walking(10, wrong=errors)
    clicks = [r.per("video") for r in vnoc(lambda: Product(footage), truth)]
    assert clicks == sorted(clicks)


@pytest.mark.parametrize("unit", UNITS)
def test_k_clicks_spend_k_in_every_unit(unit: str) -> None:
    _, truth = walking(20)
    rows = k_clicks(Wrong(truth, {(t, 0, 1): FAR for t in range(20)}), truth, unit)
    units = {"person_frame": 40, "person_chunk": 4, "tracklet": 2}[unit]
    assert rows["keypoint_clicks"].tolist() == [0, units, 2 * units, 3 * units]
    assert (rows["k"].tolist(), set(rows["unit"])) == ([0, 1, 2, 3], {unit})
    assert rows["mean_oks"].is_monotonic_increasing
    # One wrong keypoint a frame: the first click in every frame mends everything, one in a chunk one frame of ten.
    mended = {"person_frame": 20, "person_chunk": 2, "tracklet": 1}[unit]
    assert rows["ap_left_hand"].iloc[0] < 0.6
    assert rows["right_left_hand"].iloc[1] == pytest.approx((20 + mended) / 40)


def test_k_clicks_leave_missed_people_unless_told() -> None:
    footage, truth = walking(12, missing=[(t, 1) for t in range(12)])

    class Unasked(Product):
        def start(self, start):
            box = start.box.copy()
            box[1] = np.nan
            return super().start(dataclasses.replace(start, box=box))

    left = k_clicks(Unasked(footage), truth, "tracklet", 1)
    added = k_clicks(Unasked(footage), truth, "tracklet", 1, add_missed=True)
    assert left["box_clicks"].tolist() == [0, 0] and added["box_clicks"].tolist() == [0, 1]
    assert added["DetA_box"].iloc[1] > left["DetA_box"].iloc[1] + 0.2


def test_a_carried_anchor_by_hand() -> None:
    # Right but for frame 7 of person 0 (one keypoint far off) and frame 5 of person 1 (one keypoint 8 px off).
    _, truth = walking(12)
    errors = {(7, 0, 1): FAR, (5, 1, 2): (8.0, 0.0)}
    result = carried_anchor(lambda: Wrong(truth, errors), truth, starts=(0, 2), horizon=9)
    assert result.kept["all_kp@0.95"] == [6, 4, 4, 2]
    assert result.kept["oks@0.75"] == [9, 9, 9, 9]  # three of four keypoints right: .75 and a bit
    assert result.mean_frames()["all_kp@0.95"] == 4


def test_blur_is_told_and_made() -> None:
    footage, truth = walking(8)
    soft = blurred(footage, 2.0)
    assert (blur_scores(soft) > blur_scores(footage)).all()
    score, carried = carried_in_blur(lambda: Perfect(footage, truth), footage, truth)
    assert score < 0 and set(carried.mean_frames().values()) == {carried.horizon}


def test_hidden_keypoints_by_hand() -> None:
    _, truth = walking(20)
    visibility = truth.visibility.copy()
    visibility[4:9, 0, 1] = 1
    visibility[4:6, 1, 1] = 1  # too short to count
    truth = dataclasses.replace(truth, visibility=visibility)
    assert hidden_stretches(truth) == [(0, 1, 3, 9)]
    stretches = recovered(lambda: Wrong(truth, {(9, 0, 1): FAR}), truth)
    assert stretches[["keypoint", "last_seen", "frames"]].iloc[0].tolist() == ["left_hand", 3, 5]
    rates = recovery_rates(stretches)
    assert (rates["short_n"], rates["short@0.5"], rates["long_n"]) == (1, 0.0, 0)
    assert recovery_rates(recovered(lambda: Perfect(None, truth), truth))["short@0.95"] == 1
    assert recovered(lambda: Perfect(None, truth), walking(5)[1]).empty


def test_errors_made_on_purpose_are_mended() -> None:
    footage, truth = walking(60)
    swap = forced_swap(Product, footage, truth)
    assert swap["mean_oks_swapped"] < 0.6 < 0.95 < swap["mean_oks_repaired"]
    assert (swap["identity_clicks"], swap["keypoint_clicks"]) == (1, 0)
    assert (swap["switches_before"], swap["switches_swapped"], swap["switches_repaired"]) == (0, 2, 0)
    gap = forced_gap(Product, footage, truth, 40)
    assert gap["mean_oks_before"] < 0.5 and gap["reached"] and gap["frames"] == 40
    miss = forced_miss(Product, footage, truth)
    assert miss["mean_oks_before"] < 0.1 and miss["reached"] and miss["box_clicks"] == 1


def test_a_tool_without_identities_has_no_swap() -> None:
    footage, truth = walking(10)
    assert forced_swap(lambda f: Nothing(f, truth), footage, truth) is None


def test_the_ablation_takes_parts_away() -> None:
    footage, truth = walking(10, wrong={(t, 0, 1): FAR for t in range(10)})
    rows = ablation(footage, truth, rows=("everything", "without propagation", "without both"))
    table = rows.set_index("variant")
    assert table.loc["without propagation", "clicks_per_video"] > 2 * table.loc["everything", "clicks_per_video"]
    assert table.loc["without both", "AssA_oks"] < 0.2 and table.loc["without both", "switches"] > 15
    assert table.loc["everything", "AssA_oks"] == 1


def events(times: list[float], actions: list[str], people: list[int], opening: list[int] | None = None) -> pd.DataFrame:
    """A log of actions at seconds."""
    start = pd.Timestamp("2026-01-01", tz="UTC")
    return pd.DataFrame(
        {
            "t": [start + pd.Timedelta(seconds=s) for s in times],
            "action": actions,
            "track_id": pd.array([None if p < 0 else p for p in people], "Int32"),
            "clicks": [int(a in ("correct", "assign", "draw_box")) for a in actions],
            "opening": opening or [1] * len(times),
        }
    )


def test_time_by_hand() -> None:
    log = events(
        [0, 4, 6, 7, 47, 50],
        ["initialize", "correct", "correct", "propagate", "assign", "draw_box"],
        [-1, 0, 0, -1, 1, 1],
    )
    # The first correction follows nothing a human did; 2 s; a pause of 41 s; 3 s.
    assert work(log).tolist() == [0, 0, 2, 0, 0, 3]
    (row,) = annotation_time({"anna": log}).to_dict("records")
    assert (row["people"], row["clicks"], row["seconds"]) == (2, 4, 5)
    assert (row["seconds_per_person"], row["seconds_per_person_sd"]) == (2.5, 0.5)
    assert (row["keypoint_clicks"], row["identity_clicks"], row["box_clicks"]) == (2, 1, 1)
    assert annotation_time({"anna": log}, idle=60)["seconds"].iloc[0] == 46
    closed = log.assign(opening=[1, 1, 1, 1, 2, 2])
    assert work(closed, idle=60).tolist() == [0, 0, 2, 0, 0, 3]  # what is between two openings is not known


def test_time_of_a_real_session() -> None:
    footage, truth = walking(8)
    product = Product(footage)
    track, _ = product.start(Start(0, truth.box[0]))
    product.click(2, track, 1, (40.0, 40.0))
    (row,) = annotation_time({"me": product.session.events}).to_dict("records")
    assert (row["clicks"], row["keypoint_clicks"]) == (1, 1)
    product.close()
