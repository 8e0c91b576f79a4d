"""Public checkpoints: three layouts, aliases, what is wrong with a file in one sentence, and nothing is ever run."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from impose_widget.detect import WEIGHTS
from impose_widget.model.config import clickpose, edpose, tiny
from impose_widget.model.convert import from_public, layout_of, translate
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import convert_checkpoint, load_network, save_network
from tests.model import golden
from tests.shared import needs_shared

NARROW = {"width": 32, "feedforward": 16, "encoder_layers": 1, "box_layers": 1, "keypoint_layers": 1}


def named(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Tensors of those shapes on no device: only names and shapes matter here."""
    return {k: torch.empty(s, device="meta") for k, s in shapes.items()}


def as_mmpose(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """ED-Pose's names as mmpose has them (read off its modules: heads twice, conv biases, MMCV's wrappers)."""
    rules = [
        (r"backbone\.0\.body\.", "backbone."),
        (r"input_proj\.3\.0\.", "neck.extra_convs.0.conv."),
        (r"input_proj\.3\.1\.", "neck.extra_convs.0.gn."),
        (r"input_proj\.(\d)\.0\.", r"neck.convs.\1.conv."),
        (r"input_proj\.(\d)\.1\.", r"neck.convs.\1.gn."),
        (r"transformer\.enc_output\.", "head.memory_trans_fc."),
        (r"transformer\.enc_output_norm\.", "head.memory_trans_norm."),
        (r"transformer\.(encoder\.layers\.\d+)\.norm1", r"head.\1.norms.0"),
        (r"transformer\.(encoder\.layers\.\d+)\.norm2", r"head.\1.norms.1"),
        (r"transformer\.(decoder\.layers\.\d+)\.norm2", r"head.\1.norms.0"),
        (r"transformer\.(decoder\.layers\.\d+)\.norm1", r"head.\1.norms.1"),
        (r"transformer\.(decoder\.layers\.\d+)\.norm3", r"head.\1.norms.2"),
        (r"transformer\.(decoder\.layers\.\d+)\.self_attn\.", r"head.\1.self_attn.attn."),
        (r"transformer\.((?:en|de)coder\.layers\.\d+)\.linear1\.", r"head.\1.ffn.layers.0.0."),
        (r"transformer\.((?:en|de)coder\.layers\.\d+)\.linear2\.", r"head.\1.ffn.layers.1."),
        (r"transformer\.", "head."),
        (r"(bbox|class|pose|pose_hw)_embed\.", r"head.out_head.\1_embed."),
        (r"label_enc\.", "head.label_enc."),
    ]
    out = {}
    for key, shape in shapes.items():
        for theirs, new in rules:
            if re.match(theirs, key):
                out[re.sub(f"^{theirs}", new, key)] = shape
                break
    return out


@needs_shared
def test_every_key_of_the_public_layouts_maps_to_one_of_ours() -> None:
    shapes = golden.shapes()
    clicks = shapes | {
        "label_enc_pose.weight": (18, 256),
        "transformer.decoder.keypoint_embed.weight": (850, 256),
        "backbone.0.body.bn1.num_batches_tracked": (),
    }
    mm = as_mmpose(shapes)
    assert len(mm) == len(shapes) and not any(k.startswith(("transformer", "input_proj")) for k in mm)
    for held, layout, config in (
        (shapes, "ED-Pose", edpose()),
        (clicks, "Click-Pose", clickpose()),
        (mm, "mmpose", edpose()),
    ):
        assert layout_of(held) == layout
        rules = {k: torch.zeros(1).expand(s) if s else torch.zeros(()) for k, s in held.items()}
        state, found, _ = from_public(rules)
        assert found == config
        with torch.device("meta"):
            assert state.keys() == IMPose(config).state_dict().keys()


@needs_shared
def test_a_converted_checkpoint_is_the_same_network(tmp_path: Path) -> None:
    source, out = tmp_path / "edpose.pth", tmp_path / "edpose.safetensors"
    tensors = {f"module.{k}": v.float() for k, v in golden.checkpoint().items()}
    torch.save({"model": tensors, "epoch": 3, "args": argparse.Namespace(lr=1e-4)}, source)
    said = convert_checkpoint(source, out)
    assert "ED-Pose: 48,0" in said or "ED-Pose: 48,1" in said
    net = load_network(out, WEIGHTS)
    assert net.config == edpose()
    for key, value in translate(golden.checkpoint(), "ED-Pose").items():
        torch.testing.assert_close(net.state_dict()[key], value.half().float(), atol=0, rtol=0, check_dtype=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["edpose.pth", "edpose.safetensors"]


@needs_shared
def test_what_is_wrong_with_a_checkpoint_is_said(tmp_path: Path) -> None:
    shapes = golden.shapes()
    held = {k: torch.zeros(1).expand(s) for k, s in shapes.items()}
    torn = held | {"bbox_embed.0.layers.0.bias": torch.ones(256)}
    with pytest.raises(ValueError, match=r"pairs that should agree and do not \(.*bbox_embed"):
        from_public(torn)
    with pytest.raises(ValueError, match=r"1 unknown keys \(transformer.colour\)"):
        from_public(held | {"transformer.colour": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"1 keys missing \(encoder.level_embed\)"):
        from_public({k: v for k, v in held.items() if k != "transformer.level_embed"})
    with pytest.raises(ValueError, match=r"1 keys misshapen \(encoder.level_embed\)"):
        from_public(held | {"transformer.level_embed": torch.zeros(3, 256)})


class Harm:
    """What a pickle could do."""

    def __reduce__(self):
        return (print, ("run",))


def test_files_that_are_no_checkpoint_get_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    files = {
        "harm.pth": {"model": Harm()},
        "other.pth": {"model": {"conv.weight": torch.zeros(2)}},
        "number.pth": 3,
    }
    for name, content in files.items():
        torch.save(content, tmp_path / name)
    (tmp_path / "cut.pth").write_bytes((tmp_path / "other.pth").read_bytes()[:300])
    (tmp_path / "empty.pth").write_bytes(b"")
    for name in (*files, "cut.pth", "empty.pth"):
        with pytest.raises(ValueError, match="Expected a"):
            convert_checkpoint(tmp_path / name, tmp_path / "out.safetensors")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        convert_checkpoint(tmp_path / "none.pth", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists() and "run" not in capsys.readouterr().out.split()


def test_a_networks_file_says_which_network_it_is(tmp_path: Path) -> None:
    config = replace(tiny(), **(NARROW | {"encoder_layers": 0}))
    net, path = IMPose(config), tmp_path / "net.safetensors"
    save_network(net.state_dict(), config, path)
    again = load_network(path, WEIGHTS)
    assert again.config == config and path.stat().st_size < 2_000_000
    assert not any(p.is_meta for p in [*again.parameters(), *again.buffers()])
    for key, value in again.state_dict().items():
        if not key.startswith("backbone."):
            torch.testing.assert_close(value, net.state_dict()[key].half().float())


def test_files_of_no_network_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not say which network"):
        load_network(WEIGHTS, WEIGHTS)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_network(tmp_path / "none.safetensors", WEIGHTS)
    torch.save({}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="impose-widget convert IN OUT"):
        load_network(tmp_path / "a.pth", WEIGHTS)
    config = replace(tiny(), **(NARROW | {"encoder_layers": 0}))
    save_network({"label": torch.zeros(2)}, config, tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match="keys missing"):
        load_network(tmp_path / "b.safetensors", WEIGHTS)
