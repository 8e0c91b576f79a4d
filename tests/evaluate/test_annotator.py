"""What must hold of clicks, whatever the tool; and what the annotator does with the real session."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.base import Place
from impose_widget.evaluate.methods.product import Product, Settings, drawn_box
from impose_widget.evaluate.policies import POLICIES, Looks, targets
from impose_widget.evaluate.protocols.curve import run_curve
from impose_widget.evaluate.truth import truth_of_arrays
from tests.evaluate.clips import Nothing, Perfect, Wrong, walking
from tests.walkers import SMALL

FAR = (25.0, 0.0)


@pytest.mark.parametrize("policy", ["worst", "reading"])
def test_a_perfect_tool_needs_no_click(policy: str) -> None:
    footage, truth = walking()
    run = run_curve(Perfect(footage, truth), truth, policy, budget=5)
    assert not run.clicks
    assert set(run.clicks_to.values()) == {0.0}
    assert (run.start["mean_oks"], run.start["missing"]) == (1.0, 0.0)


@pytest.mark.parametrize("policy", [p for p in POLICIES if p != "issue"])
def test_without_a_model_every_keypoint_is_clicked_once(policy: str) -> None:
    footage, truth = walking(5)
    run = run_curve(Nothing(footage, truth), truth, policy, budget=1000, exhaust=policy != "random")
    assert not any(c.again for c in run.clicks) or policy == "random"
    if policy != "random":
        assert len(run.clicks) == truth.labelled.sum()
        assert run.end["mean_oks"] == pytest.approx(1)
    assert all((c.fixed, c.broken, c.kind) == (1, 0, "keypoint") for c in run.clicks if not c.again)
    steps = run.curve["mean_oks"].diff().dropna()
    assert (steps >= -1e-9).all()  # without propagation a click can only help


def test_a_start_with_poses_counts_its_keypoints() -> None:
    footage, truth = walking(5)
    run = run_curve(Nothing(footage, truth), truth, budget=1000, with_pose=True, exhaust=True)
    assert run.curve["clicks"].iloc[0] == 4  # keypoints of each of the two people
    assert run.curve["clicks"].iloc[-1] == truth.labelled.sum() / 2


ERRORS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 1), st.integers(0, 3)),
    st.sampled_from([FAR, (-9.0, 14.0)]),
    max_size=8,
)


@settings(max_examples=12, deadline=None)
@given(ERRORS, st.sampled_from(["worst", "reading", "random"]))
def test_of_the_real_session(errors: dict, policy: str) -> None:
    """A looser target never needs more clicks, and there are never more keypoint clicks than labelled keypoints."""
    footage, truth = walking(12, wrong=errors)
    run = run_curve(Product(footage), truth, policy, budget=7, seed=1)
    for reached in (run.clicks_to, *run.clicks_to_own):
        order = [np.inf if reached[t] is None else reached[t] for t in ("0.75", "0.85", "0.95")]
        assert order == sorted(order)
    placed = [(c.frame, c.person, c.keypoint) for c in run.clicks if c.kind == "keypoint" and not c.again]
    assert len(placed) == len(set(placed)) <= truth.labelled.sum()
    if policy == "worst":
        assert not any(c.again for c in run.clicks)  # what a human placed is never moved


def test_only_what_is_wrong_is_clicked() -> None:
    _, truth = walking()
    run = run_curve(Wrong(truth, {(7, 1, 2): FAR, (3, 0, 0): (30.0, 0.0)}), truth, budget=20)
    assert [(c.frame, c.person, c.keypoint, c.fixed, c.broken) for c in run.clicks] == [
        (3, 0, 0, 1, 0),
        (7, 1, 2, 1, 0),
    ]


def test_the_same_seed_clicks_the_same() -> None:
    def clicks(seed: int) -> list:
        footage, truth = walking(12, wrong={(5, 0, 1): FAR})
        run = run_curve(Product(footage), truth, "random", budget=4, noise=0.5, seed=seed)
        return [(c.frame, c.person, c.keypoint, c.moved) for c in run.clicks]

    assert clicks(3) == clicks(3)
    assert clicks(3) != clicks(4)


def test_a_missed_person_is_drawn_by_one_click_and_carried() -> None:
    footage, truth = walking(20)
    footage, truth = walking(20, missing=[(t, 1) for t in range(20)])
    annotator = SimulatedAnnotator(Product(footage), truth)
    annotator.begin()
    annotator.owner[1] = None  # as if the start had not told about them
    annotator.look()
    click = annotator.act(10, 1, 0)
    assert (click.kind, click.keypoint) == ("box", -1)
    assert annotator.oks[10, 1] > 0.9
    assert click.fixed > 4  # carried to other frames, too
    assert annotator.count("box") == 1
    annotator.method.close()


def test_somebody_who_comes_late_is_given_their_track() -> None:
    footage, truth = walking(20, late=6)
    annotator = SimulatedAnnotator(Product(footage), truth)
    annotator.begin()
    assert annotator.owner[1] is None
    click = annotator.act(8, 1, 0)
    assert click.kind == "identity"
    assert np.nanmean(annotator.oks[6:, 1]) > 0.9
    annotator.method.close()


def test_swapped_people_are_repaired_by_one_click() -> None:
    footage, truth = walking(20)
    annotator = SimulatedAnnotator(Product(footage), truth)
    annotator.begin()
    annotator.method.swap(10, annotator.owner[0], annotator.owner[1])
    annotator.look()
    assert annotator.oks[10:].max() < 0.5
    assert annotator.act(10, 0, 0).kind == "identity"
    assert annotator.oks.min() > 0.9  # both at once: assign exchanges
    annotator.method.close()


def test_a_tool_that_does_nothing_does_not_trap_the_annotator() -> None:
    _, truth = walking(8)

    class Stuck(Nothing):
        def candidates(self, frame: int) -> dict[int, np.ndarray]:
            return {0: np.concatenate([truth.xy[frame, 0], np.ones((4, 1))], 1)}

        def assign(self, frame: int, track_id: int | None, reference: int) -> int:
            return int(track_id)

        def click(self, frame: int, track_id: int, keypoint: int, xy: tuple[float, float]) -> None:
            pass

    run = run_curve(Stuck(None, truth), truth, budget=20)
    assert len(run.clicks) == 40
    assert sum(c.kind == "identity" for c in run.clicks) <= 16


def test_guided_by_issues_it_accepts_what_is_right() -> None:
    footage, truth = walking(20, wrong={(9, 0, 1): FAR})
    product = Product(footage)
    annotator = SimulatedAnnotator(product, truth)
    annotator.begin()
    looks = Looks()
    frame, n, _ = next(targets(annotator, "issue", looks))
    issue = product.session.next_issue()
    assert (issue["frame"], issue["track_id"]) == (frame, annotator.owner[n])
    assert annotator.similarity[frame, n].min() < 0.85
    product.close()


def test_a_tool_without_suggestions_cannot_guide() -> None:
    _, truth = walking(6)
    run = run_curve(Wrong(truth, {(1, 0, 0): FAR}), truth, "issue", budget=5)
    assert not run.guided and not run.clicks


def test_a_tool_that_points_at_the_same_place_for_ever_is_left() -> None:
    _, truth = walking(4)

    class Nagging(Wrong):
        def suggest(self) -> Place:
            return Place(0, 0)

    run = run_curve(Nagging(truth, {(1, 0, 0): FAR}), truth, "issue", budget=5)
    assert not run.clicks and run.looks.right_already > 10


def test_without_propagation_a_click_changes_one_keypoint() -> None:
    footage, truth = walking(12, wrong={(t, 0, 1): FAR for t in range(12)})
    run = run_curve(Product(footage, Settings(propagate=False)), truth, budget=3)
    assert {c.moved for c in run.clicks} == {1}
    carried = run_curve(Product(footage), truth, budget=3)
    assert carried.clicks[0].fixed > 3


def test_poses_of_another_length_are_refused() -> None:
    _, truth = walking(6)
    short = truth_of_arrays("short", truth.xy[:5], SMALL)
    with pytest.raises(ValueError, match="of another video or skeleton"):
        SimulatedAnnotator(Perfect(None, short), truth).begin()


def test_a_person_with_one_label_can_be_drawn() -> None:
    assert drawn_box(np.array([50.0, 20.0, 0.0, 0.0])) == (46.0, 16.0, 8.0, 8.0)
    assert drawn_box(np.array([50.0, 20.0, 30.0, 3.0])) == (50.0, 17.5, 30.0, 8.0)
    assert drawn_box(np.array([5.0, 6.0, 30.0, 40.0])) == (5.0, 6.0, 30.0, 40.0)
