"""Frame n is the n-th decoded frame, however one gets there."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.video import Video, open_video
from tests.shared import SHARED, needs_shared
from tests.video.barcode import FRAMES, KINDS, OPEN_GOP, cut, number_of, write


@pytest.fixture(scope="module", params=KINDS)
def made(request, tmp_path_factory) -> Path:
    suffix, make = KINDS[request.param]
    return make(tmp_path_factory.mktemp("made") / f"clip{suffix}")


@pytest.mark.parametrize("order", ["forward", "backward", "random", "every seventh back"])
def test_every_frame_is_the_one_asked_for(made: Path, order: str) -> None:
    ways = {
        "forward": range(FRAMES),
        "backward": range(FRAMES - 1, -1, -1),
        "random": random.Random(0).sample(range(FRAMES), 40),
        "every seventh back": range(FRAMES - 1, -1, -7),
    }
    with open_video(made) as video:
        assert len(video) == FRAMES
        assert [number_of(video[i]) for i in ways[order]] == list(ways[order])
        assert not video.broken


def test_random_access_without_a_cache_is_exact_too(made: Path) -> None:
    with open_video(made, cache_bytes=1) as video:
        for i in random.Random(1).sample(range(FRAMES), 15):
            assert number_of(video[i]) == i


def test_times_are_those_of_the_file_and_ascend(made: Path) -> None:
    with open_video(made) as video, av.open(str(made)) as container:
        stream = container.streams.video[0]
        assert (np.diff(video.times) > 0).all() and len(video.times) == FRAMES
        if made.suffix != ".avi":  # whose decoded frames do not know their times
            theirs = [float(f.pts * stream.time_base) for f in container.decode(stream)]
            np.testing.assert_allclose(video.times, theirs, atol=1e-6)


def test_a_cut_counts_only_what_is_shown(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", options={"x264-params": "keyint=40:bframes=3"})
    part = cut(whole, tmp_path / "part.mp4", 2.05)
    with av.open(str(part)) as container:
        shown = [number_of(f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    with open_video(part) as video:
        assert [number_of(video[i]) for i in range(len(video))] == shown
        order = random.Random(2).sample(range(len(shown)), 20)
        assert [number_of(video[i]) for i in order] == [shown[i] for i in order]
    assert shown[-1] == FRAMES - 1 and 0 < len(shown) < FRAMES


@pytest.fixture(scope="module")
def open_groups(tmp_path_factory) -> Video:
    path = write(tmp_path_factory.mktemp("open") / "clip.mp4", options=OPEN_GOP)
    with open_video(path, cache_bytes=300_000) as video:
        yield video


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, FRAMES - 1), min_size=1, max_size=12))
def test_any_way_through_open_groups_is_exact(open_groups: Video, order: list[int]) -> None:
    assert [number_of(open_groups[i]) for i in order] == order


def test_threads_get_their_own_frames(open_groups: Video) -> None:
    wrong: list[tuple[int, int]] = []

    def read(seed: int) -> None:
        for i in random.Random(seed).choices(range(FRAMES), k=40):
            if (got := number_of(open_groups[i])) != i:
                wrong.append((i, got))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


REAL = ("intel_store_aisle.gif", "mmaction2_ntu_single.avi", "mmaction2_ntu_two_people_push.mp4", "openpose_video.avi")


@needs_shared
@pytest.mark.parametrize("name", REAL)
def test_real_files_decode_as_in_one_pass(name: str) -> None:
    path = SHARED / "data" / "videos" / name
    with av.open(str(path)) as container:
        marks = [f.to_ndarray(format="rgb24")[::16, ::16].copy() for f in container.decode(video=0)]
    with open_video(path) as video:
        assert len(video) == len(marks)
        for i in [*random.Random(3).sample(range(len(marks)), 12), len(marks) - 1, 0]:
            np.testing.assert_array_equal(video[i][::16, ::16], marks[i])
