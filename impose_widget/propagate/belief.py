"""How far what is believed when a correction is carried: the constants, with the measurement behind them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Belief:
    """Deviations and time constants; lengths are shares of a person's size (the square root of their area).

    The form and the time constants come from errors of flow and readings up to 40 frames from placed keypoints, the
    final values from simulated clicks, both on three short clips with two people each (estimated tracks as reference).
    With a strong detector a short doubt after a refuted reading breaks fewer right keypoints, with a weak one a long
    doubt mends more wrong ones: `refuted_frames`, `refuted_weak` and `refuted_most` are what is left of that choice.

    Attributes:
        flow_start: deviation of the flow at an anchor.
        flow_growth: what each frame away from it adds.
        flow_closing: deviation per length by which flows from two anchors disagree.
        reading_best: usual deviation of a reading of score 1.
        reading_worst: what score 0 adds to it.
        reading_floor: deviation of a corrected reading in the frame of the correction.
        moment: share of a reading's variance that is an error of the moment; the rest is a habit of the model.
        moment_frames: time constant of errors of the moment.
        habit_frames: time constant of habits.
        refuted_frames: time constant in which a reading recovers after one that was far off.
        refuted_weak: how much longer weak readings take, per share by which they deviate more than the best.
        refuted_most: usual deviations beyond which a reading is not more wrong, only wrong.
        contradiction: deviations between flow and reading beyond which the more certain one is taken, not the mean.
        fade: share below which a correction says nothing any more.
        lost: deviation beyond which a position is not believed at all.
    """

    flow_start: float = 0.005
    flow_growth: float = 0.008
    flow_closing: float = 0.5
    reading_best: float = 0.05
    reading_worst: float = 0.15
    reading_floor: float = 0.02
    moment: float = 0.6
    moment_frames: float = 6.0
    habit_frames: float = 30.0
    refuted_frames: float = 5.0
    refuted_weak: float = 2.0
    refuted_most: float = 8.0
    contradiction: float = 2.2
    fade: float = 0.08
    lost: float = 1.0
