"""MoveNet as a module says what the released graph says; weights go round; the decoder finds everyone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from impose_widget.detect import WEIGHTS
from impose_widget.model.decode import decode
from impose_widget.model.movenet import MoveNet, MoveNetMaps
from impose_widget.model.weights import convert, load_weights
from tests.shared import SHARED, needs_shared

GRAPH_HEADS = {
    "centre": "center_0/conv2d_4",
    "box_scale": "box_scale_0/conv2d_5",
    "box_offset": "box_offset_0/conv2d_6",
    "heatmap": "kpt_heatmap_0/conv2d_7",
    "regression": "kpt_regress_0/conv2d_8",
    "offset": "kpt_offset_0/conv2d_9",
}


@pytest.fixture(scope="module")
def network() -> MoveNet:
    torch.set_num_threads(2)
    net = MoveNet().eval()
    load_weights(net, WEIGHTS)
    return net


def run(network: MoveNet, *images: np.ndarray) -> MoveNetMaps:
    with torch.inference_mode():
        return network(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2))


def photograph(name: str, height: int, width: int) -> np.ndarray:
    image = cv2.imread(str(SHARED / "data" / "images" / "coco_kpt" / "images" / name))
    return cv2.resize(image, (width, height))[..., ::-1].copy()


@pytest.fixture(scope="module")
def graph():
    path = SHARED / "weights" / "tfjs_torch.py"
    spec = importlib.util.spec_from_file_location("tfjs_torch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.G(str(path.with_name("movenet-multipose.json")))


@needs_shared
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # of the reference interpreter
@pytest.mark.parametrize(
    ("name", "height", "width"),
    [("000000000241.jpg", 256, 320), ("000000000395.jpg", 224, 160), ("000000000544.jpg", 288, 512)],
)
def test_the_module_equals_the_released_graph(network: MoveNet, graph, name: str, height: int, width: int) -> None:
    image = photograph(name, height, width)
    rows = next(iter(graph(torch.from_numpy(image)[None].int()).values()))[0].numpy()
    maps = run(network, image)
    for head, node in GRAPH_HEADS.items():
        theirs = graph.V[f"StatefulPartitionedCall/{node}/BiasAdd"].permute(0, 3, 1, 2)
        assert (getattr(maps, head) - theirs).abs().max() <= 1e-5 * theirs.abs().max(), head

    people = decode(maps, limit=6)[0]  # six, as the graph; here in the same order: best centre first
    keypoints = rows[:, :51].reshape(6, 17, 3)
    np.testing.assert_allclose(people.keypoints[..., 0] / width, keypoints[..., 1], atol=2e-6)
    np.testing.assert_allclose(people.keypoints[..., 1] / height, keypoints[..., 0], atol=2e-6)
    np.testing.assert_allclose(people.keypoints[..., 2], keypoints[..., 2], atol=2e-6)
    np.testing.assert_allclose(people.score, rows[:, 55], atol=2e-6)
    edges = torch.cat([people.box[:, :2].flip(1), (people.box[:, :2] + people.box[:, 2:]).flip(1)], 1)
    np.testing.assert_allclose(edges / torch.tensor([height, width] * 2), rows[:, 51:55], atol=2e-6)


@needs_shared
def test_a_batch_says_what_its_images_say_alone(network: MoveNet) -> None:
    images = [photograph(f"0000000002{n}.jpg", 192, 256) for n in ("41", "57", "94")]
    together = decode(run(network, *images), 0.1)
    for image, people in zip(images, together, strict=True):
        alone = decode(run(network, image), 0.1)[0]
        assert len(alone.score) == len(people.score)
        np.testing.assert_allclose(alone.keypoints, people.keypoints, atol=1e-3)


@needs_shared
def test_more_than_six_people_are_found(network: MoveNet) -> None:
    image = photograph("000000000241.jpg", 256, 256)
    alone = decode(run(network, image), 0.3)[0]
    crowd = decode(run(network, np.tile(image, (2, 3, 1))), 0.3)[0]
    assert len(alone.score) >= 2
    assert len(crowd.score) > 6 and len(crowd.score) >= 4 * len(alone.score)


def test_every_parameter_takes_part(network: MoveNet) -> None:
    net = MoveNet()
    net.load_state_dict(network.state_dict())
    noise = torch.randint(0, 255, (1, 3, 96, 64), generator=torch.Generator().manual_seed(0))
    maps = net(noise)
    sum(getattr(maps, head).sum() for head in GRAPH_HEADS).backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_the_maps_have_the_shapes_that_they_promise(network: MoveNet) -> None:
    maps = run(network, np.zeros((96, 160, 3), np.uint8))
    assert maps.features.shape == (1, 24, 24, 40)
    assert [tuple(m.shape) for m in maps.pyramid] == [(1, 24, 12, 20), (1, 32, 6, 10), (1, 64, 3, 5)]
    assert maps.heatmap.shape == (1, 17, 24, 40) and maps.offset.shape == (1, 34, 24, 40)


def test_nobody_is_nobody(network: MoveNet) -> None:
    people = decode(run(network, np.full((64, 64, 3), 127, np.uint8)), 0.3)[0]
    assert people.keypoints.shape == (0, 17, 3) and people.box.shape == (0, 4)


@needs_shared
def test_conversion_gives_the_shipped_weights(tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    said = convert(SHARED / "weights" / "movenet-multipose.json", out)
    assert "4,723,346" in said and out.read_bytes() == WEIGHTS.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_files_that_cannot_be_converted_get_one_sentence(tmp_path: Path) -> None:
    files = {"a.json": "{}", "b.json": "not json", "c.pth": "pickle"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match="Expected"):
            convert(tmp_path / name, tmp_path / "out.safetensors")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        convert(tmp_path / "none.json", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_weights_that_do_not_fit_get_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(WEIGHTS.read_bytes()[:100_000])
    with pytest.raises(ValueError, match="cannot be read"):
        load_weights(MoveNet(), broken)
    with pytest.raises(ValueError, match="another network"):
        load_weights(torch.nn.Linear(2, 2), WEIGHTS)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_weights(MoveNet(), tmp_path / "none.safetensors")
