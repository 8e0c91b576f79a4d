"""Two annotators side by side: by hand, and the clips that were labelled twice."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from impose_widget.evaluate.agreement import agreement
from impose_widget.evaluate.predicted import own_oks, own_similarity
from impose_widget.io import read
from tests.evaluate.made import pair
from tests.labelled import CLIPS, compared, table

NAN = [math.nan, math.nan]


def test_by_hand() -> None:
    # Area 100, sigma .1: similarity exp(-d²/8). The second annotator numbers people the other way round.
    first = pair([[[[10, 10], [20, 30]], [[110, 10], NAN]], [[[10, 10], [20, 30]], [NAN, NAN]]])
    second = pair([[[[110, 10], [99, 9]], [[12, 10], [20, 30]]], [[NAN, NAN], [[10, 10], [28, 30]]]])
    both = agreement(first, second)
    assert both.distance[0, :, 0].tolist() == [2, 0]
    assert both.distance[1, 0].tolist() == [0, 8]
    summary = both.summary()
    assert summary["keypoints_both"] == 5 and summary["keypoints_second_only"] == 1
    assert summary["not_one_place"] == 1  # 8 px: exp(-8)
    assert summary["person_frames"] == 3
    e = math.exp
    assert summary["mean_oks"] == pytest.approx(((e(-0.5) + 1) / 2 + 1 + (1 + e(-8)) / 2) / 3)
    mean = both.mean()
    assert mean.xy[0, 0].tolist() == [[11, 10], [20, 30]]
    assert np.isnan(mean.xy[1, 0, 1]).all() and np.isnan(mean.xy[0, 1, 1]).all()
    why = both.disagreements().set_index(["frame", "track_id", "keypoint"])["why"].to_dict()
    assert why == {(0, 1, "b"): "only the second", (1, 0, "b"): "not one place"}
    rows = both.by_keypoint().set_index("keypoint")
    assert rows.loc["a", "both"] == 3 and rows.loc["b", "second_only"] == 1


def test_a_person_whom_only_one_labelled_is_named() -> None:
    first = pair([[[[10, 10], [20, 30]], [[110, 10], [120, 30]]]])
    second = pair([[[[110, 10], [120, 30]]]])
    both = agreement(first, second)
    assert both.alone == ("Only the first labelled person 0.",)
    assert both.first.track_ids == (1,)


def test_what_does_not_belong_together_is_refused() -> None:
    first = pair([[[[10, 10], [20, 30]]]])
    with pytest.raises(ValueError, match="Expected labels of one video on one skeleton, got 1 frames"):
        agreement(first, pair([[[[10, 10], [20, 30]]]] * 2))
    with pytest.raises(ValueError, match="Expected somebody whom both labelled, got nobody"):
        agreement(first, pair([[[[9000, 10], [9000, 30]]]]))


@pytest.mark.parametrize("name", CLIPS)
def test_the_labels_are_what_both_annotators_say(name: str) -> None:
    want = table(compared(name).mean(name), name)
    got = read(CLIPS[name][1])
    got = got[got["visibility"] > 0].reset_index(drop=True)
    assert set(got["source"]) == {"human"}
    columns = ["frame", "track_id", "x", "y", "visibility"]
    pd.testing.assert_frame_equal(got[columns], want[columns], check_dtype=False, atol=0.01)
    assert (got["keypoint"].astype(str) == want["keypoint"].astype(str)).all()


@pytest.mark.parametrize(("name", "people", "least"), [("store_aisle", 3, 0.77), ("openpose_video", 2, 0.92)])
def test_how_far_the_annotators_agree(name: str, people: int, least: float) -> None:
    """The numbers that the card gives; each annotator is nearer to the mean than a target of .95 asks, on average."""
    both = compared(name)
    assert both.first.xy.shape[1] == people and not both.alone
    assert both.summary()["mean_oks"] >= least
    mean = both.mean()
    assert own_oks(own_similarity(mean, both.first.xy))[mean.present].mean() > 0.95
