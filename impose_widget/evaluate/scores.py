"""All scores of one prediction: one flat dictionary, the row of a report."""

from __future__ import annotations

import numpy as np

from impose_widget.evaluate.coco_ap import coco_ap
from impose_widget.evaluate.hota import hota
from impose_widget.evaluate.identity import clear_mot, idf1
from impose_widget.evaluate.posetrack_ap import posetrack_ap, reference_length
from impose_widget.evaluate.predicted import (
    Predicted,
    box_similarities,
    keypoint_similarities,
    oks_similarities,
    own_oks,
    own_similarity,
)
from impose_widget.evaluate.truth import Truth

RIGHT = 0.5
"""Keypoint similarity from which a keypoint counts as right (COCO's loosest threshold): what clicks fix and break."""
SHARES = (0.5, 0.75, 0.85, 0.95)


def own_scores(truth: Truth, poses: np.ndarray) -> dict[str, float]:
    """Scores of each person's own track, identities included: what an annotator works on.

    mean_oks over person-frames; share85 … the share of person-frames at that OKS; kp_right the share of labelled
    keypoints at a similarity of `RIGHT`, right_<keypoint> the same of one keypoint; missing the share of labelled
    keypoints about which the tool says nothing.

    Args:
        truth: the labels.
        poses: (T, N, K, 2 or 3), person n in column n.
    """
    similarity = own_similarity(truth, poses)
    score = own_oks(similarity)[truth.present]
    labelled = similarity[truth.labelled]
    out = {"mean_oks": float(score.mean())}
    out |= {f"share{round(100 * s)}": float((score >= s).mean()) for s in SHARES}
    out["kp_right"] = float((labelled >= RIGHT).mean())
    out["missing"] = float((~np.isfinite(poses[..., :2]).all(-1))[truth.labelled].mean())
    for k, name in enumerate(truth.skeleton.keypoints):
        of_name = similarity[..., k][truth.labelled[..., k]]
        if len(of_name):
            out[f"right_{name}"] = float((of_name >= RIGHT).mean())
    return out


def all_scores(truth: Truth, predicted: Predicted) -> dict[str, float]:
    """Scores of everybody a tool found, false alarms included; keys say what each is computed on.

    AP (COCO), mAP and ap_<keypoint> (PoseTrack), HOTA_box, DetA_box, AssA_box, LocA_box; the same on OKS (HOTA_oks …)
    and as the mean over single keypoints (HOTA_keypoint …, matched as the PoseTrack21 kit does, by the similarity of
    the frame alone); IDF1, MOTA, switches by OKS from .5 on.
    """
    out = dict(coco_ap(truth, predicted))
    lengths = reference_length(truth)
    each = posetrack_ap(truth, predicted, lengths)
    out["mAP"] = each.pop("mAP")
    pairs = oks_similarities(truth, predicted)
    for kind, result in (("box", hota(box_similarities(truth, predicted))), ("oks", hota(pairs))):
        out |= {f"{name}_{kind}": value for name, value in result.summary().items()}
    scored = np.flatnonzero(truth.labelled.any((0, 1)))
    single = [hota(keypoint_similarities(truth, predicted, lengths, int(k)), align=False).summary() for k in scored]
    out |= {f"{name}_keypoint": float(np.mean([s[name] for s in single])) for name in ("HOTA", "DetA", "AssA")}
    out |= idf1(pairs) | clear_mot(pairs)
    return out | {f"ap_{name}": value for name, value in each.items()}
