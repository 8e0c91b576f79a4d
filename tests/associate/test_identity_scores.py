"""The measure that the bench prints, on cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.associate.identity_scores import IGNORED, IdentityScore, score_identities

A, B, NONE = 0, 1, -1


@pytest.mark.parametrize(
    "owner, ids, idf1, switches, fragments",
    [
        ([A, A, A, B, B, B], [7, 7, 7, 4, 4, 4], 1, 0, 0),
        ([A, A, A, A], [7, 7, 7, 4], 3 / 4, 1, 0),
        ([A, A, A, A], [7, -1, 7, 7], 6 / 7, 0, 1),
        ([A, A, A, A], [-1, -1, 7, 7], 4 / 6, 0, 0),  # late, but whole
        ([A, B, A, B], [7, 4, 4, 7], 1 / 2, 2, 0),  # the two exchanged
        ([A, A, NONE, NONE], [7, 7, 7, 4], 4 / 6, 0, 0),  # phantoms cost
        ([A, A, IGNORED, IGNORED], [7, 7, 7, 4], 1, 0, 0),
        ([A, A], [-1, -1], 0, 0, 0),
        ([], [], 0, 0, 0),
    ],
)
def test_hand_worked(owner, ids, idf1, switches, fragments) -> None:
    score = score_identities(np.array(owner, int), np.array(ids, int))
    assert score.idf1 == pytest.approx(idf1) and (score.switches, score.fragments) == (switches, fragments)


def test_scores_add_up() -> None:
    assert IdentityScore(1, 2, 3, 4, 5) + IdentityScore(1, 1, 1, 1, 1) == IdentityScore(2, 3, 4, 5, 6)
