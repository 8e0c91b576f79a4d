"""Studies: jobs, going on where one stopped, processes, a cluster, reports."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from impose_widget.evaluate import EXPERIMENTS, Clip, Report, evaluate, truth_of_arrays
from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.baselines import EditedDetections
from impose_widget.evaluate.methods.cotracker import CoTracker3, cotracker3
from impose_widget.evaluate.methods.results import Results, results_of
from impose_widget.evaluate.protocols.curve import run_curve
from impose_widget.evaluate.report.tables import averaged, base_name
from impose_widget.evaluate.running import run_jobs
from impose_widget.evaluate.study import Job, jobs_of, method_of, run_job
from impose_widget.io import write
from tests.evaluate.clips import walking
from tests.walkers import SMALL

QUICK = {"curve": {"policies": ("worst",), "budget": 3}}


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A made clip as a user would give it: frames and a table of poses."""
    footage, truth = walking(10)
    return Clip(footage.source, truth.poses(), SMALL, name="walkers")


@pytest.fixture(scope="module")
def report(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Report:
    options = {
        "curve": {"policies": ("worst", "random"), "budget": 3, "repeats": 1},
        "k_clicks": {"units": ("person_chunk", "tracklet")},
        "robustness": {"starts": 2, "blurs": (2.0,)},
    }
    everything = [name for name in EXPERIMENTS if name != "ablation"]
    folder = tmp_path_factory.mktemp("study")
    return evaluate(clip, ["impose", "flow"], everything, options, folder, progress=False, command="evaluate this")


def test_every_experiment_gives_its_tables(report: Report) -> None:
    assert not report.errors
    names = {name for r in report.results for name in r["tables"]}
    assert {
        "curves",
        "curve_points",
        "clicks",
        "timeline",
        "k_clicks",
        "vnoc",
        "carried",
        "most_blurred",
        "hidden",
    } <= names
    for name in names:
        table = report.table(name)
        assert {"video", "method"} <= set(table) and len(table)
    assert set(report.table("vnoc")["criterion"]) == {"person_oks", "frame_ap"}
    assert set(report.table("k_clicks")["unit"]) == {"person_chunk", "tracklet"}


def test_the_report_says_what_its_figures_are(report: Report, tmp_path) -> None:
    page = report.save(tmp_path / "out").read_text()
    text = (tmp_path / "out" / "report.md").read_text()
    for words in ("evaluate this", "One click is one keypoint placed", "bbox*0.53", "walkers", "impose", "flow"):
        assert words in page and words in text, words
    for unit in ("per person-frame", "per tracklet", "per frame", "per video"):
        assert f"<th>{unit}</th>" in page
    assert len(re.findall(r"<img [^>]*src=\"data:image/png;base64,", page)) >= 5
    assert "http" not in page.replace("http-equiv", "")  # nothing is fetched
    assert (tmp_path / "out" / "curves.csv").exists()
    assert len(json.loads((tmp_path / "out" / "results.json").read_text())) == len(report.results)


def test_parts_of_a_video_are_averaged() -> None:
    table = pd.DataFrame(
        {"video": ["a[0:4]", "a[4:8]", "b"], "method": ["m"] * 3, "score": [1.0, 3.0, 5.0], "n": [1, 2, 3]}
    )
    got = averaged(table, [], ["n"])
    assert got[["video", "score", "n", "parts"]].to_numpy().tolist() == [["a", 2.0, 3, 2], ["b", 5.0, 3, 1]]
    assert base_name("a[0:4]") == "a" and base_name("a") == "a"


def test_long_videos_are_cut_into_equal_parts(clip: Clip) -> None:
    parts = clip.windows(4)
    assert [(p.first, p.stop) for p in parts] == [(0, 3), (3, 7), (7, 10)]
    footage, truth = parts[1].open()
    assert len(footage) == len(truth.xy) == 4 and truth.name == "walkers[3:7]"
    np.testing.assert_array_equal(footage.video[0], clip.source[3])
    assert clip.windows(10) == clip.windows(None) == [clip]


def test_what_was_done_is_not_done_again(clip: Clip, tmp_path, monkeypatch) -> None:
    first = evaluate(clip, ["flow"], ["curve"], QUICK, tmp_path, progress=False)
    calls = []
    real = EXPERIMENTS["curve"].run
    counted = dataclasses.replace(EXPERIMENTS["curve"], run=lambda *a, **k: calls.append(1) or real(*a, **k))
    monkeypatch.setitem(EXPERIMENTS, "curve", counted)
    again = evaluate(clip, ["flow"], ["curve"], QUICK, tmp_path, progress=False)
    assert not calls
    assert again.results == first.results
    evaluate(clip, ["flow"], ["curve"], {"curve": {"policies": ("worst",), "budget": 2}}, tmp_path, progress=False)
    assert calls == [1]  # another budget is another result


def test_an_interrupted_study_goes_on(clip: Clip, tmp_path) -> None:
    jobs = jobs_of([clip], ["keyframes", "flow"], ["curve"], QUICK)
    running = run_jobs(jobs, tmp_path)
    next(running)
    running.close()
    assert len(list((tmp_path / "results").glob("*.json"))) == 1
    report = evaluate(clip, ["keyframes", "flow"], ["curve"], QUICK, tmp_path, progress=False)
    assert [r["method"] for r in report.results] == ["keyframes", "flow"]


def test_progress_is_told(clip: Clip) -> None:
    told = []
    evaluate(clip, ["keyframes", "flow"], ["curve"], QUICK, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def test_a_method_that_fails_does_not_end_the_study(clip: Clip, tmp_path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"none")
    methods = [f"cotracker3={tmp_path / 'weights.pth'}", "keyframes"]
    report = evaluate(clip, methods, ["curve"], QUICK, tmp_path / "out", progress=False)
    assert len(report.errors) == 1 and "Expected the package cotracker" in report.errors[0]
    assert set(report.table("curves")["method"]) == {"keyframes"}
    assert "What failed" in report.markdown()


@pytest.mark.slow
def test_processes_and_a_cluster_give_the_same(clip: Clip, tmp_path) -> None:
    from distributed import LocalCluster

    def scores(report: Report) -> list:
        return report.table("curve_points")[["method", "clicks", "mean_oks"]].to_numpy().tolist()

    methods = ["keyframes", "flow"]
    alone = evaluate(clip, methods, ["curve"], QUICK, progress=False)
    processes = evaluate(clip, methods, ["curve"], QUICK, tmp_path / "p", workers=2, progress=False)
    assert scores(processes) == scores(alone)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        spread = evaluate(clip, methods, ["curve"], QUICK, dask=cluster.scheduler_address, progress=False)
    assert scores(spread) == scores(alone)


# -- somebody else's results ------------------------------------------------------------------------------------------


def test_a_file_of_results_is_edited_keypoint_by_keypoint(tmp_path) -> None:
    footage, truth = walking(8)
    poses = truth.poses()
    poses.loc[(poses["frame"] == 3) & (poses["track_id"] == 1) & (poses["keypoint"] == "head"), "x"] += 30
    poses["track_id"] = poses["track_id"] + 5
    write(poses, tmp_path / "theirs.json")
    run = run_curve(Results(footage, tmp_path / "theirs.json"), truth, budget=5)
    assert [(c.frame, c.person, c.keypoint, c.moved) for c in run.clicks] == [(3, 1, 0, 1)]
    assert run.end["mean_oks"] == pytest.approx(1, abs=1e-4)


def test_results_as_other_tools_write_them(tmp_path) -> None:
    body = np.random.default_rng(0).uniform(10, 50, (17, 2))
    path = np.array([[0.0, 0], [60, 10]]) + np.arange(6)[:, None, None] * (2.0, 1.0)
    truth = truth_of_arrays("two", path[:, :, None] + body)
    footage = Footage(np.zeros((6, 90, 140, 3), np.uint8))
    poses = truth.poses()
    poses.attrs["video"] = {"width": 140, "height": 90}
    write(poses, tmp_path / "theirs.json", "posetrack18")
    tracked = results_of(footage, tmp_path / "theirs.json", "DSTA")
    assert (tracked.name, type(tracked)) == ("DSTA", Results)
    scored = np.isin(np.arange(17), [1, 2], invert=True)  # PoseTrack has no eyes: each of them is a click
    run = run_curve(tracked, truth, budget=40)
    assert {c.keypoint for c in run.clicks} == {1, 2} and run.start["kp_right"] == pytest.approx(scored.mean())
    # COCO's list of results: no identities, so people are linked from the frame in which they are named.
    found = [
        {
            "image_id": t,
            "category_id": 1,
            "score": 0.9,
            "keypoints": np.c_[truth.xy[t, n], np.ones(17)].ravel().tolist(),
        }
        for t in range(6)
        for n in range(2)
    ]
    (tmp_path / "coco.json").write_text(json.dumps(found))
    linked = results_of(footage, tmp_path / "coco.json", "ViTPose")
    assert linked.name == "ViTPose" and isinstance(linked, EditedDetections)
    run = run_curve(linked, truth, budget=3)
    assert not run.clicks and run.start["mean_oks"] == pytest.approx(1, abs=1e-4)


def test_identities_of_a_file_are_repaired(tmp_path) -> None:
    footage, truth = walking(8)
    poses = truth.poses()
    late = poses["frame"] >= 4
    poses.loc[late, "track_id"] = 1 - poses.loc[late, "track_id"]
    write(poses, tmp_path / "swapped.json")
    run = run_curve(Results(footage, tmp_path / "swapped.json"), truth, budget=5)
    assert [c.kind for c in run.clicks] == ["identity"]
    assert run.end["mean_oks"] == pytest.approx(1, abs=1e-4)


def test_results_of_another_video_or_skeleton_are_refused(tmp_path) -> None:
    footage, truth = walking(8)
    write(truth.poses(), tmp_path / "theirs.json")
    short, _ = walking(5)
    with pytest.raises(ValueError, match=r"Expected frames 0\.\.4 as in the video, got 7"):
        Results(short, tmp_path / "theirs.json")
    poses = truth.poses()
    poses["keypoint"] = poses["keypoint"].cat.rename_categories(lambda k: f"{k}_2")
    poses.attrs = {}
    write(poses, tmp_path / "other.json")
    with pytest.raises(ValueError, match="Expected keypoints of small"):
        Results(footage, tmp_path / "other.json")


def test_wrong_words_are_refused_before_any_work(clip: Clip) -> None:
    with pytest.raises(ValueError, match=r"Expected an experiment as one of curve, k_clicks, .* got 'speed'"):
        evaluate(clip, ["flow"], ["speed"], progress=False)
    with pytest.raises(ValueError, match=r"Expected a method as one of impose, .* got 'magic'"):
        method_of("magic", clip.open()[0])
    with pytest.raises(ValueError, match=r"Expected labels of 10 frames as in .*, got 9; are they of another video"):
        jobs_of([Clip(clip.source, walking(9)[1], SMALL)], ["flow"], ["curve"])
    assert jobs_of([clip], ["detections"], ["curve"]) == []  # no network knows this skeleton
    assert jobs_of([clip], ["flow"], ["ablation"]) == []  # only the product can be taken apart


def test_a_job_says_what_it_rests_on(clip: Clip) -> None:
    result = run_job(Job(clip, "keyframes", "curve", tuple(QUICK["curve"].items())))
    facts = result["facts"]
    assert (facts["frames"], facts["people"], facts["person_frames"], facts["area"]) == (10, 2, 20, "bbox*0.53")


# -- CoTracker3 -------------------------------------------------------------------------------------------------------


class StandIn:
    """What CoTrackerPredictor looks like from outside; every point moves 2 px right and 1 px down a frame."""

    def __call__(self, video, queries=None, backward_tracking=False):
        import torch

        assert video.shape[0] == 1 and video.shape[2] == 3 and video.dtype == torch.float32 and video.max() > 1
        assert backward_tracking and queries.shape[0] == 1 and queries.shape[2] == 3
        since = torch.arange(video.shape[1])[:, None, None] - queries[0, None, :, :1]
        tracks = queries[:, None, :, 1:] + since[None] * torch.tensor([2.0, 1.0])
        return tracks, torch.ones(tracks.shape[:3], dtype=torch.bool)


def test_cotracker_follows_what_was_placed() -> None:
    footage, _ = walking(8)
    tracker = CoTracker3(footage, StandIn())
    places, trusts = tracker.follow(3, (10.5, 20.0), 1)
    np.testing.assert_allclose(places[3:, 0], 10.5 + 2 * np.arange(5))
    np.testing.assert_allclose(places[3:, 1], 20 + np.arange(5))
    assert np.isnan(places[:3]).all() and trusts[3] == 1 and (trusts[:3] == 0).all()
    back, _ = tracker.follow(3, (10.5, 20.0), -1)
    np.testing.assert_allclose(back[0], (4.5, 17))


def test_cotracker_as_a_baseline(tmp_path, monkeypatch) -> None:
    import sys
    import types

    footage, truth = walking(8)
    with pytest.raises(FileNotFoundError, match="Expected a checkpoint of CoTracker3"):
        cotracker3(footage, tmp_path / "none.pth")
    (tmp_path / "scaled_offline.pth").write_bytes(b"x")
    asked = {}

    class Predictor(StandIn):
        def __init__(self, checkpoint, offline, window_len):
            asked.update(checkpoint=checkpoint, offline=offline, window_len=window_len)

        def to(self, device):
            return self

        def eval(self):
            return self

    package, module = types.ModuleType("cotracker"), types.ModuleType("cotracker.predictor")
    module.CoTrackerPredictor = Predictor
    monkeypatch.setitem(sys.modules, "cotracker", package)
    monkeypatch.setitem(sys.modules, "cotracker.predictor", module)
    run = run_curve(cotracker3(footage, tmp_path / "scaled_offline.pth"), truth, budget=4)
    assert asked == {"checkpoint": str(tmp_path / "scaled_offline.pth"), "offline": True, "window_len": 60}
    assert run.clicks[0].moved > 3  # one click, carried by the tracker
