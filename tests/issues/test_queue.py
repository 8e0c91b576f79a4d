from __future__ import annotations

import numpy as np
import pandas as pd

from impose_widget.core.pose import HUMAN, PROPAGATED, empty_poses
from impose_widget.core.skeleton import Skeleton
from impose_widget.core.tracks import Tracks, difference
from impose_widget.issues import COLUMNS, issues_table

THREE = Skeleton("three", ("head", "left_hand", "right_hand"))
NO_READINGS = np.zeros((0, 3, 3), np.float32)


def walk(n: int = 20) -> np.ndarray:
    records = empty_poses(n, 3)
    records["xy"] = np.array([(50, 10), (30, 60), (70, 60)]) + np.arange(n)[:, None, None] * (1.0, 0.0)
    records["score"], records["visibility"], records["present"] = 0.9, 2, True
    return records


def issues(records: np.ndarray, readings: np.ndarray = NO_READINGS, decisions: dict | None = None) -> pd.DataFrame:
    tracks = Tracks(3)
    frames = np.arange(len(records)) + 100
    tracks.apply(difference(4, frames, tracks.get(4, frames), records))
    return issues_table(tracks, THREE, readings, decisions or {})


def test_a_good_walk_has_none() -> None:
    table = issues(walk())
    assert table.empty and list(table) == COLUMNS


def test_a_jump_is_told_with_its_distance() -> None:
    records = walk()
    records["xy"][7, 1] += (40, 0)
    (row,) = issues(records).itertuples()
    assert (row.kind, row.frame, row.track_id, row.keypoint) == ("jump", 107, 4, "left_hand")
    assert row.reason == "left hand jumped 41 px and came back" and row.severity > 0.3


def test_an_uncertain_run_is_one_issue_at_its_worst() -> None:
    records = walk()
    records["score"][5:9, 2] = (0.4, 0.2, 0.1, 0.3)
    (row,) = issues(records).itertuples()
    assert (row.kind, row.frame, row.frame_end) == ("uncertain", 107, 108) and abs(row.value - 0.9) < 1e-6


def test_nothing_that_a_human_placed_is_questioned() -> None:
    records = walk()
    records["xy"][7, 1] += (40, 0)
    records["score"][5:9, 2] = 0.1
    records["anchor"][7, 1], records["anchor"][5:9, 2] = True, True
    records["source"][records["anchor"]] = HUMAN
    assert issues(records).empty


def test_a_gap_a_stale_span_and_a_disagreement() -> None:
    records = walk()
    records["present"][10:13] = False
    records["stale"][15:18] = True
    readings = np.concatenate([records["xy"], np.full((20, 3, 1), 0.9)], -1).astype(np.float32)
    readings[3, 0, :2] += (0, 60)
    records["reading"] = np.arange(20)
    records["source"][3, 0] = PROPAGATED
    table = issues(records, readings).set_index("kind")
    assert table.loc["gap", ["frame", "frame_end"]].tolist() == [110, 112]
    assert table.loc["stale", ["frame", "frame_end"]].tolist() == [115, 117]
    assert (
        table.loc["disagree", "frame"] == 103
        and "60 px from where the model sees it" in table.loc["disagree", "reason"]
    )
    assert (table["gain"].diff().dropna() <= 0).all(), "where most is to be mended first"


def test_decisions_are_kept_by_place() -> None:
    records = walk()
    records["xy"][7, 1] += (40, 0)
    number = int(issues(records)["issue"].iloc[0])
    assert issues(records, decisions={number: "ignored"})["state"].tolist() == ["ignored"]
    records["xy"][3, 0] += (30, 0)
    table = issues(records, decisions={number: "ignored"})
    assert table.loc[table["frame"] == 107, "state"].tolist() == ["ignored"] and len(table) == 2
