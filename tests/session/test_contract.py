"""The names and arguments that users script against: whoever changes one of these breaks their notebooks."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.session import Session
from tests.session.sessions import session_on
from tests.walkers import TruthDetector

OPEN = "source, model='tiny', tracker='auto', skeleton='coco17', store='auto', resume=True, device='auto'"
CALLS = {
    "initialize": "frames=None, progress=None",
    "correct": "frame, track_id, keypoint, xy, visibility=2",
    "set_visibility": "frame, track_id, keypoint, visibility",
    "set_anchor": "frame, track_id, on=True",
    "move": "frame, track_id, dxy=(0, 0), scale=1, rotation=0",
    "flip": "frame, track_id, part='all'",
    "copy_pose": "track_id, from_frame, to_frame",
    "draw_box": "frame, box_xywh, track_id=None",
    "set_box": "frame, track_id, box_xywh=None",
    "assign": "frame, track_id, new_track_id, scope='onwards'",
    "swap": "a, b, frame, scope='onwards'",
    "merge": "a, b",
    "split": "track_id, frame",
    "delete": "track_id, frame=None, scope='frame'",
    "propagate": "frame=None, direction='forward', stop=None, tracks=None, keypoints=None, progress=None",
    "iter_propagate": "frame=None, direction='forward', stop=None, tracks=None, keypoints=None",
    "interpolate": "track_id, first, last, max_gap=10",
    "undo": "",
    "redo": "",
    "next_issue": "after=None",
    "resolve_issue": "issue, state",
    "metrics": "",
    "on_change": "callback",
    "export": "path, format=None, check=True",
    "load": "path, format=None",
    "save": "",
    "close": "",
}
FUNCTIONS = {"read": "path, format=None", "write": "poses, path, format=None", "formats": ""}
ISSUES = ("issue frame frame_end track_id track_id_b keypoint kind severity gain value threshold reason state").split()


def promised(function, text: str) -> None:
    """The function takes these arguments, in this order, with these defaults; more may follow, with defaults."""
    wanted = inspect.signature(eval(f"lambda {text}: 0")).parameters.values()
    has = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    assert [(p.name, p.default) for p in has[: len(wanted)]] == [(p.name, p.default) for p in wanted]
    assert all(p.default is not p.empty for p in has[len(wanted) :])


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_a_session(name: str) -> None:
    promised(getattr(Session, name), CALLS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_the_package(name: str) -> None:
    promised(getattr(iw, name), FUNCTIONS[name])


def test_open() -> None:
    promised(iw.Session.open, OPEN)
    assert hasattr(Session, "__enter__") and hasattr(Session, "__exit__")


def test_tables(frames, walkers) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        for name in ("poses", "boxes", "tracks", "frames", "issues", "events"):
            assert isinstance(getattr(s, name), pd.DataFrame)
        assert list(s.issues.columns) == ISSUES


@pytest.mark.parametrize("name", ["joint", "bodypart", "node"])
def test_other_words_for_keypoint_are_understood(frames, walkers, tmp_path, name: str) -> None:
    with session_on(frames, TruthDetector(walkers)) as s:
        s.initialize(progress=False)
        theirs = s.poses.rename(columns={"keypoint": name})
        theirs[["frame", "track_id", name, "x", "y"]].to_csv(tmp_path / "poses.csv", index=False)
        assert len(iw.read(tmp_path / "poses.csv")) == len(theirs)
        names = s.load(theirs)
        assert len(names) == 2 and len(s.tracks) == 4
