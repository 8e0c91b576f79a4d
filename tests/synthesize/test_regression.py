"""People keep their identities through the named scenarios: the regression suite of tracking.

Detections are the truth with a detector's errors, so that nothing but tracking is measured and nothing has to be drawn.
The bounds are what was reached when the scenarios were made; `python -m tests.bench.scenarios` measures the whole
product on the drawn clips.
"""

from __future__ import annotations

import numpy as np
import pytest

from impose_widget.associate import associate
from impose_widget.core.skeleton import COCO17
from tests.associate.identity_scores import score_identities
from tests.synthesize.regression import detections

BOUNDS = {
    "crossing_twins": (1.0, 0),
    "long_occlusion": (1.0, 0),
    "exit_and_return": (1.0, 0),
    "fast_blur": (1.0, 0),
    "crowd_of_12": (0.99, 0),
    "child_and_adult": (1.0, 0),
    "camera_pan": (0.98, 1),  # who comes in at the edge is somebody else in their first frame
}  # least IDF1, most switches


@pytest.mark.parametrize("name", BOUNDS)
def test_identities_last(name: str) -> None:
    found, owner = detections(name)
    ids = associate(found, np.full(len(found), -1), 0, COCO17)
    score = score_identities(owner, ids)
    least, most = BOUNDS[name]
    assert score.idf1 >= least and score.switches <= most, score
