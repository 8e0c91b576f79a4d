"""Clips of rendered people with exact truth, to test on and to learn from.

Needs numba: `pip install 'impose-widget[render]'`. Everything is drawn from a seed: builds, clothes, motions, places,
light and camera.
"""

from impose_widget.synthesize.clip import write_clip
from impose_widget.synthesize.mocap import read_motions
from impose_widget.synthesize.places import photographs
from impose_widget.synthesize.scenarios import SCENARIOS, random_scene
from impose_widget.synthesize.scene import Scene
from impose_widget.synthesize.stage import Stage, Truth

__all__ = ["SCENARIOS", "Scene", "Stage", "Truth", "photographs", "random_scene", "read_motions", "write_clip"]
