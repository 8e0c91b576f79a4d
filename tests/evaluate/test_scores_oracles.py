"""Scores against the libraries that define them: pycocotools for AP, TrackEval for HOTA, MOTA and IDF1."""

from __future__ import annotations

import contextlib
import importlib.util
import io

import numpy as np
import pytest

from impose_widget.evaluate.coco_ap import coco_ap
from impose_widget.evaluate.hota import combine, hota
from impose_widget.evaluate.identity import clear_mot, idf1
from impose_widget.evaluate.posetrack_ap import reference_length
from impose_widget.evaluate.predicted import (
    Predicted,
    Similarities,
    box_similarities,
    keypoint_similarities,
    oks_similarities,
)
from impose_widget.evaluate.truth import Truth
from tests.__main__ import in_ci
from tests.evaluate.made import crowd

SEEDS = range(6)


def by_pycocotools(truth: Truth, predicted: Predicted) -> list[float]:
    """AP, AP50, AP75, AP_M, AP_L, AR of pycocotools; frames are images."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    coco = COCO()
    people = []
    for t, n in zip(*np.nonzero(truth.present), strict=True):
        flat = np.concatenate([np.nan_to_num(truth.xy[t, n]), truth.visibility[t, n][:, None]], 1).reshape(-1)
        entry = {"id": len(people) + 1, "image_id": int(t), "category_id": 1, "iscrowd": 0, "keypoints": flat.tolist()}
        entry |= {"num_keypoints": int(truth.labelled[t, n].sum()), "area": float(truth.area[t, n])}
        people.append(entry | {"bbox": truth.box[t, n].tolist()})
    coco.dataset = {
        "images": [{"id": t} for t in range(len(truth.xy))],
        "annotations": people,
        "categories": [{"id": 1, "name": "person"}],
    }
    found = []
    for t, m in zip(*np.nonzero(predicted.present), strict=True):
        entry = {"image_id": int(t), "category_id": 1, "score": float(predicted.score[t, m])}
        found.append(entry | {"keypoints": predicted.keypoints[t, m].reshape(-1).tolist()})
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), "keypoints")
        evaluation.params.imgIds = list(range(len(truth.xy)))
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(v) for v in evaluation.stats[:6]]


@pytest.mark.parametrize("seed", SEEDS)
def test_coco_ap_equals_pycocotools(seed: int) -> None:
    truth, predicted = crowd(seed)
    want = by_pycocotools(truth, predicted)
    got = coco_ap(truth, predicted)
    values = np.nan_to_num([got[k] for k in ("AP", "AP50", "AP75", "AP_M", "AP_L", "AR")], nan=-1)
    np.testing.assert_allclose(values, want, atol=1e-12)
    assert 0.05 < got["AP"] < 0.9  # it is neither everything nor nothing


def for_trackeval(pairs: Similarities) -> dict:
    """The same in TrackEval's terms: ids without holes."""
    held = [np.unique(np.concatenate(ids)).astype(int) for ids in (pairs.truth, pairs.predicted)]
    truth = [np.searchsorted(held[0], ids) for ids in pairs.truth]
    predicted = [np.searchsorted(held[1], ids) for ids in pairs.predicted]
    return {
        "gt_ids": truth,
        "tracker_ids": predicted,
        "similarity_scores": pairs.similarity,
        "num_gt_ids": len(held[0]),
        "num_tracker_ids": len(held[1]),
        "num_gt_dets": sum(map(len, truth)),
        "num_tracker_dets": sum(map(len, predicted)),
        "num_timesteps": len(truth),
    }


@pytest.fixture(scope="module")
def trackeval():
    if importlib.util.find_spec("trackeval") is None:
        assert not in_ci(), "TrackEval is missing; `python -m tests` installs it"
        pytest.skip("needs TrackEval: pip install --no-deps trackeval")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import trackeval
    return trackeval.metrics


def quietly(metric, data: dict) -> dict:
    with contextlib.redirect_stdout(io.StringIO()):
        return metric.eval_sequence(data)


def all_pairs(truth: Truth, predicted: Predicted) -> dict[str, Similarities]:
    return {
        "box": box_similarities(truth, predicted),
        "oks": oks_similarities(truth, predicted),
        "wrist": keypoint_similarities(truth, predicted, reference_length(truth), 9),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_hota_mota_and_idf1_equal_trackeval(seed: int, trackeval) -> None:
    quiet = {"PRINT_CONFIG": False}
    for pairs in all_pairs(*crowd(seed)).values():
        data = for_trackeval(pairs)
        want, got = quietly(trackeval.HOTA(), data), hota(pairs)
        for name, values in (("HOTA", got.hota), ("DetA", got.det_a), ("AssA", got.ass_a), ("LocA", got.loc_a)):
            np.testing.assert_allclose(values, want[name], atol=1e-12, err_msg=name)
        np.testing.assert_array_equal(got.tp, want["HOTA_TP"])
        clear, mot = quietly(trackeval.CLEAR(quiet), data), clear_mot(pairs)
        assert (mot["MOTA"], mot["MOTP"]) == pytest.approx((clear["MOTA"], clear["MOTP"]))
        assert mot["switches"] == clear["IDSW"]
        assert (mot["matches"], mot["misses"], mot["false_alarms"]) == (
            clear["CLR_TP"],
            clear["CLR_FN"],
            clear["CLR_FP"],
        )
        identity = quietly(trackeval.Identity(quiet), data)
        assert idf1(pairs) == pytest.approx({k: identity[k] for k in ("IDF1", "IDP", "IDR")})


def test_hota_of_several_videos_equals_trackeval(trackeval) -> None:
    pairs = [oks_similarities(*crowd(seed)) for seed in SEEDS]
    metric = trackeval.HOTA()
    want = metric.combine_sequences({str(i): quietly(metric, for_trackeval(p)) for i, p in enumerate(pairs)})
    got = combine([hota(p) for p in pairs])
    np.testing.assert_allclose(got.hota, want["HOTA"], atol=1e-12)
    np.testing.assert_allclose(got.ass_a, want["AssA"], atol=1e-12)
    np.testing.assert_allclose(got.loc_a, want["LocA"], atol=1e-12)


@pytest.mark.parametrize("empty", ["truth", "predicted"])
def test_hota_of_nobody_equals_trackeval(empty: str, trackeval) -> None:
    truth, predicted = crowd(0)
    pairs = oks_similarities(truth, predicted)
    none = [np.zeros(0, int) for _ in pairs.truth]
    sides = (none, pairs.predicted) if empty == "truth" else (pairs.truth, none)
    shapes = [np.zeros((len(g), len(p))) for g, p in zip(*sides, strict=True)]
    pairs = Similarities(*sides, shapes, pairs.n_truth, pairs.n_predicted)
    want, got = quietly(trackeval.HOTA(), for_trackeval(pairs)), hota(pairs)
    np.testing.assert_allclose(got.hota, want["HOTA"])
    np.testing.assert_allclose(got.loc_a, want["LocA"])
    assert idf1(pairs)["IDF1"] == 0
