"""Who is who, by a trained decoder in a session: heard, asked, told; nobody's identity is changed by a doubt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.core.skeleton import COCO17
from impose_widget.session.identifying import Identifier
from impose_widget.session.replay import differences, replay
from impose_widget.tracking.decoding import WEIGHTS
from tests.session.sessions import session_on
from tests.tracking.made import weights
from tests.walkers import SMALL, TruthDetector, Walkers

WALKERS = Walkers(24, 128, 64, [(20, 20), (100, 44)], [(1.5, 0.2), (-1.0, 0.0)])
FRAMES = WALKERS.render()


def session(folder: Path, association: str = "id", **more):
    """One whose decoder nobody trained: it takes whoever stands where somebody would be."""
    opened = session_on(FRAMES, TruthDetector(WALKERS), **more)
    file = weights(folder, keypoints=len(SMALL), edges=SMALL.edges)
    opened._identifier, opened.association = Identifier(file, (128, 64)), association
    return opened


def test_people_are_found_and_named(tmp_path: Path) -> None:
    with session(tmp_path) as heard, session(tmp_path, "geometry") as plain:
        for s in (heard, plain):
            s.initialize(progress=False)
        columns = ["frame", "track_id", "keypoint", "x", "y"]
        pd.testing.assert_frame_equal(heard.poses[columns], plain.poses[columns])
        assert heard.state.actions[0].payload["association"] == "id"
        assert "association" not in plain.state.actions[0].payload


def test_a_swap_is_told_and_not_undone(tmp_path: Path) -> None:
    with session(tmp_path) as s:
        s.initialize(progress=False)
        assert not len(s.verify_identities(range(24)))
        a, b = s.tracks["track_id"]
        s.swap(a, b, 12)
        poses = s.poses
        found = s.verify_identities()
        assert found[["frame", "track_id", "track_id_b"]].to_numpy().tolist()[0] == [12, a, b]
        assert (found["chance"] > 0.8).all()
        pd.testing.assert_frame_equal(s.poses, poses)
        issue = s.issues.query("kind == 'swap'").iloc[0]
        assert (issue.frame, issue.track_id, issue.track_id_b) == (12, a, b) and "looks like" in issue.reason
        s.swap(a, b, 12)  # as the issue says
        assert not (s.issues["kind"] == "swap").any()
        assert not len(s.verify_identities())


def test_whom_a_human_placed_is_not_doubted(tmp_path: Path) -> None:
    with session(tmp_path) as s:
        s.initialize(progress=False)
        a, b = s.tracks["track_id"]
        s.swap(a, b, 12)
        for track_id in (a, b):
            s.set_anchor(12, track_id)
        assert 12 not in s.verify_identities(range(10, 14))["frame"].tolist()


def test_an_edit_makes_what_follows_stale_and_a_propagation_verifies_it(tmp_path: Path) -> None:
    with session(tmp_path) as s:
        s.initialize(progress=False)
        assert s.bank.stale() == []
        a, _ = s.tracks["track_id"]
        x, y = WALKERS.truth[6, 0, 0]
        s.correct(6, a, "head", (x + 1, y))
        assert s.bank.stale()[0] == (6, a) and s.bank.between(6, 7).locked.any()
        s.propagate(progress=False)
        assert (6, a) not in s.bank.stale()
        s.verify_identities()
        assert s.bank.stale() == []


def test_trajectories_are_there_again_when_the_video_is_opened(tmp_path: Path) -> None:
    store = tmp_path / "clip.impose"
    with session(tmp_path, store=store) as s:
        s.initialize(progress=False)
        a, b = s.tracks["track_id"]
        s.correct(5, a, "foot", tuple(WALKERS.truth[5, 0, 3] + 1))
        s.swap(a, b, 15)
        window = s.bank.window(20)
    with session(tmp_path, store=store) as s:
        again = s.bank.window(20)
        for name in ("track_id", "source", "locked", "revision"):
            assert (getattr(again, name) == getattr(window, name)).all()
        assert all((getattr(again.people, n) == v).all() for n, v in vars(window.people).items())


def test_a_replay_names_people_in_the_same_way_and_doubts_are_no_part_of_it(tmp_path: Path) -> None:
    with session(tmp_path) as s, session(tmp_path, "geometry") as again, session(tmp_path, "geometry") as other:
        s.initialize(progress=False)
        a, b = s.tracks["track_id"]
        s.swap(a, b, 12)
        assert len(s.verify_identities()) and s.state.swaps
        replay(s.state.journal, again)
        assert again.state.actions[0].payload["association"] == "id"
        assert differences(s, again) == [] and s.state.swaps == []
        assert differences(s, other) != []


def test_what_cannot_be_asked_for_is_refused(tmp_path: Path) -> None:
    clip = np.zeros((3, 32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="Expected association"):
        iw.Session.open(clip, model=None, store=None, association="magic")
    with pytest.raises(FileNotFoundError, match="weights of an ID decoder"):
        iw.Session.open(clip, model=None, store=None, association=tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="coco17"):
        iw.Session.open(clip, model=None, store=None, association=weights(tmp_path), skeleton=SMALL)
    s = iw.Session.open(clip, model=None, store=None, association="geometry")
    with s, pytest.raises(ValueError, match="without"):
        s.verify_identities()
    if WEIGHTS.is_file():
        with iw.Session.open(clip, model=None, store=None, skeleton=COCO17, association="id") as s:
            assert not len(s.verify_identities([0, 1]))


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the ID decoder's weights are not here")
def test_by_itself_a_session_finds_people_by_geometry_and_can_verify_them() -> None:
    clip = np.zeros((3, 32, 32, 3), np.uint8)
    with iw.Session.open(clip, store=None) as s:
        assert s.association == "geometry" and not len(s.verify_identities([0, 1]))


def test_the_bank_is_there_again_after_reopening(tmp_path: Path) -> None:
    held = []
    for opening in range(2):
        with session_on(FRAMES, TruthDetector(WALKERS), store=tmp_path / "a.impose") as s:
            s.initialize(progress=False)
            if opening == 0:
                a, b = s.tracks["track_id"]
                s.correct(6, a, "head", tuple(WALKERS.truth[6, 0, 0] + 1))
                s.swap(a, b, 12)
            held.append([s.bank.window(20), s.bank.window(3, backward=True)])
    for before, after in zip(*held, strict=True):
        for name in ("track_id", "source", "locked", "revision"):
            assert np.array_equal(getattr(before, name), getattr(after, name)), name
        for name in ("frame", "xy", "weight", "box", "score", "velocity", "features"):
            assert np.array_equal(getattr(before.people, name), getattr(after.people, name)), name
    assert held[1][0].at(6).locked.sum() == 1 and held[1][0].revision.max() > held[1][0].revision.min()
