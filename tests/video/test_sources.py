"""Folders, lists, arrays, caches, fingerprints, and what bad input gets."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from impose_widget.video import open_video, write_video
from impose_widget.video.cache import ByteCache
from tests.video.barcode import FRAMES, HEIGHT, WIDTH, frame, number_of, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in (0, 1, 2, 9, 10, 11):
        cv2.imwrite(str(tmp_path / f"img_{i}.png"), frame(i)[..., ::-1])
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def test_a_folder_is_read_in_the_order_in_which_people_count(folder: Path) -> None:
    with open_video(folder) as video:
        assert [number_of(video[i]) for i in range(len(video))] == [0, 1, 2, 9, 10, 11]
        np.testing.assert_array_equal(video[5], frame(11))
        assert video.times[1] == pytest.approx(1 / 25)


def test_a_list_is_read_in_its_own_order(folder: Path) -> None:
    files = [folder / "img_10.png", str(folder / "img_2.png")]
    assert [number_of(f) for f in open_video(files).frames([0, 1])] == [10, 2]


def test_an_array_is_a_video(tmp_path: Path) -> None:
    frames = np.stack([frame(i) for i in range(4)])
    np.save(tmp_path / "a.npy", frames)
    for source in (frames, np.load(tmp_path / "a.npy", mmap_mode="r")):
        video = open_video(source)
        assert (len(video), video.width, video.height) == (4, WIDTH, HEIGHT)
        np.testing.assert_array_equal(video[3], frame(3))
        with pytest.raises(ValueError, match="read-only"):
            video[3][0, 0] = 0
    assert frames.flags.writeable


def test_gray_is_the_luminance_and_kept(folder: Path) -> None:
    video = open_video(folder)
    np.testing.assert_array_equal(video.gray(2), cv2.cvtColor(frame(2), cv2.COLOR_RGB2GRAY))
    assert video.gray(2) is video.gray(2)


def test_a_fingerprint_survives_renaming_and_tells_videos_apart(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp4")
    other = write(tmp_path / "other.mp4", options={"crf": "40"})
    with open_video(one) as a, open_video(other) as b:
        first, second = a.fingerprint(), b.fingerprint()
    moved = one.rename(tmp_path / "moved.mp4")
    with open_video(moved) as c:
        assert c.fingerprint() == first != second
    frames = np.stack([frame(i) for i in range(3)])
    assert open_video(frames).fingerprint() != open_video(frames[::-1].copy()).fingerprint()


def test_the_cache_keeps_its_bound_and_what_was_used_last() -> None:
    cache = ByteCache(100)
    for key in range(10):
        cache.put(key, str(key), 30)
        cache.get(0)
    assert cache.held <= 100 and 0 in cache and 9 in cache and 5 not in cache
    cache.put("large", "x", 1000)
    assert cache.held == 1000 and cache.get("large") == "x"


def test_a_video_keeps_no_more_than_its_bound(tmp_path: Path) -> None:
    bound = 20 * WIDTH * HEIGHT * 3
    with open_video(write(tmp_path / "clip.mp4"), cache_bytes=bound) as video:
        for i in range(FRAMES):
            video[i], video.gray(i)
            assert video._images.held + video._decoded.held + video._gray.held <= bound * 1.2


# -- bad input ---------------------------------------------------------------------------------------------------


def test_a_frame_that_is_not_there(folder: Path) -> None:
    video = open_video(folder)
    for bad in (6, -1):
        with pytest.raises(IndexError, match=r"Expected a frame in 0\.\.5"):
            video[bad]
    with pytest.raises(TypeError, match="integer"):
        video["first"]


BAD_ARRAYS = {
    "float": np.zeros((2, 4, 4, 3)),
    "no colours": np.zeros((2, 4, 4), np.uint8),
    "colours first": np.zeros((2, 3, 4, 4), np.uint8),
    "no frames": np.zeros((0, 4, 4, 3), np.uint8),
    "four colours": np.zeros((2, 4, 4, 4), np.uint8),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_arrays_of_another_kind_are_refused(name: str) -> None:
    with pytest.raises((ValueError, TypeError), match="Expected frames"):
        open_video(BAD_ARRAYS[name])


def truncated(path: Path) -> Path:
    whole = write(path.with_name("whole.mp4"))
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])  # the index stands at the end: it is gone
    return path


def only_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate, sound.pts = 44100, 0
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    return path


def empty_folder(path: Path) -> Path:
    path.mkdir()
    return path


BAD_FILES = {
    "missing": lambda p: p,
    "text": lambda p: (p.write_text("these are notes"), p)[1],
    "nothing": lambda p: (p.write_bytes(b""), p)[1],
    "truncated": truncated,
    "only sound": only_sound,
    "empty folder": empty_folder,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_are_no_video_get_one_sentence(tmp_path: Path, name: str) -> None:
    path = BAD_FILES[name](tmp_path / "clip.mp4")
    with pytest.raises((ValueError, FileNotFoundError), match="Expected") as error:
        open_video(path)
    assert "\n" not in str(error.value) and "clip.mp4" in str(error.value)


def test_a_source_of_no_kind() -> None:
    for bad in (7, None, [1, 2], {"a": 1}):
        with pytest.raises(TypeError, match="Expected a video file"):
            open_video(bad)


def test_images_of_different_sizes(folder: Path) -> None:
    cv2.imwrite(str(folder / "img_10.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="one size"):
        open_video(folder)[4]


def test_an_image_that_cannot_be_read_keeps_its_number(folder: Path) -> None:
    (folder / "img_9.png").write_bytes(b"broken")
    video = open_video(folder)
    assert [number_of(f) for f in video.frames(range(6))] == [0, 1, 2, 2, 10, 11]
    assert video.broken == {3} and "cannot be decoded (3)" in video.report()[-1]


def test_a_missing_image_of_a_list(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="img_77"):
        open_video([folder / "img_0.png", folder / "img_77.png"])


def test_damage_in_the_middle_keeps_the_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", options={"x264-params": "keyint=10:bframes=0"})
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in packets[55:57]:
        data[position : position + size] = bytes(size)
    path.write_bytes(data)
    with open_video(path) as video:
        assert len(video) == FRAMES
        shown = [number_of(video[i]) for i in range(FRAMES)]
        assert shown[:55] == list(range(55)) and shown[60:] == list(range(60, FRAMES))
        assert video.broken and all(55 <= i < 60 for i in video.broken)
        assert any("cannot be decoded" in sentence for sentence in video.report())
        assert number_of(video[80]) == 80


def test_an_incomplete_copy_is_used_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", container_options={"movflags": "+faststart"})
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.warns(UserWarning, match=r"clip\.mp4 ends early: it should have 120 frames, \d+ can be read") as said:
        video = open_video(path)
    with video:
        assert 0 < len(video) < FRAMES and str(said[0].message) in video.report()
        sound = len(video) - 8  # the last ones may refer to some that are gone
        assert [number_of(f) for f in video.frames(range(sound))] == list(range(sound))


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    write_video(tmp_path / "one.mp4", [frame(5)], 25)
    with open_video(tmp_path / "one.mp4") as video:
        assert len(video) == 1 and number_of(video[0]) == 5 and video.fps > 0


# -- writing -----------------------------------------------------------------------------------------------------


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    odd = [np.pad(frame(i), ((0, 1), (0, 1), (0, 0))) for i in range(20)]
    path = write_video(tmp_path / "out.mp4", odd, 29.97)
    with open_video(path) as video:
        assert (video.width, video.height) == (WIDTH + 2, HEIGHT + 2)
        assert [number_of(f) for f in video.frames(range(20))] == list(range(20))
        assert video.fps == pytest.approx(29.97, rel=1e-3)


def test_a_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_video(tmp_path / "out.mp4", [frame(1)], 25)
    held = path.read_bytes()

    def breaks():
        yield frame(2)
        yield frame(3)[:10]

    with pytest.raises(ValueError, match="one size"):
        write_video(path, breaks(), 25)
    with pytest.raises(ValueError, match="at least one"):
        write_video(path, [], 25)
    assert path.read_bytes() == held and [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    with pytest.raises(OSError, match="could not be written"):
        write_video(tmp_path / "no" / "folder.mp4", [frame(1)], 25)
