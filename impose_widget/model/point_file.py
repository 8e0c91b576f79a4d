"""Files of point trackers: safetensors in float16, with the configuration in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from impose_widget.model.point_network import PointConfig, PointNetwork
from impose_widget.model.weights import check_keys

CONFIG = "points_config"  # in a file's header


def save_points(state: Mapping[str, Tensor], config: PointConfig, path: Path) -> None:
    """Write a point tracker's weights in float16, with its configuration; whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    kept = {k: v.detach().half().cpu().contiguous() for k, v in state.items()}
    save_file(kept, partial, metadata={CONFIG: json.dumps(config.to_json())})
    partial.replace(path)


def load_points(path: Path) -> PointNetwork:
    """The point tracker of a weights file, ready to use on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file of a point tracker, or does not fit what it says of itself.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected weights in {path}, which does not exist.")
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
        held = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"Expected weights as safetensors, got {path}, which cannot be read ({error}).") from error
    try:
        config = PointConfig.from_json(json.loads(header[CONFIG]))
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"Expected the weights of a point tracker, got {path}, which does not say so; "
            "`impose-widget train --stage points` writes them."
        ) from error
    network = PointNetwork(config)
    check_keys(held, network.state_dict(), "mini", str(path))
    network.load_state_dict({k: v.float() for k, v in held.items()})
    return network.eval()
