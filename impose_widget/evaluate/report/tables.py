"""The tables of a report: results of jobs put together, parts of one video averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

ORDER = ("impose", "fusion", "residual", "flow", "detections", "keyframes")
"""Methods as reports list them; others follow."""

TITLES = {
    "curves": "Clicks per tracklet to a target, by who chooses what to click",
    "quality": "Before the first click",
    "k_clicks": "The k worst keypoints replaced",
    "vnoc": "VNoC: clicks to bring every frame to a target",
    "carried": "Frames that one carried pose stays right",
    "most_blurred": "The same from the most blurred frame of the first half",
    "hidden": "Keypoints found again after they were hidden",
    "forced_swap": "Two people swapped on purpose",
    "forced_gap": "Everybody missed for a while",
    "forced_miss": "One person missed throughout",
    "ablation": "Parts of the product left out",
    "time": "The time that people took",
}
NOTES = {
    "curves": "Clicks per tracklet until the mean OKS over all person-frames, and until 95 % of person-frames at OKS "
    ".85 (`frames`); '>' means that some part did not get there and counts as what was spent. fixed and broken: "
    "keypoints that one click makes right and wrong (similarity .5), mean over the first 20 clicks per tracklet. "
    "looks: places that the tool pointed at where nothing had to be done.",
    "quality": "Identities included: each person's own track. right: labelled keypoints at a similarity of .5. "
    "AP and HOTA are of everybody the tool finds, false alarms included: see the next table at k = 0.",
    "k_clicks": "The paper does not say what its k is counted on: every row names its unit. AP is COCO's, mAP "
    "PoseTrack's (mean over keypoints); HOTA on tight boxes, on OKS, and per keypoint; switches and IDF1 by OKS from "
    ".5. Identities are not repaired here.",
    "vnoc": "All units of the same run side by side; keypoint, box and identity clicks apart. The paper's VNoC is per "
    "frame on one data set and per tracklet on the other: compare with the column of the same unit only.",
    "carried": "The true pose of a frame is given, nothing else; frames until the first failure, mean over starts and "
    "people, at most `horizon`. kp@: every labelled keypoint at that similarity; oks@: the person.",
    "hidden": "Share of keypoints that are in place again when they are seen again, by the labels' visibility; "
    "short: under 32 frames out of sight.",
    "forced_swap": "Half way, two people get each other's tracks; the annotator reads on and repairs.",
    "forced_gap": "The detector sees nobody for 30 frames in the middle; clicks until the mean OKS there is .85.",
    "forced_miss": "The detector never sees one person; they have to be drawn. Clicks until their mean OKS is .85.",
    "time": "From the log of each session; pauses over 30 s do not count. Per person: a tracklet, not a person-frame.",
    "ablation": "After three clicks per unit; VNoC at .95.",
}


def table_of(results: Sequence[dict[str, Any]], name: str) -> pd.DataFrame:
    """All rows of one table, with the columns video and method in front."""
    parts = [
        pd.DataFrame(r["tables"][name]).assign(video=r["video"], method=r["method"])
        for r in results
        if r["tables"].get(name)
    ]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    for column in table.columns[table.dtypes.map(pd.api.types.is_object_dtype)]:  # numbers, some of which are not known
        if table[column].map(lambda v: v is None or isinstance(v, (int, float))).all():
            table[column] = pd.to_numeric(table[column])
    front = ["video", "method"]
    table = table[front + [c for c in table.columns if c not in front]]
    return table.sort_values(["video", "method"], key=_rank, kind="stable", ignore_index=True)


def _rank(column: pd.Series) -> pd.Series:
    if column.name != "method":
        return column
    return column.map(lambda m: (f"{ORDER.index(m):02d}" if m in ORDER else "99") + str(m))


def base_name(video: str) -> str:
    """The video that a part ("name[84:168]") belongs to."""
    return video.partition("[")[0] if video.endswith("]") else video


def averaged(table: pd.DataFrame, keys: Sequence[str], sums: Sequence[str] = ()) -> pd.DataFrame:
    """Parts of a video made one: means of numbers (sums of some), by video, method and `keys`."""
    if table.empty:
        return table
    table = table.assign(video=table["video"].map(base_name))
    by = ["video", "method", *[k for k in keys if k in table]]
    numbers = [c for c in table.select_dtypes("number").columns if c not in by]
    how = {c: ("sum" if c in sums else "mean") for c in numbers}
    out = table.groupby(by, sort=False, dropna=False).agg(how).reset_index()
    return out.assign(parts=table.groupby(by, sort=False, dropna=False).size().to_numpy())


# -- the tables that people read -------------------------------------------------------------------------------------


def readable(results: Sequence[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Name -> table, columns short, numbers as text; only those that there is something in."""
    makers = {
        "quality": _quality,
        "curves": _curves,
        "k_clicks": _k_clicks,
        "vnoc": _vnoc,
        "carried": lambda r: _carried(r, "carried", ["blur_px"]),
        "most_blurred": lambda r: _carried(r, "most_blurred", []),
        "hidden": _plain_table("hidden"),
        "forced_swap": _plain_table("forced_swap"),
        "forced_gap": _plain_table("forced_gap"),
        "forced_miss": _plain_table("forced_miss"),
        "ablation": _ablation,
    }
    made = {name: make(results) for name, make in makers.items()}
    return {name: table for name, table in made.items() if not table.empty}


def _quality(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table = table_of(results, "curves")
    if table.empty:
        return table
    table = averaged(table[table["start"] == "found"], []).drop_duplicates(["video", "method"])
    columns = {"video": "video", "method": "method", "start_mean_oks": "mean OKS"}
    columns |= {f"start_share{s}": f"OKS ≥ .{s}" for s in (50, 75, 85, 95)}
    columns |= {"start_kp_right": "right", "start_missing": "missing", "start_start_seconds": ""}
    return _text(table, columns, 3)


def _curves(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table = table_of(results, "curves")
    if table.empty:
        return table
    spent = table["clicks_made"] / table["tracklets"]
    targets = {f"clicks_to_{t}": f"to .{t[2:]}" for t in ("0.75", "0.85", "0.95")}
    targets |= {"clicks_to_share85>=95%": "to frames"}
    targets |= {"own_clicks_to_0.85": "each to .85", "own_clicks_to_0.95": "each to .95"}
    missed = {}
    for column in targets:
        if column not in table:
            table[column] = None
        missed[column] = table[column].isna()
        table[column] = pd.to_numeric(table[column]).where(~missed[column], spent)
        table[f"{column} missed"] = missed[column].astype(int)
    table["noisy"] = table["noise_px"] > 0
    means = averaged(
        table, ["policy", "start", "noisy"], ["identity_clicks", "box_clicks", *(f"{c} missed" for c in targets)]
    )
    out = pd.DataFrame({"video": means["video"], "method": means["method"], "chosen": means["policy"]})
    out["start"] = means["start"].where(~means["noisy"], "noisy")
    for column, short in targets.items():
        late = means[f"{column} missed"] > 0
        out[short] = [(">" if m else "") + f"{v:.1f}" for v, m in zip(means[column], late, strict=True)]
    for b in (0, 1, 3, 5, 10, 20):
        out[f"OKS@{b}"] = means[f"oks_after_{b}"].map(lambda v: "" if pd.isna(v) else f"{v:.3f}")
    for name in ("fixed", "broken"):
        out[name] = means[name].map("{:.2f}".format)
    out["identity"] = means["identity_clicks"].map("{:.0f}".format)
    out["boxes"] = means["box_clicks"].map("{:.0f}".format)
    out["looks"] = (means["right_already"] + means["nobody"]).map("{:.0f}".format)
    out["ms/click"] = means["ms_per_click"].map(lambda v: "" if pd.isna(v) else f"{v:.0f}")
    return out


def _k_clicks(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    means = averaged(table_of(results, "k_clicks"), ["unit", "k"], ["keypoint_clicks", "box_clicks", "switches"])
    if means.empty:
        return means
    columns = {"video": "video", "method": "method", "unit": "unit", "k": "k", "keypoint_clicks": "clicks"}
    columns |= {"mean_oks": "mean OKS", "AP": "AP", "mAP": "mAP"}
    for kind in ("box", "oks", "keypoint"):
        columns |= {f"{name}_{kind}": f"{name} {kind}" for name in ("HOTA", "DetA", "AssA")}
    return _text(means, columns | {"IDF1": "IDF1", "MOTA": "MOTA", "switches": "switches"}, 3)


def _vnoc(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    sums = ["clicks_per_video", "keypoint_clicks", "box_clicks", "identity_clicks", "frames_missed"]
    means = averaged(table_of(results, "vnoc"), ["criterion", "target"], sums)
    if means.empty:
        return means
    columns = {"video": "video", "method": "method", "criterion": "criterion", "target": "target", "aimed": "aimed at"}
    columns |= {f"clicks_per_{u}": f"per {u.replace('_', '-')}" for u in ("person_frame", "tracklet", "frame", "video")}
    columns |= {"keypoint_clicks": "keypoint", "box_clicks": "box", "identity_clicks": "identity"}
    return _text(means, columns | {"frames_missed": "frames missed", "end_mean_oks": "OKS at the end"}, 3)


def _carried(results: Sequence[dict[str, Any]], name: str, keys: list[str]) -> pd.DataFrame:
    means = averaged(table_of(results, name), keys)
    if means.empty:
        return means
    columns = {"video": "video", "method": "method"} | dict.fromkeys(keys, "blur, px") | {"horizon": "at most"}
    columns |= {"blur_score": "blur score"} if "blur_score" in means else {}
    columns |= {f"all_kp@{v}": f"kp@{v}" for v in (0.5, 0.75, 0.85, 0.95)}
    return _text(means, columns | {f"oks@{v}": f"oks@{v}" for v in (0.75, 0.85, 0.95)}, 1)


def _plain_table(name: str):
    def make(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
        means = averaged(table_of(results, name), [])
        if means.empty:
            return means
        return _text(means.drop(columns="parts"), {c: c.replace("_", " ") for c in means.columns if c != "parts"}, 3)

    return make


def _ablation(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    means = averaged(table_of(results, "ablation"), ["variant", "unit"], ["switches"])
    if means.empty:
        return means
    columns = {"video": "video", "variant": "variant", "unit": "unit", "mean_oks": "mean OKS", "mAP": "mAP"}
    columns |= {"HOTA_box": "HOTA box", "HOTA_oks": "HOTA oks", "AssA_oks": "AssA oks", "switches": "switches"}
    columns |= {f"clicks_per_{u}": f"VNoC@95 per {u.replace('_', '-')}" for u in ("person_frame", "tracklet", "frame")}
    return _text(means, columns, 3)


def time_table(time: pd.DataFrame) -> pd.DataFrame:
    """The table of `protocols.timing.annotation_time` for people."""
    shown = time.drop(columns=["began", "ended"]).assign(video="sessions")
    return _text(shown, {c: c.replace("_", " ") for c in ["video", *shown.columns.drop("video")]}, 2)


def _text(table: pd.DataFrame, columns: dict[str, str], digits: int) -> pd.DataFrame:
    """Some columns under shorter names, numbers as short text, nothing where nothing is known."""
    held = {old: new for old, new in columns.items() if old in table}
    out = pd.DataFrame({new: table[old] for old, new in held.items()})
    for column in out.select_dtypes("number"):
        whole = (out[column].dropna() % 1 == 0).all()
        out[column] = out[column].map(lambda v, w=whole: "" if pd.isna(v) else f"{v:.0f}" if w else f"{v:.{digits}f}")
    return out
