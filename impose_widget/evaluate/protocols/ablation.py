"""Which part of the product buys what: parts left out one by one, and the point tracker alone.

Source: the grid of the paper's Table III, with the parts that this product has.
"""

from __future__ import annotations

import pandas as pd

from impose_widget.evaluate.footage import Footage
from impose_widget.evaluate.methods.base import Method
from impose_widget.evaluate.methods.baselines import EditedDetections, FlowAlone
from impose_widget.evaluate.methods.product import Product, Settings
from impose_widget.evaluate.protocols.k_clicks import k_clicks
from impose_widget.evaluate.protocols.vnoc import vnoc
from impose_widget.evaluate.truth import Truth

GRID = {
    "everything": Settings(),
    "without propagation": Settings(propagate=False),
    "association by boxes alone": Settings(associate="iou"),
    "without association": Settings(associate="none"),
    "without both": Settings(propagate=False, associate="none"),
}
CLICKS = 3


def ablation(footage: Footage, truth: Truth, unit: str = "tracklet", rows: tuple[str, ...] = ()) -> pd.DataFrame:
    """One row a variant: mAP, HOTA, AssA after three clicks per `unit`, and VNoC@95 in all its units.

    "tracker alone" follows points from what was placed and has no other prior; "detector alone" has no tracker.

    Args:
        footage: the video.
        truth: the labels.
        unit: of the clicks, see `k_clicks`.
        rows: variants to measure; empty for all.
    """
    variants: dict[str, type[Method] | Settings] = dict(GRID)
    variants |= {"tracker alone": FlowAlone, "detector alone": EditedDetections}
    out = []
    for name, variant in variants.items():
        if rows and name not in rows:
            continue
        if not footage.has_network and (isinstance(variant, Settings) and variant.associate != "product"):
            continue

        def make(variant=variant) -> Method:
            return Product(footage, variant) if isinstance(variant, Settings) else variant(footage)

        if make().needs_network and not footage.has_network:
            continue
        after = k_clicks(make(), truth, unit, CLICKS).iloc[-1]
        keep = ("mAP", "AP", "HOTA_box", "HOTA_oks", "AssA_oks", "IDF1", "switches", "mean_oks")
        hard = vnoc(make, truth, (0.95,))[0].row()
        out.append({"variant": name, "unit": unit, "k": CLICKS} | {c: after[c] for c in keep} | hard)
    return pd.DataFrame(out)
