"""Annotations become targets: layouts, names, boxes, clips, mirrors; what is wrong gets one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.core.skeleton import COCO17
from impose_widget.train.augment import Augmentation, apply, draw, mirror_order
from impose_widget.train.data import People, clip_frames, read_videos
from impose_widget.train.samples import Clips, ClipSet, StepSampler
from tests.train import made


def test_coco_is_read(tmp_path: Path) -> None:
    videos = read_videos(made.coco(tmp_path, images=3, people=2), None, COCO17)
    assert len(videos) == 3 and all(len(v) == 1 for v in videos)
    people = videos[0][0].people
    assert people.keypoints.shape == (2, 17, 3) and people.boxes.shape == (2, 4)
    low = people.keypoints[0, :, :2].min(0)
    np.testing.assert_allclose(people.boxes[0, :2], low - 2.5, atol=1e-4)  # COCO's boxes count from a pixel's corner
    assert videos[0][0].image().shape == (96, 96, 3)


def posetrack(folder: Path) -> Path:
    """Two videos as PoseTrack18 has them: 17 columns, of which eyes are not there, one frame not labelled."""
    names = [k for k in COCO17.keypoints if "eye" not in k]
    names[1:1] = ["head_bottom", "head_top"]
    rng = np.random.default_rng(1)
    file = folder / "annotations" / "val"
    file.mkdir(parents=True)
    for video in (1, 2):
        images, annotations = [], []
        for t in (2, 0, 1, 3):
            name = f"images/{video:03d}/{t}.jpg"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / name), np.zeros((50, 60, 3), np.uint8))
            labelled = t != 3
            images.append(
                {"id": 10 * video + t, "file_name": name, "frame_id": t, "vid_id": str(video), "is_labeled": labelled}
            )
            pose = made.person(rng, 60, 50)
            annotations.append(made.annotation(t, 10 * video + t, pose, track_id=0))
        categories = [{"id": 1, "name": "person", "keypoints": names}]
        data = {"images": images, "annotations": annotations, "categories": categories}
        (file / f"{video}.json").write_text(json.dumps(data))
    return folder


def test_posetrack_is_read_as_videos_by_names_of_keypoints(tmp_path: Path) -> None:
    videos = read_videos(posetrack(tmp_path), None, COCO17)
    assert [len(v) for v in videos] == [3, 3]
    assert [f.path.stem for f in videos[0]] == ["0", "1", "2"]
    labelled = videos[0][0].people.keypoints[0, :, 2] > 0
    assert [k for k, known in zip(COCO17.keypoints, labelled, strict=True) if not known] == ["left_eye", "right_eye"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"images": [], "annotations": [], "categories": []}', "PNG"])
def test_files_of_nobody_get_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"^Expected .*, got"):
        read_videos(file, None, COCO17)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_videos(tmp_path / "none", None, COCO17)


def test_missing_and_broken_images_are_named(tmp_path: Path) -> None:
    file = made.coco(tmp_path, images=2)
    (tmp_path / "images" / "1.png").unlink()
    videos = read_videos(file, None, COCO17)
    with pytest.raises(FileNotFoundError, match=r"1\.png"):
        videos[1][0].image()
    (tmp_path / "images" / "1.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"1\.png, which cannot be read"):
        videos[1][0].image()
    (tmp_path / "images" / "0.png").unlink()
    with pytest.raises(FileNotFoundError, match="give the folder of the images"):
        read_videos(file, None, COCO17)


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
def test_clips_lie_in_their_video(length: int, n: int, interval: int, seed: int) -> None:
    frames = clip_frames(length, n, interval, np.random.default_rng(seed))
    assert len(frames) == n and frames.min() >= 0 and frames.max() < length
    steps = np.diff(frames)
    if length > interval * (n - 1):
        assert (steps == interval).all()
    assert (steps >= 0).all() and (len(steps) == 0 or length <= n or steps.min() >= 1)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_image_and_keypoints_move_together(seed: int) -> None:
    """One dot per keypoint, whatever the augmentation: it is found where the target says."""
    rng = np.random.default_rng(seed)
    width, height = (int(v) for v in rng.integers(60, 160, 2))
    pose = np.zeros((1, 17, 3), np.float32)
    k = int(rng.integers(17))
    pose[0, k] = rng.uniform(20, width - 20), rng.uniform(20, height - 20), 2
    image = np.zeros((height, width, 3), np.uint8)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    image[:] = (255 * np.exp(-((x - pose[0, k, 0]) ** 2 + (y - pose[0, k, 1]) ** 2) / 18))[..., None].astype(np.uint8)
    people = People(pose, np.float32([[5, 5, width - 10, height - 10]]), np.zeros((0, 4), np.float32))
    d = draw(Augmentation(96, 160, 0.5, crop=0.5, rotation=30, colour=0.0), width, height, rng)
    out, target = apply(d, image, people, COCO17)
    if not len(target.boxes):
        return
    column = mirror_order(COCO17)[k] if d.mirrored else k
    assert target.labelled[0].nonzero()[0].tolist() == [column]
    at = target.keypoints[0, column] * target.size - 0.5
    weights = out[..., 0].astype(float)
    if (at < 8).any() or (at > target.size - 9).any():
        return  # the dot is cut off
    yy, xx = np.mgrid[: out.shape[0], : out.shape[1]]
    found = np.array([(weights * xx).sum(), (weights * yy).sum()]) / weights.sum()
    assert np.abs(found - at).max() < 0.5


def test_mirroring_twice_is_nothing_and_exchanges_sides() -> None:
    order = mirror_order(COCO17)
    assert (order[order] == np.arange(17)).all()
    assert COCO17.keypoints[order[COCO17.keypoints.index("left_knee")]] == "right_knee"


def test_an_item_is_the_same_whenever_it_is_asked_for(tmp_path: Path) -> None:
    videos = read_videos(posetrack(tmp_path), None, COCO17)
    clips = ClipSet(videos, COCO17, Augmentation(48, 96), Clips(3), seed=5)
    a, b, c = clips[4, 1], clips[4, 1], clips[5, 1]
    assert len(a) == 3 and all((x == y).all() for (x, _), (y, _) in zip(a, b, strict=True))
    assert any(x.shape != y.shape or (x != y).any() for (x, _), (y, _) in zip(a, c, strict=True))
    batch = clips.collate([clips[0, 0], clips[0, 1]])
    assert batch.images.shape[0] == 6 and batch.targets.boxes.shape[:2] == (6, 1)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 3), st.integers(0, 30))
def test_processes_share_what_one_would_see(length: int, batch: int, world: int, stop: int) -> None:
    one = StepSampler(length, batch * world, 3, 0, 12)
    parts = [list(StepSampler(length, batch, 3, 0, 12, rank, world)) for rank in range(world)]
    for step, whole in enumerate(one):
        assert sorted(whole) == sorted(item for part in parts for item in part[step])
    stop = min(stop, 12)
    resumed = [*StepSampler(length, batch, 3, 0, stop), *StepSampler(length, batch, 3, stop, 12)]
    assert resumed == list(StepSampler(length, batch, 3, 0, 12))
    epoch = [i for step in list(one)[: one.steps_of_an_epoch] for e, i in step]
    assert set(epoch) == set(range(length)) or one.steps_of_an_epoch > 12
