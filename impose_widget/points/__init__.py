"""Point trackers behind one protocol: ours, and adapters to those that the user has.

`lk` is optical flow from frame to frame. `mini` is a small network of our own on optical flow that seeks what it lost
(`seek`); `impose-widget train --stage points` trains it, and no weights of it ship, because sessions gain nothing.
Measured with weights of 700 steps, six minutes of one core, over 12 random rendered clips and photographs of the Leeds
Sports Poses (`python -m tests.bench.points … --frames 21 --every 40`; none of these clips was learned from):

| clip | tracker | delta_avg | within 8 | OA | AJ | survival | back | fast | lost |
|---|---|---|---|---|---|---|---|---|---|
| store_aisle (real) | lk | .733 | .879 | .854 | .538 | .954 | .267 | - | .250 |
| store_aisle (real) | mini | .755 | .885 | .789 | .586 | .972 | .533 | - | .138 |
| fast_blur | lk | .568 | .718 | .663 | .403 | .811 | .537 | .411 | .197 |
| fast_blur | mini | .603 | .764 | .694 | .444 | .852 | .540 | .495 | .149 |
| long_occlusion | lk | .576 | .682 | .731 | .408 | .797 | .204 | .500 | .268 |
| long_occlusion | mini | .650 | .785 | .675 | .477 | .844 | .541 | .875 | .184 |
| crossing_twins | lk | .651 | .750 | .597 | .467 | .842 | .278 | .278 | .203 |
| crossing_twins | mini | .649 | .779 | .624 | .427 | .848 | .421 | .528 | .275 |
| all four | lk | .608 | .733 | .677 | .434 | .830 | .389 | .384 | .223 |
| all four | mini | .641 | .785 | .678 | .460 | .860 | .498 | .523 | .191 |
| street (real, `openpose_video --every 20`) | lk | .841 | .958 | .926 | .736 | .995 | .489 | - | .042 |
| street | mini | .851 | .974 | .910 | .741 | .992 | .809 | - | .056 |

Seeking alone, a prototype that shows a point where it looks as it did, has .652, .437 (AJ) and .261 (lost) on the four:
places are better by seeking; what the training adds is to judge them ("lost": wrong among those called visible).

In sessions on store_aisle (`--clicks 3`), one clip without intervals:

| tracker | OKS at 0, 1, 3 clicks a tracklet | keypoints fixed a click |
|---|---|---|
| the session's own flow | .484 .608 .664 | 19.8 |
| lk | .484 .608 .633 | 13.6 |
| mini | .484 .612 .663 | 19.7 |

So it is better than `lk` in its place and no better than what a session does by itself, probably because a session goes
with the body, or seeks near it, wherever a point looks unlike itself, and starts the tracker anew from there. A frame
costs 55 ms once at 256 by 448 pixels on one core (MoveNet's first stages alone), not 40 as wanted.
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
