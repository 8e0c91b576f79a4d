"""Which keypoint of one skeleton is which of another: by name and nothing else, so that none is ever invented."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_SAME = (  # other spellings of one and the same point, left and right aside
    ("head_top", "top_head", "top_of_head", "vertex"),
    ("head_bottom", "upper_neck"),  # PoseTrack took MPII's point over under a new name
    ("mid_hip", "midhip", "hip_center", "hip_centre"),
    ("pelvis", "root_pelvis"),
)
_ALIAS = {name: group[0] for group in _SAME for name in group}
_SIDES = {"l": "left", "r": "right", "left": "left", "right": "right"}


def normal_name(name: str) -> str:
    """One spelling for a name of a keypoint: `Right Shoulder`, `RShoulder`, `shoulder_r` → `right_shoulder`."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3 \2", name)
    parts = [w for w in re.split(r"[\W_]+", words.lower()) if w]
    for at in (0, -1):  # the side goes first
        if len(parts) > 1 and parts[at] in _SIDES:
            side = _SIDES[parts.pop(at)]
            parts.insert(0, side)
            break
    plain = "_".join(parts) or name
    return _ALIAS.get(plain, plain)


def map_keypoints(source: Sequence[str], target: Sequence[str]) -> np.ndarray:
    """For each keypoint of `target` (K,) its position in `source`, -1 where `source` has none of that name.

    A name finds itself first; otherwise the same name in another spelling, if only one has it on either side.
    """
    source, target = [str(s) for s in source], [str(t) for t in target]
    exact = {name: i for i, name in enumerate(source)}
    taken = {exact[t] for t in target if t in exact}
    loose: dict[str, list[int]] = {}
    for i, name in enumerate(source):
        if i not in taken:
            loose.setdefault(normal_name(name), []).append(i)
    wanted = [normal_name(t) for t in target if t not in exact]
    out = np.full(len(target), -1, np.int64)
    for k, name in enumerate(target):
        if name in exact:
            out[k] = exact[name]
            continue
        plain = normal_name(name)
        if len(loose.get(plain, ())) == 1 and wanted.count(plain) == 1:
            out[k] = loose[plain][0]
    return out
