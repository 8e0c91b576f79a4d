"""Error models: what they say is sane, and what they are fitted by finds what it should."""

from __future__ import annotations

import json

import numpy as np
import pytest

from impose_widget import confidence
from impose_widget.confidence import ErrorModel, carried_signals, detector_signals, error_models, flow_signals
from impose_widget.core.skeleton import COCO17
from tests.bench.confidence import Sample, calibration, fit


def test_what_scores_more_is_right_more_often_and_off_by_less() -> None:
    scores = np.repeat(np.array([[0.05], [0.2], [0.5], [0.9]]), 17, 1)
    signals = detector_signals(scores, np.full(4, 0.5), np.full(4, 80.0), COCO17.keypoints)
    model = error_models()["detector"]
    assert signals.shape == (4, 17, len(model.signals)) and model.signals == tuple(confidence.DETECTOR_SIGNALS)
    assert (np.diff(model.probability(signals), axis=0) > 0).all()
    assert (np.diff(model.deviation(signals), axis=0) < 0).all()
    covariance = model.covariance(signals, np.full((4, 17), 80.0))
    assert covariance.shape == (4, 17, 2, 2) and (np.linalg.eigvalsh(covariance) > 0).all()


@pytest.mark.parametrize("source", ["flow_forward", "flow_backward"])
def test_flow_is_doubted_more_the_longer_it_goes(source: str) -> None:
    age = np.array([5, 15, 30, 60])
    signals = flow_signals(0.98**age, age, 0.02 * age, 100.0, 0.07, 0)
    model = error_models()[source]
    assert signals.shape == (4, len(model.signals)) and model.signals == tuple(confidence.FLOW_SIGNALS)
    assert (np.diff(model.probability(signals)) < 0).all() and (np.diff(model.deviation(signals)) > 0).all()


def test_every_source_has_a_model_and_bad_numbers_do_no_harm() -> None:
    for source in confidence.SOURCES:
        model = error_models()[source]
        wild = np.full((3, len(model.signals)), 1e6)
        assert np.isfinite(model.probability(wild)).all() and np.isfinite(model.deviation(-wild)).all()
    assert np.isfinite(confidence.log_odds(np.array([0.0, 1.0, np.nan]))).all()


def test_the_shipped_models_hold_on_what_they_did_not_learn_from() -> None:
    measured = json.loads(confidence.FILE.read_text(encoding="utf-8"))["measured"]
    tested = [m for m in measured if "test" in m["name"]]
    assert len(tested) >= 4 and all(m["n"] > 100 for m in tested)
    whole = {m["name"].split(",")[0]: m for m in tested if m["name"].endswith((": all", ": both"))}
    assert set(whole) == set(confidence.SOURCES) and all(m["ece"] < 0.05 for m in whole.values())


def test_a_fit_finds_the_odds_and_the_spread_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(20000, 2))
    odds, spread = signals @ [1.5, -0.7] + 0.4, np.exp(signals @ [-0.5, 0.2] - 3)
    right = rng.random(20000) < 1 / (1 + np.exp(-odds))
    error = np.linalg.norm(rng.normal(size=(20000, 2)), axis=1) * spread
    model = fit(Sample(signals, right, error), ("a", "b"))
    assert np.allclose(model.right, [1.5, -0.7, 0.4], atol=0.08)
    assert np.allclose(model.deviation(signals) / spread, 1, atol=0.35)
    assert calibration(model.probability(signals), right)[0] < 0.01


def test_calibration_error_is_the_mean_gap() -> None:
    said = np.array([0.05] * 50 + [0.95] * 50)
    right = np.array([True] * 10 + [False] * 40 + [True] * 40 + [False] * 10)
    assert abs(calibration(said, right)[0] - 0.15) < 1e-9


def test_another_version_is_refused(tmp_path, monkeypatch) -> None:
    file = tmp_path / "error_models.json"
    file.write_text('{"version": 2}')
    monkeypatch.setattr(confidence, "FILE", file)
    error_models.cache_clear()
    with pytest.raises(ValueError, match="Expected version 1"):
        error_models()
    error_models.cache_clear()


def test_the_model_keeps_its_parts() -> None:
    model = ErrorModel(("a",), np.array([0.0, 0.0]), np.array([0.0, 0.0]))
    assert model.probability(np.zeros((2, 1))).tolist() == [0.5, 0.5]


def test_what_was_carried_is_doubted_more_the_wider_and_where_the_model_is_silent() -> None:
    deviation = np.array([0.02, 0.05, 0.2, 1.0])
    model = error_models()["smoother"]
    heard, silent = (model.probability(carried_signals(deviation, 0.07, np.full(4, s))) for s in (False, True))
    assert model.signals == confidence.CARRIED_SIGNALS and (np.diff(heard) < 0).all() and (silent < heard).all()
    fine = model.probability(carried_signals(deviation, 0.03, np.full(4, False)))
    assert (fine < heard).all()
