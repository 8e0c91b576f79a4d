"""Places that come from elsewhere, such as a second annotator's labels, in one list with those of the detectors."""

from __future__ import annotations

import pandas as pd

DIFFERS = "differs"
"""Kind of a place where somebody else's labels say something else."""


def joined(issues: pd.DataFrame, more: pd.DataFrame, decisions: dict[int, str]) -> pd.DataFrame:
    """Both tables (columns as in `issues_table`) as one, where most is to be mended first."""
    if not len(more):
        return issues
    state = [decisions.get(number, "open") for number in more["issue"].tolist()]
    parts = [issues, more.assign(state=state)]
    table = pd.concat([part.astype({"kind": "str", "state": "str", "keypoint": "object"}) for part in parts])
    kinds = [*issues["kind"].cat.categories, DIFFERS]
    table["kind"] = pd.Categorical(table["kind"], categories=kinds)
    table["state"] = pd.Categorical(table["state"], categories=list(issues["state"].cat.categories))
    table["keypoint"] = pd.Categorical(table["keypoint"], dtype=issues["keypoint"].dtype)
    order = ["gain", "frame", "track_id", "issue"]
    return table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
