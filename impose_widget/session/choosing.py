"""What `Session.open` makes of `model=`, `propagator=` and `tracker=`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impose_widget.core.skeleton import COCO17, Skeleton
from impose_widget.propagate.base import Propagator

if TYPE_CHECKING:
    from impose_widget.detect import Detector
    from impose_widget.points import PointTracker

TRACKERS = ("auto", "lk")
PROPAGATORS = ("auto", "smoother", "flow", "network")


def detector_of(model: str | Path | Detector | None, skeleton: Skeleton, device: str) -> Detector | None:
    """The detector that `model=` asks for."""
    if model is None or (hasattr(model, "detect") and hasattr(model, "detect_in_box")):
        return model
    knows = skeleton.keypoints == COCO17.keypoints
    if model == "tiny":
        from impose_widget.detect import MoveNetDetector

        return MoveNetDetector(device=device) if knows else None
    if not isinstance(model, (str, Path)) or Path(model).suffix != ".safetensors":
        raise ValueError(
            f'Expected model="tiny" (the network that ships), None, a .safetensors file or a detector, got {model!r}; '
            "a public checkpoint becomes such a file with `impose-widget convert IN OUT`."
        )
    if not knows:
        raise ValueError(f"Expected skeleton coco17 with the weights {model}, got {skeleton.name}; or give model=None.")
    from impose_widget.network_detector import ImposeDetector

    return ImposeDetector(model, device)


def propagator_of(name: str, skeleton: Skeleton, detector: Detector | None, tracker: str | PointTracker) -> Propagator:
    """The propagator that `propagator=` and `tracker=` ask for."""
    from impose_widget.propagate.fusion import FlowFusion
    from impose_widget.propagate.smoother import Smoother
    from impose_widget.propagate.tracked import Tracked

    kind = FlowFusion if name == "flow" else Smoother
    carries = kind(skeleton, flow=Tracked(tracker) if hasattr(tracker, "track") else None)
    if name != "network":
        return carries
    if not hasattr(detector, "carry"):
        raise ValueError(
            "Expected a model that reads people in other frames with propagator='network', got "
            f"{'no model' if detector is None else type(detector).__name__}; give model= a .safetensors file that "
            "`impose-widget train` or `impose-widget convert` wrote, or propagator='flow'."
        )
    from impose_widget.propagate.network import NetworkPropagator

    return NetworkPropagator(detector, carries)
