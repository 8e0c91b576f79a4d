"""Identities for files without: people of one frame each become people over time, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import impose_widget as iw
from impose_widget.io import has_identities
from impose_widget.io.columns import conform
from tests.io.posed import everything_stated, pose_tables
from tests.labelled import CLIPS


def without_identities(poses: pd.DataFrame) -> pd.DataFrame:
    """The same with a track id for every person in every frame."""
    alone = poses.assign(track_id=poses.groupby(["frame", "track_id"]).ngroup().astype("int32"))
    alone.attrs = {name: poses.attrs[name] for name in ("skeleton", "video") if name in poses.attrs}
    return alone


def people_of(poses: pd.DataFrame) -> set[frozenset]:
    """Who is one person: sets of (frame, x of the first keypoint)."""
    first = poses[poses["visibility"] > 0].drop_duplicates(["frame", "track_id"])
    return {frozenset(zip(g["frame"], g["x"], strict=True)) for _, g in first.groupby("track_id")}


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("clip", list(CLIPS))
def test_labelled_people_are_found_again(clip: str, every: int) -> None:
    poses = iw.read(CLIPS[clip][1])
    poses = poses[poses["frame"] % every == 0]
    alone = without_identities(poses)
    assert has_identities(poses) and not has_identities(alone)
    assert people_of(iw.link(alone)) == people_of(poses)


@given(poses=pose_tables())
@settings(max_examples=40, deadline=None)
def test_nothing_but_identities_changes_and_nobody_is_twice_in_a_frame(poses: pd.DataFrame) -> None:
    before, after = conform(poses, "a"), iw.link(poses)
    columns = [c for c in before if c != "track_id"]
    order = ["frame", "keypoint", "x", "y", "revision"]
    pd.testing.assert_frame_equal(
        before[columns].sort_values(order, ignore_index=True), after[columns].sort_values(order, ignore_index=True)
    )
    several = before.groupby("track_id")["frame"].nunique()
    assert set(several[several > 1].index) <= set(after["track_id"])
    pd.testing.assert_frame_equal(iw.link(after), after)


def test_names_and_boxes_stay_with_their_people() -> None:
    poses = everything_stated()
    linked = iw.link(poses)
    boxes = pd.DataFrame(linked.attrs["boxes"])
    assert len(boxes) == len(poses.attrs["boxes"]["frame"])
    assert set(linked.attrs["people"]["track_id"]) >= set(poses.attrs["people"]["track_id"])


def test_a_session_links_what_has_no_identities_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    video, labels, *_ = CLIPS["store_aisle"]
    poses = iw.read(labels)
    source = iw.write(poses, tmp_path / "yolo", "yolo")
    with iw.Session.open(video, model=None, store=None) as session:
        ids = session.load(source)
        assert "were linked to 3 people" in capsys.readouterr().err
        assert len(set(ids.values())) == session.poses["track_id"].nunique() == 3
        session.undo()
        session.load(source, link=False)
        assert session.poses["track_id"].nunique() == poses.groupby(["frame", "track_id"]).ngroups
        assert "linked" not in capsys.readouterr().err


def test_a_table_of_one_frame_is_left_alone() -> None:
    poses = without_identities(iw.read(CLIPS["store_aisle"][1]).query("frame == 10"))
    assert has_identities(poses)
    assert np.array_equal(iw.link(poses)["track_id"], poses["track_id"])
