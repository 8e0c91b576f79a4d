"""Experiments by name: what a study can run, and the tables that each gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.protocols import carried, disturbances
from impose_widget.evaluate.protocols.ablation import ablation
from impose_widget.evaluate.protocols.curve import BUDGETS, Run, run_curve
from impose_widget.evaluate.protocols.k_clicks import UNITS, k_clicks
from impose_widget.evaluate.protocols.vnoc import CRITERIA, vnoc
from impose_widget.evaluate.truth import Truth

Make = Callable[..., Method]
"""A fresh tool, on the footage of the job or on another one."""
Tables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One kind of measurement.

    Attributes:
        run: (make, footage, truth, **options) -> tables of rows.
        what: a sentence for users.
        product_only: it takes the product apart, so other methods have no part in it.
    """

    run: Callable[..., Tables]
    what: str
    product_only: bool = False


def _curve(
    make: Make,
    footage: Footage,
    truth: Truth,
    policies: tuple[str, ...] = ("worst", "issue", "reading", "random"),
    budget: int = 150,
    repeats: int = 0,
    noise: float = 0.02,
    poses: bool = False,
    seed: int = 0,
) -> Tables:
    """Score against clicks.

    Args:
        policies: who chooses what to click.
        budget: clicks per tracklet.
        repeats: more runs of the first policy with noisy clicks.
        noise: their standard deviation, as a share of the people's mean size.
        poses: also start from whole poses in the first frame, whose clicks count.
        seed: of all random choices.
    """
    summary, curve, clicks, timeline = [], [], [], []
    plans = [(policy, 0.0, seed, False) for policy in policies]
    plans += [(policies[0], 0.0, seed, True)] if poses else []
    pixels = noise * float(np.nanmean(np.sqrt(truth.area[truth.present])))
    plans += [(policies[0], pixels, seed + 1 + i, False) for i in range(repeats)]
    for policy, jitter, number, with_pose in plans:
        run = run_curve(make(), truth, policy, budget, jitter, number, with_pose)
        kind = {
            "policy": policy,
            "noise_px": round(jitter, 2),
            "seed": number,
            "start": "pose" if with_pose else "found",
        }
        summary.append(kind | _summary(run))
        curve += [kind | row for row in run.curve.to_dict("records")]
        clicks += [kind | {"click": i + 1} | asdict(c) for i, c in enumerate(run.clicks)]
        if jitter == 0 and not with_pose:
            timeline += [kind | row for row in _timeline(run, truth)]
    return {"curves": summary, "curve_points": curve, "clicks": clicks, "timeline": timeline}


def _summary(run: Run) -> dict[str, Any]:
    n = len(run.clicks_to_own)
    out: dict[str, Any] = {"tracklets": n, "guided": run.guided, "clicks_made": len(run.clicks)}
    out |= {f"{kind}_clicks": sum(c.kind == kind for c in run.clicks) for kind in ("keypoint", "box", "identity")}
    out |= {f"clicks_to_{name}": value for name, value in run.clicks_to.items()}
    for target in ("0.75", "0.85", "0.95"):
        own = [each[target] for each in run.clicks_to_own]
        out[f"own_clicks_to_{target}"] = None if None in own else float(np.mean(own))
        out[f"own_reached_{target}"] = sum(v is not None for v in own)
    out |= {f"oks_after_{b}": run.at(b) for b in BUDGETS}
    out |= {name: run.per_click(name) for name in ("fixed", "broken", "moved")}
    out["ms_per_click"] = float(np.median([c.seconds for c in run.clicks]) * 1e3) if run.clicks else None
    out["start_seconds"] = run.start_seconds
    out["again"] = sum(c.again for c in run.clicks)
    out |= asdict(run.looks)
    out |= {f"start_{name}": value for name, value in run.start.items()}
    return out | {f"end_{name}": value for name, value in run.end.items()}


def _timeline(run: Run, truth: Truth) -> list[dict[str, Any]]:
    rows = []
    for t, n in zip(*np.nonzero(truth.present), strict=True):
        start, end = run.oks[:, t, n]
        rows.append({"frame": int(t), "person": int(n), "oks_start": float(start), "oks_end": float(end)})
    return rows


def _k_clicks(
    make: Make, footage: Footage, truth: Truth, units: tuple[str, ...] = UNITS, add_missed: bool = False
) -> Tables:
    return {"k_clicks": pd.concat([k_clicks(make(), truth, unit, add_missed=add_missed) for unit in units])}


def _vnoc(make: Make, footage: Footage, truth: Truth, criteria: tuple[str, ...] = CRITERIA) -> Tables:
    return {"vnoc": [result.row() for c in criteria for result in vnoc(make, truth, criterion=c)]}


def _robustness(
    make: Make, footage: Footage, truth: Truth, starts: int = 5, blurs: tuple[float, ...] = (2.0, 4.0)
) -> Tables:
    """One carried anchor, plain and out of focus; the most blurred frame; times out of sight; forced errors."""
    plain = carried.carried_anchor(make, truth, starts)
    rows = [{"blur_px": 0.0, "horizon": plain.horizon, "n": len(plain.kept["oks@0.75"])} | plain.mean_frames()]
    for sigma in blurs:
        out_of_focus = carried.blurred(footage, sigma)
        result = carried.carried_anchor(lambda seen=out_of_focus: make(seen), truth, starts)
        rows.append({"blur_px": sigma, "horizon": result.horizon, "n": rows[0]["n"]} | result.mean_frames())
    score, worst = carried.carried_in_blur(make, footage, truth)
    stretches = carried.recovered(make, truth)
    return {
        "carried": rows,
        "most_blurred": [
            {"blur_score": score, "frame": worst.starts[0], "horizon": worst.horizon} | worst.mean_frames()
        ],
        "hidden": [carried.recovery_rates(stretches)],
        **_disturbed(make, footage, truth),
    }


def _disturbed(make: Make, footage: Footage, truth: Truth) -> Tables:
    forced = {
        "forced_swap": disturbances.forced_swap,
        "forced_gap": disturbances.forced_gap,
        "forced_miss": disturbances.forced_miss,
    }
    found = {name: function(make, footage, truth) for name, function in forced.items()}
    return {name: [row] for name, row in found.items() if row is not None}


def _ablation(make: Make, footage: Footage, truth: Truth, unit: str = "tracklet") -> Tables:
    return {"ablation": ablation(footage, truth, unit)}


EXPERIMENTS = {
    "curve": Experiment(_curve, "score against clicks, by who chooses what to click; what a click fixes and breaks"),
    "k_clicks": Experiment(_k_clicks, "the k worst keypoints replaced, k = 0 to 3, in three units (Table II)"),
    "vnoc": Experiment(_vnoc, "clicks to bring every frame to a target, in all units (Table I)"),
    "robustness": Experiment(_robustness, "one carried pose: plain, blurred, hidden; swaps and misses made on purpose"),
    "ablation": Experiment(_ablation, "parts of the product left out (Table III)", product_only=True),
}
