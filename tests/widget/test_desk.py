"""What a page hears of guidelines, reviews, meters and files: the same as the session says."""

from __future__ import annotations

from pathlib import Path

import pytest

import impose_widget as iw
from tests.session.sessions import TruthDetector, session_on
from tests.widget.browsers import Browser
from tests.widget.test_host import served


@pytest.fixture
def session(walkers, frames):
    with session_on(frames, TruthDetector(walkers)) as session:
        session.initialize(progress=False)
        yield session


@pytest.fixture
def page(session):
    page = Browser()
    host = served(session, page, auto_propagate=False)
    yield page
    host.close()


def edit(page: Browser, action: str, **args) -> dict:
    answer, _ = page.ask("edit", action=action, args=args, base=0)
    assert answer["kind"] == "done", answer
    return answer


def test_the_guide_is_the_projects_own(page, session) -> None:
    answer, _ = page.ask("guide")
    assert answer["text"] == iw.Guidelines().text and answer["file"] is None
    session.guidelines = iw.Guidelines(name="ours", text="# Ours")
    answer, _ = page.ask("guide")
    assert (answer["name"], answer["text"], answer["digest"]) == ("ours", "# Ours", session.guidelines.digest)


def test_people_of_a_frame_are_judged_as_they_are_now(page, session) -> None:
    answer, _ = page.ask("judged", frame=3, blur=False)
    expected = session.judge(frame=3)
    assert [(p["track_id"], p["n_visible"], p["meets"]) for p in answer["people"]] == list(
        expected[["track_id", "n_visible", "meets"]].itertuples(index=False, name=None)
    )
    for name in session.skeleton.keypoints[1:]:
        edit(page, "set_visibility", frame=3, track_id=1, keypoint=name, visibility=1)
    answer, _ = page.ask("judged", frame=3, blur=True)
    (person,) = [p for p in answer["people"] if p["track_id"] == 1]
    assert (person["n_visible"], person["needed"], person["meets"]) == (1, 2, False)
    assert person["reason"].startswith("1 of 2") and person["given"] and person["blurred"] == []
    assert answer["revision"] == session.revision
    assert page.ask("judged", frame=99, blur=False)[0]["kind"] == "error"


def test_a_review_goes_from_place_to_place_until_nothing_is_left(page, session) -> None:
    answer, _ = page.ask("review", frame=0, track_id=None)
    total = session.poses.groupby(["frame", "track_id"]).ngroups
    assert (answer["person_frames"], answer["accepted"], answer["next"]) == (total, 0, [0, 0])
    verdict = {"verdict": "accepted", "comment": "", "frame_end": None}
    edit(page, "review", frame=0, track_id=0, **verdict)
    assert page.ask("review", frame=0, track_id=0)[0]["next"] == [0, 1]
    edit(page, "review", frame=0, track_id=1, verdict="rejected", comment="wrong arm", frame_end=4)
    answer, _ = page.ask("review", frame=0, track_id=1)
    assert (answer["accepted"], answer["rejected"], answer["next"]) == (1, 5, [1, 0])
    remark = {"frame": 0, "frame_end": 4, "track_id": 1, "verdict": "rejected", "comment": "wrong arm"}
    assert answer["comments"] == [remark]
    (first, second) = page.ask("judged", frame=0, blur=False)[0]["people"]
    assert (first["verdict"], second["verdict"], second["comment"]) == ("accepted", "rejected", "wrong arm")
    # Whoever is changed is to be looked at again; what was skipped comes round.
    edit(page, "correct", frame=0, track_id=0, keypoint=session.skeleton.keypoints[0], xy=[30.0, 30.0], visibility=2)
    last = int(session.poses["frame"].max())
    assert page.ask("review", frame=last, track_id=1)[0]["next"] == [0, 0]
    edit(page, "review", frame=0, track_id=0, **verdict | {"frame_end": last})
    edit(page, "review", frame=0, track_id=1, **verdict | {"frame_end": last})
    answer, _ = page.ask("review", frame=5, track_id=0)
    assert (answer["accepted"], answer["next"]) == (total, None)


def test_meters_are_those_of_the_session(page, session) -> None:
    edit(page, "correct", frame=2, track_id=0, keypoint=session.skeleton.keypoints[0], xy=[30.0, 30.0], visibility=2)
    answer, _ = page.ask("meters")
    assert answer["values"] == {name: round(value, 3) for name, value in session.metrics().items()}
    assert answer["values"]["clicks"] == 1


def test_what_a_file_loses_is_said_before_and_it_is_read_back_after(page, session, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer, _ = page.ask("losses", format="mot", path="")
    lost = session.losses("mot")
    assert [x["aspect"] for x in answer["losses"]] == list(lost["aspect"]) and answer["losses"][0]["n"] > 0
    assert not answer["exists"] and {"coco", "mot", "parquet"} <= {f["format"] for f in answer["formats"]}
    assert page.ask("losses", format="parquet", path="")[0]["losses"] == []
    assert page.ask("losses", format="", path="a.json")[0]["format"] == "coco"
    wish = {"format": "mot", "path": "people.txt"}
    answer, _ = page.ask("export", **wish, replace=False)
    assert answer["path"] == str(tmp_path / "people.txt") and answer["said"].startswith("mot does not hold all of it")
    assert answer["size"] == (tmp_path / "people.txt").stat().st_size
    lines = (tmp_path / "people.txt").read_text().splitlines()
    assert len(lines) == session.poses.groupby(["frame", "track_id"]).ngroups
    refused, _ = page.ask("export", **wish, replace=False)
    assert refused["code"] == "value" and "already" in refused["message"]
    assert page.ask("export", **wish, replace=True)[0]["kind"] == "export"
    assert page.ask("export", format="nonsense", path="a.b", replace=False)[0]["kind"] == "error"
