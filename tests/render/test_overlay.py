"""Overlay videos and contact sheets: whole, of the right size and length, and a browser plays them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from impose_widget.core.pose import SOURCES
from impose_widget.core.skeleton import Skeleton
from impose_widget.io.columns import conform
from impose_widget.render import Pick, contact_sheet, overlay_frames
from impose_widget.render.overlay import STRIP
from impose_widget.video import open_video, write_video
from tests.browser import ARGUMENTS, needed_browser
from tests.walkers import SMALL, Walkers


def poses_of(walkers: Walkers, skeleton: Skeleton = SMALL) -> pd.DataFrame:
    """The truth of a made clip as a table of poses; the first keypoint of person 0 in frame 3 is an anchor."""
    t, n, k, _ = walkers.truth.shape
    frame, track_id, keypoint = (a.reshape(-1) for a in np.indices((t, n, k)))
    table = pd.DataFrame(
        {
            "frame": frame,
            "track_id": track_id,
            "keypoint": np.array(skeleton.keypoints)[keypoint],
            "x": walkers.truth[..., 0].reshape(-1),
            "y": walkers.truth[..., 1].reshape(-1),
            "source": np.array(SOURCES)[(frame % 2)],
            "anchor": (frame == 3) & (track_id == 0) & (keypoint == 0),
        }
    )
    table.attrs = {"skeleton": skeleton.to_json()}
    return conform(table, "the truth")


@pytest.fixture(scope="module")
def overlay(walkers: Walkers, frames: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made clip with its people on it, as a video file."""
    video = open_video(frames, fps=10)
    return write_video(tmp_path_factory.mktemp("o") / "overlay.mp4", overlay_frames(video, poses_of(walkers)), 10)


def test_it_decodes_to_as_many_frames(overlay: Path, frames: np.ndarray) -> None:
    video = open_video(overlay)
    assert len(video) == len(frames)
    assert (video.width, video.height) == (96 * 4, 64 * 4 + STRIP)
    assert video.fps == pytest.approx(10)


def test_people_are_drawn_where_they_are(walkers: Walkers, frames: np.ndarray) -> None:
    video = open_video(frames)
    image = next(iter(overlay_frames(video, poses_of(walkers), [7])))
    plain = cv2.resize(frames[7], (96 * 4, 64 * 4), interpolation=cv2.INTER_CUBIC)
    changed = (image[: 64 * 4] != plain).any(-1)
    for x, y in walkers.truth[7].reshape(-1, 2):
        if 0 <= x < 96 and 0 <= y < 64:
            assert changed[round((y + 0.5) * 4 - 0.5), round((x + 0.5) * 4 - 0.5)]
    assert changed.mean() < 0.4


def test_the_strip_tells_frames_apart(walkers: Walkers, frames: np.ndarray) -> None:
    strips = [i[-STRIP:] for i in overlay_frames(open_video(frames), poses_of(walkers), [2, 3])]
    assert all((s.max(axis=(0, 1)) > 150).all() for s in strips)
    assert (strips[0] != strips[1]).any()


def test_frames_without_people_come_through(walkers: Walkers, frames: np.ndarray) -> None:
    poses = poses_of(walkers)
    poses = poses[poses["frame"] > 5]
    assert len(list(overlay_frames(open_video(frames), poses, range(8), scale=1))) == 8


def test_a_contact_sheet_shows_each_pick(walkers: Walkers, frames: np.ndarray, tmp_path: Path) -> None:
    video, poses = open_video(frames), poses_of(walkers)
    before = poses.assign(x=poses["x"] + 3)
    picks = [Pick(f, i, f"reason {f}", before if f == 9 else None) for f in (0, 9, 20) for i in (0, 1)]
    sheet = contact_sheet(video, poses, picks, tmp_path / "sheet.png", columns=3, tile=120)
    saved = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    assert (saved == sheet).all()
    cells = [sheet[y : y + 120, x : x + 120] for y in (12, 12 + 190) for x in (12, 144, 276)]
    assert all(len(np.unique(c.reshape(-1, 3), axis=0)) > 200 for c in cells)
    assert len({c.tobytes() for c in cells}) == 6


def test_a_contact_sheet_of_nothing_or_nobody_is_refused(walkers: Walkers, frames: np.ndarray, tmp_path: Path) -> None:
    video, poses = open_video(frames), poses_of(walkers)
    with pytest.raises(ValueError, match="at least one pick"):
        contact_sheet(video, poses, [])
    with pytest.raises(ValueError, match="person 7 in frame 0"):
        contact_sheet(video, poses, [Pick(0, 7)])
    with pytest.raises(ValueError, match=r"\.png or \.jpg"):
        contact_sheet(video, poses, [Pick(0, 0)], tmp_path / "sheet.docx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_a_browser_plays_it(overlay: Path, frames: np.ndarray, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "page.html"
    page_file.write_text(f'<video muted preload="auto" src="{overlay.as_uri()}"></video>', encoding="utf-8")
    script = """async () => {
        const video = document.querySelector("video");
        if (video.readyState < 2) await new Promise((done, fail) => {
            video.onloadeddata = done; video.onerror = () => fail(video.error.message);
        });
        video.currentTime = 1.55;
        await new Promise((done) => { video.onseeked = done; });
        const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), c = canvas.getContext("2d");
        c.drawImage(video, 0, 0);
        return [video.duration, video.videoWidth, video.videoHeight];
    }"""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=needed_browser(), args=ARGUMENTS)
        try:
            page = chromium.new_page(viewport={"width": 400, "height": 320})
            page.goto(page_file.as_uri())
            duration, width, height = page.evaluate(script)
            shot = page.locator("video").screenshot()
        finally:
            chromium.close()
    assert duration == pytest.approx(len(frames) / 10, abs=0.11)
    assert (width, height) == (96 * 4, 64 * 4 + STRIP)
    shown = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    expected = open_video(overlay)[15]
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 12  # the frame at that time, not a black one
    assert expected.mean() > 30
