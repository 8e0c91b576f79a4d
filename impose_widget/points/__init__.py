"""Point trackers behind one protocol: ours, and adapters to those that the user has.

`lk` is optical flow from frame to frame. `mini` is a small network of our own on optical flow that seeks what it lost
(`seek`); `impose-widget train --stage points` trains it, and no weights of it ship, because sessions gained nothing.
Measured with weights of 300 steps, three minutes on one core, over 12 random rendered clips, three scenarios (child and
adult, exit and return, a crowd) and 1,642 photographs of the Leeds Sports Poses, which learned on optical flow's plain
tracks (`python -m tests.bench.points … --frames 21 --every 40`; none of these clips was learned from):

| clip | tracker | delta_avg | within 8 | OA | AJ | survival | back | fast | lost |
|---|---|---|---|---|---|---|---|---|---|
| store_aisle (real) | lk | .733 | .879 | .854 | .538 | .954 | .267 | - | .250 |
| store_aisle (real) | mini | .737 | .892 | .776 | .564 | .930 | .000 | - | .158 |
| fast_blur | lk | .568 | .718 | .663 | .403 | .811 | .537 | .411 | .197 |
| fast_blur | mini | .613 | .769 | .685 | .446 | .812 | .484 | .393 | .145 |
| long_occlusion | lk | .576 | .682 | .731 | .408 | .797 | .204 | .500 | .268 |
| long_occlusion | mini | .708 | .837 | .735 | .518 | .869 | .765 | .875 | .167 |
| crossing_twins | lk | .651 | .750 | .597 | .467 | .842 | .278 | .278 | .203 |
| crossing_twins | mini | .649 | .757 | .630 | .439 | .806 | .401 | .361 | .284 |
| all four | lk | .608 | .733 | .677 | .434 | .830 | .389 | .384 | .223 |
| all four | seeking alone | .652 | .778 | .689 | .437 | .828 | .464 | .430 | .261 |
| all four | mini | .657 | .794 | .689 | .473 | .834 | .473 | .411 | .192 |
| street (real, `openpose_video --every 20`, once) | lk | .841 | .958 | .926 | .736 | .995 | .489 | - | .042 |
| street | mini | .861 | .983 | .901 | .735 | .990 | .809 | - | .067 |

Seeking alone is a prototype of `seek` that shows a point where it looks as it did. Places are better by seeking, and
hardly by so short a training; what it learned is to judge them ("lost": wrong among those called visible).

In sessions on store_aisle (`--clicks 3`), one clip without intervals:

| tracker | OKS at 0, 1, 3 clicks a tracklet | keypoints fixed, broken a click | CPU s |
|---|---|---|---|
| the session's own flow | .480 .600 .726 | 29.6, .2 | 15 |
| lk | .480 .600 .705 | 28.2, .9 | 6 |
| mini | .480 .611 .694 | 26.2, 1.6 | 41 |
| mini, visible from .03 instead of .2 | .480 .611 .694 | 26.2, 1.6 | |
| mini, visible from .5 | .480 .580 .636 | 19.4, 3.1 | |

Why is not known; probably because a session itself goes with the body, or seeks near it, wherever a point looks unlike
itself, and starts the tracker anew from there. A frame costs 55 ms once at 256 by 448 pixels on one core (MoveNet's
first stages alone), not 40 as wanted.
"""

from impose_widget.points.adapters import CoTracker3, Tapir, cotracker3, tapir
from impose_widget.points.base import PointTracker, PointTracks
from impose_widget.points.lk import LkPoints
from impose_widget.points.network import MiniPoints, mini

__all__ = [
    "CoTracker3",
    "LkPoints",
    "MiniPoints",
    "PointTracker",
    "PointTracks",
    "Tapir",
    "cotracker3",
    "mini",
    "tapir",
]
