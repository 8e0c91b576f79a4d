"""Weights: safetensors in and out, and what is converted to them. Nothing here ever unpickles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from impose_widget.model.movenet import HEADS, MoveNet


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill a module from a safetensors file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file, or its keys or shapes are not those of the module.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected weights in {path}, which does not exist; reinstall impose-widget, or name another file."
        )
    try:
        held = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"Expected weights as safetensors, got {path}, which cannot be read ({error}).") from error
    check_keys(held, module.state_dict(), type(module).__name__, str(path))
    module.load_state_dict({k: v.float() for k, v in held.items()}, assign=True)


def check_keys(held: Mapping[str, Tensor], wanted: Mapping[str, Tensor], network: str, where: str) -> None:
    """Raise a ValueError that lists which keys are missing, unknown or misshapen, if any are."""
    missing, extra = sorted(wanted.keys() - held.keys()), sorted(held.keys() - wanted.keys())
    shapes = [k for k in sorted(wanted.keys() & held.keys()) if wanted[k].shape != held[k].shape]
    if missing or extra or shapes:
        said = [
            f"{len(keys)} keys {what} ({', '.join(keys[:3])}{', …' if len(keys) > 3 else ''})"
            for what, keys in (("missing", missing), ("unknown", extra), ("misshapen", shapes))
            if keys
        ]
        raise ValueError(
            f"Expected the weights of {network}, got {where} with {', '.join(said)}; it is the file of another network."
        )


def convert(source: Path, out: Path) -> str:
    """Convert a network's released weights to safetensors in float16; returns what was done, in a line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not one that can be converted.
    """
    if not source.is_file():
        raise FileNotFoundError(f"Expected a file to convert, got {source}, which does not exist.")
    if source.suffix != ".json":
        raise ValueError(f"Expected the model.json of MoveNet MultiPose as released for TF.js, got {source}.")
    state = movenet_from_tfjs(source)
    partial = out.with_name(f".{out.name}.partial")
    save_file({k: v.half().contiguous() for k, v in state.items()}, partial)
    partial.replace(out)
    n = sum(v.numel() for v in state.values())
    return f"MoveNet MultiPose: {n:,} parameters in {len(state)} tensors, {out.stat().st_size / 1e6:.1f} MB in {out}"


def movenet_from_tfjs(model_json: Path) -> dict[str, Tensor]:
    """The state of `MoveNet` from a TF.js graph model (model.json, with its binary files beside it)."""
    try:
        graph = json.loads(model_json.read_text(encoding="utf-8"))
        nodes = {n["name"]: n for n in graph["modelTopology"]["node"]}
        tensors = _tfjs_tensors(graph["weightsManifest"], model_json.parent)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"Expected a TF.js graph model, got {model_json}, which is not complete ({error}).") from error
    by_output = {name.removeprefix("StatefulPartitionedCall/"): node for name, node in nodes.items()}
    state: dict[str, Tensor] = {}
    for key, node_name in _movenet_layers().items():
        if node_name not in by_output:
            raise ValueError(f"Expected MoveNet MultiPose, got {model_json}, a graph without the layer {node_name}.")
        node = by_output[node_name]
        weight = tensors[node["input"][1]]
        depthwise = "Depthwise" in node["op"]
        weight = weight.transpose(2, 3, 0, 1) if depthwise else weight.transpose(3, 2, 0, 1)
        state[f"{key}.weight"] = torch.from_numpy(np.ascontiguousarray(weight))
        if len(node["input"]) > 2:
            state[f"{key}.bias"] = torch.from_numpy(tensors[node["input"][2]].copy())
    MoveNet().load_state_dict(state)  # every tensor of the right shape, none missing, none left over
    return state


def _tfjs_tensors(manifest: list[dict], folder: Path) -> dict[str, np.ndarray]:
    data = b"".join((folder / name).read_bytes() for group in manifest for name in group["paths"])
    out, at = {}, 0
    for entry in (w for group in manifest for w in group["weights"]):
        stored = np.dtype((entry.get("quantization") or {}).get("dtype") or entry["dtype"])
        n = int(np.prod(entry["shape"], dtype=int))
        held = np.frombuffer(data, stored, n, at).reshape(entry["shape"])
        out[entry["name"]] = held.astype(entry["dtype"])
        at += n * stored.itemsize
    return out


def _movenet_layers() -> dict[str, str]:
    """Key of our module -> layer of the graph."""
    trunk = "center_net_mobile_net_v2fpn_feature_extractor/model_1/"
    layers = {"backbone.stem": "model/Conv1_relu/Relu6", "backbone.head": "model/out_relu/Relu6"}
    for i in range(17):
        name = f"model/block_{i}_" if i else "model/expanded_conv_"
        if i:
            layers[f"backbone.blocks.{i}.expand"] = f"{name}expand_relu/Relu6"
        layers[f"backbone.blocks.{i}.depthwise"] = f"{name}depthwise/depthwise"
        layers[f"backbone.blocks.{i}.project"] = f"{name}project_BN/FusedBatchNormV3"
    for level, conv in enumerate(("conv2d_3", "conv2d_2", "conv2d_1", "conv2d")):
        layers[f"pyramid.lateral.{level}"] = f"{conv}/BiasAdd"
    for level, n in enumerate(("_2", "_1", "")):
        layers[f"pyramid.smooth.{level}.depthwise"] = f"separable_conv2d{n}/separable_conv2d/depthwise"
        layers[f"pyramid.smooth.{level}.pointwise"] = f"re_lu{n}/Relu"
    layers = {key: trunk + name for key, name in layers.items()}
    theirs = ("center_0", "box_scale_0", "box_offset_0", "kpt_heatmap_0", "kpt_regress_0", "kpt_offset_0")
    for i, (ours, head) in enumerate(zip(HEADS, theirs, strict=True)):
        layers[f"heads.{ours}.0.depthwise"] = f"{head}/separable_conv2d_{i + 3}/separable_conv2d/depthwise"
        layers[f"heads.{ours}.0.pointwise"] = f"{head}/re_lu_{i + 3}/Relu"
        layers[f"heads.{ours}.1"] = f"{head}/conv2d_{i + 4}/BiasAdd"
    return layers
