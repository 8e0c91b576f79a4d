"""Small scenes to test with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from impose_widget.synthesize.motion import Motion
from impose_widget.synthesize.moves import standing
from impose_widget.synthesize.person import Person, random_person
from impose_widget.synthesize.places import light, surroundings
from impose_widget.synthesize.scene import Actor, Camera, Film, Prop, Scene


@lru_cache(maxsize=4)
def somebody(seed: int = 0) -> Person:
    return random_person(np.random.default_rng(seed))


def scene(
    actors: list[tuple[float, float]] = ((0.0, 0.0),), props: list[Prop] = (), heading: float = 0.0, **changes
) -> Scene:
    """People who stand at x, z before a still camera four metres away."""
    rng = np.random.default_rng(1)
    still = Motion(standing()[None], np.zeros((1, 3)), 30.0)
    made = Scene(
        "test",
        [Actor(somebody(k), still, at, heading) for k, at in enumerate(actors)],
        list(props),
        surroundings(rng, "studio"),
        light(rng, False),
        Camera(np.array([0.0]), np.array([[0, 1.2, 4.0]]), np.array([[0, 0.9, 0.0]]), 1.0),
        Film(noise=0.0),
        width=160,
        height=120,
        n_frames=3,
        samples=2,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made
