"""What each call does, on a made clip whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.propagate.fusion import FlowFusion
from impose_widget.propagate.smoother import Smoother
from impose_widget.session import Changed, Session
from tests.session.sessions import assert_same, session_on, tables
from tests.walkers import SMALL, TruthDetector, Walkers


@pytest.fixture
def s(frames, walkers):
    with session_on(frames, TruthDetector(walkers)) as session:
        session.initialize(progress=False)
        yield session


def pose(session: Session, frame: int, track_id: int) -> np.ndarray:
    """(K, 2) as the table has it."""
    rows = session.poses.query("frame == @frame and track_id == @track_id")
    return rows[["x", "y"]].to_numpy()


def test_everyone_is_found_and_keeps_an_identity(s: Session, walkers: Walkers) -> None:
    assert s.tracks["track_id"].tolist() == [0, 1] and s.tracks["n_frames"].tolist() == [30, 30]
    for t in (0, 12, 29):
        for n in (0, 1):
            np.testing.assert_allclose(pose(s, t, n), walkers.truth[t, n], atol=0.5)
    poses = s.poses
    assert set(poses["source"]) == {"model"} and not poses["anchor"].any() and (poses["visibility"] == 2).all()
    kinds = {c: str(t) for c, t in poses.dtypes.items()}
    assert kinds == {
        "frame": "int32", "time": "float64", "track_id": "int32", "keypoint": "category",
        "x": "float32", "y": "float32", "visibility": "int8", "score": "float32", "source": "category",
        "anchor": "bool", "revision": "int32",
    }  # fmt: skip
    assert poses["keypoint"].cat.ordered and list(poses["keypoint"].cat.categories) == list(SMALL.keypoints)
    assert s.frames["found"].all() and (s.frames["n_people"] == 2).all()


def test_initialize_goes_on_where_it_stopped(frames, walkers, tmp_path: Path) -> None:
    detector = TruthDetector(walkers)
    with session_on(frames, detector, tmp_path / "a.impose") as s:
        s.initialize(range(10), progress=False)
        assert s.frames["found"].sum() == 10
    detector.calls.clear()
    with session_on(frames, detector, tmp_path / "a.impose") as s:
        seen = []
        s.initialize(progress=lambda done, total: seen.append((done, total)))
        assert min(detector.calls) == 10 and len(detector.calls) == 20, "no frame is looked at twice"
        assert seen[-1] == (30, 30) and s.tracks["n_frames"].tolist() == [30, 30]
        detector.calls.clear()
        s.initialize(progress=False)
        assert not detector.calls and not s.undo(), "finding people is no step of undo"


def test_undo_of_an_edit_holds_though_people_were_found_since(frames, walkers) -> None:
    """Edits between two stretches of finding: each undo gives back what the edit touched, found people stay."""
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(range(12), progress=False)
        found = tables(s)["poses"].query("frame < 12")
        second = s.split(0, 6)
        s.correct(11, second, "head", (3, 4))
        s.initialize(range(22), progress=False)
        s.propagate(progress=False)
        steps = s.iter_initialize(chunk=3)
        next(steps)
        s.delete(1, 20, "onwards")
        assert sum(1 for _ in steps) >= 2 and s.frames["found"].all()
        after = tables(s)
        undone = 0
        while s.undo():
            undone += 1
        assert undone == 4
        back = tables(s)["poses"]
        pd.testing.assert_frame_equal(back.query("frame < 12").reset_index(drop=True), found.reset_index(drop=True))
        assert not back["anchor"].any() and (back["visibility"] > 0).all()
        assert back.query("frame < 22").groupby("frame")["track_id"].nunique().eq(2).all()
        while s.redo():
            undone -= 1
        assert undone == 0
        assert_same(tables(s), after)


def test_a_short_gap_is_bridged_and_a_long_one_is_not(frames, walkers) -> None:
    missing = [(t, 0) for t in range(8, 12)]
    with session_on(frames, TruthDetector(walkers, missing)) as s:
        s.initialize(progress=False)
        rows = s.poses.query("track_id == 0 and 8 <= frame < 12")
        assert len(rows) == 16 and set(rows["source"]) == {"interpolated"}
        np.testing.assert_allclose(pose(s, 10, 0), walkers.truth[10, 0], atol=0.5)
    longer = Walkers(46, 96, 64, [(20, 30), (70, 34)], [(0.5, 0.1), (-0.4, 0.0)])
    missing = [(t, 0) for t in range(6, 42)]
    with session_on(longer.render(), TruthDetector(longer, missing)) as s:
        s.initialize(progress=False)
        assert s.poses.query("track_id == 0 and 6 <= frame < 42").empty


def test_what_a_human_did_holds_while_the_rest_is_found(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(range(12), progress=False)
        s.swap(0, 1, 5)
        s.correct(11, 1, "head", (3, 4))
        s.initialize(progress=False)
        assert s.tracks["track_id"].tolist() == [0, 1], "the later frames go on with the repaired identities"
        np.testing.assert_allclose(pose(s, 25, 1), walkers.truth[25, 0], atol=0.5)
        np.testing.assert_allclose(pose(s, 11, 1)[0], (3, 4))


def test_what_was_deleted_is_not_found_again(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(range(12), progress=False)
        s.delete(1, scope="all")
        s.initialize(range(12), progress=False)
        assert s.tracks["track_id"].tolist() == [0]


def test_correct_returns_the_rows_that_changed(s: Session) -> None:
    rows = s.correct(3, 1, "foot", (40.25, 50.5), visibility=1)
    assert len(rows) == 1
    row = rows.iloc[0]
    assert (row["frame"], row["track_id"], row["keypoint"], row["x"], row["y"]) == (3, 1, "foot", 40.25, 50.5)
    assert (row["visibility"], row["source"], bool(row["anchor"]), row["score"]) == (1, "human", True, 1)
    assert row["revision"] == s.revision == s.events["seq"].iloc[-1]
    others = s.poses.query("not (frame == 3 and track_id == 1 and keypoint == 'foot')")
    assert set(others["source"]) == {"model"}, "other frames wait for propagate"
    assert s.tracks.query("track_id == 1")["n_pending"].item() == 1


def test_a_click_where_the_person_has_no_pose_brings_one_along(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers, [(t, 0) for t in range(15, 30)])) as s:
        s.initialize(progress=False)
        rows = s.correct(16, 0, "head", walkers.truth[16, 0, 0])
        assert len(rows) == 4
        np.testing.assert_allclose(pose(s, 16, 0), walkers.truth[16, 0], atol=1)
        assert rows.query("keypoint != 'head'")["visibility"].eq(1).all()


def test_propagate_carries_a_correction_and_returns_what_it_did(frames, walkers) -> None:
    """The model puts the head 6 px too high in all frames: one click mends the frames around it."""
    wrong = {(t, 0, 0): (0, -6) for t in range(30)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        before = np.abs(s.poses.query("track_id == 0 and keypoint == 'head'")["y"] - walkers.truth[:, 0, 0, 1])
        assert before.min() > 5
        s.correct(15, 0, "head", walkers.truth[15, 0, 0])
        report = s.propagate(15, direction="both", progress=False)
        after = np.abs(
            s.poses.query("track_id == 0 and keypoint == 'head'")["y"] - walkers.truth[:, 0, 0, 1]
        ).to_numpy()
        assert after[10:21].max() < 1 and report.keypoints >= 10 and report.track_ids == (0,) and not report.stopped
        assert s.tracks["n_pending"].sum() == 0
        untouched = s.poses.query("track_id == 1 or keypoint != 'head'")
        assert set(untouched["source"]) == {"model"}, "a click does no harm elsewhere"
        assert s.events["n_values_changed"].iloc[-1] == report.keypoints
        assert s.propagate(progress=False).stopped == "nothing to carry"


@pytest.mark.parametrize(("direction", "low", "high"), [("forward", 16, 29), ("backward", 0, 14), ("both", 0, 29)])
def test_directions_and_stop(frames, walkers, direction: str, low: int, high: int) -> None:
    wrong = {(t, 0, 0): (0, -6) for t in range(30)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        s.correct(15, 0, "head", walkers.truth[15, 0, 0])
        stop = {"forward": 18, "backward": 12, "both": None}[direction]
        s.propagate(15, direction, stop, progress=False)
        changed = s.poses.query("source == 'propagated'")["frame"]
        assert changed.min() >= max(low, 12) if direction == "backward" else changed.min() >= low
        assert changed.max() <= (min(high, 18) if direction == "forward" else high) and len(changed)


@pytest.mark.parametrize(("direction", "low", "high"), [("both", 12, 18), ("forward", 15, 18), ("backward", 12, 15)])
def test_a_range_limits_both_ways_and_is_one_step(frames, walkers, direction: str, low: int, high: int) -> None:
    wrong = {(t, 0, 0): (0, -6) for t in range(30)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        for frame in (5, 15, 25):
            s.correct(frame, 0, "head", walkers.truth[frame, 0, 0])
        before = s.poses
        assert s.propagate(direction=direction, stop=(12, 18), tracks=[0], progress=False).frames > 0
        moved = s.poses.query("source == 'propagated'").frame
        assert moved.min() in (low, low + 1) and moved.max() in (high, high - 1)
        assert s.undo()
        pd.testing.assert_frame_equal(s.poses, before)
        s.propagate(direction=direction, stop=(12, 18), progress=False)
        again = s.poses.query("source == 'propagated'").frame
        assert set(again) == set(moved), "what waits in the range is carried without being asked for by number"
        assert s.propagate(direction="both", stop=(7, 9), tracks="all", progress=False).frames == 0
        with pytest.raises(ValueError, match=r"Expected stop=\(first, last\)"):
            s.propagate(direction="both", stop=(18, 12))


def test_only_chosen_people_and_keypoints_change(frames, walkers) -> None:
    wrong = {(t, n, k): (0, -6) for t in range(30) for n in (0, 1) for k in (0, 3)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        for n in (0, 1):
            for k in (0, 3):
                s.correct(15, n, k, walkers.truth[15, n, k])
        s.propagate(15, "both", tracks=[1], keypoints="foot", progress=False)
        carried = s.poses.query("source == 'propagated'")
        assert set(carried["track_id"]) == {1} and set(carried["keypoint"]) == {"foot"}
        s.propagate(tracks="all", direction="both", progress=False)
        carried = s.poses.query("source == 'propagated'")
        assert set(carried["track_id"]) == {0, 1} and set(carried["keypoint"]) == {"head", "foot"}


def test_an_edit_in_between_ends_a_propagation(frames, walkers) -> None:
    wrong = {(t, 0, 0): (0, -6) for t in range(30)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        s.correct(15, 0, "head", walkers.truth[15, 0, 0])
        updates = s.iter_propagate(15, "both")
        next(updates)
        s.correct(15, 0, "foot", walkers.truth[15, 0, 3])
        assert list(updates) == []
        assert "stale" in set(s.issues["kind"]) and json.loads(s.events["payload"].iloc[-2])["stopped"]
        s.propagate(direction="both", progress=False)
        assert "stale" not in set(s.issues["kind"])


@pytest.mark.parametrize("tracks", [None, 0])
def test_nothing_is_left_to_carry_when_what_was_carried_is_gone(frames, walkers, tracks):
    """A propagation that was stopped leaves its work to the next one; without its origin there is none."""
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        s.correct(15, 0, "head", walkers.truth[15, 0, 0] + (0, 6))
        if tracks is not None:  # carried forward, and then, asked for by name, both ways
            s.propagate(progress=False)
        next(s.iter_propagate(tracks=tracks, direction="both"))
        assert s.frames["stale"].any() and s.tracks["n_pending"].tolist()[0] == 1
        before = tables(s)
        s.delete(0, 15, "frame")
        assert not s.frames["stale"].any()
        s.undo()
        assert_same(tables(s), before)
        s.propagate(direction="both", progress=False)
        assert not s.frames["stale"].any() and not s.tracks["n_pending"].any()


def test_identities(s: Session, walkers: Walkers) -> None:
    s.assign(10, 0, 1)
    np.testing.assert_allclose(pose(s, 20, 1), walkers.truth[20, 0], atol=0.5)
    np.testing.assert_allclose(pose(s, 20, 0), walkers.truth[20, 1], atol=0.5)
    np.testing.assert_allclose(pose(s, 5, 0), walkers.truth[5, 0], atol=0.5)
    s.undo()
    new = s.split(0, 15)
    assert new == 2 and s.tracks["n_frames"].tolist() == [15, 30, 15]
    s.merge(0, new)
    assert s.tracks["track_id"].tolist() == [0, 1] and s.tracks["n_frames"].tolist() == [30, 30]
    with pytest.raises(KeyError):
        s.assign(3, 0, 2)  # an identity that is gone is not used again
    s.assign(3, 0, 7)
    assert s.tracks["track_id"].tolist() == [0, 1, 7]
    assert s.draw_box(0, (1, 1, 5, 5)) == 8


def test_what_was_said_of_a_later_frame_holds(s: Session, walkers: Walkers) -> None:
    """Two people who are exchanged in two stretches: each is mended once, the later one first, and both stay right."""
    with session_on(s.video, None) as wrong:
        poses = s.poses
        there = poses["frame"].between(8, 12) | (poses["frame"] >= 20)
        poses.loc[there, "track_id"] = 1 - poses.loc[there, "track_id"]
        wrong.load(poses, link=False)
        wrong.swap(0, 1, 20)
        wrong.swap(0, 1, 8)  # ends before 20
        wrong.swap(0, 1, 13)  # what is wrong since
        for frame in (5, 8, 12, 13, 19, 20, 29):
            np.testing.assert_allclose(pose(wrong, frame, 0), pose(s, frame, 0))
        wrong.swap(0, 1, 19, "backwards")  # ends after 13
        np.testing.assert_allclose(pose(wrong, 14, 0), pose(s, 14, 1))
        np.testing.assert_allclose(pose(wrong, 13, 0), pose(s, 13, 0))
        wrong.swap(0, 1, 0, "all")  # means what it says
        np.testing.assert_allclose(pose(wrong, 25, 0), pose(s, 25, 1))


def test_draw_box_reads_the_pose_inside(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers, [(t, 1) for t in range(30)])) as s:
        s.initialize(progress=False)
        x, y = walkers.truth[4, 1].mean(0)
        person = s.draw_box(4, (x - 9, y - 14, 18, 28))
        assert person == 1
        np.testing.assert_allclose(pose(s, 4, person), walkers.truth[4, 1], atol=0.01)
        box = s.boxes.query("track_id == @person").iloc[0]
        assert bool(box["anchor"]) and box["source"] == "human"
        np.testing.assert_allclose(box[["x", "y", "w", "h"]].to_numpy(float), [x - 9, y - 14, 18, 28], atol=1e-4)
        s.propagate(4, "both", progress=False)
        carried = s.poses.query("track_id == @person and frame in (2, 6)")
        assert len(carried) == 8, "a drawn person is carried by flow where the model sees nobody"
        np.testing.assert_allclose(pose(s, 6, person), walkers.truth[6, 1], atol=1.5)


def test_without_a_network_people_are_drawn_and_filled(frames, walkers) -> None:
    with iw.Session.open(frames, model=None, skeleton=list(SMALL.keypoints), store=None) as s:
        s.initialize(progress=False)
        assert s.poses.empty and s.poses["keypoint"].cat.ordered
        person = s.draw_box(0, (10, 15, 22, 30))
        assert s.poses["visibility"].eq(0).all() and s.poses["x"].isna().all() and len(s.poses) == 4
        for k in range(4):
            s.correct(0, person, k, walkers.truth[0, 0, k])
        s.propagate(progress=False)
        assert s.tracks["last_frame"].item() >= 8
        np.testing.assert_allclose(pose(s, 8, person), walkers.truth[8, 0], atol=1.5)


def test_whole_person_edits(s: Session) -> None:
    old = pose(s, 2, 0)
    s.move(2, 0, (3, -2))
    np.testing.assert_allclose(pose(s, 2, 0), old + (3, -2), atol=1e-4)
    s.flip(2, 0)
    np.testing.assert_allclose(pose(s, 2, 0), (old + (3, -2))[[0, 2, 1, 3]], atol=1e-4)
    s.copy_pose(0, 2, 20)
    np.testing.assert_allclose(pose(s, 20, 0), pose(s, 2, 0))
    assert s.poses.query("frame == 20 and track_id == 0")["anchor"].all()


def test_visibility_and_anchors(s: Session) -> None:
    rows = s.set_visibility(2, 0, "head", 0)
    assert rows["x"].isna().all() and rows["visibility"].item() == 0
    rows = s.set_visibility(2, 0, "foot", 1)
    assert rows["visibility"].item() == 1 and rows["x"].notna().all()
    assert len(s.set_anchor(5, 1)) == 4 and s.poses.query("frame == 5 and track_id == 1")["anchor"].all()
    assert s.poses.query("frame == 5 and track_id == 1")["source"].eq("model").all()
    s.set_anchor(5, 1, on=False)
    assert not s.poses.query("frame == 5 and track_id == 1")["anchor"].any()


def box_of(s: Session, frame: int, track_id: int) -> pd.Series:
    return s.boxes.query("frame == @frame and track_id == @track_id").iloc[0]


def test_a_box_is_edited_apart_from_the_keypoints(s: Session, tmp_path: Path) -> None:
    before, old, beside = s.poses, box_of(s, 5, 0), box_of(s, 4, 0)
    row = s.set_box(5, 0, (4, 6.5, 31, 40))
    assert row[["frame", "track_id", "x", "y", "w", "h", "score"]].iloc[0].tolist() == [5, 0, 4, 6.5, 31, 40, 1]
    assert row["source"].item() == "human" and row["anchor"].item()
    pd.testing.assert_frame_equal(s.poses, before)
    pd.testing.assert_series_equal(box_of(s, 4, 0), beside)
    s.correct(5, 0, "head", (80, 60))
    s.propagate(direction="both", progress=False)
    assert box_of(s, 5, 0)[["x", "y", "w", "h"]].tolist() == [4, 6.5, 31, 40], "it does not grow about a keypoint"
    s.undo()
    s.undo()
    poses = iw.read(s.export(tmp_path / "coco.json", "coco"))
    kept = pd.DataFrame(poses.attrs["boxes"]).query("frame == 5 and track_id == 0")
    assert kept[["x", "y", "w", "h"]].to_numpy().tolist() == [[4, 6.5, 31, 40]]
    s.undo()
    pd.testing.assert_series_equal(box_of(s, 5, 0), old)
    s.redo()
    assert box_of(s, 5, 0)["anchor"] and s.metrics()["box_clicks"] == 1


def test_a_box_is_fitted_to_the_keypoints_and_follows_them_again(s: Session) -> None:
    s.set_box(5, 0, (4, 6.5, 31, 40))
    x, y, w, h = (s.set_box(5, 0)[name].item() for name in "xywh")
    low, high = pose(s, 5, 0).min(0), pose(s, 5, 0).max(0)
    margin = 0.1 * (high - low)
    np.testing.assert_allclose([x, y, x + w, y + h], [*(low - margin), *(high + margin)], atol=1e-3)
    assert not box_of(s, 5, 0)["anchor"] and box_of(s, 5, 0)["source"] == "interpolated"
    s.correct(5, 0, "head", (90, 60))
    assert box_of(s, 5, 0)[["x", "w"]].sum() >= 90 and box_of(s, 5, 0)[["y", "h"]].sum() >= 60
    for name in s.skeleton.keypoints:
        s.set_visibility(5, 0, name, 0)
    with pytest.raises(ValueError, match="none of person 0 in frame 5; place one"):
        s.set_box(5, 0)


def test_a_box_alone_is_nothing_to_carry(s: Session) -> None:
    s.set_box(5, 0, (4, 6.5, 31, 40))
    before = s.poses
    assert s.propagate(progress=False).frames == 0
    s.propagate(5, "both", tracks=[0], progress=False)
    pd.testing.assert_frame_equal(s.poses.drop(columns="revision"), before.drop(columns="revision"))


def test_interpolation_between_anchors(s: Session) -> None:
    s.correct(2, 0, "head", (10, 10))
    s.correct(8, 0, "head", (22, 34))
    rows = s.interpolate(0, 0, 29)
    assert rows["frame"].tolist() == [3, 4, 5, 6, 7] and set(rows["source"]) == {"interpolated"}
    np.testing.assert_allclose(rows[["x", "y"]].to_numpy()[2], (16, 22), atol=1e-4)
    assert s.interpolate(0, 0, 29, max_gap=3).empty


def test_events_and_metrics_count_clicks(s: Session) -> None:
    s.correct(3, 0, "head", (20, 20))
    s.correct(4, 0, "head", (20, 20))
    s.swap(0, 1, 4)
    s.draw_box(0, (1, 1, 9, 9))
    s.set_visibility(3, 0, "foot", 1)
    s.propagate(direction="both", progress=False)
    s.undo()
    events = s.events
    assert events["action"].tolist() == [
        "initialize", "correct", "correct", "swap", "draw_box", "set_visibility", "propagate", "undo",
    ]  # fmt: skip
    assert events["clicks"].tolist() == [0, 1, 1, 1, 1, 0, 0, 0]
    row = events.iloc[1]
    assert (row["x1"], row["y1"], row["v1"], row["keypoint"], row["frame"]) == (20, 20, 2, "head", 3)
    assert row["x0"] == pytest.approx(22.4, abs=1) and str(events["t"].dtype) == "datetime64[us, UTC]"
    metrics = s.metrics()
    assert (metrics["clicks"], metrics["keypoint_clicks"], metrics["identity_clicks"], metrics["box_clicks"]) == (
        4,
        2,
        1,
        1,
    )
    assert 0 < metrics["active_seconds"] < 30


def test_undo_and_redo_go_all_the_way(s: Session) -> None:
    states = [tables(s)]
    edits = (
        lambda: s.correct(3, 0, "head", (20, 20)),
        lambda: s.propagate(direction="both", progress=False),
        lambda: s.swap(0, 1, 10),
        lambda: s.delete(1, 5, "onwards"),
        lambda: s.correct(20, 0, "foot", (90, 5)),
        lambda: s.set_anchor(20, 0, on=False),
        lambda: s.resolve_issue(s.next_issue(), "ignored"),
    )
    for edit in edits:
        edit()
        states.append(tables(s))
    for state in states[-2::-1]:
        assert s.undo()
        assert_same(tables(s), state)
    for state in states[1:]:
        assert s.redo()
        assert_same(tables(s), state)
    assert not s.redo()
    for _ in edits:
        assert s.undo()
    assert not s.undo() and len(s.poses), "finding people is no step of undo"


def test_the_queue_of_issues(frames, walkers) -> None:
    wrong = {(9, 0, 1): (-12, 9), (20, 1, 2): (12, -6)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as s:
        s.initialize(progress=False)
        first = s.next_issue()
        assert first["kind"] == "jump" and (first["frame"], first["keypoint"]) == (9, "left_hand")
        second = s.next_issue(after=first["issue"])
        assert (second["frame"], second["keypoint"]) == (20, "right_hand")
        s.resolve_issue(first, "ignored")
        assert s.next_issue()["issue"] == second["issue"] == s.next_issue(after=first["issue"])["issue"]
        s.correct(20, 1, "right_hand", walkers.truth[20, 1, 2])
        assert s.next_issue() is None
        assert s.tracks["n_open_issues"].sum() == 0


def test_callbacks_hear_of_every_change(s: Session) -> None:
    heard: list[Changed] = []
    stop = s.on_change(heard.append)
    s.correct(3, 0, "head", (20, 20))
    s.swap(0, 1, 28)
    assert [c.kind for c in heard] == ["correct", "swap"] and heard[0].frames.tolist() == [3]
    assert heard[1].track_ids == (0, 1) and heard[1].revision == s.revision
    stop()
    s.undo()
    assert len(heard) == 2


def test_reopening_says_so_and_has_everything(frames, walkers, tmp_path: Path, capsys) -> None:
    store = tmp_path / "a.impose"
    with iw.Session.open(frames, model=None, skeleton=list(SMALL.keypoints), store=store) as s:
        assert s.path == store and not s.read_only
        s.draw_box(0, (10, 15, 22, 30))
        s.correct(0, 0, "head", (20, 20))
        before, events = tables(s), s.events
    assert not capsys.readouterr().err
    with iw.Session.open(frames, model=None, skeleton=list(SMALL.keypoints), store=store) as s:
        assert "goes on from" in capsys.readouterr().err and "goes on from" in repr(s)
        assert_same(tables(s), before)
        pd.testing.assert_frame_equal(s.events, events)
        assert s.undo() and s.undo() and s.poses.empty, "undo survives closing"
    assert [p.name for p in tmp_path.iterdir() if not p.name.endswith("-lock")] == ["a.impose"]


def test_the_journal_stands_beside_the_video(tmp_path: Path, frames, monkeypatch) -> None:
    from impose_widget.video import write_video

    clip = write_video(tmp_path / "clip.mp4", frames, 25)
    with iw.Session.open(clip, model=None) as s:
        assert s.path == (tmp_path / "clip.mp4.impose").resolve()
        s.draw_box(0, (10, 15, 22, 30))
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for file in tmp_path.glob("clip*"):
        file.rename(moved / file.name)
    with iw.Session.open(moved / "clip.mp4", model=None) as s:
        assert len(s.boxes) == 1, "a video that was moved with its journal is the same video"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with iw.Session.open(frames, model=None) as s:
        assert s.path.is_relative_to(tmp_path / "home")
    with iw.Session.open(frames, model=None, store=None) as s:
        assert s.path is None and s.save() is None


def test_tables_are_snapshots(s: Session) -> None:
    poses = s.poses
    poses.loc[:, "x"] = 0
    assert s.poses["x"].gt(0).any()
    assert poses.attrs["video"]["n_frames"] == 30 and poses.attrs["skeleton"]["keypoints"] == list(SMALL.keypoints)


def test_one_frame_and_no_people(walkers) -> None:
    one = walkers.render()[:1]
    with session_on(one, TruthDetector(Walkers(1, 96, 64, walkers.starts, walkers.speeds))) as s:
        s.initialize(progress=False)
        assert len(s.frames) == 1
        person = s.draw_box(0, (10, 15, 22, 30))
        s.correct(0, person, "head", (20, 20))
        assert not s.propagate(direction="both", progress=False).keypoints
    with session_on(walkers.render(), TruthDetector(walkers, [(t, n) for t in range(30) for n in (0, 1)])) as s:
        s.initialize(progress=False)
        assert (
            s.poses.empty and s.issues.empty and s.tracks.empty and s.next_issue() is None and s.frames["found"].all()
        )


def test_a_propagation_that_changes_nothing_is_no_step(frames, walkers, tmp_path: Path) -> None:
    """Or undo would take back nothing, and the journal would tell another story when it is opened again."""
    store = tmp_path / "a.impose"
    with session_on(frames, TruthDetector(walkers), store) as s:
        s.initialize(progress=False)
        s.correct(10, 0, "head", (20, 20))
        s.propagate(tracks="all", direction="both", progress=False)
        before = s.revision
        s.propagate(tracks="all", direction="both", progress=False)
        idle = s.revision > before and not s.state.journal.has_changes(s.revision)
        assert (s.state.history.done[-1] == s.revision) is not idle
        while s.undo():
            pass
        assert not s.poses["anchor"].any()
        done, undone = s.state.history.done, s.state.history.undone
        after = tables(s)
    with session_on(frames, TruthDetector(walkers), store) as s:
        assert (s.state.history.done, s.state.history.undone) == (done, undone)
        assert_same(tables(s), after)
        assert s.redo()


@pytest.mark.parametrize(("name", "kind"), [("auto", Smoother), ("smoother", Smoother), ("flow", FlowFusion)])
def test_what_carries_corrections_is_what_was_asked_for(frames, name, kind) -> None:
    with Session.open(frames, model=None, store=None, skeleton=SMALL, propagator=name) as s:
        assert type(s._propagator) is kind
