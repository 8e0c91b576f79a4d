"""Labels from files, and labels that cannot be used."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.evaluate.posetrack_ap import reference_length
from impose_widget.evaluate.truth import read_truth, truth_of_arrays, truth_of_poses
from impose_widget.io import write
from tests.shared import SHARED, needs_shared

N_FRAMES = 6


def labels(names: tuple[str, ...] = COCO17.keypoints, frames: range = range(N_FRAMES)) -> pd.DataFrame:
    """Two people; the second comes late, and in frame 4 nobody is there."""
    rows = [
        (t, person, name, 10.0 * k + person, 5.0 * k, 2)
        for t in frames
        for person in (3, 8)
        for k, name in enumerate(names)
        if t != 4 and (person == 3 or t > 2)
    ]
    return pd.DataFrame(rows, columns=["frame", "track_id", "keypoint", "x", "y", "visibility"])


def test_a_file_comes_back(tmp_path) -> None:
    poses = labels()
    write(poses, tmp_path / "labels.json")
    truth = read_truth(tmp_path / "labels.json", N_FRAMES, (200, 100))
    assert truth.track_ids == (3, 8)
    assert truth.present[:, 1].tolist() == [False, False, False, True, False, True]
    assert truth.present[4].tolist() == [False, False]
    assert truth.first_frame == 0
    assert truth.xy[3, 1, 2].tolist() == [28, 10]
    assert truth.box[0, 0].tolist() == [3, 0, 160, 80]
    assert truth.area[0, 0] == pytest.approx(0.53 * 160 * 80)
    back = truth.poses()
    pd.testing.assert_frame_equal(back[["frame", "track_id", "x", "y"]], poses[["frame", "track_id", "x", "y"]],
                                  check_dtype=False)  # fmt: skip


def test_areas_are_what_was_asked_for() -> None:
    assert truth_of_poses(labels(), N_FRAMES, area="bbox").area[0, 0] == 160 * 80
    with pytest.raises(ValueError, match=r"Expected area as one of bbox\*0\.53, bbox, got 'mask'"):
        truth_of_poses(labels(), N_FRAMES, area="mask")


def test_keypoints_are_found_by_name() -> None:
    names = ("Nose", "Left-Shoulder", "RShoulder", "r wrist", "neck")
    truth = truth_of_poses(labels(names), N_FRAMES)
    found = [COCO17.keypoints[k] for k in np.flatnonzero(truth.labelled.any((0, 1)))]
    assert found == ["nose", "left_shoulder", "right_shoulder", "right_wrist"]
    assert truth.notes[0].endswith("left out: neck.")
    assert truth.notes[1].startswith("Never labelled and not scored: left_eye")


def test_another_skeleton_is_refused_with_both_lists() -> None:
    with pytest.raises(ValueError, match=r"Expected keypoints of coco17 \(nose, .*\), got snout, tail in the table"):
        truth_of_poses(labels(("snout", "tail")), N_FRAMES)
    truth = truth_of_poses(labels(("snout", "tail")), N_FRAMES, skeleton=Skeleton("dog", ("tail", "snout")))
    assert truth.xy[0, 0].tolist() == [[13, 5], [3, 0]]


def test_labels_of_another_video_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"Expected frames 0..3 as in the video, got 5 in the table"):
        truth_of_poses(labels(), 4)
    poses = labels()
    poses.attrs["video"] = {"width": 640, "height": 480}
    with pytest.raises(ValueError, match=r"Expected poses for a video of 200×100 pixels, got 640×480"):
        truth_of_poses(poses, N_FRAMES, (200, 100))
    poses.attrs["video"] = {"n_frames": 99}
    with pytest.raises(ValueError, match="Expected poses for a video of 6 frames, got 99"):
        truth_of_poses(poses, N_FRAMES)
    with pytest.raises(FileNotFoundError):
        read_truth(tmp_path / "none.json", N_FRAMES)


def test_empty_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected somebody's keypoints, got none in the table"):
        truth_of_poses(labels().iloc[:0], N_FRAMES)
    with pytest.raises(ValueError, match="Expected at least one labelled keypoint, got none in the ground truth of x"):
        truth_of_arrays("x", np.full((3, 2, 17, 2), np.nan))
    with pytest.raises(ValueError, match=r"Expected positions \(T, N, 17, 2\) .* got \(3, 2, 5, 2\)"):
        truth_of_arrays("x", np.zeros((3, 2, 5, 2)))


def test_a_window_keeps_who_is_in_it() -> None:
    truth = truth_of_poses(labels(), N_FRAMES)
    assert truth.window(0, 3).track_ids == (3,)
    assert truth.window(3, 6).track_ids == (3, 8)
    assert truth.window(3, 6).first_frame == 0
    with pytest.raises(ValueError, match="Expected somebody labelled in frames 4 to 4"):
        truth.window(4, 5)


def test_somebody_who_is_never_labelled_is_left_out() -> None:
    poses = labels()
    poses.loc[poses["track_id"] == 3, "visibility"] = 0
    assert truth_of_poses(poses, N_FRAMES).track_ids == (8,)
    assert truth_of_poses(poses, N_FRAMES).first_frame == 3


def test_occluded_keypoints_count_and_unlabelled_do_not() -> None:
    poses = labels()
    poses.loc[0, "visibility"], poses.loc[1, "visibility"] = 1, 0
    truth = truth_of_poses(poses, N_FRAMES)
    assert truth.labelled[0, 0, :3].tolist() == [True, False, True]
    assert truth.visibility[0, 0, :3].tolist() == [1, 0, 2]


def test_boxes_of_the_file_say_how_large_people_and_heads_are() -> None:
    poses = labels()
    frame, track_id, kind = [0, 0, 5], [3, 3, 8], ["body", "head", "body"]
    size = {"x": [1.0, 5.0, 0.0], "y": [2.0, 5.0, 0.0], "w": [300.0, 30.0, 50.0], "h": [200.0, 40.0, 60.0]}
    poses.attrs["boxes"] = {"frame": frame, "track_id": track_id, "kind": kind, "score": [None] * 3, **size}
    truth = truth_of_poses(poses, N_FRAMES)
    assert truth.box[0, 0].tolist() == [1, 2, 300, 200]
    assert truth.area[0, 0] == pytest.approx(0.53 * 300 * 200)
    assert truth.box[1, 0].tolist() == [3, 0, 160, 80]  # none stated: tight
    assert truth.area_rule == "bbox*0.53 of the file's boxes"
    assert truth.head[0, 0] == pytest.approx(0.6 * 50)
    assert reference_length(truth)[0, 0] == pytest.approx(30)
    assert truth.window(0, 2).head.shape == (2, 1)


@needs_shared
def test_a_posetrack_sequence_is_what_the_measure_reads() -> None:
    """Positions, areas and boxes of a real file, on the keypoints that both sides know."""
    path = sorted((SHARED / "data" / "annotations" / "bonn_posetrack_cvpr17" / "json").glob("*.json"))[0]
    data = json.loads(path.read_text())
    truth = read_truth(path, len(data["images"]))
    names = data["categories"][0]["keypoints"]
    frames = {image["id"]: t for t, image in enumerate(sorted(data["images"], key=lambda i: i["frame_id"]))}
    assert len(data["annotations"]) == truth.present.sum() > 50
    for annotation in data["annotations"]:
        at = frames[annotation["image_id"]], truth.track_ids.index(annotation["track_id"])
        x, y, w, h = annotation["bbox"]
        np.testing.assert_allclose(truth.box[at], (x, y, w, h), atol=0.01)
        assert truth.area[at] == pytest.approx(0.53 * max(w, 1) * max(h, 1), rel=1e-3)
        for name, (px, py, v) in zip(names, np.reshape(annotation["keypoints"], (-1, 3)), strict=True):
            if name in COCO17.keypoints[5:] and v > 0:
                np.testing.assert_allclose(truth.xy[*at, COCO17.index(name)], (px, py), atol=0.01)
    assert "head_bottom, head_top" in truth.notes[0]
