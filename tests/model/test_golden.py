"""The network says what ED-Pose and Click-Pose say, to the last digit; and the same in other sizes and batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from impose_widget.model.config import clickpose, edpose
from impose_widget.model.impose import IMPose
from impose_widget.model.memory import Memory
from tests.model import golden
from tests.model.golden import TOLERANCE, numbers, off
from tests.shared import needs_shared

pytestmark = needs_shared
BOTH = [torch.float64, torch.float32]


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=BOTH, ids=["float64", "float32"])
def small(request) -> tuple[IMPose, Memory, float]:
    """60 queries, 8 people, one image of 128×160."""
    net = golden.network(edpose(queries=60, people=8), request.param)
    return net, golden.memory_of(net, [golden.image()]), TOLERANCE[request.param]


def test_memory(small) -> None:
    _, memory, tolerance = small
    scale = 5  # of the largest numbers
    assert off(memory.tokens[:, ::37], numbers()["small.memory_rows"]) < scale * tolerance
    stats = [memory.tokens.mean(), memory.tokens.std(), memory.tokens.abs().max()]
    np.testing.assert_allclose(stats, numbers()["small.memory_stats"], atol=1e-5)


def test_every_layer_of_a_detection(small) -> None:
    net, memory, tolerance = small
    found = net.detect(memory)
    assert len(found.layers) == 6
    for i, said in enumerate(found.layers):
        name = "small" if i == 5 else f"small.layer{i}"
        assert off(said.logits, numbers()[f"{name}.pred_logits"]) < 3 * tolerance
        assert off(said.boxes, numbers()[f"{name}.pred_boxes"]) < tolerance
        if said.keypoints is not None:
            assert off(said.keypoints.flatten(2), numbers()[f"{name}.pred_keypoints"][..., :34]) < tolerance


def test_query_selection(small) -> None:
    net, memory, tolerance = small
    _, said = net.selection(memory)
    # Padding and cells at the border tie, in any order; a set has none.
    for ours, name in ((said.logits, "small.enc_logits"), (said.boxes, "small.enc_boxes")):
        assert off(ours.sort(1).values, np.sort(numbers()[name], 1)) < 3 * tolerance


def test_best_people(small) -> None:
    net, memory, tolerance = small
    final = net.detect(memory).final
    scores, order = final.logits.sigmoid().flatten(1).topk(10)
    assert off(scores, numbers()["small.post_scores"]) < tolerance
    boxes = final.boxes[0, order[0] // 2]
    corners = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)
    pixels = corners * torch.tensor([160, 128, 160, 128])
    assert off(pixels, numbers()["small.post_boxes"][0]) < 200 * tolerance
    assert (order[0] % 2).tolist() == numbers()["small.post_labels"][0].tolist()


@pytest.mark.parametrize("dtype", BOTH)
def test_click_pose_detects_and_refines(dtype: torch.dtype) -> None:
    net = golden.network(clickpose(queries=60, people=8), dtype)
    memory, tolerance = golden.memory_of(net, [golden.image()]), TOLERANCE[dtype]
    final = net.detect(memory).final
    assert off(final.logits, numbers()["click.pred_logits"]) < 3 * tolerance
    assert off(final.keypoints.flatten(2), numbers()["click.pred_keypoints"][..., :34]) < tolerance
    given = {k: torch.from_numpy(numbers()[f"click.refine.{k}"]) for k in ("in_boxes", "in_kpts", "free_mask")}
    free = given["free_mask"] > 0
    keypoints = given["in_kpts"].to(dtype)
    out = net.refine(memory, given["in_boxes"].to(dtype), keypoints, free)
    for i, place in enumerate(out.places):
        assert off(place.flatten(1, 2), numbers()[f"click.refine.ref{i}"]) < tolerance
    assert off(out.final.boxes, numbers()["click.refine.boxes"]) < tolerance
    assert off(out.final.logits, numbers()["click.refine.logits"]) < 3 * tolerance
    assert off(out.final.keypoints, numbers()["click.refine.kpts"]) < tolerance
    held = (out.final.keypoints - keypoints).abs()[~free]
    assert held.max() < 1e-6 and (out.final.keypoints - keypoints).abs()[free].max() > 1e-3


def test_nothing_hangs_on_the_recorded_size(small) -> None:
    """More queries and people, another image: the people that few queries find are among them, first."""
    net, _, tolerance = small
    memory = golden.memory_of(net, [golden.image(97, 131, 3)])
    queries, _ = net.selection(memory)
    tokens = memory.tokens.shape[1]
    net.selection.queries = 900
    everyone, _ = net.selection(memory)
    net.selection.queries = 60
    assert everyone.content.shape[1] == tokens < 900
    torch.testing.assert_close(everyone.content[:, :60], queries.content, atol=100 * tolerance, rtol=0)


def test_a_padded_batch_says_what_its_images_say_alone(small) -> None:
    """Of images in a padded batch: nothing of one is in the other, and padding is neither looked at nor found."""
    net, _, tolerance = small
    images = [golden.image(96, 160, 1), golden.image(128, 128, 2)]
    memory = golden.memory_of(net, images)
    assert memory.padding is not None and memory.padding.any()
    together = net.detect(memory).final
    one = net.detect(memory.of(1)).final
    assert off(one.keypoints, together.keypoints[1:].numpy()) < tolerance
    dirty = memory._replace(tokens=memory.tokens.masked_fill(memory.padding[..., None], 1e3))
    assert off(net.detect(dirty).final.keypoints, together.keypoints.numpy()) < tolerance
    assert ((together.boxes[..., :2] > 0) & (together.boxes[..., :2] < 1)).all()
