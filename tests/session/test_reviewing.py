"""A reviewer's work in a session: verdicts, comments, the report, comparison, guidelines at export."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.session.journal import Journal
from impose_widget.session.replay import differences, replay
from tests.session.sessions import assert_same, session_on, tables
from tests.walkers import TruthDetector


@pytest.fixture
def s(frames, walkers, tmp_path):
    """Annotations of the clip, in which person 1 loses a hand for a frame and goes away for some."""
    wrong = {(12, 1, 1): (25, 14)}
    missing = [(t, 0) for t in range(10, 26)]
    with session_on(frames, TruthDetector(walkers, missing, wrong), tmp_path / "clip.impose") as session:
        session.initialize(progress=False)
        yield session


def test_a_verdict_is_one_step_and_survives(s, frames, walkers, tmp_path) -> None:
    assert s.review(3, comment="both are right") == 2
    assert s.review(None, 0, "rejected") == len(s.state.tracks.frames_of(0))
    assert s.review(5, 1, "comment", "left hand?") == 1
    table = s.reviews.set_index(["frame", "track_id"])
    assert table.loc[(3, 1), ["verdict", "comment"]].tolist() == ["accepted", "both are right"]
    assert table.loc[(3, 0), ["verdict", "comment"]].tolist() == ["rejected", ""], "the later verdict counts"
    assert table.loc[(5, 1), ["verdict", "comment"]].tolist() == ["open", "left hand?"]
    before = s.reviews
    s.undo()
    assert (5, 1) not in s.reviews.set_index(["frame", "track_id"]).index
    s.redo()
    pd.testing.assert_frame_equal(s.reviews, before)
    s.close()
    with session_on(frames, TruthDetector(walkers), tmp_path / "clip.impose") as again:
        pd.testing.assert_frame_equal(again.reviews, before)
        again.review(3, verdict="open")
        assert 3 not in set(again.reviews["frame"])


def test_a_verdict_holds_until_the_pose_changes(s) -> None:
    s.review(4, 1)
    s.correct(4, 1, "head", (33, 20))
    row = s.reviews.iloc[0]
    assert (row["verdict"], row["changed_since"]) == ("accepted", True)
    s.undo()
    assert not s.reviews.iloc[0]["changed_since"]


def test_what_is_accepted_leaves_the_queue(s) -> None:
    issues = s.issues
    place = issues[(issues["frame"] == 12) & (issues["kind"] == "jump")].iloc[0]
    assert place["state"] == "open"
    s.review(12, int(place["track_id"]))
    after = s.issues.set_index("issue")
    assert after.loc[place["issue"], "state"] == "accepted"
    assert (after.loc[after["frame"] != 12, "state"] == "open").all()
    s.correct(12, int(place["track_id"]), "foot", (40, 40))
    assert "accepted" not in set(s.issues["state"]), "another pose is another question"


def test_a_log_with_verdicts_can_be_followed(s, frames, walkers, tmp_path) -> None:
    s.review(3, comment="fine")
    s.review(None, 1, "rejected")
    s.correct(12, 1, "left_hand", walkers.truth[12, 1, 1])
    s.undo()
    s.close()
    wrong = {(12, 1, 1): (25, 14)}
    detector = TruthDetector(walkers, [(t, 0) for t in range(10, 26)], wrong)
    journal = Journal(tmp_path / "clip.impose", read_only=True)
    with (
        session_on(frames, detector) as new,
        session_on(frames, detector, tmp_path / "clip.impose") as old,
    ):
        replay(journal, new)
        assert differences(new, old) == []
        pd.testing.assert_frame_equal(new.reviews, old.reviews)
    journal.close()


@pytest.mark.parametrize(
    "wrong",
    [{}, {"frame": 99}, {"track_id": 7}, {"frame": 3, "verdict": "good"}, {"frame": 3, "verdict": "comment"},
     {"frame": 5, "frame_end": 3}, {"frame": 3, "comment": 4}, {"track_id": 0, "frame_end": 4}],
)  # fmt: skip
def test_bad_verdicts_change_nothing(s, wrong) -> None:
    before, revision = tables(s), s.revision
    with pytest.raises((ValueError, TypeError, KeyError), match="Expected"):
        s.review(**wrong)
    assert s.revision == revision
    assert_same(tables(s), before)


def test_the_report_says_what_was_checked_and_changed(s, walkers, tmp_path) -> None:
    was = s.poses.query("frame == 12 and track_id == 1 and keypoint == 'left_hand'").iloc[0]
    s.review(3, comment="fine | really")
    s.correct(12, 1, "left_hand", walkers.truth[12, 1, 1])
    s.set_visibility(13, 1, "foot", 1)
    s.delete(1, 20)
    report = s.review_report()
    far = float(np.hypot(*(walkers.truth[12, 1, 1] - was[["x", "y"]].to_numpy(float))))
    hand = report.keypoints.set_index("keypoint").loc["left_hand"]
    assert hand["changed"] == 1 and hand["max_px"] == pytest.approx(far, abs=1e-4)
    assert report.keypoints.set_index("keypoint").loc["foot", "visibility_changed"] == 1
    assert report.summary["deleted"] == 1 and report.summary["changed"] == 2
    assert report.summary["checked"] == 4 and report.summary["accepted"] == 2
    assert report.summary["clicks"] == s.metrics()["clicks"]
    assert report.people.set_index("track_id").loc[1, ["checked", "changed"]].tolist() == [3, 2]
    assert "fine \\| really" in report.to_markdown()
    assert report.save(tmp_path / "r.html").read_text("utf-8").count("<table>") >= 5
    with pytest.raises(ValueError, match=r"\.md or \.html"):
        report.save(tmp_path / "r.pdf")
    s.undo()
    assert s.review_report().summary["deleted"] == 0, "what was taken back did not happen"


def test_an_exchange_of_identities_is_no_change_of_keypoints(s) -> None:
    s.swap(0, 1, 4, (4, 8))
    summary = s.review_report().summary
    assert summary["identities"] == 10 and summary["keypoints_changed"] == 0


def test_a_review_begins_with_what_was_loaded(s, frames, tmp_path) -> None:
    s.correct(12, 1, "head", (33, 30))
    path = s.export(tmp_path / "theirs.csv")
    with session_on(frames) as reviewer:
        reviewer.load(path)
        assert reviewer.review_report().summary["keypoints_changed"] == 0
        reviewer.correct(13, 1, "head", (33, 30))
        assert reviewer.review_report().summary["keypoints_changed"] == 1
        assert reviewer.review_report(since=0).summary["keypoints_changed"] == 1


def test_what_somebody_was_sure_of_is_questioned_in_a_review(s, frames, tmp_path) -> None:
    for k in s.skeleton.keypoints:  # a leap that somebody stands behind
        s.correct(12, 1, k, (10, 10))
    path = s.export(tmp_path / "theirs.csv")
    for anchors, says in ((True, False), (False, True)):
        with session_on(frames) as reviewer:
            reviewer.load(path, anchors=anchors)
            kinds = reviewer.issues.query("frame == 12 and track_id == 1")["kind"]
            assert ("jump" in set(kinds)) == says and bool(reviewer.poses["anchor"].any()) == anchors


def test_differences_to_somebody_else_join_the_queue(s, walkers, tmp_path) -> None:
    same = s.compare(s.poses.copy())
    assert same.summary["mean_oks"] == 1 and not len(same.disagreements) and "differs" not in set(s.issues["kind"])
    theirs = s.poses
    at = theirs.query("frame == 6 and track_id == 1 and keypoint == 'head'").index
    theirs.loc[at, "x"] += 20
    theirs = theirs[(theirs["track_id"] != 0) | (theirs["frame"] > 4)]
    other = s.compare(theirs, "Ben")
    assert other.summary["only_first"] == 5 and other.summary["not_one_place"] == 1
    assert other.keypoints.set_index("keypoint").loc["head", "p90_px"] == 0
    places = s.issues.query("kind == 'differs'")
    assert set(places["reason"]) == {"head is 20 px from where Ben has it", "Ben has nobody here"}
    head = places[places["keypoint"] == "head"].iloc[0]
    s.resolve_issue(int(head["issue"]), "ignored")
    assert s.issues.set_index("issue").loc[head["issue"], "state"] == "ignored"
    assert iw.contact_sheet(other.queue, tmp_path / "differs.png").stat().st_size > 1000
    s.compare(None)
    assert "differs" not in set(s.issues["kind"])


def test_other_identities_are_told(s) -> None:
    theirs = s.poses
    late = theirs["frame"] > 26
    theirs.loc[late, "track_id"] = 1 - theirs.loc[late, "track_id"]
    late_pairs = [
        n for n in (27, 28, 29) for i in (0, 1) if ((s.poses["frame"] == n) & (s.poses["track_id"] == i)).any()
    ]
    assert iw.compare(s, theirs).summary["identity_differs"] == len(late_pairs) > 0


def test_guidelines_are_those_of_the_project(s, tmp_path, capsys) -> None:
    assert s.guidelines == iw.Guidelines() and s.guidelines_path is None
    for k in ("left_hand", "right_hand", "head"):
        s.set_visibility(2, 1, k, 1)
    s.guidelines = iw.Guidelines(min_visible=8, min_size=0, keep_given=False)  # 2 of this skeleton's 4
    verdict = s.judge(2)
    assert verdict.set_index("track_id")["meets"].to_dict() == {0: True, 1: False}
    assert verdict.set_index("track_id").loc[1, "reason"] == "1 of 2 visible keypoints"
    everything = s.judge().set_index(["frame", "track_id"])
    pd.testing.assert_frame_equal(everything.loc[[2]].reset_index(), verdict)
    n = len(iw.read(s.export(tmp_path / "all.csv")))
    out = int((~everything["meets"]).sum())  # that one, and those in between, who are guessed and not seen
    assert out == 17 and len(iw.read(s.export(tmp_path / "kept.csv", guidelines=True))) == n - 4 * out
    assert "17 with too few visible keypoints" in capsys.readouterr().err
    s.guidelines = s.guidelines.write(tmp_path / "mine.toml")
    assert s.guidelines.keep_given is False
    with pytest.raises(TypeError, match="Guidelines"):
        s.guidelines = 3


def test_events_come_once_each_and_a_bad_listener_harms_nothing(s) -> None:
    heard: list[dict] = []
    stop = s.on_event(heard.append)
    s.correct(5, 1, "head", (33, 20))
    s.propagate(direction="both", progress=False)
    s.review(6)
    s.undo()
    table = s.events.tail(4)
    assert [e["action"] for e in heard] == table["action"].tolist() == ["correct", "propagate", "review", "undo"]
    for name in ("seq", "clicks", "dt_active_ms", "n_values_changed", "payload"):
        assert [e[name] for e in heard] == table[name].tolist()
    assert heard[0]["clicks"] == 1 and (heard[0]["frame"], heard[0]["keypoint"]) == (5, "head")
    stop()
    ended = s.on_event(lambda event: 1 / 0)
    with pytest.warns(RuntimeWarning, match="on_event failed"):
        s.correct(7, 1, "head", (33, 20))
    ended()
    assert len(heard) == 4 and s.poses.query("frame == 7 and track_id == 1 and keypoint == 'head'")["anchor"].all()


def test_meters_are_those_of_the_log(s) -> None:
    s.correct(5, 1, "head", (33, 20))
    s.review(3)
    m, e = s.metrics(), s.events
    assert m["clicks"] == e["clicks"].sum() == 1 and m["person_frames_checked"] == 2
    assert m["seconds_per_click"] == pytest.approx(m["active_seconds"])
    assert m["clicks_per_track"] == pytest.approx(1 / len(s.tracks))
