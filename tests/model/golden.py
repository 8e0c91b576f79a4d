"""Golden numbers: what the public networks say for weights that are a function of name and shape alone."""

from __future__ import annotations

import ast
import functools
import importlib.util

import numpy as np
import torch
from torch import Tensor

from impose_widget.model.backbone import Features
from impose_widget.model.config import ImposeConfig
from impose_widget.model.convert import translate
from impose_widget.model.impose import IMPose
from impose_widget.model.memory import Memory
from impose_widget.model.resnet import ResNet50
from tests.shared import SHARED

GOLDEN = SHARED / "golden"
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}


@functools.cache
def numbers() -> dict[str, np.ndarray]:
    """All recorded numbers."""
    with np.load(GOLDEN / "edpose_golden.npz") as held:
        return dict(held)


@functools.cache
def recipe():
    """The module that makes weights and images."""
    spec = importlib.util.spec_from_file_location("golden_weights", GOLDEN / "golden_weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def shapes() -> dict[str, tuple[int, ...]]:
    """The names and shapes of ED-Pose's public checkpoint, aliases included."""
    lines = (GOLDEN / "edpose_r50_keys.txt").read_text().splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {row[0]: ast.literal_eval(row[1]) for row in rows}


@functools.cache
def checkpoint(people: int | None = None) -> dict[str, Tensor]:
    """A checkpoint as ED-Pose saves it; with `people`, as Click-Pose does for that many."""
    wanted = dict(shapes())
    if people is not None:
        wanted["label_enc_pose.weight"] = (18, 256)
        wanted["transformer.decoder.keypoint_embed.weight"] = (17 * people, 256)
    return {k: torch.from_numpy(np.ascontiguousarray(recipe().tensor(k, s))) for k, s in wanted.items()}


def network(config: ImposeConfig, dtype: torch.dtype) -> IMPose:
    """A network of that configuration with the golden weights."""
    clicks = config.keypoint_labels
    layout = "Click-Pose" if clicks else "ED-Pose"
    with torch.device("meta"):
        out = IMPose(config).eval()
    out.load_state_dict(translate(checkpoint(config.people if clicks else None), layout), assign=True)
    return out.to(dtype)


def memory_of(net: IMPose, images: list[np.ndarray]) -> Memory:
    """The memory of normalised images (3, H, W), padded to one size."""
    dtype = net.decoder.keypoint_embed.dtype
    height, width = (max(x.shape[i] for x in images) for i in (1, 2))
    batch = torch.zeros(len(images), 3, height, width, dtype=dtype)
    for out, x in zip(batch, images, strict=True):
        out[:, : x.shape[1], : x.shape[2]] = torch.from_numpy(x)
    sizes = torch.tensor([[x.shape[2], x.shape[1]] for x in images], dtype=dtype)
    maps = ResNet50.forward(net.backbone, batch)
    return net.encode_features(Features(maps), sizes, (height, width))


def image(height: int = 128, width: int = 160, seed: int = 7) -> np.ndarray:
    """The recorded image, or another one."""
    return recipe().image(3, height, width, seed)


def off(a: Tensor, b: np.ndarray) -> float:
    """Largest difference."""
    return float(np.abs(a.double().numpy() - b).max())
