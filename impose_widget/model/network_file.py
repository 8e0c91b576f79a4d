"""Files of whole networks: safetensors in float16, with the configuration in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from impose_widget.model.config import ImposeConfig
from impose_widget.model.convert import from_public, read_checkpoint
from impose_widget.model.impose import IMPose
from impose_widget.model.weights import check_keys, load_weights

CONFIG = "impose_config"  # in a file's header: which network its weights are of
FROZEN = "backbone.movenet."  # ships once, in a file of its own


def save_network(state: Mapping[str, Tensor], config: ImposeConfig, path: Path) -> None:
    """Write a network's weights in float16, with its configuration in the header; whole or not at all.

    MoveNet's own weights, which are frozen and ship once, are left out.
    """
    kept = {k: v.detach().half().cpu().contiguous() for k, v in state.items() if not k.startswith(FROZEN)}
    partial = path.with_name(f".{path.name}.partial")
    save_file(kept, partial, metadata={CONFIG: json.dumps(config.to_json())})
    partial.replace(path)


def load_network(path: Path, movenet: Path) -> IMPose:
    """The network of a weights file, ready to use on the CPU.

    Args:
        path: safetensors as `impose-widget convert` and `impose-widget train` write.
        movenet: weights of MoveNet, for networks that stand on it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file, says not which network it is of, or does not fit it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected weights in {path}, which does not exist.")
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
        held = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"Expected weights as safetensors, got {path}, which cannot be read ({error}); a torch checkpoint becomes "
            "one with `impose-widget convert IN OUT`."
        ) from error
    if CONFIG not in header:
        raise ValueError(
            f"Expected weights written by `impose-widget convert` or `impose-widget train`, got {path}, which does not "
            "say which network it is of."
        )
    try:
        config = ImposeConfig.from_json(json.loads(header[CONFIG]))
    except (ValueError, TypeError) as error:
        raise ValueError(f"Expected the configuration of a network in {path}, got none that is known.") from error
    with torch.device("meta"):  # no time is lost on random numbers
        network = IMPose(config)
    own = {k: v for k, v in network.state_dict().items() if not k.startswith(FROZEN)}
    check_keys(held, own, config.name, str(path))
    network.load_state_dict({k: v.float() for k, v in held.items()}, strict=False, assign=True)
    if config.backbone == "movenet":
        load_weights(network.backbone.movenet, movenet)
    return network.eval()


def convert_checkpoint(source: Path, out: Path) -> str:
    """Convert a public checkpoint (ED-Pose, Click-Pose, mmpose) to a file of ours; returns what was done, in a line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none of these, or cannot be read without running what is in it.
    """
    state, config, layout = from_public(read_checkpoint(source))
    save_network(state, config, out)
    n = sum(v.numel() for v in state.values())
    return f"{layout}: {n:,} parameters in {len(state)} tensors, {out.stat().st_size / 1e6:.1f} MB in {out}"
