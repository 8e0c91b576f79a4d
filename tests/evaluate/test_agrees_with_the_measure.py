"""The measure beside this package, and this package, on the same input: the same clicks in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.evaluate.methods.baselines import BASELINES
from impose_widget.evaluate.methods.product import Product, SharedDetections
from impose_widget.evaluate.protocols.carried import carried_anchor
from impose_widget.evaluate.protocols.curve import Run, run_curve
from tests.evaluate.measure import both, modules
from tests.shared import needs_shared

pytestmark = needs_shared
THEIRS = {
    "keyframes": "Interpolate",
    "detections": "DetectOnly",
    "flow": "FlowPropagate",
    "residual": "DetectPlusResidual",
    "fusion": "FlowPlusDetect",
}
BUDGET = 12


@pytest.fixture(scope="module")
def measure():
    import cv2

    cv2.setNumThreads(1)
    harness, baselines, project = modules()
    sequence, footage, truth = both(harness, "mupots_TS12", 60, 84)
    readings = {frame.tobytes(): poses for frame, poses in zip(sequence.frames, footage.readings(), strict=True)}
    return harness, baselines, project, sequence, footage, truth, lambda frame: readings[frame.tobytes()]


def same(run: Run, theirs: dict) -> None:
    ours = [(c.person, c.frame, c.keypoint) for c in run.clicks]
    assert ours == [(n, t, -1 if identity else k) for _, n, t, k, identity in theirs["log"]]
    assert run.clicks_to == theirs["clicks_to"]
    assert run.clicks_to_own == theirs["clicks_to_by_tracklet"]
    np.testing.assert_allclose(run.curve["mean_oks"], [row["mean_oks"] for row in theirs["curve"]], atol=1e-4)
    for ours_name, theirs_name in (("mean_oks", "mean_oks"), ("kp_right", "kp_ks50"), ("missing", "missing_kp")):
        assert run.start[ours_name] == pytest.approx(theirs["start_summary"][theirs_name], abs=1e-5)
        assert run.end[ours_name] == pytest.approx(theirs["end_summary"][theirs_name], abs=1e-5)
    assert round(run.per_click("fixed"), 2) == theirs["fixed_per_click"]
    assert round(run.per_click("broken"), 2) == theirs["broken_per_click"]


@pytest.mark.parametrize("policy", ["worst", "random"])
@pytest.mark.parametrize("with_pose", [False, True])
@pytest.mark.parametrize("name", BASELINES)
def test_baselines(name: str, with_pose: bool, policy: str, measure) -> None:
    harness, baselines, _, sequence, footage, truth, detector = measure
    baselines.Flow.shared = {}
    theirs = harness.simulate(
        sequence,
        lambda info: getattr(baselines, THEIRS[name])(info, detector),
        start="gt" if with_pose else "det",
        mode={"worst": "oracle", "random": "random"}[policy],
        budget=BUDGET,
        seed=3,
    )
    same(run_curve(BASELINES[name](footage), truth, policy, BUDGET, seed=3, with_pose=with_pose), theirs)


def driven(project, footage):
    """The measure's own adapter of this package, on the same detections."""

    class Driven(project.ProjectMethod):
        open_kwargs = {"model": SharedDetections(footage)}  # noqa: RUF012

    return Driven


def test_the_product_with_noisy_clicks(measure) -> None:
    harness, _, project, sequence, footage, truth, _ = measure
    theirs = harness.simulate(sequence, driven(project, footage), budget=BUDGET, jitter=1.5, seed=7)
    same(run_curve(Product(footage), truth, budget=BUDGET, noise=1.5, seed=7), theirs)


def test_one_carried_anchor(measure) -> None:
    harness, _, project, sequence, footage, truth, _ = measure
    theirs = harness.robustness(sequence, driven(project, footage), n_starts=2)
    ours = carried_anchor(lambda: Product(footage), truth, starts=2)
    assert ours.horizon == theirs["horizon"]
    for name, frames in ours.mean_frames().items():
        assert round(frames, 2) == theirs["mean_frames"][name]
