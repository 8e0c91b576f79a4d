"""Clips of rendered people with exact truth, to test on and to learn from.

Needs numba: `pip install 'impose-widget[render]'`. Everything is drawn from a seed: builds, clothes, motions, places,
light and camera.

How real: MoveNet on one frame of each of 20 random scenes (43 people) beside 58 COCO photographs (145 people), with
network inputs of 256 and 512 pixels (`python -m tests.bench.realism --scenes 20`):

| | people found | error of keypoints, share of the size | keypoint similarity | keypoints right |
|---|---|---|---|---|
| photographs, 256 | .52 | 5.1 % | .819 | .885 |
| rendered, 256 | .77 | 5.3 % | .820 | .887 |
| photographs, 512 | .61 | 4.4 % | .813 | .869 |
| rendered, 512 | .86 | 3.7 % | .871 | .917 |

Error and similarity are those of people who are found. Small people are too easy: of those shorter than 30 % of the
image .67 are found against .13 at 256, of 30 to 60 % .81 against .76, of taller ones .83 against .85.

How fast, in frames per second of processor time on one core: 1.3 with four people at 848 x 480 and five sub-frames,
1.8 at 640 x 360, 2.5 with three sub-frames, 3.6 with two people; truth alone 13 to 27. To dress four people takes 2
s, once.
"""

from impose_widget.synthesize.clip import write_clip
from impose_widget.synthesize.mocap import read_motions
from impose_widget.synthesize.places import photographs
from impose_widget.synthesize.scenarios import SCENARIOS, random_scene
from impose_widget.synthesize.scene import Scene
from impose_widget.synthesize.stage import Stage, Truth

__all__ = ["SCENARIOS", "Scene", "Stage", "Truth", "photographs", "random_scene", "read_motions", "write_clip"]
