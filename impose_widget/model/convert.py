"""Public checkpoints: how their names map to ours, for the three layouts that exist.

ED-Pose and Click-Pose share one; mmpose re-hosts ED-Pose under names of its own. Nothing is run from a checkpoint: it
is read with torch's weights-only unpickler, which is told of one harmless class that such files hold.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impose_widget.model.config import ImposeConfig, clickpose, edpose
from impose_widget.model.impose import IMPose
from impose_widget.model.weights import check_keys

# (theirs, ours): regular expressions, the first that matches a whole key is taken
EDPOSE = (
    (r"backbone\.0\.body\.(.+)", r"backbone.\1"),
    (r"input_proj\.(.+)", r"encoder.project.\1"),
    (r"transformer\.level_embed", r"encoder.level_embed"),
    (r"transformer\.encoder\.layers\.(\d+)\.self_attn\.(.+)", r"encoder.layers.\1.attention.\2"),
    (r"transformer\.encoder\.layers\.(.+)", r"encoder.layers.\1"),
    (r"transformer\.decoder\.layers\.(\d+)\.self_attn\.(.+)", r"decoder.layers.\1.self_attention.\2"),
    (r"transformer\.decoder\.layers\.(\d+)\.cross_attn\.(.+)", r"decoder.layers.\1.cross_attention.\2"),
    # norm2 follows self-attention there, norm1 cross-attention, norm3 the feed-forward part
    (r"transformer\.decoder\.layers\.(\d+)\.norm2\.(.+)", r"decoder.layers.\1.norm_self.\2"),
    (r"transformer\.decoder\.layers\.(\d+)\.norm1\.(.+)", r"decoder.layers.\1.norm_cross.\2"),
    (r"transformer\.decoder\.layers\.(\d+)\.norm3\.(.+)", r"decoder.layers.\1.norm.\2"),
    (r"transformer\.decoder\.layers\.(.+)", r"decoder.layers.\1"),
    (r"transformer\.decoder\.norm\.(.+)", r"decoder.norm.\1"),
    (r"transformer\.decoder\.ref_point_head\.(.+)", r"decoder.place.\1"),
    (r"transformer\.decoder\.hw\.weight", r"decoder.keypoint_size"),
    (r"transformer\.decoder\.keypoint_embed\.weight", r"decoder.keypoint_embed"),
    (r"transformer\.enc_output\.(.+)", r"selection.project.\1"),
    (r"transformer\.enc_output_norm\.(.+)", r"selection.norm.\1"),
    (r"transformer\.enc_out_bbox_embed\.(.+)", r"selection.box.\1"),
    (r"transformer\.enc_out_class_embed\.(.+)", r"selection.score.\1"),
    (r"(?:transformer\.decoder\.)?bbox_embed\.(.+)", r"decoder.heads.box.\1"),
    (r"(?:transformer\.decoder\.)?class_embed\.(.+)", r"decoder.heads.score.\1"),
    (r"(?:transformer\.decoder\.)?pose_embed\.(.+)", r"decoder.heads.keypoint.\1"),
    (r"(?:transformer\.decoder\.)?pose_hw_embed\.\d+\.(.+)", r"decoder.heads.size.\1"),
    (r"label_enc\.weight", r"label"),
    (r"label_enc_pose\.weight", r"keypoint_label"),
)
MMPOSE = (
    (r"backbone\.(.+)", r"backbone.\1"),
    (r"neck\.convs\.(\d+)\.conv\.(.+)", r"encoder.project.\1.0.\2"),
    (r"neck\.convs\.(\d+)\.gn\.(.+)", r"encoder.project.\1.1.\2"),
    (r"neck\.extra_convs\.0\.conv\.(.+)", r"encoder.project.3.0.\1"),
    (r"neck\.extra_convs\.0\.gn\.(.+)", r"encoder.project.3.1.\1"),
    (r"head\.level_embed", r"encoder.level_embed"),
    (r"head\.encoder\.layers\.(\d+)\.self_attn\.(.+)", r"encoder.layers.\1.attention.\2"),
    (r"head\.encoder\.layers\.(\d+)\.norms\.0\.(.+)", r"encoder.layers.\1.norm1.\2"),
    (r"head\.encoder\.layers\.(\d+)\.norms\.1\.(.+)", r"encoder.layers.\1.norm2.\2"),
    (r"head\.decoder\.layers\.(\d+)\.self_attn\.attn\.(.+)", r"decoder.layers.\1.self_attention.\2"),
    (r"head\.decoder\.layers\.(\d+)\.cross_attn\.(.+)", r"decoder.layers.\1.cross_attention.\2"),
    (r"head\.decoder\.layers\.(\d+)\.norms\.0\.(.+)", r"decoder.layers.\1.norm_self.\2"),
    (r"head\.decoder\.layers\.(\d+)\.norms\.1\.(.+)", r"decoder.layers.\1.norm_cross.\2"),
    (r"head\.decoder\.layers\.(\d+)\.norms\.2\.(.+)", r"decoder.layers.\1.norm.\2"),
    (r"head\.(en|de)coder\.layers\.(\d+)\.ffn\.layers\.0\.0\.(.+)", r"\1coder.layers.\2.linear1.\3"),
    (r"head\.(en|de)coder\.layers\.(\d+)\.ffn\.layers\.1\.(.+)", r"\1coder.layers.\2.linear2.\3"),
    (r"head\.decoder\.norm\.(.+)", r"decoder.norm.\1"),
    (r"head\.decoder\.ref_point_head\.(.+)", r"decoder.place.\1"),
    (r"head\.decoder\.hw\.weight", r"decoder.keypoint_size"),
    (r"head\.decoder\.keypoint_embed\.weight", r"decoder.keypoint_embed"),
    (r"head\.memory_trans_fc\.(.+)", r"selection.project.\1"),
    (r"head\.memory_trans_norm\.(.+)", r"selection.norm.\1"),
    (r"head\.enc_out_bbox_embed\.(.+)", r"selection.box.\1"),
    (r"head\.enc_out_class_embed\.(.+)", r"selection.score.\1"),
    (r"head\.(?:decoder|out_head)\.bbox_embed\.(.+)", r"decoder.heads.box.\1"),
    (r"head\.(?:decoder|out_head)\.class_embed\.(.+)", r"decoder.heads.score.\1"),
    (r"head\.(?:decoder|out_head)\.pose_embed\.(.+)", r"decoder.heads.keypoint.\1"),
    (r"head\.(?:decoder|out_head)\.pose_hw_embed\.\d+\.(.+)", r"decoder.heads.size.\1"),
    (r"head\.label_enc\.weight", r"label"),
)
IGNORED = (r".*num_batches_tracked", r"data_preprocessor\..+")
LAYOUTS = {"ED-Pose": EDPOSE, "Click-Pose": EDPOSE, "mmpose": MMPOSE}


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a torch checkpoint by name; averaged weights where there are some.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, holds more than data, or no tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected a checkpoint to convert, got {path}, which does not exist.")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and pickle raise whatever they stumble over
        why = " ".join(str(error).split("\n")[0].split())[:160]
        raise ValueError(
            f"Expected a torch checkpoint of tensors, got {path}, which is cut off, or holds more than data ({why}); "
            "load it where it was made and save its state_dict alone."
        ) from error
    for name in ("ema_model", "model_ema", "state_dict", "model"):
        if isinstance(held, Mapping) and isinstance(held.get(name), Mapping):
            held = held[name]
            break
    tensors = _tensors(held)
    if not tensors:
        raise ValueError(f"Expected a checkpoint with a state_dict, got {path}, which holds no tensors by name.")
    return tensors


def _tensors(held: Any) -> dict[str, Tensor]:
    if not isinstance(held, Mapping):
        return {}
    out = {k: v for k, v in held.items() if isinstance(k, str) and isinstance(v, Tensor)}
    while out and all(k.startswith("module.") for k in out):
        out = {k.removeprefix("module."): v for k, v in out.items()}
    return out


def layout_of(keys: Mapping[str, Tensor]) -> str:
    """Whose names these are: "ED-Pose", "Click-Pose" or "mmpose".

    Raises:
        ValueError: nobody's that is known.
    """
    if any(k.startswith("head.out_head.") for k in keys):
        return "mmpose"
    if "label_enc_pose.weight" in keys:
        return "Click-Pose"
    if any(k.startswith("transformer.decoder.layers.") for k in keys):
        return "ED-Pose"
    first = ", ".join(list(keys)[:3])
    raise ValueError(f"Expected a checkpoint of ED-Pose, Click-Pose or mmpose's ED-Pose, got one with {first}, ….")


def config_of(layout: str, tensors: Mapping[str, Tensor]) -> ImposeConfig:
    """The configuration that a checkpoint of that layout was trained as."""
    if layout == "Click-Pose":
        embed = tensors.get("transformer.decoder.keypoint_embed.weight")
        k = clickpose().keypoints
        return clickpose() if embed is None else clickpose(people=max(len(embed) // k, 1))
    return edpose()


def translate(tensors: Mapping[str, Tensor], layout: str) -> dict[str, Tensor]:
    """The same tensors under our names.

    Raises:
        ValueError: a name is unknown, or two that should be the same tensor differ.
    """
    rules = [(re.compile(theirs), ours) for theirs, ours in LAYOUTS[layout]]
    ignored = re.compile("|".join(IGNORED))
    out: dict[str, Tensor] = {}
    origin: dict[str, str] = {}
    unknown, torn = [], []
    for key, tensor in tensors.items():
        if ignored.fullmatch(key):
            continue
        name = next((pattern.sub(ours, key) for pattern, ours in rules if pattern.fullmatch(key)), None)
        if name is None:
            unknown.append(key)
        elif name in out and not torch.equal(out[name], tensor):
            torn.append(f"{origin[name]} and {key}")
        else:
            out[name], origin[name] = tensor, key
    if unknown or torn:
        parts = [f"{len(unknown)} unknown keys ({', '.join(unknown[:3])})"] if unknown else []
        parts += [f"{len(torn)} pairs that should agree and do not ({'; '.join(torn[:3])})"] if torn else []
        raise ValueError(f"Expected a checkpoint in {layout}'s layout, got one with {' and '.join(parts)}.")
    return out


def from_public(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], ImposeConfig, str]:
    """A public checkpoint's tensors under our names, what network they are of, and whose layout it was.

    Raises:
        ValueError: it is in no known layout, or keys are missing, unknown, misshapen or disagree.
    """
    layout = layout_of(tensors)
    config = config_of(layout, tensors)
    state = translate(tensors, layout)
    with torch.device("meta"):
        wanted = IMPose(config).state_dict()
    check_keys(state, wanted, config.name, f"a checkpoint in {layout}'s layout")
    return state, config, layout
