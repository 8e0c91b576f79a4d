"""Pictures in a notebook that Python draws: the player of poses and the sheet of places to look at."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.render import draw_poses
from tests.session.sessions import session_on
from tests.walkers import SMALL, TruthDetector


@pytest.fixture
def session(frames, walkers):
    with session_on(frames, TruthDetector(walkers, wrong={(9, 0, 1): (-12, 9)})) as session:
        session.initialize(progress=False)
        yield session


@pytest.fixture
def drawn(monkeypatch) -> list[np.ndarray]:
    """Every image that is put on a canvas."""
    ipycanvas = pytest.importorskip("ipycanvas")
    images: list[np.ndarray] = []
    put = ipycanvas.Canvas.put_image_data

    def spy(self, image, x=0, y=0):
        images.append(np.array(image))
        return put(self, image, x, y)

    monkeypatch.setattr(ipycanvas.Canvas, "put_image_data", spy)
    return images


def test_the_player_shows_the_frame_with_its_poses(session, frames, drawn) -> None:
    poses = session.poses
    box = iw.preview(poses, frames)
    canvas, controls = box.children
    player, slider, where = controls.children
    assert (canvas.width, canvas.height) == (96, 64) and where.value == "0.00 s, 2 people"
    np.testing.assert_array_equal(drawn[-1], draw_poses(frames[0], poses[poses["frame"] == 0], SMALL))
    player.value = 12
    assert slider.value == 12 and slider.max == 29
    np.testing.assert_array_equal(drawn[-1], draw_poses(frames[12], poses[poses["frame"] == 12], SMALL))


def test_a_large_picture_is_made_smaller(session, frames, drawn) -> None:
    canvas = iw.preview(session.poses, frames, width=48).children[0]
    assert (canvas.width, canvas.height) == (48, 32) and drawn[-1].shape == (32, 48, 3)


def test_the_player_refuses_other_tables_and_other_videos(session, frames) -> None:
    with pytest.raises(ValueError, match="columns"):
        iw.preview(pd.DataFrame({"a": [1]}), frames)
    with pytest.raises(ValueError, match="frame 29"):
        iw.preview(session.poses, frames[:10])


def test_the_sheet_shows_each_issue(session, drawn, tmp_path) -> None:
    issues = session.issues
    assert len(issues)
    canvas = iw.contact_sheet(issues, columns=2, tile=100)
    assert drawn[-1].shape[:2] == (canvas.height, canvas.width)
    path = iw.contact_sheet(issues.head(1), tmp_path / "sheet.png")
    assert path.stat().st_size > 1000


def test_the_sheet_needs_a_table_of_an_open_session(session, tmp_path) -> None:
    with pytest.raises(ValueError, match="still open"):
        iw.contact_sheet(pd.DataFrame(session.issues.to_dict("list")), tmp_path / "a.png")
    with pytest.raises(ValueError, match="issues"):
        iw.contact_sheet(session.poses)
    with pytest.raises(ValueError, match="got none"):
        iw.contact_sheet(session.issues.iloc[:0])


def test_without_ipycanvas_it_says_what_to_install(session, frames, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ipycanvas", None)
    with pytest.raises(ImportError, match=r"pip install 'impose-widget\[lab\]'"):
        iw.preview(session.poses, frames)
