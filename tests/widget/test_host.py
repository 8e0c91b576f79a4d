"""A session served to pages: every request is answered, every change is told to all, nothing blocks."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from impose_widget.core.pose import HUMAN
from impose_widget.protocol import PROTOCOL_VERSION
from impose_widget.widget.host import Host
from tests.session.sessions import TruthDetector, session_on
from tests.widget.browsers import Browser, rows_of


@pytest.fixture
def detector(walkers) -> TruthDetector:
    return TruthDetector(walkers)


@pytest.fixture
def session(frames, detector):
    with session_on(frames, detector) as session:
        yield session


def served(session, *pages: Browser, **options):
    def send(content, buffers):
        for page in pages:
            page.hear(content, buffers)

    host = Host(session, send, **options)
    for page in pages:
        page.receive = host.receive
    return host


@pytest.fixture
def page() -> Browser:
    return Browser()


@pytest.fixture
def host(session, page):
    """A host whose people are found, and that carries nothing by itself."""
    session.initialize(progress=False)
    host = served(session, page, auto_propagate=False)
    yield host
    host.close()


def finished(page: Browser, what: str, n: int = 1) -> dict:
    page.wait(lambda c: len([f for f in page.all("finished") if f["what"] == what]) >= n)
    return [f for f in page.all("finished") if f["what"] == what][n - 1]


def test_hello_is_answered_with_everything_but_pictures_and_poses(host, page, session) -> None:
    welcome, (times,) = page.ask("hello", version=PROTOCOL_VERSION)
    assert welcome["kind"] == "welcome" and welcome["video"]["n_frames"] == 30
    assert welcome["skeleton"] == session.skeleton.to_json()
    np.testing.assert_array_equal(np.frombuffer(times), session.video.times)
    state = welcome["state"]
    assert state["all"] and [p["track_id"] for p in state["people"]] == [0, 1] and state["found"] == [[0, 29]]
    assert state["undo"] is None and state["store"] is None and not state["read_only"]
    refused, _ = page.ask("hello", version=99)
    assert (refused["kind"], refused["code"]) == ("error", "version") and "reload" in refused["message"]


def test_frames_come_as_pictures_of_just_these_frames(host, page, frames) -> None:
    import simplejpeg

    answer, jpegs = page.ask("frames", want=[3, 29, 0], size="full")
    assert answer["frames"] == [3, 29, 0] and len(jpegs) == 3
    for frame, jpeg in zip(answer["frames"], jpegs, strict=True):
        picture = simplejpeg.decode_jpeg(jpeg).astype(float)
        apart = [np.abs(picture - other).mean() for other in frames.astype(float)]
        assert int(np.argmin(apart)) == frame and picture.shape == frames[0].shape
    assert page.ask("frames", want=[30], size="full")[0]["message"].startswith("Expected frames in 0..29")
    assert page.ask("frames", want=[], size="preview")[0]["frames"] == []


def test_a_preview_is_small(page, walkers) -> None:
    import simplejpeg

    wide = np.zeros((1, 500, 1600, 3), np.uint8)
    with session_on(wide, None) as session:
        host = served(session, page)
        _, (jpeg,) = page.ask("frames", want=[0], size="preview")
        host.close()
    assert simplejpeg.decode_jpeg(jpeg).shape == (200, 640, 3)


def test_poses_are_those_of_the_table(host, page, session) -> None:
    session.correct(5, 1, "head", (40.25, 30.5), visibility=1)
    answer, buffers = page.ask("poses", first=4, stop=7)
    rows = rows_of(answer, buffers)
    assert sorted(rows) == [(f, i) for f in (4, 5, 6) for i in (0, 1)] and answer["revision"] == session.revision
    table = session.poses
    for (frame, track_id), row in rows.items():
        want = table[(table["frame"] == frame) & (table["track_id"] == track_id)]
        np.testing.assert_array_equal(row["xy"], want[["x", "y"]])
        np.testing.assert_array_equal(row["flags"] & 3, want["visibility"])
        np.testing.assert_array_equal(row["flags"] >> 5, want["anchor"])
        np.testing.assert_allclose(row["score"] / 255, want["score"], atol=0.002)
    assert rows[5, 1]["flags"][0] == 1 | HUMAN << 2 | 1 << 5 and rows[5, 1]["marks"] == 1
    assert page.ask("poses", first=9, stop=9)[0]["kind"] == "error"


def test_an_edit_is_stored_told_to_all_and_answered_in_that_order(session, detector) -> None:
    session.initialize(progress=False)
    mine, other = Browser("mine"), Browser("other")
    host = served(session, mine, other, auto_propagate=False)
    answer = mine.edit("correct", frame=5, track_id=0, keypoint="head", xy=[40.5, 30], visibility=2)
    host.close()
    assert answer["kind"] == "done" and answer["revision"] == session.revision
    for page in (mine, other):
        assert page.kinds() == ["changed", "done"], "a page hears what changed before it hears that it is done"
        content, buffers = page.heard[0]
        rows = rows_of(content, buffers)
        assert list(rows) == [(5, 0)] and rows[5, 0]["xy"][0].tolist() == [40.5, 30]
        assert content["frames"] == [[5, 5]] and content["track_ids"] == [0] and content["action"] == "correct"
        person = content["state"]["people"]
        assert [(p["track_id"], p["anchors"], p["pending"]) for p in person] == [(0, [5], [5])]
        assert content["state"]["undo"] == "Correct head of person 0, frame 5" and content["state"]["clicks"] == 1


def test_an_edit_in_a_cell_is_told_as_well(host, page, session) -> None:
    session.swap(0, 1, 10)
    content, buffers = page.wait(lambda c: c["kind"] == "changed")
    assert content["frames"] == [[10, 29]] and content["track_ids"] == [0, 1] and content["n"] == 40
    assert len(rows_of(content, buffers)) == 40


BAD_EDITS = {
    "nobody": ("correct", {"frame": 5, "track_id": 9, "keypoint": "head", "xy": [4, 4]}, "value", "person"),
    "off the image": ("correct", {"frame": 5, "track_id": 0, "keypoint": "head", "xy": [4000, 4]}, "value", "image"),
    "no number": ("correct", {"frame": 5, "track_id": 0, "keypoint": "head", "xy": [None, 4]}, "value", "xy"),
    "NaN": ("correct", {"frame": 5, "track_id": 0, "keypoint": "head", "xy": [float("nan"), 4]}, "value", "finite"),
    "an argument too few": ("correct", {"frame": 5, "track_id": 0}, "value", "arguments"),
    "no such keypoint": ("correct", {"frame": 5, "track_id": 0, "keypoint": "tail", "xy": [4, 4]}, "value", "tail"),
    "no such frame": ("split", {"track_id": 0, "frame": 99}, "value", "30 frames"),
    "an empty box": ("draw_box", {"frame": 5, "box_xywh": [4, 4, 0, 0]}, "value", "box"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_EDITS)
def test_a_bad_edit_is_refused_and_changes_nothing(host, page, session, what) -> None:
    action, args, code, says = BAD_EDITS[what]
    before = session.revision
    answer = page.edit(action, **args)
    assert (answer["kind"], answer["code"]) == ("error", code) and says in answer["message"], answer
    assert session.revision == before and "changed" not in page.kinds()


def test_an_edit_of_a_page_that_knows_another_session_is_refused(host, page, session) -> None:
    answer = page.edit("correct", base=1000, frame=5, track_id=0, keypoint="head", xy=[4, 4])
    assert answer["code"] == "stale" and not session.poses["anchor"].any()


def test_edits_from_a_read_only_session_are_refused(frames, walkers, tmp_path, page) -> None:
    with session_on(frames, TruthDetector(walkers), tmp_path / "a.impose") as session:
        session.initialize(progress=False)
        session._state.journal.read_only = True
        host = served(session, page)
        assert page.ask("hello", version=1)[0]["state"]["read_only"]
        answer = page.edit("correct", frame=5, track_id=0, keypoint="head", xy=[4, 4], visibility=2)
        host.close()
        assert answer["code"] == "read_only"


def test_undo_and_redo_say_what_they_did(host, page, session) -> None:
    page.edit("correct", frame=5, track_id=0, keypoint="head", xy=[40, 30], visibility=2)
    assert page.edit("undo")["result"] == "Correct head of person 0, frame 5"
    assert not session.poses["anchor"].any()
    assert page.all("changed")[-1]["state"]["redo"] == "Correct head of person 0, frame 5"
    assert page.edit("redo")["result"] == "Correct head of person 0, frame 5" and session.poses["anchor"].any()
    page.edit("undo")
    assert page.edit("undo")["result"] is None, "finding people is not undone from a page"


def test_a_drawn_box_gives_a_person_and_a_deleted_one_is_gone(host, page, session) -> None:
    answer = page.edit("draw_box", frame=3, box_xywh=[10, 15, 22, 30], track_id=None)
    new = answer["result"]
    assert new == 2 and page.all("changed")[-1]["state"]["next_track_id"] == 3
    page.edit("delete", track_id=new, frame=3, scope="frame")
    assert page.all("changed")[-1]["state"]["gone"] == [new]
    page.edit("delete", track_id=0, frame=10, scope=[10, 12])
    assert session.poses.query("track_id == 0")["frame"].nunique() == 27


def test_people_are_found_as_soon_as_somebody_looks(session, page, detector) -> None:
    host = served(session, page)
    assert page.ask("hello", version=1)[0]["state"]["found"] == []
    finished(page, "initialize")
    host.close()
    assert session.frames["found"].all() and page.all("changed")[-1]["state"]["found"] == [[0, 29]]
    total = [m for m in page.all("progress") if m["what"] == "initialize"]
    assert total[-1]["done"] == total[-1]["total"] == 30
    assert sum(c["n"] or 0 for c in page.all("changed")) >= 60, "poses arrive while the rest is being found"


class Slow(TruthDetector):
    """Finds people as the truth says, one batch for each time it is let."""

    def __init__(self, walkers) -> None:
        super().__init__(walkers)
        self.let = threading.Semaphore(0)

    def detect(self, images, indices):
        assert self.let.acquire(timeout=10)
        return super().detect(images, indices)


def test_the_first_frames_can_be_edited_while_the_rest_is_being_found(frames, walkers, page) -> None:
    detector = Slow(walkers)
    with session_on(frames, detector) as session:
        host = served(session, page)
        page.ask("hello", version=1)
        for _ in range(2):
            detector.let.release()
        page.wait(lambda c: c["kind"] == "changed" and c["frames"] and c["frames"][0][0] == 0)
        began = time.monotonic()
        answer = page.edit("correct", frame=2, track_id=0, keypoint="head", xy=[33, 22], visibility=2)
        assert answer["kind"] == "done" and time.monotonic() - began < 1, "the edit does not wait for the detector"
        for _ in range(10):
            detector.let.release()
        finished(page, "propagate")
        finished(page, "initialize")
        host.close()
        assert session.frames["found"].all() and len(session.tracks) == 2
        row = session.poses.query("frame == 2 and track_id == 0 and keypoint == 'head'").iloc[0]
        assert (row["x"], row["y"]) == (33, 22)


def test_a_correction_travels_by_itself(session, page, walkers) -> None:
    session.initialize(progress=False)
    host = served(session, page)
    page.edit("correct", frame=10, track_id=0, keypoint="head", xy=(walkers.truth[10, 0, 0] + 4).tolist(), visibility=2)
    report = finished(page, "propagate")
    assert report["stopped"] == "" and report["track_ids"] == [0] and report["frames"] > 4
    assert (session.poses["source"] == "propagated").any() and not session.tracks["n_pending"].any()
    page.ask("option", name="auto_propagate", value=False)
    page.wait(lambda c: c == {"kind": "options", "auto_propagate": False})
    page.edit("correct", frame=20, track_id=1, keypoint="head", xy=[50, 30], visibility=2)
    host.close()
    assert len([f for f in page.all("finished") if f["what"] == "propagate"]) == 1
    assert session.tracks["n_pending"].tolist() == [0, 1]


def test_corrections_in_quick_succession_are_all_carried(session, page) -> None:
    session.initialize(progress=False)
    host = served(session, page)
    for i, frame in enumerate((4, 9, 14, 19, 24)):
        page.edit("correct", frame=frame, track_id=i % 2, keypoint="head", xy=[30 + i, 30], visibility=2)
    deadline = time.monotonic() + 10
    while host.jobs.open() and time.monotonic() < deadline:
        time.sleep(0.01)
    host.close()
    assert session.tracks["n_pending"].sum() == 0 and session.poses["anchor"].sum() == 5


class Endless:
    """Carries for ever, a frame at a time."""

    name, reach = "endless", 30

    def propagate(self, frames, people):
        from impose_widget.propagate.base import FrameUpdate

        person = people[0]
        for n in range(10_000):
            frame = np.array([person.start + n % (person.stop - person.start)], np.int32)
            xy = np.full((1, person.xy.shape[1], 2), 5 + n % 40, np.float32)
            write = np.ones(xy.shape[:2], bool)
            time.sleep(0.002)
            yield FrameUpdate(person.track_id, frame, xy, np.ones(xy.shape[:2], np.float32), write, n / 10_000)


def test_propagation_streams_and_stops_at_once(host, page, session) -> None:
    session._propagator = Endless()
    session.correct(10, 0, "head", (30, 30))
    job = page.ask("propagate", frame=None, direction="both", stop=None, tracks=None, keypoints=None)[0]["job"]
    page.wait(lambda c: c["kind"] == "progress" and c["what"] == "propagate" and "person 0" in c["text"])
    page.wait(lambda c: c["kind"] == "changed" and c["action"] == "propagate" and c["n"])
    began = time.monotonic()
    assert page.ask("cancel", job=job)[0]["kind"] == "ok"
    report = finished(page, "propagate")
    assert report["stopped"] == "cancelled" and time.monotonic() - began < 1
    assert (session.poses["source"] == "propagated").any() and session.frames["stale"].any()


def test_an_edit_during_a_propagation_is_not_lost(session, page) -> None:
    session._propagator = Endless()
    session.initialize(progress=False)
    host = served(session, page)
    page.edit("correct", frame=10, track_id=0, keypoint="head", xy=[30, 30], visibility=2)
    page.wait(lambda c: c["kind"] == "progress" and c["what"] == "propagate")
    answer = page.edit("correct", frame=12, track_id=0, keypoint="head", xy=[31, 31], visibility=2)
    assert answer["kind"] == "done"
    page.ask("cancel", job=None)
    host.close()
    placed = session.poses[session.poses["anchor"]]
    assert placed["frame"].tolist() == [10, 12] and placed["x"].tolist() == [30, 31]


def test_bad_orders_are_refused_at_once(host, page) -> None:
    answer, _ = page.ask("propagate", frame=99, direction="both", stop=None, tracks=None, keypoints=None)
    assert (answer["kind"], answer["code"]) == ("error", "value")
    answer, _ = page.ask("propagate", frame=3, direction="up", stop=None, tracks=None, keypoints=None)
    assert "direction" in answer["message"]
    assert page.ask("initialize")[0]["kind"] == "error", "everything is found already"


def test_the_next_issue_is_told_with_its_reason(frames, walkers, page) -> None:
    wrong = {(9, 0, 1): (-12, 9)}
    with session_on(frames, TruthDetector(walkers, wrong=wrong)) as session:
        session.initialize(progress=False)
        host = served(session, page)
        answer, _ = page.ask("issue", after=None)
        assert answer["issue"]["frame"] == 9 and answer["issue"]["reason"] and answer["n_open"] >= 1
        page.edit("resolve_issue", issue=answer["issue"]["issue"], state="ignored")
        while answer["issue"] is not None:
            answer, _ = page.ask("issue", after=answer["issue"]["issue"])
        host.close()


def test_the_list_of_issues_is_told_worst_first(frames, walkers, page) -> None:
    with session_on(frames, TruthDetector(walkers, wrong={(9, 0, 1): (-12, 9), (20, 1, 2): (6, -3)})) as session:
        session.initialize(progress=False)
        host = served(session, page)
        answer, _ = page.ask("issues", limit=1)
        host.close()
        assert answer["n_open"] >= 2 and len(answer["issues"]) == 1
        assert answer["issues"][0]["issue"] == session.issues["issue"].iloc[0]
        assert session.issues["gain"].is_monotonic_decreasing, "first where most is to be mended"


def test_lanes_say_how_sure_each_person_is_over_time(host, page, session) -> None:
    session.correct(7, 1, "head", (60, 30))
    session.delete(0, 20, "onwards")
    answer, (sure, marks) = page.ask("lanes", first=0, stop=30, bins=10)
    assert answer["track_ids"] == [0, 1] and answer["revision"] == session.revision
    sure, marks = (np.frombuffer(b, np.uint8).reshape(2, 10) for b in (sure, marks))
    assert (sure[0, :6] > 0).all() and (sure[0, 7:] == 0).all() and (sure[1] > 0).all()
    assert np.flatnonzero(marks[1] & 1).tolist() == [2] and np.flatnonzero(marks[1] & 8).tolist() == [2]
    assert not marks[0].any()
    assert page.ask("lanes", first=9, stop=9, bins=4)[0]["kind"] == "error"
    assert page.ask("lanes", first=0, stop=30, bins=0)[0]["code"] == "value"


def test_a_curve_comes_as_three_buffers(host, page, session) -> None:
    facts = {"track_id": 1, "keypoint": "head", "what": "motion", "first": 0, "stop": 30, "bins": 15}
    answer, buffers = page.ask("curve", **facts)
    assert {name: answer[name] for name in facts} == facts and answer["revision"] == session.revision
    low, high, worst = (np.frombuffer(b, t) for b, t in zip(buffers, ("<f4", "<f4", "<i4"), strict=True))
    assert (low[1:] <= high[1:]).all() and (worst // 2 == np.arange(15)).all()
    assert page.ask("curve", **facts | {"what": "speed"})[0]["code"] == "value"


def test_a_propagation_is_shown_as_it_was_before_and_rejected_in_part(host, page, session, walkers) -> None:
    empty, _ = page.ask("before", action=None, first=0, stop=30)
    assert (empty["action"], empty["n"], empty["frames"]) == (None, 0, [])
    session.correct(10, 0, "head", walkers.truth[10, 0, 0] + (4, -3))
    was = {f: session.poses.query(f"frame == {f} and track_id == 0")[["x", "y"]].to_numpy() for f in (11, 12)}
    session.propagate(direction="both", progress=False)
    answer, buffers = page.ask("before", action=None, first=11, stop=13)
    rows = rows_of(answer, buffers)
    assert sorted(rows) == [(11, 0), (12, 0)] and answer["track_ids"] == [0] and answer["frames"][0][0] < 10
    for frame, xy in was.items():
        np.testing.assert_array_equal(rows[frame, 0]["xy"], xy)
    assert page.edit("reject", action=answer["action"], frames=[11, 12], tracks=[0])["result"] == 2
    for frame, xy in was.items():
        np.testing.assert_array_equal(session.poses.query(f"frame == {frame} and track_id == 0")[["x", "y"]], xy)
    assert "propagated" in set(session.poses.query("frame == 13")["source"].astype(str))


def test_a_flood_of_requests_is_answered_to_the_last(host, page, session) -> None:
    gate = threading.Event()
    host._io.submit(gate.wait)
    rids = [page.send("poses", first=0, stop=30) for _ in range(500)]
    gate.set()
    page.wait(lambda c: len({m[0].get("rid") for m in page.heard}) == 500)
    kinds = {m[0]["rid"]: m[0] for m in page.heard}
    assert sorted(kinds) == rids
    assert {c["code"] for c in kinds.values() if c["kind"] == "error"} == {"busy"}
    assert sum(c["kind"] == "poses" for c in kinds.values()) >= 200
    assert page.ask("ping")[0]["kind"] == "ok", "and then it goes on"


def test_what_should_never_happen_is_said_and_logged(host, page, monkeypatch, caplog) -> None:
    monkeypatch.setattr(host.session, "flip", lambda frame, track_id, part="all": 1 / 0)
    answer = page.edit("flip", frame=3, track_id=0, part="all")
    assert answer["code"] == "failed" and "ZeroDivisionError" in answer["message"] and "flip" not in answer["message"]
    assert "Traceback" in caplog.text or caplog.records


def test_python_can_show_a_place(host, page) -> None:
    host.go(12, 1)
    content, _ = page.wait(lambda c: c["kind"] == "go")
    assert content == {"kind": "go", "frame": 12, "track_id": 1}
    with pytest.raises(ValueError, match=r"0\.\.29"):
        host.go(30)


def test_pictures_that_are_large_come_in_messages_that_are_not(host, page, monkeypatch) -> None:
    monkeypatch.setattr("impose_widget.widget.host.MOST_BYTES", 4000)
    answer, jpegs = page.ask("frames", want=list(range(20)), size="full")
    assert 0 < len(jpegs) < 20 and answer["frames"] == list(range(len(jpegs)))
    assert sum(map(len, jpegs[:-1])) <= 4000
